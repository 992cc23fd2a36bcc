/** What compiling asks of a kind of record, several times a record: listed once. */
import { RecordWord } from "../../assembly/abi.ts";
import { hasWord, isBuffer, type Operand, type RecordFormat } from "./operands.ts";

/** The operands with a word each, in the order of the words. */
export const wordsOf = ({ operands }: RecordFormat): [string, Operand][] =>
  Object.entries(operands).filter(([, operand]) => hasWord(operand));

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

export function listsOf(format: RecordFormat): OperandLists {
  return (lists[format.opcode] ??= makeLists(format));
}

function makeLists(format: RecordFormat): OperandLists {
  const words = wordsOf(format);
  const namesOf = (is: (operand: Operand) => boolean) =>
    words.filter(([, operand]) => is(operand)).map(([name]) => name);
  return {
    first: format.opcode | ((1 + words.length) << RecordWord.LengthShift),
    words,
    buffers: namesOf(isBuffer),
    dims: namesOf(({ kind }) => kind === "dim"),
    ints: namesOf(({ kind }) => kind === "int"),
    scratch: namesOf(({ kind }) => kind === "scratch"),
  };
}
