/** The methods of tensors: options, and what they refuse. */
import { describe, expect, it } from "vitest";
import {
  activation,
  compile,
  dense,
  meanSquaredError,
  model,
  OptionError,
  ShapeError,
  type Tensor,
  TraceError,
  valueAndGrad,
  type WasmgradError,
} from "../../src/index.ts";
import { noise, thrownBy } from "../fixtures.ts";

type Shaped = { data: Float32Array; shape: number[] };

const shaped = (shape: number[], seed = 1): Shaped => ({
  data: noise(
    shape.reduce((p, d) => p * d, 1),
    seed,
  ),
  shape,
});

/** The numbers of `f(x)`, by its sum against one weight at a time. */
function valuesOf(f: (x: Tensor) => Tensor, x: Shaped): { shape: readonly number[]; data: number[] } {
  let shape: readonly number[] = [];
  valueAndGrad<[Shaped]>((t) => {
    const y = f(t);
    ({ shape } = y);
    return y.sum();
  })(x);
  const elements = shape.reduce((p, d) => p * d, 1);
  const pick = valueAndGrad<[Shaped, Shaped]>((t, w) => f(t).mul(w).sum());
  const data = Array.from({ length: elements }, (_, i) => {
    const one = new Float32Array(elements);
    one[i] = 1;
    return shape.length === 0
      ? pick(x, { data: one, shape: [1] }).value
      : pick(x, { data: one, shape: [...shape] }).value;
  });
  return { shape, data };
}

const trace = (f: (x: Tensor) => unknown, shape = [2, 3]) =>
  thrownBy(() =>
    valueAndGrad<[Shaped]>((x) => {
      f(x);
      return x.sum();
    })(shaped(shape)),
  );

describe("keepDims", () => {
  it("keeps reduced axes, so that rows are centred by their own mean", () => {
    const f = valueAndGrad<[number[][]]>((x) =>
      x
        .sub(x.mean(1, { keepDims: true }))
        .square()
        .sum(),
    );
    const { value, gradients } = f([
      [1, 2],
      [3, 5],
    ]);
    expect(value).toBe(2.5);
    expect(gradients[0].toArray()).toEqual([
      [-1, 1],
      [-2, 2],
    ]);
  });

  const cases: [number | number[] | undefined, number[]][] = [
    [undefined, [1, 1, 1]],
    [0, [1, 3, 4]],
    [1, [2, 1, 4]],
    [-1, [2, 3, 1]],
    [
      [0, 2],
      [1, 3, 1],
    ],
    [
      [0, -2],
      [1, 1, 4],
    ],
    [[], [2, 3, 4]],
  ];
  for (const method of ["sum", "mean", "max"] as const)
    it.each(cases)(
      `gives ${method} over %o the shape %o and the numbers of the reduced form`,
      (axes, shape) => {
        const x = shaped([2, 3, 4], 5);
        const kept = valuesOf((t) => t[method](axes, { keepDims: true }), x);
        const reduced = valuesOf((t) => t[method](axes), x);
        expect(kept.shape).toEqual(shape);
        expect(kept.data).toEqual(reduced.data);
        expect(valuesOf((t) => t[method](axes, { keepDims: false }), x)).toEqual(reduced);
      },
    );

  it("works on the rows of a model: softmax by hand", () => {
    const net = model({ inputs: { x: [3] } }, ({ x }) => {
      const e = x.sub(x.max(1, { keepDims: true })).exp();
      return { hand: e.div(e.sum(-1, { keepDims: true })), op: x.softmax() };
    });
    const { hand, op } = compile(net).predict({ x: noise(15) });
    op.data.forEach((p, i) => {
      expect(hand.data[i]).toBeCloseTo(p, 6);
    });
  });
});

describe("softmax and logSoftmax along an axis", () => {
  it("are along axis 0 where that is said", () => {
    const f = valueAndGrad<[number[][], number[][]]>((x, w) => x.softmax({ axis: 0 }).mul(w).sum());
    const x = [
      [1, 2],
      [3, 4],
    ];
    const w = [
      [1, 0],
      [1, 0],
    ];
    expect(f(x, w).value).toBe(1);
  });

  /** In f64, along axis `at` of [d0, d1, d2]. */
  function expected({ data, shape }: Shaped, at: number): number[] {
    const stride = shape.slice(at + 1).reduce((p, d) => p * d, 1);
    return Array.from(data, (v, i) => {
      const first = i - (Math.floor(i / stride) % shape[at]) * stride;
      let sum = 0;
      for (let k = 0; k < shape[at]; k++) sum += Math.exp(data[first + k * stride]);
      return Math.exp(v) / sum;
    });
  }

  for (const axis of [0, 1, 2, -1, -2, -3])
    it(`agree with their formula along axis ${axis}`, () => {
      const x = shaped([2, 3, 4], 7);
      const { shape, data } = valuesOf((t) => t.softmax({ axis }), x);
      const logs = valuesOf((t) => t.logSoftmax({ axis }), x);
      expect([shape, logs.shape]).toEqual([x.shape, x.shape]);
      expected(x, axis < 0 ? axis + 3 : axis).forEach((p, i) => {
        expect(data[i]).toBeCloseTo(p, 6);
        expect(logs.data[i]).toBeCloseTo(Math.log(p), 5);
      });
    });

  it("differentiate: the gradient of logSoftmax along axis 0 is dy - p sum(dy)", () => {
    const x = shaped([3, 2], 9);
    const w = noise(6, 10);
    const { gradients } = valueAndGrad<[Shaped, Shaped]>((t, u) => t.logSoftmax({ axis: 0 }).mul(u).sum())(
      x,
      {
        data: w,
        shape: [3, 2],
      },
    );
    const p = expected(x, 0);
    gradients[0].data.forEach((d, i) => {
      const sum = [0, 1, 2].reduce((s, k) => s + w[(i % 2) + 2 * k], 0);
      expect(d).toBeCloseTo(w[i] - p[i] * sum, 6);
    });
  });

  it("along the last axis are one op, as without an axis", () => {
    const ops = (f: (x: Tensor) => Tensor) =>
      model({ inputs: { x: [2, 3] } }, ({ x }) => f(x)).graph.nodes.map((node) => node.op);
    expect(ops((x) => x.softmax())).toEqual(["softmax"]);
    expect(ops((x) => x.softmax({ axis: -1 }))).toEqual(["softmax"]);
    expect(ops((x) => x.softmax({ axis: 2 }))).toEqual(["softmax"]);
    expect(ops((x) => x.logSoftmax({ axis: 1 }))).toEqual(["transpose", "logSoftmax", "transpose"]);
  });

  it("are refused along the rows of a batch", () => {
    for (const axis of [0, -2]) {
      const error = thrownBy(() => model({ inputs: { x: [3] } }, ({ x }) => x.softmax({ axis })));
      expect(error).toBeInstanceOf(ShapeError);
      expect(error.message).toBe(`softmax: the axis must have a fixed length; got axis ${axis} of [rows, 3]`);
    }
  });
});

describe("a column beside its own list", () => {
  const OPERATORS = ["add", "sub", "mul", "div", "maximum", "minimum"] as const;
  const both = (op: (typeof OPERATORS)[number], a: number[], b: number[]) =>
    valueAndGrad<[Shaped, Shaped]>((p, t) => p[op](t).square().sum())(shaped(a), shaped(b, 2));

  for (const op of OPERATORS)
    it(`is refused by ${op}, in either order, with what to reshape`, () => {
      const error = thrownBy(() => both(op, [3, 1], [3]));
      expect(error).toBeInstanceOf(ShapeError);
      expect(error.message).toBe(
        `${op}: shapes must not differ by a last axis of length 1 alone; got [3, 1], [3]: ` +
          "reshape [3, 1] to [3], or [3] to [1, 3] if every entry is meant with every other",
      );
      expect(thrownBy(() => both(op, [3], [3, 1])).message).toContain(
        "got [3], [3, 1]: reshape [3, 1] to [3]",
      );
    });

  it.each([
    [
      [2, 3, 1],
      [2, 3],
    ],
    [
      [1, 3, 1],
      [1, 3],
    ],
    [
      [3, 1, 1],
      [3, 1],
    ],
    [
      [2, 1, 3, 1],
      [2, 1, 3],
    ],
  ])("is refused as %o and %o", (a, b) => {
    expect(thrownBy(() => both("sub", a, b))).toBeInstanceOf(ShapeError);
    expect(thrownBy(() => both("sub", b, a))).toBeInstanceOf(ShapeError);
  });

  it("is refused where the list is as long as the batch", () => {
    const error = thrownBy(() => model({ inputs: { p: [1], t: [] } }, ({ p, t }) => p.sub(t)));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain("got [rows, 1], [rows]: reshape [rows, 1] to [rows]");
  });

  const BROADCAST: [number[], number[], number[]][] = [
    [[1, 1], [1], [1, 1]],
    [[3, 1], [1], [3, 1]],
    [
      [3, 1],
      [1, 3],
      [3, 3],
    ],
    [[3, 1], [4], [3, 4]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 3, 1],
      [3, 1],
      [2, 3, 1],
    ],
    [[2, 3, 1], [3], [2, 3, 3]],
    [
      [2, 3, 1],
      [2, 3, 4],
      [2, 3, 4],
    ],
  ];
  it.each(BROADCAST)("is not %o and %o, which broadcast as in NumPy", (a, b, to) => {
    let shape: readonly number[] = [];
    const f = valueAndGrad<[Shaped, Shaped]>((p, q) => {
      const y = p.add(q);
      ({ shape } = y);
      return y.sum();
    });
    f(shaped(a), shaped(b));
    expect(shape).toEqual(to);
    f(shaped(b), shaped(a));
    expect(shape).toEqual(to);
  });
});

/** Every method, with arguments that it takes. */
const METHODS: Record<string, (x: Tensor) => unknown[]> = {
  add: (x) => [x],
  sub: (x) => [x],
  mul: (x) => [x],
  div: (x) => [x],
  maximum: (x) => [x],
  minimum: (x) => [x],
  matMul: (x) => [x.transpose()],
  transpose: () => [[1, 0]],
  reshape: () => [[3, 2]],
  sum: () => [0, { keepDims: true }],
  mean: () => [0, { keepDims: true }],
  max: () => [0, { keepDims: true }],
  neg: () => [],
  exp: () => [],
  log: () => [],
  sqrt: () => [],
  abs: () => [],
  square: () => [],
  relu: () => [],
  sigmoid: () => [],
  tanh: () => [],
  softmax: () => [{ axis: 0 }],
  logSoftmax: () => [{ axis: 0 }],
};

type Method = (...given: unknown[]) => Tensor;
const call = (x: Tensor, name: string, given: unknown[]) => (x[name as "exp"] as Method).apply(x, given);

describe("an argument that nobody reads is refused:", () => {
  it("every method is tried", () => {
    let names: string[] = [];
    valueAndGrad<[Shaped]>((x) => {
      names = Object.getOwnPropertyNames(Object.getPrototypeOf(x));
      return x.sum();
    })(shaped([2, 3]));
    expect(names.filter((name) => !/^(constructor|to)/.test(name))).toEqual(Object.keys(METHODS));
  });

  describe.each(Object.entries(METHODS))("%s", (name, args) => {
    it.each([[true], [0], [null], [{ axis: 0 }], ["x"]])("beyond its own: %o", (surplus) => {
      const error = trace((x) => call(x, name, [...args(x), surplus]));
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toMatch(new RegExp(`^${name}: takes \\d arguments?; got .* beyond`));
    });

    it("unless it is undefined, and with all of its own it works", () => {
      valueAndGrad<[Shaped]>((x) => {
        call(x, name, [...args(x), undefined]);
        return call(x, name, args(x)).sum();
      })(shaped([2, 3]));
    });
  });

  const SLIPS: Record<string, [(x: Tensor) => unknown, string]> = {
    "keepDims as a flag": [
      (x) => x.mean(1, true as never),
      "mean: options, such as { keepDims: true }, must be an object; got true",
    ],
    "keepDims by another name": [
      (x) => x.sum(1, { keepdims: true } as never),
      "sum: options must be those in its documentation; got keepdims",
    ],
    "keepDims that is no flag": [
      (x) => x.max(1, { keepDims: 1 as never }),
      "max: keepDims must be a boolean; got 1",
    ],
    "an axis of softmax by position": [
      (x) => x.softmax(0 as never),
      "softmax: options, such as { axis: 0 }, must be an object; got 0",
    ],
    "an axis of logSoftmax by position": [
      (x) => x.logSoftmax(-1 as never),
      "logSoftmax: options, such as { axis: 0 }, must be an object; got -1",
    ],
    "an axis by another name": [
      (x) => x.softmax({ dim: 0 } as never),
      "softmax: options must be those in its documentation; got dim",
    ],
    "transposes of a product": [
      (x) => (x.matMul as Method)(x, true, false),
      "matMul: takes 1 argument; got true beyond: write a.transpose().matMul(b) or a.matMul(b.transpose()) for a transposed operand",
    ],
    "a slope of relu": [
      (x) => (x.relu as Method)(0.1),
      'relu: takes 0 arguments; got 0.1 beyond: write activation({ name: "leakyRelu", alpha: 0.1 })(x) for a slope below 0',
    ],
    "axes of a transpose one by one": [
      (x) => (x.transpose as Method)(1, 0),
      "transpose: takes 1 argument; got 0 beyond: write the axes as an array, such as transpose([1, 0])",
    ],
    "a shape one by one": [
      (x) => (x.reshape as Method)(3, 2),
      "reshape: takes 1 argument; got 2 beyond: write the shape as an array, such as reshape([3, 2])",
    ],
    "axes of a sum one by one": [
      (x) => (x.sum as Method)(0, 1),
      "sum: takes 1 argument; got 1 beyond: write the axes as an array, such as sum([0, 1])",
    ],
  };
  it.each(Object.entries(SLIPS))("%s", (_, [slip, message]) => {
    const error = trace((x) => slip(x));
    expect(error.message).toBe(message);
    expect(error).toBeInstanceOf(OptionError);
  });

  it("as is a second tensor of a layer or a third of a loss", () => {
    const two = (layer: unknown) => trace((x) => (layer as Method)(x, x));
    expect(two(dense(2)).message).toBe(
      "dense: takes 1 argument; got an object of type Tensor beyond: a layer is called with one tensor",
    );
    expect(two(activation("relu"))).toBeInstanceOf(OptionError);
    expect(trace((x) => (meanSquaredError() as unknown as Method)(x, x, x)).message).toBe(
      "meanSquaredError: takes 2 arguments; got an object of type Tensor beyond",
    );
  });

  it("but not the index that map gives to a shared layer", () => {
    const shared = dense(2);
    const net = model({ inputs: { a: [2], b: [2] } }, ({ a, b }) => {
      const [p, q] = [a, b].map(shared);
      return p.add(q);
    });
    expect(net.graph.parameters).toHaveLength(2);
  });
});

describe("an argument of the wrong kind is refused with its array form:", () => {
  const WRONG: Record<string, [(x: Tensor) => unknown, string, typeof WasmgradError]> = {
    "one axis of a transpose": [
      (x) => x.transpose(1 as never),
      "transpose: axes must be an array, such as [1, 0]; got 1",
      ShapeError,
    ],
    "no axes of a transpose": [
      (x) => x.transpose(null as never),
      "transpose: axes must be an array, such as [1, 0]; got null",
      ShapeError,
    ],
    "axes as text": [
      (x) => x.transpose(["1", "0"] as never),
      "transpose needs each axis of the shape once",
      ShapeError,
    ],
    "one dimension of a shape": [
      (x) => x.reshape(6 as never),
      "reshape: shape must be an array, such as [3, 2]; got 6",
      ShapeError,
    ],
    "no shape": [
      (x) => x.reshape(undefined as never),
      "reshape: shape must be an array, such as [3, 2]; got undefined",
      ShapeError,
    ],
    "null as all axes": [
      (x) => x.sum(null as never),
      "sum: axes must be an array, such as [0, 1], or one number, with options behind; got null",
      ShapeError,
    ],
    "options in front": [
      (x) => x.mean({ keepDims: true } as never),
      "mean: axes must be an array, such as [0, 1], or one number, with options behind; got an object of type Object",
      ShapeError,
    ],
    "an axis as text": [
      (x) => x.max(["0"] as never),
      'max: axes must lie within [2, 3]; got "0"',
      ShapeError,
    ],
    "an axis beyond": [(x) => x.sum(2), "sum: axes must lie within [2, 3]; got 2", ShapeError],
    "an axis before": [(x) => x.sum([-3]), "sum: axes must lie within [2, 3]; got -3", ShapeError],
    "half an axis": [
      (x) => x.softmax({ axis: 0.5 }),
      "softmax: axes must lie within [2, 3]; got 0.5",
      ShapeError,
    ],
    "null for an axis": [
      (x) => x.softmax({ axis: null as never }),
      "softmax: axes must lie within [2, 3]; got null",
      ShapeError,
    ],
    "null for options": [
      (x) => x.logSoftmax(null as never),
      "logSoftmax: options, such as { axis: 0 }, must be an object; got null",
      OptionError,
    ],
    "an array as an operand": [
      (x) => x.add([1, 2] as never),
      "add: operands must be tensors or numbers; got an array of 2",
      TraceError,
    ],
    "an array as a matrix": [
      (x) => x.matMul([[1]] as never),
      "matMul: needs a tensor; got an array of 1",
      TraceError,
    ],
  };
  it.each(Object.entries(WRONG))("%s", (_, [act, message, Class]) => {
    const error = trace((x) => act(x));
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(Class);
  });
});
