import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import {
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  huber,
  type Loss,
  OptionError,
  sequential,
  sgd,
  type Targets,
  valueAndGrad,
} from "../../src/index.ts";
import { thrownBy } from "../fixtures.ts";

interface Case {
  readonly name: string;
  readonly loss: Loss["kind"];
  readonly options: { readonly [name: string]: number | boolean };
  readonly targetKind: string;
  readonly prediction: number[][];
  readonly target: number[][] | number[];
  readonly value: number;
  readonly gradient: number[][];
  readonly weights: number[];
  readonly weightedValue: number;
  readonly weightedGradient: number[][];
}
const { cases } = JSON.parse(readFileSync(new URL("../vectors/losses.json", import.meta.url), "utf8")) as {
  cases: Case[];
};

const LOGITS = ["binaryCrossEntropy", "crossEntropy", "focal", "categoricalFocal", "klDivergence"];
const OPTIONS = ["huber", "poisson", "quantile"];

const make = ({ loss, options }: Case, fromLogits: boolean): Loss => {
  const makers = wasmgrad as unknown as Record<string, (options?: object) => Loss>;
  if (LOGITS.includes(loss)) return makers[loss]({ ...options, fromLogits });
  return OPTIONS.includes(loss) ? makers[loss](options) : makers[loss]();
};
const title = ({ loss, options }: Case) => `${loss} ${JSON.stringify(options)}`;

/** Rounding of a sum of some twenty terms, each of a few operations, relative to the largest. */
const TOLERANCE = 2e-6;
const near = (got: number, expected: number, scale: number) =>
  expect(Math.abs(got - expected), `${got} for ${expected}`).toBeLessThanOrEqual(TOLERANCE * scale);

/** An identity layer: its input is the prediction, and x^T dY over identity rows shows the gradient itself. */
function lossOf(c: Case, sampleWeight?: number[]) {
  const n = c.prediction[0].length;
  const trainer = compile(sequential({ input: [n] }, [dense(n, { bias: false, name: "id" })]), {
    loss: make(c, true),
    optimizer: sgd(),
  });
  const identity = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
  trainer.setParameters({ "id.weight": { data: identity, shape: [n, n] } });
  return trainer.gradients({ x: c.prediction, y: c.target as Targets, sampleWeight });
}

describe("losses recorded from PyTorch and exact formulas", () => {
  for (const c of cases) {
    if (c.loss === "crossEntropy" && c.prediction[0].length < 2) continue;
    it.each([
      ["", undefined, c.value, c.gradient],
      [", weighted", c.weights, c.weightedValue, c.weightedGradient],
    ] as const)(`${title(c)} of ${c.targetKind}: ${c.name}%s`, (_, weights, value, exact) => {
      const { loss, gradients } = lossOf(c, weights as number[] | undefined);
      near(loss, value, Math.max(1, Math.abs(value)));
      const n = c.prediction[0].length;
      const { data } = gradients["id.weight"];
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          let expected = 0;
          let scale = 1e-30;
          c.prediction.forEach((row, r) => {
            const term = row[i] * exact[r][j];
            expected += term;
            scale = Math.max(scale, Math.abs(term), Math.abs(row[i]) * 1e-1);
          });
          near(data[i * n + j], expected, scale);
        }
    });
  }

  for (const c of cases) {
    if (c.targetKind === "labels" || (c.loss === "crossEntropy" && c.prediction[0].length < 2)) continue;
    it(`valueAndGrad of ${title(c)} of ${c.targetKind}: ${c.name}`, () => {
      const loss = make(c, true);
      const f = valueAndGrad<[number[][], number[][]]>((p, t) => loss(p, t));
      const target = c.target as number[][];
      const { value, gradients } = f(c.prediction, target);
      near(value, c.value, Math.max(1, Math.abs(c.value)));
      const expected = c.gradient.flat();
      // The cosine of one number is +-1 whatever it is: what is left of its gradient are roundings in f64.
      const largest = Math.max(c.loss === "cosineSimilarity" ? 1e-9 : 1e-30, ...expected.map(Math.abs));
      gradients[0].data.forEach((g, i) => {
        near(g, expected[i], largest);
      });
    });
  }
});

describe("the final activation", () => {
  const ending = (activation: "linear" | "sigmoid" | "softmax", units = 3) =>
    sequential({ input: [2] }, [dense(units, { activation })]);
  const wrong: [string, () => unknown, string][] = [
    [
      "a sigmoid with fromLogits",
      () => compile(ending("sigmoid"), { loss: binaryCrossEntropy({ fromLogits: true }), optimizer: sgd() }),
      'binaryCrossEntropy: with fromLogits the model must end in logits; got output "output", which ends in sigmoid: drop the sigmoid or fromLogits',
    ],
    [
      "a softmax with fromLogits",
      () => compile(ending("softmax"), { loss: crossEntropy({ fromLogits: true }), optimizer: sgd() }),
      'crossEntropy: with fromLogits the model must end in logits; got output "output", which ends in softmax: drop the softmax or fromLogits',
    ],
    [
      "linear without fromLogits under binaryCrossEntropy",
      () => compile(ending("linear"), { loss: binaryCrossEntropy(), optimizer: sgd() }),
      'binaryCrossEntropy: the model must end in sigmoid; got output "output", which does not: set activation: "sigmoid" on the last layer, or binaryCrossEntropy({ fromLogits: true })',
    ],
    [
      "linear without fromLogits under crossEntropy",
      () => compile(ending("linear"), { loss: crossEntropy(), optimizer: sgd() }),
      'crossEntropy: the model must end in softmax; got output "output", which does not: set activation: "softmax" on the last layer, or crossEntropy({ fromLogits: true })',
    ],
    [
      "softmax under binaryCrossEntropy",
      () => compile(ending("softmax"), { loss: binaryCrossEntropy(), optimizer: sgd() }),
      'binaryCrossEntropy: the model must end in sigmoid; got output "output", which ends in softmax: set activation: "sigmoid" on the last layer, or binaryCrossEntropy({ fromLogits: true })',
    ],
    [
      "sigmoid under crossEntropy",
      () => compile(ending("sigmoid"), { loss: crossEntropy(), optimizer: sgd() }),
      'crossEntropy: the model must end in softmax; got output "output", which ends in sigmoid: set activation: "softmax" on the last layer, or crossEntropy({ fromLogits: true })',
    ],
    [
      "a softmax over one class",
      () => compile(ending("softmax", 1), { loss: crossEntropy(), optimizer: sgd() }),
      'crossEntropy: the model must give [rows, classes], or [rows, T, classes], with at least two classes; got output "output" [rows, 1]: use binaryCrossEntropy() with a sigmoid for yes-or-no outputs',
    ],
  ];
  for (const [name, act, message] of wrong)
    it(`${name} is refused, with what to change`, () => {
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain(message);
    });

  it("trains with the same bits fused as from logits", () => {
    const data = {
      x: [
        [0.5, -1],
        [2, 1],
        [0, 3],
      ],
      y: [0, 2, 1],
    };
    const options = { optimizer: sgd({ learningRate: 0.5 }) };
    const fused = compile(ending("softmax"), { loss: crossEntropy(), ...options });
    const logits = compile(ending("linear"), { loss: crossEntropy({ fromLogits: true }), ...options });
    fused.fitSync(data, { epochs: 20 });
    logits.fitSync(data, { epochs: 20 });
    expect(fused.digest()).toBe(logits.digest());
    expect(
      fused
        .predict([[0, 0]])
        .toArray()[0]
        .reduce((p: number, q: number) => p + q),
    ).toBeCloseTo(1, 6);
  });

  it("of huge logits gives finite losses, where probabilities have long saturated", () => {
    const trainer = compile(ending("sigmoid", 1), { loss: binaryCrossEntropy(), optimizer: sgd() });
    trainer.setParameters({ "dense1.weight": [[1000], [0]] });
    expect(
      trainer.evaluate({
        x: [
          [1, 0],
          [-1, 0],
        ],
        y: [0, 1],
      }).loss,
    ).toBe(1000);
    expect(
      trainer.predict([
        [1, 0],
        [-1, 0],
      ]).data,
    ).toEqual(Float32Array.of(1, 0));
  });
});

describe("options of huber", () => {
  for (const delta of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    it(`delta ${delta} is refused`, () => {
      expect(() => huber({ delta })).toThrow(
        `huber: delta must be a finite number > 0 in single precision; got ${delta}`,
      );
    });
});
