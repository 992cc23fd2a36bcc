/**
 * Runs single records in a memory of their own: operands laid out with guard words around each, outputs
 * filled with NaN before, everything outside the outputs checked after.
 */
import { readFileSync } from "node:fs";
import { instantiateSync } from "@assemblyscript/loader";
import { Header, type Opcode, Run } from "../../assembly/abi.ts";
import { isBuffer, type Resolved } from "../../src/tape/operands.ts";
import { encode, type Fields, formatOf, wordsOf } from "../../src/tape/records.ts";

export interface KernelExports {
  abiVersion(): number;
  staticEnd(): number;
  execute(program: number, from: number, to: number, part: number, parts: number): void;
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
 * What a test gives for an operand: numbers for dims, ints, f32, settings and the rate; for buffers the content, `null` for
 * an absent optional buffer, `"out"` for an output (NaN before), or `{ same: "x" }` to run in place on another operand.
 */
export type Given = number | TypedArray | null | "out" | { same: string };

export interface RunOptions {
  readonly module?: WebAssembly.Module;
  /** As in an engine that keeps the order of instructions. */
  readonly keepsOrder?: boolean;
  /** An operand whose vectors of 16 bytes end with the memory: what is read beyond traps. */
  readonly last?: string;
  /** How many parts compute the record, and in which order. Default: one. */
  readonly parts?: number;
  readonly order?: readonly number[];
  /** Rows for which scratch is given: a pass may have fewer. Default: the rows of the pass. */
  readonly batch?: number;
  /** Words of the run block from `Run.Rows` on, where the kernel reads it. */
  readonly run?: Readonly<Partial<Record<Run, number>>>;
}

/** The buffers that the records wrote, what they left in shared scratch, what they made of the guard, and how many bytes of private scratch a part touched. */
export type Written = { [name: string]: Float32Array } & {
  doubles: { [name: string]: Float64Array };
  shared: Uint32Array;
  guard: number;
  scratchUsed: number;
};

/** Operands of a record, but for those that the harness places itself. */
export type GivenFields<K extends Opcode> = {
  [F in keyof Fields<K> as F extends "mirror" | "scratch" | "partials" | "panels" ? never : F]: Given;
} & { scratch?: Given };

/** A record to run; those of one call share names of buffers and the scratch that all parts see. */
export interface Step {
  readonly opcode: Opcode;
  readonly given: Readonly<Record<string, Given>>;
}

export const step = <K extends Opcode>(opcode: K, given: GivenFields<K>): Step => ({
  opcode,
  given: given as Step["given"],
});

const PROGRAM = 4096;
const RUN = PROGRAM + Header.Count * 4;
const RUN_WORDS = 64;
/** The first column of rates, one for each rate operand. */
const RATES = RUN + RUN_WORDS * 4;
const TAPE = RATES + 64;
const BUFFERS = TAPE + 1024;

interface Place {
  readonly name: string;
  at: number;
  readonly bytes: number;
  readonly content?: TypedArray;
  written: boolean;
}

const roundUp = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** Runs one record and returns every buffer it wrote. */
export const runRecord = <K extends Opcode>(
  opcode: K,
  given: GivenFields<K>,
  rows = 1,
  options: RunOptions = {},
): Written => runRecords([step(opcode, given)], rows, options);

/** Runs records one after another, each in all of its parts before the next, and returns every buffer they wrote. */
export function runRecords(
  steps: readonly Step[],
  rows = 1,
  { module = release, keepsOrder = false, last, parts = 1, order, batch = rows, run = {} }: RunOptions = {},
): Written {
  const words = new Map<number, number>(Object.entries(run).map(([i, v]) => [RUN / 4 + Number(i), v]));
  const doubles = new Map<number, number>();
  let top = BUFFERS;
  const take = (bytes: number) => {
    const at = top + GUARD_BYTES;
    top = at + roundUp(bytes) + GUARD_BYTES;
    return at;
  };
  const places: Place[] = [];
  const placed = new Map<string, Place>();
  const records = steps.map(({ opcode, given }) => ({ opcode, given, fields: {} as Record<string, number> }));
  const operandsOf = (opcode: Opcode) => wordsOf(formatOf(opcode)!);
  const names = steps.map(({ opcode }) => formatOf(opcode)!.name).join(", ");
  let sharedBytes = 0;
  let privateBytes = 0;
  let settings = Run.Settings;
  for (const { opcode, given, fields } of records) {
    const resolved: Record<string, number> = {};
    const resolvedAtBatch: Record<string, number> = {};
    for (const [name, { kind }] of operandsOf(opcode)) {
      const v = given[name];
      if (typeof v !== "number") continue;
      resolved[name] = kind === "dim" && v < 0 ? -v * rows : v;
      resolvedAtBatch[name] = kind === "dim" && v < 0 ? -v * batch : v;
    }
    for (const [name, operand] of operandsOf(opcode)) {
      const v = given[name];
      if (operand.kind === "scratch") {
        const bytes = operand.bytes(resolvedAtBatch as Resolved);
        if (operand.shared) sharedBytes = Math.max(sharedBytes, bytes);
        else privateBytes = Math.max(privateBytes, bytes);
      } else if (operand.kind === "setting") {
        words.set(RUN / 4 + settings, v as number);
        fields[name] = settings++;
      } else if (operand.kind === "rate") {
        doubles.set(RATES / 8, v as number);
        fields[name] = 0;
      } else if (!isBuffer(operand)) {
        fields[name] = v as number;
      } else if (v === null) {
        if (!operand.optional) throw new Error(`${name} is not optional`);
        fields[name] = 0;
      } else if (!(typeof v === "object" && "same" in v)) {
        const bytes = operand.elements(resolved as Resolved) * operand.elementBytes;
        if (v !== "out" && (v as TypedArray).byteLength < bytes && name !== "window")
          throw new Error(`${names}: ${name} needs ${bytes} bytes, got ${(v as TypedArray).byteLength}`);
        const content = v === "out" ? undefined : (v as TypedArray);
        const room = Math.max(bytes, content?.byteLength ?? 0);
        const place = { name, at: take(room), bytes: room, content, written: operand.kind !== "in" };
        places.push(place);
        placed.set(name, place);
      }
    }
  }
  const shared = take(sharedBytes);
  const stride = roundUp(privateBytes) + GUARD_BYTES;
  const scratch = take(stride * parts);
  const atEnd = places.find(({ name }) => name === last);
  if (atEnd) {
    const bytes = roundUp(atEnd.bytes);
    const end = pagesFor(top + bytes) * 65536;
    atEnd.at = end - bytes;
    top = end;
  }
  // Mirrors lie beyond all buffers, at the same distance from each.
  const mirrored = records.some(({ opcode }) => operandsOf(opcode).some(([, { kind }]) => kind === "mirror"));
  const away = roundUp(top - BUFFERS);
  if (mirrored) top += away;
  for (const { opcode, given, fields } of records)
    for (const [name, operand] of operandsOf(opcode)) {
      const v = given[name];
      if (operand.kind === "scratch") fields[name] = operand.shared ? shared : scratch;
      else if (operand.kind === "mirror") fields[name] = away;
      else if (v !== null && typeof v === "object" && "same" in v) {
        const place = placed.get(v.same)!;
        fields[name] = place.at;
        if (isBuffer(operand) && operand.kind !== "in") place.written = true;
      } else if (isBuffer(operand) && v !== null) fields[name] = placed.get(name)!.at;
    }

  const { kernels, memory } = instantiate(top, module);
  kernels.setKeepsOrder(keepsOrder);
  const i32 = new Int32Array(memory.buffer);
  i32.fill(GUARD_PATTERN, PROGRAM / 4, Math.ceil(top / 4));
  i32.fill(0, PROGRAM / 4, BUFFERS / 4);
  i32[PROGRAM / 4 + Header.Run] = RUN;
  i32[PROGRAM / 4 + Header.ScratchStride] = stride;
  i32[RUN / 4 + Run.Rows] = rows;
  i32[RUN / 4 + Run.Rates] = RATES;
  for (const [at, word] of words) i32[at] = word;
  for (const [at, value] of doubles) new Float64Array(memory.buffer)[at] = value;
  for (const p of places) {
    if (p.content)
      new Uint8Array(memory.buffer).set(
        new Uint8Array(p.content.buffer, p.content.byteOffset, p.content.byteLength),
        p.at,
      );
    else new Float32Array(memory.buffer, p.at, p.bytes / 4).fill(Number.NaN);
  }
  const tape = records.map(({ opcode, fields }) => encode(opcode, fields as Fields<typeof opcode>));
  i32.set(tape.flat(), TAPE / 4);

  const before = new Int32Array(memory.buffer.slice(0));
  const sequence = order ?? Array.from({ length: parts }, (_, part) => part);
  let from = TAPE;
  for (const record of tape) {
    const to = from + record.length * 4;
    for (const part of sequence) kernels.execute(PROGRAM, from, to, part, parts);
    from = to;
  }
  const after = new Int32Array(memory.buffer);

  const result: Record<string, unknown> = {};
  const written: Record<string, Float64Array> = {};
  const guardAt = RUN + Run.Guard * 4;
  const writable: (readonly [number, number])[] = [
    [shared, shared + sharedBytes],
    [guardAt, guardAt + 4],
  ];
  for (let at = scratch; at < scratch + stride * parts; at += stride) writable.push([at, at + privateBytes]);
  for (const p of places) {
    if (!p.written) continue;
    writable.push([p.at, p.at + p.bytes]);
    const bytes = memory.buffer.slice(p.at, p.at + p.bytes);
    if (p.content instanceof Float64Array) written[p.name] = new Float64Array(bytes);
    else result[p.name] = new Float32Array(bytes);
    if (!mirrored) continue;
    writable.push([p.at + away, p.at + away + p.bytes]);
    result[`${p.name}.mirror`] = new Float32Array(memory.buffer.slice(p.at + away, p.at + away + p.bytes));
  }
  let scratchUsed = 0;
  // Whole words: kernels write nothing smaller, and buffers have whole words.
  for (let at = 0; at < after.length; at++) {
    if (after[at] === before[at]) continue;
    const i = at * 4;
    if (!writable.some(([low, high]) => i >= low && i < high)) {
      const near = places.find((p) => i >= p.at - GUARD_BYTES && i < p.at + p.bytes + GUARD_BYTES);
      throw new Error(`${names} wrote outside the outputs at byte ${i}, near ${near?.name ?? "nothing"}`);
    }
    if (i >= scratch && i < scratch + stride * parts)
      scratchUsed = Math.max(scratchUsed, ((i - scratch) % stride) + 4);
  }
  return Object.assign(result, {
    doubles: written,
    shared: new Uint32Array(memory.buffer.slice(shared, shared + sharedBytes)),
    guard: i32[guardAt / 4],
    scratchUsed,
  }) as Written;
}
