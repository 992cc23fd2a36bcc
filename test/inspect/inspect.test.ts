import { describe, expect, it } from "vitest";
import {
  activation,
  activations,
  batchNorm,
  binaryCrossEntropy,
  compile,
  createEngine,
  dense,
  dropout,
  inspect,
  inspectionTable,
  meanSquaredError,
  NotFittedError,
  OptionError,
  sequential,
  sgd,
  standardize,
} from "../../src/index.ts";
import { histogram } from "../../src/plot/index.ts";
import { classes, classifier, stateDigest, thrownBy, xor, xorTrainer } from "../fixtures.ts";

/** A network of one layer whose units are known: x, -x and 0 of each row, through an activation. */
function units(activationName: "relu" | "tanh" | "sigmoid", weights: readonly number[]) {
  const net = sequential({ input: [1] }, [
    dense(weights.length, {
      activation: activationName,
      weightInitializer: { kind: "values", data: Float32Array.from(weights) },
    }),
    dense(1),
  ]);
  return compile(net, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.5 }), batchSize: 2 });
}

describe("inspect", () => {
  it("gives moments, ranges and histograms of what layers give for all rows, in several batches", () => {
    const trainer = units("relu", [1, -1, 0]);
    const data = { x: [[1], [2], [3], [4], [5]], y: [1, 2, 3, 4, 5] };
    const { rows, outputs } = inspect(trainer, data, { bins: 5 });
    expect(rows).toBe(5);
    expect(outputs.dense1).toEqual({
      count: 15,
      nonFinite: 0,
      mean: 1,
      rms: Math.sqrt(55 / 15),
      norm: Math.sqrt(55),
      min: 0,
      max: 5,
      zeros: 10 / 15,
      histogram: [10, 1, 1, 1, 2],
      units: 3,
      deadUnits: [1, 2],
    });
  });

  it("tells saturated units: at a limit for every row", () => {
    const data = { x: [[1], [2], [-1]], y: [1, 2, 3] };
    const { outputs } = inspect(units("tanh", [1, 10, 2.5]), data);
    expect(outputs.dense1.saturatedUnits).toEqual([1]);
    // tanh(10), tanh(20), tanh(-10), tanh(5).
    expect(outputs.dense1.saturated).toBeCloseTo(4 / 9, 10);
    expect(outputs.dense1.deadUnits).toEqual([]);
    expect(outputs.dense2.saturated).toBeUndefined();
    // Negative for every row is not dead.
    const negative = inspect(units("tanh", [-1]), { x: [[1], [2]], y: [1, 2] });
    expect(negative.outputs.dense1.deadUnits).toEqual([]);
    const sigmoid = inspect(units("sigmoid", [3, 10]), data).outputs.dense1;
    // sigmoid(6), sigmoid(10), sigmoid(20), sigmoid(-10).
    expect(sigmoid.saturated).toBeCloseTo(4 / 6, 10);
    expect(sigmoid.saturatedUnits).toEqual([1]);
  });

  it("gives the gradients of the mean loss over all rows, and parameters as they are", () => {
    const trainer = classifier({ batchSize: 8 });
    const large = classifier({ batchSize: 20 });
    const data = classes(20);
    const { gradients, parameters, loss } = inspect(trainer, data);
    const whole = large.gradients(data);
    expect(loss).toBeCloseTo(whole.loss, 5);
    for (const [name, { data: values }] of Object.entries(whole.gradients)) {
      const norm = Math.sqrt(values.reduce((sum, g) => sum + g * g, 0));
      expect(gradients[name].norm).toBeCloseTo(norm, 5);
      const own = trainer.parameters[name].data;
      expect(parameters[name].max).toBe(Math.max(...own));
      expect(parameters[name].count).toBe(own.length);
    }
  });

  it("says how far the next update goes", () => {
    const trainer = units("relu", [1, -1, 0]);
    const data = { x: [[1], [2]], y: [1, 2] };
    const { updates } = inspect(trainer, data);
    const before = Object.fromEntries(
      Object.entries(trainer.parameters).map(([name, { data: values }]) => [name, values.slice()]),
    );
    trainer.step(data);
    const [w, v] = [before["dense1.weight"], trainer.parameters["dense1.weight"].data];
    const norm = (x: Float32Array | number[]) => Math.sqrt(Array.from(x).reduce((sum, g) => sum + g * g, 0));
    expect(updates["dense1.weight"]).toBeCloseTo(norm(Array.from(w, (x, i) => v[i] - x)) / norm(w), 10);
    // Biases start as zeros.
    expect(Object.keys(updates)).toEqual(["dense1.weight", "dense2.weight"]);
  });

  it("goes to the end of a group of batches", () => {
    const trainer = xorTrainer(42, { accumulate: 3 });
    trainer.step(xor);
    expect(inspect(trainer, xor).updates["dense1.weight"]).toBeGreaterThan(0);
  });

  it("changes nothing: no state, no counter, no draw, and it lets go of its programs", async () => {
    const engine = await createEngine();
    const make = () =>
      compile(
        sequential({ input: [2], seed: 1 }, [
          dense(8),
          batchNorm(),
          activation("relu"),
          dropout(0.3),
          dense(1, { activation: "sigmoid" }),
        ]),
        { loss: binaryCrossEntropy(), optimizer: sgd({ momentum: 0.9 }), batchSize: 2, engine },
      );
    const [watched, alone] = [make(), make()];
    for (const trainer of [watched, alone]) trainer.fitSync(xor, { epochs: 3 });
    const state = stateDigest(watched);
    const found = inspect(watched, xor);
    expect(stateDigest(watched)).toBe(state);
    expect(inspect(watched, xor)).toEqual(found);
    for (const trainer of [watched, alone]) trainer.fitSync(xor, { epochs: 3 });
    expect(stateDigest(watched)).toBe(stateDigest(alone));
    expect(() => inspect(watched, { x: [[1]], y: [1] } as never)).toThrow();
    expect(engine.livePrograms).toBe(2);
  });

  it("gives of outputs what activations gives, after preprocessing", () => {
    const net = sequential({ input: [2], seed: 1 }, [
      standardize(),
      dense(4, { activation: "tanh" }),
      dense(1),
    ]);
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd(), targets: "standardize" });
    const data = {
      x: [
        [10, 1],
        [20, 2],
        [40, 5],
      ],
      y: [100, 200, 500],
    };
    expect(() => inspect(trainer, data)).toThrow(NotFittedError);
    trainer.fitSync(data, { epochs: 2 });
    const { outputs } = inspect(trainer, data);
    const { dense1 } = activations(trainer, data.x, ["dense1"]);
    expect(outputs.dense1.max).toBe(Math.max(...dense1.data));
    expect(outputs.dense1.min).toBe(Math.min(...dense1.data));
  });

  it("counts what is not finite, and says what the update would fail by", () => {
    const trainer = compile(
      sequential({ input: [1], seed: 1 }, [
        dense(1, { weightInitializer: { kind: "constant", value: 3e38 } }),
      ]),
      { loss: meanSquaredError(), optimizer: sgd() },
    );
    const found = inspect(trainer, { x: [[100], [0]], y: [1, 2] });
    expect(found.outputs.dense1).toMatchObject({ nonFinite: 1, count: 2, min: 0, max: 0 });
    expect(found.gradients["dense1.weight"].nonFinite).toBe(1);
    expect(found.updates).toEqual({});
    expect(found.problem).toMatch(/^training: every number must stay finite/);
    expect(inspectionTable(found)).toContain("not finite");
  });

  it("takes bound data and weights, and is plain data", () => {
    const trainer = classifier();
    const data = trainer.bind(classes(20));
    const found = inspect(trainer, data);
    expect(structuredClone(found)).toEqual(found);
    expect(found.rows).toBe(20);
    const weighted = inspect(trainer, { ...classes(20), sampleWeight: Array(20).fill(2) });
    expect(weighted.gradients["dense3.bias"].norm).toBeCloseTo(2 * found.gradients["dense3.bias"].norm, 5);
  });

  it("shows tables, and its numbers can be plotted", () => {
    const found = inspect(units("relu", [1, -1, 0]), { x: [[1], [2]], y: [1, 2] });
    const table = inspectionTable(found);
    expect(table).toMatch(/^parameter +numbers +mean +rms +min +max +zeros +gradient rms +update\n/);
    expect(table).toMatch(/^dense1 +6 +0\.5 .* 2 of 3$/m);
    expect(table).toMatch(/\n2 rows, loss /);
    const text = histogram(found.outputs, { width: 40, color: false });
    expect(text).toContain("dense1");
    expect(text).toContain("6 numbers, mean 0.5");
    expect(histogram(found.gradients, { to: "svg" })).toContain("<svg");
  });

  it("refuses what is no trainer", () => {
    const predictor = compile(sequential({ input: [1] }, [dense(1)]));
    const error = thrownBy(() => inspect(predictor as never, { x: [[1]], y: [1] }));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toMatch(
      /^inspect: needs a trainer, which compile\(model, \{ loss, optimizer \}\) makes; got/,
    );
    expect(() => inspect(xorTrainer(), xor, { bins: 0 })).toThrow(
      "inspect: bins must be a whole number >= 1; got 0",
    );
  });
});
