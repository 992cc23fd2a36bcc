/** The bytes of a source in one piece, and numbers in them. */
import { describe } from "../../describe.ts";
import { DataError } from "../../errors.ts";
import { COUNT, readOptions } from "../../options.ts";
import { nameOf, piecesOf, type Source } from "../source.ts";
import { gunzip, isGzip } from "./inflate.ts";

export interface FormatOptions {
  /** The most bytes that the file may have, unpacked; default 2^30. */
  readonly maxBytes?: number;
  /** What errors call the file, where the source does not know its name. */
  readonly name?: string;
}

/** Numbers with their shape, row-major: what `fit` and `predict` take for x. */
export interface NumberArray {
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array;
  readonly shape: readonly number[];
}

export interface NamedBytes {
  /** Function and file, for errors. */
  readonly where: string;
  readonly bytes: Uint8Array;
  readonly maxBytes: number;
}

/** All bytes of a source, unpacked where it is gzipped. */
export async function bytesOf(who: string, source: Source, options: FormatOptions): Promise<NamedBytes> {
  const { maxBytes, name } = readOptions(who, options, {
    maxBytes: [1073741824, COUNT],
    name: [undefined, ["a string", () => true, "string"]],
  });
  const file = name ?? nameOf(source);
  const where = file === undefined ? who : `${who}: ${file}`;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of piecesOf(where, source)) {
    if (typeof piece === "string")
      throw new DataError(`${where}: must be bytes; got text ${describe(piece)}`, "type");
    length += piece.length;
    if (length > maxBytes) throw tooLarge(where, maxBytes);
    pieces.push(piece);
  }
  const given = pieces.length === 1 ? pieces[0] : joined(pieces, length);
  const bytes = isGzip(given) ? gunzip(where, given, maxBytes) : given;
  return { where, bytes, maxBytes };
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export const tooLarge = (where: string, maxBytes: number): DataError =>
  new DataError(`${where}: must have at most ${maxBytes} bytes, maxBytes; got more`, "limit");

export const damaged = (where: string, rule: string, got: string): DataError =>
  new DataError(`${where}: ${rule}; got ${got}`, "format");

/** A view for numbers of several bytes. */
export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The product of lengths; undefined where it is no safe integer. */
export function elementsOf(shape: readonly number[]): number | undefined {
  let elements = 1;
  for (const length of shape) elements *= length;
  // Zero times a number too large for a product is no number of elements that a file can have.
  return shape.every(Number.isSafeInteger) && Number.isSafeInteger(elements) ? elements : undefined;
}

/** How the numbers of a format are stored. */
export interface Stored {
  readonly bytes: number;
  readonly make: (length: number) => NumberArray["data"];
  readonly get: (view: DataView, at: number, littleEndian: boolean) => number;
}

export const STORED = {
  u8: { bytes: 1, make: (n) => new Uint8Array(n), get: (view, at) => view.getUint8(at) },
  i8: { bytes: 1, make: (n) => new Int8Array(n), get: (view, at) => view.getInt8(at) },
  u16: { bytes: 2, make: (n) => new Uint16Array(n), get: (view, at, little) => view.getUint16(at, little) },
  i16: { bytes: 2, make: (n) => new Int16Array(n), get: (view, at, little) => view.getInt16(at, little) },
  u32: { bytes: 4, make: (n) => new Uint32Array(n), get: (view, at, little) => view.getUint32(at, little) },
  i32: { bytes: 4, make: (n) => new Int32Array(n), get: (view, at, little) => view.getInt32(at, little) },
  f32: { bytes: 4, make: (n) => new Float32Array(n), get: (view, at, little) => view.getFloat32(at, little) },
  f64: { bytes: 8, make: (n) => new Float64Array(n), get: (view, at, little) => view.getFloat64(at, little) },
} as const satisfies Readonly<Record<string, Stored>>;

/** Numbers from `at` on, of which there are as many bytes as they need. */
export function readNumbers(
  bytes: Uint8Array,
  at: number,
  elements: number,
  { bytes: size, make, get }: Stored,
  littleEndian: boolean,
): NumberArray["data"] {
  const data = make(elements);
  if (size === 1 && !(data instanceof Float64Array)) {
    new Uint8Array(data.buffer).set(bytes.subarray(at, at + elements));
    return data;
  }
  const view = viewOf(bytes);
  for (let i = 0; i < elements; i++) data[i] = get(view, at + i * size, littleEndian);
  return data;
}
