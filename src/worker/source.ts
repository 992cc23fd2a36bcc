/** What `inWorker` makes its trainer of, brought into a form that can be posted. */
import { describe } from "../describe.ts";
import { FileError, OptionError } from "../errors.ts";
import { classOf } from "../realm.ts";
import type { Result, Rows } from "../rows/data.ts";
import type { Trainer } from "../train/trainer.ts";
import { builtin } from "./endpoint.ts";

/** A trainer, or a file of one: what `save({ training: true })` gives, a response with it, or where it is. */
export type TrainerFile<X = Rows, P = Result> = Trainer<X, P> | Uint8Array | ArrayBuffer | Response | URL;

/**
 * What a trainer in a worker is made of: a trainer or its file; a function, also an asynchronous one, that gives either, or a module
 * whose default export is either or such a function. A trainer crosses as a file and goes on to the bit; one that a function has made
 * is disposed of here.
 */
export type TrainerSource<X = Rows, P = Result> =
  | TrainerFile<X, P>
  | (() => TrainerModule<X, P> | TrainerFile<X, P> | Promise<TrainerModule<X, P> | TrainerFile<X, P>>);

/** What `import("./model.js")` gives. */
export interface TrainerModule<X = Rows, P = Result> {
  readonly default: TrainerFile<X, P> | (() => TrainerFile<X, P> | Promise<TrainerFile<X, P>>);
}

/**
 * @param isOwn whether a worker file of the caller's takes it, which may be made of other things
 * @returns bytes of a file, or with `isOwn` what else was given
 */
export async function sourceOf(who: string, source: unknown, isOwn: boolean): Promise<unknown> {
  if (typeof source !== "function") return posted(who, source, isOwn, false);
  const given: unknown = await source();
  const { default: exported } = Object(given) as { readonly default?: unknown };
  if (exported === undefined) return posted(who, given, isOwn, true);
  if (typeof exported !== "function") return posted(who, exported, isOwn, false);
  return posted(who, await exported(), isOwn, true);
}

async function posted(who: string, given: unknown, isOwn: boolean, isFresh: boolean): Promise<unknown> {
  if (isTrainer(given)) {
    const bytes = given.save({ training: true });
    if (isFresh) given.dispose();
    return bytes;
  }
  if (isFile(given)) return given;
  if (classOf(given) === "Response") return read(who, given as Response);
  if (classOf(given) === "URL") return read(who, await get(who, given as URL));
  if (isOwn) return given;
  throw new OptionError(
    `${who}: source, the first argument, must be a trainer, its file as save({ training: true }) gives it, a URL or a function that ` +
      `gives one of these; got ${describe(given)}`,
  );
}

const isTrainer = (value: unknown): value is Trainer =>
  typeof (value as Partial<Trainer> | null)?.save === "function" &&
  typeof (value as Partial<Trainer>).dispose === "function";

const isFile = (value: unknown) =>
  classOf(value) === "ArrayBuffer" || (ArrayBuffer.isView(value) && classOf(value) === "Uint8Array");

async function read(who: string, response: Response): Promise<ArrayBuffer> {
  if (!response.ok)
    throw new FileError(
      `${who}: a file must be there; got status ${response.status} for ${response.url || "a response"}`,
    );
  return response.arrayBuffer();
}

async function get(who: string, url: URL): Promise<Response> {
  try {
    if (url.protocol !== "file:") return await fetch(url);
    // Node's `fetch` reads no files.
    const fs = builtin<{ promises: { readFile(file: URL): Promise<Uint8Array<ArrayBuffer>> } }>("fs");
    return fs ? new Response(await fs.promises.readFile(url)) : await fetch(url);
  } catch (cause) {
    throw new FileError(`${who}: a file must be readable; got ${url}: ${cause}`, "", { cause });
  }
}
