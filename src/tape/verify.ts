/** The rules a tape must keep, whatever graph it came from: an executable specification of the format. */
import { Header, type Opcode } from "../../assembly/abi.ts";
import { TapeError } from "../errors.ts";
import { disassembleRecord } from "./disassemble.ts";
import { type EnumObject, hasWord, isBuffer, type Operand } from "./operands.ts";
import { formatOf, isAlone, isBarrier, lengthOf, opcodeOf, recordWords } from "./records.ts";

/** One operand of a record that names memory. */
export interface Buffer {
  readonly name: string;
  readonly kind: "in" | "out" | "inout" | "scratch";
  readonly from: number;
  readonly to: number;
  /** Scratch of each part alone: other parts have theirs elsewhere. */
  readonly isPrivate: boolean;
}

export interface TapeRecord {
  readonly at: number;
  readonly opcode: Opcode;
  /** Whether all parts wait for each other before it. */
  readonly barrier: boolean;
  /** Whether part 0 computes all of it. */
  readonly alone: boolean;
  /** Operands by name, dimensions and settings resolved. */
  readonly operands: Readonly<Record<string, number>>;
  readonly buffers: readonly Buffer[];
}

/** Where a tape may reach. */
export interface Bounds {
  /** First byte of the program, and first byte after it. */
  readonly base: number;
  readonly end: number;
  /** Rows of a pass. */
  readonly rows: number;
  /** Buffers of other programs of the space that records may read, as [from, to). */
  readonly foreign?: readonly (readonly [number, number])[];
}

const isOneOf = (of: EnumObject, word: number) => Object.values(of).includes(word);

/**
 * Reads the records in [from, to) and checks each by itself: known opcode, enum values in range, no negative extent,
 * buffers aligned and inside the program, outputs apart from everything but operands they equal.
 *
 * @param words the program's words, header first, the first one at `bounds.base`
 * @throws TapeError naming the record
 */
export function readTape(words: Int32Array, from: number, to: number, bounds: Bounds): TapeRecord[] {
  const records: TapeRecord[] = [];
  for (let at = from; at < to; ) {
    const record = readRecord(words, at, to, bounds);
    records.push(record);
    at += 4 * recordWords(record.opcode);
  }
  return records;
}

function readRecord(words: Int32Array, at: number, to: number, bounds: Bounds): TapeRecord {
  const start = (at - bounds.base) / 4;
  const opcode = opcodeOf(words[start]);
  const format = formatOf(opcode);
  if (!format) throw new TapeError(`tape: opcodes must be known; got ${opcode} at ${at}`);
  const length = recordWords(opcode);
  if (at + 4 * length > to)
    throw new TapeError(`tape: records must be whole; got ${format.name} cut short at ${at}`);
  const fail = (rule: string, got: string): never => {
    throw new TapeError(`tape: ${rule}; got ${got} in ${disassembleRecord(words, at, bounds.base)}`);
  };
  if (lengthOf(words[start]) !== length)
    fail(`the first word must say that there are ${length} words`, `${lengthOf(words[start])}`);

  const operands: Record<string, number> = {};
  const entries = Object.entries(format.operands);
  let i = start;
  for (const [name, operand] of entries) {
    if (!hasWord(operand)) continue;
    const word = words[++i];
    operands[name] = resolveWord(operand, word, words, bounds);
    if (
      (operand.kind === "int" || operand.kind === "setting") &&
      operand.of &&
      !isOneOf(operand.of, operands[name])
    )
      fail(`${name} must be one of its names`, `${operands[name]}`);
  }

  const buffers: Buffer[] = [];
  const add = (buffer: Buffer, alignment: number) => {
    const { name, kind, from, to: end } = buffer;
    if (end < from) fail("extents must not be negative", `${end - from} bytes of ${name}`);
    if (end === from) return;
    if (from % alignment !== 0) fail(`buffers must be aligned to ${alignment} bytes`, `${name} at ${from}`);
    const foreign = kind === "in" && bounds.foreign?.some(([low, high]) => from >= low && end <= high);
    if (!foreign && (from < bounds.base || end > bounds.end))
      fail(`buffers must lie in [${bounds.base}, ${bounds.end})`, `${name} at [${from}, ${end})`);
    buffers.push(buffer);
  };
  for (const [name, operand] of entries) {
    const from = operands[name] >>> 0;
    if (operand.kind === "scratch") {
      add(
        { name, kind: "scratch", from, to: from + operand.bytes(operands), isPrivate: !operand.shared },
        16,
      );
    } else if (isBuffer(operand)) {
      if (from === 0) {
        if (!operand.optional) fail(`${name} must be given`, "offset 0");
        continue;
      }
      const end = from + operand.elements(operands) * operand.elementBytes;
      add({ name, kind: operand.kind, from, to: end, isPrivate: false }, operand.alignment);
      const away = operands.mirror;
      if (operand.kind === "inout" && away !== undefined)
        add({ name: `${name}.mirror`, kind: "out", from: from + away, to: end + away, isPrivate: false }, 16);
    }
  }
  for (const a of buffers)
    for (const b of buffers) {
      if (a === b || a.kind === "in" || a.to <= b.from || b.to <= a.from) continue;
      const inPlace = a.kind === "out" && b.kind === "in" && a.from === b.from && a.to === b.to;
      if (!inPlace)
        fail("what a record writes must not overlap its other operands", `${a.name} and ${b.name}`);
    }
  return { at, opcode, barrier: isBarrier(words[start]), alone: isAlone(words[start]), operands, buffers };
}

function resolveWord({ kind }: Operand, word: number, words: Int32Array, { base, rows }: Bounds): number {
  if (kind === "dim") return word < 0 ? -word * rows : word;
  if (kind === "mirror") return word >>> 0;
  if (kind === "setting") return words[(words[Header.Run] - base) / 4 + word];
  return word;
}
