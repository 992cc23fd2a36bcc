/** The visitor's table: read from text or a file, and made the data of a run. It brings the reader of the package: load it when it is needed. */
import { DataError } from "wasmgrad";
import { readCsv, type TableColumn } from "wasmgrad/data";
import { ConfigError, hasControl, LIMITS, readOwnData, shown } from "./config.ts";
import { wordsOf } from "./own-rows.ts";
import type { OwnColumn, OwnData, Task } from "./types.ts";

export interface OwnTable {
  readonly rows: number;
  readonly columns: readonly OwnColumn[];
  /** What was read otherwise than it stands there, in sentences. */
  readonly notes: readonly string[];
}

/** Which columns a run uses. */
export interface TableChoice {
  readonly target: string;
  readonly inputs: readonly string[];
  readonly axes: readonly [string, string];
  /** How the target is learned, where `tasksOf` leaves a choice; else as it says first. */
  readonly task?: Task | undefined;
}

/** A table that cannot be read. Its message is one sentence for the visitor. */
export class TableError extends Error {
  override name = "TableError";
}

const MOST_FILE_MEGABYTES = 20;
const DAY = 86_400_000;

/**
 * @param source what was pasted, dropped or chosen
 * @throws TableError with one sentence
 */
export async function readTable(source: string | Blob): Promise<OwnTable> {
  const size = typeof source === "string" ? source.length : source.size;
  if (size > MOST_FILE_MEGABYTES * 2 ** 20)
    throw new TableError(
      `This table has ${Math.round(size / 2 ** 20)} megabytes, and ${MOST_FILE_MEGABYTES} is the most: choose a part of it.`,
    );
  const text = typeof source === "string" ? source : await source.text();
  if (text.includes("\0"))
    throw new TableError(
      "This is no text in UTF-8, since it holds NUL characters: save the table as CSV in UTF-8.",
    );
  const most = LIMITS.ownRows.max;
  const notes: string[] = [];
  const table = await read(text, most + 1);
  if (table.rows > most) notes.push(`Only the first ${most.toLocaleString("en-US")} rows are used.`);
  if (text.includes("\ufffd"))
    notes.push("Some characters were not UTF-8 and are shown as \ufffd: save the table as CSV in UTF-8.");
  const rows = Math.min(table.rows, most);
  const names = tidyAll(table.columns.map(({ name }) => name));
  const columns = table.columns.map((column, j) => ownColumn(names[j], column, rows, notes));
  return { rows, columns, notes };
}

async function read(text: string, rows: number) {
  try {
    return await readCsv(text, { rows });
  } catch (error) {
    throw error instanceof DataError ? new TableError(sentenceOf(error)) : error;
  }
}

/** What the reader says in the words of the page. */
function sentenceOf(error: DataError): string {
  const { message } = error;
  const { line, column } = Object(error.cause) as { line?: number; column?: string };
  if (message.includes("a header of"))
    return "This table has a header and no rows: paste the rows below it, too.";
  if (message.includes("got no text")) return "This table is empty: paste rows with a header above them.";
  if (message.includes("__proto__")) return 'A column cannot have the name "__proto__": rename it.';
  if (message.includes("different names"))
    return `Two columns have the name ${shown(column)}: rename one of them.`;
  if (message.includes("a quote must be closed"))
    return `Line ${line} opens a quote that is not closed: add the closing quote.`;
  if (message.includes("a quote inside"))
    return `Line ${line} has a single quote inside a quoted cell: write it twice.`;
  const cells = /must have (\d+) cells.*; got (\d+)/.exec(message);
  if (cells)
    return `Line ${line} has ${cells[2]} ${cells[2] === "1" ? "cell" : "cells"} and the header ${cells[1]}: each row needs as many as the header.`;
  return `This table could not be read: ${message.replace(/^readCsv: /, "")}.`;
}

/** One line of a length that fits a link and a legend. */
function tidy(text: string): string {
  const line = hasControl(text)
    ? [...text]
        .map((character) => (hasControl(character) ? " " : character))
        .join("")
        .trim() || "?"
    : text;
  const { max } = LIMITS.text;
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}

/** As `tidy`, of texts that differ: those that would be the same get a number. */
function tidyAll(texts: readonly string[]): string[] {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return texts.map((text) => {
    const line = tidy(text);
    let own = line;
    while (taken.has(own)) {
      const count = (counts.get(line) ?? 1) + 1;
      counts.set(line, count);
      const number = ` (${count})`;
      own = `${line.slice(0, LIMITS.text.max - number.length)}${number}`;
    }
    taken.add(own);
    return own;
  });
}

/** A number with points or commas, at thousands or before the decimals. */
const NUMBER = /^[+-]?\d+(?:[.,]\d{3})*[.,]\d+$/;

function ownColumn(name: string, column: TableColumn, rows: number, notes: string[]): OwnColumn {
  const { kind } = column;
  if (kind === "category") {
    const words = tidyAll(column.categories);
    const numbers = words.filter((word) => NUMBER.test(word));
    if (numbers.length > words.length / 2)
      notes.push(
        `${shown(name)} has cells such as ${shown(numbers[0])} and is read as words: if they are numbers, write all without signs for thousands and with the same sign for decimals.`,
      );
    return {
      name,
      kind,
      cells: Array.from(column.data.subarray(0, rows), (index) => (index < 0 ? null : words[index])),
    };
  }
  if (kind === "date") notes.push(`${shown(name)} has dates: they count as days since 1970.`);
  const scale = kind === "date" ? DAY : 1;
  return {
    name,
    kind: "number",
    cells: Array.from(column.data.subarray(0, rows), (value) => (Number.isNaN(value) ? null : value / scale)),
  };
}

const valuesOf = ({ cells }: OwnColumn) =>
  new Set((cells as readonly (number | string | null)[]).filter((cell) => cell !== null));

/** A column as words, so that each different number is one. */
const asCategory = (column: OwnColumn): OwnColumn => ({
  name: column.name,
  kind: "category",
  cells: (column.cells as readonly (number | string | null)[]).map((cell) =>
    cell === null ? null : String(cell),
  ),
});

/** How a target can be learned, the usual way first: a few whole numbers are classes. */
export function tasksOf(column: OwnColumn): readonly Task[] {
  if (column.kind === "category") return ["classes"];
  const values = [...valuesOf(column)];
  if (values.length > LIMITS.classes.max) return ["numbers"];
  return values.every(Number.isInteger) ? ["classes", "numbers"] : ["numbers", "classes"];
}

/** The target as it is learned. */
function targetOf(column: OwnColumn, wanted: Task | undefined): OwnColumn {
  const tasks = tasksOf(column);
  const task = tasks.find((one) => one === wanted) ?? tasks[0];
  return task === "classes" && column.kind === "number" ? asCategory(column) : column;
}

/** Why a column is no input; undefined where it may be one. */
function uselessness(column: OwnColumn): string | undefined {
  const { size } = valuesOf(column);
  if (size === 0) return "it has no values";
  if (size === 1) return "it has the same value in every row";
  if (column.kind === "category" && size > LIMITS.categories.max)
    return `it has ${size} different words, and ${LIMITS.categories.max} is the most`;
  return undefined;
}

/** Whether a column of words can be the target. */
const isOfClasses = (column: OwnColumn): boolean =>
  column.kind === "category" && valuesOf(column).size <= LIMITS.classes.max;

/**
 * The last column as the target, all others that may say something as inputs, the first two with numbers as axes. Where the last is the
 * only one with numbers, the last one of classes is the target.
 *
 * @throws TableError where no choice of columns could train
 */
export function suggestChoice({ columns }: OwnTable): TableChoice & { readonly notes: readonly string[] } {
  const last = columns[columns.length - 1];
  if (columns.length < 2)
    throw new TableError("This table has one column: a run needs a target and at least one input.");
  const mayBeInput = columns.filter((column) => uselessness(column) === undefined);
  const numbers = mayBeInput.filter(({ kind }) => kind === "number");
  if (numbers.length === 0)
    throw new TableError(
      "No column has different numbers, and the surface needs one as an input: add a column of numbers.",
    );
  const isNeeded = numbers.length === 1 && numbers[0] === last;
  const target = (isNeeded && mayBeInput.filter(isOfClasses).at(-1)) || last;
  const notes: string[] = [];
  for (const column of columns) {
    const why = column === target ? undefined : uselessness(column);
    if (why) notes.push(`Column ${shown(column.name)} is left out: ${why}.`);
  }
  const useful = mayBeInput.filter((column) => column !== target);
  const { max } = LIMITS.columns;
  const inputs = useful.slice(0, max).map(({ name }) => name);
  if (useful.length > max)
    notes.push(
      `Only the first ${max} of ${useful.length} columns are used as inputs: choose others if they matter more.`,
    );
  return { target: target.name, inputs, axes: axesFor(columns, inputs), notes };
}

/** The inputs when another column becomes the target: the target before is one, too, if it says something and there is room. */
export function inputsBeside(target: string, { columns }: OwnTable, chosen: TableChoice): readonly string[] {
  const others = chosen.inputs.filter((name) => name !== target);
  const before = columns.find(({ name }) => name === chosen.target);
  const isInput =
    before &&
    before.name !== target &&
    others.length < LIMITS.columns.max &&
    uselessness(before) === undefined;
  return isInput ? [...others, before.name] : others;
}

/** The first two inputs with numbers; empty names where there is none. */
function axesFor(columns: readonly OwnColumn[], inputs: readonly string[]): readonly [string, string] {
  const [x, y = x] = columns.filter(({ name, kind }) => kind === "number" && inputs.includes(name));
  return [x?.name ?? "", y?.name ?? ""];
}

/**
 * The data of a run from a table. Rows without a target are left out.
 *
 * @throws ConfigError with one sentence
 */
export function toOwnData(
  { columns }: OwnTable,
  { target, inputs, axes, task }: TableChoice,
  { train = 70, seed = 1 }: { readonly train?: number; readonly seed?: number } = {},
): { readonly data: OwnData; readonly notes: readonly string[] } {
  const find = (name: string): OwnColumn => {
    const column = columns.find((one) => one.name === name);
    if (!column) throw new ConfigError("data.columns", `The table has no column ${shown(name)}.`);
    return column;
  };
  if (inputs.includes(target))
    throw new ConfigError("data.columns", `${shown(target)} cannot be an input and the target, too.`);
  const learnt = targetOf(find(target), task);
  const kept = learnt.cells.flatMap((cell, row) => (cell === null ? [] : row));
  if (kept.length === 0)
    throw new ConfigError("data.target", `${shown(target)} has no value in any row: choose another target.`);
  const take = (column: OwnColumn) => ({
    ...column,
    cells: kept.map((row) => column.cells[row]),
  });
  if (learnt.kind === "category" && wordsOf(learnt).length > LIMITS.classes.max)
    throw new ConfigError(
      "data.target",
      `${shown(target)} has ${wordsOf(learnt).length} different classes, and ${LIMITS.classes.max} is the most: choose another target.`,
    );
  const used = inputs.map(find);
  if (!used.some(({ kind }) => kind === "number"))
    throw new ConfigError(
      "data.axes",
      "No input has numbers, and the surface needs a column of numbers: choose one as an input, and another one as the target if need be.",
    );
  const data = readOwnData({
    kind: "own",
    columns: columns.filter((column) => used.includes(column)).map(take),
    target: take(learnt),
    axes,
    train,
    seed,
  });
  const without = learnt.cells.length - kept.length;
  return {
    data,
    notes:
      without > 0
        ? [`${without} ${without === 1 ? "row without a target is" : "rows without a target are"} left out.`]
        : [],
  };
}
