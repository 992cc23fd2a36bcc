/** Losses of the link `extended` in trainers: targets, accuracy, metrics, files, and what they refuse. */
import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  categoricalFocal,
  categoricalHinge,
  compile,
  cosineSimilarity,
  crossEntropy,
  dense,
  focal,
  hinge,
  klDivergence,
  type Loss,
  load,
  loadTrainer,
  logCosh,
  poisson,
  quantile,
  sequential,
  sgd,
  squaredHinge,
} from "../../src/index.ts";

const x = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

interface Case {
  readonly loss: Loss;
  readonly activation?: "sigmoid" | "softmax";
  readonly units?: number;
  readonly y: readonly number[] | readonly number[][];
}
const classes = { units: 3, y: [0, 1, 2, 1] };
const LOSSES: Readonly<Record<string, Case>> = {
  hinge: { loss: hinge(), y: [-1, 1, 1, 1] },
  squaredHinge: { loss: squaredHinge(), y: [-1, 1, 1, 1] },
  categoricalHinge: { loss: categoricalHinge(), ...classes },
  klDivergence: { loss: klDivergence(), activation: "softmax", ...classes },
  klOfLogits: { loss: klDivergence({ fromLogits: true }), ...classes },
  poisson: { loss: poisson(), y: [1, 3, 2, 6] },
  rates: { loss: poisson({ logInput: false }), y: [1, 3, 2, 6] },
  cosineSimilarity: {
    loss: cosineSimilarity(),
    units: 2,
    y: [
      [1, 0],
      [0, 1],
      [1, 1],
      [2, 1],
    ],
  },
  logCosh: { loss: logCosh(), y: [1, 3, 2, 6] },
  focal: { loss: focal({ gamma: 1.5, alpha: 0.25 }), activation: "sigmoid", y: [0, 1, 1, 0] },
  focalOfLogits: { loss: focal({ fromLogits: true }), y: [0, 1, 1, 0] },
  categoricalFocal: { loss: categoricalFocal({ gamma: 1 }), activation: "softmax", ...classes },
  quantile: { loss: quantile({ q: 0.9 }), y: [1, 3, 2, 6] },
  smoothed: { loss: crossEntropy({ labelSmoothing: 0.1 }), activation: "softmax", ...classes },
  smoothedBinary: {
    loss: binaryCrossEntropy({ labelSmoothing: 0.1 }),
    activation: "sigmoid",
    y: [0, 1, 1, 0],
  },
};
const USES = [
  hinge,
  squaredHinge,
  categoricalHinge,
  klDivergence,
  poisson,
  cosineSimilarity,
  logCosh,
  focal,
  categoricalFocal,
  quantile,
];

const trainerOf = ({ loss, activation = undefined, units = 1 }: Case) =>
  compile(
    sequential({ input: [2], seed: 3 }, [
      dense(units, { activation: activation ?? "linear", biasInitializer: "ones" }),
    ]),
    { loss, optimizer: adam({ learningRate: 0.02 }) },
  );

describe.each(Object.entries(LOSSES))("%s", (_, given) => {
  const data = { x, y: given.y as number[] };

  it("goes down", () => {
    const trainer = trainerOf(given);
    const before = trainer.evaluate(data).loss;
    trainer.fitSync(data, { epochs: 100 });
    expect(trainer.evaluate(data).loss).toBeLessThan(before);
  });

  it("goes on to the bit from a file", () => {
    const trainer = trainerOf(given);
    trainer.fitSync(data, { epochs: 3 });
    const again = loadTrainer(trainer.save({ training: true }), { uses: USES });
    expect(Object(again.manifest().options).loss).toEqual(Object(trainer.manifest().options).loss);
    trainer.fitSync(data, { epochs: 3 });
    again.fitSync(data as never, { epochs: 3 });
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
    expect(load(trainer.save()).predict(x as never).data).toEqual(trainer.predict(x).data);
  });

  it("takes weights of rows: those of 0 teach nothing", () => {
    const some = trainerOf(given);
    const all = trainerOf(given);
    const weighted = all.gradients({ ...data, sampleWeight: [1, 1, 0, 0] });
    const { loss, gradients } = some.gradients({ x: x.slice(0, 2), y: data.y.slice(0, 2) });
    expect(weighted.loss).toBeCloseTo(loss / 2, 5);
    gradients["dense1.weight"].data.forEach((g, i) => {
      expect(weighted.gradients["dense1.weight"].data[i]).toBeCloseTo(g / 2, 5);
    });
  });
});

describe("a file whose loss the page does not have", () => {
  const file = () => trainerOf(LOSSES.focal).save({ training: true });
  it("says what to import", () => {
    expect(() => loadTrainer(file())).toThrow(
      'loadTrainer: a file with the loss focal needs it in uses, or a loss in the options: uses: [focal]; got none: import { focal } from "wasmgrad"',
    );
  });
  it("takes another loss", () => {
    expect(loadTrainer(file(), { loss: binaryCrossEntropy() }).digest()).toBe(
      trainerOf(LOSSES.focal).digest(),
    );
  });
});

describe("what rows are called", () => {
  it("hinge counts scores from 0 on as yes, in accuracy and in metrics", () => {
    const model = sequential({ input: [2] }, [dense(1)]);
    const trainer = compile(model, { loss: hinge(), optimizer: sgd(), metrics: ["f1", "balancedAccuracy"] });
    trainer.setParameters({ "dense1.weight": [[1], [-1]] });
    // Scores 0, -1, 1, 0.
    const { accuracy, f1, balancedAccuracy } = trainer.evaluate({ x, y: [-1, -1, 1, 1] });
    expect(accuracy).toBe(0.75);
    expect(balancedAccuracy).toBe(0.75);
    expect(f1).toBeCloseTo(4 / 5, 12);
  });

  it("hinge takes two names", () => {
    const model = sequential({ input: [2] }, [dense(1)]);
    const trainer = compile(model, { loss: hinge(), optimizer: sgd(), labels: ["no", "yes"] });
    const named = trainer.gradients({ x, y: ["no", "yes", "yes", "no"] });
    expect(named).toEqual(trainer.gradients({ x, y: [-1, 1, 1, -1] }));
    const weighed = trainer.evaluate({ x, y: ["no", "yes", "yes", "no"] }, { classWeight: { no: 0 } });
    expect(weighed.loss).toBe(trainer.evaluate({ x, y: [-1, 1, 1, -1], sampleWeight: [0, 1, 1, 0] }).loss);
  });

  it("categoricalHinge takes the largest score", () => {
    const trainer = trainerOf(LOSSES.categoricalHinge);
    trainer.setParameters({ "dense1.weight": [5, 0, 0, 0, 5, 0] });
    trainer.setParameters({ "dense1.bias": [0, 0, 1] });
    expect(trainer.evaluate({ x, y: [2, 1, 0, 2] }).accuracy).toBe(0.75);
  });

  it("classify gives probabilities of losses that take logits", () => {
    const trainer = trainerOf(LOSSES.focalOfLogits);
    expect(trainer.classify([[0, 0]])[0].probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
    expect(trainerOf(LOSSES.klOfLogits).classify([[0, 0]])[0].probability).toBeCloseTo(1 / 3, 6);
  });
});

describe("label smoothing", () => {
  it("has the bits of targets that are smoothed before, but for rounding", () => {
    const smooth = trainerOf(LOSSES.smoothed).gradients({ x, y: [0, 1, 2, 1] });
    const rows = [0, 1, 2, 1].map((label) => [0, 1, 2].map((j) => (j === label ? 0.9 : 0) + 0.1 / 3));
    const plain = trainerOf({ ...LOSSES.smoothed, loss: crossEntropy() }).gradients({ x, y: rows });
    expect(smooth.loss).toBeCloseTo(plain.loss, 6);
    plain.gradients["dense1.weight"].data.forEach((g, i) => {
      expect(smooth.gradients["dense1.weight"].data[i]).toBeCloseTo(g, 6);
    });
  });
});

describe("what is refused", () => {
  it.each([
    [
      "a sigmoid before hinge",
      () => trainerOf({ ...LOSSES.hinge, activation: "sigmoid" }),
      'hinge: the model must end in scores of any size; got output "output", which ends in sigmoid: drop the sigmoid',
    ],
    [
      "no softmax before klDivergence",
      () => trainerOf({ ...LOSSES.klDivergence, activation: undefined }),
      'klDivergence: the model must end in softmax; got output "output", which does not: set activation: "softmax" on the last layer, or klDivergence({ fromLogits: true })',
    ],
    [
      "no sigmoid before focal",
      () => trainerOf({ ...LOSSES.focal, activation: undefined }),
      "focal: the model must end in sigmoid",
    ],
    [
      "one score for categoricalHinge",
      () => trainerOf({ loss: categoricalHinge(), y: [0] }),
      "use hinge() for yes-or-no outputs",
    ],
    [
      "targets of 0 for hinge",
      () => trainerOf(LOSSES.hinge).evaluate({ x, y: [0, 1, 1, 1] }),
      "evaluate: y: targets of hinge must be -1 or 1; got 0 at row 0, column 0 (write -1 for no, 1 for yes)",
    ],
    [
      "a metric of probabilities",
      () =>
        compile(sequential({ input: [2] }, [dense(1)]), {
          loss: hinge(),
          optimizer: sgd(),
          metrics: ["mae"],
        }),
      "compile: metrics: mae measures numbers, which hinge does not have",
    ],
    ["gamma", () => focal({ gamma: -1 }), "focal: gamma must be a finite number >= 0"],
    ["alpha", () => focal({ alpha: 2 }), "focal: alpha must be a number in [0, 1]; got 2"],
    ["q", () => quantile({ q: 1 }), "quantile: q must be a number in (0, 1); got 1"],
    ["labelSmoothing", () => crossEntropy({ labelSmoothing: 1 }), "crossEntropy: labelSmoothing must be"],
    ["a positional option", () => (quantile as (q: unknown) => Loss)(0.5), "quantile: options must be"],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
