/** What compiling asks of a kind of record, several times a record: listed once. */
import type { Opcode } from "../../assembly/abi.ts";
import { isBuffer, type Operand, type RecordFormat } from "./operands.ts";
import { firstWord, formatOf, wordsOf } from "./records.ts";

export interface OperandLists {
  /** The first word of a record that waits for nobody. */
  readonly first: number;
  readonly words: readonly (readonly [name: string, Operand])[];
  /** Names of those that may be values, dimensions, other numbers, and working areas. */
  readonly buffers: readonly string[];
  readonly dims: readonly string[];
  readonly ints: readonly string[];
  readonly scratch: readonly string[];
}

const lists: OperandLists[] = [];

export function listsOf(opcode: Opcode): OperandLists {
  return (lists[opcode] ??= makeLists(opcode));
}

function makeLists(opcode: Opcode): OperandLists {
  const words = wordsOf(formatOf(opcode) as RecordFormat);
  const namesOf = (is: (operand: Operand) => boolean) =>
    words.filter(([, operand]) => is(operand)).map(([name]) => name);
  return {
    first: firstWord(opcode),
    words,
    buffers: namesOf(isBuffer),
    dims: namesOf(({ kind }) => kind === "dim"),
    ints: namesOf(({ kind }) => kind === "int"),
    scratch: namesOf(({ kind }) => kind === "scratch"),
  };
}
