/** The rules a tape must keep, whatever graph it came from: an executable specification of the format. */
import { Abi, BinaryFn, Fn, Form, LossFn, Opcode, Path, ReduceFn, Targets } from "../../assembly/abi.ts";
import { TapeError } from "../errors.ts";
import { disassembleRecord } from "./disassemble.ts";
import { formatOf, type Operand } from "./records.ts";

/** One operand of a record that names memory. */
export interface Buffer {
  readonly name: string;
  readonly kind: "in" | "out" | "inout" | "scratch";
  readonly from: number;
  readonly to: number;
}

export interface TapeRecord {
  readonly at: number;
  readonly opcode: Opcode;
  /** Operands by name, dimensions resolved. */
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
}

const ENUM_LIMITS: Readonly<Record<string, (opcode: Opcode) => number>> = {
  form: () => Form.NT,
  path: () => Path.Packed,
  targets: () => Targets.Labels,
  fn: (opcode) => {
    if (opcode === Opcode.Binary) return BinaryFn.Above;
    if (opcode === Opcode.Reduce) return ReduceFn.Max;
    return opcode === Opcode.Loss ? LossFn.CrossEntropy : Fn.Square;
  },
};

/**
 * Reads the records in [from, to) and checks each by itself: known opcode, enum values in range, no negative extent,
 * buffers aligned and inside the program, outputs apart from everything but operands they equal.
 *
 * @param words the program's words, the first one at `bounds.base`
 * @throws TapeError naming the record
 */
export function readTape(words: Int32Array, from: number, to: number, bounds: Bounds): TapeRecord[] {
  const records: TapeRecord[] = [];
  for (let at = from; at < to; ) {
    const record = readRecord(words, at, to, bounds);
    records.push(record);
    at += 4 * (1 + Object.keys(record.operands).length);
  }
  return records;
}

function readRecord(words: Int32Array, at: number, to: number, bounds: Bounds): TapeRecord {
  const start = (at - bounds.base) / 4;
  const opcode = words[start] as Opcode;
  const format = formatOf(opcode);
  if (!format) throw new TapeError(`tape: opcodes must be known; got ${opcode} at ${at}`);
  const entries = Object.entries(format.operands) as [string, Operand][];
  if (at + 4 * (1 + entries.length) > to)
    throw new TapeError(`tape: records must be whole; got ${format.name} cut short at ${at}`);
  const fail = (rule: string, got: string): never => {
    throw new TapeError(`tape: ${rule}; got ${got} in ${disassembleRecord(words, at, bounds.base)}`);
  };

  const operands: Record<string, number> = {};
  entries.forEach(([name, { kind }], i) => {
    const word = words[start + 1 + i];
    operands[name] = kind === "dim" ? (word < 0 ? -word * bounds.rows : word) : word;
    const limit = ENUM_LIMITS[name]?.(opcode);
    if (kind === "int" && limit !== undefined && (word < 0 || word > limit))
      fail(`${name} must be one of 0 to ${limit}`, `${word}`);
  });
  const buffers: Buffer[] = [];
  for (const [name, operand] of entries) {
    if (operand.kind === "dim" || operand.kind === "int" || operand.kind === "f32") continue;
    const address = operands[name] >>> 0;
    const bytes =
      operand.kind === "scratch"
        ? operand.bytes(operands)
        : operand.elements(operands) * operand.elementBytes;
    if (bytes < 0) fail("extents must not be negative", `${bytes} bytes of ${name}`);
    if (address === 0 && operand.kind !== "scratch") {
      if (!operand.optional) fail(`${name} must be given`, "offset 0");
      continue;
    }
    if (bytes === 0) continue;
    if (address % Abi.Alignment !== 0)
      fail(`buffers must be aligned to ${Abi.Alignment} bytes`, `${name} at ${address}`);
    if (address < bounds.base || address + bytes > bounds.end)
      fail(
        `buffers must lie in [${bounds.base}, ${bounds.end})`,
        `${name} at [${address}, ${address + bytes})`,
      );
    buffers.push({ name, kind: operand.kind, from: address, to: address + bytes });
  }
  for (const a of buffers)
    for (const b of buffers) {
      if (a === b || a.kind === "in" || a.to <= b.from || b.to <= a.from) continue;
      const inPlace = a.kind === "out" && b.kind === "in" && a.from === b.from && a.to === b.to;
      if (!inPlace)
        fail("what a record writes must not overlap its other operands", `${a.name} and ${b.name}`);
    }
  return { at, opcode, operands, buffers };
}
