/** Where data come from: text, bytes, files, responses and streams, read in pieces. */
import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { classOf, isTypedArray } from "../realm.ts";

/**
 * Text or bytes: a string, a `Uint8Array` or `ArrayBuffer`, a `Blob` or `File`, a `Response`, a web `ReadableStream`, or any
 * async iterable of pieces, which Node's streams are.
 */
export type Source =
  | string
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Response
  | ReadableStream<Uint8Array>
  | ReadableStream<string>
  | AsyncIterable<string | Uint8Array>
  | Iterable<string | Uint8Array>;

const hasMethod = (value: object, name: PropertyKey) =>
  typeof (value as Readonly<Record<PropertyKey, unknown>>)[name] === "function";

/** What to call a source in errors: the name of the file where the source knows it. */
export function nameOf(source: unknown): string | undefined {
  if (typeof source !== "object" || source === null) return undefined;
  const { name, url, path } = source as { name?: unknown; url?: unknown; path?: unknown };
  for (const text of [name, url, path])
    if (typeof text === "string" && text !== "")
      return text.replace(/[?#].*$/, "").replace(/^.*[\\/]/, "") || text;
  return undefined;
}

/** The pieces of a source, as it gives them. */
export async function* piecesOf(who: string, source: unknown): AsyncGenerator<string | Uint8Array> {
  if (typeof source === "string" || isBytes(source)) return yield source;
  if (typeof source !== "object" || source === null) throw refuse(who, source);
  if (classOf(source) === "ArrayBuffer") return yield new Uint8Array(source as ArrayBuffer);
  if (isResponse(source)) {
    if (!source.ok)
      throw new DataError(`${who}: the response must be a success; got status ${source.status}`, "missing");
    if (source.body) yield* piecesOf(who, source.body);
    return;
  }
  if (hasMethod(source, "stream")) return yield* piecesOf(who, (source as Blob).stream());
  if (hasMethod(source, "getReader")) {
    // Not every browser lets `for await` read a stream.
    const reader = (source as ReadableStream<unknown>).getReader();
    let isDone = false;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        isDone = done;
        if (done) return;
        yield checkedPiece(who, value);
      }
    } finally {
      if (!isDone) await reader.cancel();
    }
  }
  if (
    !hasMethod(source, Symbol.asyncIterator) &&
    (Array.isArray(source) || !hasMethod(source, Symbol.iterator))
  )
    throw refuse(who, source);
  for await (const piece of source as AsyncIterable<unknown>) yield checkedPiece(who, piece);
}

const isBytes = (value: unknown): value is Uint8Array =>
  isTypedArray(value) && /^Uint8(Clamped)?Array$/.test(classOf(value));

const isResponse = (source: object): source is Response =>
  "body" in source && typeof (source as Response).ok === "boolean";

function checkedPiece(who: string, piece: unknown): string | Uint8Array {
  if (typeof piece === "string" || isBytes(piece)) return piece;
  throw new DataError(`${who}: pieces of a stream must be text or bytes; got ${describe(piece)}`, "type");
}

const refuse = (who: string, source: unknown) =>
  new DataError(
    `${who}: takes text, bytes, a Blob, a Response or a stream; got ${describe(source)}` +
      (classOf(source) === "Promise"
        ? ""
        : " (a path? open it: fs.createReadStream(path), or await fetch(url))"),
    "type",
  );

/** Characters of a piece of text: what a parser takes at a time. */
const PIECE = 1 << 18;

/** The text of a source in pieces of at most `PIECE` characters, without a byte order mark. */
export async function* textOf(who: string, source: unknown, encoding: string): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let isFirst = true;
  for await (const piece of piecesOf(who, source)) {
    let text = "";
    if (typeof piece === "string") text = piece;
    else {
      if (decoder === undefined) {
        checkBeginning(who, encoding, piece);
        decoder = decoderOf(who, encoding);
      }
      text = decoded(who, encoding, decoder, piece);
    }
    if (isFirst && text !== "") {
      isFirst = false;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE);
  }
  if (decoder) yield decoded(who, encoding, decoder);
}

/** Refuses bytes that say by their beginning that they are something else. */
function checkBeginning(who: string, encoding: string, [first, second]: Uint8Array): void {
  if (first === 0x1f && second === 0x8b)
    throw new DataError(
      `${who}: must be text; got gzipped bytes (unpack the stream: stream.pipeThrough(new DecompressionStream("gzip")), or zlib.createGunzip() in Node)`,
      "format",
    );
  const wide =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "";
  if (wide !== "" && !/^utf-?16/i.test(encoding))
    throw new DataError(
      `${who}: the text must be ${encoding}; got a mark of UTF-16 (encoding: "${wide}")`,
      "format",
    );
}

function decoderOf(who: string, encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new DataError(
      `${who}: encoding must be one that TextDecoder knows; got ${describe(encoding)}`,
      "type",
    );
  }
}

function decoded(who: string, encoding: string, decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
  } catch {
    throw new DataError(
      `${who}: the text must be ${encoding}; got bytes that are none (encoding: "windows-1252" reads most older files)`,
      "format",
    );
  }
}
