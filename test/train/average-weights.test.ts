/** The average of weights that a trainer keeps. */
import { describe, expect, it } from "vitest";
import {
  adam,
  batchNorm,
  compile,
  dense,
  load,
  loadTrainer,
  meanSquaredError,
  sequential,
} from "../../src/index.ts";

const x = Array.from({ length: 10 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const y = x.map(([a, b]) => [2 * a - b]);
const data = { x, y };
const DECAY = 0.8;

const make = (options: object = { averageWeights: { decay: DECAY } }) =>
  compile(sequential({ input: [2], seed: 2 }, [dense(5, { activation: "tanh" }), dense(1)]), {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.05 }),
    batchSize: 4,
    ...options,
  });

describe("averageWeights", () => {
  it("is a += (1 - d) / (1 - d^t) (w - a), without a bias towards the start", () => {
    const trainer = make();
    const plain = make({});
    const average = new Map<string, Float64Array>();
    for (let t = 1; t <= 12; t++) {
      trainer.step({ x: x.slice(0, 4), y: y.slice(0, 4) });
      plain.step({ x: x.slice(0, 4), y: y.slice(0, 4) });
      for (const [name, { data: w }] of Object.entries(trainer.parameters)) {
        const a = average.get(name) ?? new Float64Array(w.length);
        a.forEach((v, i) => {
          a[i] = v + ((1 - DECAY) / (1 - DECAY ** t)) * (w[i] - v);
        });
        average.set(name, a);
      }
      const saved = load(trainer.save({ weights: "average" }));
      for (const [name, a] of average)
        saved.parameters[name].data.forEach((w, i) => {
          expect(Math.abs(w - a[i])).toBeLessThan(1e-6);
        });
    }
    // It changes nothing else.
    expect(trainer.digest()).toBe(plain.digest());
  });

  it("predicts, evaluates and classifies by it, at once and in slices, and puts the weights back", async () => {
    const trainer = make();
    trainer.fitSync(data, { epochs: 5 });
    const digest = trainer.digest({ training: true });
    const averaged = load(trainer.save({ weights: "average" }));
    const wanted = averaged.predict(x).data;
    expect(trainer.predict(x, { weights: "average" }).data).toEqual(wanted);
    expect((await trainer.predictAsync(x, { weights: "average" })).data).toEqual(wanted);
    expect(trainer.predict(x).data).not.toEqual(wanted);
    const { loss } = trainer.evaluate(data, { weights: "average" });
    expect(loss).not.toBe(trainer.evaluate(data).loss);
    expect((await trainer.evaluateAsync(data, { weights: "average" })).loss).toBe(loss);
    const state = trainer.state();
    const other = make();
    expect(other.predict(x, { state, weights: "average" }).data).toEqual(wanted);
    expect(trainer.digest({ training: true })).toBe(digest);
  });

  it("has the bits of any slicing, and goes on from states and files", async () => {
    const trainer = make();
    trainer.fitSync(data, { epochs: 6 });
    const sliced = make();
    for (let epoch = 0; epoch < 3; epoch++) await sliced.fit(data, { epochs: 1 });
    const state = sliced.state();
    const file = loadTrainer(sliced.save({ training: true }));
    const again = make();
    again.restore(state);
    for (const one of [sliced, again, file]) {
      one.fitSync(data as never, { epochs: 3 });
      expect(one.digest({ training: true })).toBe(trainer.digest({ training: true }));
    }
  });

  it("starts from the weights: before any update, after reset, and from a state without an average", () => {
    const trainer = make();
    const before = trainer.predict(x).data;
    expect(trainer.predict(x, { weights: "average" }).data).toEqual(before);
    trainer.fitSync(data, { epochs: 2 });
    const plain = make({});
    plain.fitSync(data, { epochs: 4 });
    trainer.restore(plain.state());
    expect(trainer.predict(x, { weights: "average" }).data).toEqual(plain.predict(x).data);
    trainer.fitSync(data, { epochs: 1 });
    trainer.reset();
    expect(trainer.predict(x, { weights: "average" }).data).toEqual(before);
  });

  it("takes running statistics as they are", () => {
    const trainer = compile(sequential({ input: [2], seed: 1 }, [dense(3), batchNorm(), dense(1)]), {
      loss: meanSquaredError(),
      optimizer: adam(),
      averageWeights: {},
    });
    trainer.fitSync(data, { epochs: 3 });
    const averaged = load(trainer.save({ weights: "average" }), { uses: [batchNorm] });
    const names = Object.keys(trainer.parameters).filter(
      (name) => name.includes("unning") || name.includes("ean"),
    );
    for (const name of names) expect(averaged.parameters[name].data).toEqual(trainer.parameters[name].data);
  });

  it("is refused where it cannot be", () => {
    const without = make({});
    expect(() => without.predict(x, { weights: "average" })).toThrow(
      'predict: weights: "average" needs a trainer with averageWeights',
    );
    expect(() => make().predict(x, { weights: "ema" as never })).toThrow(
      'predict: weights must be "average"; got "ema"',
    );
    expect(() => make().save({ training: true, weights: "average" })).toThrow(
      "save: weights: training goes on from",
    );
    const predictor = load(without.save());
    expect(() => predictor.predict(x, { weights: "average" })).toThrow(
      'predict: weights needs a trainer with averageWeights; got "average"',
    );
    expect(() => make({ averageWeights: { decay: 1 } })).toThrow(
      "compile: averageWeights: decay must be in [0, 1); got 1",
    );
  });
});
