import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BinaryFn, ReduceFn } from "../../src/graph/op.ts";
import { binary } from "../../src/graph/ops/binary.ts";
import { reduce } from "../../src/graph/ops/reduce.ts";
import {
  type Activation,
  activation,
  compile,
  dense,
  flatten,
  type Layer,
  meanSquaredError,
  model,
  OptionError,
  reshape,
  ShapeError,
  sequential,
  sgd,
  type Tensor,
  TraceError,
  valueAndGrad,
} from "../../src/index.ts";
import { noise, thrownBy } from "../fixtures.ts";

const recorded = JSON.parse(
  readFileSync(new URL("../vectors/activations.json", import.meta.url), "utf8"),
) as {
  x: number[];
  functions: Record<string, { domain: string; value: number[]; derivative: number[] }>;
  rows: { x: number[]; softmax: number[] }[];
};

describe("each activation", () => {
  for (const [name, { domain, value, derivative }] of Object.entries(recorded.functions)) {
    if (domain !== "x" || name === "exp") continue;
    it(`${name} has its values, as option of a layer and as a layer`, () => {
      const options = { weightInitializer: "ones", bias: false } as const;
      const fused = compile(
        sequential({ input: [1] }, [dense(1, { activation: name as Activation, ...options })]),
      );
      const apart = compile(sequential({ input: [1] }, [dense(1, options), activation(name as Activation)]));
      const { data } = fused.predict(recorded.x);
      expect(apart.predict(recorded.x).data).toEqual(data);
      recorded.x.forEach((x, i) => {
        const error = Math.abs(data[i] - value[i]);
        // Absolutely below 1e-6 where the function is near 0, to a few ULP elsewhere.
        expect(error, `${name}(${x}) = ${data[i]} for ${value[i]}`).toBeLessThanOrEqual(
          1e-6 * Math.min(1, Math.abs(value[i])) + 2e-6 * Math.max(0, Math.abs(value[i]) - 1) + 1e-37 + 3e-7,
        );
      });
    });

    it(`${name} has its derivative in the gradient of a step`, () => {
      const trainer = compile(
        sequential({ input: [1] }, [
          dense(1, { activation: name as Activation, weightInitializer: "ones", name: "d" }),
        ]),
        { loss: meanSquaredError(), optimizer: sgd() },
      );
      recorded.x.forEach((x, i) => {
        if (Math.abs(x) > 30) return;
        const { gradients } = trainer.gradients({ x: [x], y: [value[i] - 0.5] });
        // d (y - t)^2 / db = 2 (1/2) y'
        expect(Math.abs(gradients["d.bias"].data[0] - derivative[i]), `${name}'(${x})`).toBeLessThanOrEqual(
          1e-5 * Math.max(1, Math.abs(derivative[i]), Math.abs(value[i])),
        );
      });
    });
  }

  it("softmax gives recorded rows", () => {
    for (const { x, softmax } of recorded.rows) {
      const n = x.length;
      const predictor = compile(sequential({ input: [n] }, [activation("softmax")]));
      predictor.predict(Float32Array.from(x)).data.forEach((p, i) => {
        expect(Math.abs(p - softmax[i])).toBeLessThanOrEqual(1e-6);
      });
    }
  });

  it("linear and sign do what they say", () => {
    const x = [-2, -0.5, 0, 3];
    expect([...compile(sequential({ input: [1] }, [activation("linear")])).predict(x).data]).toEqual(x);
    expect([...compile(sequential({ input: [1] }, [activation("sign")])).predict(x).data]).toEqual([
      -1, -1, 0, 1,
    ]);
  });

  it("takes its alpha from the option", () => {
    const of = (fn: Activation) =>
      compile(sequential({ input: [1] }, [activation(fn)])).predict([-1, 2]).data;
    expect([...of({ name: "leakyRelu", alpha: 0.25 })]).toEqual([-0.25, 2]);
    expect(of({ name: "elu", alpha: 2 })[0]).toBeCloseTo(2 * (Math.exp(-1) - 1), 6);
    expect(of({ name: "leakyRelu", alpha: 0.01 })).toEqual(of("leakyRelu"));
  });

  it("sign has gradient 0, so that layers below it stay as they are", () => {
    const net = sequential({ input: [1] }, [dense(1, { activation: "sign" }), dense(1)]);
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd() });
    const { gradients } = trainer.gradients({ x: [1, 2], y: [3, 4] });
    expect([...gradients["dense1.weight"].data, ...gradients["dense1.bias"].data]).toEqual([0, 0]);
    expect(gradients["dense2.weight"].data[0]).not.toBe(0);
  });
});

describe("layers refuse", () => {
  const wrong: [string, () => unknown, typeof OptionError | typeof ShapeError | typeof TraceError, string][] =
    [
      [
        "an unknown activation",
        () => dense(1, { activation: "rlu" as never }),
        OptionError,
        'dense: unknown activation "rlu"; did you mean relu? Activations: linear, relu, leakyRelu, elu, selu, gelu, geluTanh, silu, softplus, sigmoid, tanh, hardSigmoid, sign, softsign, softmax',
      ],
      [
        "an activation that is no name",
        () => sequential({ input: [2] }, [dense(1, { activation: Math.tanh as never })]),
        TraceError,
        "Tensor: has a number only when the program runs",
      ],
      [
        "an unknown activation layer",
        () => activation("max" as never),
        OptionError,
        'activation: unknown activation "max"; activations: linear, relu, leakyRelu, elu, selu, gelu, geluTanh, silu, softplus, sigmoid, tanh, hardSigmoid, sign, softsign, softmax',
      ],
      [
        "a negative alpha",
        () => activation({ name: "elu", alpha: -1 }),
        OptionError,
        "alpha of elu must be a finite number >= 0",
      ],
      [
        "an alpha of another function",
        () => activation({ name: "relu", alpha: 1 } as never),
        OptionError,
        "alpha belongs to",
      ],
      [
        "units 0",
        () => dense(0),
        OptionError,
        "dense: units, the first argument, must be a whole number >= 1; got 0",
      ],
      ["fractional units", () => dense(2.5), OptionError, "got 2.5"],
      ["negative units", () => dense(-1), OptionError, "got -1"],
      ["units of NaN", () => dense(Number.NaN), OptionError, "got NaN"],
      ["units that are a string", () => dense("3" as never), OptionError, 'got "3"'],
      [
        "units with the layer's name in front",
        () => dense(0, { name: "head" }),
        OptionError,
        "head: units, the first argument, must be a whole number >= 1; got 0",
      ],
      [
        "a number for a tensor",
        () => dense(1)(5 as never),
        TraceError,
        "dense: needs a tensor of a model; got 5: data go to predict or fit",
      ],
      [
        "two layers of one name",
        () => sequential({ input: [1] }, [dense(1, { name: "a" }), dense(1, { name: "a" })]),
        OptionError,
        "a: layer names must be unique; got a twice",
      ],
      [
        "a reshape to another number of elements",
        () => sequential({ input: [6] }, [reshape([4])]),
        ShapeError,
        "reshape1",
      ],
      [
        "a dense layer on a row that is one number",
        () => sequential({ input: [] }, [dense(1)]),
        ShapeError,
        "dense1: dense needs an input [.., in] with at least one feature; got [rows]",
      ],
    ];
  for (const [name, act, Class, message] of wrong)
    it(name, () => {
      const error = thrownBy(act);
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(Class);
    });
});

describe("models refuse", () => {
  const wrong: [string, () => unknown, typeof OptionError | typeof ShapeError | typeof TraceError, string][] =
    [
      [
        "no layers",
        () => sequential({ input: [1] }, []),
        OptionError,
        "sequential: needs at least one layer; got none",
      ],
      [
        "an input of 0",
        () => sequential({ input: [0] }, [dense(1)]),
        OptionError,
        "sequential: input: the shape of one row, without the batch, must be an array of whole numbers >= 1, such as [2]; got [0]",
      ],
      [
        "a fractional input",
        () => sequential({ input: [1.5] }, [dense(1)]),
        OptionError,
        "sequential: input: the shape of one row, without the batch, must be an array of whole numbers >= 1, such as [2]; got [1.5]",
      ],
      [
        "an input that is a number",
        () => sequential({ input: 2 as never }, [dense(1)]),
        OptionError,
        "got 2",
      ],
      [
        "no input",
        () => sequential({} as never, [dense(1)]),
        OptionError,
        "sequential: input: the shape of one row, without the batch, must be an array of whole numbers >= 1, such as [2]; got undefined",
      ],
      [
        "no inputs",
        () => model({ inputs: {} }, () => ({})),
        OptionError,
        "model: needs at least one input; got none",
      ],
      [
        "no outputs",
        () => model({ inputs: { x: [1] } }, () => ({})),
        TraceError,
        "model: the function must return a tensor that it computed, or such tensors by name; got {}",
      ],
      [
        "a function that returns nothing",
        () => model({ inputs: { x: [1] } }, (() => {}) as never),
        TraceError,
        "model: the function must return a tensor that it computed, or such tensors by name; got undefined",
      ],
      [
        "a function that returns numbers",
        () => model({ inputs: { x: [1] } }, (() => ({ y: 3 })) as never),
        TraceError,
        "model: the function must return a tensor that it computed, or such tensors by name; got 3 as y",
      ],
      [
        "an output that mixes the rows",
        () => model({ inputs: { x: [1] } }, ({ x }) => x.sum()),
        ShapeError,
        "model: output output must be [rows, ..]; got []",
      ],
      [
        "a fractional seed",
        () => sequential({ input: [1], seed: 1.5 }, [dense(1)]),
        OptionError,
        "seed must be",
      ],
      ["a negative seed", () => sequential({ input: [1], seed: -1 }, [dense(1)]), OptionError, "got -1"],
      [
        "a seed beyond 2^53",
        () => sequential({ input: [1], seed: 2 ** 53 }, [dense(1)]),
        OptionError,
        "seed must be",
      ],
    ];
  for (const [name, act, Class, message] of wrong)
    it(name, () => {
      const error = thrownBy(act);
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(Class);
    });
});

describe("a row's prediction does not depend on its company:", () => {
  const refused: Record<string, [() => unknown, string]> = {
    "rows without their mean": [
      () => model({ inputs: { x: [1] } }, ({ x }) => x.sub(x.mean(0))),
      "model: a row's prediction must not depend on the other rows of the batch; got reduce of [rows, 1] to [1]",
    ],
    "one of two outputs": [
      () => model({ inputs: { x: [2] } }, ({ x }) => ({ y: x.relu(), z: x.div(x.max(0)) })),
      "got reduce of [rows, 2] to [2]",
    ],
    "a layer of one's own": [
      () =>
        model({ inputs: { x: [2] } }, ({ x }) => {
          const h = dense(3)(x);
          return dense(1)(h.sub(h.mean(0, { keepDims: true })));
        }),
      "got reduce of [rows, 3] to [3]",
    ],
    "attention over the batch": [
      () => model({ inputs: { x: [4] } }, ({ x }) => x.matMul(x.transpose().matMul(x))),
      "got matMul of [4, rows] to [4, 4]",
    ],
    "rows read as columns": [
      () => model({ inputs: { x: [4] } }, ({ x }) => x.transpose().reshape([-1, 4])),
      "got reshape of [4, rows] to [rows, 4]",
    ],
    "a loss of the batch": [
      () => model({ inputs: { x: [2], y: [2] } }, ({ x, y }) => x.mul(meanSquaredError()(x, y))),
      "got meanSquaredError of [rows, 2] to []",
    ],
  };
  it.each(Object.entries(refused))("%s: refused", (_, [make, message]) => {
    const error = thrownBy(make);
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain(message);
  });

  it("a layer of a sequence is named", () => {
    const layer = dense(2, { name: "head" });
    const mixing = ((x: Tensor) => {
      const graph = x.builder.graph;
      const y = layer(x);
      // As a layer that normalizes by its batch would.
      const { scope } = graph.nodes[graph.nodes.length - 1];
      x.builder.scope = scope;
      const mean = x.of(x.builder.emit(reduce, { fn: ReduceFn.Mean, from: 0, to: 1 }, [y.id])[0]);
      const z = x.of(x.builder.emit(binary, { fn: BinaryFn.Subtract }, [y.id, mean.id])[0]);
      x.builder.scope = "";
      return z;
    }) as Layer;
    expect(thrownBy(() => sequential({ input: [3] }, [mixing])).message).toBe(
      "sequential: a row's prediction must not depend on the other rows of the batch; " +
        "got head.reduce of [rows, 2] to [2]",
    );
  });

  it("what no output depends on may mix rows, and so may losses and valueAndGrad", () => {
    const net = model({ inputs: { x: [2] } }, ({ x }) => {
      x.mean(0);
      return x.relu();
    });
    expect(
      compile(net)
        .predict({ x: [[1, -1]] })
        .toArray(),
    ).toEqual([[1, 0]]);
    expect(valueAndGrad<[number[][]]>((x) => x.sub(x.mean(0)).square().sum())([[1], [3]]).value).toBe(2);
  });

  it("axes may change places as long as rows stay rows", () => {
    const net = model({ inputs: { x: [2, 3] } }, ({ x }) =>
      x.transpose([2, 0, 1]).softmax().transpose([1, 2, 0]).reshape([-1, 6]),
    );
    const x = noise(24);
    const all = compile(net).predict({ x }).data;
    for (let row = 0; row < 4; row++)
      expect(compile(net).predict({ x: x.slice(6 * row, 6 * row + 6) }).data).toEqual(
        all.slice(6 * row, 6 * row + 6),
      );
  });
});

describe("models", () => {
  it("flatten and reshape rows without moving a number", () => {
    const x = noise(24);
    const net = sequential({ input: [2, 6] }, [reshape([3, 4]), flatten()]);
    expect(compile(net).predict({ data: x, shape: [2, 2, 6] }).data).toEqual(x);
    expect(compile(net).predict({ data: x, shape: [2, 2, 6] }).shape).toEqual([2, 12]);
  });

  it("apply dense layers along the last axis of longer rows", () => {
    const predictor = compile(sequential({ input: [3, 2] }, [dense(4)]));
    const { shape, data } = predictor.predict({ data: noise(12), shape: [2, 3, 2] });
    expect(shape).toEqual([2, 3, 4]);
    const flat = compile(sequential({ input: [2] }, [dense(4)]));
    expect(flat.predict(noise(12)).data).toEqual(data);
  });

  it("share a layer used in two models by name only: each has its own parameters", () => {
    const shared: Layer = dense(3);
    const a = compile(sequential({ input: [2], seed: 1 }, [shared]));
    const b = compile(sequential({ input: [4], seed: 1 }, [shared]));
    expect(a.parameters["dense1.weight"].shape).toEqual([2, 3]);
    expect(b.parameters["dense1.weight"].shape).toEqual([4, 3]);
  });

  it("refuse a shared layer on inputs of two widths", () => {
    const shared = dense(3);
    expect(() => model({ inputs: { a: [2], b: [4] } }, ({ a, b }) => shared(a).add(shared(b)))).toThrow(
      ShapeError,
    );
  });

  it("name layers in the order of their use, by kind", () => {
    const net = sequential({ input: [2] }, [
      dense(2),
      activation("relu"),
      dense(2, { name: "mine" }),
      dense(1),
    ]);
    expect(
      net
        .summary()
        .split("\n")
        .slice(2, -1)
        .map((line) => line.split(" ")[0]),
    ).toEqual(["dense1", "activation1", "mine", "dense3"]);
  });
});
