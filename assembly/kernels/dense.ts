/** Dense layers: a product with what follows it, or its gradients. Same bits as the separate records. */
import { Fn, Form } from "../abi";
import { isSmall, MOST_MULTIPLICATIONS, small, smallColumn } from "./gemm/small";
import { times } from "./gemm/vector";
import { matMul } from "./mat-mul";
import { unary, unaryGrad } from "./unary";

/** Columns below which a row is so short that its loop costs more than walking down a column. */
const SHORT_ROW = 32;

/** `y[i, j] += b[j]` for m rows of n columns. */
function addBias(y: usize, b: usize, m: i32, n: i32): void {
  const row = <usize>n << 2;
  const end = y + row * m;
  let j: usize = 0;
  if (n >= SHORT_ROW) {
    const whole = row & ~15;
    for (let at = y; at < end; at += row)
      for (j = 0; j < whole; j += 16) v128.store(at + j, f32x4.add(v128.load(at + j), v128.load(b + j)));
  }
  for (; j + 16 <= row; j += 16) {
    const bias = v128.load(b + j);
    for (let at = y + j; at < end; at += row) v128.store(at, f32x4.add(v128.load(at), bias));
  }
  for (; j < row; j += 4) {
    const bias = load<f32>(b + j);
    for (let at = y + j; at < end; at += row) store<f32>(at, load<f32>(at) + bias);
  }
}

/** `db[j] = sum_i dy[i, j]` for k rows of n columns: the product of a row of ones with dY. */
function columnSums(db: usize, dy: usize, n: i32, k: i32): void {
  if (n * k > MOST_MULTIPLICATIONS) times(db, ONE, 0, dy, n, k);
  else if (n < 8) smallColumn(db, dy, 4, <usize>n << 2, ONE, 0, 0, n, k);
  else small(db, ONE, 0, 0, dy, 0, 1, n, k);
}

/** A row or a column of ones, however long: a step along it stays where it is. */
const ONE: usize = memory.data<f32>([1], 16);

/**
 * `Y = fn(X W + b)`: a dense layer.
 *
 * @param path     Path of the product
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
 * Aliasing: y and scratch overlap neither each other nor an input.
 * Cost: 2 m n k operations; two further passes over Y.
 */
export function dense(
  path: i32, y: usize, x: usize, w: usize, bias: usize,
  m: i32, n: i32, k: i32, fn: i32, alpha: f32, scratch: usize,
  part: i32, parts: i32,
): void {
  if (part != 0) return;
  if (isSmall(Form.NN, m, n, k)) small(y, x, <usize>k << 2, 4, w, bias, m, n, k);
  else {
    matMul(Form.NN, path, y, x, w, m, n, k, scratch, part, parts);
    if (bias != 0) addBias(y, bias, m, n);
  }
  if (fn != Fn.Identity) unary(fn, alpha, y, y, m * n, 0, 1);
}

/**
 * `dW = X^T dY`, `db[j] = sum_i dY[i, j]`: what a dense layer's parameters receive.
 *
 * @param path     Path of the product
 * @param dw       out [m, n] f32, row-major; overwritten, never read before it is written
 * @param db       out [n]    f32; overwritten, never read; 0: not wanted
 * @param x        in  [k, m] f32, row-major
 * @param dy       in  [k, n] f32, row-major
 * @param m        inputs of a unit
 * @param n        units
 * @param k        rows (batch); 0 gives dW = db = +0
 * @param scratch  working area of productScratchBytes
 *
 * Order: dW as in matMul; each db[j] starts at +0 and adds rows 0, 1, .., k - 1 in one accumulator, so it
 * depends neither on n nor on its lane.
 * Aliasing: dw, db and scratch overlap neither each other nor an input.
 * Cost: 2 m n k + k n operations.
 */
export function denseGradWeights(
  path: i32, dw: usize, db: usize, x: usize, dy: usize, m: i32, n: i32, k: i32, scratch: usize,
  part: i32, parts: i32,
): void {
  if (part != 0) return;
  if (isSmall(Form.TN, m, n, k)) small(dw, x, 4, <usize>m << 2, dy, 0, m, n, k);
  else matMul(Form.TN, path, dw, x, dy, m, n, k, scratch, part, parts);
  if (db != 0) columnSums(db, dy, n, k);
}

/**
 * `dX = (dY W^T) * fn'`: what the layer before receives, through its own activation y = fn(..).
 *
 * @param path     Path of the product
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
 * Aliasing: dx and scratch overlap neither each other nor an input.
 * Cost: 2 m n k operations; one further pass over dX and y.
 */
export function denseGradInput(
  path: i32, dx: usize, dy: usize, w: usize,
  m: i32, n: i32, k: i32, fn: i32, alpha: f32, y: usize, scratch: usize,
  part: i32, parts: i32,
): void {
  if (part != 0) return;
  if (isSmall(Form.NT, m, n, k)) small(dx, dy, <usize>k << 2, 4, w, 0, m, n, k);
  else matMul(Form.NT, path, dx, dy, w, m, n, k, scratch, part, parts);
  if (fn != Fn.Identity) unaryGrad(fn, alpha, dx, dx, y, m * n, 0, 1);
}
