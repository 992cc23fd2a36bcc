import { describe, expect, it } from "vitest";
import {
  adam,
  batchNorm,
  compile,
  createEngine,
  crossEntropy,
  dense,
  dropout,
  gradientCheck,
  huber,
  lambda,
  layerNorm,
  meanSquaredError,
  model,
  OptionError,
  ShapeError,
  sequential,
  sgd,
  type Tensor,
} from "../../src/index.ts";
import { classes, classifier, noise, stateDigest, thrownBy, xor, xorModel } from "../fixtures.ts";

/** Of the right value, with a gradient that is `factor` times what it should be. */
const wrong = (x: Tensor, factor: number) => x.mul(factor).add(x.mul(1 - factor).stopGradient());

describe("gradientCheck", () => {
  it("takes as many rows of a model as there are, of a trainer a batch", () => {
    const net = sequential({ input: [2], seed: 1 }, [dense(4, { activation: "tanh" }), dense(1)]);
    const data = { x: noise(66, 1), y: noise(33, 2) };
    expect(gradientCheck(net, data, { loss: meanSquaredError() }).ok).toBe(true);
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd() });
    expect(() => gradientCheck(trainer, data)).toThrow(
      "gradientCheck: takes at most 32 rows, the batchSize of compile; got 33",
    );
  });

  it.each(["tanh", "relu", "gelu", "leakyRelu"] as const)("finds gradients of networks right: %s", (fn) => {
    for (const seed of [1, 2, 3]) {
      const net = sequential({ input: [6], seed }, [
        dense(12, { activation: fn }),
        seed === 1 ? batchNorm() : layerNorm(),
        dropout(0.3),
        dense(8, { activation: fn }),
        dense(3, { activation: "softmax" }),
      ]);
      const trainer = compile(net, { loss: crossEntropy(), optimizer: adam() });
      const y = Array.from({ length: 20 }, (_, i) => i % 3);
      const check = gradientCheck(trainer, { x: noise(120, seed), y });
      expect(Object.values(check.variables).filter(({ ok }) => !ok)).toEqual([]);
      expect(check.ok).toBe(true);
    }
  });

  it("compares every element of small variables, and a part of large ones, the largest among them", () => {
    const net = sequential({ input: [30], seed: 1 }, [dense(10, { activation: "tanh" }), dense(1)]);
    const data = { x: noise(300), y: noise(10) };
    const loss = meanSquaredError();
    const check = gradientCheck(net, data, { loss });
    expect(Object.entries(check.variables).map(([name, { checked }]) => [name, checked])).toEqual([
      ["dense1.weight", 16],
      ["dense1.bias", 10],
      ["dense2.weight", 10],
      ["dense2.bias", 1],
    ]);
    const all = gradientCheck(net, data, { loss, samples: Infinity }).variables["dense1.weight"];
    expect(all.checked).toBe(300);
    const one = gradientCheck(net, data, { loss, samples: 1 }).variables["dense1.weight"];
    const { gradients } = compile(net, { loss, optimizer: sgd() }).gradients(data);
    const { data: values } = gradients["dense1.weight"];
    const largest = values.reduce((m, g) => Math.max(m, Math.abs(g)), 0);
    expect(Math.abs(one.gradient)).toBe(largest);
    const [row, column] = one.index;
    expect(values[row * 10 + column]).toBe(one.gradient);
  });

  it.each([0, 0.5, 0.9, 1.1, -1])("finds a gradient that is %f times the right one", (factor) => {
    const net = sequential({ input: [4], seed: 2 }, [
      dense(6, { activation: "tanh" }),
      lambda((x) => wrong(x, factor)),
      dense(2),
    ]);
    const check = gradientCheck(net, { x: noise(40), y: noise(20, 2) }, { loss: meanSquaredError() });
    const { "dense1.weight": below, "dense2.weight": above } = check.variables;
    expect(check.ok).toBe(false);
    expect(check.worst).toMatch(/^dense1/);
    expect(below.ok).toBe(false);
    expect(above.ok).toBe(true);
    expect(below.error).toBeGreaterThan(0.02);
    if (factor !== 0) expect(below.difference / below.gradient).toBeCloseTo(1 / factor, 1);
  });

  it("says how far values are apart, and where", () => {
    const { ok, variables } = gradientCheck(
      (x, y) => x.mul(y.stopGradient()).sum(),
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, -8],
        ],
      ],
    );
    expect(ok).toBe(false);
    expect(variables["argument 0"].ok).toBe(true);
    const { index, gradient, difference, error } = variables["argument 1"];
    expect(gradient).toBe(0);
    expect(error).toBeGreaterThan(0.99);
    expect(difference).toBeCloseTo(1 + 2 * index[0] + index[1], 2);
  });

  it("takes the gradient at a kink for right where it lies between the slopes on both sides", () => {
    const f = (factor: number) => (x: Tensor) => wrong(x, factor).relu().sum();
    const { ok, variables } = gradientCheck(f(1), [[0, 1, -1]]);
    expect(ok).toBe(true);
    expect(variables["argument 0"]).toMatchObject({ checked: 3, kinks: 1 });
    // The gradient of |x| at 0 lies between -1 and 1, wherever it is; that of 3 |x| taken twice does not.
    const beyond = gradientCheck((x: Tensor) => wrong(x.maximum(x.mul(2)), -3).sum(), [[0]]);
    expect(beyond.ok).toBe(false);
  });

  it("takes numbers, typed arrays, and arrays with their shape for arguments", () => {
    const f = (a: Tensor, b: Tensor, c: Tensor) => a.mul(b).sum().add(c.square().sum());
    const { ok, variables } = gradientCheck(f, [
      3,
      Float32Array.of(1, 2),
      { data: [1, 2, 3, 4], shape: [2, 2] },
    ]);
    expect(ok).toBe(true);
    expect(Object.values(variables).map(({ checked }) => checked)).toEqual([1, 2, 4]);
    expect(variables["argument 0"].index).toEqual([]);
  });

  it("changes nothing about a trainer, and lets go of its copy", async () => {
    const engine = await createEngine();
    const trainer = classifier({ engine });
    const data = classes(8);
    trainer.fitSync(data, { epochs: 2 });
    const [state, gradients] = [stateDigest(trainer), trainer.gradients(data)];
    expect(gradientCheck(trainer, data).ok).toBe(true);
    expect(stateDigest(trainer)).toBe(state);
    expect(trainer.gradients(data)).toEqual(gradients);
    expect(() => gradientCheck(trainer, classes(9))).toThrow(ShapeError);
    expect(engine.livePrograms).toBe(1);
  });

  it("leaves frozen parameters out", () => {
    const trainer = classifier({ freeze: ["dense1"] });
    expect(Object.keys(gradientCheck(trainer, classes(8)).variables)).toEqual([
      "dense2.weight",
      "dense2.bias",
      "dense3.weight",
      "dense3.bias",
    ]);
  });

  it("is worse than any number where a loss is not finite", () => {
    const { ok, variables } = gradientCheck((x: Tensor) => x.log().sum(), [[1, 1e-12]]);
    expect(ok).toBe(false);
    expect(variables["argument 0"].ok).toBe(false);
  });

  it("sums losses by output", () => {
    const net = model({ inputs: { x: [2] } }, ({ x }) => ({ a: dense(1)(x), b: dense(2)(x) }));
    const data = { x: { x: xor.x }, y: { a: [0, 1, 1, 0], b: noise(8) } };
    expect(gradientCheck(net, data, { loss: { a: huber(), b: meanSquaredError() } }).ok).toBe(true);
  });

  it("refuses what it cannot check", () => {
    const refused: [() => unknown, string][] = [
      [
        () => gradientCheck(xorModel(), xor),
        "gradientCheck: a model needs a loss, such as { loss: meanSquaredError() }; got none",
      ],
      [
        () => gradientCheck(null as never, xor as never),
        "gradientCheck: needs a trainer, a model or a function of tensors; got null",
      ],
      [
        () => gradientCheck((x: Tensor) => x.sum(), 3 as never),
        "gradientCheck: of a function the second argument must be the list of its arguments, such as [[1, 2]]; got 3",
      ],
      [
        () => gradientCheck(classifier(), classes(8), { loss: huber() }),
        "gradientCheck: loss is not for a trainer, which has its own; got loss",
      ],
      [
        () => gradientCheck(classifier(), classes(8), { samples: 0 }),
        "gradientCheck: samples must be a whole number >= 1, or Infinity; got 0",
      ],
    ];
    for (const [act, message] of refused) {
      const error = thrownBy(act);
      expect(error.message).toBe(message);
      expect(error).toBeInstanceOf(OptionError);
    }
  });
});
