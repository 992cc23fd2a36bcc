/** What a model gets right, class by class, or how far off its numbers are. */
import { DataError, OptionError } from "../errors.ts";
import {
  accuracyOf,
  averageScore,
  balancedAccuracyOf,
  type Counts,
  confusionOf,
  countClasses,
  countLabels,
  scoresOf,
  shareOfEqualRows,
} from "../math/scores.ts";
import { readOptions, refuseMore } from "../options.ts";
import type { Classification } from "../program/classify.ts";
import { readClasses } from "./classes-of.ts";
import type { Prediction, Truth } from "./metric.ts";
import { mae, r2, rmse } from "./numbers.ts";

/** A trainer or predictor. */
export interface Reported {
  predict(x: never): unknown;
  classify(x: never): readonly Classification[];
  manifest(): Record<string, unknown>;
}

/** Rows and what they are, as `fit` takes them. */
export interface ReportData {
  readonly x: unknown;
  readonly y: unknown;
}

export interface ReportOptions {
  /** Names of the classes, by index. Default: those of the trainer, or the indices. */
  readonly labels?: readonly string[];
}

/** How a class, or a label of several, is told from the others. */
export interface ClassScores {
  readonly label: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows of it. */
  readonly support: number;
}

/** Of a classifier. */
export interface ClassReport {
  readonly kind: "classes" | "labels";
  readonly rows: number;
  /** Rows that are right: of labels, in all of them. */
  readonly accuracy: number;
  /** Of one class a row. */
  readonly balancedAccuracy?: number;
  readonly classes: readonly ClassScores[];
  /** The mean over classes that occur in truth or prediction, and of labels over all. */
  readonly macro: Omit<ClassScores, "label">;
  /** Of one class a row: a row for each true class, a column for each predicted one. */
  readonly confusion?: readonly (readonly number[])[];
  readonly mae?: undefined;
  readonly rmse?: undefined;
  readonly r2?: undefined;
  /** A table. */
  toString(): string;
}

/** Of a regression, in units of y. */
export interface NumberReport {
  readonly kind: "numbers";
  readonly rows: number;
  readonly mae: number;
  readonly rmse: number;
  readonly r2: number;
  readonly accuracy?: undefined;
  readonly balancedAccuracy?: undefined;
  readonly classes?: undefined;
  readonly macro?: undefined;
  readonly confusion?: undefined;
  /** A table. */
  toString(): string;
}

/**
 * What a trainer or predictor of one output makes of given rows: of a classifier precision, recall and f1 of each class,
 * of a regression mae, rmse and r2. Its text is a table.
 *
 * @param data as `fit` takes it, not bound
 * @throws OptionError for a model of several outputs, DataError for data without x or y, and what `predict` and metrics throw
 * @example
 * const model = sequential({ input: [2], seed: 1 }, [dense(2, { activation: "softmax" })]);
 * const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), labels: ["no", "yes"] });
 * const { classes, accuracy } = report(trainer, { x: [[0, 1], [1, 0]], y: ["no", "yes"] });
 * `${report(trainer, { x: [[0, 1], [1, 0]], y: ["no", "yes"] })}`; // a line for each class
 */
export function report(
  trainer: Reported,
  data: ReportData,
  options: ReportOptions = {},
): ClassReport | NumberReport {
  refuseMore("report", arguments, 3);
  const { labels } = readOptions("report", options, { labels: [] });
  const { x, y } = Object(data) as Partial<ReportData>;
  if (x === undefined || y === undefined)
    throw new DataError("report: data must be { x: .., y: .. }; got none of them, or bound data", "missing");
  const settings = Object(trainer.manifest().options) as {
    labels?: readonly string[];
    loss?: Readonly<Record<string, { kind: string }>>;
  };
  const losses = Object.values(settings.loss ?? {});
  if (losses.length > 1) throw new OptionError(`report: needs a model with one loss; got ${losses.length}`);
  // Neither probabilities nor numbers in units of y.
  const margin = losses.find(({ kind }) => /hinge$/i.test(kind));
  if (margin)
    throw new OptionError(
      `report: needs a model that gives probabilities, or numbers; got one with ${margin.kind}, which gives scores: evaluate has its metrics`,
    );
  const isClassifier =
    losses.length === 0 ? undefined : /rossEntropy$|ocal$|^klDivergence$/.test(losses[0].kind);
  const found = isClassifier === false ? undefined : classified(trainer, x, isClassifier === true);
  if (found) return classReport(y as Truth, found, labels ?? settings.labels);
  return numberReport(y as Truth, trainer.predict(x as never) as Prediction);
}

/** What `classify` says; undefined for a predictor that is no classifier. */
function classified(
  trainer: Reported,
  x: unknown,
  isCertain: boolean,
): readonly Classification[] | undefined {
  try {
    return trainer.classify(x as never);
  } catch (error) {
    if (isCertain || !(error instanceof OptionError)) throw error;
    return undefined;
  }
}

function classReport(
  y: Truth,
  found: readonly Classification[],
  labels: readonly string[] | undefined,
): ClassReport {
  const read = readClasses("report", y, found, { labels });
  const isLabels = read.kind === "labels";
  const counts = (isLabels ? countLabels : countClasses)(read.truth, read.predicted, read.count);
  const nameOf = (index: number) => labels?.[index] ?? `${index}`;
  const each = (["precision", "recall", "f1"] as const).map((name) => scoresOf(name, counts));
  const classes = counts.support.map((support, i) => ({
    ...{ label: nameOf(i), precision: each[0][i], recall: each[1][i], f1: each[2][i], support },
  }));
  const made = {
    kind: read.kind,
    rows: found.length,
    accuracy: isLabels ? shareOfEqualRows(read.truth, read.predicted, read.count) : accuracyOf(counts),
    ...(isLabels ? {} : { balancedAccuracy: balancedAccuracyOf(counts) }),
    classes,
    macro: macroOf(counts),
    ...(isLabels ? {} : { confusion: confusionOf(read.truth, read.predicted, read.count) }),
  };
  return withText(made, () => classTable(made));
}

function macroOf(counts: Counts): Omit<ClassScores, "label"> {
  const mean = (name: "precision" | "recall" | "f1") => averageScore(name, counts, "macro");
  const support = counts.support.reduce((sum, count) => sum + count, 0);
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1"), support };
}

function numberReport(y: Truth, prediction: Prediction): NumberReport {
  const rows = (prediction as { shape: readonly number[] }).shape[0];
  const made = {
    ...{ kind: "numbers" as const, rows, mae: mae(y, prediction), rmse: rmse(y, prediction) },
    r2: r2(y, prediction),
  };
  return withText(made, () =>
    table([
      ["", "value"],
      ["mae", short(made.mae)],
      ["rmse", short(made.rmse)],
      ["r2", made.r2.toFixed(4)],
      ["rows", `${rows}`],
    ]),
  );
}

/** An object with a text of its own, which is no entry of it: JSON and comparisons see the numbers alone. */
const withText = <T extends object>(made: T, text: () => string): T =>
  Object.defineProperty(made, "toString", { value: text });

const short = (value: number) => `${Number(value.toPrecision(5))}`;

function classTable({
  kind,
  rows,
  accuracy,
  balancedAccuracy,
  classes,
  macro,
}: Omit<ClassReport, "toString">): string {
  const line = (name: string, { precision, recall, f1, support }: Omit<ClassScores, "label">) => [
    ...[name, precision.toFixed(3), recall.toFixed(3), f1.toFixed(3), `${support}`],
  ];
  return table([
    ["", "precision", "recall", "f1", "support"],
    ...classes.map((scores) => line(scores.label, scores)),
    [],
    line("macro mean", macro),
    [kind === "labels" ? "all labels right" : "accuracy", "", "", accuracy.toFixed(3), `${rows}`],
    ...(balancedAccuracy === undefined
      ? []
      : [["balanced accuracy", "", "", balancedAccuracy.toFixed(3), `${rows}`]]),
  ]);
}

/** Columns as wide as their widest entry; names to the left, numbers to the right. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = lines[0].map((_, j) => Math.max(...lines.map((cells) => (cells[j] ?? "").length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, j) => (j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
