/** Tapes as text, for people: one record a line, dimensions as multiples of the rows. */
import { wordToF32 } from "./float-word.ts";
import type { Operand } from "./operands.ts";
import { formatOf, isBarrier, lengthOf, opcodeOf, wordsOf } from "./records.ts";

const formatDim = (d: number) => (d >= 0 ? `${d}` : d === -1 ? "rows" : `${-d} rows`);

function formatWord(operand: Operand, word: number): string {
  switch (operand.kind) {
    case "dim":
      return formatDim(word);
    case "f32":
      return `${wordToF32(word)}`;
    case "int":
      return `${operand.of?.[word] ?? word}`;
    case "rate":
      return `group ${word}`;
    case "mirror":
      return `+${word >>> 0}`;
    case "setting":
      return `run[${word}]`;
    default:
      return `@${word >>> 0}`;
  }
}

/**
 * One record. A record before which all parts wait starts with `|`.
 *
 * @param base address of `words[0]`
 */
export function disassembleRecord(words: Int32Array, at: number, base: number): string {
  const start = (at - base) / 4;
  const opcode = opcodeOf(words[start]);
  const format = formatOf(opcode);
  if (!format) return `unknown opcode ${opcode}`;
  const operands = wordsOf(format).map(
    ([name, operand], i) => `${name}=${formatWord(operand, words[start + 1 + i])}`,
  );
  return `${isBarrier(words[start]) ? "| " : ""}${format.name} ${operands.join(" ")}`;
}

/** The records in [from, to), one a line after its address. */
export function disassemble(words: Int32Array, from: number, to: number, base: number): string {
  const lines: string[] = [];
  for (let at = from; at < to; ) {
    lines.push(`${at}: ${disassembleRecord(words, at, base)}`);
    at += lengthOf(words[(at - base) / 4]) * 4;
  }
  return lines.join("\n");
}
