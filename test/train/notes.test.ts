/** What a fit says beside its loss: each kind where it must appear, and nearby where it must not. */
import { describe, expect, it } from "vitest";
import {
  activation,
  adam,
  batchNorm,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  dropout,
  embedding,
  type FitResult,
  flatten,
  inputColumns,
  type Layer,
  meanSquaredError,
  model,
  type Note,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, lineTrainer, noise, stateDigest, xor, xorTrainer } from "../fixtures.ts";
import { houses, iris, moons, SPECIES } from "./toy-data.ts";

const codes = ({ notes }: FitResult) => notes.map(({ code }) => code);
const only = (code: Note["code"], { notes }: FitResult) => notes.filter((note) => note.code === code);

/** A regression on `rows` of numbers; one epoch, so that nothing is said of the loss. */
const regress = (
  x: number[][],
  y: number[] | number[][],
  layers: Layer[] = [dense(8), dense([y[0]].flat().length)],
) =>
  compile(sequential({ input: [x[0].length] }, layers), {
    loss: meanSquaredError(),
    optimizer: adam(),
  }).fitSync({ x, y });

const column = (rows: number, scale: number, seed = 1) => Array.from(noise(rows, seed), (v) => scale * v);
const columns = (...scales: number[]) =>
  column(40, 1).map((_, row) => scales.map((scale, j) => column(40, scale, j + 1)[row]));
const y = column(40, 1, 99);

const classify = (labels: readonly number[], epochs = 1) =>
  compile(sequential({ input: [2] }, [dense(Math.max(...labels, 1) + 1, { activation: "softmax" })]), {
    loss: crossEntropy(),
    optimizer: adam(),
  }).fitSync({ x: labels.map((label, i) => [label + (i % 2), (i % 7) / 7]), y: labels }, { epochs });

const labelled = (...counts: number[]) => counts.flatMap((count, label) => Array<number>(count).fill(label));

describe("notes are empty", () => {
  it.each([0, 1, 42])("on XOR, seed %i", (seed) => {
    expect(xorTrainer(seed).fitSync(xor, { epochs: 1000, stopWhen: { lossBelow: 0.01 } }).notes).toEqual([]);
    expect(xorTrainer(seed).fitSync(xor, { epochs: 1000 }).notes).toEqual([]);
  });

  it.each(["tanh", "relu"] as const)("on moons with %s", (name) => {
    const layers = [
      dense(16, { activation: name }),
      dense(16, { activation: name }),
      dense(1, { activation: "sigmoid" }),
    ];
    for (const seed of [0, 1, 2]) {
      const trainer = compile(sequential({ input: [2], seed }, layers), {
        loss: binaryCrossEntropy(),
        optimizer: adam({ learningRate: 0.01 }),
      });
      expect(trainer.fitSync(moons(200), { epochs: 200 }).notes).toEqual([]);
    }
  });

  it.each([0, 0.2])("on iris with dropout %d", (rate) => {
    const layers = [dense(32, { activation: "relu" }), dropout(rate), dense(3, { activation: "softmax" })];
    for (const seed of [0, 1, 42]) {
      const trainer = compile(sequential({ input: [4], seed }, layers), {
        loss: crossEntropy(),
        optimizer: adam({ learningRate: 0.01 }),
        labels: SPECIES,
      });
      expect(trainer.fitSync(iris(), { epochs: 200 }).notes).toEqual([]);
    }
  });

  it("of a fit that takes one row, or few", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e-20 }) });
    expect(trainer.fitSync({ x: [[1e5]], y: [1e5] }).notes).toEqual([]);
    expect(trainer.fitSync({ x: [[5], [5], [5]], y: [2, 2, 2] }).notes).toEqual([]);
  });
});

describe("scales of columns", () => {
  it("are noted where they differ by more than a thousand", () => {
    const [note, ...others] = regress(columns(1, 5000, 2), y).notes;
    expect(others).toEqual([]);
    expect(note).toMatchObject({ code: "columnScales", column: 1 });
    expect(note.message).toMatch(
      /^x: column 1 reaches 4\d\d0, scales differ 4\d\d0-fold; bring every column to about 1, as standardize\(\) does$/,
    );
  });

  it("are not noted where they differ by less", () => {
    expect(regress(columns(1, 900, 2), y).notes).toEqual([]);
  });

  it("count a bias as a column of 1, and name the column that is farthest from it", () => {
    expect(regress(columns(1e5), y).notes).toMatchObject([{ code: "columnScales", column: 0 }]);
    expect(regress(columns(1e-5, 1), y).notes).toMatchObject([{ code: "columnScales", column: 0 }]);
    expect(regress(columns(20, 0.01), y).notes).toMatchObject([{ code: "columnScales", column: 1 }]);
    expect(regress(columns(20, 0.1), y).notes).toEqual([]);
  });

  it("are of no concern where the model scales its inputs before it weighs them", () => {
    const x = columns(1, 5000);
    expect(codes(regress(x, y, [flatten(), dense(1)]))).toEqual(["columnScales"]);
    expect(codes(regress(x, y, [batchNorm(), dense(1)]))).toEqual([]);
    const net = model({ inputs: { x: [2] } }, ({ x }) => dense(1)(x.div(5000)));
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam() });
    expect(trainer.fitSync({ x: { x }, y }).notes).toEqual([]);
  });

  it("of wide rows may be small: pixels at the rim are faint", () => {
    const faint = (width: number) =>
      y.map((_, row) => Array.from({ length: width }, (_, j) => ((row + j) % 5) * (j ? 1 : 1e-4)));
    expect(codes(regress(faint(32), y))).toEqual(["columnScales"]);
    expect(codes(regress(faint(33), y))).toEqual([]);
  });

  it("are told by the input's name where inputs have names", () => {
    const net = model({ inputs: { a: [1], b: [2] } }, ({ a, b }) => dense(1)(dense(2)(b).add(a)));
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam() });
    const { notes } = trainer.fitSync({ x: { a: columns(1), b: columns(1, 1e6) }, y });
    expect(notes).toMatchObject([{ code: "columnScales", column: 1 }]);
    expect(notes[0].message).toMatch(/^x\.b: column 1 reaches/);
  });

  it("are found in many rows by some of them", () => {
    const x = Float32Array.from(noise(400_000), (v, i) => (i % 4 === 2 ? 1e5 * v : v));
    const trainer = compile(sequential({ input: [4] }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 1e-20 }),
      batchSize: 4096,
    });
    const { notes } = trainer.fitSync({ x, y: noise(100_000, 3) });
    expect(notes).toMatchObject([{ code: "columnScales", column: 2 }]);
  });
});

describe("constant columns", () => {
  it("are noted with their value", () => {
    const x = columns(1, 1, 1).map(([a, , c]) => [a, 7, c]);
    expect(regress(x, y).notes).toEqual([
      {
        code: "constantColumn",
        message: "x: column 1 is 7 in all rows; it teaches nothing, leave it out",
        column: 1,
      },
    ]);
  });

  it("are those of the table, by name: places that no row of a category takes are none", () => {
    const trainer = compile(
      sequential(
        {
          columns: inputColumns([
            { name: "area", kind: "number" },
            { name: "town", kind: "category", categories: ["Bern", "Genf"] },
            { name: "land", kind: "category", categories: ["CH"] },
            { name: "floors", kind: "number" },
          ]),
        },
        [dense(1)],
      ),
      { loss: meanSquaredError(), optimizer: sgd({ learningRate: 1e-20 }) },
    );
    const x = y.map((area, i) => ({ area, town: i % 2 ? "Bern" : "Genf", land: "CH", floors: 3 }));
    expect(trainer.fitSync({ x, y }).notes).toEqual([
      {
        code: "constantColumn",
        message: 'x: column "land" is "CH" in all rows; it teaches nothing, leave it out',
        column: 2,
      },
      {
        code: "constantColumn",
        message: 'x: column "floors" is 3 in all rows; it teaches nothing, leave it out',
        column: 3,
      },
    ]);
  });

  it("are not noted where one row of many differs", () => {
    const x = Float32Array.from({ length: 20_000 }, (_, i) => (i % 2 ? i / 20_000 : 7));
    const train = (data: Float32Array) => codes(lineTrainer2().fitSync({ x: data, y: noise(10_000) }));
    const lineTrainer2 = () =>
      compile(sequential({ input: [2] }, [dense(1)]), {
        loss: meanSquaredError(),
        optimizer: adam(),
        batchSize: 1000,
      });
    expect(train(x)).toEqual(["constantColumn"]);
    x[12_346] = 8;
    expect(train(x)).toEqual([]);
  });

  it("are usual in wide rows", () => {
    const rim = (width: number) =>
      y.map((_, row) => Array.from({ length: width }, (_, j) => (j ? ((row + j) % 5) / 5 : 0)));
    expect(codes(regress(rim(32), y))).toEqual(["constantColumn"]);
    expect(codes(regress(rim(33), y))).toEqual([]);
  });

  it("may be ids", () => {
    const trainer = compile(
      sequential({ input: { shape: [2], dtype: "i32" } }, [embedding(9, 2), flatten(), dense(1)]),
      {
        loss: meanSquaredError(),
        optimizer: adam(),
      },
    );
    expect(trainer.fitSync({ x: y.map((_, i) => [i % 9, 0]), y }).notes).toEqual([]);
  });

  it("of targets are noted too", () => {
    expect(
      regress(
        columns(1, 1),
        y.map((v) => [v, 3]),
      ).notes,
    ).toMatchObject([
      { code: "constantColumn", column: 1, message: expect.stringMatching(/^y: column 1 is 3 in all rows/) },
    ]);
  });
});

describe("targets", () => {
  it.each([1e5, 101, 0.009, 1e-6])("of about %d are noted", (scale) => {
    const [note, ...others] = regress(columns(1, 1), [scale, ...column(39, scale, 99)]).notes;
    expect(others).toEqual([]);
    expect(note).toMatchObject({ code: "targetScale", column: 0 });
    expect(note.message).toContain(`y: column 0 reaches ${scale}, `);
    expect(note.message).toMatch(/bring every column to about 1, as targets: "standardize" in compile does$/);
  });

  it.each([99, 1, 0.02])("of about %d are not", (scale) => {
    expect(regress(columns(1, 1), [scale, ...column(39, scale, 99)]).notes).toEqual([]);
  });

  it("are told by column, and by the output's name where outputs have names", () => {
    const net = model({ inputs: { x: [2] } }, ({ x }) => ({ size: dense(2)(x), price: dense(2)(x) }));
    const trainer = compile(net, {
      loss: { size: meanSquaredError(), price: meanSquaredError() },
      optimizer: adam(),
    });
    const { notes } = trainer.fitSync({
      x: { x: columns(1, 1) },
      y: { size: columns(1, 1), price: columns(1, 3000) },
    });
    expect(notes).toMatchObject([{ code: "targetScale", column: 1 }]);
    expect(notes[0].message).toMatch(/^y\.price: column 1 reaches/);
  });
});

describe("labels", () => {
  it("in strongly unequal numbers are noted with the rarest", () => {
    expect(classify(labelled(95, 50, 5)).notes).toEqual([
      {
        code: "unequalLabels",
        message:
          'y: 5 of 150 rows are 2; weigh them with classWeight: "balanced", and judge each label by itself',
      },
    ]);
  });

  it("in other numbers are not", () => {
    expect(classify(labelled(50, 50, 5)).notes).toEqual([]);
    expect(classify(labelled(10)).notes).toEqual([]);
  });

  it("that no row has count", () => {
    const y = labelled(20, 20, 0, 20);
    expect(only("unequalLabels", classify(y))[0].message).toMatch(/^y: 0 of 60 rows are 2;/);
  });

  it("are told by name", () => {
    const names = ["common", "rare"];
    const trainer = compile(sequential({ input: [2] }, [dense(1, { activation: "sigmoid" })]), {
      loss: binaryCrossEntropy(),
      optimizer: adam(),
      labels: names,
    });
    const train = (rare: number) =>
      trainer.fitSync({ x: columns(1, 1), y: y.map((_, i) => names[Number(i < rare)]) });
    expect(train(3).notes).toMatchObject([
      { code: "unequalLabels", message: expect.stringMatching(/^y: 3 of 40 rows are "rare"; /) },
    ]);
    expect(train(4).notes).toEqual([]);
  });

  it("may come as rows", () => {
    const trainer = compile(sequential({ input: [2] }, [dense(2, { activation: "softmax" })]), {
      loss: crossEntropy(),
      optimizer: adam(),
    });
    const train = (rare: number) =>
      codes(trainer.fitSync({ x: columns(1, 1), y: y.map((_, i) => (i < rare ? [0.1, 0.9] : [0.8, 0.2])) }));
    expect(train(3)).toEqual(["unequalLabels"]);
    expect(train(4)).toEqual([]);
  });

  it("of several yes-or-no outputs may be rare", () => {
    const trainer = compile(sequential({ input: [2] }, [dense(2, { activation: "sigmoid" })]), {
      loss: binaryCrossEntropy(),
      optimizer: adam(),
    });
    expect(trainer.fitSync({ x: columns(1, 1), y: y.map((_, i) => [Number(i === 0), 1]) }).notes).toEqual([]);
  });

  it("of many classes may be rare", () => {
    const many = (count: number) => labelled(30, ...Array<number>(count - 1).fill(1));
    expect(codes(classify(many(32)))).toEqual(["unequalLabels"]);
    expect(codes(classify(many(33)))).toEqual([]);
  });

  it("that come by turns are all counted", () => {
    expect(classify(Array.from({ length: 5000 }, (_, i) => i % 5)).notes).toEqual([]);
  });
});

describe("dead units", () => {
  /** Ten relu units, of which some start with a bias that nothing lifts. */
  const make = (
    dead: number,
    layers: Layer[] = [dense(10, { activation: "relu", name: "hidden" }), dense(1)],
  ) => {
    const made = compile(sequential({ input: [2] }, layers), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 1e-4 }),
    });
    // Without weights the bias alone says who fires.
    made.setParameters({ "hidden.weight": { data: Array(20).fill(0), shape: [2, 10] } });
    made.parameters["hidden.bias"].data.forEach((_, i, bias) => {
      bias[i] = i < dead ? -1 : 1;
    });
    return made;
  };
  const data = { x: columns(1, 1), y };

  it("are noted where they are more than three quarters of a layer", () => {
    expect(make(8).fitSync(data, { epochs: 20 }).notes).toEqual([
      {
        code: "deadUnits",
        message:
          "hidden: 8 of 10 relu units gave 0 for all rows looked at; lower the learning rate, scale the data, or use leakyRelu",
      },
    ]);
    expect(only("deadUnits", make(10).fitSync(data, { epochs: 20 }))).toHaveLength(1);
  });

  it("are not noted where they are fewer", () => {
    expect(only("deadUnits", make(7).fitSync(data, { epochs: 20 }))).toEqual([]);
  });

  it("are found where the relu does not follow its layer at once", () => {
    const layers = [dense(10, { name: "hidden" }), dropout(0.1), activation("relu"), dense(1)];
    const notes = only("deadUnits", make(8, layers).fitSync(data, { epochs: 20 }));
    expect(notes[0].message).toContain("8 of 10 relu units");
  });

  it("are none where another activation is", () => {
    const layers = [dense(10, { activation: "leakyRelu", name: "hidden" }), dense(1)];
    expect(only("deadUnits", make(10, layers).fitSync(data, { epochs: 20 }))).toEqual([]);
  });

  it("that fire for few rows of sorted data are alive", () => {
    // Each of ten units fires in a tenth of the rows of its own.
    const x = Array.from({ length: 4000 }, (_, row) =>
      Array.from({ length: 10 }, (_, j) => Number(j === Math.floor(row / 400))),
    );
    const made = compile(
      sequential({ input: [10] }, [dense(10, { activation: "relu", name: "hidden" }), dense(1)]),
      {
        loss: meanSquaredError(),
        optimizer: sgd({ learningRate: 1e-6 }),
        batchSize: 400,
      },
    );
    const identity = x.filter((_, row) => row % 400 === 0);
    made.setParameters({ "hidden.weight": identity });
    expect(made.fitSync({ x, y: noise(4000) }, { epochs: 4 }).notes).toEqual([]);
  });

  it("are looked for once in 32 steps, so that fits of one epoch say so in time", () => {
    const made = make(8);
    const found = Array.from({ length: 32 }, () => only("deadUnits", made.fitSync(data)).length);
    // Two steps a fit.
    expect(found).toEqual(found.map((_, i) => Number(i % 16 === 15)));
  });

  it("are looked at without changing a bit of the state, or of what follows", () => {
    const [once, often] = [make(8), make(8)];
    once.fitSync(data, { epochs: 40 });
    for (let i = 0; i < 40; i++) often.fitSync(data);
    expect(stateDigest(often)).toBe(stateDigest(once));
  });
});

describe("the loss", () => {
  const line = { x: [[0], [1], [2], [3]], y: [1, 3, 5, 7] };
  const train = (learningRate: number, epochs: number) =>
    lineTrainer({ optimizer: sgd({ learningRate }) }).fitSync(line, { epochs });

  it("that rose is noted", () => {
    const { notes, history } = train(0.3, 8);
    expect(history.loss[7]).toBeGreaterThan(history.loss[0]);
    expect(notes).toMatchObject([{ code: "risingLoss" }]);
    expect(notes[0].message).toMatch(
      /^loss: rose from [\d.]+ to [\d.]+; lower the learning rate, or scale the data$/,
    );
  });

  it("that rose at the end of a fall is noted", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 0.01, momentum: 0.98 }) });
    const { notes, history } = trainer.fitSync(line, { epochs: 24 });
    expect(Math.min(...history.loss)).toBeLessThan(0.2 * history.loss[0]);
    expect(codes({ notes } as FitResult)).toEqual(["risingLoss"]);
  });

  it("that still falls at the last epoch is noted", () => {
    const { notes } = train(0.001, 40);
    expect(notes).toMatchObject([{ code: "fallingLoss" }]);
    expect(notes[0].message).toMatch(
      /^loss: still fell in the end, from [\d.]+ to [\d.]+; train for more epochs$/,
    );
  });

  it("that has settled is not, falling on by little", () => {
    const { notes, history } = train(0.05, 200);
    expect(history.loss[199]).toBeLessThan(history.loss[150]);
    expect(notes).toEqual([]);
  });

  it("says nothing in a fit of less than four epochs, or one that met its bound", () => {
    expect(train(0.3, 3).notes).toEqual([]);
    expect(train(0.001, 3).notes).toEqual([]);
    const { reason, notes } = lineTrainer({ optimizer: sgd({ learningRate: 0.001 }) }).fitSync(line, {
      epochs: 40,
      stopWhen: { lossBelow: 15 },
    });
    expect([reason, notes]).toEqual(["lossBelow", []]);
  });

  it("that only wavers is not noted", () => {
    const trainer = compile(
      sequential({ input: [5] }, [
        dense(16, { activation: "relu" }),
        dropout(0.5),
        dense(3, { activation: "softmax" }),
      ]),
      {
        loss: crossEntropy(),
        optimizer: adam({ learningRate: 0.01 }),
      },
    );
    const data = classes(200);
    trainer.fitSync(data, { epochs: 200 });
    for (let i = 0; i < 20; i++) expect(trainer.fitSync(data, { epochs: 20 }).notes).toEqual([]);
  });
});

describe("notes", () => {
  it("say what is wrong with house prices as they are", () => {
    const { x, y } = houses(200);
    const make = () =>
      compile(sequential({ input: [4] }, [dense(16, { activation: "relu" }), dense(1)]), {
        loss: meanSquaredError(),
        optimizer: adam(),
      });
    const { notes, loss } = make().fitSync({ x, y }, { epochs: 300 });
    expect(Math.sqrt(loss)).toBeGreaterThan(20_000);
    expect(notes.map(({ code, column }) => [code, column])).toEqual(
      expect.arrayContaining([
        ["columnScales", 0],
        ["targetScale", 0],
      ]),
    );
    const scaled = {
      x: x.map(([area, rooms, age, distance]) => [area / 1e5, rooms / 5, age, distance]),
      y: y.map((v) => v / 1e5),
    };
    const after = make().fitSync(scaled, { epochs: 300 });
    expect(1e5 * Math.sqrt(after.loss)).toBeLessThan(10_000);
    expect(after.notes).toEqual([]);
  });

  it("are plain data, the same from fit and fitSync", async () => {
    const data = { x: columns(1, 5000), y };
    const make = () =>
      compile(sequential({ input: [2] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
    const { notes } = make().fitSync(data);
    expect(notes).toHaveLength(1);
    expect((await make().fit(data)).notes).toEqual(notes);
    expect(structuredClone(notes)).toEqual(notes);
    expect(JSON.parse(JSON.stringify(notes))).toEqual(notes);
  });

  it("of one result are not those of the next", () => {
    const trainer = compile(sequential({ input: [2] }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: adam(),
    });
    expect(trainer.fitSync({ x: columns(1, 5000), y }).notes).toHaveLength(1);
    expect(trainer.fitSync({ x: columns(1, 1), y }).notes).toEqual([]);
  });
});
