import { describe, expect, it } from "vitest";
import {
  compile,
  DataError,
  dense,
  flatten,
  meanSquaredError,
  model,
  type Rows,
  ShapeError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { noise, thrownBy, xor, xorTrainer } from "../fixtures.ts";

const rows = [
  [0.5, -1, 2],
  [3, 0.25, -4],
  [1, 1, 8],
  [-2, 7, 0.125],
];
const flat = rows.flat();

describe("rows come in every documented form", () => {
  const predictor = compile(sequential({ input: [3], seed: 3 }, [dense(2)]));
  const expected = predictor.predict(rows).data;
  const forms: Record<string, Rows> = {
    "nested arrays": rows,
    "an array of Float32Array": rows.map((row) => Float32Array.from(row)),
    "an array of Float64Array": rows.map((row) => Float64Array.from(row)),
    "an array of arrays and typed arrays": rows.map((row, i) => (i % 2 ? row : Float32Array.from(row))),
    "a flat Float32Array": Float32Array.from(flat),
    "a flat Float64Array": Float64Array.from(flat),
    "{ data, shape } of a plain array": { data: flat, shape: [4, 3] },
    "{ data, shape } of a Float32Array": { data: Float32Array.from(flat), shape: [4, 3] },
    "{ data, shape } with more axes": { data: flat, shape: [4, 3, 1] },
    "rows nested deeper": rows.map((row) => row.map((v) => [v])),
  };
  for (const [name, form] of Object.entries(forms))
    it(`${name} gives the same predictions`, () => {
      expect(predictor.predict(form).data).toEqual(expected);
    });

  const integers = [
    [1, 2, 3],
    [100, 0, 7],
  ];
  for (const Type of [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
  ])
    it(`a flat ${Type.name} gives the predictions of its numbers`, () => {
      expect(predictor.predict(Type.from(integers.flat())).data).toEqual(predictor.predict(integers).data);
    });

  it("one row is a plain list of its numbers", () => {
    expect(predictor.predict(rows[1]).data).toEqual(expected.subarray(2, 4));
  });

  it("a plain list is one column where a row is one number", () => {
    const line = compile(sequential({ input: [1] }, [dense(1)]));
    expect(line.predict([1, 2, 3]).data).toEqual(line.predict([[1], [2], [3]]).data);
    expect(line.predict([1, 2, 3]).shape).toEqual([3, 1]);
  });

  it("no rows give an empty result", () => {
    expect(predictor.predict([]).shape).toEqual([0, 2]);
    expect(predictor.predict([]).toArray()).toEqual([]);
  });

  it("rows of images come nested, flat, or with their shape", () => {
    const image = compile(sequential({ input: [2, 3] }, [flatten(), dense(2)]));
    const nested = [rows.slice(0, 2), rows.slice(2)];
    const { data } = image.predict(nested);
    expect(image.predict([rows.slice(0, 2).flat(), rows.slice(2).flat()]).data).toEqual(data);
    expect(image.predict({ data: flat, shape: [2, 2, 3] }).data).toEqual(data);
    expect(image.predict(Float32Array.from(flat)).data).toEqual(data);
  });
});

describe("rows that do not fit are refused", () => {
  const predictor = compile(sequential({ input: [3] }, [dense(2)]));
  const wrong: [string, unknown, typeof ShapeError | typeof DataError, string][] = [
    [
      "too short a row",
      [
        [1, 2, 3],
        [4, 5],
      ],
      ShapeError,
      "predict: x: row 1 must have 3 numbers; got 2",
    ],
    ["too long a row", [[1, 2, 3, 4]], ShapeError, "predict: x: row 0 must have 3 numbers; got 4"],
    ["a short typed row", [new Float32Array(2)], ShapeError, "predict: x: row 0 must have 3 numbers; got 2"],
    ["an empty row", [[]], ShapeError, "predict: x: row 0 must have 3 numbers; got 0"],
    [
      "a flat typed array of another size",
      new Float32Array(7),
      ShapeError,
      "predict: x: rows must have 3 numbers; got a Float32Array of 7, which is no multiple of it",
    ],
    [
      "a flat plain list of several rows",
      [1, 2, 3, 4, 5, 6],
      ShapeError,
      "predict: x: rows must have 3 numbers; got a flat array of 6: write each row as an array, as in [[..], [..]], or pass { data, shape }",
    ],
    [
      "a shape that says another count",
      { data: [1, 2, 3], shape: [2, 3] },
      ShapeError,
      "predict: x: data must be a list of as many numbers as its shape says; got an array of 3 for the shape [2,3]",
    ],
    [
      "a shape of other rows",
      { data: [1, 2, 3, 4], shape: [1, 4] },
      ShapeError,
      "predict: x: rows must have 3 numbers; got shape [1,4]",
    ],
    ["a shape of fractions", { data: [1, 2, 3], shape: [0.5, 6] }, ShapeError, "predict: x: "],
    ["a negative shape", { data: [1, 2, 3], shape: [-1, -3] }, ShapeError, "predict: x: "],
    [
      "a string",
      "[[1, 2, 3]]",
      ShapeError,
      'predict: x: rows must be an array of arrays of numbers, a typed array or { data, shape }; got "[[1, 2, 3]]"',
    ],
    ["null", null, ShapeError, "predict: x: rows must be an array of arrays"],
    ["undefined", undefined, ShapeError, "predict: x: rows must be an array of arrays"],
    ["a DataView", new DataView(new ArrayBuffer(12)), ShapeError, "predict: x: rows must be"],
    ["BigInts", new BigInt64Array(3), ShapeError, "predict: x: rows must be"],
    [
      "a row of strings",
      [["1", "2", "3"]],
      DataError,
      'predict: x: numbers only; got "1" at row 0, column 0 (convert it with Number)',
    ],
    [
      "a missing row",
      [[1, 2, 3], undefined],
      DataError,
      "predict: x: numbers only; got undefined at row 1, column 0 (a missing value? impute it or drop the row)",
    ],
    [
      "a missing number",
      [[1, undefined, 3]],
      DataError,
      "predict: x: numbers only; got undefined at row 0, column 1 (a missing value? impute it or drop the row)",
    ],
    [
      "a row of BigInts",
      [[1n, 2n, 3n]],
      DataError,
      "predict: x: numbers only; got 1n at row 0, column 0 (convert it with Number)",
    ],
    [
      "BigInts with a shape",
      { data: [1n, 2n, 3n], shape: [1, 3] },
      DataError,
      "predict: x: numbers only; got 1n at row 0, column 0 (convert it with Number)",
    ],
    [
      "a symbol in a list",
      [1, Symbol("x"), 3],
      DataError,
      "predict: x: numbers only; got a symbol at row 0, column 1",
    ],
    [
      "booleans with a shape",
      { data: [true, 2, 3], shape: [1, 3] },
      DataError,
      "predict: x: numbers only; got true at row 0, column 0 (write 1 or 0)",
    ],
    [
      "NaN",
      [
        [1, 2, 3],
        [4, Number.NaN, 6],
      ],
      DataError,
      "predict: x: numbers must be finite in single precision; got NaN at row 1, column 1",
    ],
    [
      "NaN in a flat Float32Array",
      Float32Array.of(1, 2, 3, 4, 5, Number.NaN),
      DataError,
      "predict: x: numbers must be finite in single precision; got NaN at row 1, column 2",
    ],
    ["infinity", [[1, Number.NEGATIVE_INFINITY, 3]], DataError, "got -Infinity at row 0, column 1"],
    ["a number beyond single precision", [[1e39, 0, 0]], DataError, "got 1e+39 at row 0, column 0"],
  ];
  for (const [name, x, Class, message] of wrong)
    it(`${name}: ${Class.name}`, () => {
      const error = thrownBy(() => predictor.predict(x as Rows));
      expect(error).toBeInstanceOf(Class);
      expect(error.message).toContain(message);
    });

  it("rows nested unevenly are refused though their numbers add up", () => {
    const image = compile(sequential({ input: [2, 2] }, [flatten(), dense(1)]));
    expect(() => image.predict([[[1, 2, 3], [4]]])).toThrow(ShapeError);
    expect(() => image.predict([[[1], [2, 3, 4]]])).toThrow(ShapeError);
  });

  it("the message names the input of a model with several", () => {
    const two = compile(
      model({ inputs: { left: [1], right: [2] } }, ({ left, right }) => dense(1)(left).add(dense(1)(right))),
    );
    expect(() => two.predict({ left: [1], right: [[1, Number.NaN]] })).toThrow(
      "predict: x.right: numbers must be finite",
    );
    expect(() => two.predict({ left: [1, 2], right: [[1, 2]] })).toThrow(ShapeError);
    expect(() => two.predict({ left: [1] } as never)).toThrow(
      "predict: x must be { left: .., right: .. }; got { left: .. }",
    );
  });
});

describe("entries that nobody reads are refused:", () => {
  const twoOutputs = model({ inputs: { a: [1] } }, ({ a }) => ({ p: dense(1)(a), q: dense(1)(a) }));
  const trainer = compile(twoOutputs, { loss: { p: meanSquaredError() }, optimizer: sgd() });
  const x = { a: [1] };
  const y = { p: [1] };
  const given: Record<string, readonly [data: object, message: string]> = {
    "weights of rows by another name": [
      { x, y, weights: [1] },
      'step: data: unknown key "weights"; did you mean sampleWeight? Keys: x, y, sampleWeight',
    ],
    "an input the model does not have": [
      { x: { ...x, zzz: [1] }, y },
      'step: x: unknown input "zzz"; inputs: a',
    ],
    "targets of no output": [{ x, y: { ...y, nope: [1] } }, 'step: y: unknown output "nope"; outputs: p'],
    "targets of an output without a loss": [
      { x, y: { ...y, q: [1] } },
      'step: y: unknown output "q"; outputs: p',
    ],
  };
  it.each(Object.entries(given))("%s", (_, [data, message]) => {
    const before = trainer.digest();
    expect(() => trainer.step(data as never)).toThrow(new DataError(message, "unknown"));
    expect(trainer.digest()).toBe(before);
  });

  it("rows to predict from", () => {
    expect(() => trainer.predict({ ...x, zzz: [1] } as never)).toThrow(
      new DataError('predict: x: unknown input "zzz"; inputs: a', "unknown"),
    );
  });
});

describe("bad training data leaves the trainer as it was", () => {
  const trainer = xorTrainer();
  trainer.fitSync(xor, { epochs: 3 });
  const before = trainer.state();
  const { x, y } = xor;
  const wrong: [string, unknown, string, string][] = [
    ["no data at all", undefined, "DataError", "fitSync: data must be { x: .., y: .. }; got undefined"],
    ["data without y", { x }, "DataError", "fitSync: data must be { x: .., y: .. }; got { x: .. }"],
    ["empty data", { x: [], y: [] }, "DataError", "fitSync: data must have at least one row; got none"],
    [
      "fewer targets than rows",
      { x, y: [0, 1, 1] },
      "ShapeError",
      "fitSync: inputs and targets must have as many rows; got 4 in x, 3 in y",
    ],
    ["ragged rows", { x: [[0, 0], [0, 1], [1], [1, 1]], y }, "ShapeError", "fitSync: x: row 2 must have 2"],
    [
      "NaN among the inputs",
      {
        x: [
          [0, 0],
          [0, Number.NaN],
          [1, 0],
          [1, 1],
        ],
        y,
      },
      "DataError",
      "fitSync: x",
    ],
    ["NaN among the targets", { x, y: [0, 1, Number.NaN, 0] }, "DataError", "fitSync: y"],
    ["a target beyond 1", { x, y: [0, 1, 1.5, 0] }, "DataError", "must lie in [0, 1]; got 1.5 at row 2"],
    ["a negative target", { x, y: [0, 1, -1, 0] }, "DataError", "must lie in [0, 1]; got -1 at row 2"],
    [
      "class names without labels",
      { x, y: ["n", "y", "y", "n"] },
      "DataError",
      'fitSync: y: class names need labels in compile, such as labels: ["n", ..]; got none',
    ],
  ];
  for (const [name, data, error, message] of wrong)
    it(`${name}: ${error} from fitSync, fit, step, evaluate and gradients`, async () => {
      const thrown = thrownBy(() => trainer.fitSync(data as never));
      expect(thrown.name).toBe(error);
      expect(thrown.message).toContain(message);
      await expect(trainer.fit(data as never)).rejects.toMatchObject({ name: error });
      for (const who of ["step", "evaluate", "gradients"] as const) {
        const other = thrownBy(() => trainer[who](data as never));
        expect(other.name).toBe(error);
        expect(other.message).toContain(`${who}: `);
      }
      expect(trainer.state()).toEqual(before);
    });
});

describe("results", () => {
  const predictor = compile(sequential({ input: [3] }, [dense(2)]));

  it("are copies: a later pass and a change by the caller touch nothing", () => {
    const first = predictor.predict(rows);
    const copy = first.data.slice();
    predictor.predict([[9, 9, 9]]);
    expect(first.data).toEqual(copy);
    first.data.fill(0);
    expect(predictor.predict(rows).data).toEqual(copy);
  });

  it("hold exactly the rows asked for, in an array of their own", () => {
    const { data, shape } = predictor.predict(rows);
    expect(shape).toEqual([4, 2]);
    expect(data.buffer.byteLength).toBe(4 * 2 * 4);
  });

  it("nest as their shape says", () => {
    const result = predictor.predict(rows.slice(0, 2));
    const { data } = result;
    expect(result.toArray()).toEqual([
      [data[0], data[1]],
      [data[2], data[3]],
    ]);
  });

  it("of a gradient have the shape of the parameter", () => {
    const trainer = compile(sequential({ input: [3] }, [dense(2)]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    const { gradients } = trainer.gradients({ x: rows, y: { data: noise(8), shape: [4, 2] } });
    expect(gradients["dense1.weight"].shape).toEqual([3, 2]);
    expect(gradients["dense1.weight"].toArray()).toHaveLength(3);
  });
});
