/** Variables that training leaves alone: frozen ones, and those that no loss reaches. */
import { describe, expect, it } from "vitest";
import { LossFn } from "../../assembly/abi.ts";
import { Builder } from "../../src/graph/builder.ts";
import { loss as lossOp } from "../../src/graph/ops/loss.ts";
import {
  adamW,
  compile,
  dense,
  meanSquaredError,
  model,
  type Optimizer,
  sequential,
} from "../../src/index.ts";
import { TRAINING } from "../../src/plan/training.ts";
import { Program } from "../../src/program/program.ts";
import { defaultEngine } from "../../src/runtime/space.ts";
import type { MakePredictor } from "../../src/train/logits.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { noise } from "../fixtures.ts";

const BATCH = 8;
const layers = ["first", "second", "last"] as const;
const net = () =>
  sequential({ input: [4], seed: 3 }, [
    dense(7, { activation: "tanh", name: "first" }),
    dense(5, { activation: "relu", name: "second" }),
    dense(2, { name: "last" }),
  ]);

/** A trainer on the mean squared error whose program must not change some variables: what `compile` does not offer yet. */
function withFrozen(optimizer: Optimizer, frozen: ReadonlySet<string>, accumulate = 1) {
  const of = net();
  const graph = of.graph.copy();
  const [{ value, name }] = graph.outputs;
  const target = graph.addValue({ shape: graph.shape(value), dtype: "f32" }, "target");
  const attrs = { fn: LossFn.MeanSquaredError, parameter: 0 };
  const [loss] = new Builder(graph).emit(lossOp, attrs, [value, target], "loss");
  const target1 = { name, kind: "target", value: target, dtype: "f32", rowElements: 2, below: 0 } as const;
  const plan = optimizer.plan;
  const train = {
    graph,
    loss,
    targets: [target1],
    predictions: [value],
    optimizer: plan,
    accumulate,
    planner: TRAINING,
  };
  const request = { graph: of.graph, batch: BATCH, windowRows: 64, frozen, train };
  const program = new Program("test", defaultEngine(), request, { seed: 3, shuffleSeed: 3 });
  const losses = [{ output: name, loss: meanSquaredError(), rowElements: 2, positions: 1 }];
  const makePredictor: MakePredictor = (m) => compile(m, { batchSize: BATCH });
  const parts = { losses, namedTargets: false, optimizer, shuffleSeed: undefined, makePredictor };
  return new Trainer(program, of, undefined, parts);
}

const rows = (seed: number) => ({ x: noise(4 * BATCH, seed), y: noise(2 * BATCH, seed + 1) });
const optimizer = () => adamW({ learningRate: 0.05, weightDecay: 0.5 });

const copyOf = ({ parameters }: { parameters: Readonly<Record<string, { data: Float32Array }>> }) =>
  Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data.slice()]));

describe("frozen variables", () => {
  for (const layer of layers)
    for (const accumulate of [1, 3])
      it(`keep every bit through 100 steps of AdamW, while the others learn: ${layer}, ${accumulate} passes an update`, () => {
        const trainer = withFrozen(optimizer(), new Set([`${layer}.weight`, `${layer}.bias`]), accumulate);
        const before = copyOf(trainer);
        for (let step = 0; step < 50; step++) trainer.step(rows(step));
        trainer.fitSync({ x: noise(4 * 30, 9), y: noise(2 * 30, 10) }, { epochs: 25 });
        for (const [name, values] of Object.entries(copyOf(trainer)))
          if (name.startsWith(layer)) expect(values, name).toEqual(before[name]);
          else expect(values, name).not.toEqual(before[name]);
      });

  it("leave the gradients of the others as they are", () => {
    const all = withFrozen(optimizer(), new Set()).gradients(rows(1)).gradients;
    const some = withFrozen(optimizer(), new Set(["second.weight", "last.bias"])).gradients(
      rows(1),
    ).gradients;
    for (const [name, { data }] of Object.entries(some))
      expect(data, name).toEqual(
        name === "second.weight" || name === "last.bias" ? new Float32Array(data.length) : all[name].data,
      );
  });

  it("have neither slots nor a place in the state", () => {
    const frozen = new Set(["second.weight"]);
    const [whole, part] = [withFrozen(optimizer(), new Set()), withFrozen(optimizer(), frozen)];
    expect(part.optimizerState["second.weight"]).toEqual({});
    expect(part.program.plan.state.bytes).toBe(whole.program.plan.state.bytes - 3 * 36 * 4);
  });
});

describe("variables that no loss reaches", () => {
  it("keep every bit through 100 steps of AdamW: nothing decays them", () => {
    const two = model({ inputs: { x: [4] }, seed: 3 }, ({ x }) => {
      const shared = dense(6, { activation: "tanh", name: "shared" })(x);
      return { used: dense(2, { name: "used" })(shared), unused: dense(3, { name: "unused" })(shared) };
    });
    const trainer = compile(two, {
      loss: { used: meanSquaredError() },
      optimizer: optimizer(),
      batchSize: BATCH,
    });
    trainer.setParameters({ "unused.bias": [1, -2, 3] });
    const before = copyOf(trainer);
    for (let step = 0; step < 100; step++) {
      const { x, y } = rows(step);
      trainer.step({ x: { x }, y: { used: y } });
    }
    for (const [name, values] of Object.entries(copyOf(trainer)))
      if (name.startsWith("unused")) expect(values, name).toEqual(before[name]);
      else expect(values, name).not.toEqual(before[name]);
  });
});

describe("snapshots of what is frozen", () => {
  it("have the values of the trainer, also where those were set", () => {
    const trainer = compile(net(), { loss: meanSquaredError(), optimizer: optimizer(), freeze: ["first"] });
    trainer.setParameters({ "first.bias": [1, 2, 3, 4, 5, 6, 7] });
    const snapshot = trainer.snapshot();
    expect(snapshot.digest()).toBe(trainer.digest());
    trainer.setParameters({ "first.bias": [7, 6, 5, 4, 3, 2, 1] });
    trainer.step(rows(1));
    snapshot.update(trainer);
    expect(snapshot.digest()).toBe(trainer.digest());
  });

  it("stay as they are where they cannot take a trainer over", () => {
    const trainer = compile(net(), { loss: meanSquaredError(), optimizer: optimizer(), freeze: ["first"] });
    const snapshot = trainer.snapshot();
    const before = snapshot.digest();
    const other = compile(sequential({ input: [4] }, [dense(7, { name: "first" })]), {
      loss: meanSquaredError(),
      optimizer: optimizer(),
      freeze: ["first.bias"],
    });
    other.setParameters({ "first.bias": [1, 2, 3, 4, 5, 6, 7] });
    expect(() => snapshot.update(other)).toThrow("update: the state must be of this model");
    expect(snapshot.digest()).toBe(before);
  });
});
