import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type MatrixLike, rank, singularValues } from "../../src/analysis/index.ts";
import { DataError, OptionError, ShapeError } from "../../src/errors.ts";
import { between, multiply, randomMatrix, seededRandom } from "./random.ts";

interface Recorded {
  readonly name: string;
  readonly dtype: "f32" | "f64";
  readonly shape: readonly [number, number];
  readonly data: readonly number[];
  readonly singularValues: readonly number[];
  readonly rank: number;
}

const recorded: readonly Recorded[] = JSON.parse(
  readFileSync(new URL("../vectors/singular-values.json", import.meta.url), "utf8"),
).matrices;

function transpose(matrix: readonly (readonly number[])[]): number[][] {
  return matrix[0]!.map((_, j) => matrix.map((row) => row[j]!));
}

/** Rank over the rationals by fraction-free elimination (Bareiss). */
function exactRank(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => row.map(BigInt));
  let found = 0;
  let previous = 1n;
  for (let column = 0; column < rows[0]!.length; column++) {
    const at = rows.findIndex((row, i) => i >= found && row[column] !== 0n);
    if (at < 0) continue;
    [rows[found], rows[at]] = [rows[at]!, rows[found]!];
    const pivot = rows[found]!;
    for (const row of rows.slice(found + 1)) {
      const factor = row[column]!;
      row.forEach((value, j) => {
        row[j] = (pivot[column]! * value - factor * pivot[j]!) / previous;
      });
    }
    previous = pivot[column]!;
    found += 1;
  }
  return found;
}

describe("singularValues", () => {
  test.each(recorded)("agrees with LAPACK on $name", ({ dtype, shape, data, singularValues: expected }) => {
    const values = singularValues({ data: dtype === "f32" ? Float32Array.from(data) : data, shape });
    expect(values).toBeInstanceOf(Float64Array);
    expect(values).toHaveLength(expected.length);
    const tolerance = 4 * Math.max(...shape) * 2 ** -52 * (expected[0] ?? 0);
    values.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance);
    });
  });

  test("come in descending order and are those of the transpose", () => {
    const random = seededRandom(2);
    for (let run = 0; run < 200; run++) {
      const matrix = randomMatrix(random, between(random, 1, 12), between(random, 1, 12));
      const values = singularValues(matrix);
      expect(Array.from(values)).toEqual(Array.from(values).sort((a, b) => b - a));
      singularValues(transpose(matrix)).forEach((value, i) => {
        expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(1e-14 * values[0]!);
      });
    }
  });

  test("preserve the sum of squares of the entries", () => {
    const random = seededRandom(3);
    for (let run = 0; run < 200; run++) {
      const matrix = randomMatrix(random, between(random, 1, 20), between(random, 1, 20));
      const squares = (values: Iterable<number>) => Array.from(values).reduce((sum, v) => sum + v * v, 0);
      expect(squares(singularValues(matrix)) / squares(matrix.flat())).toBeCloseTo(1, 13);
    }
  });

  test("scale exactly with a power of two, up to the ends of f64", () => {
    const matrix = [
      [3, 1, 4],
      [1, 5, 9],
    ];
    const values = Array.from(singularValues(matrix));
    for (const power of [2 ** 1019, 2 ** 600, 2 ** -600, 2 ** -1000]) {
      const scaled = singularValues(matrix.map((row) => row.map((value) => value * power)));
      expect(Array.from(scaled)).toEqual(values.map((value) => value * power));
    }
  });

  test("are exact for a diagonal, and zero for the zero matrix", () => {
    expect(
      Array.from(
        singularValues([
          [0, -7],
          [2, 0],
        ]),
      ),
    ).toEqual([7, 2]);
    expect(Array.from(singularValues({ data: new Float32Array(12), shape: [3, 4] }))).toEqual([0, 0, 0]);
  });

  test("are Infinity where they exceed f64", () => {
    const large = Number.MAX_VALUE;
    expect(
      Array.from(
        singularValues([
          [large, large],
          [large, large],
        ]),
      )[0],
    ).toBe(Infinity);
    expect(
      rank([
        [large, large],
        [large, large],
      ]),
    ).toBe(1);
  });
});

describe("rank", () => {
  test.each(recorded)(
    "agrees with LAPACK's singular values on $name",
    ({ dtype, shape, data, rank: expected }) => {
      expect(rank({ data: dtype === "f32" ? Float32Array.from(data) : Float64Array.from(data), shape })).toBe(
        expected,
      );
    },
  );

  test("is the exact rank of 2,000 integer matrices", () => {
    const random = seededRandom(4);
    const integers = (m: number, n: number) =>
      Array.from({ length: m }, () => Array.from({ length: n }, () => between(random, -3, 3)));
    for (let run = 0; run < 2000; run++) {
      const [m, n] = [between(random, 1, 12), between(random, 1, 12)];
      const inner = between(random, 1, Math.min(m, n));
      const matrix = run % 3 === 0 ? integers(m, n) : multiply(integers(m, inner), integers(inner, n));
      expect(rank(matrix)).toBe(exactRank(matrix));
    }
  });

  test("of a random f32 product is its inner dimension, and would not be with the tolerance of f64", () => {
    const random = seededRandom(5);
    let missedByF64 = 0;
    for (let run = 0; run < 300; run++) {
      const [m, n] = [between(random, 2, 40), between(random, 2, 40)];
      const inner = between(random, 1, Math.min(m, n) - 1);
      const product = multiply(randomMatrix(random, m, inner), randomMatrix(random, inner, n));
      const rows = product.map((row) => Float32Array.from(row));
      expect(rank(rows)).toBe(inner);
      expect(rank({ data: Float32Array.from(product.flat()), shape: [m, n] })).toBe(inner);
      if (rank(rows.map((row) => Array.from(row))) !== inner) missedByF64 += 1;
    }
    expect(missedByF64).toBeGreaterThan(250);
  });

  test("of a 10 -> 2 -> 10 bottleneck is 2 and of a random 10 -> 10 layer is 10 (Q6.2)", () => {
    const random = seededRandom(6);
    const f32 = (matrix: number[][]) => ({ data: Float32Array.from(matrix.flat()), shape: [10, 10] });
    expect(rank(f32(multiply(randomMatrix(random, 10, 2), randomMatrix(random, 2, 10))))).toBe(2);
    expect(rank(f32(randomMatrix(random, 10, 10)))).toBe(10);
  });

  test("of the zero matrix is 0", () => {
    expect(rank([[0]])).toBe(0);
    expect(rank({ data: new Float32Array(6), shape: [2, 3] })).toBe(0);
  });

  test("does not depend on the scale of the matrix", () => {
    const matrix = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ];
    for (const scale of [1, 2 ** 1000, 2 ** -1040]) {
      expect(rank(matrix.map((row) => row.map((value) => value * scale)))).toBe(2);
    }
  });

  test("counts the singular values above a tolerance that is given", () => {
    const diagonal = [
      [8, 0, 0],
      [0, 4, 0],
      [0, 0, 2],
    ];
    expect([0, 1, 2, 3, 4, 8].map((tolerance) => rank(diagonal, tolerance))).toEqual([3, 3, 2, 2, 1, 0]);
  });

  test.each([
    ["an empty list", [], ShapeError, "rank: matrix must have at least one row and one column; got [0, 0]"],
    [
      "a shape without rows",
      { data: new Float32Array(0), shape: [0, 3] },
      ShapeError,
      "rank: matrix must have at least one row and one column; got [0, 3]",
    ],
    [
      "rows without columns",
      [[], []],
      ShapeError,
      "rank: matrix must have at least one row and one column; got [2, 0]",
    ],
    [
      "ragged rows",
      [[1, 2], [3]],
      ShapeError,
      "rank: rows of matrix must have one length; got 2 in row 0, 1 in row 1",
    ],
    ["one dimension", [1, 2], ShapeError, "rank: matrix must have rows and columns; got one dimension"],
    [
      "three dimensions",
      { data: [1], shape: [1, 1, 1] },
      ShapeError,
      "rank: matrix must have the shape [m] or [m, n]; got [1, 1, 1]",
    ],
    [
      "a length that contradicts the shape",
      { data: [1, 2, 3], shape: [2, 2] },
      ShapeError,
      "rank: data of matrix must hold 4 values for the shape [2, 2]; got 3 values",
    ],
    ["something else", 7, ShapeError, "rank: matrix must be rows of numbers or { data, shape }; got 7"],
    [
      "NaN",
      [
        [1, 2],
        [3, NaN],
      ],
      DataError,
      "rank: matrix must hold finite numbers; got NaN at [1, 1]",
    ],
    [
      "infinity",
      { data: [1, -Infinity], shape: [2, 1] },
      DataError,
      "rank: matrix must hold finite numbers; got -Infinity at [1, 0]",
    ],
    ["text", [["1"]], DataError, 'rank: matrix must hold finite numbers; got "1" at [0, 0]'],
  ])("refuses %s", (_, matrix, type, message) => {
    const call = () => rank(matrix as MatrixLike);
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });

  test.each([-1, NaN, Infinity])("refuses the tolerance %s", (tolerance) => {
    expect(() => rank([[1]], tolerance)).toThrow(OptionError);
    expect(() => rank([[1]], tolerance)).toThrow(
      `rank: tolerance must be a finite number >= 0; got ${tolerance}`,
    );
  });
});
