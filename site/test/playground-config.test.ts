/** Configurations: what they may be, and everything that is none. */
import { describe, expect, it } from "vitest";
import { ConfigError, DEFAULT_CONFIG, readConfig } from "../pages/playground/run/config.ts";
import type { Config } from "../pages/playground/run/types.ts";

const own = (change: object = {}): unknown => ({
  ...DEFAULT_CONFIG,
  data: {
    kind: "own",
    columns: [
      { name: "a", kind: "number", cells: [1, 2, null, 4] },
      { name: "b", kind: "category", cells: ["x", "y", null, "x"] },
    ],
    target: { name: "t", kind: "category", cells: ["no", "yes", "no", "yes"] },
    axes: ["a", "a"],
    train: 50,
    seed: 1,
    ...change,
  },
});
const numbers = (name: string, cells: unknown[]) => ({ name, kind: "number", cells });
const words = (name: string, cells: unknown[]) => ({ name, kind: "category", cells });
const layer = (change: object) => ({ layers: [{ units: 4, activation: "tanh", ...change }] });

function errorOf(given: unknown): ConfigError {
  try {
    readConfig(given);
  } catch (error) {
    return error as ConfigError;
  }
  throw new Error("expected an error; got none");
}

describe("readConfig", () => {
  it("gives what it was given, made anew", () => {
    for (const config of [DEFAULT_CONFIG, own()]) {
      const read = readConfig(config);
      expect(read).toEqual(config);
      expect(read.data).not.toBe((config as Config).data);
    }
  });

  it("takes NaN for missing, as tables do, and -0 for 0, as links do", () => {
    const { data } = readConfig(own({ columns: [numbers("a", [Number.NaN, -0, 1, 2])] }));
    expect(data).toMatchObject({ columns: [{ cells: [null, 0, 1, 2] }] });
    expect(Object.is((data as never as { columns: [{ cells: number[] }] }).columns[0].cells[1], 0)).toBe(
      true,
    );
  });

  const { data } = DEFAULT_CONFIG;
  it.each<[string, unknown, string, string]>([
    ["no object", "x", "config", 'A run must be an object; this is "x".'],
    ["null", null, "config", "A run must be an object; this is null."],
    ["a list", [], "config", "A run must be an object; this is a list."],
    [
      "no data",
      { ...DEFAULT_CONFIG, data: undefined },
      "data",
      "The data must be an object; this is undefined.",
    ],
    [
      "no rows",
      { ...DEFAULT_CONFIG, data: { ...data, rows: 0 } },
      "data.rows",
      "The number of rows must be a whole number from 10 to 2,000; this is 0.",
    ],
    [
      "half a row",
      { ...DEFAULT_CONFIG, data: { ...data, rows: 10.5 } },
      "data.rows",
      "The number of rows must be a whole number from 10 to 2,000; this is 10.5.",
    ],
    [
      "noise without end",
      { ...DEFAULT_CONFIG, data: { ...data, noise: Infinity } },
      "data.noise",
      "The noise must be a number from 0 to 1; this is Infinity.",
    ],
    [
      "a set of Object.prototype",
      { ...DEFAULT_CONFIG, data: { ...data, set: "toString" } },
      "data.set",
      'The set of data must be one of circles, moons, xor, blobs, spirals, wave; this is "toString".',
    ],
    [
      "40 layers",
      { ...DEFAULT_CONFIG, layers: Array(40).fill({}) },
      "layers",
      "A network here has at most 8 hidden layers; this has 40.",
    ],
    [
      "layers that are none",
      { ...DEFAULT_CONFIG, layers: { length: 1 } },
      "layers",
      "Layers must be a list; this is something else.",
    ],
    [
      "1e9 units",
      { ...DEFAULT_CONFIG, ...layer({ units: 1e9 }) },
      "layers[0].units",
      "The units of layer 1 must be a whole number from 1 to 64; this is 1000000000.",
    ],
    [
      "NaN units",
      { ...DEFAULT_CONFIG, ...layer({ units: Number.NaN }) },
      "layers[0].units",
      "The units of layer 1 must be a whole number from 1 to 64; this is NaN.",
    ],
    [
      "units as text",
      { ...DEFAULT_CONFIG, ...layer({ units: "4" }) },
      "layers[0].units",
      'The units of layer 1 must be a whole number from 1 to 64; this is "4".',
    ],
    [
      "__proto__",
      { ...DEFAULT_CONFIG, ...layer({ activation: "__proto__" }) },
      "layers[0].activation",
      'The activation of layer 1 must be one of tanh, relu, sigmoid, leakyRelu, gelu, linear; this is "__proto__".',
    ],
    [
      "all dropped",
      { ...DEFAULT_CONFIG, ...layer({ dropout: 1 }) },
      "layers[0].dropout",
      "The dropout of layer 1 must be a number from 0 to 0.9; this is 1.",
    ],
    [
      "another norm",
      { ...DEFAULT_CONFIG, ...layer({ normalization: "group" }) },
      "layers[0].normalization",
      'The normalization of layer 1 must be one of batch, layer; this is "group".',
    ],
    [
      "a hostile optimizer",
      { ...DEFAULT_CONFIG, optimizer: "adam\u2028\u0000<script>" },
      "optimizer",
      'The optimizer must be one of sgd, momentum, adam, rmsprop, adagrad; this is "adam  <script>".',
    ],
    [
      "a null rate",
      { ...DEFAULT_CONFIG, rate: null },
      "rate",
      "The learning rate must be a number from 0 to 100; this is null.",
    ],
    [
      "a NaN rate",
      { ...DEFAULT_CONFIG, rate: Number.NaN },
      "rate",
      "The learning rate must be a number from 0 to 100; this is NaN.",
    ],
    [
      "a change that is none",
      { ...DEFAULT_CONFIG, rates: [7] },
      "rates[0]",
      "A change of the rate must be a step and a rate; change 1 is something else.",
    ],
    [
      "changes out of order",
      {
        ...DEFAULT_CONFIG,
        rates: [
          [5, 1],
          [5, 2],
        ],
      },
      "rates[1]",
      "Changes of the rate must come in the order of their steps; step 5 does not.",
    ],
    [
      "a change at 1e12",
      { ...DEFAULT_CONFIG, rates: [[1e12, 1]] },
      "rates[0]",
      "The step of a change of the rate must be a whole number from 0 to 100000000; this is 1000000000000.",
    ],
    [
      "2,000 changes",
      { ...DEFAULT_CONFIG, rates: Array(2000).fill([1, 1]) },
      "rates",
      "Changes of the rate can have at most 1,000 entries; this has 2,000.",
    ],
    [
      "a penalty below 0",
      { ...DEFAULT_CONFIG, penalty: { kind: "l2", factor: -1 } },
      "penalty.factor",
      "The factor of the regularization must be a number from 0 to 10; this is -1.",
    ],
    [
      "no rows in a step",
      { ...DEFAULT_CONFIG, batch: 0 },
      "batch",
      "The batch must be a whole number from 1 to 256; this is 0.",
    ],
    [
      "a seed beyond",
      { ...DEFAULT_CONFIG, seed: 2 ** 32 },
      "seed",
      "The seed must be a whole number from 0 to 4294967295; this is 4294967296.",
    ],
    [
      "an unknown field",
      { ...DEFAULT_CONFIG, epochs: 1e12 },
      "config.epochs",
      'A run has a field that nothing reads, "epochs".',
    ],
    [
      "no inputs",
      own({ columns: [] }),
      "data.columns",
      "The inputs must have at least one entry; this has 0.",
    ],
    [
      "33 inputs",
      own({ columns: Array.from({ length: 33 }, (_, i) => numbers(`c${i}`, [1, 2, 3, 4])) }),
      "data.columns",
      "The inputs can have at most 32 entries; this has 33.",
    ],
    [
      "columns of one name",
      own({ target: words("a", ["x", "y", "x", "y"]) }),
      "data.columns",
      'Columns must have different names; "a" comes twice.',
    ],
    [
      "a column __proto__",
      own({ columns: [numbers("__proto__", [1, 2, 3, 4])] }),
      "data.columns[0].name",
      'A column cannot have the name "__proto__": rename it.',
    ],
    [
      "a name of two lines",
      own({ columns: [numbers("a\nb", [1, 2, 3, 4])] }),
      "data.columns[0].name",
      'The name of a column must be one line without control characters; this is "a b".',
    ],
    [
      "a name too long",
      own({ columns: [numbers("a".repeat(101), [1, 2, 3, 4])] }),
      "data.columns[0].name",
      "The name of a column can have at most 100 characters; this has 101.",
    ],
    [
      "a word that is none",
      own({ columns: [words("b", ["x", 5, "y", "y"])] }),
      "data.columns[0].cells",
      'A word in "b" must be a text; this is 5.',
    ],
    [
      "a column too short",
      own({ columns: [numbers("a", [1, 2, 3])] }),
      "data.columns",
      'All columns must have as many rows; "a" has 3, the target 4.',
    ],
    [
      "1e39",
      own({ columns: [numbers("a", [1, 2, 1e39, 4])] }),
      "data.columns[0].cells",
      '"a" must have numbers up to 1e+30; row 3 has 1e+39.',
    ],
    [
      "all missing",
      own({ columns: [numbers("a", [null, null, null, null])] }),
      "data.columns",
      '"a" has no value in any row: leave the column out.',
    ],
    [
      "a target with a gap",
      own({ target: words("t", ["x", null, "y", "x"]) }),
      "data.target",
      "The target must have a value in every row; row 2 has none.",
    ],
    [
      "one class",
      own({ target: words("t", ["x", "x", "x", "x"]) }),
      "data.target",
      'The target "t" has one class alone, "x": there is nothing to tell apart.',
    ],
    [
      "one number",
      own({ target: numbers("t", [5, 5, 5, 5]) }),
      "data.target",
      'The target "t" is 5 in every row: there is nothing to learn.',
    ],
    [
      "11 classes",
      own({
        target: words(
          "t",
          Array.from({ length: 11 }, (_, i) => `c${i}`),
        ),
      }),
      "data.target",
      '"t" can have at most 10 different classes; this has more.',
    ],
    [
      "6,000 rows",
      own({ target: numbers("t", Array(6000).fill(1)) }),
      "data.target.cells",
      'Column "t" can have at most 5,000 entries; this has 6,000.',
    ],
    [
      "3 rows",
      own({ columns: [numbers("a", [1, 2, 3])], target: numbers("t", [1, 2, 3]) }),
      "data.target",
      "The number of rows must be a whole number from 4 to 5,000; this is 3.",
    ],
    ["an axis of words", own({ axes: ["a", "b"] }), "data.axes[1]", 'An axis must be one of a; this is "b".'],
  ])("refuses %s", (_, given, path, message) => {
    const error = errorOf(given);
    expect(error).toBeInstanceOf(ConfigError);
    expect([error.path, error.message]).toEqual([path, message]);
  });

  it("reads own fields alone", () => {
    const inherited = Object.create(DEFAULT_CONFIG);
    expect(errorOf(inherited).message).toBe("The data must be an object; this is undefined.");
  });
});
