/**
 * Links to runs, and files of them. A link is `#1.` and base64url of the JSON, deflated in the format of zlib, whose checksum tells
 * a damaged link from another one. Everything in it is checked as hostile input.
 */
import { pack, unpack } from "./compact.ts";
import { checkNumber, LIMITS, readConfig, shown } from "./config.ts";
import type { Claim, LinkContent } from "./types.ts";

/** Most characters of a link that is opened. */
export const MOST_LINK_CHARACTERS = 30_000;
/** Most bytes that a link unpacks to. */
const MOST_UNPACKED_BYTES = 4 * 2 ** 20;
const MOST_FILE_BYTES = 16 * 2 ** 20;
const FORMAT = "1";
const FILE_FORMAT = "wasmgrad-run 1";
/** Bytes that are unpacked at once, so that little is unpacked beyond the limit. */
const PIECE_BYTES = 512;

/** A link that cannot be opened. Its message is one sentence for the visitor. */
export class LinkError extends Error {
  override name = "LinkError";
}

const damaged = (): LinkError =>
  new LinkError("This link is damaged: a part of it is missing or was changed. Copy the whole link again.");

const toBase64Url = (bytes: Uint8Array): string => {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw damaged();
  const decoded = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(decoded, (character) => character.charCodeAt(0));
}

/** Puts bytes through a stream; ends it where it gives more than `most`. */
async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: { readonly readable: ReadableStream<Uint8Array>; readonly writable: WritableStream<BufferSource> },
  most: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const write = async () => {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await writer.ready;
      await writer.write(bytes.subarray(at, at + PIECE_BYTES));
    }
    await writer.close();
  };
  const written = write();
  // It fails with the reading, which says so.
  written.catch(() => {});
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      reader.cancel().catch(() => {});
      throw new LinkError(
        `This link unpacks to more than ${most / 2 ** 20} megabytes, which no run needs: it was not opened.`,
      );
    }
    pieces.push(value);
  }
  await written;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The part of an address behind the page: `#1.` and so on. It may be longer than a link that can be opened. */
export async function encodeLink(content: LinkContent): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(pack(content)));
  const packed = await through(bytes, new CompressionStream("deflate"), Infinity);
  return `#${FORMAT}.${toBase64Url(packed)}`;
}

/**
 * @param hash with or without `#`; what stands behind a first `&` is not read
 * @throws LinkError or ConfigError with one sentence
 */
export async function decodeLink(hash: string): Promise<LinkContent> {
  const [text] = hash.replace(/^#/, "").split("&", 1);
  if (text.length > MOST_LINK_CHARACTERS)
    throw new LinkError(
      `This link is too long: links have at most ${MOST_LINK_CHARACTERS.toLocaleString("en-US")} characters. Larger runs are shared as files.`,
    );
  const [, format, code] = /^(\d+)\.(.*)$/s.exec(text) ?? [];
  if (format === undefined) throw new LinkError("This is no link to a run: it should begin with #1.");
  if (format !== FORMAT)
    throw new LinkError(
      `This link has format ${format.slice(0, 9)}, which this page does not know: open it with a newer version of the site.`,
    );
  return readContent(parse(await inflate(fromBase64Url(code))));
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  try {
    return await through(bytes, new DecompressionStream("deflate"), MOST_UNPACKED_BYTES);
  } catch (error) {
    throw error instanceof LinkError ? error : damaged();
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged();
  }
}

const HEX_DIGEST = /^[0-9a-f]{64}$/;

/** @throws LinkError or ConfigError */
function readContent(given: unknown): LinkContent {
  const { version, config, claim } = unpack(given);
  if (typeof version !== "string" || !/^\d{1,5}\.\d{1,5}\.\d{1,5}(-[\w.]{1,30})?$/.test(version))
    throw new LinkError(
      `This link does not say which version of the engine it is of; it has ${shown(version)}.`,
    );
  return { version, config: readConfig(config), ...(claim !== undefined && { claim: readClaim(claim) }) };
}

function readClaim(given: unknown): Claim {
  const { steps, data, parameters } = Object(given) as Partial<Claim>;
  for (const digest of [data, parameters])
    if (typeof digest !== "string" || !HEX_DIGEST.test(digest))
      throw new LinkError(`What this link claims is no digest: ${shown(digest)}.`);
  return {
    steps: checkNumber("claim.steps", "The number of steps", steps, LIMITS.steps),
    data: data as string,
    parameters: parameters as string,
  };
}

/** The text of a `.wasmgrad-run` file: for what is too long for a link. */
export const writeRunFile = (content: LinkContent): string =>
  `${JSON.stringify({ format: FILE_FORMAT, ...(pack(content) as object) })}\n`;

/** @throws LinkError or ConfigError with one sentence */
export async function readRunFile(file: Blob): Promise<LinkContent> {
  if (file.size > MOST_FILE_BYTES)
    throw new LinkError("This file is too large for a run: they have at most 16 megabytes.");
  let given: unknown;
  try {
    given = JSON.parse(await file.text());
  } catch {
    given = undefined;
  }
  if ((Object(given) as { format?: unknown }).format !== FILE_FORMAT)
    throw new LinkError('This is no file of a run: choose one whose name ends in ".wasmgrad-run".');
  return readContent(given);
}
