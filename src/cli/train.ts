/** `wasmgrad train`: from a table to a model file, and what there is to say about it. */
import { statSync } from "node:fs";
import {
  permutationImportance,
  type TableEpoch,
  type TableReport,
  type TrainTableResult,
  trainTable,
} from "../data/index.ts";
import type { TableRows } from "../index.ts";
import { loadTrainerFile, saveFile } from "../node/index.ts";
import { lossCurve } from "../plot/index.ts";
import { asFlags, Failure, misuse } from "./failures.ts";
import { type CsvSettings, nameOf, naming, readTable } from "./files.ts";
import { startProgress } from "./progress.ts";
import { formatRows, grouped, percent, seconds, wrap } from "./tables.ts";

export interface TrainFlags extends CsvSettings {
  readonly target?: string;
  readonly out?: string;
  readonly hidden?: readonly number[];
  readonly epochs?: number;
  readonly validate?: number;
  readonly seed?: number;
  readonly drop?: readonly string[];
  readonly kind?: { readonly [column: string]: "number" | "category" | "date" };
  readonly task?: "classification" | "regression";
  readonly learningRate?: number;
  readonly weightDecay?: number;
  readonly batchSize?: number;
  readonly patience?: number;
  readonly classWeight?: "balanced" | "none";
  readonly refit?: boolean;
  readonly resume?: string;
  readonly json?: boolean;
}

/** What `--json` prints. */
export interface TrainOutcome {
  readonly file: string;
  readonly bytes: number;
  readonly digest: string;
  readonly ms: number;
  readonly report: TableReport;
  /** By how much the loss rises when a column is shuffled, the most important first. */
  readonly importances: readonly Importance[];
  readonly isInterrupted: boolean;
}

interface Importance {
  readonly column: string;
  readonly importance: number;
}

/** Trains, writes the file, and gives what there is to print. */
export async function train(path: string, flags: TrainFlags): Promise<TrainOutcome> {
  const { delimiter, decimal, target, resume, json } = flags;
  const start = performance.now();
  const table = await readTable(path, {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(decimal === undefined ? {} : { decimal }),
  });
  if (target === undefined)
    throw misuse(`train: --target must be a column of ${nameOf(path)}: ${table.names.join(", ")}; got none`);
  if (!table.has(target))
    throw new Failure(
      `${nameOf(path)}: must have the target column ${JSON.stringify(target)}; got ${table.names.join(", ")}`,
    );
  const file = flags.out ?? `${path === "-" ? "model" : path.replace(/\.[^./\\]*$/, "")}.safetensors`;
  const trainer = resume === undefined ? undefined : await loadTrainerFile<TableRows>(resume);
  const { signal, end } = interruption();
  const progress = startProgress(json === true);
  let result: Awaited<ReturnType<typeof trainTable>>;
  try {
    result = await naming(nameOf(path), () =>
      trainTable(table, {
        ...optionsOf(flags),
        target,
        ...(trainer ? { resume: trainer } : {}),
        signal,
        onEpoch: (event) => progress.show(event.epochs, event.most, lineOf(event)),
      }),
    );
  } finally {
    progress.end();
    end();
  }
  const { report } = result;
  await saveFile(file, result.trainer, { training: true });
  return {
    file,
    bytes: statSync(file).size,
    digest: result.trainer.digest(),
    ms: performance.now() - start,
    report,
    importances: signal.aborted ? [] : await importancesOf(result),
    isInterrupted: signal.aborted,
  };
}

/** The flags that are options of `trainTable`. */
function optionsOf({ delimiter, decimal, out, validate, resume, json, target, kind, ...flags }: TrainFlags) {
  const given = { ...flags, validation: validate, kinds: kind };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A signal of Ctrl-C; a second one ends the process at once. */
function interruption(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Failure("interrupted", 130));
  };
  process.on("SIGINT", stop);
  return { signal: controller.signal, end: () => process.off("SIGINT", stop) };
}

const STAGES = { network: "network", linear: "linear model", refit: "all rows" } as const;

function lineOf({ stage, attempt, loss, validation }: TableEpoch): string {
  const number = attempt > 1 ? ` ${attempt}` : "";
  const held = validation ? `, held back ${validation.loss.toFixed(4)}` : "";
  return `${STAGES[stage]}${number}: loss ${loss.toFixed(4)}${held}`;
}

/** Rows that importances are measured on: more of them take long and say the same. */
const MOST_ROWS = 1_000;

async function importancesOf({ trainer, data }: TrainTableResult): Promise<Importance[]> {
  const [rows, columns] = data.x.shape;
  const taken = Math.min(rows, MOST_ROWS);
  const picked = Array.from({ length: taken }, (_, i) => Math.floor((i * rows) / taken));
  const x = new Float64Array(taken * columns);
  picked.forEach((row, i) => {
    x.set(data.x.data.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  const found = await permutationImportance(
    trainer,
    { x: { data: x, shape: [taken, columns] }, y: picked.map((row) => data.y[row]) } as never,
    { names: data.columns.map(({ name }) => name), repeats: 3 },
  );
  return found.map(({ column, importance }) => ({ column, importance }));
}

const METRICS: Readonly<Record<string, string>> = { balancedAccuracy: "balanced accuracy", r2: "R2" };
const CURVE_LINES = 8;
const MOST_IMPORTANCES = 10;

/** Most classes whose scores are printed one by one. */
const MOST_CLASSES = 20;

/** What people read at the end. */
export function formatTrain({
  file,
  bytes,
  digest,
  ms,
  report,
  importances,
  isInterrupted,
}: TrainOutcome): string {
  const { task, labels, columns, rows, hidden, parameters } = report;
  const what =
    task === "classification"
      ? `${labels.length} classes of ${report.target}`
      : `numbers of ${report.target}`;
  const network = hidden.length > 0 ? `a network of ${hidden.join(", ")} hidden units` : "a linear model";
  const sections = [
    [
      wrap(
        `${grouped(rows)} rows, ${columns.length} columns -> ${what}: ${network}, ${grouped(parameters)} parameters`,
        80,
      ),
    ],
    report.history.loss.length > 1
      ? [lossCurve({ history: report.history, historyEvery: report.historyEvery }, { height: CURVE_LINES })]
      : [],
    formatScores(report),
    // Of more classes, `evaluate` prints all.
    labels.length > 0 && labels.length <= MOST_CLASSES ? [`${report.details}`] : [],
    importances.length > 0 ? formatImportances(importances) : [],
    report.notes.map((note) => wrap(`note: ${asFlags(note)}`, 80, "      ")),
    [
      wrap(endOf(report, isInterrupted), 80),
      `wrote ${file}, ${grouped(bytes)} bytes, in ${seconds(ms)}`,
      `digest ${digest}`,
    ],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

/** Each metric of the network, of a linear model, and of the answer that looks at no row. */
function formatScores({ comparison, task, hidden, validationRows, evaluation }: TableReport): string[] {
  const hasLinear = comparison.some(({ linear }) => linear !== undefined);
  const rows = comparison.map(({ metric, network, linear, constant }) => [
    METRICS[metric] ?? metric,
    showScore(metric, network),
    ...(hasLinear ? [showScore(metric, linear as number)] : []),
    showScore(metric, constant),
  ]);
  const head = [
    validationRows > 0 ? `on ${grouped(validationRows)} rows held back` : "on the training rows",
    hidden.length > 0 ? "network" : "this model",
    ...(hasLinear ? ["linear"] : []),
    task === "classification" ? "commonest" : "mean",
  ];
  return [...formatRows([head, ...rows]), `loss ${evaluation.loss.toPrecision(3)}`];
}

const showScore = (metric: string, score: number): string =>
  /accuracy$/i.test(metric)
    ? percent(score)
    : metric === "r2"
      ? score.toFixed(3)
      : String(Number(score.toPrecision(4)));

function endOf(
  { reason, epochs, bestEpoch, isRefit, validationRows }: TableReport,
  isInterrupted: boolean,
): string {
  const best = validationRows > 0 ? `, the best was ${bestEpoch}` : "";
  if (isInterrupted) return `interrupted after ${epochs} epochs${best}: the file has the best weights so far`;
  const why = reason === "patience" ? "stopped early" : "trained";
  return `${why} after ${epochs} epochs${best}${isRefit ? "; then trained on all rows for as many" : ""}`;
}

function formatImportances(importances: readonly Importance[]): string[] {
  const shown = importances.slice(0, MOST_IMPORTANCES);
  const most = Math.max(...shown.map(({ importance }) => importance), 1e-12);
  const name = Math.min(28, Math.max(...shown.map(({ column }) => column.length)));
  const lines = shown.map(({ column, importance }) => {
    const bar = "█".repeat(Math.max(0, Math.round((24 * importance) / most)));
    return `  ${column.slice(0, name).padEnd(name)}  ${importance.toFixed(3).padStart(7)}  ${bar}`.trimEnd();
  });
  const left = importances.length - shown.length;
  return [
    "importance of columns: by how much the loss rises when one is shuffled",
    ...lines,
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}
