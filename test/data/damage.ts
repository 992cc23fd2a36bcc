/** Damaged files: changes of a few bytes, and a count of what is allocated for them. */
import { DataError } from "../../src/index.ts";

/** A small generator of its own: which bytes are hit shall not change with the package's. */
export function generator(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** One to three changes: a bit or a byte other than it was, bytes taken out or put in, an end cut off, many bytes of one value. */
export function damage(file: Uint8Array, below: (n: number) => number): Uint8Array {
  let bytes = [...file];
  for (let change = below(3); change >= 0; change--) {
    // Most damage goes where the lengths are.
    const at = below(2) ? below(Math.min(bytes.length, 128)) : below(bytes.length);
    const kind = below(6);
    if (kind === 0) bytes[at] ^= 1 << below(8);
    else if (kind === 1) bytes[at] = below(256);
    else if (kind === 2) bytes.splice(at, 1 + below(8));
    else if (kind === 3) bytes.splice(at, 0, ...Array.from({ length: 1 + below(8) }, () => below(256)));
    else if (kind === 4) bytes = bytes.slice(0, at);
    else bytes.fill(below(2) ? 255 : 0, at, at + 1 + below(8));
  }
  return Uint8Array.from(bytes);
}

const COUNTED = [
  "Uint8Array",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
] as const;

/** Bytes of the arrays that are made by their length while `work` runs. */
export async function allocatedBy<T>(work: () => Promise<T>): Promise<{ result: T; bytes: number }> {
  let bytes = 0;
  const globals = globalThis as unknown as Record<string, unknown>;
  const kept = COUNTED.map((name) => globals[name]);
  for (const name of COUNTED) {
    const Class = globals[name] as { BYTES_PER_ELEMENT: number };
    globals[name] = new Proxy(Class as unknown as new (...given: unknown[]) => object, {
      construct(target, given, newTarget) {
        if (typeof given[0] === "number") bytes += given[0] * Class.BYTES_PER_ELEMENT;
        return Reflect.construct(target, given, newTarget === globals[name] ? target : newTarget);
      },
    });
  }
  try {
    return { result: await work(), bytes };
  } finally {
    COUNTED.forEach((name, i) => {
      globals[name] = kept[i];
    });
  }
}

/** What a reader makes of a file: its result, or undefined for a typed error; every other error is thrown. */
export async function resultOf<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DataError && /^read\w+: .*; got /s.test(error.message)) return undefined;
    throw error;
  }
}
