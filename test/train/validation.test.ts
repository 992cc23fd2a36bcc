/** Which rows are held back, that they never train, and what is said of them. */
import { describe, expect, it, vi } from "vitest";
import {
  binaryCrossEntropy,
  compile,
  crossEntropy,
  DataError,
  dense,
  type FitOptions,
  meanAbsoluteError,
  OptionError,
  ShapeError,
  sequential,
  sgd,
  type ValidationRows,
} from "../../src/index.ts";
import type { TrainPlan } from "../../src/plan/planned.ts";
import { atOnce, finish } from "../../src/steps.ts";
import { type DataRules, readData } from "../../src/train/training-data.ts";
import { splitData } from "../../src/train/validation.ts";
import {
  classes,
  classifier,
  noise,
  slowClock,
  stateDigest,
  thrownBy,
  xor,
  xorTrainer,
} from "../fixtures.ts";

/** A model that predicts 0 and learns nothing to speak of: its losses are the means of the targets. */
const meter = (shuffleSeed = 0) =>
  compile(sequential({ input: [1] }, [dense(1, { weightInitializer: "zeros" })]), {
    loss: meanAbsoluteError(),
    optimizer: sgd({ learningRate: 1e-37 }),
    shuffleSeed,
  });

/** Rows whose targets are the powers of 2: a sum of some says which they are. */
const powers = (rows: number) => ({
  x: Array.from({ length: rows }, () => [0]),
  y: Array.from({ length: rows }, (_, i) => 2 ** i),
});

const rowsOf = (sum: number) => [...sum.toString(2)].reverse().flatMap((bit, i) => (bit === "1" ? [i] : []));

/** The rows that `fit` measured, by the mean of their targets; each possible count is tried. */
function decode(mean: number, count: number): number[] {
  const rows = rowsOf(Math.round(mean * count));
  expect(rows).toHaveLength(count);
  return rows;
}

function heldBack(
  validation: FitOptions["validation"],
  rows: number,
  count: number,
  trainer = meter(),
): { training: number[]; validation: number[] } {
  const { loss, validation: measured } = trainer.fitSync(powers(rows), { validation });
  return { training: decode(loss, rows - count), validation: decode(measured!.loss, count) };
}

describe("validation rows", () => {
  it("are a share of the rows, and the others train", () => {
    const { training, validation } = heldBack(0.25, 20, 5);
    expect([...training, ...validation].sort((p, q) => p - q)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    // Drawn: neither the first nor the last ones.
    expect(validation).not.toEqual([0, 1, 2, 3, 4]);
    expect(validation).not.toEqual([15, 16, 17, 18, 19]);
  });

  it("are the same in every later fit on the same data, and in any trainer of that shuffle seed", () => {
    const trainer = meter(3);
    const { validation } = heldBack(0.25, 20, 5, trainer);
    for (let i = 0; i < 3; i++) expect(heldBack(0.25, 20, 5, trainer).validation).toEqual(validation);
    expect(heldBack(0.25, 20, 5, meter(3)).validation).toEqual(validation);
    const bound = trainer.bind(powers(20));
    for (let i = 0; i < 2; i++)
      expect(decode(trainer.fitSync(bound, { validation: 0.25 }).validation!.loss, 5)).toEqual(validation);
  });

  it("differ from seed to seed, whether it is the shuffle seed or their own", () => {
    const drawn = Array.from({ length: 12 }, (_, seed) => `${heldBack(0.25, 20, 5, meter(seed)).validation}`);
    expect(new Set(drawn).size).toBeGreaterThan(9);
    const own = drawn.map((_, seed) => `${heldBack({ share: 0.25, seed }, 20, 5, meter(99)).validation}`);
    expect(own).toEqual(drawn);
  });

  it("hold each row equally often", () => {
    const counts = Array<number>(20).fill(0);
    for (let seed = 0; seed < 200; seed++)
      for (const row of heldBack(0.25, 20, 5, meter(seed)).validation) counts[row]++;
    // 200 seeds, probability 1/4: 50, with a standard deviation of 6.1.
    expect(Math.min(...counts)).toBeGreaterThan(50 - 4 * 6.1);
    expect(Math.max(...counts)).toBeLessThan(50 + 4 * 6.1);
  });

  it("do not follow the order in which an epoch visits the rows", () => {
    // With the stream of the shuffle, they would be the first or last rows of some early epoch.
    const { validation } = heldBack(0.25, 20, 5, meter(3));
    const trainer = compile(
      sequential({ input: [1] }, [dense(1, { weightInitializer: "zeros", name: "d" })]),
      { loss: meanAbsoluteError(), optimizer: sgd({ learningRate: 1e-37 }), batchSize: 1, shuffleSeed: 3 },
    );
    // The loss of one step is the target of its row, but for that of an epoch's last step.
    const orders = Array.from({ length: 4 }, () =>
      Array.from({ length: 20 }, () => trainer.fitSync(powers(20), { steps: 1 }))
        .filter(({ epochs }) => epochs === 0)
        .map(({ loss }) => Math.log2(loss)),
    );
    for (const order of orders) {
      expect(new Set(order).size).toBe(19);
      expect(order.slice(0, 5).sort((p, q) => p - q)).not.toEqual(validation);
      expect(order.slice(14).every((row) => validation.includes(row))).toBe(false);
    }
  });

  it("are the last ones, in their order, where that is asked for", () => {
    expect(heldBack({ last: 0.2 }, 20, 4).validation).toEqual([16, 17, 18, 19]);
    expect(heldBack({ last: 0.2 }, 20, 4).training).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  it("are data of their own", () => {
    const trainer = meter();
    const own = { x: [[0], [0]], y: [4, 16] };
    const { loss, validation } = trainer.fitSync(powers(8), { validation: own });
    expect(validation!.loss).toBe(10);
    expect(decode(loss, 8)).toHaveLength(8);
    expect(trainer.fitSync(powers(8), { validation: trainer.bind(own) }).validation!.loss).toBe(10);
  });

  it("are whole groups", () => {
    const groups = Array.from({ length: 20 }, (_, i) => `person ${i % 7}`);
    const sizes = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const { validation } = partsOf({ groups, share: 0.3, seed }, 20);
      const held = new Set(validation.map((row) => groups[row]));
      for (const row of validation) expect(held).toContain(groups[row]);
      for (let row = 0; row < 20; row++) expect(validation.includes(row)).toBe(held.has(groups[row]));
      sizes.add(validation.length);
    }
    // 30 % of 20 rows in groups of 2 and 3: as near to 6 as the drawn groups come.
    for (const size of sizes) expect(Math.abs(size - 6)).toBeLessThanOrEqual(1);
    expect(
      partsOf({ groups: Int32Array.from({ length: 20 }, (_, i) => i >> 2) }, 20).validation,
    ).toHaveLength(4);
  });

  it("leave a group to train on, whatever the share", () => {
    const groups = Array.from({ length: 20 }, (_, i) => (i < 10 ? "a" : "b"));
    expect(partsOf({ groups, share: 0.9 }, 20).validation).toHaveLength(10);
  });

  it("are one of two groups, however large", () => {
    const groups = Array.from({ length: 20 }, (_, i) => (i < 19 ? 1 : 2));
    for (let seed = 0; seed < 5; seed++)
      expect([1, 19]).toContain(partsOf({ groups, seed }, 20).validation.length);
  });
});

/** The rows of each part: the input of a row is its number. */
function partsOf(given: ValidationRows, rows: number) {
  return split(given, { x: Array.from({ length: rows }, (_, i) => [i]), y: new Float32Array(rows) }, meter());
}

type Rule = "labels" | "one-hot" | "names" | "sigmoid";

function split(
  given: ValidationRows,
  data: { x: number[][]; y: never | Float32Array | number[] | number[][] | string[] },
  trainer: ReturnType<typeof meter>,
  losses: DataRules["losses"] = [
    { output: "output", loss: meanAbsoluteError(), rowElements: 1, positions: 1 },
  ],
  labels?: string[],
) {
  const rules: DataRules = {
    train: trainer.program.plan.train as TrainPlan,
    losses,
    labels,
    namedInputs: false,
    namedTargets: false,
  };
  const dataset = atOnce((jobs) => readData("fit", data, rules, jobs));
  const parts = finish(splitData("fit: validation", trainer.program, rules, dataset, given));
  const [training, validation] = [parts.training, parts.validation].map(({ columns, rows }) => {
    expect(columns[0].data).toHaveLength(rows);
    return Array.from(columns[0].data);
  });
  return { training, validation };
}

describe("of classes, validation rows", () => {
  const y = Array.from({ length: 103 }, (_, i) => (i % 10 === 0 ? 2 : i % 3 === 0 ? 1 : 0));
  const x = y.map((_, i) => [i]);
  const sizes = [0, 1, 2].map((label) => y.filter((l) => l === label).length);
  const NAMES = ["a", "b", "c"];

  const trainerOf = (units: number) =>
    compile(sequential({ input: [1] }, [dense(units, { activation: units === 1 ? "sigmoid" : "softmax" })]), {
      loss: units === 1 ? binaryCrossEntropy() : crossEntropy(),
      optimizer: sgd(),
    });
  const forms: Record<Rule, [number, never[]]> = {
    labels: [3, y as never[]],
    "one-hot": [3, y.map((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0))) as never[]],
    names: [3, y.map((label) => NAMES[label]) as never[]],
    sigmoid: [1, y.map((label) => (label === 2 ? 1 : 0)) as never[]],
  };

  it.each(Object.entries(forms))("have of each class its share: %s", (_name, [units, targets]) => {
    const trainer = trainerOf(units);
    const loss = units === 1 ? binaryCrossEntropy() : crossEntropy();
    const { training, validation } = split(
      0.2,
      { x, y: targets },
      trainer,
      [{ output: "output", loss, rowElements: units, positions: 1 }],
      NAMES,
    );
    expect(validation).toHaveLength(21); // 20.6
    expect([...training, ...validation].sort((p, q) => p - q)).toEqual(y.map((_, i) => i));
    const labelOf = (row: number) => (units === 1 ? (y[row] === 2 ? 1 : 0) : y[row]);
    const groups = units === 1 ? [sizes[0] + sizes[1], sizes[2]] : sizes;
    groups.forEach((size, label) => {
      const held = validation.filter((row) => labelOf(row) === label).length;
      expect(Math.abs(held - 0.2 * size)).toBeLessThan(1);
    });
  });

  it("take the row that is missing to the share from the class that loses most by rounding, the first of equals", () => {
    const countsFor = (sizes: number[], share: number) => {
      const labels = sizes.flatMap((size, label) => Array<number>(size).fill(label));
      const { validation } = split(share, { x: labels.map((_, i) => [i]), y: labels }, trainerOf(3), [
        { output: "output", loss: crossEntropy(), rowElements: 3, positions: 1 },
      ]);
      return [0, 1, 2].map((label) => validation.filter((row) => labels[row] === label).length);
    };
    // 2.5, 1.75 and 0.75 rows, 5 of them: two more for those that lose 0.75.
    expect(countsFor([10, 7, 3], 0.25)).toEqual([2, 2, 1]);
    // 2.5, 2.5 and 2.5, 8 of them: two more, for the first ones.
    expect(countsFor([10, 10, 10], 0.25)).toEqual([3, 3, 2]);
    // 4.5, 4.5 and 0.5, 10 of them: the last class keeps its only row.
    expect(countsFor([9, 9, 1], 0.5)).toEqual([5, 5, 0]);
  });

  it("leave a row of each class to train on", () => {
    const labels = [0, 0, 0, 0, 0, 0, 0, 0, 1];
    for (const share of [0.2, 0.5, 0.8])
      for (let seed = 0; seed < 10; seed++) {
        const { validation } = split(
          { share, seed },
          { x: labels.map((_, i) => [i]), y: labels },
          trainerOf(2),
          [{ output: "output", loss: crossEntropy(), rowElements: 2, positions: 1 }],
        );
        expect(validation).not.toContain(8);
      }
  });

  it("take a class's only row where nothing else is left", () => {
    const { notes, validation } = classifier().fitSync({ x: noise(15), y: [0, 1, 2] }, { validation: 0.3 });
    expect(validation).toBeDefined();
    expect(notes.map(({ code }) => code)).toContain("missingClass");
  });

  it("that are bound are judged anew beside other training rows", () => {
    const trainer = classifier();
    const own = trainer.bind({ x: noise(10), y: [0, 1] });
    const codes = (labels: number[]) =>
      trainer
        .fitSync({ x: noise(5 * labels.length), y: labels }, { validation: own })
        .notes.filter(({ code }) => code === "missingClass").length;
    expect([codes([0, 1]), codes([0, 1, 2]), codes([0, 1]), codes([0])]).toEqual([0, 1, 0, 1]);
  });

  it("that lack a class are noted, by its name", () => {
    const trainer = classifier({ labels: ["ant", "bee", "cat"] });
    const names = ["ant", "bee", "cat"];
    const labels = Array.from({ length: 20 }, (_, i) => names[i < 14 ? i % 2 : 2]);
    const { notes } = trainer.fitSync({ x: noise(100), y: labels }, { validation: { last: 0.2 } });
    expect(notes.filter(({ code }) => code === "missingClass").map(({ message }) => message)).toEqual([
      'validation: no validation row is "ant", "bee"; take a larger share, or more rows of it: its errors are not measured',
    ]);
    const sorted = [...labels].sort();
    const { notes: others } = classifier({ labels: names }).fitSync(
      { x: noise(100), y: sorted },
      { validation: { last: 0.3 } },
    );
    expect(others.filter(({ code }) => code === "missingClass").map(({ message }) => message)).toEqual([
      'validation: no validation row is "ant", "bee"; take a larger share, or more rows of it: its errors are not measured',
      'validation: no training row is "cat"; take a smaller share, or more rows of it: it cannot be learnt',
    ]);
  });
});

describe("a fit with validation", () => {
  const data = classes(60);

  it("has the bits of a fit on the other rows alone", () => {
    const trainer = classifier();
    const { validation } = trainer.fitSync(data, { epochs: 7, validation: { last: 0.2 } });
    const alone = classifier();
    const { history } = alone.fitSync({ x: data.x.slice(0, 240), y: data.y.slice(0, 48) }, { epochs: 7 });
    expect(stateDigest(trainer)).toBe(stateDigest(alone));
    expect(validation).toEqual(alone.evaluate({ x: data.x.slice(240), y: data.y.slice(48) }));
    expect(history.loss).toHaveLength(7);
  });

  it("does not change with the validation data", () => {
    const digests = [classes(9, 5), classes(31, 6)].map((validation) => {
      const trainer = classifier();
      trainer.fitSync(data, { epochs: 5, validation });
      return stateDigest(trainer);
    });
    const plain = classifier();
    plain.fitSync(data, { epochs: 5 });
    expect(new Set([...digests, stateDigest(plain)]).size).toBe(1);
  });

  it("has the bits and the result of fitSync, sliced after every step", async () => {
    const options = { epochs: 6, validation: 0.2 };
    const [a, b] = [classifier(), classifier()];
    const expected = a.fitSync(data, options);
    slowClock();
    try {
      expect(await b.fit(data, options)).toEqual(expected);
    } finally {
      vi.restoreAllMocks();
    }
    expect(stateDigest(b)).toBe(stateDigest(a));
  });

  it("streams through a small window, split or not", () => {
    const wide = classifier();
    const narrow = classifier({ windowRows: 8 });
    for (const validation of [0.2, { last: 0.3 }]) {
      const expected = wide.fitSync(data, { epochs: 3, validation });
      expect(narrow.fitSync(data, { epochs: 3, validation })).toEqual(expected);
      expect(narrow.digest()).toBe(wide.digest());
    }
  });

  it("measures bound data by the split of before, until another one is asked for", () => {
    const [once, bound] = [classifier(), classifier()];
    const handle = bound.bind(data);
    for (const validation of [0.2, 0.2, 0.3, { last: 0.2 }, 0.2]) {
      const expected = once.fitSync(data, { epochs: 2, validation });
      expect(bound.fitSync(handle, { epochs: 2, validation })).toEqual(expected);
    }
    expect(stateDigest(bound)).toBe(stateDigest(once));
  });

  it("leaves what was given as it was", () => {
    const own = { x: data.x.slice(), y: Int32Array.from(data.y) };
    classifier().fitSync(own, { epochs: 2, validation: 0.3 });
    classifier().fitSync(own, { epochs: 2, validation: { last: 0.3 } });
    expect(own.x).toEqual(data.x);
    expect(Array.from(own.y)).toEqual(data.y);
  });
});

describe("validation that cannot be is refused, before anything changes:", () => {
  const BAD: [string, unknown, typeof DataError | typeof OptionError | typeof ShapeError, string][] = [
    ["0", 0, OptionError, "fitSync: validation must be a share of the rows, > 0 and < 1; got 0"],
    ["1", 1, OptionError, "> 0 and < 1; got 1"],
    ["NaN", Number.NaN, OptionError, "got NaN"],
    ["a string", "0.2", OptionError, 'got "0.2": write it without quotes'],
    [
      "null",
      null,
      OptionError,
      "fitSync: validation must be a share such as 0.2, { last: 0.2 }, { groups } or { x, y }; got null",
    ],
    ["a list", [0.2], OptionError, "got an array of 1"],
    ["nothing", {}, OptionError, "{ groups } or { x, y }; got {}"],
    [
      "another key",
      { share: 0.2, seeds: 1 },
      OptionError,
      'fitSync: validation: unknown option "seeds"; did you mean seed? Options: share, seed',
    ],
    ["two forms", { last: 0.2, share: 0.2 }, OptionError, 'fitSync: validation: unknown option "share"'],
    [
      "a share out of range",
      { groups: [1, 2, 3, 4], share: 1 },
      OptionError,
      "fitSync: validation: share must be",
    ],
    ["a bad seed", { share: 0.2, seed: -1 }, OptionError, "fitSync: validation: seed must be"],
    [
      "a share without a row",
      0.1,
      DataError,
      "fitSync: validation: a share must leave at least one row for validation and one for training; got 0.1 of 4 rows",
    ],
    ["a share of all rows", { last: 0.9 }, DataError, "got 0.9 of 4 rows"],
    [
      "fewer groups than rows",
      { groups: [1, 2] },
      ShapeError,
      "one number or string a row, 4 of them; got an array of 2",
    ],
    ["one group", { groups: [1, 1, 1, 1] }, DataError, "groups must be at least two"],
    [
      "a missing group",
      { groups: [1, 2, null, 2] },
      DataError,
      "finite numbers or strings; got null at row 2",
    ],
    ["data without y", { x: [[0, 1]] }, DataError, "fitSync: validation: data must be { x: .., y: .. }"],
    [
      "data of another width",
      { x: [[0]], y: [1] },
      ShapeError,
      "fitSync: validation: x: row 0 must have 2 numbers",
    ],
    ["data of another trainer", xorTrainer().bind(xor), DataError, "must be bound to this trainer"],
  ];

  it.each(BAD)("%s", async (_name, validation, Kind, message) => {
    const trainer = xorTrainer();
    const before = trainer.state();
    const options = { validation } as FitOptions;
    const error = thrownBy(() => trainer.fitSync(xor, options));
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(Kind);
    await expect(trainer.fit(xor, options)).rejects.toBeInstanceOf(Kind);
    expect(trainer.state()).toEqual(before);
    expect(trainer.fitSync(xor).steps).toBe(1);
  });
});
