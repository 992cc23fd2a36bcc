/** NumPy's files: one array, or a zip of arrays by name. */
import { describe } from "../../describe.ts";
import { DataError } from "../../errors.ts";
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
  type Stored,
  viewOf,
} from "./bytes.ts";
import { unzip } from "./zip.ts";

/** Integers of 64 bits, as f64 where they are exact in it. */
const WIDE = (signed: boolean): Stored => ({
  bytes: 8,
  make: (n) => new Float64Array(n),
  get: (view, at, little) => Number(signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little)),
});

const WORD = new Uint32Array(1);
const NUMBER = new Float32Array(WORD.buffer);

/** Half precision as f32, exactly: 5 bits of exponent become 8, 10 of mantissa 23. */
const HALF: Stored = {
  bytes: 2,
  make: (n) => new Float32Array(n),
  get: (view, at, little) => {
    const bits = view.getUint16(at, little);
    const exponent = (bits >>> 10) & 31;
    const mantissa = bits & 1023;
    if (exponent === 0) return ((bits & 0x8000 ? -1 : 1) * mantissa) / 16777216;
    WORD[0] = ((bits & 0x8000) << 16) | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13);
    return NUMBER[0];
  },
};

const TYPES = new Map<string, Stored>([
  ["b1", STORED.u8],
  ["u1", STORED.u8],
  ["i1", STORED.i8],
  ["u2", STORED.u16],
  ["i2", STORED.i16],
  ["u4", STORED.u32],
  ["i4", STORED.i32],
  ["u8", WIDE(false)],
  ["i8", WIDE(true)],
  ["f2", HALF],
  ["f4", STORED.f32],
  ["f8", STORED.f64],
]);

/**
 * Reads an array that NumPy wrote with `np.save`: numbers and booleans of every size; those of 64 bits as f64, which must be
 * exact. Arrays in Fortran's order are put in row-major order. Gzipped files are unpacked.
 *
 * @param source bytes, a `Blob` or `File`, a `Response` or a stream
 * @throws DataError for what is no such file, not a whole one or larger than `maxBytes`; for text, objects, complex numbers and
 *   records; for integers beyond 2^53
 * @example
 * const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + "\n";
 * const file = new Blob([Uint8Array.of(0x93), "NUMPY", Uint8Array.of(1, 0, 118, 0), header, Float64Array.of(1.5, 2)]);
 * const { data, shape } = await readNpy(file);
 * shape; // => [2]
 * [...data]; // => [1.5, 2]
 */
export async function readNpy(source: Source, options: FormatOptions = {}): Promise<NumberArray> {
  refuseMore("readNpy", arguments, 2, "write readNpy(source, options)");
  const { where, bytes } = await bytesOf("readNpy", source, options);
  return parseNpy(where, bytes);
}

/**
 * Reads the arrays that NumPy wrote with `np.savez` or `np.savez_compressed`, by name.
 *
 * @throws as `readNpy`, and for a zip file that is damaged or encrypted, or unpacks to more than `maxBytes`
 * @example
 * const stored = await readNpz(Uint8Array.of(0x50, 0x4b, 5, 6, ...new Array(18).fill(0)));
 * Object.keys(stored); // => []
 */
export async function readNpz(
  source: Source,
  options: FormatOptions = {},
): Promise<{ [name: string]: NumberArray }> {
  refuseMore("readNpz", arguments, 2, "write readNpz(source, options)");
  const { where, bytes, maxBytes } = await bytesOf("readNpz", source, options);
  const arrays = unzip(where, bytes, maxBytes).map(({ name, content }): [string, NumberArray] => {
    if (!name.endsWith(".npy"))
      throw damaged(where, "must have arrays alone, files that end in .npy", describe(name));
    return [name.slice(0, -4), parseNpy(`${where}: ${name}`, content)];
  });
  // Names as own properties, whatever they are.
  return Object.fromEntries(arrays);
}

function parseNpy(where: string, bytes: Uint8Array): NumberArray {
  const isMagic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => bytes[i] === byte);
  const version = bytes[6];
  if (!isMagic || bytes.length < 12 || !(version >= 1 && version <= 3))
    throw damaged(
      where,
      "must begin as NumPy's files do, of version 1 to 3",
      `bytes ${bytes.subarray(0, 8).join(" ")}`,
    );
  const view = viewOf(bytes);
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length || end - start > MOST_HEADER)
    throw damaged(where, "must have a whole header", `${bytes.length} bytes`);
  const header = String.fromCharCode(...bytes.subarray(start, end));
  const type = /'descr': *'([^']*)'/.exec(header)?.[1] ?? "";
  const fortran = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const list = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  const [, order, name] = /^([<>|=])(\w+)$/.exec(type) ?? [];
  const stored = TYPES.get(name);
  if (fortran === undefined || list === undefined)
    throw damaged(where, "must have a header that says type, order and shape", describe(header));
  if (stored === undefined)
    throw new DataError(
      `${where}: must hold numbers or booleans of one type; got ${type === "" ? describe(header) : describe(type)}`,
      "type",
    );
  const shape = list
    .split(",")
    .flatMap((length) => (length.trim() === "" ? [] : [Number(length.replaceAll(" ", ""))]));
  const elements = elementsOf(shape);
  if (elements === undefined || elements * stored.bytes !== bytes.length - end)
    throw damaged(
      where,
      "must have as many numbers as its shape says",
      `${bytes.length - end} bytes of ${type} for the shape (${shape.join(", ")})`,
    );
  const data = readNumbers(bytes, end, elements, stored, order !== ">");
  if (/^[iu]8$/.test(name)) checkExact(where, data);
  return { data: fortran === "True" && shape.length > 1 ? rowMajor(data, shape) : data, shape };
}

/** NumPy itself refuses longer ones. */
const MOST_HEADER = 10_000;

function checkExact(where: string, data: NumberArray["data"]): void {
  for (let i = 0; i < data.length; i++)
    if (!Number.isSafeInteger(data[i]))
      throw new DataError(`${where}: integers must be within 2^53; got ${data[i]} at ${i}`, "type");
}

/** The same array with its last axis changing fastest, from one with its first axis changing fastest. */
function rowMajor(data: NumberArray["data"], shape: readonly number[]): NumberArray["data"] {
  const result = data.slice();
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, length) => product * length, 1),
  );
  let from = 0;
  for (let at = 0; at < data.length; at++) {
    result[at] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}
