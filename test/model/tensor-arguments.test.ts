/** The methods of tensors refuse arguments that nobody reads, and those of the wrong kind. */
import { describe, expect, it } from "vitest";
import {
  activation,
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

const MATRIX: Shaped = { data: noise(6), shape: [2, 3] };

/** What a function of a tensor [2, 3] throws. */
const trace = (f: (x: Tensor) => unknown) =>
  thrownBy(() =>
    valueAndGrad<[Shaped]>((x) => {
      f(x);
      return x.sum();
    })(MATRIX),
  );

/** Every method, with arguments that it takes. */
const METHODS: Record<string, (x: Tensor) => unknown[]> = {
  add: (x) => [x],
  sub: (x) => [x],
  mul: (x) => [x],
  div: (x) => [x],
  maximum: (x) => [x],
  minimum: (x) => [x],
  pow: () => [2],
  greater: (x) => [x],
  greaterEqual: (x) => [x],
  less: (x) => [x],
  lessEqual: (x) => [x],
  equal: (x) => [x],
  notEqual: (x) => [x],
  clamp: () => [0, 1],
  where: (x) => [x, 0],
  stopGradient: () => [],
  matMul: (x) => [x, { transposeB: true }],
  transpose: () => [[1, 0]],
  reshape: () => [[3, 2]],
  sum: () => [0, { keepDims: true }],
  mean: () => [0, { keepDims: true }],
  max: () => [0, { keepDims: true }],
  min: () => [0, { keepDims: true }],
  logSumExp: () => [0, { keepDims: true }],
  variance: () => [0, { keepDims: true }],
  argMax: () => [{ axis: 0 }],
  cumSum: () => [{ axis: 0 }],
  slice: () => [0, 1, { step: 1 }],
  split: () => [1, { axis: 0 }],
  pad: () => [1, 0, { axis: 1 }],
  gather: (x) => [x.argMax({ dtype: "i32", keepDims: true }), { axis: 1 }],
  neg: () => [],
  exp: () => [],
  log: () => [],
  sqrt: () => [],
  abs: () => [],
  square: () => [],
  sin: () => [],
  cos: () => [],
  expm1: () => [],
  log1p: () => [],
  erf: () => [],
  reciprocal: () => [],
  rsqrt: () => [],
  floor: () => [],
  round: () => [],
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
    })(MATRIX);
    expect(names.filter((name) => !/^(constructor|to|valueOf)/.test(name))).toEqual(Object.keys(METHODS));
  });

  describe.each(Object.entries(METHODS))("%s", (name, args) => {
    it.each([[true], [0], [null], [{ axis: 0 }], ["x"]])("beyond its own: %o", (surplus) => {
      const error = trace((x) => call(x, name, [...args(x), surplus]));
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toMatch(new RegExp(`^${name}: takes no argument \\d; got `));
    });

    it("unless it is undefined, and with all of its own it works", () => {
      valueAndGrad<[Shaped]>((x) => {
        call(x, name, [...args(x), undefined]);
        return [call(x, name, args(x))].flat()[0].sum();
      })(MATRIX);
    });
  });

  const SLIPS: Record<string, [(x: Tensor) => unknown, string]> = {
    "keepDims as a flag": [
      (x) => x.mean(1, true as never),
      "mean: options must be an object, such as { keepDims: .. }; got true",
    ],
    "keepDims by another name": [
      (x) => x.sum(1, { keepdims: true } as never),
      'sum: unknown option "keepdims"; did you mean keepDims? Options: keepDims',
    ],
    "keepDims that is no flag": [
      (x) => x.max(1, { keepDims: 1 as never }),
      "max: keepDims must be a boolean; got 1",
    ],
    "an axis of softmax by position": [
      (x) => x.softmax(0 as never),
      "softmax: options must be an object, such as { axis: .. }; got 0",
    ],
    "an axis of logSoftmax by position": [
      (x) => x.logSoftmax(-1 as never),
      "logSoftmax: options must be an object, such as { axis: .. }; got -1",
    ],
    "an axis by another name": [
      (x) => x.softmax({ dim: 0 } as never),
      'softmax: unknown option "dim"; did you mean axis? Options: axis',
    ],
    "transposes of a product": [
      (x) => (x.matMul as Method)(x, true, false),
      "matMul: takes no argument 3; got false: write a.matMul(b, { transposeB: true }) for a transposed operand",
    ],
    "a slope of relu": [
      (x) => (x.relu as Method)(0.1),
      'relu: takes no argument 1; got 0.1: write activation({ name: "leakyRelu", alpha: 0.1 })(x) for a slope below 0',
    ],
    "axes of a transpose one by one": [
      (x) => (x.transpose as Method)(1, 0),
      "transpose: takes no argument 2; got 0: write the axes as an array, such as transpose([1, 0])",
    ],
    "a shape one by one": [
      (x) => (x.reshape as Method)(3, 2),
      "reshape: takes no argument 2; got 2: write the shape as an array, such as reshape([3, 2])",
    ],
    "axes of a sum one by one": [
      (x) => (x.sum as Method)(0, 1),
      "sum: takes no argument 2; got 1: write the axes as an array, such as sum([0, 1])",
    ],
  };
  it.each(Object.entries(SLIPS))("%s", (_, [slip, message]) => {
    const error = trace((x) => slip(x));
    expect(error.message).toBe(message);
    expect(error).toBeInstanceOf(OptionError);
  });

  it("as is a second tensor of a layer or a third of a loss", () => {
    const two = (layer: unknown) => trace((x) => (layer as Method)(x, x));
    expect(two(dense(2)).message).toBe("dense: takes no argument 2; got an object of type Tensor");
    expect(two(activation("relu"))).toBeInstanceOf(OptionError);
    expect(trace((x) => (meanSquaredError() as unknown as Method)(x, x, x)).message).toBe(
      "meanSquaredError: takes no argument 3; got an object of type Tensor",
    );
  });

  it("but not the index that map gives to a shared layer", () => {
    const shared = dense(2);
    const net = model({ inputs: { a: [2], b: [2] } }, ({ a, b }) => {
      const [p, q] = [a, b].map(shared);
      return p.add(q);
    });
    expect(net.graph.variables).toHaveLength(2);
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
      "mean: axes must be an array, such as [0, 1], or one number, with options behind; got { keepDims: true }",
      ShapeError,
    ],
    "an axis as text": [
      (x) => x.max(["0"] as never),
      'max: axes must be whole numbers from -2 to 1 for [2, 3]; got "0"',
      ShapeError,
    ],
    "an axis beyond": [
      (x) => x.sum(2),
      "sum: axes must be whole numbers from -2 to 1 for [2, 3]; got 2",
      ShapeError,
    ],
    "an axis before": [
      (x) => x.sum([-3]),
      "sum: axes must be whole numbers from -2 to 1 for [2, 3]; got -3",
      ShapeError,
    ],
    "half an axis": [
      (x) => x.softmax({ axis: 0.5 }),
      "softmax: axes must be whole numbers from -2 to 1 for [2, 3]; got 0.5",
      ShapeError,
    ],
    "null for an axis": [
      (x) => x.softmax({ axis: null as never }),
      "softmax: axes must be whole numbers from -2 to 1 for [2, 3]; got null",
      ShapeError,
    ],
    "null for options": [
      (x) => x.logSoftmax(null as never),
      "logSoftmax: options must be an object, such as { axis: .. }; got null",
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
