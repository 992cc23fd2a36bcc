import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { refuseMore } from "../options.ts";
import { classOf, isTypedArray } from "../realm.ts";
import { type Sha256, sha256 as sha256Of, startSha256 } from "../runtime/sha256.ts";
import { byCodeUnits } from "../safetensors.ts";

/**
 * SHA-256 in lower-case hexadecimal, at once and everywhere: `crypto.subtle` is asynchronous and absent from pages without https.
 *
 * @param data bytes, or a text, which counts in UTF-8
 * @throws DataError for anything else
 * @example
 * sha256("abc").slice(0, 8); // => "ba7816bf"
 */
export function sha256(data: string | ArrayBufferView | ArrayBuffer): string {
  refuseMore("sha256", arguments, 1);
  if (typeof data === "string") return sha256Of([new TextEncoder().encode(data)]);
  if (ArrayBuffer.isView(data))
    return sha256Of([new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
  if (classOf(data) === "ArrayBuffer") return sha256Of([new Uint8Array(data)]);
  throw new DataError(`sha256: data must be bytes or a text; got ${describe(data)}`, "type");
}

/**
 * A digest of data as `fit` takes them, for a paper or a log: SHA-256 over names, shapes and values. Numbers count as they are,
 * in whatever they come: nested arrays, typed arrays and `{ data, shape }` of the same numbers have the same digest. Entries count by
 * name, in any order; texts, booleans, dates, null and NaN count as well.
 *
 * Single precision is another number than double: `0.1` and `Math.fround(0.1)` differ.
 *
 * @throws DataError for what is no data: functions, promises, objects of classes, what holds itself
 * @example
 * digestOf({ x: [[0, 1]], y: [1] }) === digestOf({ y: Uint8Array.of(1), x: { data: Float32Array.of(0, 1), shape: [1, 2] } }); // => true
 */
export function digestOf(data: unknown): string {
  refuseMore("digestOf", arguments, 1);
  const digest = startSha256();
  const writer = writeTo(digest);
  encode(data, writer, "data", 0);
  writer.flush();
  return digest.end();
}

interface Writer {
  tag(letter: string): void;
  number(value: number): void;
  text(value: string): void;
  flush(): void;
}

const ROOM = 4096;

/** Gathers small pieces, for which a digest would copy. */
function writeTo(digest: Sha256): Writer {
  const buffer = new Uint8Array(ROOM);
  const view = new DataView(buffer.buffer);
  let end = 0;
  const flush = () => {
    digest.add(buffer.subarray(0, end));
    end = 0;
  };
  const room = (bytes: number) => {
    if (end + bytes > ROOM) flush();
    end += bytes;
    return end - bytes;
  };
  const number = (value: number) => view.setFloat64(room(8), Number.isNaN(value) ? Number.NaN : value, true);
  return {
    flush,
    number,
    tag: (letter) => view.setUint8(room(1), letter.charCodeAt(0)),
    text: (value) => {
      const bytes = new TextEncoder().encode(value);
      number(bytes.length);
      flush();
      digest.add(bytes);
    },
  };
}

const MOST_DEPTH = 64;

/**
 * Numbers are `n`, the rank, the dimensions, the values, all as little-endian f64; an array `a`, its length, its elements; an
 * object `o`, the number of its entries, and names with values in the order of code units; a text `s`, the length of its UTF-8
 * and that; a date `d` and its milliseconds; `t` and `f` are booleans, `z` is null, `u` undefined.
 */
function encode(value: unknown, writer: Writer, at: string, depth: number): void {
  const { tag, number, text } = writer;
  if (depth > MOST_DEPTH)
    throw new DataError(
      `digestOf: data must be at most ${MOST_DEPTH} levels deep; got more at ${at.slice(0, 60)}`,
    );
  const { data, shape } = tensorOf(value) ?? {};
  if (data && shape) {
    tag("n");
    number(shape.length);
    for (const d of shape) number(d);
    writeNumbers(data, writer);
  } else if (typeof value === "string") {
    tag("s");
    text(value);
  } else if (Array.isArray(value)) {
    tag("a");
    number(value.length);
    for (let i = 0; i < value.length; i++) encode(value[i], writer, `${at}[${i}]`, depth + 1);
  } else if (classOf(value) === "Date") {
    tag("d");
    number((value as Date).getTime());
  } else if (value === null || value === undefined || typeof value === "boolean") {
    tag(value === null ? "z" : value === undefined ? "u" : value ? "t" : "f");
  } else if (isPlain(value)) {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
    tag("o");
    number(entries.length);
    for (const [name, entry] of entries.sort(([a], [b]) => byCodeUnits(a, b))) {
      text(name);
      encode(entry, writer, `${at}.${name}`, depth + 1);
    }
  } else throw new DataError(`digestOf: ${at} must be data; got ${describe(value)}`, "type");
}

const isPlain = (value: unknown): value is object => classOf(value) === "Object" && Object(value) === value;

interface Numbers {
  readonly data: unknown;
  readonly shape: readonly number[];
}

/** Numbers with their shape, in whatever they come; undefined for what is no such thing. */
function tensorOf(value: unknown): Numbers | undefined {
  if (isPlain(value)) {
    const { data, shape } = value as Partial<Numbers>;
    const isShaped =
      Array.isArray(shape) && shape.every((d) => Number.isSafeInteger(d)) && Object.keys(value).length === 2;
    const [length] = (isShaped && shapeOf(data)) || [];
    return isShaped && length === shape.reduce((size, d) => size * d, 1) ? { data, shape } : undefined;
  }
  const shape = shapeOf(value);
  return shape && { data: value, shape };
}

/** The shape of nested arrays of numbers; undefined where they are ragged, or hold something else. */
function shapeOf(value: unknown, depth = 0): readonly number[] | undefined {
  if (typeof value === "number") return [];
  if (isTypedArray(value)) return [value.length];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const first = depth < MOST_DEPTH ? shapeOf(value[0], depth + 1) : undefined;
  if (!first) return undefined;
  for (let i = 1; i < value.length; i++) {
    const element: unknown = value[i];
    if (first.length === 0 ? typeof element !== "number" : `${shapeOf(element, depth + 1)}` !== `${first}`)
      return undefined;
  }
  return [value.length, ...first];
}

function writeNumbers(data: unknown, writer: Writer): void {
  if (typeof data === "number") writer.number(data);
  else for (const element of data as ArrayLike<unknown> & Iterable<unknown>) writeNumbers(element, writer);
}
