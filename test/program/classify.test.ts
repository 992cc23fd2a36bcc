/** `classify`: the most probable class, the top ones, and labels over a threshold. */
import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  load,
  OptionError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { thrownBy } from "../fixtures.ts";

/** A model whose outputs are the given probabilities for the input 0. */
const ending = (activation: "softmax" | "sigmoid", probabilities: readonly number[], labels?: string[]) => {
  const logit = (p: number) => (activation === "softmax" ? Math.log(p) : Math.log(p / (1 - p)));
  const data = Float32Array.from(probabilities, logit);
  const layer = dense(probabilities.length, { activation, biasInitializer: { kind: "values", data } });
  return compile(sequential({ input: [1] }, [layer]), { labels });
};
const softmax = ending("softmax", [0.2, 0.5, 0.3], ["ant", "bee", "cat"]);
const one = ending("sigmoid", [0.4], ["no", "yes"]);
const several = ending("sigmoid", [0.9, 0.2, 0.6], ["red", "green", "blue"]);

describe("top", () => {
  it("gives the most probable classes of each row, the first of equals first", () => {
    const [row, same] = softmax.classify([[0], [0]], { top: 2 });
    expect(row.map(({ label, index }) => [label, index])).toEqual([
      ["bee", 1],
      ["cat", 2],
    ]);
    expect(row[0].probability).toBeCloseTo(0.5, 6);
    expect(same).toEqual(row);
    const tied = ending("softmax", [0.25, 0.5, 0.25]).classify([[0]], { top: 3 });
    expect(tied[0].map(({ index }) => index)).toEqual([1, 0, 2]);
  });

  it("begins with what classify gives without it, and has at most all classes", () => {
    expect(softmax.classify([[0]], { top: 1 })[0]).toEqual(softmax.classify([[0]]));
    expect(softmax.classify([[0]], { top: 99 })[0]).toHaveLength(3);
    expect(one.classify([[0]], { top: 2 })[0].map(({ label }) => label)).toEqual(["no", "yes"]);
    expect(several.classify([[0]], { top: 2 })[0].map(({ label }) => label)).toEqual(["red", "blue"]);
  });

  it("leaves out what is less probable than the threshold", () => {
    expect(softmax.classify([[0]], { top: 3, threshold: 0.25 })[0].map(({ label }) => label)).toEqual([
      "bee",
      "cat",
    ]);
    expect(softmax.classify([[0]], { top: 3, threshold: 0.9 })).toEqual([[]]);
  });

  it("is of a precise type", () => {
    const label: string = softmax.classify([[0]], { top: 2 })[0][0].label;
    const index: number = softmax.classify([[0]])[0].index;
    expect([label, index]).toEqual(["bee", 1]);
    // @ts-expect-error without top a row has one class
    expect(softmax.classify([[0]])[0][0]).toBeUndefined();
  });
});

describe("threshold", () => {
  it("says from where on one sigmoid is a yes", () => {
    expect(one.classify([[0]])[0]).toMatchObject({
      label: "no",
      index: 0,
      probability: 1 - Math.fround(0.4),
    });
    expect(one.classify([[0]], { threshold: 0.3 })[0]).toMatchObject({ label: "yes", index: 1 });
    expect(one.classify([[0]], { threshold: [0.5] })[0].label).toBe("no");
  });

  it("marks the labels of several sigmoids that reach it", () => {
    const over = (threshold?: number | number[]) =>
      several
        .classify([[0]], threshold === undefined ? {} : { threshold })[0]
        .labels?.map(({ isOver }) => isOver);
    expect(over()).toEqual([true, false, true]);
    expect(over(0.7)).toEqual([true, false, false]);
    expect(over([0.95, 0.1, 0.5])).toEqual([false, true, true]);
    const [{ label, labels }] = several.classify([[0]]);
    expect(label).toBe("red");
    expect(labels?.map(({ label: name, index }) => [name, index])).toEqual([
      ["red", 0],
      ["green", 1],
      ["blue", 2],
    ]);
    expect(labels?.[2].probability).toBeCloseTo(0.6, 6);
  });

  it("is refused where it means nothing", () => {
    const refusals: readonly (readonly [() => unknown, string])[] = [
      [
        () => softmax.classify([[0]], { threshold: 0.5 }),
        "classify: threshold of a softmax leaves classes out of the top ones, as in { top: 3, threshold: 0.1 }; got no top",
      ],
      [
        () => several.classify([[0]], { threshold: [0.5] }),
        "classify: threshold must be one number, or one for each of 3 outputs; got 1",
      ],
      [
        () => one.classify([[0]], { threshold: 1.5 }),
        "classify: threshold must be in [0, 1], or an array of such; got 1.5",
      ],
      [() => one.classify([[0]], { top: 0 }), "classify: top must be a whole number >= 1; got 0"],
      [
        () => one.classify([[0]], { topK: 2 } as never),
        'classify: unknown option "topK"; did you mean top? Options: top, threshold, state, weights',
      ],
    ];
    for (const [act, message] of refusals) {
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toBe(message);
    }
  });
});

describe("models that end in logits", () => {
  it("are known by their loss: labels for binaryCrossEntropy, classes for crossEntropy, also after loading", () => {
    const net = sequential({ input: [1], seed: 1 }, [dense(3)]);
    const labelled = compile(net, { loss: binaryCrossEntropy({ fromLogits: true }), optimizer: sgd() });
    const classes = compile(net, { loss: crossEntropy({ fromLogits: true }), optimizer: sgd() });
    for (const predictor of [labelled, load(labelled.save()), labelled.snapshot()]) {
      const [{ labels }] = predictor.classify([[0.5]] as never);
      expect(labels).toHaveLength(3);
    }
    for (const predictor of [classes, load(classes.save()), classes.snapshot()])
      expect(predictor.classify([[0.5]] as never)[0].labels).toBeUndefined();
  });
});
