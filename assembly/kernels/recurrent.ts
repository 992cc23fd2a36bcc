/**
 * Recurrent layers, all time steps in one record: the simple one (Elman 1990), LSTM (Hochreiter and Schmidhuber 1997, with
 * forget gates: Gers et al. 2000, https://doi.org/10.1162/089976600300015015) and GRU (Cho et al. 2014,
 * https://arxiv.org/abs/1406.1078). Letters: m sequences, steps T, units u, gates G (1; LSTM 4: i f g o; GRU 3: r z n).
 *
 * What the inputs give, z = X W + b of all steps, is computed before, as one product. A step adds the product of the state with R:
 *
 *   simple       h = fn(z + h R), fn tanh or relu
 *   LSTM         i f o = sigmoid(z + h R), g = tanh(z + h R), c = f c + i g, h = o tanh(c)
 *   GRU          r z = sigmoid(z + h R), n = tanh(z + r (h R + b)), h = n + z (h - n)
 *   GRU, before  r z = sigmoid(z + h R), n = tanh(z + (r h) R), h = n + z (h - n)
 *
 * Sequences are rows that know nothing of each other, so parts and groups of them change no bit. Up to Recurrence.Group of them
 * go through time together: their states, and what a step computes, stay in the first cache.
 */
import { Cell, Recurrence } from "../abi";
import { sigmoid, tanh } from "../math/exp";
import { partStart } from "../parts";
import { loadUpTo4, storeUpTo4 } from "../simd";
import { packB } from "./gemm/pack";
import { tile } from "./gemm/tiles";

/** Sequences that stay in one part: the height of a tile. */
export const ROWS = 4;

/** Bytes of a row of so many elements in scratch, where tiles write whole panels of eight columns. */
// @ts-ignore: decorator
@inline
export function padded(n: i32): usize {
  return <usize>((n + 7) & ~7) << 2;
}

export function gatesOf(cell: i32): i32 {
  return cell < Cell.Lstm ? 1 : cell == Cell.Lstm ? 4 : 3;
}

/** Vectors of u numbers that a step keeps for the gradient: gates, then c and tanh(c) of an LSTM, or the n column of h R + b of a GRU. */
export function keptOf(cell: i32): i32 {
  return cell < Cell.Lstm ? 0 : cell == Cell.Lstm ? 6 : cell == Cell.Gru ? 4 : 3;
}

/** Panels of n columns of B, one behind the other; `transposed` as in packB. Returns the first byte behind them. */
export function packPanels(panel: usize, transposed: bool, k: i32, n: i32, b: usize, ldb: usize): usize {
  const step = transposed ? ldb << 3 : <usize>32;
  for (; n > 0; n -= 8) {
    packB(panel, transposed, k, min(n, 8), b, ldb);
    panel += <usize>k << 5;
    b += step;
  }
  return panel;
}

/** `C = A B` for m rows of A, lda bytes apart, and the panels of n columns of B; rows of C are ldc bytes apart and whole panels. */
export function timesPanels(
  c: usize, ldc: usize, a: usize, lda: usize, panel: usize, m: i32, n: i32, k: i32,
): void {
  for (; n > 0; n -= 8) {
    let from = a, to = c;
    for (let left = m; left > 0; left -= 4) {
      tile(left, k, from, lda, 4, panel, 32, to, ldc, false);
      from += lda << 2;
      to += ldc << 2;
    }
    panel += <usize>k << 5;
    c += 32;
  }
}

/** `y = x` for n elements; y may be shorter than whole vectors, x not. */
// @ts-ignore: decorator
@inline
function copyOut(y: usize, x: usize, n: i32): void {
  for (; n > 0; n -= 4, y += 16, x += 16) storeUpTo4(y, v128.load(x), n);
}

/** Rows [rows, n] into rows that are `padded`; 0: zeros. */
export function loadRows(to: usize, from: usize, rows: i32, n: i32): void {
  const row = padded(n), bytes = <usize>n << 2;
  memory.fill(to, 0, row * rows);
  if (from == 0) return;
  for (; rows > 0; --rows, to += row, from += bytes) memory.copy(to, from, bytes);
}

export function storeRows(to: usize, from: usize, rows: i32, n: i32): void {
  const row = padded(n), bytes = <usize>n << 2;
  for (; rows > 0; --rows, to += bytes, from += row) memory.copy(to, from, bytes);
}

/** Whether a step is none of padding. */
// @ts-ignore: decorator
@inline
export function isReal(mask: usize): bool {
  return mask == 0 || load<f32>(mask) != 0;
}

/** A masked step: the state stays, and is the output too; what would be kept for the gradient is 0. */
function repeatState(y: usize, saved: usize, h: usize, units: i32, kept: i32): void {
  if (y != 0) copyOut(y, h, units);
  if (saved != 0) memory.fill(saved, 0, <usize>(kept * units) << 2);
}

/** One step of `rows` sequences, from hr = h R. */
function simpleStep(
  relu: bool, y: usize, z: usize, mask: usize, hr: usize, h: usize, rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), next = <usize>(steps * units) << 2;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const sum = f32x4.add(loadUpTo4(z + at, left), v128.load(hr + at));
        const out = relu ? f32x4.pmax(sum, f32x4.splat(0)) : tanh(sum);
        v128.store(h + at, out);
        if (y != 0) storeUpTo4(y + at, out, left);
      }
    } else repeatState(y, 0, h, units, 0);
    if (y != 0) y += next;
    z += next;
    if (mask != 0) mask += <usize>steps << 2;
    hr += row;
    h += row;
  }
}

function lstmStep(
  y: usize, saved: usize, z: usize, mask: usize, hr: usize, h: usize, c: usize, rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), hrRow = padded(4 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const p = z + at, q = hr + at;
        const i = sigmoid(f32x4.add(loadUpTo4(p, left), v128.load(q)));
        const f = sigmoid(f32x4.add(loadUpTo4(p + u, left), v128.load(q + u)));
        const g = tanh(f32x4.add(loadUpTo4(p + 2 * u, left), v128.load(q + 2 * u)));
        const o = sigmoid(f32x4.add(loadUpTo4(p + 3 * u, left), v128.load(q + 3 * u)));
        const cell = f32x4.add(f32x4.mul(f, v128.load(c + at)), f32x4.mul(i, g));
        const t = tanh(cell);
        const out = f32x4.mul(o, t);
        v128.store(c + at, cell);
        v128.store(h + at, out);
        if (y != 0) storeUpTo4(y + at, out, left);
        if (saved != 0) {
          const s = saved + at;
          storeUpTo4(s, i, left);
          storeUpTo4(s + u, f, left);
          storeUpTo4(s + 2 * u, g, left);
          storeUpTo4(s + 3 * u, o, left);
          storeUpTo4(s + 4 * u, cell, left);
          storeUpTo4(s + 5 * u, t, left);
        }
      }
    } else {
      repeatState(y, saved, h, units, 6);
      // The next step's gradient reads c here.
      if (saved != 0) copyOut(saved + 4 * u, c, units);
    }
    if (y != 0) y += next;
    if (saved != 0) saved += 6 * next;
    z += 4 * next;
    if (mask != 0) mask += <usize>steps << 2;
    hr += hrRow;
    h += row;
    c += row;
  }
}

/** With the reset gate behind the product: hr has all three gates, and `bias` its own of the third. */
function gruStep(
  y: usize, saved: usize, z: usize, bias: usize, mask: usize, hr: usize, h: usize,
  rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), hrRow = padded(3 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const p = z + at, q = hr + at;
        const r = sigmoid(f32x4.add(loadUpTo4(p, left), v128.load(q)));
        const k = sigmoid(f32x4.add(loadUpTo4(p + u, left), v128.load(q + u)));
        let s = v128.load(q + 2 * u);
        if (bias != 0) s = f32x4.add(s, loadUpTo4(bias + at, left));
        const n = tanh(f32x4.add(loadUpTo4(p + 2 * u, left), f32x4.mul(r, s)));
        const out = f32x4.add(n, f32x4.mul(k, f32x4.sub(v128.load(h + at), n)));
        v128.store(h + at, out);
        if (y != 0) storeUpTo4(y + at, out, left);
        if (saved != 0) {
          const to = saved + at;
          storeUpTo4(to, r, left);
          storeUpTo4(to + u, k, left);
          storeUpTo4(to + 2 * u, n, left);
          storeUpTo4(to + 3 * u, s, left);
        }
      }
    } else repeatState(y, saved, h, units, 4);
    if (y != 0) y += next;
    if (saved != 0) saved += 4 * next;
    z += 3 * next;
    if (mask != 0) mask += <usize>steps << 2;
    hr += hrRow;
    h += row;
  }
}

/** The gates of a GRU with the reset gate before the product: hr = h R of two gates becomes r and z, and rh = r h. */
function gruGates(z: usize, hr: usize, rh: usize, h: usize, rows: i32, units: i32, steps: i32): void {
  const row = padded(units), hrRow = padded(2 * units), u = <usize>units << 2;
  for (; rows > 0; --rows) {
    let at: usize = 0;
    for (let left = units; left > 0; left -= 4, at += 16) {
      const r = sigmoid(f32x4.add(loadUpTo4(z + at, left), v128.load(hr + at)));
      const k = sigmoid(f32x4.add(loadUpTo4(z + u + at, left), v128.load(hr + u + at)));
      v128.store(rh + at, f32x4.mul(r, v128.load(h + at)));
      // No more lanes than there are units: those behind are the second gate's.
      storeUpTo4(hr + at, r, left);
      storeUpTo4(hr + u + at, k, left);
    }
    z += 3 * u * steps;
    hr += hrRow;
    rh += row;
    h += row;
  }
}

/** The rest of it, from s = (r h) R of the third. */
function gruBeforeStep(
  y: usize, saved: usize, z: usize, mask: usize, gates: usize, s: usize, h: usize,
  rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), gatesRow = padded(2 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const k = v128.load(gates + u + at);
        const n = tanh(f32x4.add(loadUpTo4(z + 2 * u + at, left), v128.load(s + at)));
        const out = f32x4.add(n, f32x4.mul(k, f32x4.sub(v128.load(h + at), n)));
        v128.store(h + at, out);
        if (y != 0) storeUpTo4(y + at, out, left);
        if (saved != 0) {
          storeUpTo4(saved + at, v128.load(gates + at), left);
          storeUpTo4(saved + u + at, k, left);
          storeUpTo4(saved + 2 * u + at, n, left);
        }
      }
    } else repeatState(y, saved, h, units, 3);
    if (y != 0) y += next;
    if (saved != 0) saved += 3 * next;
    z += 3 * next;
    if (mask != 0) mask += <usize>steps << 2;
    gates += gatesRow;
    s += row;
    h += row;
  }
}

/**
 * All steps of a recurrent layer in one direction.
 *
 * @param cell     Cell
 * @param y        out [m, T, u] f32, the state after each step; overwritten, never read; 0: not wanted
 * @param h        out [m, u] f32, the state after the last step; 0: not wanted
 * @param c        out [m, u] f32, the cell state of an LSTM after it; 0: not wanted
 * @param saved    out [m, T, keptOf(cell) u] f32, what the gradient reads; 0: not wanted
 * @param z        in  [m, T, G u] f32, inputs times their weights, with the bias
 * @param r        in  [u, G u] f32, recurrent weights
 * @param bias     in  [u] f32, the bias of a GRU within its reset gate; 0: none
 * @param mask     in  [m, T] f32: 0 for a step that is padding, which leaves the state as it is; 0: all are real
 * @param h0       in  [m, u] f32, the state before the first step; 0: zeros
 * @param c0       in  [m, u] f32, the cell state of an LSTM before it; 0: zeros
 * @param reverse  whether the first step is the one at T - 1
 * @param scratch  working area of recurrentScratch
 *
 * Order: each element of h R starts at +0 and adds units 0, 1, .., u - 1 in one accumulator, at a zero state too; then it is added to z
 * (of a GRU's third gate after its bias, and times r). So T steps in one record, and T records of one step, give the same bits.
 * Parts: sequences, in multiples of four.
 * Aliasing: outputs and scratch overlap neither each other nor an input.
 * Cost: 2 m T u G u operations, and 5 (LSTM), 3 (GRU) or 1 exponentials for each unit and step.
 */
export function recurrent(
  cell: i32, y: usize, h: usize, c: usize, saved: usize, z: usize, r: usize, bias: usize, mask: usize,
  h0: usize, c0: usize, m: i32, steps: i32, units: i32, reverse: i32, scratch: usize, part: i32, parts: i32,
): void {
  const to = partStart(m, ROWS, part + 1, parts);
  let i = partStart(m, ROWS, part, parts);
  if (i == to) return;
  const gates = gatesOf(cell), u = <usize>units << 2, row = padded(units);
  const before = cell == Cell.GruBefore;
  const columns = before ? 2 * units : gates * units;
  const panels = scratch;
  let at = packPanels(panels, false, units, columns, r, u * gates);
  const last = at;
  if (before) at = packPanels(at, false, units, units, r + 2 * u, u * gates);
  const states = row * Recurrence.Group;
  const hs = at, cs = hs + states, rh = cs, sum = rh + states, hr = sum + states;
  for (; i < to; i += Recurrence.Group) {
    const rows = min<i32>(to - i, Recurrence.Group), state = u * i;
    loadRows(hs, h0 == 0 ? <usize>0 : h0 + state, rows, units);
    if (cell == Cell.Lstm) loadRows(cs, c0 == 0 ? <usize>0 : c0 + state, rows, units);
    for (let s = 0; s < steps; ++s) {
      const place = <usize>(i * steps + (reverse ? steps - 1 - s : s));
      const yt = y == 0 ? <usize>0 : y + place * u;
      const savedt = saved == 0 ? <usize>0 : saved + place * u * keptOf(cell);
      const zt = z + place * u * gates;
      const maskt = mask == 0 ? <usize>0 : mask + (place << 2);
      timesPanels(hr, padded(columns), hs, row, panels, rows, columns, units);
      if (cell == Cell.Lstm) lstmStep(yt, savedt, zt, maskt, hr, hs, cs, rows, units, steps);
      else if (cell == Cell.Gru) gruStep(yt, savedt, zt, bias, maskt, hr, hs, rows, units, steps);
      else if (before) {
        gruGates(zt, hr, rh, hs, rows, units, steps);
        timesPanels(sum, row, rh, row, last, rows, units, units);
        gruBeforeStep(yt, savedt, zt, maskt, hr, sum, hs, rows, units, steps);
      } else simpleStep(cell == Cell.RnnRelu, yt, zt, maskt, hr, hs, rows, units, steps);
    }
    if (h != 0) storeRows(h + state, hs, rows, units);
    if (c != 0) storeRows(c + state, cs, rows, units);
  }
}
