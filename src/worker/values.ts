/** Values on their way between threads: what is transferred, what is shared, and what can be posted at all. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { classOf } from "../realm.ts";

/** A message that the engine refused to post: nothing was sent. */
export class NotPosted extends Error {}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && classOf(value) === "Object";

const isShared = (buffer: unknown) => classOf(buffer) === "SharedArrayBuffer";

/** Whether a buffer was moved away; `detached` says so in newer engines alone. */
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}

/** Whether a list has nothing but numbers: its first says so, since lists of rows have millions. */
const isNumbers = (list: readonly unknown[]) => typeof list[0] === "number";

/** The buffers that a value has, each once, but for shared ones: what can be transferred. */
export function buffersIn(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) buffersIn(value.buffer, found);
  else if (classOf(value) === "ArrayBuffer") found.add(value as ArrayBuffer);
  else if (Array.isArray(value)) {
    if (!isNumbers(value)) for (const entry of value) buffersIn(entry, found);
  } else if (isPlain(value)) for (const entry of Object.values(value)) buffersIn(entry, found);
  return found;
}

/** The buffers of a result that holds all of them by itself: views of a part are copied. */
export function wholeBuffersIn(value: unknown): ArrayBuffer[] {
  const partial = new Set<unknown>();
  mapViews(value, (view) => {
    if (view.byteLength !== view.buffer.byteLength) partial.add(view.buffer);
    return view;
  });
  return [...buffersIn(value)].filter((buffer) => !partial.has(buffer));
}

/**
 * A value that can be posted for sure, of one that cannot: without the proxies of reactive state, and without shared memory where
 * the page is not cross-origin isolated, which forbids to post it.
 */
export function postableCopy(value: unknown): unknown {
  const isForbidden = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false;
  return mapViews(value, (view) =>
    isForbidden && isShared(view.buffer) ? (view as Uint8Array).slice() : view,
  );
}

/** A copy of numbers that are views of memory, with the lists and objects around them. */
export const copyOf = (value: unknown): unknown => mapViews(value, (view) => (view as Uint8Array).slice());

/** Lists and plain objects anew, with something else for each typed array. */
function mapViews(value: unknown, map: (view: ArrayBufferView) => unknown): unknown {
  if (ArrayBuffer.isView(value)) return map(value);
  if (Array.isArray(value)) return isNumbers(value) ? [...value] : value.map((entry) => mapViews(entry, map));
  // Also classes of this package, whose fields are data.
  if (isPlain(value))
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, mapViews(entry, map)]));
  return value;
}

/** Where a value has something that cannot be posted, and what; undefined where there is none. */
function culprit(value: unknown, place: string): string | undefined {
  if (typeof value === "function" || typeof value === "symbol") return `${describe(value)} at ${place}`;
  if (Array.isArray(value)) {
    for (const [i, entry] of value.entries()) {
      const found = culprit(entry, `${place}[${i}]`);
      if (found) return found;
    }
  } else if (isPlain(value))
    for (const [name, entry] of Object.entries(value)) {
      const found = culprit(entry, `${place}.${name}`);
      if (found) return found;
    }
  return undefined;
}

/**
 * Posts arguments: as they are; if that fails, as copies that can be posted.
 *
 * @param names   how an error names each argument
 * @param movable what of them is transferred, with all its buffers
 * @throws OptionError for what cannot be posted, such as a function
 */
export async function postArguments<T>(
  who: string,
  args: readonly unknown[],
  names: readonly string[],
  movable: unknown,
  send: (args: readonly unknown[], transfers: ArrayBuffer[]) => Promise<T>,
): Promise<T> {
  const transfers = [...buffersIn(movable)];
  if (transfers.some(isDetached))
    throw new OptionError(
      `${who}: transfer moves data, which must be there; got an array that was moved before: copy it with slice() before it is moved, ` +
        "or keep the data in the worker with bind(data)",
    );
  try {
    return await send(args, transfers);
  } catch (error) {
    if (!(error instanceof NotPosted)) throw error;
  }
  for (const [i, arg] of args.entries()) {
    const found = culprit(arg, names[i] ?? `argument ${i + 1}`);
    if (found)
      throw new OptionError(
        `${who}: data and options must be values that can be posted to a worker; got ${found}: ` +
          "functions that a trainer needs belong into a worker file of your own, which calls serveTrainer",
      );
  }
  try {
    // What cannot be transferred is copied.
    return await send(postableCopy(args) as readonly unknown[], []);
  } catch (error) {
    if (!(error instanceof NotPosted)) throw error;
    throw new OptionError(
      `${who}: data and options must be values that can be posted to a worker; got others: ${error.message}`,
      "",
      { cause: error.cause },
    );
  }
}
