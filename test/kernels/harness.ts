/**
 * Runs single records in a memory of their own: operands laid out with guard words around each, outputs
 * filled with NaN before, everything outside the outputs checked after.
 */
import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import { Header, type Opcode } from "../../assembly/abi.ts";
import { encode, type Fields, formatOf, type Resolved } from "../../src/tape/records.ts";

export interface KernelExports {
  abiVersion(): number;
  staticEnd(): number;
  execute(program: number, from: number, to: number): void;
  permute(index: number, start: number, count: number, n: number, seed: number, epoch: number): void;
  randomFill(
    x: number,
    n: number,
    distribution: number,
    a: number,
    b: number,
    seed: number,
    stream: number,
  ): void;
  maxMagnitude(x: number, n: number): number;
  setKeepsOrder(value: boolean): void;
}

/** A build of the kernels, of those in the folder `build`. */
export const load = (build: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url)));

const release = load("release");
const GUARD_BYTES = 32;
const GUARD_PATTERN = 0x5a5aa5a5 | 0;

const pagesFor = (bytes: number) => Math.ceil(bytes / 65536);

/** A fresh instance over a memory of at least `bytes`. */
export function instantiate(
  bytes: number,
  module = release,
): { kernels: KernelExports; memory: WebAssembly.Memory } {
  const memory = new WebAssembly.Memory({ initial: pagesFor(bytes) });
  const { exports } = instantiateSync<KernelExports & Record<string, unknown>>(module, { env: { memory } });
  return { kernels: exports, memory };
}

type TypedArray = Float32Array | Int32Array | Float64Array;

/**
 * What a test gives for an operand: numbers for dims, ints and f32; for buffers the content, `null` for an absent
 * optional buffer, `"out"` for an output (NaN before), or `{ same: "x" }` to run in place on another operand.
 */
export type Given = number | TypedArray | null | "out" | { same: string };

/**
 * Runs one record and returns every buffer it wrote.
 *
 * @param options.keepsOrder  as in an engine that keeps the order of instructions
 * @param options.last        an operand whose vectors of 16 bytes end with the memory: what is read beyond traps
 */
export function runRecord<K extends Opcode>(
  opcode: K,
  given: { [F in keyof Fields<K>]: Given },
  rows = 1,
  module = release,
  { keepsOrder = false, last }: { keepsOrder?: boolean; last?: string } = {},
): { [name: string]: Float32Array } & { doubles: { [name: string]: Float64Array } } {
  const format = formatOf(opcode)!;
  const values = given as Record<string, Given>;
  const resolved: Record<string, number> = {};
  for (const [name, operand] of Object.entries(format.operands)) {
    const v = values[name];
    if (typeof v === "number") resolved[name] = operand.kind === "dim" && v < 0 ? -v * rows : v;
  }
  let top = 4096 + 4096;
  const places: { name: string; at: number; bytes: number; content?: TypedArray; written: boolean }[] = [];
  const fields: Record<string, number> = {};
  for (const [name, operand] of Object.entries(format.operands)) {
    const v = values[name];
    if (operand.kind === "scratch") {
      const bytes = operand.bytes(resolved as Resolved);
      fields[name] = top;
      top += Math.ceil(bytes / 16) * 16 + GUARD_BYTES;
      continue;
    }
    if (operand.kind === "dim" || operand.kind === "int" || operand.kind === "f32") {
      fields[name] = v as number;
      continue;
    }
    if (v === null) {
      if (!operand.optional) throw new Error(`${name} is not optional`);
      fields[name] = 0;
      continue;
    }
    if (typeof v === "object" && "same" in v) continue;
    const bytes = operand.elements(resolved as Resolved) * operand.elementBytes;
    if (v !== "out" && (v as TypedArray).byteLength < bytes && name !== "window")
      throw new Error(`${format.name}: ${name} needs ${bytes} bytes, got ${(v as TypedArray).byteLength}`);
    const content = v === "out" ? undefined : (v as TypedArray);
    const room = Math.max(bytes, content?.byteLength ?? 0);
    places.push({ name, at: top, bytes: room, content, written: operand.kind !== "in" });
    fields[name] = top;
    top += Math.ceil(room / 16) * 16 + GUARD_BYTES;
  }
  const atEnd = places.find(({ name }) => name === last);
  if (atEnd) {
    const bytes = Math.ceil(atEnd.bytes / 16) * 16;
    const end = pagesFor(top + bytes) * 65536;
    fields[atEnd.name] = atEnd.at = end - bytes;
    top = end;
  }
  for (const [name, v] of Object.entries(values))
    if (v !== null && typeof v === "object" && "same" in v) {
      fields[name] = fields[v.same];
      places.find((p) => p.name === v.same)!.written = true;
    }

  const { kernels, memory } = instantiate(top, module);
  kernels.setKeepsOrder(keepsOrder);
  const words = new Int32Array(memory.buffer);
  words.fill(GUARD_PATTERN, 4096 / 4, Math.ceil(top / 4));
  const program = 4096;
  words.fill(0, program / 4, program / 4 + Header.Count);
  words[program / 4 + Header.Rows] = rows;
  for (const p of places) {
    if (p.content)
      new Uint8Array(memory.buffer).set(
        new Uint8Array(p.content.buffer, p.content.byteOffset, p.content.byteLength),
        p.at,
      );
    else new Float32Array(memory.buffer, p.at, p.bytes / 4).fill(Number.NaN);
  }
  const record = encode(opcode, fields as Fields<K>);
  const tape = program + Header.Count * 4 + 64;
  words.set(record, tape / 4);

  const scratch = Object.entries(format.operands).find(([, o]) => o.kind === "scratch");
  const scratchFrom = scratch ? fields[scratch[0]] : 0;
  const scratchTo =
    scratch?.[1].kind === "scratch" ? scratchFrom + scratch[1].bytes(resolved as Resolved) : 0;
  const before = new Uint8Array(memory.buffer.slice(0));
  kernels.execute(program, tape, tape + record.length * 4);
  const after = new Uint8Array(memory.buffer);

  const result: Record<string, unknown> = {};
  const doubles: Record<string, Float64Array> = {};
  const writable: [number, number][] = [[scratchFrom, scratchTo]];
  for (const p of places)
    if (p.written) {
      writable.push([p.at, p.at + p.bytes]);
      const bytes = memory.buffer.slice(p.at, p.at + p.bytes);
      if (p.content instanceof Float64Array) doubles[p.name] = new Float64Array(bytes);
      else result[p.name] = new Float32Array(bytes);
    }
  for (let i = 0; i < after.length; i++)
    if (after[i] !== before[i] && !writable.some(([from, to]) => i >= from && i < to)) {
      const near = places.find((p) => i >= p.at - GUARD_BYTES && i < p.at + p.bytes + GUARD_BYTES);
      throw new Error(
        `${format.name} wrote outside its outputs at byte ${i}, near ${near?.name ?? "nothing"}`,
      );
    }
  result.doubles = doubles;
  return result as ReturnType<typeof runRecord>;
}
