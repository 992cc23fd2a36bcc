import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fn } from "../../src/graph/op.ts";
import {
  activation,
  compile,
  dense,
  flatten,
  type Model,
  model,
  OptionError,
  reshape,
  sequential,
  type Tensor,
  TransformError,
} from "../../src/index.ts";
import { convertActivations } from "../../src/transform/index.ts";
import {
  endLinear,
  forward,
  layersOf,
  modelOf,
  names,
  rowsFor,
  type Spec,
  specs,
  type Unit,
  values,
} from "./networks.ts";

const DIRECTIONS = [
  ["sigmoid", "tanh"],
  ["tanh", "sigmoid"],
] as const;

const FNS = { sigmoid: Fn.Sigmoid, tanh: Fn.Tanh };

/** Predictions of both, and of the second in f64, lie within the bounds that the roundings allow. */
function expectSame(spec: Spec, rewritten: Model, units: readonly Unit[]) {
  const original = modelOf(spec);
  const x = rowsFor(spec);
  const before = compile(original).predict(x).data;
  const after = compile(rewritten as typeof original).predict(x).data;
  const drawn = compile(original).toModel();
  const outputs = spec.layers[spec.layers.length - 1].units;
  for (let row = 0; row < x.length / spec.inputs; row++) {
    const given = x.subarray(row * spec.inputs, (row + 1) * spec.inputs);
    const old = forward(
      layersOf(
        drawn,
        spec.layers.map((l) => l.unit),
      ),
      given,
    );
    const now = forward(layersOf(rewritten as typeof original, units), given);
    for (let j = 0; j < outputs; j++) {
      const at = row * outputs + j;
      // Both models stand for one function; each of the four computations of it has its own roundings.
      expect(Math.abs(before[at] - old.value[j])).toBeLessThanOrEqual(old.error[j]);
      expect(Math.abs(after[at] - old.value[j])).toBeLessThanOrEqual(old.error[j] + now.error[j]);
    }
  }
}

describe("convertActivations", () => {
  it.each(DIRECTIONS)(
    "keeps the function of random networks, %s to %s: depths 1 to 8, widths 1 to 64",
    (from, to) => {
      fc.assert(
        fc.property(specs([1, 8], ["sigmoid", "tanh", "relu", "linear"]).map(endLinear), (spec) => {
          const rewritten = convertActivations(modelOf(spec), from, to);
          const units = spec.layers.map(({ unit }) => (unit === from ? to : unit));
          expectSame(spec, rewritten, units);
          const left = rewritten.graph.nodes.filter(({ attrs }) => (attrs as { fn?: Fn }).fn === FNS[from]);
          expect(left).toEqual([]);
        }),
        { numRuns: 100, seed: 42 },
      );
    },
    120_000,
  );

  it.each(DIRECTIONS)(
    "there and back gives the weights bit for bit and the biases to rounding, %s to %s",
    (from, to) => {
      fc.assert(
        fc.property(specs([2, 8], [from, "relu"]).map(endLinear), (spec) => {
          const start = compile(modelOf(spec)).toModel();
          const back = convertActivations(convertActivations(start, from, to), to, from);
          for (const { name, value } of start.graph.variables) {
            const [was, is] = [values(start, name), values(back, name)];
            if (name.endsWith(".weight")) {
              expect(is).toEqual(was);
              continue;
            }
            const weight = values(start, name.replace(".bias", ".weight"));
            const [units] = start.graph.shape(value);
            was.forEach((b, j) => {
              // Two roundings, each of at most the bias shifted by its weights, in either scale.
              let magnitude = Math.abs(b);
              for (let at = j; at < weight.length; at += units) magnitude += Math.abs(weight[at]);
              expect(Math.abs(is[j] - b)).toBeLessThanOrEqual(2 * 2 ** -24 * magnitude);
            });
          }
        }),
        { numRuns: 60, seed: 7 },
      );
    },
  );

  it("halves, shifts and keeps the names of a network that can be checked by hand", () => {
    const given = sequential({ input: [2] }, [
      dense(2, {
        name: "hidden",
        activation: "sigmoid",
        weightInitializer: { kind: "values", data: Float32Array.of(1, 2, 3, 4) },
        biasInitializer: { kind: "values", data: Float32Array.of(5, -6) },
      }),
      dense(1, {
        name: "top",
        weightInitializer: { kind: "values", data: Float32Array.of(10, 20) },
        biasInitializer: { kind: "values", data: Float32Array.of(0.25) },
      }),
    ]);
    const made = convertActivations(given, "sigmoid", "tanh");
    expect(names(made)).toEqual(["hidden.weight", "hidden.bias", "top.weight", "top.bias"]);
    expect(values(made, "hidden.weight")).toEqual(Float32Array.of(0.5, 1, 1.5, 2));
    expect(values(made, "hidden.bias")).toEqual(Float32Array.of(2.5, -3));
    expect(values(made, "top.weight")).toEqual(Float32Array.of(5, 10));
    expect(values(made, "top.bias")).toEqual(Float32Array.of(15.25));
    const back = convertActivations(made, "tanh", "sigmoid");
    for (const name of names(given)) expect(values(back, name)).toEqual(values(given, name));
  });

  it("leaves the given model as it was", () => {
    const given = compile(
      modelOf({
        inputs: 2,
        seed: 1,
        layers: [
          { units: 3, unit: "tanh", bias: true },
          { units: 1, unit: "linear", bias: true },
        ],
      }),
    ).toModel();
    const before = JSON.stringify(given.graph);
    convertActivations(given, "tanh", "sigmoid");
    expect(JSON.stringify(given.graph)).toBe(before);
    const made = convertActivations(given, "sigmoid", "tanh");
    expect(values(made, "dense1.weight")).toEqual(values(given, "dense1.weight"));
    expect(values(made, "dense1.weight")).not.toBe(values(given, "dense1.weight"));
  });

  it("draws the random values that compile would draw", () => {
    const given = sequential({ input: [3], seed: 11 }, [dense(4, { activation: "relu" }), dense(2)]);
    expect(compile(convertActivations(given, "tanh", "sigmoid")).digest()).toBe(compile(given).digest());
  });

  it("gives a next layer without bias one", () => {
    const given = sequential({ input: [2], seed: 3 }, [
      dense(4, { activation: "tanh" }),
      dense(2, { bias: false }),
    ]);
    const made = convertActivations(given, "tanh", "sigmoid");
    expect(names(made)).toEqual(["dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias"]);
  });

  it("sees through reshapes, transposes and activations that are layers of their own", () => {
    const given = sequential({ input: [6], seed: 5 }, [
      dense(12),
      reshape([3, 4]),
      activation("sigmoid"),
      flatten(),
      dense(2),
    ]);
    const x = [[1, -2, 3, -1, 0.5, 2]];
    const got = compile(convertActivations(given, "sigmoid", "tanh")).predict(x).data;
    compile(given)
      .predict(x)
      .data.forEach((y, j) => {
        expect(got[j]).toBeCloseTo(y, 5);
      });
  });

  it("rewrites a shared layer whose uses change alike, once", () => {
    const given = model({ inputs: { a: [3], b: [3] } }, ({ a, b }) => {
      const shared = dense(4, { activation: "sigmoid", name: "shared" });
      const top = dense(2, { bias: false, name: "top" });
      return { a: top(shared(a)), b: top(shared(b)) };
    });
    const made = convertActivations(given, "sigmoid", "tanh");
    expect(names(made)).toEqual(["shared.weight", "shared.bias", "top.weight", "top.bias"]);
    const x = { a: [[1, 2, 3]], b: [[-1, 0, 1]] };
    const [old, now] = [compile(given).predict(x), compile(made).predict(x)];
    for (const port of ["a", "b"] as const)
      old[port].data.forEach((y, j) => {
        expect(now[port].data[j]).toBeCloseTo(y, 6);
      });
  });

  it("appends an affine layer behind an output that would change its range, if asked", () => {
    const given = sequential({ input: [3], seed: 2 }, [dense(4, { activation: "sigmoid" })]);
    const made = convertActivations(given, "sigmoid", "tanh", { output: "append" });
    expect(names(made)).toEqual(["dense1.weight", "dense1.bias", "rescale.weight", "rescale.bias"]);
    expect(values(made, "rescale.bias")).toEqual(new Float32Array(4).fill(0.5));
    const x = [[1, -1, 0.5]];
    const got = compile(made).predict(x).data;
    compile(given)
      .predict(x)
      .data.forEach((y, j) => {
        expect(Math.abs(got[j] - y)).toBeLessThanOrEqual(4 * 2 ** -24);
      });
    // The way back is absorbed by the layer that was appended.
    const back = convertActivations(made, "tanh", "sigmoid");
    expect(values(back, "rescale.weight")[0]).toBe(1);
    expect(values(back, "rescale.bias")).toEqual(new Float32Array(4));
  });
});

describe("convertActivations with appended layers", () => {
  it("appends one for a value that is several outputs, with a name that is free", () => {
    const given = model({ inputs: { x: [2] } }, ({ x }) => {
      const h = dense(2, { activation: "tanh", name: "rescale" })(x);
      return { first: h, second: h, other: dense(1)(h) };
    });
    const made = convertActivations(given, "tanh", "sigmoid", { output: "append" });
    expect(names(made)).toEqual([
      "rescale.weight",
      "rescale.bias",
      "dense2.weight",
      "dense2.bias",
      "rescale2.weight",
      "rescale2.bias",
    ]);
    const x = { x: [[0.3, -2]] };
    const [old, now] = [compile(given).predict(x), compile(made).predict(x)];
    for (const port of ["first", "second", "other"] as const)
      old[port].data.forEach((y, j) => {
        expect(now[port].data[j]).toBeCloseTo(y, 6);
      });
  });
});

describe("the comparison of networks", () => {
  const spec: Spec = {
    inputs: 5,
    seed: 8,
    layers: [
      { units: 9, unit: "sigmoid", bias: true },
      { units: 3, unit: "linear", bias: true },
    ],
  };

  it("catches a conversion that forgets the shift of the biases", () => {
    const forgetful = convertActivations(modelOf(spec), "sigmoid", "tanh");
    const original = compile(modelOf(spec)).toModel();
    values(forgetful, "dense2.bias").set(values(original, "dense2.bias"));
    expect(() => expectSame(spec, forgetful, ["tanh", "linear"])).toThrow();
  });

  it("catches one wrong weight in the fifth digit", () => {
    const wrong = convertActivations(modelOf(spec), "sigmoid", "tanh");
    values(wrong, "dense2.weight")[4] *= 1.0001;
    expect(() => expectSame(spec, wrong, ["tanh", "linear"])).toThrow();
  });
});

describe("convertActivations refuses", () => {
  const fails = (m: Model, from: "sigmoid" | "tanh", text: string, layer: string) => {
    const attempt = () => convertActivations(m, from, from === "tanh" ? "sigmoid" : "tanh");
    expect(attempt).toThrow(TransformError);
    expect(attempt).toThrow(text);
    expect(attempt).toThrow(expect.objectContaining({ layer }));
  };

  it("a single layer: nothing absorbs the scale of an output", () => {
    fails(
      sequential({ input: [2] }, [dense(1, { activation: "sigmoid" })]),
      "sigmoid",
      'the sigmoid of dense1 must feed affine layers only, such as dense, to absorb its scale; got an output (pass { output: "append" }) behind it',
      "dense1",
    );
  });

  it("a skip connection behind the activation", () => {
    fails(
      model({ inputs: { x: [3] } }, ({ x }) => dense(1)(dense(3, { activation: "tanh" })(x).add(x))),
      "tanh",
      "got the add of model behind it",
      "dense1",
    );
  });

  it("another activation behind the activation", () => {
    fails(
      model({ inputs: { x: [3] } }, ({ x }) => dense(1)(dense(3)(x).tanh().relu())),
      "tanh",
      "got the relu of model behind it",
      "model",
    );
  });

  it("an activation without a layer in front", () => {
    fails(
      sequential({ input: [2] }, [activation("tanh"), dense(1)]),
      "tanh",
      "the tanh of activation1 must follow an affine layer, such as dense, to scale its input; got it on input",
      "activation1",
    );
    fails(
      sequential({ input: [2] }, [dense(2, { activation: "relu" }), activation("tanh"), dense(1)]),
      "tanh",
      "got it behind the relu of dense1",
      "activation1",
    );
  });

  it("a layer whose sums others read", () => {
    fails(
      model({ inputs: { x: [3] } }, ({ x }) => {
        const z = dense(3)(x);
        return dense(1)(z.mul(z.sigmoid()));
      }),
      "sigmoid",
      "got dense1.dense [rows, 3] with other readers",
      "model",
    );
  });

  it("a shared layer whose uses would need different weights", () => {
    fails(
      model({ inputs: { x: [3] } }, ({ x }) => {
        const shared = dense(3, { activation: "tanh" });
        return dense(1)(shared(shared(x)));
      }),
      "tanh",
      "every use of a shared layer must change alike; got dense1 used 2 times, 1 of them like this",
      "dense1",
    );
  });

  it("a shared layer that only one of its uses would halve, or only one would ask to absorb", () => {
    const used = (first: (x: Tensor) => Tensor, second: (x: Tensor) => Tensor) =>
      model({ inputs: { x: [3] } }, ({ x }) => {
        const shared = dense(3, { name: "shared" });
        const top = dense(1, { name: "top" });
        const a = second(shared(first(dense(3, { name: "first" })(x))));
        return { a: top(a), b: dense(1)(shared(x)) };
      });
    const id = (x: Tensor) => x;
    const text = "got shared used 2 times, 1 of them like this";
    fails(
      used(id, (x) => x.tanh()),
      "tanh",
      text,
      "shared",
    );
    fails(
      used((x) => x.tanh(), id),
      "tanh",
      text,
      "shared",
    );
  });

  it("weights that overflow", () => {
    const init = { kind: "constant", value: 2 ** 127 } as const;
    fails(
      sequential({ input: [1] }, [
        dense(1, { activation: "tanh", name: "big", weightInitializer: init }),
        dense(1),
      ]),
      "tanh",
      "new parameters must be finite in single precision; got 3.402823669209385e+38 in big.weight",
      "big",
    );
  });

  it("activations it does not know, equal ones, and other options", () => {
    const m = sequential({ input: [1] }, [dense(1, { activation: "tanh" }), dense(1)]);
    const fail = (...args: unknown[]) =>
      expect(() => (convertActivations as (...a: unknown[]) => void)(m, ...args));
    expect(() => convertActivations({} as Model, "tanh", "sigmoid")).toThrow(OptionError);
    expect(() => convertActivations({} as Model, "tanh", "sigmoid")).toThrow(
      "convertActivations: model, the first argument, must be what sequential() or model() gives; got {}",
    );
    fail("relu", "tanh").toThrow(OptionError);
    fail("relu", "tanh").toThrow(
      'convertActivations: from, the second argument, must be "sigmoid" or "tanh"; got "relu"',
    );
    fail("tanh", "toString").toThrow('to, the third argument, must be "sigmoid" or "tanh"; got "toString"');
    fail("tanh", "tanh").toThrow('from and to must differ; got "tanh" twice');
    fail("tanh", "sigmoid", { output: "keep" }).toThrow('output must be "error" or "append"; got "keep"');
  });
});
