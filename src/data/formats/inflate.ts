/** Unpacking with limits: what comes out is counted while it comes, and checked against its checksum. */
import { DataError } from "../../errors.ts";
import { Inflate } from "./fflate.ts";

/** Compressed bytes that are unpacked without a look at what came out: at most 1032 times as many come out. */
const PIECE = 16384;

/** The most bytes that a byte of deflate can become: a length of 258 in two bits. */
const MOST_RATIO = 1032;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 of ISO 3309, as gzip and zip have it. */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/**
 * Unpacks raw deflate that must become just `length` bytes with a checksum. Nothing is allocated for a length that the packed
 * bytes cannot have.
 */
export function inflate(where: string, packed: Uint8Array, length: number, crc: number): Uint8Array {
  const damage = (got: string) =>
    new DataError(
      `${where}: packed bytes must become what they were; got ${got}: the file is damaged`,
      "format",
    );
  if (length > packed.length * MOST_RATIO)
    throw damage(`${packed.length} bytes for ${length}, more than can be packed so far`);
  const unpacked = new Uint8Array(length);
  let filled = 0;
  const inflater = new Inflate((piece) => {
    if (filled + piece.length > length) throw damage(`more than the ${length} bytes that the file says`);
    unpacked.set(piece, filled);
    filled += piece.length;
  });
  try {
    for (let at = 0; at < packed.length; at += PIECE)
      inflater.push(packed.subarray(at, at + PIECE), at + PIECE >= packed.length);
    if (packed.length === 0) throw damage("no bytes");
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw damage(`bytes that are no deflate (${(error as Error).message})`);
  }
  if (filled !== length) throw damage(`${filled} bytes, not the ${length} that the file says`);
  if (crc32(unpacked) !== crc) throw damage("another checksum");
  return unpacked;
}

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What stands in a gzip file of one member (RFC 1952). */
export function gunzip(where: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const damage = (got: string) =>
    new DataError(`${where}: must be a whole gzip file of one member; got ${got}`, "format");
  const flags = bytes[3];
  if (bytes.length < 18) throw damage(`${bytes.length} bytes`);
  if (bytes[2] !== 8 || flags > 31) throw damage("a header that is none");
  let at = 10;
  if (flags & 4) at += 2 + bytes[at] + 256 * bytes[at + 1];
  for (const text of [8, 16])
    if (flags & text) {
      at = bytes.indexOf(0, at) + 1;
      if (at === 0) throw damage("no end of its header");
    }
  if (flags & 2) at += 2;
  const end = bytes.length - 8;
  if (!(at <= end)) throw damage("no end of its header");
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, 8);
  const length = trailer.getUint32(4, true);
  if (length > maxBytes)
    throw new DataError(
      `${where}: must have at most ${maxBytes} bytes unpacked, maxBytes; got ${length}`,
      "limit",
    );
  return inflate(where, bytes.subarray(at, end), length, trailer.getUint32(0, true));
}
