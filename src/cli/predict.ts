/** `wasmgrad predict`: the rows of a table with what a model says of each, as CSV. */
import { readFileSync } from "node:fs";
import { readJson, streamCsv, type Table } from "../data/index.ts";
import type { Column, Predictor, Result } from "../index.ts";
import { loadFile } from "../node/index.ts";
import { Failure } from "./failures.ts";
import { type CsvSettings, csvField, nameOf, naming, sourceOf } from "./files.ts";
import { columnsOf } from "./model-files.ts";

/** Writes a piece of text; a promise of it where the reader must catch up. */
export type Write = (text: string) => Promise<void> | void;

/** A table as the model reads it, and with every cell as it is written. */
interface Piece {
  readonly table: Table;
  readonly raw: Table;
}

/**
 * Predicts the rows of a file, in pieces: memory is bounded, whatever its size. Columns are matched by name.
 *
 * @returns rows that were predicted
 */
export async function predict(
  modelPath: string,
  path: string,
  settings: CsvSettings & { readonly json?: boolean },
  write: Write,
): Promise<number> {
  const predictor = await loadFile(modelPath);
  const columns = columnsOf(predictor, modelPath);
  const labels = predictor.labels;
  let rows = 0;
  let names: readonly string[] | undefined;
  for await (const { table, raw } of piecesOf(path, columns, settings)) {
    if (names === undefined) {
      names = headerOf(raw.names, labels);
      if (!settings.json) await write(`${names.map(csvField).join(",")}\n`);
    }
    const lines = linesOf(predictor, table, raw, labels, settings.json ? names : undefined);
    await write(`${lines.join("\n")}\n`);
    rows += table.rows;
  }
  return rows;
}

/** The names of the columns, then `prediction`, then a probability for each class; none of them twice. */
function headerOf(own: readonly string[], labels: readonly string[] | undefined): string[] {
  const names = [...own];
  for (const name of ["prediction", ...(labels ?? []).map((label) => `probability_${label}`)]) {
    let free = name;
    for (let i = 2; names.includes(free); i++) free = `${name}_${i}`;
    names.push(free);
  }
  return names;
}

/** A line for each row: CSV, or JSON with these names. */
function linesOf(
  predictor: Predictor,
  table: Table,
  raw: Table,
  labels: readonly string[] | undefined,
  names: readonly string[] | undefined,
): string[] {
  const { data, shape } = predictor.predict(table.toRows() as never) as Result;
  const units = shape[shape.length - 1];
  const cells = raw.toRows();
  return cells.map((row, i) => {
    const own = raw.names.map((name) => row[name]);
    const given = Array.from(data.subarray(i * units, (i + 1) * units));
    const probabilities = units === 1 && labels ? [1 - given[0], given[0]] : given;
    const said = labels ? [labels[indexOfMost(probabilities)], ...probabilities] : given;
    if (names)
      return JSON.stringify(Object.fromEntries([...own, ...said].map((cell, j) => [names[j], cell])));
    return [...own.map((cell) => csvField(cell === null ? "" : String(cell))), ...said.map(textOf)].join(",");
  });
}

const textOf = (value: string | number) => (typeof value === "number" ? shortest(value) : csvField(value));

/** The shortest decimal that is this number in single precision, as the engine computes. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}

function indexOfMost(values: readonly number[]): number {
  let index = 0;
  for (let j = 1; j < values.length; j++) if (values[j] > values[index]) index = j;
  return index;
}

async function* piecesOf(
  path: string,
  columns: readonly Column[],
  settings: CsvSettings,
): AsyncGenerator<Piece> {
  const name = nameOf(path);
  const types = Object.fromEntries(columns.map(({ name: column, kind }) => [column, kind]));
  if (/\.json$/i.test(path)) {
    const table = await naming(name, () => readJson(readFileSync(path, "utf8"), { name }));
    checkColumns(name, table.names, columns);
    yield { table: table.select(Object.keys(types)), raw: table };
    return;
  }
  // Twice from the start: once as the model reads it, once as it is written. stdin comes but once.
  const given = path === "-" ? await bytesOf(sourceOf(path)) : undefined;
  const open = () => (given ?? sourceOf(path)) as never;
  const { delimiter, decimal } = settings;
  const shared = { name, ...(delimiter === undefined ? {} : { delimiter }) };
  const names = await headerNames(open(), shared);
  checkColumns(name, names, columns);
  const cells = streamCsv(open(), {
    ...shared,
    missing: [],
    types: Object.fromEntries(names.map((column) => [column, "category" as const])),
  });
  const tables = streamCsv(open(), { ...shared, ...(decimal === undefined ? {} : { decimal }), types });
  for await (const table of tables) {
    const { value: raw, done } = await cells.next();
    if (done)
      throw new Failure(`${name}: must stay as it is while it is read; got other rows the second time`);
    yield { table: table.select(Object.keys(types)), raw };
  }
}

async function headerNames(source: never, shared: { readonly name: string; readonly delimiter?: string }) {
  for await (const table of streamCsv(source, { ...shared, tableRows: 1, rows: 1 })) return table.names;
  throw new Failure(`${shared.name}: must have rows below the line of names; got none`);
}

function checkColumns(file: string, names: readonly string[], columns: readonly Column[]): void {
  const missing = columns.filter(({ name }) => !names.includes(name)).map(({ name }) => JSON.stringify(name));
  if (missing.length > 0)
    throw new Failure(
      `${file}: must have the columns that the model reads; ${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} missing ` +
        `(it has ${names.join(", ")})`,
    );
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}
