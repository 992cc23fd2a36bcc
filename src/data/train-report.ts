/** What `trainTable` says of its result. */

import {
  accuracyOf,
  averageScore,
  balancedAccuracyOf,
  countClasses,
  meanAbsoluteErrorOf,
  r2Of,
  rootMeanSquaredErrorOf,
} from "../math/scores.ts";
import type { ClassReport, NumberReport } from "../metrics/report.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { FitResult } from "../train/fit-options.ts";
import type { TableData } from "./columns.ts";

/** The score of a network beside what is reached without one. */
export interface TableScores {
  /** `accuracy`; `balancedAccuracy` where a class is rare; `r2` for numbers. More is better. */
  readonly metric: "accuracy" | "balancedAccuracy" | "r2";
  readonly network: number;
  /** What always answering the commonest class, or the mean, gets. */
  readonly constant: number;
  /** What a linear model gets, trained like the network; undefined where training was stopped before it. */
  readonly linear?: number;
}

/** A metric of the network beside what it is without one. */
export interface TableComparison {
  readonly metric: string;
  readonly network: number;
  readonly linear?: number;
  readonly constant: number;
}

/** What came of `trainTable`: plain data. */
export interface TableReport {
  readonly task: "classification" | "regression";
  readonly target: string;
  readonly rows: number;
  /** Columns that the network reads. */
  readonly columns: readonly string[];
  /** Of classes: their names. */
  readonly labels: readonly string[];
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly parameters: number;
  readonly seed: number;
  /** The decay of the weights that was chosen. */
  readonly weightDecay: number;
  /** Whether classes count by the inverse of their frequency. */
  readonly isBalanced: boolean;
  readonly reason: FitResult["reason"] | "aborted";
  /** Epochs of the network that is scored, over its life, and the one whose weights it has. */
  readonly epochs: number;
  readonly bestEpoch: number;
  /** Rows held back, on which everything here is measured; 0: the training rows, which flatters. */
  readonly validationRows: number;
  readonly scores: TableScores;
  /** The same of all metrics; of `mae` and `rmse` less is better. */
  readonly comparison: readonly TableComparison[];
  /** Loss and metrics. */
  readonly evaluation: Evaluation;
  /** Precision, recall and f1 of each class, or errors in units of the target: what `report` of `wasmgrad/metrics` gives. */
  readonly details: ClassReport | NumberReport;
  /** Columns of the fit of the network that is scored. */
  readonly history: FitResult["history"];
  readonly historyEvery: number;
  /** Whether the trainer was trained again, on all rows, after it was scored. */
  readonly isRefit: boolean;
  /** What to know about it, in sentences. */
  readonly notes: readonly string[];
}

/** How often each class comes. */
export function classCounts({ y, labels }: TableData): number[] {
  const counts = new Map(labels.map((label) => [label, 0]));
  for (const label of y as readonly string[]) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()];
}

/** The score among the metrics of an evaluation. */
export const scoreOf = (metric: TableScores["metric"], evaluation: Evaluation): number =>
  (evaluation as unknown as Readonly<Record<string, number>>)[metric];

const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * The metrics of the best answer that does not look at a row: the commonest training class, or the mean of the training rows.
 */
export function constantMetrics(
  training: TableData,
  measured: { readonly y: readonly string[] | Float64Array },
): Readonly<Record<string, number>> {
  const rows = measured.y.length;
  if (training.task === "regression") {
    const truth = measured.y as Float64Array;
    const mean = new Float64Array(rows).fill(meanOf(training.y as Float64Array));
    return {
      r2: r2Of(truth, mean, 1),
      mae: meanAbsoluteErrorOf(truth, mean),
      rmse: rootMeanSquaredErrorOf(truth, mean, 1),
    };
  }
  const { labels } = training;
  const frequencies = classCounts(training);
  const commonest = frequencies.indexOf(Math.max(...frequencies));
  const index = new Map(labels.map((label, i) => [label, i]));
  const truth = Int32Array.from(measured.y as readonly string[], (label) => index.get(label) as number);
  const counts = countClasses(truth, new Int32Array(rows).fill(commonest), labels.length);
  return {
    accuracy: accuracyOf(counts),
    balancedAccuracy: balancedAccuracyOf(counts),
    f1: averageScore("f1", counts),
  };
}

/** Each metric of the network with that of the linear model and of the constant answer. */
export function compare(
  network: Evaluation,
  linear: Evaluation | undefined,
  constant: Readonly<Record<string, number>>,
): TableComparison[] {
  const of = (evaluation: Evaluation, metric: string) =>
    (evaluation as unknown as Readonly<Record<string, number>>)[metric];
  return Object.entries(constant).map(([metric, value]) => ({
    metric,
    network: of(network, metric),
    ...(linear ? { linear: of(linear, metric) } : {}),
    constant: value,
  }));
}

/** Sentences where a network does not beat what is reached without one. */
export function verdictOf({ network, constant, linear }: TableScores): string[] {
  if (network <= constant)
    return [
      "the network does not beat the same answer for every row: it has learnt nothing from these columns",
    ];
  if (linear !== undefined && network <= linear)
    return [
      network === linear
        ? "the network does not beat a linear model: both score the same"
        : "the network does not beat a linear model, which scores more",
    ];
  return [];
}
