import { describe, expect, it } from "vitest";
import {
  createEngine,
  crossEntropy,
  DataError,
  meanSquaredError,
  ShapeError,
  type Tensor,
  TraceError,
  valueAndGrad,
} from "../../src/index.ts";
import { noise, thrownBy } from "../fixtures.ts";

describe("valueAndGrad", () => {
  it("gives the value and the gradients of (w1 + w2) * w3", () => {
    const { value, gradients } = valueAndGrad((w1, w2, w3) => w1.add(w2).mul(w3))(1, 2.3, 5.7);
    expect(value).toBe(Math.fround(Math.fround(1 + Math.fround(2.3)) * Math.fround(5.7)));
    expect(value).toBeCloseTo(18.81, 5);
    expect(gradients).toEqual([Math.fround(5.7), Math.fround(5.7), Math.fround(1 + Math.fround(2.3))]);
  });

  it("gives gradients of the shape of each argument", () => {
    const f = valueAndGrad<[number[][], Float32Array, number, { data: number[]; shape: number[] }]>(
      (a, b, c, d) => a.mul(b).mul(c).sum().add(d.square().sum()),
    );
    const { value, gradients } = f(
      [
        [1, 2],
        [3, 4],
      ],
      Float32Array.of(10, 100),
      2,
      { data: [1, 2, 3], shape: [3, 1] },
    );
    expect(value).toBe(2 * (10 + 200 + 30 + 400) + 14);
    expect(gradients[0].toArray()).toEqual([
      [20, 200],
      [20, 200],
    ]);
    expect([...gradients[1].data]).toEqual([8, 12]);
    expect(gradients[2]).toBe(640);
    expect(gradients[3].toArray()).toEqual([[2], [4], [6]]);
  });

  it("gives zero for arguments the value does not depend on, and for constants", () => {
    expect(valueAndGrad((a, b) => a.mul(0).add(b))(3, 4)).toEqual({ value: 4, gradients: [0, 1] });
    expect(valueAndGrad((_a, b) => b)(3, 4)).toEqual({ value: 4, gradients: [0, 1] });
    expect(valueAndGrad((a) => a)(7)).toEqual({ value: 7, gradients: [1] });
  });

  it("adds up the uses of one argument", () => {
    expect(valueAndGrad((a) => a.mul(a).mul(a))(2)).toEqual({ value: 8, gradients: [12] });
    expect(valueAndGrad((a) => a.add(a))(2)).toEqual({ value: 4, gradients: [2] });
  });

  it("traces once for each combination of shapes", () => {
    let traced = 0;
    const f = valueAndGrad<[number[]]>((a) => {
      traced++;
      return a.sum();
    });
    for (let i = 0; i < 10; i++) expect(f([i, 1]).value).toBe(i + 1);
    expect(f([1, 2, 3]).value).toBe(6);
    expect(f([5, 6]).value).toBe(11);
    expect(traced).toBe(2);
  });

  it("keeps a bounded number of programs, and forgets the oldest", async () => {
    const engine = await createEngine();
    let traced = 0;
    const f = valueAndGrad<[Float32Array]>(
      (a) => {
        traced++;
        return a.sum();
      },
      { engine },
    );
    for (let n = 1; n <= 50; n++) f(new Float32Array(n));
    expect(engine.livePrograms).toBe(32);
    f(new Float32Array(50));
    expect(traced).toBe(50);
    f(new Float32Array(1));
    expect(traced).toBe(51);
  });

  it("differentiates a loss of a hand-made network as a program would", () => {
    const x = { data: noise(12), shape: [4, 3] };
    const t = { data: noise(8, 3), shape: [4, 2] };
    const f = valueAndGrad<[typeof x, typeof x, Float32Array, typeof t]>((x, w, b, t) =>
      meanSquaredError()(x.matMul(w).add(b).tanh(), t),
    );
    const w = { data: noise(6, 2), shape: [3, 2] };
    const b = noise(2, 4);
    const { gradients } = f(x, w, b, t);
    const h = 1 / 256;
    for (let i = 0; i < 6; i++) {
      const at = (d: number) => {
        const data = w.data.slice();
        data[i] += d;
        return f(x, { data, shape: [3, 2] }, b, t).value;
      };
      expect(gradients[1].data[i]).toBeCloseTo((at(h) - at(-h)) / (2 * h), 3);
    }
  });

  it("takes losses with targets of its own arguments' shape", () => {
    const { value } = valueAndGrad<[number[][], number[][]]>((z, t) =>
      crossEntropy({ fromLogits: true })(z, t),
    )([[0, 0, 0, 0]], [[1, 0, 0, 0]]);
    expect(value).toBeCloseTo(Math.log(4), 6);
  });

  it("may be called inside another function being traced, with numbers of its own", () => {
    const inner = valueAndGrad((a) => a.square());
    const { value } = valueAndGrad((b) => b.mul(inner(3).gradients[0]))(2);
    expect(value).toBe(12);
  });
});

describe("each method of a tensor has the gradient of its formula", () => {
  const x = [0.3, -1.2, 2, 0.7, -0.4, 1.5];
  const positive = x.map((v) => Math.abs(v) + 0.1);
  const matrix = { data: x, shape: [2, 3] };
  const weights = { data: noise(12, 8), shape: [3, 4] };
  const cases: Record<
    string,
    [(a: Tensor, b: Tensor) => Tensor, unknown, unknown, (a: number[], b: number[]) => number]
  > = {
    add: [(a, b) => a.add(b).square().sum(), x, positive, (a, b) => sum(a.map((v, i) => (v + b[i]) ** 2))],
    sub: [(a, b) => a.sub(b).square().sum(), x, positive, (a, b) => sum(a.map((v, i) => (v - b[i]) ** 2))],
    mul: [(a, b) => a.mul(b).sum(), x, positive, (a, b) => sum(a.map((v, i) => v * b[i]))],
    div: [(a, b) => a.div(b).sum(), x, positive, (a, b) => sum(a.map((v, i) => v / b[i]))],
    maximum: [(a, b) => a.maximum(b).sum(), x, positive, (a, b) => sum(a.map((v, i) => Math.max(v, b[i])))],
    minimum: [(a, b) => a.minimum(b).sum(), x, positive, (a, b) => sum(a.map((v, i) => Math.min(v, b[i])))],
    "mul of a row": [(a, b) => a.mul(b.sum()).sum(), x, positive, (a, b) => sum(a) * sum(b)],
    neg: [(a, b) => a.neg().mul(b).sum(), x, positive, (a, b) => sum(a.map((v, i) => -v * b[i]))],
    exp: [(a) => a.exp().sum(), x, positive, (a) => sum(a.map(Math.exp))],
    log: [(_a, b) => b.log().sum(), x, positive, (_a, b) => sum(b.map(Math.log))],
    sqrt: [(_a, b) => b.sqrt().sum(), x, positive, (_a, b) => sum(b.map(Math.sqrt))],
    abs: [(a) => a.abs().sum(), x, positive, (a) => sum(a.map(Math.abs))],
    relu: [(a) => a.relu().sum(), x, positive, (a) => sum(a.map((v) => Math.max(v, 0)))],
    sigmoid: [(a) => a.sigmoid().sum(), x, positive, (a) => sum(a.map((v) => 1 / (1 + Math.exp(-v))))],
    tanh: [(a) => a.tanh().sum(), x, positive, (a) => sum(a.map(Math.tanh))],
    "mean and max": [(a) => a.mean().add(a.max()), x, positive, (a) => sum(a) / 6 + Math.max(...a)],
    "mean over an axis": [
      (a) => a.mean(1).square().sum(),
      matrix,
      positive,
      (a) => (sum(a.slice(0, 3)) / 3) ** 2 + (sum(a.slice(3)) / 3) ** 2,
    ],
    "max over axis 0": [
      (a) => a.max(0).square().sum(),
      matrix,
      positive,
      (a) => sum([0, 1, 2].map((i) => Math.max(a[i], a[i + 3]) ** 2)),
    ],
    matMul: [
      (a, b) => a.matMul(b).square().sum(),
      matrix,
      weights,
      (a, b) =>
        sum(
          Array.from({ length: 8 }, (_, at) => {
            const [i, j] = [Math.floor(at / 4), at % 4];
            return (a[i * 3] * b[j] + a[i * 3 + 1] * b[4 + j] + a[i * 3 + 2] * b[8 + j]) ** 2;
          }),
        ),
    ],
    "transpose and reshape": [
      (a, b) => a.transpose().reshape([6]).mul(b).sum(),
      matrix,
      positive,
      (a, b) => sum([0, 3, 1, 4, 2, 5].map((at, i) => a[at] * b[i])),
    ],
    softmax: [
      (a, b) => a.softmax().mul(b).sum(),
      x,
      positive,
      (a, b) => sum(a.map((v, i) => Math.exp(v) * b[i])) / sum(a.map(Math.exp)),
    ],
    logSoftmax: [
      (a, b) => a.logSoftmax().mul(b).sum(),
      x,
      positive,
      (a, b) => sum(a.map((v, i) => (v - Math.log(sum(a.map(Math.exp)))) * b[i])),
    ],
  };
  const sum = (values: number[]) => values.reduce((p, q) => p + q, 0);
  const numbers = (arg: unknown) =>
    [...((arg as { data?: number[] }).data ?? (arg as number[]))].map(Math.fround);

  for (const [name, [f, first, second, formula]] of Object.entries(cases))
    it(name, () => {
      const { value, gradients } = valueAndGrad<[number[], number[]]>(f)(first as never, second as never);
      const args = [numbers(first), numbers(second)];
      expect(value).toBeCloseTo(formula(args[0], args[1]), 4);
      const h = 1e-5;
      args.forEach((arg, which) => {
        arg.forEach((v, i) => {
          arg[i] = v + h;
          const up = formula(args[0], args[1]);
          arg[i] = v - h;
          const down = formula(args[0], args[1]);
          arg[i] = v;
          expect(gradients[which].data[i], `argument ${which}, element ${i}`).toBeCloseTo(
            (up - down) / (2 * h),
            3,
          );
        });
      });
    });

  it("ties of maximum, minimum and max share the gradient equally", () => {
    const two = valueAndGrad((a, b) => a.maximum(b));
    expect(two(1, 1).gradients).toEqual([0.5, 0.5]);
    expect(valueAndGrad((a, b) => a.minimum(b))(1, 1).gradients).toEqual([0.5, 0.5]);
    const [{ data }] = valueAndGrad<[number[]]>((a) => a.max())([3, 1, 3, 3]).gradients;
    [1 / 3, 0, 1 / 3, 1 / 3].forEach((g, i) => {
      expect(data[i]).toBeCloseTo(g, 6);
    });
  });
});

describe("what cannot be traced is refused", () => {
  const untraceable: Record<string, (a: Tensor, b: Tensor) => unknown> = {
    "a sum by +": (a, b) => (a as never) + (b as never),
    "a product by *": (a) => (a as never) * 2,
    "a comparison": (a, b) => (a > b ? a : 1),
    "a template string": (a) => `${a}`,
    "a number of it": (a) => Number(a),
    "Math of it": (a) => Math.sqrt(a as never),
    "JSON of it": (a) => JSON.stringify(a),
    "an index by it": (a) => [1, 2][a as never],
  };
  for (const [name, f] of Object.entries(untraceable))
    it(`${name}: TraceError that says why`, () => {
      const error = thrownBy(() => valueAndGrad(f as never)(1, 2));
      expect(error).toBeInstanceOf(TraceError);
      expect(error.message).toContain("has a number only when the program runs");
    });

  it("a function that returns something else", () => {
    expect(() => valueAndGrad((() => 5) as never)(1)).toThrow(
      "valueAndGrad: the function must return a tensor that it computed; got 5",
    );
    expect(() => valueAndGrad((() => undefined) as never)(1)).toThrow(TraceError);
  });

  it("a function whose value is no scalar", () => {
    expect(() => valueAndGrad<[number[]]>((a) => a.mul(2))([1, 2])).toThrow(
      "valueAndGrad: the function must return a scalar; got [2]: use .sum() or .mean()",
    );
  });

  it("a tensor of another function", () => {
    let stolen: Tensor | undefined;
    valueAndGrad((a) => {
      stolen = a;
      return a;
    })(1);
    expect(() => valueAndGrad((a) => a.add(stolen as Tensor))(1)).toThrow("must belong to one function");
    expect(() => valueAndGrad((_a) => stolen as Tensor)(1)).toThrow(TraceError);
  });

  it("operands that are neither tensors nor numbers", () => {
    expect(() => valueAndGrad((a) => a.add("1" as never))(1)).toThrow(
      'add: operands must be tensors or numbers; got "1"',
    );
    expect(() => valueAndGrad((a) => a.matMul(3 as never))(1)).toThrow(TraceError);
  });

  it("shapes that do not fit, with both shapes in the message", () => {
    const error = thrownBy(() =>
      valueAndGrad<[number[], number[]]>((a, b) => a.add(b).sum())([1, 2, 3], [1, 2]),
    );
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain("[3]");
    expect(error.message).toContain("[2]");
    expect(() => valueAndGrad<[number[][], number[]]>((a, b) => a.matMul(b).sum())([[1, 2]], [1, 2])).toThrow(
      ShapeError,
    );
    expect(() => valueAndGrad<[number[]]>((a) => a.sum(3))([1])).toThrow(ShapeError);
    expect(() => valueAndGrad<[number[]]>((a) => a.reshape([4]).sum())([1])).toThrow(ShapeError);
    expect(() => valueAndGrad<[number[][]]>((a) => a.transpose([0, 0]).sum())([[1]])).toThrow(ShapeError);
  });
});

describe("arguments that are no numbers are refused", () => {
  const f = valueAndGrad((a: Tensor) => a.sum());
  const wrong: [string, unknown, string][] = [
    ["NaN", Number.NaN, "valueAndGrad: argument 0: numbers must be finite in single precision; got NaN"],
    ["infinity", Number.POSITIVE_INFINITY, "got Infinity"],
    ["NaN in an array", [1, Number.NaN], "got NaN at row 1"],
    ["a number beyond single precision", 1e300, "got 1e+300"],
    [
      "an empty array",
      [],
      "argument 0 must be a number, an array that is not empty, or { data, shape }; got shape [0]",
    ],
    ["an array of empty arrays", [[], []], "got shape [2, 0]"],
    ["ragged arrays", [[1, 2], [3]], "row 1 must have 2 numbers; got 1"],
    ["a negative shape", { data: [1], shape: [-1] }, "got shape [-1]"],
    [
      "a shape that says another count",
      { data: [1, 2], shape: [3] },
      "valueAndGrad: argument 0: data must be a list of as many numbers as its shape says; got an array of 2 for the shape [3]",
    ],
    ["null", null, "got null"],
    ["undefined", undefined, "got undefined"],
    ["a string", "1", 'got "1"'],
    [
      "an object",
      {},
      "valueAndGrad: argument 0 must be a number, an array that is not empty, or { data, shape }; got {}",
    ],
    [
      "a list of strings",
      ["1"],
      'valueAndGrad: argument 0: numbers only; got "1" at row 0, column 0 (convert it with Number)',
    ],
  ];
  for (const [name, arg, message] of wrong)
    it(name, () => {
      const error = thrownBy(() => f(arg as number));
      expect(error.message).toContain(message);
      expect([DataError, ShapeError]).toContain(error.constructor);
    });
});
