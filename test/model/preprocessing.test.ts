import { describe, expect, it } from "vitest";
import {
  adam,
  type Column,
  compile,
  DataError,
  dense,
  embedding,
  flatten,
  impute,
  inputColumns,
  type Layer,
  meanSquaredError,
  minMax,
  model,
  OptionError,
  oneHot,
  ShapeError,
  sequential,
  sgd,
  standardize,
  type TableRows,
  TraceError,
} from "../../src/index.ts";
import { collapseLinear, convertActivations } from "../../src/transform/index.ts";
import { noise, thrownBy } from "../fixtures.ts";

/** A trainer whose predictions are what preprocessing makes of the rows: fitted to `x`, `flatten` does nothing. */
function preprocessed(layers: Layer[], x: number[][], width = x[0].length) {
  const trainer = compile(sequential({ input: [width] }, [...layers, flatten()]), {
    loss: meanSquaredError(),
    optimizer: sgd(),
    batchSize: 7,
  });
  trainer.adapt(x);
  return trainer;
}

const made = (layers: Layer[], x: number[][]) => preprocessed(layers, x).predict(x).toArray();

const rounded = (rows: number[][]) => rows.map((row) => row.map(Math.fround));

/** Numbers that look random, `rows` of `columns`. */
const random = (rows: number, columns: number, scale = 1, offset = 0) => {
  const numbers = noise(rows * columns, 5);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => numbers[i * columns + j] * scale + offset),
  );
};

describe("standardize", () => {
  it("subtracts the mean and divides by the spread, in double precision, rounded once", () => {
    const x = [
      [1, 0.1, 2 ** 40],
      [2, 0.7, 2 ** 40 + 1],
      [6, 0.4, 2 ** 40 - 7],
    ];
    const trainer = preprocessed([standardize()], x);
    const { mean, spread } = trainer.preprocessing.standardize1;
    // By hand: (1 + 2 + 6) / 3, and sqrt((4 + 1 + 9) / 3); exact in f64.
    expect(mean[0]).toBe(3);
    expect(spread[0]).toBe(Math.sqrt(14 / 3));
    expect(mean[2]).toBe(2 ** 40 - 2);
    expect(spread[2]).toBe(Math.sqrt((4 + 9 + 25) / 3));
    expect(mean[1]).toBe((0.1 + 0.7 + 0.4) / 3);
    expect(trainer.predict(x).toArray()).toEqual(
      rounded(x.map((row) => row.map((value, j) => (value - mean[j]) / spread[j]))),
    );
  });

  it("has the mean and the spread that plain loops find, over several blocks of a sum", () => {
    const x = random(1500, 3, 20, 1000);
    const { mean, spread } = preprocessed([standardize()], x).preprocessing.standardize1;
    for (let j = 0; j < 3; j++) {
      const column = x.map((row) => row[j]);
      const average = column.reduce((sum, value) => sum + value, 0) / column.length;
      const squares = column.reduce((sum, value) => sum + (value - average) ** 2, 0);
      expect(Math.abs(mean[j] - average)).toBeLessThan(1e-12 * 1000);
      expect(Math.abs(spread[j] - Math.sqrt(squares / column.length))).toBeLessThan(1e-12 * 20);
    }
  });

  it("makes exact zeros of a column that never changes, whatever its sums round to", () => {
    const x = Array.from({ length: 10 }, () => [0.1, -3e300]);
    const trainer = preprocessed([standardize()], x);
    expect(trainer.preprocessing.standardize1).toEqual({ mean: [0.1, -3e300], spread: [0, 0] });
    expect(trainer.predict(x).data.every((value) => value === 0)).toBe(true);
    // Divided by 1.
    expect(trainer.predict([[1.1, -3e300]]).data[0]).toBe(1);
  });

  it("has one mean for each place of the last axis where rows have more axes", () => {
    const input = [2, 3] as const;
    const trainer = compile(sequential({ input }, [standardize(), flatten()]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    const x = [
      [
        [1, 10, 100],
        [3, 10, 300],
      ],
      [
        [5, 20, 100],
        [7, 20, 300],
      ],
    ];
    trainer.adapt(x);
    expect(trainer.preprocessing.standardize1).toEqual({
      mean: [4, 15, 200],
      spread: [Math.sqrt(5), 5, 100],
    });
    const [first] = trainer.predict([x[0]]).toArray();
    expect(first).toEqual(
      [-3, -5, -100, -1, -5, 100].map((v, i) => Math.fround(v / [Math.sqrt(5), 5, 100][i % 3])),
    );
  });

  it("refuses columns whose numbers have no finite mean or spread", () => {
    const sum = thrownBy(() => preprocessed([standardize()], [[1.7e308], [1.6e308]]));
    expect(sum).toBeInstanceOf(DataError);
    expect(sum.message).toBe("adapt: x: standardize1: column 0: must have a finite mean; got Infinity");
    expect(thrownBy(() => preprocessed([standardize()], [[1e200], [-1e200]])).message).toBe(
      "adapt: x: standardize1: column 0: must have a finite spread; got Infinity",
    );
  });
});

describe("minMax", () => {
  it("maps the least to 0, the largest to 1, and others beyond", () => {
    const trainer = preprocessed(
      [minMax()],
      [
        [2, 7],
        [4, 7],
        [3, 7],
      ],
    );
    expect(trainer.preprocessing).toEqual({ minMax1: { low: [2, 7], high: [4, 7] } });
    expect(
      trainer
        .predict([
          [2, 7],
          [4, 8],
          [3.5, 6],
          [6, 7],
        ])
        .toArray(),
    ).toEqual([
      [0, 0],
      [1, 1],
      [0.75, -1],
      [2, 0],
    ]);
  });

  it("refuses a range that is not finite", () => {
    expect(thrownBy(() => preprocessed([minMax()], [[1.7e308], [-1.7e308]])).message).toBe(
      "adapt: x: minMax1: column 0: must have a finite range; got Infinity",
    );
  });
});

describe("impute", () => {
  const x = [
    [1, NaN],
    [NaN, 4],
    [2, 8],
    [6, 5],
  ];

  it("fills in the mean of the values that are there", () => {
    expect(made([impute()], x)).toEqual(
      rounded([
        [1, 17 / 3],
        [3, 4],
        [2, 8],
        [6, 5],
      ]),
    );
  });

  it("fills in the median: the middle value, or the mean of the two in the middle", () => {
    expect(preprocessed([impute({ with: "median" })], x).preprocessing.impute1.value).toEqual([2, 5]);
    const even = preprocessed([impute({ with: "median" })], [...x, [3, NaN]]);
    expect(even.preprocessing.impute1.value).toEqual([2.5, 5]);
  });

  it("finds the exact median of many values, in chunks, many of them equal", () => {
    for (const [count, steps] of [
      [100_001, 1e9],
      [100_000, 5],
      [65_536, 1e9],
      [32_769, 2],
    ]) {
      const values = Array.from(noise(count, count), (value) => Math.floor(value * steps) / 3);
      const rows = values.map((value) => [value]);
      rows.splice(1000, 0, [NaN], [NaN]);
      const sorted = [...values].sort((a, b) => a - b);
      const half = Math.floor(count / 2);
      const expected = count % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
      expect(preprocessed([impute({ with: "median" })], rows).preprocessing.impute1.value).toEqual([
        expected,
      ]);
    }
  });

  it("fills in a number, and has nothing to fit then", () => {
    const predictor = compile(sequential({ input: [2] }, [impute({ with: -1 }), flatten()]));
    expect(predictor.predict(x).toArray()).toEqual([
      [1, -1],
      [-1, 4],
      [2, 8],
      [6, 5],
    ]);
    expect(predictor.preprocessing).toEqual({});
  });

  it("says where values were missing, in columns behind all others", () => {
    expect(made([impute({ with: 0, indicator: true, columns: [1] }), impute({ with: 0 })], x)).toEqual([
      [1, 0, 1],
      [0, 4, 0],
      [2, 8, 0],
      [6, 5, 0],
    ]);
  });

  it("is needed for NaN, column by column; infinity is refused always", () => {
    const trainer = preprocessed([impute({ columns: [1] })], [[0, 1]], 2);
    trainer.predict([[1, NaN]]);
    expect(
      thrownBy(() =>
        trainer.predict([
          [1, 2],
          [NaN, 1],
        ]),
      ).message,
    ).toBe(
      "predict: x: numbers must be finite; got NaN at row 1, column 0 (a missing value? impute it or drop the row)",
    );
    for (const infinite of [Infinity, -Infinity])
      expect(() => trainer.predict([[1, infinite]])).toThrow("numbers must be finite; got");
    expect(() => preprocessed([standardize()], [[NaN], [1]])).toThrow(
      "numbers must be finite; got NaN at row 0",
    );
    expect(() => trainer.predict([[null as never, 1]])).toThrow("numbers only; got null at row 0, column 0");
  });

  it("lets NaN pass layers before it, which leave it out of what they fit", () => {
    const rows = [[1], [NaN], [3]];
    const trainer = preprocessed([standardize(), impute({ with: 0 })], rows);
    expect(trainer.preprocessing.standardize1).toEqual({ mean: [2], spread: [1] });
    expect(trainer.predict(rows).toArray()).toEqual([[-1], [0], [1]]);
  });

  it("follows columns that a oneHot moves", () => {
    const layers = () => [oneHot({ columns: [0], categories: 3 }), impute({ columns: [3], with: 9 })];
    expect(made(layers(), [[2, NaN]])).toEqual([[0, 0, 1, 9]]);
    expect(() => made(layers(), [[NaN, 1]])).toThrow("numbers must be finite; got NaN at row 0, column 0");
  });

  it("refuses a column without any value", () => {
    const error = thrownBy(() =>
      preprocessed(
        [impute({ with: "median" })],
        [
          [1, NaN],
          [2, NaN],
        ],
      ),
    );
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      "adapt: x: impute1: column 1: must have a value in some row; got none: leave the column out",
    );
  });
});

describe("oneHot", () => {
  it("puts a column for each category in the place of its column", () => {
    const predictor = compile(
      sequential({ input: [3] }, [oneHot({ columns: [2, 0], categories: [2, 3] }), flatten()]),
    );
    expect(
      predictor
        .predict([
          [0, 0.5, 1],
          [2, -4, 0],
        ])
        .toArray(),
    ).toEqual([
      [1, 0, 0, 0.5, 0, 1],
      [0, 0, 1, -4, 1, 0],
    ]);
  });

  it("refuses what is no category, naming row and column", () => {
    const predictor = compile(
      sequential({ input: [2] }, [oneHot({ categories: 3, name: "kinds" }), flatten()]),
    );
    for (const bad of [3, -1, 0.5]) {
      const error = thrownBy(() =>
        predictor.predict([
          [0, 0],
          [2, bad],
        ]),
      );
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toBe(
        `predict: x: categories must be whole numbers from 0 to 2; got ${bad} at row 1, column 1 of kinds` +
          (bad === 3 ? " (categories count from 0)" : ""),
      );
    }
    expect(() => predictor.predict([[NaN, 0]])).toThrow("numbers must be finite; got NaN at row 0, column 0");
  });

  it("has a place for what is unseen or missing, if it says so", () => {
    const predictor = compile(
      sequential({ input: [1] }, [oneHot({ categories: 2, unseen: true }), flatten()]),
    );
    expect(predictor.predict([[0], [1], [2], [NaN], [-1], [0.5]]).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      ...Array.from({ length: 4 }, () => [0, 0, 1]),
    ]);
  });
});

describe("preprocessing layers", () => {
  it("work one after the other, each on the columns as they stand there", () => {
    const x = [
      [1, 0, NaN],
      [3, 1, 10],
    ];
    const layers = [
      impute({ columns: [2], with: 20, indicator: true }),
      standardize({ columns: [0, 2] }),
      oneHot({ columns: [1], categories: 2 }),
      minMax({ columns: [3], name: "last" }),
    ];
    const trainer = preprocessed(layers, x);
    expect(trainer.predict(x).toArray()).toEqual([
      [-1, 1, 0, 1, 1],
      [1, 0, 1, 0, 0],
    ]);
    expect(trainer.preprocessing).toEqual({
      standardize1: { mean: [2, 15], spread: [1, 5] },
      last: { low: [-1], high: [1] },
    });
  });

  it("give the same for one row, many rows, and in every form that rows come in", () => {
    const x = random(50, 3, 5, 100);
    const trainer = preprocessed([standardize(), minMax({ columns: [1] })], x);
    const all = trainer.predict(x).toArray();
    const flat = Float64Array.from(x.flat());
    expect(trainer.predict(flat).toArray()).toEqual(all);
    expect(trainer.predict({ data: flat, shape: [50, 3] }).toArray()).toEqual(all);
    expect(trainer.predict(x.map((row) => Float64Array.from(row))).toArray()).toEqual(all);
    for (let i = 0; i < 50; i += 7) expect(trainer.predict([x[i]]).toArray()[0]).toEqual(all[i]);
  });

  it("refuse numbers that are too large after them", () => {
    const trainer = preprocessed([minMax()], [[0], [1e-10]]);
    const error = thrownBy(() => trainer.predict([[1], [1e30]]));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toBe(
      "predict: x: numbers must be finite in single precision after preprocessing; got 1e+40 at row 1, column 0 (scale the column)",
    );
  });

  it("show in the graph, the summary and the manifest", () => {
    const trainer = preprocessed(
      [standardize({ columns: [1] })],
      [
        [1, 2],
        [1, 4],
      ],
    );
    expect(trainer.summary()).toMatch(/input +\[rows, 2\]\nstandardize1 +\[rows, 2\]\nflatten1/);
    const wider = sequential({ input: [3] }, [oneHot({ columns: [0], categories: 4 }), dense(1)]);
    expect(wider.summary()).toMatch(/input +\[rows, 3\]\noneHot1 +\[rows, 6\]\ndense1/);
    const { model: described, preprocessing } = trainer.manifest() as {
      model: { inputs: object[]; graph: string[] };
      preprocessing: object;
    };
    const step = { name: "standardize1", kind: "standardize", columns: [1] };
    expect(described.inputs).toEqual([{ name: "input", shape: [2], dtype: "f32", steps: [step] }]);
    expect(described.graph).toContain(`step input ${JSON.stringify(step)}`);
    expect(preprocessing).toEqual({ standardize1: { mean: [3], spread: [1] } });
    expect(trainer.summary()).toMatch(/standardize1\.mean +3\n/);
  });

  it("stay where a model is rewritten", () => {
    const trainer = compile(
      sequential({ input: [2], seed: 1 }, [
        standardize(),
        dense(3, { activation: "sigmoid" }),
        dense(2),
        dense(1),
      ]),
      { loss: meanSquaredError(), optimizer: adam(), targets: "standardize" },
    );
    const x = random(20, 2, 30, 500);
    trainer.fitSync({ x, y: x.map(([a]) => 7 * a) });
    const expected = trainer.predict(x).data;
    const fitted = trainer.toModel();
    for (const rewritten of [collapseLinear(fitted), convertActivations(fitted, "sigmoid", "tanh")]) {
      const predictor = compile(rewritten);
      expect(predictor.preprocessing).toEqual(trainer.preprocessing);
      predictor.predict(x).data.forEach((value, i) => {
        expect(Math.abs(value - expected[i])).toBeLessThan(1e-4 * Math.abs(expected[i]));
      });
    }
  });

  const cases: Record<string, [() => unknown, new (...given: never[]) => Error, string]> = {
    "behind another layer": [
      () => sequential({ input: [2] }, [dense(3), standardize()]),
      TraceError,
      "standardize1: preprocessing must come first, on an input or on other preprocessing, and nothing else may read what it is given; got dense1.dense [rows, 3]",
    ],
    "on an input that something else reads": [
      () => model({ inputs: { x: [2] } }, ({ x }) => dense(1, { name: "raw" })(x).add(dense(1)(minMax()(x)))),
      TraceError,
      "minMax1: preprocessing must come first, on an input or on other preprocessing, and nothing else may read what it is given; got x [rows, 2], which raw reads",
    ],
    "on rows of ids": [
      () => sequential({ input: { shape: [2], dtype: "i32" } }, [standardize(), embedding(3, 1), flatten()]),
      TraceError,
      "standardize1: needs an f32 input; got i32 [rows, 2]",
    ],
    "on rows of one number": [
      () => sequential({ input: [] }, [standardize()]),
      ShapeError,
      "standardize1: needs an input [.., n] of fixed n; got [rows]",
    ],
    "twice the same": [
      () => {
        const shared = standardize();
        return model({ inputs: { a: [2], b: [2] } }, ({ a, b }) => dense(1)(shared(a).add(shared(b))));
      },
      TraceError,
      "standardize1: a preprocessing layer must be used once, on one input; got b beside another",
    ],
    "with a column that there is not": [
      () => sequential({ input: [2] }, [impute({ columns: [0, 2] }), dense(1)]),
      ShapeError,
      "impute1: columns must be less than 2, the last axis of its input; got 2",
    ],
    "with a column twice": [
      () => standardize({ columns: [1, 1] }),
      OptionError,
      "standardize: columns must be an array of different whole numbers >= 0, at least one, such as [0, 2]; got an array of 2",
    ],
    "with no columns": [() => standardize({ columns: [] }), OptionError, "such as [0, 2]; got an array of 0"],
    "with another filler": [
      () => impute({ with: "mode" as never }),
      OptionError,
      'impute: with must be "mean", "median" or a finite number; got "mode"',
    ],
    "with an infinite filler": [
      () => impute({ with: Infinity }),
      OptionError,
      'impute: with must be "mean", "median" or a finite number; got Infinity',
    ],
    "with no categories": [
      () => oneHot({} as never),
      OptionError,
      "oneHot: categories must be a whole number >= 1; got undefined",
    ],
    "with too few categories": [
      () => sequential({ input: [3] }, [oneHot({ categories: [2, 2] }), dense(1)]),
      OptionError,
      "oneHot1: categories must be one number for each of 3 columns; got 2",
    ],
  };
  it.each(Object.entries(cases))("are refused %s", (_name, [make, Kind, message]) => {
    const error = thrownBy(make);
    expect(error).toBeInstanceOf(Kind);
    expect(error.message).toContain(message);
  });

  it("leave nothing of the raw rows to other layers", () => {
    const late = () =>
      model({ inputs: { x: [2] } }, ({ x }) => {
        const scaled = standardize()(x);
        return dense(1)(scaled).add(dense(1, { name: "late" })(x));
      });
    expect(thrownBy(late)).toBeInstanceOf(TraceError);
    expect(() => model({ inputs: { x: [2] } }, ({ x }) => standardize()(x) && x)).toThrow(TraceError);
    const twice = () => model({ inputs: { x: [2] } }, ({ x }) => standardize()(x) && dense(1)(minMax()(x)));
    expect(thrownBy(twice)).toBeInstanceOf(TraceError);
  });
});

describe("a model of columns", () => {
  const list: Column[] = [
    { name: "bill", kind: "number", with: "median", indicator: true },
    { name: "island", kind: "category", categories: ["Biscoe", "Dream"] },
    { name: "at", kind: "date", scale: "minMax" },
    { name: "mass", kind: "number", scale: "none", with: 0 },
  ];
  const rows = [
    { bill: 39, island: "Biscoe", at: "1970-01-01", mass: 1, extra: "ignored" },
    { bill: null, island: "Dream", at: "1970-01-02T00:00Z", mass: undefined, extra: {} },
    { bill: 41, island: null, at: new Date(2 * 86_400_000), mass: 3 },
    { bill: 45, island: "Torgersen", at: null, mass: NaN },
  ];
  const fitted = (columns = inputColumns(list)) => {
    const trainer = compile(sequential({ columns }, [flatten()]), {
      loss: meanSquaredError(),
      optimizer: adam(),
      batchSize: 3,
    });
    trainer.adapt(rows);
    return trainer;
  };
  // bill: median 41 of 39, 41, 45; then the mean 41.5 and the spread sqrt(19 / 4) of 39, 41, 41, 45.
  const spread = Math.sqrt((2.5 ** 2 + 0.5 ** 2 + 0.5 ** 2 + 3.5 ** 2) / 4);
  const expected = rounded([
    [-2.5 / spread, 1, 0, 0, 0, 1, 0],
    [-0.5 / spread, 0, 1, 0, 0.5, 0, 1],
    [-0.5 / spread, 0, 0, 1, 1, 3, 0],
    [3.5 / spread, 0, 0, 1, 0.5, 0, 0],
  ]);

  it("imputes, scales and encodes as the columns say", () => {
    const trainer = fitted();
    expect(trainer.predict(rows).toArray()).toEqual(expected);
    expect(trainer.preprocessing).toEqual({
      impute1: { value: [41] },
      impute2: { value: [86_400_000] },
      standardize1: { mean: [41.5], spread: [spread] },
      minMax1: { low: [0], high: [2 * 86_400_000] },
    });
  });

  it("reads lists in the order of the columns, and encoded numbers", () => {
    const trainer = fitted();
    const lists = rows.map(({ bill, island, at, mass }) => [bill, island, at, mass]);
    expect(trainer.predict(lists).toArray()).toEqual(expected);
    const day = 86_400_000;
    const encoded = [39, 0, 0, 1, NaN, 1, day, NaN, 41, NaN, 2 * day, 3, 45, 2, NaN, NaN];
    expect(trainer.predict({ data: Float64Array.from(encoded), shape: [4, 4] }).toArray()).toEqual(expected);
    expect(trainer.predict(Float64Array.from(encoded)).toArray()).toEqual(expected);
    const typed = [0, 4, 8, 12].map((at) => Float64Array.from(encoded.slice(at, at + 4)));
    expect(trainer.predict(typed).toArray()).toEqual(expected);
    expect(trainer.predict([rows[0], typed[1], lists[2], typed[3]] as TableRows).toArray()).toEqual(expected);
    expect(() => trainer.predict([rows[0], Float64Array.of(1, 5, 2, 3)] as TableRows)).toThrow(
      'column "island" must hold whole numbers from 0 to 2, 2 for an unseen category, or NaN; got 5 at row 1',
    );
  });

  it("takes categories that are numbers or booleans by their text", () => {
    const columns = inputColumns([{ name: "c", kind: "category", categories: ["3", "true"] }]);
    const predictor = compile(sequential({ columns }, [flatten()]));
    expect(predictor.predict([{ c: 3 }, { c: true }, { c: "3" }, { c: 4n }]).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
  });

  it("looks at no cell beside its columns, whatever stands there", () => {
    const trainer = fitted();
    const extra: { self?: object } = {};
    extra.self = extra;
    const many = rows.map((row) => ({ ...row, extra }));
    const out = new Float32Array(4 * 7);
    expect(trainer.predict(many, { out })).toEqual(Float32Array.from(expected.flat()));
  });

  it("may be one input of several", () => {
    const net = model({ inputs: { row: { columns: inputColumns(list) }, more: [2] } }, ({ row, more }) =>
      dense(1)(row).add(dense(1)(more)),
    );
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam() });
    trainer.fitSync({ x: { row: rows, more: noise(8) }, y: [1, 2, 3, 4] });
    expect(trainer.predict({ row: rows, more: noise(8) }).shape).toEqual([4, 1]);
    expect(() => trainer.predict({ row: [{ bill: 1 }], more: [1, 2] })).toThrow(
      'predict: x.row: rows must have the column "island"; got row 0 without it',
    );
  });

  const refused: Record<string, [TableRows, string]> = {
    "an absent key": [
      [rows[0], { bill: 1, island: "Dream", at: null }],
      'predict: x: rows must have the column "mass"; got row 1 without it (write null for a missing value)',
    ],
    "a misspelt key": [
      [{ bill: 1, Island: "Dream", at: null, mass: 1 }],
      'predict: x: rows must have the column "island"; got row 0 without it: did you mean it by "Island"?',
    ],
    "a number as text": [
      [{ ...rows[0], bill: "39.1" }],
      'predict: x: column "bill" must hold finite numbers; got "39.1" at row 0 (convert it with Number)',
    ],
    "an empty text": [
      [{ ...rows[0], mass: "" }],
      'predict: x: column "mass" must hold finite numbers; got "" at row 0 (write null for a missing value)',
    ],
    infinity: [
      [{ ...rows[0], mass: Infinity }],
      'predict: x: column "mass" must hold finite numbers; got Infinity at row 0',
    ],
    "another date": [
      [{ ...rows[0], at: "01/02/2024" }],
      'predict: x: column "at" must hold ISO 8601 dates, such as 2024-02-29 or 2024-02-29T12:30:00Z; got "01/02/2024" at row 0',
    ],
    "an object as a name": [
      [{ ...rows[0], island: {} }],
      'predict: x: column "island" must hold names; got {} at row 0',
    ],
    "a row that is none": [["x"] as never, 'predict: x: rows must be objects or arrays; got "x" as row 0'],
    "a short list": [[[1, "Dream", null]], "predict: x: row 0 must have 4 values, one a column; got 3"],
    "a category beyond the unseen": [
      { data: [1, 3, 0, 0], shape: [1, 4] },
      'predict: x: column "island" must hold whole numbers from 0 to 2, 2 for an unseen category, or NaN; got 3 at row 0',
    ],
    "one object": [rows[0] as never, "predict: x: rows must be an array of objects, one a row, such as"],
  };
  it.each(Object.entries(refused))("refuses %s", (_name, [x, message]) => {
    expect(thrownBy(() => fitted().predict(x)).message).toContain(message);
  });

  it("takes no keys of prototypes for cells", () => {
    const columns = inputColumns([
      { name: "__proto__", kind: "number" },
      { name: "toString", kind: "number" },
    ]);
    const trainer = compile(sequential({ columns }, [flatten()]), {
      loss: meanSquaredError(),
      optimizer: adam(),
    });
    expect(() => trainer.adapt([{}])).toThrow('rows must have the column "__proto__"');
    const row = JSON.parse('{ "__proto__": 1, "toString": 2 }');
    trainer.adapt([row]);
    expect(trainer.preprocessing.impute1.value).toEqual([1, 2]);
  });

  it("keeps the columns as plain data", () => {
    expect(JSON.parse(JSON.stringify(inputColumns(list)))).toEqual(list);
    expect(() => {
      (inputColumns(list)[0] as { name: string }).name = "other";
    }).toThrow(TypeError);
  });

  const bad: Record<string, [readonly unknown[] | unknown, string]> = {
    "no columns": [
      [],
      "inputColumns: columns must be an array of { name, kind, .. }, at least one; got an array of 0",
    ],
    "a name twice": [
      [list[0], { ...list[3], name: "bill" }],
      'inputColumns: names must differ; got "bill" twice',
    ],
    "no name": [[{ kind: "number" }], "inputColumns: column 0: name must be a string; got undefined"],
    "another kind": [
      [{ name: "a", kind: "text" }],
      'inputColumns: column 0: kind must be "number" or "category" or "date"; got "text"',
    ],
    "no categories": [
      [{ name: "a", kind: "category", categories: [] }],
      "inputColumns: column 0: categories must be an array of strings, at least one; got an array of 0",
    ],
    "a category twice": [
      [{ name: "a", kind: "category", categories: ["x", "x"] }],
      'inputColumns: column 0: categories must differ; got "x" twice',
    ],
    "another scale": [
      [{ name: "a", kind: "number", scale: "log" }],
      'inputColumns: column 0: scale must be "standardize" or "minMax" or "none"; got "log"',
    ],
    "another filler": [
      [{ name: "a", kind: "date", with: null }],
      'inputColumns: column 0: with must be "mean", "median" or a finite number; got null',
    ],
  };
  it.each(Object.entries(bad))("refuses %s", (_name, [columns, message]) => {
    const error = thrownBy(() => inputColumns(columns as never));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toBe(message);
  });

  it("needs checked columns, and no input beside them", () => {
    expect(() => sequential({ columns: list }, [dense(1)])).toThrow(
      "sequential: columns must be what inputColumns([..]) or columns() of wasmgrad/data gives, without a shape; got an array of 4",
    );
    const both = { columns: inputColumns(list), input: [4] };
    expect(() => sequential(both, [dense(1)])).toThrow("sequential: takes input or columns; got both");
  });
});
