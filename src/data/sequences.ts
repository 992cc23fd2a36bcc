/** Text and lists of ids as rows of equal length. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { COUNT, oneOf, type Rule, readOptions, refuseMore } from "../options.ts";
import { isTypedArray } from "../realm.ts";

export interface PadOptions {
  /** Of each row; by default that of the longest sequence. */
  readonly length?: number;
  /** What fills the rest; default 0. */
  readonly value?: number;
  /** Where sequences are filled and cut: default `"end"`. */
  readonly side?: "end" | "start";
}

const FINITE: Rule = ["a finite number", (n: number) => Number.isFinite(n)];

/**
 * Sequences of numbers as rows of one length: shorter ones are filled, longer ones cut.
 *
 * @returns shape [sequences, length], for embeddings as for `dense`
 * @throws DataError for what is no array of arrays of finite numbers, and where no length is known
 * @example
 * const { data, shape } = padSequences([[5, 6, 7], [8]], { length: 2 });
 * shape; // => [2, 2]
 * [...data]; // => [5, 6, 8, 0]
 */
export function padSequences(
  sequences: readonly ArrayLike<number>[],
  options: PadOptions = {},
): { readonly data: Float64Array; readonly shape: readonly [number, number] } {
  refuseMore("padSequences", arguments, 2, "write padSequences(sequences, options)");
  const { length, value, side } = readOptions("padSequences", options, {
    length: [undefined, COUNT],
    value: [0, FINITE],
    side: ["end" as const, oneOf("end", "start")],
  });
  if (!Array.isArray(sequences) || sequences.length === 0)
    throw new DataError(
      `padSequences: takes an array of sequences, at least one; got ${describe(sequences)}`,
      "type",
    );
  let longest = 0;
  sequences.forEach((sequence: unknown, i) => {
    if (!Array.isArray(sequence) && !isTypedArray(sequence))
      throw new DataError(
        `padSequences: sequences must be arrays of numbers; got ${describe(sequence)} at ${i}`,
        "type",
      );
    longest = Math.max(longest, sequence.length);
  });
  const width = length ?? longest;
  if (width === 0)
    throw new DataError("padSequences: needs a length where all sequences are empty; got none", "missing");
  const data = new Float64Array(sequences.length * width).fill(value);
  sequences.forEach((sequence, i) => {
    const count = Math.min(sequence.length, width);
    const from = side === "end" ? 0 : sequence.length - count;
    const to = i * width + (side === "end" ? 0 : width - count);
    for (let j = 0; j < count; j++) {
      const number: unknown = sequence[from + j];
      if (typeof number !== "number" || !Number.isFinite(number))
        throw new DataError(
          `padSequences: sequences must hold finite numbers; got ${describe(number)} at row ${i}, column ${from + j}`,
          "type",
        );
      data[to + j] = number;
    }
  });
  return { data, shape: [sequences.length, width] };
}

export interface VocabularyOptions {
  /** Whether tokens are characters (code points), the default, or words: what stands between white space. */
  readonly by?: "characters" | "words";
  /** Tokens that come less often are unknown; default 1. */
  readonly minCount?: number;
}

/** Tokens and their ids. Id 0 stands for every token that is unknown, and fills rows. */
export class Vocabulary {
  /** By id: `""` first, then the tokens, sorted by code units. */
  readonly tokens: readonly string[];
  readonly by: "characters" | "words";
  readonly #ids: ReadonlyMap<string, number>;

  /** @internal */
  constructor(tokens: readonly string[], by: "characters" | "words") {
    this.tokens = tokens;
    this.by = by;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
  }

  /** Ids, with 0: the first argument of `embedding`. */
  get size(): number {
    return this.tokens.length;
  }

  /** The ids of a text. */
  encode(text: string): Int32Array {
    refuseMore("encode", arguments, 1);
    return Int32Array.from(tokensOf("encode", text, this.by), (token) => this.#ids.get(token) ?? 0);
  }

  /** The text of ids; words with a space between them, nothing for id 0. */
  decode(ids: ArrayLike<number>): string {
    refuseMore("decode", arguments, 1);
    const found = Array.from(ids, (id, i) => {
      const token = this.tokens[id];
      if (token === undefined)
        throw new DataError(
          `decode: ids must be whole numbers from 0 to ${this.size - 1}; got ${describe(id)} at ${i}`,
          "label",
        );
      return token;
    }).filter((token) => token !== "");
    return found.join(this.by === "words" ? " " : "");
  }
}

function tokensOf(who: string, text: unknown, by: "characters" | "words"): string[] {
  if (typeof text !== "string") throw new DataError(`${who}: takes text; got ${describe(text)}`, "type");
  return by === "characters" ? [...text] : text.split(/\s+/).filter((word) => word !== "");
}

/**
 * The tokens of a text, with an id each.
 *
 * @param text one text, or several
 * @example
 * const letters = vocabulary("hello");
 * letters.tokens; // => ["", "e", "h", "l", "o"]
 * [...letters.encode("hey")]; // => [2, 1, 0]
 * letters.decode([2, 1, 3, 3, 4]); // => "hello"
 */
export function vocabulary(text: string | readonly string[], options: VocabularyOptions = {}): Vocabulary {
  refuseMore("vocabulary", arguments, 2, "write vocabulary(text, options)");
  const { by, minCount } = readOptions("vocabulary", options, {
    by: ["characters" as const, oneOf("characters", "words")],
    minCount: [1, COUNT],
  });
  const counts = new Map<string, number>();
  for (const part of Array.isArray(text) ? text : [text])
    for (const token of tokensOf("vocabulary", part, by)) counts.set(token, (counts.get(token) ?? 0) + 1);
  const tokens = [...counts].flatMap(([token, count]) => (count >= minCount ? [token] : [])).sort();
  if (tokens.length === 0)
    throw new DataError("vocabulary: the text must have at least one token; got none", "missing");
  return new Vocabulary(["", ...tokens], by);
}
