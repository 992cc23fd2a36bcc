import { ColumnSum, ReduceFn, RowSum } from "../../assembly/abi.ts";

type Values = ArrayLike<number>;

/** The n elements that meet in y[o, i]. */
const column = (x: Values, n: number, inner: number, o: number, i: number): number[] =>
  Array.from({ length: n }, (_, j) => x[(o * n + j) * inner + i]);

const sum = (x: readonly number[]) => x.reduce((total, value) => total + value, 0);

const REDUCE: Readonly<Record<ReduceFn, (x: readonly number[]) => number>> = {
  [ReduceFn.Sum]: sum,
  [ReduceFn.Mean]: (x) => sum(x) / x.length,
  [ReduceFn.Max]: (x) => Math.max(...x),
};

const over = (outer: number, inner: number, f: (o: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: outer * inner }, (_, p) => f(Math.floor(p / inner), p % inner));

/** `y[o, i] = fn over j of x[o, j, i]` in f64. */
export const reduce = (fn: ReduceFn, x: Values, outer: number, n: number, inner: number): Float64Array =>
  over(outer, inner, (o, i) => REDUCE[fn](column(x, n, inner, o, i)));

/** `sum_j |x[o, j, i]|`: what the rounding error of a sum is measured in. */
export const magnitudes = (x: Values, outer: number, n: number, inner: number): Float64Array =>
  over(outer, inner, (o, i) => sum(column(x, n, inner, o, i).map(Math.abs)));

const f32 = Math.fround;
const sumF32 = (x: readonly number[]) => x.reduce((total, value) => f32(total + value), 0);

/** A block of a row in the order the kernel promises. */
function blockSumF32(x: readonly number[]): number {
  const whole = x.length - (x.length % RowSum.Lanes);
  const lanes = Array.from({ length: RowSum.Lanes }, (_, lane) =>
    sumF32([
      ...x.slice(0, whole).filter((_, j) => j % RowSum.Lanes === lane),
      ...(lane < 4 ? x.slice(whole).filter((_, r) => r % 4 === lane) : []),
    ]),
  );
  const s = [0, 1, 2, 3].map((l) => f32(f32(lanes[l] + lanes[l + 4]) + f32(lanes[l + 8] + lanes[l + 12])));
  return f32(f32(s[0] + s[2]) + f32(s[1] + s[3]));
}

/** Blocks in f32, added in f64. */
function sumByBlocks(
  x: readonly number[],
  block: number,
  sumBlock: (x: readonly number[]) => number,
): number {
  let total = 0;
  for (let start = 0; start < x.length; start += block) total += sumBlock(x.slice(start, start + block));
  return f32(total);
}

/** Sums (or means) in f32, in the order the kernel promises. */
export const sumInOrder = (x: Values, outer: number, n: number, inner: number, mean = false): Float32Array =>
  Float32Array.from(
    over(outer, inner, (o, i) => {
      const elements = column(x, n, inner, o, i);
      const total =
        inner === 1
          ? sumByBlocks(elements, RowSum.Block, blockSumF32)
          : sumByBlocks(elements, ColumnSum.Block, sumF32);
      return total / (mean ? n : 1);
    }),
  );

/** dy shared equally between the positions at which x attains the maximum y. */
export function maxGrad(dy: Values, x: Values, outer: number, n: number, inner: number): Float64Array {
  const dx = new Float64Array(outer * n * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      const elements = column(x, n, inner, o, i);
      const top = Math.max(...elements);
      const count = elements.filter((value) => value === top).length;
      elements.forEach((value, j) => {
        if (value === top) dx[(o * n + j) * inner + i] = dy[o * inner + i] / count;
      });
    }
  return dx;
}
