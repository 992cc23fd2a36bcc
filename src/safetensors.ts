/**
 * The format of Hugging Face's safetensors, https://github.com/huggingface/safetensors: the length of the header as a
 * little-endian u64, the header in JSON, then the tensors without holes. The header has an entry for each tensor, its bytes
 * counted from the end of the header, and strings by name in `__metadata__`.
 */
import { describe } from "./describe.ts";
import { FileError } from "./errors.ts";

/** The type of a tensor's elements, as files name it. */
export type TensorType =
  | "F64"
  | "I64"
  | "U64"
  | "F32"
  | "I32"
  | "U32"
  | "F16"
  | "BF16"
  | "I16"
  | "U16"
  | "F8_E4M3"
  | "F8_E5M2"
  | "I8"
  | "U8"
  | "BOOL";

/** Bytes of an element. */
const BYTES: Readonly<Record<TensorType, number>> = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** A tensor of a file. */
export interface FileTensor {
  readonly name: string;
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  /** Its elements, little-endian and row-major: a view of the file, which may stand at any address. */
  readonly data: Uint8Array;
}

export interface TensorFile {
  /** Texts by name. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order in which they stand in the file. */
  readonly tensors: ReadonlyMap<string, FileTensor>;
}

const LENGTH_BYTES = 8;
/** As in the reference implementation. */
const MOST_HEADER_BYTES = 100_000_000;

/** Texts in the order of their code units. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A file of these tensors: sorted by the size of their elements, largest first, so that each is aligned to its elements, then
 * by name. The header is padded with spaces to a multiple of 8 bytes.
 */
export function writeSafetensors(
  tensors: readonly FileTensor[],
  metadata: Readonly<Record<string, string>>,
): ReturnType<Uint8ArrayConstructor["of"]> {
  const sorted = [...tensors].sort((a, b) => BYTES[b.dtype] - BYTES[a.dtype] || byCodeUnits(a.name, b.name));
  let end = 0;
  const entries = sorted.map(({ name, dtype, shape, data }) => {
    const begin = end;
    end += data.length;
    // Put together from parts: in an object, names that are whole numbers would come first, and `__proto__` would be lost.
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`;
  });
  const header = new TextEncoder().encode(`{${[`"__metadata__":${JSON.stringify(metadata)}`, ...entries]}}`);
  const start = LENGTH_BYTES + Math.ceil(header.length / LENGTH_BYTES) * LENGTH_BYTES;
  const file = new Uint8Array(start + end).fill(0x20, LENGTH_BYTES + header.length, start);
  new DataView(file.buffer).setUint32(0, start - LENGTH_BYTES, true);
  file.set(header, LENGTH_BYTES);
  let at = start;
  for (const { data } of sorted) {
    file.set(data, at);
    at += data.length;
  }
  return file;
}

/**
 * The tensors of a file, as views of its bytes. Every length is checked before anything is made of it.
 *
 * @throws FileError for what is no file of this format, or not a whole one
 */
export function readSafetensors(who: string, bytes: Uint8Array): TensorFile {
  const fail = (rule: string, got: string): never => {
    throw new FileError(`${who}: ${rule}; got ${got}`);
  };
  if (bytes.length < LENGTH_BYTES) fail("bytes must be a whole safetensors file", `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const headerBytes = view.getUint32(4, true) * 0x1_0000_0000 + view.getUint32(0, true);
  const start = LENGTH_BYTES + headerBytes;
  if (headerBytes > MOST_HEADER_BYTES || start > bytes.length)
    fail(
      "a safetensors file must begin with the length of a header that lies in it",
      `${bytes.length} bytes that do not: another format, or not the whole file`,
    );
  let header: unknown;
  try {
    const text = bytes.slice(LENGTH_BYTES, start);
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text));
  } catch {
    fail(
      "the header of a file must be readable",
      "other bytes than JSON in UTF-8: another format, or damaged",
    );
  }
  if (!isRecord(header)) return fail("the header of a file must be an object", describe(header));
  const metadata = new Map<string, string>();
  const found: { readonly tensor: Omit<FileTensor, "data">; readonly begin: number; readonly end: number }[] =
    [];
  for (const [name, entry] of Object.entries(header)) {
    if (!isRecord(entry)) return fail(`${describe(name)} in the header must be an object`, describe(entry));
    if (name === "__metadata__")
      for (const [key, text] of Object.entries(entry)) {
        if (typeof text !== "string")
          return fail(`${describe(key)} in the metadata must be a text`, describe(text));
        metadata.set(key, text);
      }
    else found.push(readEntry(name, entry, fail));
  }
  found.sort((a, b) => a.begin - b.begin || a.end - b.end);
  const tensors = new Map<string, FileTensor>();
  const dataBytes = bytes.length - start;
  let at = 0;
  for (const { tensor, begin, end } of found) {
    if (begin !== at || end > dataBytes)
      fail(
        "tensors must follow each other without holes, within the file",
        `${describe(tensor.name)} at ${begin} to ${end}, after ${at} of ${dataBytes} bytes`,
      );
    at = end;
    tensors.set(tensor.name, { ...tensor, data: bytes.subarray(start + begin, start + end) });
  }
  if (at !== dataBytes) fail(`a file with ${at} bytes of tensors must end there`, `${dataBytes} bytes`);
  return { metadata, tensors };
}

function readEntry(
  name: string,
  { dtype, shape, data_offsets: offsets }: Readonly<Record<string, unknown>>,
  fail: (rule: string, got: string) => never,
) {
  if (!(typeof dtype === "string" && Object.hasOwn(BYTES, dtype)))
    return fail(`${describe(name)} must have a dtype of safetensors`, describe(dtype));
  if (!(isCounts(shape) && isCounts(offsets) && offsets.length === 2))
    return fail(
      `${describe(name)} must have a shape and two offsets, whole numbers from 0 on`,
      `${JSON.stringify(shape)?.slice(0, 60)}, ${JSON.stringify(offsets)?.slice(0, 60)}`,
    );
  const [begin, end] = offsets;
  let bytes = BYTES[dtype as TensorType];
  // A product of many dimensions leaves the numbers that are exact, and is then larger than any file.
  for (const d of shape) bytes *= d;
  if (end - begin !== bytes)
    return fail(`${describe(name)} ${dtype} [${shape}] must take ${bytes} bytes`, `${begin} to ${end}`);
  return { tensor: { name, dtype: dtype as TensorType, shape }, begin, end };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((d) => Number.isSafeInteger(d) && d >= 0);
