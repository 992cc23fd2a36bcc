import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  sequential,
  sgd,
  type Targets,
} from "../../src/index.ts";
import { binaryTargets, classTargets, numberTargets, readTargets } from "../../src/rows/targets.ts";
import { atOnce, type Jobs } from "../../src/steps.ts";
import { thrownBy, xor, xorModel } from "../fixtures.ts";

const x = [
  [0, 1],
  [1, 0],
  [1, 1],
  [2, -1],
];
const labels = ["ant", "bee", "cat"];
const softmax = () =>
  compile(sequential({ input: [2], seed: 5 }, [dense(3, { activation: "softmax" })]), {
    loss: crossEntropy(),
    optimizer: adam(),
    labels,
  });

describe("labels that look like numbers", () => {
  const graded = (names: readonly string[]) =>
    compile(sequential({ input: [2], seed: 5 }, [dense(3, { activation: "softmax" })]), {
      loss: crossEntropy(),
      optimizer: adam(),
      labels: names,
    });
  const lossOf = (names: readonly string[], y: Targets) => graded(names).evaluate({ x, y }).loss;

  it("are names as strings; a number is refused where it is an index and another label", () => {
    const grades = ["1", "2", "7"];
    expect(lossOf(grades, ["1", "2", "2", "7"])).toBe(lossOf(labels, [0, 1, 1, 2]));
    expect(() => lossOf(grades, [0, 2, 1, 0])).toThrow(
      'evaluate: y: a number must be the index of a class and no other class\'s label; got 2 at row 1, the index of "7" and the ' +
        'label of class 1: write labels as strings, "2"',
    );
    expect(lossOf(grades, [0, 0, 0, 0])).toBe(lossOf(labels, [0, 0, 0, 0]));
    const rowsOfOne = [0, 1, 1, 2].map((index) => labels.map((_, j) => (j === index ? 1 : 0)));
    expect(lossOf(grades, rowsOfOne)).toBeCloseTo(lossOf(labels, [0, 1, 1, 2]), 6);
  });

  it("may be the indices themselves, or numbers that are no index", () => {
    for (const names of [
      ["0", "1", "2"],
      ["10", "20", "30"],
      ["01", "1.5", ""],
    ])
      expect(lossOf(names, [2, 0, 1, 1])).toBe(lossOf(labels, [2, 0, 1, 1]));
  });

  it("of one sigmoid are told apart, too", () => {
    const trainer = compile(sequential({ input: [2] }, [dense(1, { activation: "sigmoid" })]), {
      loss: binaryCrossEntropy(),
      optimizer: adam(),
      labels: ["1", "2"],
    });
    expect(() => trainer.evaluate({ x, y: [0, 1, 0, 1] })).toThrow('got 1 at row 1, the index of "2"');
    expect(trainer.evaluate({ x, y: ["1", "2", "1", "2"] }).loss).toBeGreaterThan(0);
  });
});

describe("targets of crossEntropy", () => {
  const trainer = softmax();
  const { loss, gradients } = trainer.gradients({ x, y: [2, 0, 1, 1] });
  const oneHot = [
    [0, 0, 1],
    [1, 0, 0],
    [0, 1, 0],
    [0, 1, 0],
  ];
  const forms: Record<string, Targets> = {
    "class names": ["cat", "ant", "bee", "bee"],
    "an Int32Array of class indices": Int32Array.of(2, 0, 1, 1),
    "a Uint8Array of class indices": Uint8Array.of(2, 0, 1, 1),
    "a Float32Array of class indices": Float32Array.of(2, 0, 1, 1),
    "a column of class indices": [[2], [0], [1], [1]],
    "class indices with their shape": { data: [2, 0, 1, 1], shape: [4] },
    "a column of class indices with its shape": { data: [2, 0, 1, 1], shape: [4, 1] },
    "one-hot rows": oneHot,
    "typed one-hot rows": oneHot.map((row) => Uint8Array.from(row)),
    "a flat Float32Array of one-hot rows": Float32Array.from(oneHot.flat()),
    "a flat Uint8Array of one-hot rows": Uint8Array.from(oneHot.flat()),
    "one-hot rows with their shape": { data: Uint8Array.from(oneHot.flat()), shape: [4, 3] },
  };
  for (const [name, y] of Object.entries(forms))
    it(`${name} give the loss and the gradients of class indices`, () => {
      const other = trainer.gradients({ x, y });
      expect(other.loss).toBeCloseTo(loss, 6);
      for (const p of Object.keys(gradients))
        other.gradients[p].data.forEach((g, i) => {
          expect(g).toBeCloseTo(gradients[p].data[i], 6);
        });
    });

  it("as many Float32 labels as classes are labels, one a row", () => {
    const three = x.slice(0, 3);
    expect(trainer.gradients({ x: three, y: Float32Array.of(2, 0, 1) }).loss).toBe(
      trainer.gradients({ x: three, y: [2, 0, 1] }).loss,
    );
  });

  it("one row of probabilities may come as a plain list, as one row of inputs may", () => {
    expect(trainer.gradients({ x: [0, 1], y: [0, 0, 1] }).loss).toBeCloseTo(
      trainer.gradients({ x: [[0, 1]], y: ["cat"] }).loss,
      6,
    );
  });

  it("rows of probabilities give the weighted sum of the losses of the classes", () => {
    const row = [x[0]];
    const of = (y: Targets) => trainer.evaluate({ x: row, y }).loss;
    expect(of([[0.25, 0.5, 0.25]])).toBeCloseTo((of([0]) + 2 * of([1]) + of([2])) / 4, 5);
  });

  const wrong: [string, unknown, string, string][] = [
    [
      "a label as large as the number of classes",
      [2, 0, 3, 1],
      "DataError",
      "class labels must be whole numbers from 0 to 2; got 3 at row 2",
    ],
    ["a negative label", [2, 0, -1, 1], "DataError", "got -1 at row 2"],
    ["a fractional label", [2, 0.5, 1, 1], "DataError", "got 0.5 at row 1"],
    [
      "an unknown class name",
      ["cat", "ant", "dog", "bee"],
      "DataError",
      'fitSync: y: unknown label "dog"; labels: ant, bee, cat; it is at row 2',
    ],
    [
      "a number among class names",
      ["cat", "ant", 1, "bee"],
      "DataError",
      "fitSync: y: unknown label 1; labels: ant, bee, cat; it is at row 2",
    ],
    ["a name among numbers", [2, 0, "bee", 1], "DataError", 'got "bee"'],
    [
      "probabilities that do not sum to 1",
      [
        [0.5, 0.5, 0],
        [0.5, 0.4, 0],
        [1, 0, 0],
        [1, 0, 0],
      ],
      "DataError",
      "probabilities of a row must sum to 1; got ",
    ],
    ["a negative probability", [[1.5, -0.5, 0]], "DataError", "must lie in [0, 1]; got 1.5"],
    [
      "rows of another width",
      [
        [1, 0],
        [0, 1],
      ],
      "ShapeError",
      "row 0 must have 3 numbers; got 2",
    ],
    ["too few labels", [0, 1, 2], "ShapeError", "got 4 in x, 3 in y"],
    ["too few names", ["ant"], "ShapeError", "got 4 in x, 1 in y"],
    ["too many Float32 numbers", new Float32Array(5), "ShapeError", "got 4 in x, 5 in y"],
  ];
  for (const [name, y, error, message] of wrong)
    it(`${name} are refused: ${error}`, () => {
      const before = trainer.digest();
      const thrown = thrownBy(() => trainer.fitSync({ x, y: y as Targets }));
      expect(thrown.message).toContain(message);
      expect(thrown.message).toMatch(/^fitSync: (y|inputs and targets)/);
      expect(thrown.name).toBe(error);
      expect(trainer.digest()).toBe(before);
    });
});

describe("targets of binaryCrossEntropy", () => {
  it("two names stand for 0 and 1", () => {
    const named = compile(xorModel(), {
      loss: binaryCrossEntropy(),
      optimizer: adam(),
      labels: ["no", "yes"],
    });
    const loss = named.evaluate({ x: xor.x, y: ["no", "yes", "yes", "no"] });
    expect(loss).toEqual(named.evaluate(xor));
  });

  it("come as a list, a column, or typed, with one output", () => {
    const trainer = compile(xorModel(), { loss: binaryCrossEntropy(), optimizer: adam() });
    const { loss } = trainer.evaluate(xor);
    for (const y of [xor.y.map((v) => [v]), Uint8Array.from(xor.y), Float64Array.from(xor.y)])
      expect(trainer.evaluate({ x: xor.x, y }).loss).toBe(loss);
  });

  it("several outputs take rows, and count as right when all are", () => {
    const trainer = compile(
      sequential({ input: [2] }, [dense(2, { activation: "sigmoid", weightInitializer: "ones" })]),
      { loss: binaryCrossEntropy(), optimizer: adam() },
    );
    const y = [
      [1, 1],
      [1, 0],
      [1, 1],
      [1, 1],
    ];
    expect(trainer.evaluate({ x, y }).accuracy).toBe(0.75);
  });
});

describe("targets of a regression", () => {
  const trainer = compile(sequential({ input: [2] }, [dense(3)]), {
    loss: meanSquaredError(),
    optimizer: sgd(),
    labels,
  });

  it("are rows of any finite numbers", () => {
    const y = [
      [-1e6, 0, 3],
      [1, 2, 3],
      [0, 0, 0],
      [1, 1, 1],
    ];
    expect(trainer.evaluate({ x, y }).accuracy).toBeUndefined();
    expect(trainer.evaluate({ x, y }).loss).toBeGreaterThan(1e10);
  });

  it("class names are refused, also where their count is that of one row", () => {
    expect(() => trainer.step({ x: [[0, 1]], y: ["ant", "bee", "cat"] })).toThrow(
      'step: y: class names need crossEntropy or one output; got "ant" for meanSquaredError',
    );
  });
});

describe("many targets are read in many steps", () => {
  const rows = 300_000;
  const classes = Array.from({ length: rows }, (_, i) => i % 3);
  const oneHot = new Float32Array(3 * rows);
  classes.forEach((label, row) => {
    oneHot[3 * row + label] = 1;
  });
  const kinds: [string, Targets, string, number, number][] = [
    ["class names", classes.map((label) => labels[label]), "crossEntropy", 3, 3],
    ["class indices", classes, "crossEntropy", 3, 2],
    ["distributions", oneHot, "crossEntropy", 3, 2],
    ["yes or no", Uint8Array.from(classes, (label) => label % 2), "binaryCrossEntropy", 1, 2],
    ["numbers", classes, "meanSquaredError", 1, 1],
  ];
  it.each(kinds)("%s", (_, given, kind, rowElements, passes) => {
    const rules = {
      rows,
      loss: {
        kind,
        targets:
          kind === "meanSquaredError"
            ? numberTargets
            : kind === "crossEntropy"
              ? classTargets
              : binaryTargets,
      },
      rowElements,
      positions: 1,
      labels,
    };
    const jobs: Jobs = [];
    const later = readTargets("fit: y", given, rules, jobs);
    // They are read, then checked, in stretches of 2^16 numbers; names are looked up before.
    const stretches = Math.floor((given === oneHot ? 3 * rows : rows) / 65_536);
    expect(jobs.length).toBeGreaterThanOrEqual(passes * stretches);
    for (const job of jobs) job();
    expect(later).toEqual(atOnce((others) => readTargets("fit: y", given, rules, others)));
  });

  it("the first bad one is named wherever it stands", () => {
    const names = classes.map((label) => labels[label]);
    names[299_999] = "dog";
    const rules = {
      rows,
      loss: { kind: "crossEntropy", targets: classTargets },
      rowElements: 3,
      positions: 1,
      labels,
    };
    expect(() => atOnce((jobs) => readTargets("fit: y", names, rules, jobs))).toThrow("it is at row 299999");
    oneHot[3 * 299_998] = 0.5;
    expect(() => atOnce((jobs) => readTargets("fit: y", oneHot, rules, jobs))).toThrow(
      "got 1.5 at row 299998",
    );
  });
});
