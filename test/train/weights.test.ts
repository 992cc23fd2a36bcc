/** Weights of rows and of classes, in every call that takes data. */
import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  flatten,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
  model,
  sequential,
  sgd,
} from "../../src/index.ts";

const random = (() => {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
})();
const ROWS = 23;
const x = Array.from({ length: ROWS }, () => [random() * 2 - 1, random() * 2 - 1]);
const sampleWeight = x.map((_, i) => (i % 5 === 4 ? 0 : Math.fround(random() * 3)));
const classes = x.map(([a, b]) => (a + b > 0.4 ? 2 : a > b ? 1 : 0));
const bits = x.map(([a]) => (a > 0 ? 1 : 0));
const numbers = x.map(([a, b]) => [a * b, a - b]);

interface Setting {
  readonly units: number;
  readonly activation?: "softmax" | "sigmoid";
  readonly loss: () => Loss;
  readonly y: number[] | number[][];
}
const SETTINGS: Readonly<Record<string, Setting>> = {
  crossEntropy: { units: 3, activation: "softmax", loss: crossEntropy, y: classes },
  binaryCrossEntropy: { units: 1, activation: "sigmoid", loss: binaryCrossEntropy, y: bits },
  meanSquaredError: { units: 2, loss: meanSquaredError, y: numbers },
  meanAbsoluteError: { units: 2, loss: meanAbsoluteError, y: numbers },
  huber: { units: 2, loss: () => huber({ delta: 0.5 }), y: numbers },
};
const NAMES = Object.keys(SETTINGS);
type Options = Partial<Parameters<typeof compile>[1]> & { windowRows?: number; accumulate?: number };
const make = (name: string, options: Options = {}) => {
  const { units, activation = "linear", loss } = SETTINGS[name];
  const net = sequential({ input: [2], seed: 3 }, [
    dense(5, { activation: "tanh" }),
    dense(units, { activation }),
  ]);
  return compile(net, { loss: loss(), optimizer: adam({ learningRate: 0.01 }), batchSize: 8, ...options });
};
const dataOf = (name: string) => ({ x, y: SETTINGS[name].y });

describe.each(NAMES)("sample weights with %s", (name) => {
  const data = dataOf(name);

  it("of 1 change no bit, and weights that are undefined count as not given", () => {
    const digests = [
      { ...data },
      { ...data, sampleWeight: x.map(() => 1) },
      { ...data, sampleWeight: undefined },
    ].map((given) => {
      const trainer = make(name);
      const { loss } = trainer.fitSync(given, { epochs: 3 });
      return [loss, trainer.digest()];
    });
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });

  it("make the loss sum(w_i l_i) / rows, whatever the batches", () => {
    const trainer = make(name);
    const alone = x.map(
      (row, i) => trainer.evaluate({ x: [row], y: [SETTINGS[name].y[i]] as number[] }).loss,
    );
    const expected = alone.reduce((sum, loss, i) => sum + sampleWeight[i] * loss, 0) / ROWS;
    const { loss } = trainer.evaluate({ ...data, sampleWeight });
    expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-6);
    const plain = trainer.evaluate(data).loss;
    expect(plain).not.toBe(loss);
  });

  it("scale the gradient of a row, whatever its company", () => {
    const trainer = make(name);
    const pick = { x: x.slice(0, 4), y: SETTINGS[name].y.slice(0, 4) as number[] };
    const each = pick.x.map((row, i) => trainer.gradients({ x: [row], y: [pick.y[i]] }).gradients);
    const weights = [2, 0, 0.5, 1];
    const { gradients } = trainer.gradients({ ...pick, sampleWeight: weights });
    for (const [parameter, { data: got }] of Object.entries(gradients))
      got.forEach((value, j) => {
        const expected = each.reduce((sum, g, i) => sum + (weights[i] * g[parameter].data[j]) / 4, 0);
        expect(Math.abs(value - expected)).toBeLessThan(1e-6);
      });
  });

  it("train with the bits of one call in every way that rows can come", async () => {
    const reference = make(name);
    reference.fitSync({ ...data, sampleWeight }, { epochs: 4 });
    const digest = reference.digest();
    const unweighted = make(name);
    unweighted.fitSync(data, { epochs: 4 });
    expect(unweighted.digest()).not.toBe(digest);

    const streamed = make(name, { windowRows: 8 });
    streamed.fitSync({ ...data, sampleWeight: Float64Array.from(sampleWeight) }, { epochs: 4 });
    expect(streamed.digest()).toBe(digest);

    const bound = make(name);
    const handle = bound.bind({ ...data, sampleWeight: Float32Array.from(sampleWeight) });
    for (let epoch = 0; epoch < 4; epoch++) await bound.fit(handle, { epochs: 1 });
    expect(bound.digest()).toBe(digest);

    // Weights of one call do not stay for the next.
    const after = make(name);
    after.fitSync(data, { epochs: 2 });
    after.evaluate({ ...data, sampleWeight });
    after.fitSync(data, { epochs: 2 });
    expect(after.digest()).toBe(unweighted.digest());
  });

  it("accumulate as one large batch does", () => {
    const [whole, parts] = [make(name, { batchSize: 32 }), make(name, { accumulate: 4 })];
    for (const trainer of [whole, parts])
      trainer.fitSync({ ...data, sampleWeight }, { epochs: 3, shuffle: false });
    const [a, b] = [whole, parts].map((trainer) => trainer.parameters["dense2.weight"].data);
    a.forEach((value, i) => {
      expect(Math.abs(value - b[i])).toBeLessThan(1e-5);
    });
  });

  it("weigh in step, and not in stepBuffers, which has none", () => {
    const pick = { x: x.slice(0, 4), y: SETTINGS[name].y.slice(0, 4) as number[] };
    const [stepped, plain, buffers] = [make(name), make(name), make(name)];
    const weighted = stepped.step({ ...pick, sampleWeight: [3, 0, 0, 0] });
    const { loss } = plain.step(pick);
    expect(weighted.loss).not.toBe(loss);
    buffers.evaluate({ ...pick, sampleWeight: [3, 0, 0, 0] });
    buffers.gradients({ ...pick, sampleWeight: [3, 0, 0, 0] });
    const { step } = buffers.buffers;
    (step.x as Float32Array).set(pick.x.flat());
    (step.y as Float32Array).set(pick.y.flat());
    buffers.stepBuffers(4);
    expect(buffers.digest()).toBe(plain.digest());
  });
});

describe("class weights", () => {
  const weigh = (labels: readonly number[], weights: readonly number[]) =>
    labels.map((label) => weights[label]);
  const balanced = (labels: readonly number[]) => {
    const present = new Set(labels);
    return [0, 1, 2].map(
      (c) => labels.length / (present.size * labels.filter((label) => label === c).length),
    );
  };
  const digestOf = (name: string, given: object, options: object, more: Options = {}) => {
    const trainer = make(name, more);
    const { loss } = trainer.fitSync({ ...dataOf(name), ...given } as never, { epochs: 3, ...options });
    return [loss, trainer.digest(), trainer.evaluate({ ...dataOf(name), ...given } as never).loss];
  };

  it("are weights of rows, for labels, one-hot rows and yes-or-no targets", () => {
    const oneHot = classes.map((label) => [0, 1, 2].map((c) => (c === label ? 1 : 0)));
    const byRow = digestOf("crossEntropy", { sampleWeight: weigh(classes, [1, 5, 0.5]) }, {});
    const byClass = digestOf("crossEntropy", {}, { classWeight: { 1: 5, 2: 0.5 } });
    expect(byClass.slice(0, 2)).toEqual(byRow.slice(0, 2));
    expect(digestOf("crossEntropy", { y: oneHot }, { classWeight: { 1: 5, 2: 0.5 } })).toEqual(byClass);
    const yes = digestOf("binaryCrossEntropy", { sampleWeight: weigh(bits, [1, 7]) }, {});
    expect(digestOf("binaryCrossEntropy", {}, { classWeight: { 1: 7 } }).slice(0, 2)).toEqual(
      yes.slice(0, 2),
    );
  });

  it("multiply the weights of rows", () => {
    const product = sampleWeight.map((w, i) => w * [1, 5, 0.5][classes[i]]);
    const both = digestOf("crossEntropy", { sampleWeight }, { classWeight: { 1: 5, 2: 0.5 } });
    expect(both.slice(0, 2)).toEqual(digestOf("crossEntropy", { sampleWeight: product }, {}).slice(0, 2));
  });

  it('of "balanced" are rows / (classes * rows of the class), over the rows given', () => {
    const expected = digestOf("crossEntropy", { sampleWeight: weigh(classes, balanced(classes)) }, {});
    expect(digestOf("crossEntropy", {}, { classWeight: "balanced" }).slice(0, 2)).toEqual(
      expected.slice(0, 2),
    );
    const trainer = make("crossEntropy");
    const some = { x: [x[0], x[1], x[2]], y: [0, 0, 2] };
    const { loss } = trainer.evaluate(some, { classWeight: "balanced" });
    // Classes that do not occur are none: 3 / (2 * 2) and 3 / (2 * 1).
    expect(loss).toBe(trainer.evaluate({ ...some, sampleWeight: [0.75, 0.75, 1.5] }).loss);
  });

  it("go by name where there are labels, of any name", () => {
    const labels = ["ant", "__proto__", "constructor"];
    const y = classes.map((label) => labels[label]);
    const byName = Object.assign(Object.create(null), { ant: 2 });
    Object.defineProperty(byName, "__proto__", { value: 3, enumerable: true });
    const named = digestOf("crossEntropy", { y }, { classWeight: byName }, { labels });
    const byRow = digestOf("crossEntropy", { sampleWeight: weigh(classes, [2, 3, 1]) }, {});
    expect(named.slice(0, 2)).toEqual(byRow.slice(0, 2));
    expect(() => digestOf("crossEntropy", {}, { classWeight: { 0: 2 } }, { labels })).toThrow(
      'fitSync: classWeight: unknown label "0"; labels: ant, __proto__, constructor',
    );
    expect(() =>
      digestOf("crossEntropy", {}, { classWeight: new Map([["ant", 2]]) as never }, { labels }),
    ).toThrow('fitSync: classWeight: must be "balanced" or weights by label, such as { yes: 10 }; got ');
  });

  it("are the same in evaluate, evaluateAsync, step, bind and bindAsync", async () => {
    const classWeight = { 1: 5, 2: 0.5 };
    const weighted = { ...dataOf("crossEntropy"), sampleWeight: weigh(classes, [1, 5, 0.5]) };
    const trainer = make("crossEntropy", { batchSize: 32 });
    const data = dataOf("crossEntropy");
    const expected = trainer.evaluate(weighted);
    expect(trainer.evaluate(data, { classWeight })).toEqual(expected);
    expect(await trainer.evaluateAsync(data, { classWeight })).toEqual(expected);
    expect(trainer.evaluate(trainer.bind(data, { classWeight }))).toEqual(expected);
    expect(trainer.evaluate(await trainer.bindAsync(data, { classWeight }))).toEqual(expected);
    expect(trainer.evaluate(trainer.bind(data), { classWeight })).toEqual(expected);
    expect(make("crossEntropy", { batchSize: 32 }).step(data, { classWeight }).loss).toBe(
      make("crossEntropy", { batchSize: 32 }).step(weighted).loss,
    );
  });

  it("leave accuracy alone", () => {
    const trainer = make("crossEntropy");
    const data = dataOf("crossEntropy");
    const { accuracy } = trainer.evaluate(data);
    expect(trainer.evaluate({ ...data, sampleWeight }, { classWeight: "balanced" }).accuracy).toBe(accuracy);
  });

  it("of bound data may change from fit to fit", async () => {
    const trainer = make("crossEntropy");
    const bound = trainer.bind(dataOf("crossEntropy"));
    for (let i = 0; i < 3; i++) await trainer.fit(bound, { epochs: 1, classWeight: { 1: 5 } });
    await trainer.fit(bound, { epochs: 1, classWeight: { 1: 2 } });
    const other = make("crossEntropy");
    other.fitSync(dataOf("crossEntropy"), { epochs: 3, classWeight: { 1: 5 } });
    other.fitSync(dataOf("crossEntropy"), { epochs: 1, classWeight: { 1: 2 } });
    expect(trainer.digest()).toBe(other.digest());
  });

  it('of "balanced" count the training rows alone; validation rows weigh the same', async () => {
    const { y } = dataOf("crossEntropy") as { y: number[] };
    const [train, kept] = [y.slice(0, 16), y.slice(16)];
    const weights = balanced(train).map((w) => (Number.isFinite(w) ? w : 1));
    const weighted = (rows: number[]) => weigh(rows, weights);
    const validation = { x: x.slice(16), y: kept, sampleWeight: weighted(kept) };
    const byHand = make("crossEntropy");
    const expected = byHand.fitSync(
      { x: x.slice(0, 16), y: train, sampleWeight: weighted(train) },
      { epochs: 3, validation },
    );
    const last = { last: 7 / 23 };
    for (const given of [last, { x: x.slice(16), y: kept }]) {
      const trainer = make("crossEntropy");
      const data = given === last ? { x, y } : { x: x.slice(0, 16), y: train };
      const found = await trainer.fit(data, { epochs: 3, validation: given, classWeight: "balanced" });
      expect(found.history).toEqual(expected.history);
      expect(trainer.digest()).toBe(byHand.digest());
    }
  });

  it("that overflow with the weights of rows are refused", () => {
    const given = { ...dataOf("binaryCrossEntropy"), sampleWeight: x.map(() => 1e30) };
    expect(() =>
      make("binaryCrossEntropy").fitSync(given as never, { classWeight: { 0: 1e30, 1: 1e30 } }),
    ).toThrow(/weights of rows and classes multiplied must be finite in single precision; got \S+ at row 0/);
  });

  it("of 0 for all rows are refused, before anything changes", () => {
    const trainer = make("binaryCrossEntropy");
    const before = trainer.digest();
    expect(() => trainer.fitSync(dataOf("binaryCrossEntropy"), { classWeight: { 0: 0, 1: 0 } })).toThrow(
      "fitSync: classWeight: one weight at least must be above 0; got 23 times 0",
    );
    expect(trainer.digest()).toBe(before);
  });
});

describe("weights of 0", () => {
  it.each([
    ["training", 10, 23],
    ["validation", 0, 10],
  ] as const)("in all %s rows are refused, before anything changes", (part, from, to) => {
    const trainer = make("binaryCrossEntropy");
    const before = trainer.digest();
    const sampleWeight = Array.from({ length: 23 }, (_, i) => (i >= from && i < to ? 1 : 0));
    const data = { ...dataOf("binaryCrossEntropy"), sampleWeight };
    const share = 13 / 23;
    expect(() => trainer.fitSync(data, { validation: { last: share } })).toThrow(
      `fitSync: validation: one ${part} row at least must have a weight above 0; got ${part === "training" ? 10 : 13} of weight 0`,
    );
    expect(trainer.digest()).toBe(before);
  });
});

describe("weights of several outputs and axes", () => {
  it("are one for a row of data: shared by all losses", () => {
    const net = model({ inputs: { x: [2] }, seed: 1 }, ({ x: input }) => ({
      size: dense(2)(input),
      kind: dense(3, { activation: "softmax" })(input),
    }));
    const trainer = compile(net, {
      loss: { size: meanSquaredError(), kind: crossEntropy() },
      optimizer: sgd(),
      batchSize: 8,
    });
    const row = (i: number) => ({ x: { x: [x[i]] }, y: { size: [numbers[i]], kind: [classes[i]] } });
    const all = { x: { x }, y: { size: numbers, kind: classes } };
    const expected = x.reduce(
      (sum, _, i) => sum + (sampleWeight[i] * trainer.evaluate(row(i)).loss) / ROWS,
      0,
    );
    expect(trainer.evaluate({ ...all, sampleWeight }).loss / expected).toBeCloseTo(1, 6);
    expect(() => trainer.evaluate(all, { classWeight: "balanced" })).toThrow(
      "got 2 losses: give sampleWeight",
    );
  });

  it("count for every element of a row of data, whatever its shape", () => {
    const net = sequential({ input: [3, 4], seed: 1 }, [dense(4)]);
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd(), batchSize: 4 });
    const deep = Array.from({ length: 9 }, () => Array.from({ length: 3 }, () => [1, 2, 3, 4].map(random)));
    const weights = deep.map((_, i) => i);
    const flat = sequential({ input: [3, 4], seed: 1 }, [dense(4), flatten()]);
    const same = compile(flat, { loss: meanSquaredError(), optimizer: sgd(), batchSize: 4 });
    const alone = deep.map((row) => trainer.evaluate({ x: [row], y: [row] }).loss);
    const expected = alone.reduce((sum, loss, i) => sum + (weights[i] * loss) / 9, 0);
    const { loss } = trainer.evaluate({ x: deep, y: deep, sampleWeight: weights });
    expect(loss / expected).toBeCloseTo(1, 6);
    const y = deep.map((row) => row.flat());
    expect(same.evaluate({ x: deep, y, sampleWeight: weights }).loss).toBe(loss);
  });
});
