import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import {
  activation,
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  compile,
  createEngine,
  crossEntropy,
  dense,
  dropout,
  embedding,
  flatten,
  huber,
  layerNorm,
  logicGate,
  model,
  OptionError,
  perceptron,
  reshape,
  ShapeError,
  sequential,
  sgd,
  valueAndGrad,
} from "../../src/index.ts";
import * as transform from "../../src/transform/index.ts";
import { thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

const trainer = xorTrainer();
const unit = perceptron({ inputs: 1 });

/** Every public function that takes options, called with what is given for them. */
const TAKERS: { readonly [name: string]: (options: never) => unknown } = {
  activation: (options) => activation("relu", options),
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  compile: (options) => compile(xorModel(), options),
  convertActivations: (options) => transform.convertActivations(xorModel(), "tanh", "sigmoid", options),
  createEngine,
  crossEntropy,
  dense: (options) => dense(1, options),
  dropout: (options) => dropout(0.5, options),
  embedding: (options) => embedding(2, 3, options),
  fit: (options) => trainer.fit(xor, options),
  "fit: stopWhen": (stopWhen) => trainer.fit(xor, { stopWhen }),
  fitSync: (options) => trainer.fitSync(xor, options),
  "fitSync: stopWhen": (stopWhen) => trainer.fitSync(xor, { stopWhen }),
  flatten,
  huber,
  layerNorm,
  logicGate: (options) => logicGate("and", options),
  model: (options) => model(options, ({ x }) => dense(1)(x)),
  perceptron,
  "perceptron: fit": (options) => unit.fit({ x: [[1]], y: [1] }, options),
  predict: (options) => trainer.predict(xor.x, options),
  reset: (options) => trainer.reset(options),
  reshape: (options) => reshape([1], options),
  sequential: (options) => sequential(options, [dense(1)]),
  sgd,
  valueAndGrad: (options) => valueAndGrad((x) => x, options),
};

const NO_OPTIONS: readonly (readonly [unknown, string])[] = [
  [null, "null"],
  [5, "5"],
  ["x", '"x"'],
  [[], "an array of 0"],
  [() => {}, "a function"],
];

describe.each(Object.entries(TAKERS))("%s", (name, take) => {
  const refusal = async (options: unknown): Promise<Error> => {
    try {
      await take(options as never);
    } catch (error) {
      return error as Error;
    }
    throw new Error("expected an error; got none");
  };
  /** Errors of a perceptron's fit name the perceptron. */
  const who = name.replace(/^perceptron: fit$/, "perceptron");

  it.each(NO_OPTIONS)("refuses %o in place of options", async (options, got) => {
    const before = [trainer.state(), unit.bias];
    const error = await refusal(options);
    expect(error.message).toBe(`${who}: options must be an object; got ${got}`);
    expect(error).toBeInstanceOf(OptionError);
    expect([trainer.state(), unit.bias]).toEqual(before);
  });

  // The one option of `predict` is needed, so that a misspelt one leaves no default.
  if (name !== "predict")
    it("refuses an option that nobody reads: a misspelt one would leave a default", async () => {
      const before = [trainer.state(), unit.bias];
      const error = await refusal({ unheardOf: 1 });
      expect(error.message).toBe(`${who}: options must be those in its documentation; got unheardOf`);
      expect(error).toBeInstanceOf(OptionError);
      expect([trainer.state(), unit.bias]).toEqual(before);
    });
});

describe("refused options", () => {
  it("are tried with every function that takes some", () => {
    const functions = Object.entries({ ...wasmgrad, ...transform })
      .filter(([name, value]) => typeof value === "function" && !/^[A-Z]/.test(name))
      .map(([name]) => name);
    expect(functions.filter((name) => !(name in TAKERS)).sort()).toEqual([
      "collapseLinear",
      "explain",
      "isSupported",
      "meanAbsoluteError",
      "meanSquaredError",
      "parity",
    ]);
  });

  it("leave a trainer at rest", async () => {
    const fresh = xorTrainer();
    await expect(fresh.fit(xor, null as never)).rejects.toBeInstanceOf(OptionError);
    expect(() => fresh.fitSync(xor, null as never)).toThrow(OptionError);
    expect(fresh.fitSync(xor).steps).toBe(1);
  });

  it("are told of a layer by its name", () => {
    for (const make of [
      () => dense(1, { name: "head", bia: 1 } as never),
      () => flatten({ name: "head", bia: 1 } as never),
    ])
      expect(thrownBy(make).message).toBe("head: options must be those in its documentation; got bia");
  });

  it("are those of predict that nobody reads", () => {
    expect(thrownBy(() => trainer.predict(xor.x, { into: new Float32Array(4) } as never)).message).toBe(
      "predict: options must be those in its documentation; got into",
    );
  });

  it("are also the inputs of a model that are none", () => {
    expect(() => model({ inputs: null as never }, () => ({}))).toThrow(
      "model: needs at least one input; got none",
    );
  });
});

describe("no options", () => {
  const optional = Object.keys(TAKERS).filter(
    (name) => !/^(model|perceptron|sequential|convertActivations)$/.test(name),
  );
  it.each(optional)("are as good as undefined ones: %s", async (name) => {
    await TAKERS[name](undefined as never);
  });

  it.each(["model", "perceptron", "sequential"])("are refused where some are needed: %s", (name) => {
    expect(thrownBy(() => TAKERS[name](undefined as never)).message).toBe(
      `${name}: options must be an object; got undefined`,
    );
  });
});

describe("values of the wrong kind are refused", () => {
  const wrong: Record<string, [() => unknown, string]> = {
    "layers of one layer": [
      () => sequential({ input: [1] }, dense(1) as never),
      "sequential: layers must be an array of layers; got a function",
    ],
    "layers by name": [
      () => sequential({ input: [1] }, ["dense"] as never),
      "sequential: layers must be an array of layers; got an array of 1",
    ],
    "labels as one string": [
      () => compile(xorModel(), { labels: "no" as never }),
      'compile: labels must be an array of strings; got "no"',
    ],
    "labels that are numbers": [
      () => compile(xorModel(), { labels: [1, 2] as never }),
      "compile: labels must be an array of strings; got an array of 2",
    ],
    "an initializer that is null": [
      () => sequential({ input: [1] }, [dense(1, { weightInitializer: null as never })]),
      "dense1: initializer must be one of glorotUniform",
    ],
    "a flag of sgd": [
      () => sgd({ momentum: 0.9, nesterov: "no" as never }),
      'sgd: nesterov must be a boolean; got "no"',
    ],
    "a flag of dense": [() => dense(1, { bias: 0 as never }), "dense: bias must be a boolean; got 0"],
    "a flag of a loss": [
      () => crossEntropy({ fromLogits: 1 as never }),
      "crossEntropy: fromLogits must be a boolean; got 1",
    ],
    "a flag of fitSync": [
      () => trainer.fitSync(xor, { epochs: 1, shuffle: null as never }),
      "fitSync: shuffle must be a boolean; got null",
    ],
    "the name of a layer": [() => flatten({ name: 5 as never }), "flatten: name must be a string; got 5"],
    "the function of a model": [
      () => model({ inputs: { x: [1] } }, undefined as never),
      "model: fn must be a function; got undefined",
    ],
    "values of parameters": [
      () => trainer.setParameters(null as never),
      "setParameters: values must be an object; got null",
    ],
    "no model": [() => compile(undefined as never), "compile: needs a model; got undefined without a graph"],
  };
  it("a signal", async () => {
    const fitted = trainer.fit(xor, { epochs: 1, signal: {} as never });
    await expect(fitted).rejects.toThrow(
      new OptionError("fit: signal must be an AbortSignal; got an object of type Object"),
    );
  });

  for (const [name, [act, message]] of Object.entries(wrong))
    it(name, () => {
      const error = thrownBy(act);
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(OptionError);
    });
});

it("a shape that is none is a ShapeError", () => {
  expect(() => reshape(null as never)).toThrow(
    new ShapeError("reshape: shape must be an array of whole numbers; got null"),
  );
});

describe("a program in a console", () => {
  it("shows its manifest, not its memory", () => {
    expect(inspect(xorTrainer())).toBe(inspect(xorTrainer().manifest()));
  });
});
