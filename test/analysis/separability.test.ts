import { describe, expect, test } from "vitest";
import {
  type Inseparable,
  type Label,
  type LabelsLike,
  linearSeparability,
  type MatrixLike,
  type Separable,
} from "../../src/analysis/index.ts";
import { DataError, ShapeError } from "../../src/errors.ts";
import { asFractions, provesInseparable, provesSeparable } from "./exact-checker.ts";
import { between, seededRandom } from "./random.ts";

type Rows = readonly ArrayLike<number>[];

function separable(x: MatrixLike, labels: LabelsLike): Separable {
  const answer = linearSeparability(x, labels);
  if (!answer.separable) throw new Error("expected a hyperplane, got a certificate");
  return answer;
}

function inseparable(x: MatrixLike, labels: LabelsLike): Inseparable {
  const answer = linearSeparability(x, labels);
  if (answer.separable) throw new Error("expected a certificate, got a hyperplane");
  return answer;
}

/** Checks an answer with the test's own exact arithmetic; gives whether it was "separable". */
function checked(x: Rows, labels: readonly Label[]): boolean {
  const answer = linearSeparability(x, labels);
  expect([answer.negative, answer.positive].sort()).toEqual([...new Set(labels)].sort());
  if (!answer.separable) {
    expect(provesInseparable(x, labels, answer.positive, answer.exact)).toBe(true);
    for (const side of ["positive", "negative"] as const) {
      answer.exact[side].forEach(({ index, coefficient: { numerator, denominator } }, at) => {
        const rounded = answer.certificate[side][at]!;
        expect(rounded.index).toBe(index);
        if (numerator < 2n ** 1000n && denominator < 2n ** 1000n) {
          expect(rounded.coefficient / (Number(numerator) / Number(denominator))).toBeCloseTo(1, 14);
        }
      });
    }
    return false;
  }
  expect(provesSeparable(x, labels, answer.positive, answer.exact)).toBe(true);
  // Where a margin is claimed, the f64 numbers themselves separate.
  if (answer.margin > 0) {
    expect(provesSeparable(x, labels, answer.positive, asFractions(answer.weights, answer.bias))).toBe(true);
  }
  return true;
}

const corners = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

describe("linearSeparability on the gates (Q6.3b)", () => {
  test("finds the widest hyperplane for AND and OR", () => {
    const and = separable(corners, [0, 0, 0, 1]);
    expect([Array.from(and.weights), and.bias]).toEqual([[2, 2], -3]);
    expect(and.margin).toBeCloseTo(Math.SQRT2 / 4, 15);
    expect(and.exact.bias).toEqual({ numerator: -3n, denominator: 1n });
    const or = separable(corners, [0, 1, 1, 1]);
    expect([Array.from(or.weights), or.bias]).toEqual([[2, 2], -1]);
  });

  test("proves XOR inseparable by the middle of the square", () => {
    const { certificate, exact } = inseparable(corners, [0, 1, 1, 0]);
    const half = { numerator: 1n, denominator: 2n };
    expect(certificate).toEqual({
      point: [0.5, 0.5],
      positive: [
        { index: 1, coefficient: 0.5 },
        { index: 2, coefficient: 0.5 },
      ],
      negative: [
        { index: 0, coefficient: 0.5 },
        { index: 3, coefficient: 0.5 },
      ],
    });
    expect(exact.point).toEqual([half, half]);
    expect(exact.positive.map(({ coefficient }) => coefficient)).toEqual([half, half]);
  });

  test("separates 14 of the 16 functions of two bits, and 104 of the 256 of three", () => {
    const count = (bits: number) => {
      const x = Array.from({ length: 2 ** bits }, (_, i) =>
        Array.from({ length: bits }, (_, k) => (i >> k) & 1),
      );
      // The two constant functions have one class only, and are separable by definition.
      let found = 2;
      for (let f = 1; f < 2 ** x.length - 1; f++)
        if (
          checked(
            x,
            x.map((_, i) => (f >> i) & 1),
          )
        )
          found += 1;
      return found;
    };
    expect([count(2), count(3)]).toEqual([14, 104]);
  });

  test("proves parity of 2 to 8 bits inseparable", () => {
    for (let bits = 2; bits <= 8; bits++) {
      const x = Array.from({ length: 2 ** bits }, (_, i) =>
        Array.from({ length: bits }, (_, k) => (i >> k) & 1),
      );
      expect(
        checked(
          x,
          x.map((row) => row.reduce((a, b) => a ^ b) === 1),
        ),
      ).toBe(false);
    }
  });
});

describe("linearSeparability on random sets", () => {
  const kinds: Record<string, (random: () => number) => number> = {
    "a small grid": (random) => between(random, -2, 2),
    "large integers": (random) => between(random, -(2 ** 52), 2 ** 52),
    "f64 fractions": (random) => 2 * random() - 1,
    "f32 fractions": (random) => Math.fround(2 * random() - 1),
    "tiny numbers": (random) => between(random, -3, 3) * 2 ** -1074,
    "huge numbers": (random) => between(random, -3, 3) * 2 ** 1021,
    "mixed magnitudes": (random) => between(random, -2, 2) * 10 ** between(random, -12, 12),
    "a thin slab far from 0": (random) => 1e9 + between(random, -2, 2) * 2 ** -22,
  };

  test.each(Object.entries(kinds))("gives a proof for each of 1,250 sets of %s", (name, draw) => {
    const random = seededRandom(name.length);
    let yes = 0;
    let no = 0;
    for (let run = 0; run < 1250; run++) {
      const [count, features] = [between(random, 2, 14), between(random, 1, 5)];
      const x = Array.from({ length: count }, () => Array.from({ length: features }, () => draw(random)));
      const direction = x[0]!.map(() => random() - 0.5);
      const middle = x[between(random, 0, count - 1)]!;
      // A plane through one of the points labels the others; a third of the sets gets labels flipped.
      const noise = run % 3 === 0 ? 0.3 : 0;
      const scale = Math.max(...x.flat().map(Math.abs)) || 1;
      const labels = x.map((row) => {
        const side = row.reduce((sum, v, k) => sum + (v / scale - middle[k]! / scale) * direction[k]!, 0) > 0;
        return side !== random() < noise ? "b" : "a";
      });
      if (new Set(labels).size < 2) labels[0] = labels[0] === "a" ? "b" : "a";
      if (checked(x, labels)) yes += 1;
      else no += 1;
    }
    expect(yes + no).toBe(1250);
    expect(Math.min(yes, no)).toBeGreaterThan(100);
  });

  test("finds a hyperplane whenever the labels come from one, up to 40 features", () => {
    const random = seededRandom(20);
    for (const features of [1, 2, 5, 10, 20, 40]) {
      const w = Array.from({ length: features }, () => random() - 0.5);
      const x = Array.from({ length: 200 }, () =>
        Float32Array.from({ length: features }, () => random() - 0.5),
      );
      const labels = x.map((row) => row.reduce((sum, v, k) => sum + v * w[k]!, 0) > 0);
      expect(checked(x, labels)).toBe(true);
    }
  });

  test("finds a certificate whenever a point of one class is planted in the hull of the other", () => {
    const random = seededRandom(21);
    for (const features of [1, 2, 5, 10, 20]) {
      const x = Array.from({ length: 60 }, () =>
        Array.from({ length: features }, () => between(random, -8, 8) * 4),
      );
      const labels = x.map((_, i) => i >= 30);
      // The mean of four positive points, labelled negative: integers, so exactly in the hull.
      x[0] = x[30]!.map((_, k) => (x[30]![k]! + x[31]![k]! + x[32]![k]! + x[33]![k]!) / 4);
      expect(checked(x, labels)).toBe(false);
    }
  });

  test("finds the widest margin: half the distance of the hulls in the plane", () => {
    const random = seededRandom(22);
    const distance = (p: number[], a: number[], b: number[]) => {
      const [dx, dy] = [b[0]! - a[0]!, b[1]! - a[1]!];
      const t = ((p[0]! - a[0]!) * dx + (p[1]! - a[1]!) * dy) / (dx * dx + dy * dy || 1);
      const s = Math.max(0, Math.min(1, t));
      return Math.hypot(p[0]! - a[0]! - s * dx, p[1]! - a[1]! - s * dy);
    };
    for (let run = 0; run < 200; run++) {
      const below = Array.from({ length: 6 }, () => [random(), random()]);
      const above = Array.from({ length: 6 }, () => [random() + 0.5, random() + 1.01]);
      // Disjoint hulls in the plane are nearest at a vertex of one and an edge of the other.
      let nearest = Infinity;
      for (const [one, other] of [
        [below, above],
        [above, below],
      ] as const) {
        for (const p of one)
          for (const a of other) for (const b of other) nearest = Math.min(nearest, distance(p, a, b));
      }
      const { margin } = separable([...below, ...above], [...below.map(() => 0), ...above.map(() => 1)]);
      expect(margin / (nearest / 2)).toBeGreaterThan(1 - 1e-6);
      expect(margin / (nearest / 2)).toBeLessThan(1 + 1e-9);
    }
  });
});

describe("linearSeparability at the edge", () => {
  test("answers touching hulls with the point they share", () => {
    const { exact } = inseparable([[0], [1], [1], [2]], [0, 0, 1, 1]);
    expect(exact.point).toEqual([{ numerator: 1n, denominator: 1n }]);
    // (1, 1) is the middle of (0, 0) and (2, 2), and 0.1 + 0.2 is not 0.3.
    expect(
      inseparable(
        [
          [1, 1],
          [0, 0],
          [2, 2],
        ],
        [0, 1, 1],
      ).certificate.point,
    ).toEqual([1, 1]);
    expect(separable([[0.1 + 0.2], [0.3]], [1, 0]).separable).toBe(true);
  });

  test("names equal points with different labels as the certificate", () => {
    const answer = inseparable(
      [
        [5, 1],
        [0.1, -0],
        [7, 7],
        [0.1, 0],
      ],
      ["a", "a", "b", "b"],
    );
    expect(answer.certificate).toEqual({
      point: [0.1, 0],
      positive: [{ index: 3, coefficient: 1 }],
      negative: [{ index: 1, coefficient: 1 }],
    });
  });

  test("separates neighbours in f64, in rational numbers where f64 has no plane between them", () => {
    const x = [[1], [1 + 2 ** -52]];
    const answer = separable(x, [0, 1]);
    expect(answer.margin).toBe(0);
    expect(provesSeparable(x, [0, 1], 1, answer.exact)).toBe(true);
    expect(checked([[2 ** -1074], [0]], [0, 1])).toBe(true);
    expect(checked([[Number.MAX_VALUE], [-Number.MAX_VALUE]], [0, 1])).toBe(true);
  });

  test("decides by one bit in 2^-50 where the hulls cross", () => {
    const square = [
      [0, 0],
      [1, 1],
      [0, 1],
      [1, 0],
    ];
    const labels = [0, 0, 1, 1];
    expect(checked(square, labels)).toBe(false);
    // A segment that ends just short of the other, and one that ends on it.
    expect(
      checked(
        [
          [0, 0],
          [1, 1],
          [0, 1],
          [0.5 - 2 ** -50, 0.5],
        ],
        labels,
      ),
    ).toBe(true);
    expect(
      checked(
        [
          [0, 0],
          [1, 1],
          [0, 1],
          [0.5, 0.5],
        ],
        labels,
      ),
    ).toBe(false);
  });

  test("takes the greater label for positive, of numbers, strings and booleans", () => {
    const x = [[1], [2]];
    expect(separable(x, [3, -3])).toMatchObject({ negative: -3, positive: 3 });
    expect(separable(x, ["cat", "dog"])).toMatchObject({ negative: "cat", positive: "dog" });
    expect(separable(x, [true, false])).toMatchObject({ negative: false, positive: true });
    expect(separable(x, [true, false]).weights[0]).toBeLessThan(0);
  });

  test("reads typed rows, flat data and column labels alike", () => {
    const expected = separable(corners, [0, 0, 0, 1]);
    expect(
      linearSeparability(
        corners.map((row) => Float32Array.from(row)),
        Int32Array.of(0, 0, 0, 1),
      ),
    ).toEqual(expected);
    const flat = { data: Float32Array.from(corners.flat()), shape: [4, 2] };
    expect(linearSeparability(flat, { data: Float32Array.of(0, 0, 0, 1), shape: [4, 1] })).toEqual(expected);
  });

  test("leaves its arguments as they were", () => {
    const data = Float32Array.of(3, 1, 4, 1, 5, 9);
    linearSeparability({ data, shape: [3, 2] }, [0, 1, 0]);
    expect(Array.from(data)).toEqual([3, 1, 4, 1, 5, 9]);
  });

  test.each([
    [
      "no points",
      [],
      [],
      ShapeError,
      "linearSeparability: x must have at least one row and one column; got [0, 0]",
    ],
    [
      "ragged points",
      [[1], [1, 2]],
      [0, 1],
      ShapeError,
      "linearSeparability: rows of x must have one length; got 1 in row 0, 2 in row 1",
    ],
    [
      "fewer labels than points",
      [[1], [2]],
      [0],
      ShapeError,
      "linearSeparability: labels must have one value per point, 2; got 1",
    ],
    [
      "no labels",
      [[1], [2]],
      undefined,
      ShapeError,
      "linearSeparability: labels must have one value per point, 2; got undefined",
    ],
    [
      "one class",
      [[1], [2]],
      ["a", "a"],
      DataError,
      'linearSeparability: labels must hold two classes; got 1 ("a")',
    ],
    [
      "three classes",
      [[1], [2], [3]],
      [0, 1, 2],
      DataError,
      "linearSeparability: labels must hold two classes; got 3 (0, 1, 2)",
    ],
    [
      "mixed labels",
      [[1], [2]],
      [1, "1"],
      DataError,
      'linearSeparability: labels must be of one type; got 1 and "1"',
    ],
    [
      "a NaN label",
      [[1], [2]],
      [0, NaN],
      DataError,
      "linearSeparability: labels must be finite numbers, strings or booleans; got NaN at [1]",
    ],
    [
      "a missing label",
      [[1], [2]],
      [0, null],
      DataError,
      "linearSeparability: labels must be finite numbers, strings or booleans; got null at [1]",
    ],
    [
      "an infinite coordinate",
      [[1], [Infinity]],
      [0, 1],
      DataError,
      "linearSeparability: x must hold finite numbers; got Infinity at [1, 0]",
    ],
  ])("refuses %s", (_, x, labels, type, message) => {
    const call = () => linearSeparability(x as MatrixLike, labels as LabelsLike);
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
