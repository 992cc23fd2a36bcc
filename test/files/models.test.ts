/** Models as JSON and as code: both give them back, to the bit. */
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import {
  type Activation,
  activation,
  adam,
  batchNorm,
  compile,
  dense,
  dropout,
  embedding,
  FileError,
  flatten,
  inputColumns,
  layerNorm,
  load,
  type Model,
  meanSquaredError,
  model,
  modelFromJSON,
  modelToCode,
  modelToJSON,
  reshape,
  sequential,
  type Tensor,
} from "../../src/index.ts";
import { describeModel } from "../../src/model/describe-model.ts";
import { collapseLinear, convertActivations } from "../../src/transform/index.ts";
import { xorModel } from "../fixtures.ts";
import { NETWORKS } from "./networks.ts";
import { runCode as run } from "./run-code.ts";

const uses = [batchNorm, dropout, embedding, layerNorm, model];

const fresh = (source: Model) => compile(source).digest();

describe.each(Object.entries(NETWORKS))("a network: %s", (name, { make, data }) => {
  const trainer = make();
  trainer.fitSync(data, { epochs: 2 });

  it("comes back from JSON with parameters and preprocessing", () => {
    const json = modelToJSON(trainer);
    const again = modelFromJSON(JSON.stringify(json), { uses });
    const predictor = compile(again, json.labels ? { labels: json.labels } : {});
    expect(predictor.predict(data.x)).toEqual(trainer.predict(data.x));
    expect(predictor.digest()).toBe(trainer.digest());
    expect(modelToJSON(again)).toEqual({ ...json, labels: undefined });
  });

  it("comes back from JSON as it was made, without values", () => {
    const bare = (trainer as unknown as { readonly model: Model }).model;
    const json = modelToJSON(bare);
    expect(json.values).toBeUndefined();
    const again = modelFromJSON(JSON.parse(JSON.stringify(json)), { uses });
    expect(describeModel(again)).toEqual(describeModel(bare));
    expect(fresh(again as Model)).toBe(fresh(bare));
  });

  it("comes back from code as it was made, and with its parameters", () => {
    const bare = (trainer as unknown as { readonly model: Model }).model;
    const code = modelToCode(bare);
    const again = run(code).model as unknown as Model;
    const { targets, ...computation } = describeModel(bare).computation as Record<string, unknown>;
    // Targets are an option of compile.
    if (name.includes("targets")) expect(targets).toBeDefined();
    expect(describeModel(again)).toEqual({ ...describeModel(bare), computation });
    expect(fresh(again)).toBe(fresh(bare));
    const { predictor } = run(modelToCode(trainer));
    expect(predictor?.digest()).toBe(trainer.digest());
  });
});

describe("the JSON of a model", () => {
  it("is a few hundred bytes for XOR, and goes into a link as it is", () => {
    const text = JSON.stringify(modelToJSON(compile(xorModel())));
    expect(text.length).toBeLessThan(560);
    const url = new URL(`https://example.org/#${encodeURIComponent(text)}`);
    const again = modelFromJSON(decodeURIComponent(url.hash.slice(1)));
    expect(fresh(again as Model)).toBe(fresh(xorModel()));
    expect(modelToJSON(xorModel()).values).toBeUndefined();
  });

  it("says what to import for ops that the page does not carry", () => {
    const json = modelToJSON(sequential({ input: [2] }, [layerNorm(), dense(1)]));
    expect(() => modelFromJSON(json)).toThrow('import { layerNorm } from "wasmgrad"');
    expect(() => modelFromJSON(modelToJSON(sequential({ input: [2] }, [dropout(0.5), dense(1)])))).toThrow(
      'import { dropout } from "wasmgrad"',
    );
  });

  it.each([
    [undefined, "json must be what modelToJSON gives"],
    ["{", "a text must be JSON"],
    ["5", "json must be what modelToJSON gives"],
    [{ wasmgrad: 2 }, "of version 1"],
    [{ wasmgrad: 1 }, "nodes must be an array"],
    [{ ...modelToJSON(compile(xorModel())), values: "AAAA" }, "values must be 33 numbers in base64"],
    [{ ...modelToJSON(compile(xorModel())), values: `${"A".repeat(175)}!` }, "values must be base64"],
    [{ ...modelToJSON(compile(xorModel())), values: "_".repeat(176) }, "values must be"],
    [{ ...modelToJSON(xorModel()), nodes: [["dense", [0]]] }, "must have 2 to 3 inputs"],
    [{ ...modelToJSON(xorModel()), seed: -1 }, "seed must be a whole number"],
    [
      {
        ...modelToJSON(xorModel()),
        variables: { x: { shape: [1e9, 1e9], init: { kind: "constant", value: 0 } } },
      },
      "at most",
    ],
    [{ ...modelToJSON(xorModel()), variables: { x: [1e9, 1e9] } }, "values must be"],
  ])("is refused: %o", (json, message) => {
    expect(() => modelFromJSON(json as never)).toThrow(FileError);
    expect(() => modelFromJSON(json as never)).toThrow(message);
  });

  it("is refused, or read, whatever is changed in it", () => {
    const files = Object.values(NETWORKS).map(({ make }) => JSON.stringify(modelToJSON(make())));
    let refused = 0;
    let state = 7;
    const below = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    for (let i = 0; i < 3000; i++) {
      const text = files[i % files.length];
      const at = below(text.length);
      const damaged =
        i % 3 === 0
          ? text.slice(0, at) + String.fromCharCode(32 + below(95)) + text.slice(at + 1)
          : i % 3 === 1
            ? text.slice(0, at) + text.slice(at + below(20))
            : text.replace(/\d+/g, (number) =>
                below(40) === 0 ? `${below(1000) * 10 ** below(12)}` : number,
              );
      try {
        compile(modelFromJSON(damaged, { uses })).dispose();
      } catch (error) {
        expect(error, `${i}: ${(error as Error).stack}`).toBeInstanceOf(wasmgrad.WasmgradError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("the code of a model", () => {
  it("reads as it would be written", () => {
    const net = sequential({ input: [4], seed: 42 }, [
      dense(16, { activation: "relu" }),
      dropout(0.2),
      dense(3, { activation: "softmax", name: "classes" }),
    ]);
    expect(modelToCode(net)).toBe(`import { dense, dropout, sequential } from "wasmgrad";

export const model = sequential({ input: [4], seed: 42 }, [
  dense(16, { activation: "relu" }),
  dropout(0.2),
  dense(3, { activation: "softmax", name: "classes" }),
]);
`);
  });

  it("has the parameters of a predictor, and its labels", () => {
    const predictor = compile(sequential({ input: [2] }, [dense(2, { activation: "softmax" })]), {
      labels: ["a", "b"],
    });
    predictor.setParameters({
      "dense1.weight": [
        [1, -0],
        [0.1, 2],
      ],
      "dense1.bias": [0, 3],
    });
    expect(modelToCode(predictor)).toBe(`import { compile, dense, sequential } from "wasmgrad";

export const model = sequential({ input: [2] }, [
  dense(2, { activation: "softmax" }),
]);

export const predictor = compile(model, { labels: ["a", "b"] });
predictor.setParameters({
  "dense1.weight": [[1, -0], [0.10000000149011612, 2]],
  "dense1.bias": [0, 3],
});
`);
    expect(run(modelToCode(predictor)).predictor?.digest()).toBe(predictor.digest());
  });

  const options = {
    weightInitializer: { kind: "uniform", low: -1, high: 1 },
    biasInitializer: "ones",
  } as const;
  const layer = dense(3, { activation: { name: "elu", alpha: 0.5 } });
  it.each<[string, Model<never, never>]>([
    [
      "initializers",
      sequential({ input: [2] }, [
        dense(3, options),
        dense(1, { bias: false, weightInitializer: "zeros" }),
      ]) as never,
    ],
    [
      "every activation",
      sequential(
        { input: [2] },
        [
          ...([
            "relu",
            "leakyRelu",
            "elu",
            "selu",
            "gelu",
            "geluTanh",
            "silu",
            "softplus",
            "sigmoid",
            "tanh",
            "hardSigmoid",
            "sign",
            "softsign",
            "softmax",
          ] as const),
          { name: "leakyRelu", alpha: 0.3 } as const,
        ].flatMap((fn: Activation) => [
          dense(2, { activation: fn }),
          activation(fn, { name: `own-${JSON.stringify(fn)}` }),
        ]),
      ) as never,
    ],
    [
      "shapes",
      sequential({ input: [2, 3] }, [reshape([3, 2]), flatten(), flatten(), reshape([6]), dense(1)]) as never,
    ],
    [
      "names",
      sequential({ input: [2] }, [
        dense(2, { name: "dense2" }),
        dense(2, { name: "dense1" }),
        activation("relu"),
        activation("tanh", { name: "t" }),
      ]) as never,
    ],
    [
      "momentum and epsilon",
      sequential({ input: [2] }, [
        batchNorm({ momentum: 0.7, epsilon: 0.01 }),
        layerNorm({ epsilon: 0.5 }),
      ]) as never,
    ],
    [
      "a table",
      sequential({ input: { shape: [3], dtype: "i32" } }, [
        embedding(5, 2, { tableInitializer: "heNormal" }),
        flatten(),
        dense(1),
      ]) as never,
    ],
    [
      "columns",
      sequential(
        {
          columns: inputColumns([
            { name: "a b", kind: "number", with: 0 },
            { name: "c", kind: "category", categories: ['"', "y"] },
          ]),
        },
        [dense(1)],
      ) as never,
    ],
    [
      "a layer that is called twice",
      model({ inputs: { "a-b": [3], __proto__x: [3] } }, (inputs) => ({
        "y z": layer(inputs["a-b"]),
        w: layer(inputs.__proto__x as Tensor),
      })) as never,
    ],
    [
      "steps in a function",
      model({ inputs: { a: [3], b: [2] } }, ({ a, b }) =>
        dense(1)(wasmgrad.standardize({ name: "s" })(wasmgrad.impute()(a))).add(
          dense(1)(wasmgrad.standardize()(b)),
        ),
      ) as never,
    ],
  ])("builds %s", (_, net) => {
    const again = run(modelToCode(net)).model;
    expect(describeModel(again as never)).toEqual(describeModel(net as never));
    expect(fresh(again as never)).toBe(fresh(net as never));
  });

  it("builds what transforms made, or says that it cannot", () => {
    const net = collapseLinear(sequential({ input: [2], seed: 3 }, [dense(3), dense(2)]));
    expect(run(modelToCode(net)).predictor?.digest()).toBe(compile(net).digest());
    const converted = convertActivations(compile(xorModel()).toModel(), "tanh", "sigmoid");
    const built = run(modelToCode(converted)).predictor;
    expect(built?.predict([[0, 1]] as never)).toEqual(compile(converted).predict([[0, 1]]));
  });

  it("refuses layers of files by their names where their nodes alone do not tell", () => {
    const refusal = (input: number[], made: unknown) => () =>
      modelToCode(
        load(compile(sequential({ input }, [made as wasmgrad.Layer])).save(), {
          uses: [wasmgrad.conv2d, wasmgrad.lstm, wasmgrad.globalAveragePool1d],
        }),
      );
    const known =
      "modelToCode: knows layers, preprocessing and the usual methods of tensors; of a model from a file dense, activation, dropout, layerNorm, batchNorm, embedding, reshape and flatten; got ";
    const instead = ": use save() or modelToJSON()";
    expect(refusal([4, 4, 1], wasmgrad.conv2d(2, { kernel: 3 }))).toThrow(`${known}conv2d1 (conv)${instead}`);
    expect(refusal([4, 2], wasmgrad.lstm(2, { name: "past" }))).toThrow(`${known}past (recurrent)${instead}`);
    expect(refusal([4, 2], wasmgrad.globalAveragePool1d())).toThrow(
      `${known}globalAveragePool1d1 (reduce)${instead}`,
    );
    const sliced = model({ inputs: { a: [2] } }, ({ a }) => a.slice(0, 1, { axis: 1 }));
    expect(() => modelToCode(sliced)).toThrow(`${known}slice${instead}`);
  });

  it("is of models, trainers and predictors", () => {
    for (const other of [undefined, 5, {}, "model", dense(1)]) {
      expect(() => modelToCode(other as never)).toThrow(FileError);
      expect(() => modelToJSON(other as never)).toThrow(FileError);
    }
    const loaded = load(compile(xorModel()).save());
    expect(modelToCode(loaded)).toContain('dense(8, { activation: "tanh" })');
  });
});

it("a model from JSON can be trained on", () => {
  const again = modelFromJSON(modelToJSON(sequential({ input: [1], seed: 2 }, [dense(1)])));
  const trainer = compile(again, { loss: meanSquaredError(), optimizer: adam() });
  expect(trainer.fitSync({ x: [[0], [1]], y: [1, 3] }, { epochs: 3 }).epochs).toBe(3);
});
