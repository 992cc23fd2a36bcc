/** Zip archives: their files, stored or deflated, each checked against its checksum. Source: PKWARE's APPNOTE 6.3.9. */
import { describe } from "../../describe.ts";
import { damaged, tooLarge, viewOf } from "./bytes.ts";
import { crc32, inflate } from "./inflate.ts";

export interface ZipEntry {
  readonly name: string;
  readonly content: Uint8Array;
}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

/** Bytes of the end record, and of the longest comment behind it. */
const END_BYTES = 22;
const MOST_COMMENT = 65535;

/** Numbers of 64 bits count here up to 2^53, which no file reaches. */
const wide = (view: DataView, at: number) =>
  view.getUint32(at, true) + 4294967296 * view.getUint32(at + 4, true);

/**
 * The files of an archive, in its order.
 *
 * @throws DataError for what is no whole archive, one that is encrypted, or files of more than `maxBytes` together
 */
export function unzip(where: string, bytes: Uint8Array, maxBytes: number): ZipEntry[] {
  const { view, check } = readable(where, bytes);
  const { count, from, end } = directoryOf(where, bytes, view, check);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let total = 0;
  let at = from;
  for (let i = 0; i < count; i++) {
    check(at, 46, "a record for each of its files");
    if (view.getUint32(at, true) !== CENTRAL)
      throw damaged(where, "must have a record for each of its files", `something else at byte ${at}`);
    const record = {
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      length: view.getUint32(at + 24, true),
      local: view.getUint32(at + 42, true),
    };
    const nameBytes = view.getUint16(at + 28, true);
    const extraBytes = view.getUint16(at + 30, true);
    const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true);
    check(at, next - at, "a record for each of its files");
    readWide(view, at + 46 + nameBytes, extraBytes, record);
    const rawName = bytes.subarray(at + 46, at + 46 + nameBytes);
    const name = new TextDecoder().decode(rawName);
    if (names.has(name))
      throw damaged(where, "must have files of different names", `${describe(name)} twice`);
    names.add(name);
    total += record.length;
    if (total > maxBytes) throw tooLarge(where, maxBytes);
    const content = contentOf(`${where}: ${name}`, bytes, record, rawName, { view, check });
    entries.push({ name, content });
    at = next;
  }
  if (at !== end)
    throw damaged(where, "must have a record for each of its files", `${end - at} bytes beside`);
  return entries;
}

interface Readable {
  readonly view: DataView;
  readonly check: (at: number, length: number, what: string) => void;
}

function readable(where: string, bytes: Uint8Array): Readable {
  return {
    view: viewOf(bytes),
    check(at, length, what) {
      if (!(at >= 0 && at + length <= bytes.length))
        throw damaged(where, `must have ${what}`, `${bytes.length} bytes, where ${at + length} are needed`);
    },
  };
}

interface FileRecord {
  flags: number;
  method: number;
  crc: number;
  packed: number;
  length: number;
  local: number;
}

/** Where the records of the files are, and how many. */
function directoryOf(
  where: string,
  bytes: Uint8Array,
  view: DataView,
  check: Readable["check"],
): { count: number; from: number; end: number } {
  let at = bytes.length - END_BYTES;
  const first = Math.max(0, at - MOST_COMMENT);
  while (
    at >= first &&
    !(view.getUint32(at, true) === END && at + END_BYTES + view.getUint16(at + 20, true) === bytes.length)
  )
    at--;
  if (at < first) throw damaged(where, "must be a whole zip file", "no end record");
  let count = view.getUint16(at + 10, true);
  let size = view.getUint32(at + 12, true);
  let from = view.getUint32(at + 16, true);
  let end = at;
  if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64) {
    end = wide(view, at - 20 + 8);
    check(end, 56, "an end record of 64 bits");
    if (view.getUint32(end, true) !== END_64)
      throw damaged(where, "must have an end record of 64 bits", "something else");
    count = wide(view, end + 32);
    size = wide(view, end + 40);
    from = wide(view, end + 48);
  }
  check(from, size, "the records of its files");
  if (from + size !== end || count * 46 > size)
    throw damaged(where, "must have its records before their end", `${count} records in ${size} bytes`);
  return { count, from, end };
}

/** Lengths of 64 bits stand in an extra field. */
function readWide(view: DataView, from: number, length: number, record: FileRecord): void {
  for (let at = from; at + 4 <= from + length; ) {
    const id = view.getUint16(at, true);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (id === 1) {
      let field = at + 4;
      for (const key of ["length", "packed", "local"] as const)
        if (record[key] === 0xffffffff && field + 8 <= Math.min(end, from + length)) {
          record[key] = wide(view, field);
          field += 8;
        }
    }
    at = end;
  }
}

function contentOf(
  where: string,
  bytes: Uint8Array,
  { flags, method, crc, packed, length, local }: FileRecord,
  name: Uint8Array,
  { view, check }: Readable,
): Uint8Array {
  if (flags & 1) throw damaged(where, "must not be encrypted", "a file that is");
  if (method !== 0 && method !== 8) throw damaged(where, "must be stored or deflated", `method ${method}`);
  check(local, 30, "each of its files");
  const nameBytes = view.getUint16(local + 26, true);
  const from = local + 30 + nameBytes + view.getUint16(local + 28, true);
  check(from, packed, "each of its files");
  const isSame = nameBytes === name.length && name.every((byte, i) => bytes[local + 30 + i] === byte);
  if (view.getUint32(local, true) !== LOCAL || !isSame)
    throw damaged(where, "must be where its record says", `something else at byte ${local}`);
  const content = bytes.subarray(from, from + packed);
  if (method === 8) return inflate(where, content, length, crc);
  if (packed !== length || crc32(content) !== crc)
    throw damaged(where, "must be as it was stored", "another length or checksum: the file is damaged");
  return content;
}
