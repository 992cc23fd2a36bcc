/** Dense layers: a product with what follows it, or its gradients. Same bits as the separate records. */
import { Fn, Form } from "../abi";
import { isSmall } from "./gemm/choose";
import { product } from "./gemm/product";
import { shareStart, splitsColumns } from "./gemm/share";
import { small, smallColumn } from "./gemm/small";
import { unary, unaryGrad } from "./unary";

/** Columns below which a row is so short that its loop costs more than walking down a column. */
const SHORT_ROW = 32;

/** `c[i, j] += bias[j]` */
function addBias(c: usize, ldc: usize, bias: usize, m: i32, n: i32): void {
  const row = <usize>n << 2;
  const end = c + ldc * m;
  let j: usize = 0;
  if (n >= SHORT_ROW) {
    const whole = row & ~15;
    for (let at = c; at < end; at += ldc)
      for (j = 0; j < whole; j += 16) v128.store(at + j, f32x4.add(v128.load(at + j), v128.load(bias + j)));
  }
  for (; j + 16 <= row; j += 16) {
    const v = v128.load(bias + j);
    for (let at = c + j; at < end; at += ldc) v128.store(at, f32x4.add(v128.load(at), v));
  }
  for (; j < row; j += 4) {
    const v = load<f32>(bias + j);
    for (let at = c + j; at < end; at += ldc) store<f32>(at, load<f32>(at) + v);
  }
}

/** A column of ones, however long: a step along it stays where it is. */
const ONE: usize = memory.data<f32>([1], 16);

/**
 * `Y = fn(X W + b)`: a dense layer.
 *
 * @param y        out [m, n] f32, row-major; overwritten, never read before it is written
 * @param x        in  [m, k] f32, row-major
 * @param w        in  [k, n] f32, row-major
 * @param bias     in  [n]    f32; 0: none
 * @param m        rows (batch)
 * @param n        columns (units)
 * @param k        inputs of a unit; 0 gives fn(b)
 * @param fn       Fn, with its parameter alpha
 * @param scratch  working area of productScratchBytes
 *
 * Order: the product as in matMul, then one addition of b[j], then fn.
 * Parts: columns or rows of Y through all three steps, see gemm/share.ts.
 * Aliasing: y and scratch overlap neither each other nor an input.
 * Cost: 2 m n k operations; two further passes over Y.
 */
export function dense(
  y: usize, x: usize, w: usize, bias: usize,
  m: i32, n: i32, k: i32, fn: i32, alpha: f32, scratch: usize,
  part: i32, parts: i32,
): void {
  if (!isSmall(Form.NN, m, n, k)) return densePart(y, x, w, bias, m, n, k, fn, alpha, scratch, part, parts);
  if (part != 0) return;
  small(y, x, <usize>k << 2, 4, w, bias, m, n, k);
  if (fn != Fn.Identity) unary(fn, alpha, y, y, m * n, 0, 1);
}

/** As `dense`, for all but the smallest. */
function densePart(
  y: usize, x: usize, w: usize, bias: usize,
  m: i32, n: i32, k: i32, fn: i32, alpha: f32, scratch: usize,
  part: i32, parts: i32,
): void {
  const ld = <usize>n << 2;
  const row = <usize>k << 2;
  if (parts != 1) {
    const from = shareStart(m, n, k, part, parts);
    const units = shareStart(m, n, k, part + 1, parts) - from;
    if (units == 0) return;
    if (splitsColumns(m, n, parts)) {
      y += <usize>from << 2;
      w += <usize>from << 2;
      if (bias != 0) bias += <usize>from << 2;
      n = units;
    } else {
      y += <usize>from * ld;
      x += <usize>from * row;
      m = units;
    }
  }
  product(Form.NN, y, ld, x, row, 4, w, ld, m, n, k, scratch);
  if (bias != 0) addBias(y, ld, bias, m, n);
  if (fn == Fn.Identity) return;
  if (ld == <usize>n << 2) unary(fn, alpha, y, y, m * n, 0, 1);
  else unaryColumns(fn, alpha, y, ld, m, n, scratch);
}

/**
 * `dW = X^T dY`, `db[j] = sum_i dY[i, j]`: what a dense layer's parameters receive.
 *
 * @param dw       out [m, n] f32, row-major; overwritten, never read before it is written
 * @param db       out [n]    f32; overwritten, never read before it is written; 0: not wanted
 * @param x        in  [k, m] f32, row-major
 * @param dy       in  [k, n] f32, row-major
 * @param m        inputs of a unit
 * @param n        units
 * @param k        rows (batch); 0 gives dW = db = +0
 * @param scratch  working area of productScratchBytes
 *
 * Order: dW as in matMul with form TN, db as the product of a row of ones with dY: each element starts at +0 and adds rows
 * 0, 1, .., k - 1 in one accumulator, in groups of Gemm.RowGroup rows whose sums are added in order. So it depends
 * neither on n nor on its lane.
 * Parts: columns or rows of dW; columns of db. See gemm/share.ts.
 * Aliasing: dw, db and scratch overlap neither each other nor an input.
 * Cost: 2 m n k + k n operations.
 */
export function denseGradWeights(
  dw: usize, db: usize, x: usize, dy: usize, m: i32, n: i32, k: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  if (!isSmall(Form.TN, m, n, k)) return gradWeightsPart(dw, db, x, dy, m, n, k, scratch, part, parts);
  if (part != 0) return;
  small(dw, x, 4, <usize>m << 2, dy, 0, m, n, k);
  if (db != 0) smallSums(db, dy, n, k);
}

/** `db[j] = sum_i dy[i, j]` after a small dW, which has no fewer multiplications. */
// @ts-ignore: decorator
@inline
function smallSums(db: usize, dy: usize, n: i32, k: i32): void {
  if (n == 1) smallColumn(db, ONE, 0, 0, dy, 4, 0, 1, k);
  else small(db, ONE, 0, 0, dy, 0, 1, n, k);
}

/** As `denseGradWeights`, for all but the smallest. */
function gradWeightsPart(
  dw: usize, db: usize, x: usize, dy: usize, m: i32, n: i32, k: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  const ld = <usize>n << 2;
  const step = <usize>m << 2;
  if (parts == 1) {
    product(Form.TN, dw, ld, x, 4, step, dy, ld, m, n, k, scratch);
    if (db != 0) columnSums(db, dy, ld, n, k, scratch);
    return;
  }
  const from = shareStart(m, n, k, part, parts);
  const units = shareStart(m, n, k, part + 1, parts) - from;
  if (units > 0) {
    const at = <usize>from << 2;
    if (splitsColumns(m, n, parts))
      product(Form.TN, dw + at, ld, x, 4, step, dy + at, ld, m, units, k, scratch);
    else product(Form.TN, dw + <usize>from * ld, ld, x + at, 4, step, dy, ld, units, n, k, scratch);
  }
  if (db != 0) {
    const first = shareStart(1, n, k, part, parts);
    const columns = shareStart(1, n, k, part + 1, parts) - first;
    const at = <usize>first << 2;
    if (columns > 0) columnSums(db + at, dy + at, ld, columns, k, scratch);
  }
}

/** `db[j] = sum_i dy[i, j]` for k rows of n columns, ld bytes apart: the product of a row of ones with dY. */
function columnSums(db: usize, dy: usize, ld: usize, n: i32, k: i32, scratch: usize): void {
  product(Form.TN, db, <usize>n << 2, ONE, 0, 0, dy, ld, 1, n, k, scratch);
}

/**
 * `dX = (dY W^T) * fn'`: what the layer before receives, through its own activation y = fn(..).
 *
 * @param dx       out [m, n] f32, row-major; overwritten, never read before it is written
 * @param dy       in  [m, k] f32, row-major
 * @param w        in  [n, k] f32, row-major
 * @param m        rows (batch)
 * @param n        inputs of a unit
 * @param k        units; 0 gives 0 * fn'
 * @param fn       Fn of the layer before, with its parameter alpha; Identity: the product alone
 * @param y        in  [m, n] f32, what fn's gradient is taken from (see unaryGrad); not read for Identity
 * @param scratch  working area of productScratchBytes
 *
 * Order: the product as in matMul, then unaryGrad.
 * Parts: columns or rows of dX through both steps, see gemm/share.ts.
 * Aliasing: dx and scratch overlap neither each other nor an input.
 * Cost: 2 m n k operations; one further pass over dX and y.
 */
export function denseGradInput(
  dx: usize, dy: usize, w: usize,
  m: i32, n: i32, k: i32, fn: i32, alpha: f32, y: usize, scratch: usize,
  part: i32, parts: i32,
): void {
  if (!isSmall(Form.NT, m, n, k)) return gradInputPart(dx, dy, w, m, n, k, fn, alpha, y, scratch, part, parts);
  if (part != 0) return;
  small(dx, dy, <usize>k << 2, 4, w, 0, m, n, k);
  if (fn != Fn.Identity) unaryGrad(fn, alpha, dx, dx, y, m * n, 0, 1);
}

/** As `denseGradInput`, for all but the smallest. */
function gradInputPart(
  dx: usize, dy: usize, w: usize,
  m: i32, n: i32, k: i32, fn: i32, alpha: f32, y: usize, scratch: usize,
  part: i32, parts: i32,
): void {
  const ld = <usize>n << 2;
  const row = <usize>k << 2;
  if (parts != 1) {
    const from = shareStart(m, n, k, part, parts);
    const units = shareStart(m, n, k, part + 1, parts) - from;
    if (units == 0) return;
    const columns = splitsColumns(m, n, parts);
    const at = <usize>from * (columns ? <usize>4 : ld);
    dx += at;
    y += at;
    if (columns) {
      w += <usize>from * row;
      n = units;
    } else {
      dy += <usize>from * row;
      m = units;
    }
  }
  product(Form.NT, dx, ld, dy, row, 4, w, row, m, n, k, scratch);
  if (fn == Fn.Identity) return;
  if (ld == <usize>n << 2) unaryGrad(fn, alpha, dx, dx, y, m * n, 0, 1);
  else unaryGradColumns(fn, alpha, dx, y, ld, m, n, scratch);
}

/**
 * `y = fn(y)` for n columns of a wider matrix, row by row. Elements after the last whole vector of a row go through
 * scratch: reading a vector there would read what other parts write.
 */
function unaryColumns(fn: i32, alpha: f32, y: usize, ld: usize, m: i32, n: i32, scratch: usize): void {
  const whole = n & ~3;
  const rest = n & 3;
  for (; m > 0; --m, y += ld) {
    unary(fn, alpha, y, y, whole, 0, 1);
    if (rest == 0) continue;
    const tail = y + (<usize>whole << 2);
    memory.copy(scratch, tail, <usize>rest << 2);
    unary(fn, alpha, scratch, scratch, rest, 0, 1);
    memory.copy(tail, scratch, <usize>rest << 2);
  }
}

/** `dx = dx fn'(y)` for n columns of wider matrices, in the same way. */
function unaryGradColumns(
  fn: i32, alpha: f32, dx: usize, y: usize, ld: usize, m: i32, n: i32, scratch: usize,
): void {
  const whole = n & ~3;
  const rest = n & 3;
  for (; m > 0; --m, dx += ld, y += ld) {
    unaryGrad(fn, alpha, dx, dx, y, whole, 0, 1);
    if (rest == 0) continue;
    const tail = <usize>whole << 2;
    memory.copy(scratch, dx + tail, <usize>rest << 2);
    memory.copy(scratch + 16, y + tail, <usize>rest << 2);
    unaryGrad(fn, alpha, scratch, scratch, scratch + 16, rest, 0, 1);
    memory.copy(dx + tail, scratch, <usize>rest << 2);
  }
}
