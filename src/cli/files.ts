/** Files that the command reads and writes. */
import { createReadStream, readFileSync, statSync } from "node:fs";
import { readCsv, readJson, type Table } from "../data/index.ts";
import { CALLS, Failure } from "./failures.ts";

/** What a path is called in errors; "-" is stdin. */
export const nameOf = (path: string): string => (path === "-" ? "stdin" : path);

/** Settings of a CSV file, as its options say. */
export interface CsvSettings {
  readonly delimiter?: string;
  readonly decimal?: "." | ",";
}

/** A stream of a file's bytes, or of stdin. */
export function sourceOf(path: string): AsyncIterable<Uint8Array> {
  if (path === "-") return process.stdin;
  // Looked at before it is opened: an error of the system then has the path.
  if (statSync(path).isDirectory()) throw new Failure(`${path}: must be a file; it is a folder`);
  return createReadStream(path);
}

/** Reads a table: JSON rows where the name says so, else CSV. Errors name the file. */
export async function readTable(
  path: string,
  settings: CsvSettings,
  types?: { readonly [column: string]: "number" | "category" | "date" },
): Promise<Table> {
  const name = nameOf(path);
  if (/\.json$/i.test(path))
    return naming(name, () => readJson(JSON.parse(readFileSync(path, "utf8")), types ? { types } : {}));
  const table = await naming(name, () =>
    readCsv(sourceOf(path) as never, { name, ...settings, ...(types ? { types } : {}) }),
  );
  if (table.rows === 0) throw new Failure(`${name}: must have rows below the line of names; got none`);
  return table;
}

/** Puts the name of a file before what is said about it, unless it is there. */
export async function naming<T>(name: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof SyntaxError) throw new Failure(`${name}: must be JSON; ${message}`);
    if (!(error instanceof Error) || message.includes(name) || (error as NodeJS.ErrnoException).syscall)
      throw error;
    error.message = `${name}: ${message.replace(CALLS, "")}`;
    throw error;
  }
}

/** A field of a CSV file, quoted where it must be (RFC 4180). */
export const csvField = (text: string): string =>
  /[",\n\r]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
