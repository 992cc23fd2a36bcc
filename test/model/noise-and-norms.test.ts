/** Layers made of other ops: compared with recorded PyTorch values, and what they refuse. */
import { describe, expect, it } from "vitest";
import {
  compile,
  dense,
  flatten,
  groupNorm,
  hardSigmoid,
  hardSwish,
  type Layer,
  load,
  loadTrainer,
  meanSquaredError,
  mish,
  prelu,
  relu6,
  rmsNorm,
  sequential,
  sgd,
  spatialDropout,
} from "../../src/index.ts";
import vectors from "../vectors/layers.json" with { type: "json" };

const ACTIVATIONS = { relu6, hardSwish, mish };

function make(name: string, options: { groups?: number; alpha?: number; beta?: number }): Layer {
  if (name === "groupNorm") return groupNorm(options.groups as number, { name: "l" });
  if (name === "hardSigmoid") return hardSigmoid({ alpha: options.alpha, beta: options.beta });
  if (name === "prelu") return prelu({ name: "l" });
  return name === "rmsNorm" ? rmsNorm({ name: "l" }) : ACTIVATIONS[name as "mish"]();
}

const close = (got: ArrayLike<number>, wanted: readonly number[], scale = 1) => {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(
      1e-5 * Math.max(scale, Math.abs(value)),
    );
  });
};

describe("recorded from PyTorch", () => {
  it.each(vectors.cases.map((c) => [`${c.layer} of ${c.shape}`, c] as const))("%s", (_, c) => {
    const { shape } = c;
    const n = shape[shape.length - 1];
    const rows = (data: readonly number[]) => ({ data: Float32Array.from(data), shape });
    // An identity before it: x^T dX shows the gradient of the input.
    const trainer = compile(
      sequential({ input: shape.slice(1) }, [
        dense(n, { bias: false, name: "id" }),
        make(c.layer, c.options),
      ]),
      { loss: meanSquaredError(), optimizer: sgd() },
    );
    const own = Object.entries(c.parameters).map(([name, values]) => [`l.${name}`, values] as const);
    const identity = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    trainer.setParameters({ ...Object.fromEntries(own), "id.weight": identity } as never);
    close(trainer.predict(rows(c.x) as never).data, c.y);
    // The mean of (y - t)^2 over N elements with t = y - c / 2 has the cotangent c / N.
    const t = c.y.map((v, i) => v - c.cotangent[i] / 2);
    const { gradients } = trainer.gradients({ x: rows(c.x) as never, y: rows(t) as never });
    const scaled = (name: string) => gradients[name].data.map((g) => g * c.y.length);
    for (const [name, wanted] of Object.entries(c.gradients)) close(scaled(`l.${name}`), wanted as number[]);
    const outer = identity.map((_, at) => {
      let sum = 0;
      for (let i = 0; i < c.x.length; i += n) sum += c.x[i + Math.floor(at / n)] * c.dx[i + (at % n)];
      return sum;
    });
    // Targets y - c / 2 are rounded to f32, and x multiplies what that changes.
    close(scaled("id.weight"), outer, Math.max(1, ...c.x.map(Math.abs)));
  });

  it("a wrong gradient would show", () => {
    const [c] = vectors.cases;
    expect(() =>
      close(
        c.dx,
        c.dx.map((v) => v + 1e-4),
      ),
    ).toThrow();
  });
});

describe("spatialDropout", () => {
  const shape = [6, 5, 8];
  const ones = { data: new Float32Array(240).fill(1), shape };
  const trainerOf = (layers: readonly Layer[], seed = 1) =>
    compile(sequential({ input: [5, 8], seed }, [dense(8, { bias: false, name: "id" }), ...layers]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });

  it("drops whole channels of a row and scales the others", () => {
    const trainer = trainerOf([spatialDropout(0.5)]);
    const identity = Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 : 0));
    trainer.setParameters({ "id.weight": identity } as never);
    // Of targets 0 the loss is the mean of y^2: 4 for each kept channel, whatever its positions.
    const zeros = { data: new Float32Array(240), shape };
    const { loss } = trainer.gradients({ x: ones as never, y: zeros as never });
    const kept = (loss * 48) / 4;
    expect(Number.isInteger(kept)).toBe(true);
    expect(kept).toBeGreaterThan(8);
    expect(kept).toBeLessThan(40);
    expect([...trainer.predict(ones as never).data]).toEqual([...ones.data]);
  });

  it("draws the same for the same seed and step, other things for others", () => {
    const lossOf = (seed: number) =>
      trainerOf([spatialDropout(0.5)], seed).gradients({
        x: { data: Float32Array.from({ length: 240 }, (_, i) => i % 7), shape } as never,
        y: ones as never,
      }).loss;
    expect(lossOf(1)).toBe(lossOf(1));
    expect(lossOf(1)).not.toBe(lossOf(2));
  });
});

describe("files", () => {
  it("name what they use, and go on to the bit", () => {
    const layers: readonly Layer[] = [
      rmsNorm(),
      prelu(),
      ...[mish(), relu6(), hardSwish(), hardSigmoid()],
      groupNorm(3),
      spatialDropout(0.25),
      flatten(),
      dense(1),
    ];
    const trainer = compile(sequential({ input: [4, 6], seed: 2 }, layers), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.01 }),
    });
    const x = {
      data: Float32Array.from({ length: 120 }, (_, i) => Math.fround((i * 7) % 11)),
      shape: [5, 4, 6],
    };
    const data = { x, y: [1, 2, 3, 4, 5] } as never;
    trainer.fitSync(data, { epochs: 2 });
    const uses = [rmsNorm, prelu, mish, relu6, hardSwish, hardSigmoid, groupNorm, spatialDropout];
    const again = loadTrainer(trainer.save({ training: true }), { uses });
    trainer.fitSync(data, { epochs: 2 });
    again.fitSync(data, { epochs: 2 });
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
    expect(load(trainer.save(), { uses }).predict(x as never).data).toEqual(trainer.predict(x as never).data);
  });
});

describe("what is refused", () => {
  const build = (input: readonly number[], made: () => Layer) => () =>
    sequential({ input: [...input] }, [made()]);
  it.each([
    [
      "groups",
      build([6], () => groupNorm(4)),
      "groupNorm1: groupNorm needs an input [rows, .., n] with n a multiple of 4 groups; got [rows, 6]",
    ],
    [
      "no groups",
      build([6], () => groupNorm(0)),
      "groupNorm: groups, the first argument, must be a whole number >= 1; got 0",
    ],
    ["epsilon", build([6], () => rmsNorm({ epsilon: 0 })), "rmsNorm: epsilon must be"],
    ["a rate", build([2, 6], () => spatialDropout(1)), "spatialDropout: rate, the first argument, must be"],
    [
      "no positions",
      build([6], () => spatialDropout(0.5)),
      "spatialDropout1: spatialDropout needs an input [rows, .., n] with positions between; got [rows, 6]: use dropout",
    ],
    [
      "a slope",
      build([6], () => prelu({ alpha: Number.NaN })),
      "prelu: alpha must be a finite number; got NaN",
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
