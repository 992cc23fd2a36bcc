import { float64Parts, scaleByPowerOfTwo } from "../math/float64.ts";
import type { Matrix } from "./matrix.ts";

/** Two labelled point sets of finite f64, exact wherever BigInts come out. */
export class Points {
  /** Points. */
  readonly count: number;
  /** Features of a point. */
  readonly features: number;
  /** [count, features], row-major. */
  readonly data: Float64Array;
  /** Indices of the points of the positive class, ascending. */
  readonly positive: readonly number[];
  /** Indices of the points of the negative class, ascending. */
  readonly negative: readonly number[];
  /** [count] whether a point belongs to the positive class. */
  readonly isPositive: readonly boolean[];
  /**
   * [features] the least exponent of two in a feature's column: `x[k] 2^-unit[k]` is an integer for every
   * point, because every f64 is an integer times a power of two.
   */
  readonly unit: Int32Array;

  readonly #integers: bigint[][] = [];

  constructor({ m, n, data }: Matrix, isPositive: readonly boolean[]) {
    this.count = m;
    this.features = n;
    this.data = data;
    this.isPositive = isPositive;
    const indices = Array.from({ length: m }, (_, i) => i);
    this.positive = indices.filter((i) => isPositive[i]);
    this.negative = indices.filter((i) => !isPositive[i]);
    this.unit = new Int32Array(n).fill(1024);
    data.forEach((x, at) => {
      if (x !== 0) this.unit[at % n] = Math.min(this.unit[at % n]!, float64Parts(x).exponent);
    });
    this.unit.forEach((unit, k) => {
      if (unit === 1024) this.unit[k] = 0;
    });
  }

  /** Point `i`, [features] f64: a view. */
  row(i: number): Float64Array {
    return this.data.subarray(i * this.features, (i + 1) * this.features);
  }

  /** Point `i` in integers, `x[k] 2^-unit[k]`. */
  integers(i: number): readonly bigint[] {
    return (this.#integers[i] ??= Array.from(this.row(i), (x, k) => {
      const { significand, exponent } = float64Parts(x);
      return significand === 0 ? 0n : BigInt(significand) << BigInt(exponent - this.unit[k]!);
    }));
  }

  /** A normal in integer coordinates, `u[k]` against `x[k] 2^-unit[k]`, turned into one of the points' own. */
  normalOf(direction: Float64Array): Float64Array {
    return direction.map((u, k) => scaleByPowerOfTwo(u, -this.unit[k]!));
  }
}

/** Two equal points of different classes, [positive, negative], or undefined. */
export function findContradiction(points: Points): readonly [number, number] | undefined {
  // -0 prints as 0, so that the two are one value.
  const key = (i: number) => points.row(i).join();
  const seen = new Map<string, number>();
  for (const i of points.positive) if (!seen.has(key(i))) seen.set(key(i), i);
  for (const j of points.negative) {
    const i = seen.get(key(j));
    if (i !== undefined) return [i, j];
  }
  return undefined;
}
