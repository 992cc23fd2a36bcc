/** One update from the rows that stand in the ports, and views of those ports. */
import { Counter, Run, Status, Targets } from "../../assembly/abi.ts";
import type { Model } from "../model/model.ts";
import type { PlannedPort, TrainPlan } from "../plan/planned.ts";
import { type Buffers, checkIds, type InputViews, type RowView, viewsOf } from "../program/buffers.ts";
import { nonFinite } from "../program/diagnose.ts";
import type { Program } from "../program/program.ts";
import type { RawRows } from "../program/raw-rows.ts";
import type { Result, Rows } from "../rows/data.ts";
import { fillRates } from "./rates.ts";

/** The rows of `run`, and those of `stepBuffers` in memory of their own. */
export interface TrainerBuffers<X = Rows, P = Result> extends Buffers<X, P> {
  /**
   * What `stepBuffers` reads. `fit`, `step` and `gradients` use the same memory: write all rows anew after them, and none while a
   * `fit` is under way, because it may train on what stands there.
   */
  readonly step: {
    readonly x: InputViews<X>;
    /**
     * Targets of the outputs that have a loss, by name where outputs have names: for `crossEntropy` one label a row, or
     * position of a sequence, an Int32Array; for other losses rows of numbers like the prediction.
     */
    readonly y: P extends Result ? RowView : { readonly [K in keyof P]: RowView };
    /** What `stepBuffers` writes: one number, the loss before its update. */
    readonly loss: Float64Array;
  };
}

/** The ports of inputs and of targets, as their views are read: targets that may be labels are labels. */
function portsOf({ tape: { ports } }: TrainPlan) {
  const inputs = ports.filter(({ kind }) => kind === "input");
  const targets = ports.filter(({ kind }) => kind === "target");
  const asLabels = (port: PlannedPort) => ({
    ...port,
    rowElements: port.rowElements / port.below,
    noun: "class labels",
  });
  return { inputs, targets: targets.map((port) => (port.dtype === "i32" ? asLabels(port) : port)) };
}

export function stepViews(
  program: Program,
  train: TrainPlan,
  named: Model["named"],
  raw: RawRows["step"],
): object {
  const { inputs, targets } = portsOf(train);
  const loss = (program.plan.layout.at("run") / 4 + Run.Loss) / 2;
  return {
    x: viewsOf(program, inputs, named.inputs, raw?.x),
    y: viewsOf(program, targets, named.outputs, raw?.y),
    loss: program.f64.subarray(loss, loss + 1),
  };
}

/**
 * One update from the first `rows` rows in the ports. The loss before it is then in the run block: returned, it would be an
 * object on the heap.
 *
 * @param unchecked given for rows that came by views, whose values nobody checked: how inputs and outputs are named
 * @throws DataError or NonFiniteError, with the state as it was
 */
export function takeStep(program: Program, train: TrainPlan, rows: number, unchecked?: Model["named"]): void {
  if (unchecked)
    for (const { kind, words, targets, dtype } of train.tape.ports) {
      if (targets && dtype === "i32") program.setRun(targets, Targets.Labels);
      if (kind === "weight") program.setRun(words, 0);
    }
  fillRates(program, 1);
  program.setRun(Run.Rows, rows);
  if (program.kernels.step(program.plan.base) === Status.Ok) return;
  if (unchecked) {
    const { inputs, targets } = portsOf(train);
    checkIds("stepBuffers: x", program, inputs, rows, unchecked.inputs);
    checkIds("stepBuffers: y", program, targets, rows, unchecked.outputs);
  }
  throw nonFinite(program, train, program.counter(Counter.Step) + 1);
}

/** Keeps what a fit under way has in the run block and the ports; returns what puts it back. */
export function keepRun({ u8, plan }: Program, { tape }: TrainPlan): () => void {
  const names = new Set(["run", ...tape.ports.map(({ region }) => region)]);
  const kept = plan.layout.regions
    .filter(({ name }) => names.has(name))
    .map(({ offset, bytes }) => [offset, u8.slice(offset, offset + bytes)] as const);
  return () => {
    for (const [offset, bytes] of kept) u8.set(bytes, offset);
  };
}
