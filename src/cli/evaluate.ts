/** `wasmgrad evaluate`: how good a model is on rows with a known target. */
import type { Table } from "../data/index.ts";
import type { Column, Evaluation } from "../index.ts";
import { type ClassReport, type NumberReport, report } from "../metrics/index.ts";
import { loadTrainerFile } from "../node/index.ts";
import { confusionMatrix } from "../plot/index.ts";
import { Failure, misuse } from "./failures.ts";
import { type CsvSettings, nameOf, readTable } from "./files.ts";
import { columnsOf } from "./model-files.ts";
import { formatRows, grouped } from "./tables.ts";

/** What `--json` prints. */
export interface EvaluateOutcome {
  readonly rows: number;
  readonly target: string;
  /** Loss and metrics. */
  readonly evaluation: Evaluation;
  /** Class by class with the confusion matrix, or how far off numbers are. */
  readonly report: ClassReport | NumberReport;
}

export async function evaluate(
  modelPath: string,
  path: string,
  { target, ...settings }: CsvSettings & { readonly target?: string },
): Promise<EvaluateOutcome> {
  const trainer = await loadTrainerFile(modelPath);
  const columns = columnsOf(trainer, modelPath);
  const labels = trainer.labels;
  const table = await readTable(path, settings);
  const name = nameOf(path);
  const missing = columns.filter((column) => !table.has(column.name)).map((column) => column.name);
  if (missing.length > 0)
    throw new Failure(`${name}: must have the columns that the model reads; ${missing.join(", ")} missing`);
  const wanted = target ?? guessTarget(table, columns, labels, name);
  if (!table.has(wanted))
    throw new Failure(
      `${name}: must have the target column ${JSON.stringify(wanted)}; got ${table.names.join(", ")}`,
    );
  const types = Object.fromEntries(columns.map((column) => [column.name, column.kind]));
  const typed = await readTable(path, settings, {
    ...types,
    [wanted]: labels ? "category" : "number",
  });
  const x = typed.select(columns.map((column) => column.name)).toRows();
  const y = typed
    .select([wanted])
    .toRows()
    .map((row) => (labels ? labelOf(row[wanted], labels) : row[wanted]));
  checkTruth(y, labels, name, wanted);
  const evaluation = trainer.evaluate({ x, y } as never);
  return { rows: typed.rows, target: wanted, evaluation, report: report(trainer, { x, y }) };
}

/** A cell as the name of a class: numbers are names by their value, `1.0` is the class 1. */
function labelOf(cell: unknown, labels: readonly string[]): unknown {
  if (typeof cell !== "string" || labels.includes(cell) || cell.trim() === "") return cell;
  const plain = String(Number(cell));
  return labels.includes(plain) ? plain : cell;
}

/** The one column that the model does not read; of several the one with classes of the model alone. */
function guessTarget(
  table: Table,
  columns: readonly Column[],
  labels: readonly string[] | undefined,
  name: string,
): string {
  const others = table.names.filter((column) => !columns.some((known) => known.name === column));
  const cells = labels && others.length > 1 ? table.select(others).toRows() : undefined;
  const ofClasses = others.filter((column) =>
    cells?.every((row) => labels?.includes(labelOf(String(row[column]), labels) as string)),
  );
  const candidates = ofClasses.length > 0 ? ofClasses : others;
  if (candidates.length === 1) return candidates[0];
  throw misuse(
    `evaluate: --target must be a column of ${name}; ` +
      (others.length === 0 ? "the model reads all there are" : `it may be ${candidates.join(", ")}`),
  );
}

function checkTruth(
  y: readonly unknown[],
  labels: readonly string[] | undefined,
  name: string,
  target: string,
): void {
  y.forEach((value, row) => {
    const place = `column ${JSON.stringify(target)}, row ${row}`;
    if (value === null) throw new Failure(`${name}: ${place}: the target must have a value; got none`);
    if (labels && !labels.includes(value as string))
      throw new Failure(
        `${name}: ${place}: the target must be a class of the model, ${labels.join(", ")}; got ${JSON.stringify(value)}`,
      );
  });
}

export function formatEvaluate({ rows, target, evaluation, report: found }: EvaluateOutcome): string {
  const scores = Object.entries(evaluation).map(([name, value]) => [name, Number(value).toPrecision(4)]);
  const { classes, confusion } = found;
  return [
    `${target} of ${grouped(rows)} rows`,
    "",
    ...(classes ? [...formatRows(scores), "", `${found}`] : [...formatRows(scores)]),
    ...(classes && confusion
      ? ["", confusionMatrix(confusion, { labels: classes.map(({ label }) => label) })]
      : []),
  ].join("\n");
}
