/** Loss and accuracy over any number of rows, batch by batch. */
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import type { Steps } from "../steps.ts";
import { countRight, countUnits } from "./accuracy.ts";
import type { OutputLoss } from "./training-data.ts";
import { bindColumns, type Dataset, fillPorts } from "./windows.ts";

/** Metrics by name; those of `compile` that have other names stand beside these. */
export interface MetricValues {
  /**
   * Share of rows, or of positions of sequences, whose most probable class is right, for losses of classes. A row with a score that is NaN or
   * infinite counts as wrong. Weights do not change it.
   */
  readonly accuracy?: number;
  readonly balancedAccuracy?: number;
  readonly precision?: number;
  readonly recall?: number;
  readonly f1?: number;
  readonly rocAuc?: number;
  readonly prAuc?: number;
  readonly logLoss?: number;
  readonly brier?: number;
  readonly matthews?: number;
  readonly mae?: number;
  readonly rmse?: number;
  readonly r2?: number;
}

export interface Evaluation extends MetricValues {
  /** Mean loss over all rows, or positions of sequences whose label is not ignored: with weights `sum(w_i l_i) / rows`. */
  readonly loss: number;
  /** What the `metrics` of `compile` say of all rows. */
  readonly [metric: string]: number | undefined;
}

type EvaluationTape = NonNullable<TrainPlan["evaluate"]>;

export function* evaluateRows(
  program: Program,
  tape: EvaluationTape,
  losses: readonly OutputLoss[],
  dataset: Dataset,
): Steps<Evaluation> {
  const { batch } = program.plan;
  const [first, ...others] = losses;
  const isOne = others.length === 0;
  const measuresAccuracy = isOne && first.loss.family !== "numbers";
  const target = dataset.columns[tape.ports.findIndex(({ kind }) => kind === "target")];
  let sum = 0;
  let right = 0;
  // What the mean is over: units of the only loss, such as labels that are not ignored, or rows.
  let all = 0;
  for (let from = 0; from < dataset.rows; from += batch) {
    if (from > 0) yield;
    const count = Math.min(batch, dataset.rows - from);
    // Others may have evaluated meanwhile.
    bindColumns(program, tape.ports, dataset);
    fillPorts(program, tape.ports, dataset, from, count);
    program.execute(tape, count);
    const counted = isOne ? countUnits(first, target, from, count) : count;
    sum += program.f32[tape.loss >>> 2] * counted;
    all += counted;
    if (measuresAccuracy) right += countRight(program, tape, first, target, from, count);
  }
  // Rows without any label that counts have no loss.
  const loss = sum / (all || 1);
  return measuresAccuracy ? { loss, accuracy: right / (all || 1) } : { loss };
}
