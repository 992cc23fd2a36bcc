/** Papa Parse's parser, which takes a text piece by piece; a file of its own in the package, because its code has effects that bundlers must keep. */
import Papa from "papaparse";

/** The records of a text. */
export interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row: number }[];
  /** Where the last whole record ends. */
  readonly meta: { readonly cursor: number };
}

export interface TextParser {
  /** @param leaveLast whether the last record may go on in the next piece, and is left out */
  parse(text: string, base: number, leaveLast: boolean): Parsed;
}

export const Parser = Papa.Parser as unknown as new (config: {
  readonly delimiter: string;
  readonly newline: string;
}) => TextParser;
