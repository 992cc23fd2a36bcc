/** Noise layers, random tensors, orthogonal weights; nested models of several inputs and freezing by layer. */
import { describe, expect, it } from "vitest";
import {
  activation,
  adam,
  batchNorm,
  compile,
  concatenate,
  dense,
  dropout,
  gaussianNoise,
  type Layer,
  lambda,
  load,
  loadTrainer,
  meanSquaredError,
  model,
  nested,
  randomNormal,
  randomUniform,
  residual,
  sequential,
  sgd,
  type Tensor,
} from "../../src/index.ts";

const x = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(i), i / 64]);
const y = x.map(([a, b]) => a * b);
const noisy = () =>
  sequential({ input: [3], seed: 4 }, [gaussianNoise(0.5), dense(4, { activation: "tanh" }), dense(1)]);
const options = { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }), batchSize: 16 };

describe("gaussianNoise", () => {
  it("changes training, draws the same however a run is sliced, and does nothing outside it", () => {
    const [whole, sliced] = [compile(noisy(), options), compile(noisy(), options)];
    const quiet = compile(
      sequential({ input: [3], seed: 4 }, [dense(4, { activation: "tanh" }), dense(1)]),
      options,
    );
    expect(whole.predict(x).data).toEqual(quiet.predict(x).data);
    whole.fitSync({ x, y }, { epochs: 4 });
    for (let i = 0; i < 4; i++) sliced.fitSync({ x, y }, { epochs: 1 });
    quiet.fitSync({ x, y }, { epochs: 4 });
    expect(sliced.digest()).toBe(whole.digest());
    expect(quiet.digest()).not.toBe(whole.digest());
    expect(whole.evaluate({ x, y })).toEqual(whole.evaluate({ x, y }));
  });

  it("comes back from files", () => {
    const trainer = compile(noisy(), options);
    trainer.fitSync({ x, y }, { epochs: 1 });
    expect(load(trainer.save(), { uses: [gaussianNoise] }).predict(x).data).toEqual(trainer.predict(x).data);
    const again = loadTrainer(trainer.save({ training: true }), { uses: [gaussianNoise] });
    for (const one of [trainer, again]) one.fitSync({ x, y }, { epochs: 1 });
    expect(again.digest()).toBe(trainer.digest());
  });

  it("refuses deviations below 0", () => {
    expect(() => gaussianNoise(-1)).toThrow(
      "gaussianNoise: stddev, the first argument, must be a finite number >= 0 in single precision; got -1",
    );
  });
});

/** What a model without parameters of its own computes while training: the loss shows it. */
const meanWhileTraining = (make: (t: Tensor) => Tensor, power: number) => {
  const rows = Array.from({ length: 512 }, () => [0, 0, 0, 0, 0, 0, 0, 0]);
  const net = sequential({ input: [8] }, [dense(8, { weightInitializer: "zeros" }), (t) => t.add(make(t))]);
  const trainer = compile(net, {
    loss: (p, t) => p.sub(t).pow(power).mean(1),
    optimizer: sgd({ learningRate: 0 }),
    batchSize: 512,
  });
  return trainer.step({ x: rows, y: rows }).loss;
};

describe("random tensors", () => {
  it("have the mean and the deviation that are asked for", () => {
    // Five standard deviations of a mean of 4,096.
    expect(Math.abs(meanWhileTraining((t) => randomNormal(t, { mean: 3, std: 2 }), 1) - 3)).toBeLessThan(
      10 / 64,
    );
    expect(Math.abs(meanWhileTraining((t) => randomNormal(t), 2) - 1)).toBeLessThan(7.1 / 64);
    expect(Math.abs(meanWhileTraining((t) => randomUniform(t, { low: 1, high: 3 }), 1) - 2)).toBeLessThan(
      3 / 64,
    );
    expect(Math.abs(meanWhileTraining((t) => randomUniform(t), 2) - 1 / 3)).toBeLessThan(1.5 / 64);
  });

  it("say what Keras' stddev is called here", () => {
    const make = () => model({ inputs: { x: [3] } }, ({ x }) => randomNormal(x, { stddev: 1 } as never));
    expect(make).toThrow('randomNormal: unknown option "stddev"; did you mean std? Options: mean, std');
  });

  it("are their mean outside training", () => {
    const net = model({ inputs: { x: [3] } }, ({ x: rows }) => ({
      normal: rows.add(randomNormal(rows, { mean: 3 })),
      uniform: rows.add(randomUniform(rows, { low: 1, high: 2 })),
    }));
    const { normal, uniform } = compile(net).predict({ x: [[5, 6, 7]] });
    expect([...normal.data, ...uniform.data]).toEqual([8, 9, 10, 6.5, 7.5, 8.5]);
  });

  it("of several places differ, dropouts between them too", () => {
    const net = sequential({ input: [3] }, [
      dense(3),
      (t) => randomNormal(t).sub(randomNormal(t)).square().add(t.mul(0)),
      dropout(0.5),
    ]);
    const trainer = compile(net, { ...options, batchSize: 64 });
    expect(trainer.step({ x, y: x.map(() => [0, 0, 0]) }).loss).toBeGreaterThan(1);
  });

  it("train a sampling autoencoder", () => {
    const net = model({ inputs: { x: [3] }, seed: 1 }, ({ x: rows }) => {
      const [mean, logVariance] = dense(4)(dense(8, { activation: "tanh" })(rows)).split(2);
      const code = mean.add(randomNormal(mean).mul(logVariance.mul(0.5).exp()));
      return {
        x: dense(3)(dense(8, { activation: "tanh" })(code)),
        kl: mean.square().add(logVariance.exp()).sub(logVariance).sub(1).sum(1, { keepDims: true }).mul(0.5),
      };
    });
    const trainer = compile(net, {
      loss: { x: meanSquaredError(), kl: (p, _t) => p.mean(1).mul(0.01) },
      optimizer: adam({ learningRate: 0.02 }),
      batchSize: 16,
    });
    const data = { x: { x }, y: { x, kl: x.map(() => 0) } };
    const before = trainer.evaluate(data).loss;
    trainer.fitSync(data, { epochs: 60 });
    expect(trainer.evaluate(data).loss).toBeLessThan(before / 2);
  });

  it("refuse what is no tensor, and a high below the low", () => {
    expect(() => randomNormal([3] as never)).toThrow(
      "randomNormal: needs a tensor, whose shape it takes; got an array",
    );
    expect(() => model({ inputs: { x: [3] } }, ({ x: rows }) => randomUniform(rows, { low: 2 }))).toThrow(
      "randomUniform: high must be at least low; got 1 below 2",
    );
  });
});

describe("orthogonal weights", () => {
  it.each([
    [5, 5],
    [7, 3],
    [3, 8],
    [1, 4],
    [64, 48],
  ])("of [%d, %d] stand at right angles", (rows, columns) => {
    const net = sequential({ input: [rows], seed: 2 }, [dense(columns, { weightInitializer: "orthogonal" })]);
    const { data } = compile(net).parameters["dense1.weight"];
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const at = (v: number, i: number) => data[rows < columns ? v * columns + i : i * columns + v];
    for (let a = 0; a < count; a++)
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 6);
      }
  });

  it("have a gain, another draw for another seed, and come back from files", () => {
    const init = { kind: "orthogonal", gain: 2 } as const;
    const net = (seed: number) => sequential({ input: [3], seed }, [dense(3, { weightInitializer: init })]);
    const [one, other] = [compile(net(1), options), compile(net(2), options)];
    expect(one.digest()).not.toBe(other.digest());
    const { data } = one.parameters["dense1.weight"];
    expect(data.reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(12, 5);
    const digest = one.digest();
    const again = loadTrainer(one.save({ training: true }));
    again.fitSync({ x, y: x }, { epochs: 1 });
    again.reset();
    expect(again.digest()).toBe(digest);
    expect(() => dense(3, { weightInitializer: { kind: "orthogonal", gain: Number.NaN } })).not.toThrow();
    expect(() =>
      sequential({ input: [3] }, [dense(3, { weightInitializer: { kind: "orthogonal", gain: Number.NaN } })]),
    ).toThrow("an initializer must be of kind constant, uniform, normal, orthogonal or values");
  });
});

describe("a nested model of several inputs or outputs", () => {
  const pair = model({ inputs: { a: [3], b: [3] } }, ({ a, b }) => ({
    sum: dense(2)(a).add(dense(2)(b)),
    first: batchNorm()(a),
  }));

  it("takes and gives tensors by name, and shares its parameters", () => {
    const net = model({ inputs: { p: [3], q: [3] } }, ({ p, q }) => {
      const both = nested(pair, { name: "pair" });
      const { sum, first } = both({ a: p, b: q });
      const again = both({ a: q, b: p });
      return { sum: sum.add(again.sum), first };
    });
    const predictor = compile(net);
    expect(Object.keys(predictor.parameters)).toEqual([
      "pair.dense1.weight",
      "pair.dense1.bias",
      "pair.dense2.weight",
      "pair.dense2.bias",
      "pair.batchNorm1.gamma",
      "pair.batchNorm1.beta",
      "pair.batchNorm1.runningMean",
      "pair.batchNorm1.runningVariance",
    ]);
    const one = predictor.predict({ p: x, q: x.map(() => [0, 0, 0]) }).sum.data;
    const turned = predictor.predict({ p: x.map(() => [0, 0, 0]), q: x }).sum.data;
    expect(one).toEqual(turned);
  });

  it("refuses a bare tensor, unknown names and other shapes", () => {
    const build = (fn: (inputs: { p: Tensor; q: Tensor }) => unknown) => () =>
      model({ inputs: { p: [3], q: [2] } }, (inputs) => fn(inputs) as Tensor);
    expect(build(({ p }) => nested(pair)(p))).toThrow(
      "nested: needs tensors by name, { a, b }; got one tensor",
    );
    expect(build(({ p }) => nested(pair)({ a: p, c: p }))).toThrow('nested: inputs: unknown input "c"');
    expect(build(({ p, q }) => nested(pair)({ a: p, b: q }))).toThrow(
      "nested1: input b must have the shape of the model's, [rows, 3]; got [rows, 2]",
    );
  });
});

describe("freeze", () => {
  it("takes layers and nested models as well as names", () => {
    const encoder = nested(sequential({ input: [3] }, [dense(4, { activation: "relu" })]));
    const head = dense(1);
    const net = sequential({ input: [3], seed: 3 }, [encoder, dense(4, { activation: "tanh" }), head]);
    const trainer = compile(net, { ...options, freeze: [encoder, head] });
    const before = Object.fromEntries(
      Object.entries(trainer.parameters).map(([name, { data }]) => [name, Array.from(data)]),
    );
    trainer.fitSync({ x, y }, { epochs: 2 });
    const changed = Object.entries(trainer.parameters)
      .filter(([name, { data }]) => data.some((v, i) => v !== before[name][i]))
      .map(([name]) => name);
    expect(changed).toEqual(["dense1.weight", "dense1.bias"]);
    const named = compile(net, { ...options, freeze: ["nested1", "dense2"] });
    named.fitSync({ x, y }, { epochs: 2 });
    expect(named.digest()).toBe(trainer.digest());
  });

  it("refuses layers of other models", () => {
    const stranger = dense(1);
    expect(() => compile(noisy(), { ...options, freeze: [stranger] })).toThrow(
      "compile: freeze must name layers or parameters of the model; got a function: it has dense1.weight",
    );
  });

  it("takes layers that have no name: all that they are made of, shared layers and running statistics too", () => {
    const shared = dense(3, { name: "shared" });
    const block = residual(
      shared,
      batchNorm({ name: "norm" }),
      lambda((t) => dense(3, { name: "inner" })(t)),
    );
    const branches = concatenate(dense(2, { name: "left" }), sequentially);
    const gate = lambda((t) => t.mul(dense(3, { name: "gate" })(t)));
    function sequentially(t: Tensor): Tensor {
      return dense(1, { name: "right" })(t);
    }
    const net = sequential({ input: [3], seed: 4 }, [
      shared,
      block,
      branches,
      gate,
      dense(1, { name: "head" }),
    ]);
    const names = (freeze: Layer[]) => {
      const trainer = compile(net, { ...options, freeze });
      const before = new Map(
        Object.entries(trainer.parameters).map(([name, { data }]) => [name, data.slice()]),
      );
      trainer.fitSync({ x, y }, { epochs: 2 });
      const kept = [...before].filter(([name, data]) =>
        data.every((v, i) => v === trainer.parameters[name].data[i]),
      );
      return [...new Set(kept.map(([name]) => name.split(".")[0]))].join();
    };
    expect(names([])).toBe("");
    expect(names([block])).toBe("shared,norm,inner");
    expect(names([branches])).toBe("left,right");
    expect(names([gate])).toBe("gate");
    expect(() => names([residual(activation("relu"))])).toThrow(
      "compile: freeze must name layers or parameters",
    );
  });
});
