/** The methods of tensors: axes, kept dimensions, broadcasting. */
import { describe, expect, it } from "vitest";
import { compile, model, ShapeError, type Tensor, valueAndGrad } from "../../src/index.ts";
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
