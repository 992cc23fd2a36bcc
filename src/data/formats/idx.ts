import { refuseMore } from "../../options.ts";
import type { Source } from "../source.ts";
import {
  bytesOf,
  damaged,
  elementsOf,
  type FormatOptions,
  type NumberArray,
  readNumbers,
  STORED,
  viewOf,
} from "./bytes.ts";

const TYPES: Readonly<Record<number, keyof typeof STORED>> = {
  8: "u8",
  9: "i8",
  11: "i16",
  12: "i32",
  13: "f32",
  14: "f64",
};

/**
 * Reads an IDX file, the format of MNIST and Fashion-MNIST, gzipped or not: numbers of one type, with their shape.
 *
 * @param source bytes, a `Blob` or `File`, a `Response` or a stream
 * @throws DataError for what is no such file, not a whole one, or larger than `maxBytes`
 * @example
 * const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9);
 * const { data, shape } = await readIdx(bytes);
 * shape; // => [1, 3]
 * [...data]; // => [7, 8, 9]
 */
export async function readIdx(source: Source, options: FormatOptions = {}): Promise<NumberArray> {
  refuseMore("readIdx", arguments, 2, "write readIdx(source, options)");
  const { where, bytes } = await bytesOf("readIdx", source, options);
  const type = TYPES[bytes[2]];
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || type === undefined)
    throw damaged(
      where,
      "must begin as IDX files do: two zeros, a type, the number of axes",
      `bytes ${bytes.subarray(0, 4).join(" ")}`,
    );
  const axes = bytes[3];
  const header = 4 + 4 * axes;
  if (axes === 0 || bytes.length < header)
    throw damaged(
      where,
      `must have a length for each of its ${axes} axes, of which it needs one`,
      `${bytes.length} bytes`,
    );
  const view = viewOf(bytes);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const elements = elementsOf(shape);
  const stored = STORED[type];
  if (elements === undefined || elements * stored.bytes !== bytes.length - header)
    throw damaged(
      where,
      "must have as many numbers as its shape says",
      `${bytes.length - header} bytes of ${type} for the shape [${shape.join(", ")}]`,
    );
  return { data: readNumbers(bytes, header, elements, stored, false), shape };
}
