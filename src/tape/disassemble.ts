/** Tapes as text, for people: one record a line, dimensions as multiples of the rows. */
import { BinaryFn, Fn, Form, LossFn, Opcode, Path, ReduceFn, Targets } from "../../assembly/abi.ts";
import { wordToF32 } from "./float-word.ts";
import { formatOf, type Operand, recordWords } from "./records.ts";

type EnumObject = Readonly<Record<number, string>>;

const enumOf = (opcode: Opcode, name: string): EnumObject | undefined => {
  if (name === "form") return Form;
  if (name === "path") return Path;
  if (name === "targets") return Targets;
  if (name !== "fn") return undefined;
  if (opcode === Opcode.Binary) return BinaryFn;
  if (opcode === Opcode.Reduce) return ReduceFn;
  return opcode === Opcode.Loss ? LossFn : Fn;
};

const formatDim = (d: number) => (d >= 0 ? `${d}` : d === -1 ? "rows" : `${-d} rows`);

/** @param base address of `words[0]` */
export function disassembleRecord(words: Int32Array, at: number, base: number): string {
  const start = (at - base) / 4;
  const opcode = words[start] as Opcode;
  const format = formatOf(opcode);
  if (!format) return `unknown opcode ${opcode}`;
  const operands = (Object.entries(format.operands) as [string, Operand][]).map(([name, { kind }], i) => {
    const word = words[start + 1 + i];
    if (kind === "dim") return `${name}=${formatDim(word)}`;
    if (kind === "f32") return `${name}=${wordToF32(word)}`;
    if (kind === "int") return `${name}=${enumOf(opcode, name)?.[word] ?? word}`;
    return `${name}=@${word >>> 0}`;
  });
  return `${format.name} ${operands.join(" ")}`;
}

/** The records in [from, to), one a line after its address. */
export function disassemble(words: Int32Array, from: number, to: number, base: number): string {
  const lines: string[] = [];
  for (let at = from; at < to; ) {
    lines.push(`${at}: ${disassembleRecord(words, at, base)}`);
    at += recordWords(words[(at - base) / 4]) * 4;
  }
  return lines.join("\n");
}
