/** Small training requests, made by hand as `compile` makes them, for what its options do not reach. */
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { type AnyOp, Fn, LossFn, ReduceFn } from "../../src/graph/op.ts";
import { dense } from "../../src/graph/ops/dense.ts";
import { accumulate } from "../../src/graph/ops/gradient.ts";
import { loss } from "../../src/graph/ops/loss.ts";
import { reduce } from "../../src/graph/ops/reduce.ts";
import { unary } from "../../src/graph/ops/unary.ts";
import type { Shape } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import type { Feature } from "../../src/plan/feature.ts";
import { type AdamSettings, adamPlan, type OptimizerPlan } from "../../src/plan/optimizer.ts";
import type { PlanRequest } from "../../src/plan/request.ts";
import { TRAINING } from "../../src/plan/training.ts";

export const ROWS = -1;
export const ZERO = { kind: "constant", value: 0 } as const;
const LINEAR = { fn: Fn.Identity, alpha: 0 } as const;

export const ADAM: AdamSettings = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  epsilonInsideRoot: false,
  biasCorrection: true,
  weightDecay: 0,
};

export interface Extras {
  readonly optimizer?: OptimizerPlan;
  readonly accumulate?: number;
  readonly batch?: number;
  readonly base?: number;
  readonly features?: readonly Feature[];
  /** More of the training graph, before the loss: nodes of any phase, and updates. */
  readonly extend?: (context: { graph: Graph; builder: Builder; x: ValueId; h: ValueId; y: ValueId }) => void;
}

/** `y = tanh(x W + b) V + c` with the squared error: x [rows, 2], W [2, 3], V [3, 1], target [rows, 1]. */
export function smallRequest(
  extras: Extras = {},
): PlanRequest & { readonly x: ValueId; readonly t: ValueId } {
  const {
    optimizer = adamPlan([ADAM]),
    accumulate: passes = 1,
    batch = 4,
    base = 16384,
    extend,
    features,
  } = extras;
  const graph = new Graph();
  const builder = new Builder(graph);
  const x = graph.addInput("x", [ROWS, 2]);
  const layer = (name: string, from: ValueId, k: number, n: number) => {
    builder.scope = name;
    const w = graph.addVariable(`${name}.weight`, [k, n], ZERO);
    const b = graph.addVariable(`${name}.bias`, [n], ZERO);
    return builder.emit(dense, LINEAR, [from, w, b])[0];
  };
  const [h] = builder.emit(unary, { fn: Fn.Tanh, alpha: 0 }, [layer("body", x, 2, 3)], "h");
  const y = layer("head", h, 3, 1);
  graph.outputs.push({ name: "y", value: y });
  builder.scope = "";
  extend?.({ graph, builder, x, h, y });
  const train = graph.copy();
  graph.updates.length = 0;
  const t = train.addValue({ shape: [ROWS, 1], dtype: "f32" }, "t");
  const [error] = new Builder(train).emit(
    loss,
    { fn: LossFn.MeanSquaredError, parameter: 0 },
    [y, t],
    "loss",
  );
  return {
    graph,
    batch,
    windowRows: batch,
    base,
    train: {
      graph: train,
      loss: error,
      targets: [{ name: "y", kind: "target", value: t, dtype: "f32", rowElements: 1, below: 0 }],
      predictions: [y],
      optimizer,
      accumulate: passes,
      planner: TRAINING,
      features,
    },
    x,
    t,
  };
}

/** The mean of x over its first axis. */
export const meanOverRows = (builder: Builder, x: ValueId): ValueId =>
  builder.emit(reduce, { fn: ReduceFn.Mean, from: 0, to: 1 }, [x])[0];

/** Adds a variable whose next content is `make` of itself, by nodes of the update phase. */
export function addUpdated(
  { graph, builder }: { graph: Graph; builder: Builder },
  name: string,
  shape: Shape,
  make: (own: ValueId) => ValueId,
): ValueId {
  const variable = graph.addVariable(name, shape, ZERO);
  const { phase } = builder;
  builder.phase = "update";
  graph.updates.push({ variable, value: make(variable) });
  builder.phase = phase;
  return variable;
}

export const sum = (builder: Builder, a: ValueId, b: ValueId): ValueId =>
  builder.emit(accumulate, {}, [a, b])[0];

/** An op for one test: what it does not say is like a copy of its first input. */
export const fakeOp = (op: Partial<AnyOp>): AnyOp => ({
  name: "place",
  infer: (_: string, [x]: Parameters<AnyOp["infer"]>[1]) => [x],
  vjp: { reason: "a test has none" },
  lower: () => [],
  ...op,
});
