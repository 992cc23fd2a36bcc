/**
 * The gradients of recurrent layers, backward through time (Werbos 1990, https://doi.org/10.1109/5.58337). The letters are those of
 * recurrent.ts. All that is not linear was kept by the forward pass, so no step needs an exponential.
 *
 * With d the cotangent of the state after a step, and `'` marking the state before it:
 *
 *   simple       dz = d (1 - h h), relu: d where h > 0;  dh' = dz R^T
 *   LSTM         e = dc + d o (1 - t t) with t = tanh(c);  di = (e g) i (1 - i), df = (e c') f (1 - f), dg = (e i) (1 - g g),
 *                do = (d t) o (1 - o);  dc' = e f, dh' = dz R^T
 *   GRU          dk = d (h' - n) k (1 - k) with k the gate z; dn = d (1 - k) (1 - n n), dr = (dn s) r (1 - r), s being what r multiplies;
 *                ds = dn r;  dh' = d k + [dr dk ds] R^T
 *   GRU, before  dk, dn likewise; w = dn R^T by the third gate's columns; dr = (w h') r (1 - r);  dh' = d k + w r + [dr dk] R^T
 *
 * and over all steps dR = sum h'^T dz, of a GRU's third gate sum h'^T ds, with the reset gate before it sum (r h')^T dn.
 */
import { Cell, Form, Recurrence } from "../abi";
import { one } from "../math/exp";
import { partStart } from "../parts";
import { loadUpTo4, storeUpTo4 } from "../simd";
import { product } from "./gemm/product";
import { gatesOf, isReal, keptOf, loadRows, packPanels, padded, ROWS, storeRows, timesPanels } from "./recurrent";

/** `v (1 - v)` and `1 - v v`: the derivatives of sigmoid and tanh by their values. */
// @ts-ignore: decorator
@inline
function sigmoidSlope(v: v128): v128 {
  return f32x4.mul(v, f32x4.sub(one(), v));
}

// @ts-ignore: decorator
@inline
function tanhSlope(v: v128): v128 {
  return f32x4.sub(one(), f32x4.mul(v, v));
}

/** The cotangent of a state: what went around the product, what came through it, and that of the output where there is one. */
// @ts-ignore: decorator
@inline
function cotangent(around: usize, through: usize, dy: usize, left: i32): v128 {
  const sum = f32x4.add(v128.load(around), v128.load(through));
  return dy == 0 ? sum : f32x4.add(sum, loadUpTo4(dy, left));
}

/** A masked step: its cotangent goes around, nothing through. */
function passOn(around: usize, through: usize, dy: usize, dz: usize, inner: usize, units: i32, gates: i32): void {
  let at: usize = 0;
  for (let left = units; left > 0; left -= 4, at += 16)
    v128.store(around + at, cotangent(around + at, through + at, dy == 0 ? <usize>0 : dy + at, left));
  memory.fill(dz, 0, <usize>(gates * units) << 2);
  memory.fill(inner, 0, <usize>(gates * units) << 2);
}

/** One step back of `rows` sequences: writes dz, and beside it, in rows that are `padded`, `inner`, which goes through R^T. */
function simpleStepGrad(
  relu: bool, dz: usize, dy: usize, y: usize, mask: usize, inner: usize, around: usize, through: usize,
  rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), next = <usize>(steps * units) << 2;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const d = cotangent(around + at, through + at, dy == 0 ? <usize>0 : dy + at, left);
        const h = loadUpTo4(y + at, left);
        const g = relu ? v128.andnot(d, f32x4.le(h, f32x4.splat(0))) : f32x4.mul(d, tanhSlope(h));
        v128.store(inner + at, g);
        storeUpTo4(dz + at, g, left);
        v128.store(around + at, f32x4.splat(0));
      }
    } else passOn(around, through, dy, dz, inner, units, 1);
    dz += next;
    if (dy != 0) dy += next;
    y += next;
    if (mask != 0) mask += <usize>steps << 2;
    inner += row;
    around += row;
    through += row;
  }
}

/** @param before in rows of c before the step, `beforeRow` bytes apart */
function lstmStepGrad(
  dz: usize, dy: usize, saved: usize, before: usize, beforeRow: usize, mask: usize,
  inner: usize, around: usize, through: usize, dc: usize, rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), innerRow = padded(4 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const d = cotangent(around + at, through + at, dy == 0 ? <usize>0 : dy + at, left);
        const s = saved + at;
        const i = loadUpTo4(s, left), f = loadUpTo4(s + u, left);
        const g = loadUpTo4(s + 2 * u, left), o = loadUpTo4(s + 3 * u, left), t = loadUpTo4(s + 5 * u, left);
        const e = f32x4.add(v128.load(dc + at), f32x4.mul(f32x4.mul(d, o), tanhSlope(t)));
        const di = f32x4.mul(f32x4.mul(e, g), sigmoidSlope(i));
        const df = f32x4.mul(f32x4.mul(e, loadUpTo4(before + at, left)), sigmoidSlope(f));
        const dg = f32x4.mul(f32x4.mul(e, i), tanhSlope(g));
        const dOut = f32x4.mul(f32x4.mul(d, t), sigmoidSlope(o));
        const p = inner + at, q = dz + at;
        storeUpTo4(p, di, left);
        storeUpTo4(p + u, df, left);
        storeUpTo4(p + 2 * u, dg, left);
        storeUpTo4(p + 3 * u, dOut, left);
        storeUpTo4(q, di, left);
        storeUpTo4(q + u, df, left);
        storeUpTo4(q + 2 * u, dg, left);
        storeUpTo4(q + 3 * u, dOut, left);
        v128.store(dc + at, f32x4.mul(e, f));
        v128.store(around + at, f32x4.splat(0));
      }
    } else passOn(around, through, dy, dz, inner, units, 4);
    dz += 4 * next;
    if (dy != 0) dy += next;
    saved += 6 * next;
    before += beforeRow;
    if (mask != 0) mask += <usize>steps << 2;
    inner += innerRow;
    around += row;
    through += row;
    dc += row;
  }
}

/** @param before in rows of h before the step, `beforeRow` bytes apart; ds out: the third gate's column of `inner`, in rows of u */
function gruStepGrad(
  dz: usize, ds: usize, dy: usize, saved: usize, before: usize, beforeRow: usize, mask: usize,
  inner: usize, around: usize, through: usize, rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), innerRow = padded(3 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const d = cotangent(around + at, through + at, dy == 0 ? <usize>0 : dy + at, left);
        const s = saved + at;
        const r = loadUpTo4(s, left), k = loadUpTo4(s + u, left), n = loadUpTo4(s + 2 * u, left);
        const dk = f32x4.mul(f32x4.mul(d, f32x4.sub(loadUpTo4(before + at, left), n)), sigmoidSlope(k));
        const dn = f32x4.mul(f32x4.mul(d, f32x4.sub(one(), k)), tanhSlope(n));
        const dr = f32x4.mul(f32x4.mul(dn, loadUpTo4(s + 3 * u, left)), sigmoidSlope(r));
        const dnr = f32x4.mul(dn, r);
        const p = inner + at, q = dz + at;
        storeUpTo4(p, dr, left);
        storeUpTo4(p + u, dk, left);
        storeUpTo4(p + 2 * u, dnr, left);
        storeUpTo4(q, dr, left);
        storeUpTo4(q + u, dk, left);
        storeUpTo4(q + 2 * u, dn, left);
        storeUpTo4(ds + at, dnr, left);
        v128.store(around + at, f32x4.mul(d, k));
      }
    } else {
      passOn(around, through, dy, dz, inner, units, 3);
      memory.fill(ds, 0, u);
    }
    dz += 3 * next;
    ds += next;
    if (dy != 0) dy += next;
    saved += 4 * next;
    before += beforeRow;
    if (mask != 0) mask += <usize>steps << 2;
    inner += innerRow;
    around += row;
    through += row;
  }
}

/** The first half of a step with the reset gate before the product: dk and dn, which goes through the third gate's columns as `w`. */
function gruBeforeNewGrad(
  dz: usize, dy: usize, saved: usize, before: usize, beforeRow: usize, mask: usize,
  inner: usize, dn: usize, around: usize, through: usize, rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), innerRow = padded(2 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const d = cotangent(around + at, through + at, dy == 0 ? <usize>0 : dy + at, left);
        const k = loadUpTo4(saved + u + at, left), n = loadUpTo4(saved + 2 * u + at, left);
        const dk = f32x4.mul(f32x4.mul(d, f32x4.sub(loadUpTo4(before + at, left), n)), sigmoidSlope(k));
        const g = f32x4.mul(f32x4.mul(d, f32x4.sub(one(), k)), tanhSlope(n));
        storeUpTo4(inner + u + at, dk, left);
        storeUpTo4(dz + u + at, dk, left);
        storeUpTo4(dz + 2 * u + at, g, left);
        v128.store(dn + at, g);
        v128.store(around + at, f32x4.mul(d, k));
      }
    } else {
      passOn(around, through, dy, dz, inner, units, 2);
      memory.fill(dz + 2 * u, 0, u);
      memory.fill(dn, 0, u);
    }
    dz += 3 * next;
    if (dy != 0) dy += next;
    saved += 3 * next;
    before += beforeRow;
    if (mask != 0) mask += <usize>steps << 2;
    inner += innerRow;
    dn += row;
    around += row;
    through += row;
  }
}

/** The second half: dr from w = dn R^T, and what goes around the rest. */
function gruBeforeResetGrad(
  dz: usize, saved: usize, before: usize, beforeRow: usize, mask: usize,
  inner: usize, w: usize, around: usize, rows: i32, units: i32, steps: i32,
): void {
  const row = padded(units), innerRow = padded(2 * units), u = <usize>units << 2, next = u * steps;
  for (; rows > 0; --rows) {
    if (isReal(mask)) {
      let at: usize = 0;
      for (let left = units; left > 0; left -= 4, at += 16) {
        const r = loadUpTo4(saved + at, left), v = v128.load(w + at);
        const dr = f32x4.mul(f32x4.mul(v, loadUpTo4(before + at, left)), sigmoidSlope(r));
        storeUpTo4(inner + at, dr, left);
        storeUpTo4(dz + at, dr, left);
        v128.store(around + at, f32x4.add(v128.load(around + at), f32x4.mul(v, r)));
      }
    }
    dz += 3 * next;
    saved += 3 * next;
    before += beforeRow;
    if (mask != 0) mask += <usize>steps << 2;
    inner += innerRow;
    w += row;
    around += row;
  }
}

/** `y = a + b` for rows that are padded, into rows [rows, n]. */
function storeSums(y: usize, a: usize, b: usize, rows: i32, n: i32): void {
  const row = padded(n), bytes = <usize>n << 2;
  for (; rows > 0; --rows, y += bytes, a += row, b += row) {
    let at: usize = 0;
    for (let left = n; left > 0; left -= 4, at += 16)
      storeUpTo4(y + at, f32x4.add(v128.load(a + at), v128.load(b + at)), left);
  }
}

/**
 * The cotangents of what a recurrent layer was given, but for its recurrent weights.
 *
 * @param cell     Cell
 * @param dz       out [m, T, G u] f32; overwritten, never read
 * @param ds       out [m, T, u] f32, of a GRU with the reset gate behind the product: the cotangent of what the gate multiplies;
 *                 0 for other cells
 * @param dh0      out [m, u] f32; 0: not wanted
 * @param dc0      out [m, u] f32, of an LSTM; 0: not wanted
 * @param dy       in  [m, T, u] f32, the cotangent of the states of all steps; 0: none
 * @param dh       in  [m, u] f32, that of the last state, in addition; 0: none
 * @param dc       in  [m, u] f32, that of the last cell state; 0: none
 * @param y        in  [m, T, u] f32, the states
 * @param saved    in  [m, T, keptOf(cell) u] f32, see recurrent; 0 where that is nothing
 * @param r, mask, h0, c0, m, steps, units, reverse  as in recurrent
 * @param scratch  working area of recurrentScratch
 *
 * Order: a cotangent of a state is ((what goes around) + (the product with R^T)) + dy, zeros included; products start at +0 and add the gates'
 * columns in order, G u of them, in one accumulator.
 * Parts: sequences, in multiples of four.
 * Aliasing: outputs and scratch overlap neither each other nor an input.
 * Cost: 2 m T u G u operations.
 */
export function recurrentGrad(
  cell: i32, dz: usize, ds: usize, dh0: usize, dc0: usize, dy: usize, dh: usize, dc: usize,
  y: usize, saved: usize, r: usize, mask: usize, h0: usize, c0: usize,
  m: i32, steps: i32, units: i32, reverse: i32, scratch: usize, part: i32, parts: i32,
): void {
  const to = partStart(m, ROWS, part + 1, parts);
  let i = partStart(m, ROWS, part, parts);
  if (i == to) return;
  const gates = gatesOf(cell), kept = keptOf(cell), u = <usize>units << 2, row = padded(units);
  const isLstm = cell == Cell.Lstm, before = cell == Cell.GruBefore;
  const columns = before ? 2 * units : gates * units;
  const last = packPanels(scratch, true, columns, units, r, u * gates);
  const at = before ? packPanels(last, true, units, units, r + 2 * u, u * gates) : last;
  const states = row * Recurrence.Group;
  const around = at, through = around + states, dcs = through + states, w = dcs, dn = w + states;
  const zeros = dn + states, inner = zeros + row;
  memory.fill(zeros, 0, row);
  for (; i < to; i += Recurrence.Group) {
    const rows = min<i32>(to - i, Recurrence.Group), state = u * i;
    loadRows(around, dh == 0 ? <usize>0 : dh + state, rows, units);
    memory.fill(through, 0, row * rows);
    if (isLstm) loadRows(dcs, dc == 0 ? <usize>0 : dc + state, rows, units);
    for (let s = steps - 1; s >= 0; --s) {
      const place = <usize>(i * steps + (reverse ? steps - 1 - s : s));
      const dzt = dz + place * u * gates;
      const dyt = dy == 0 ? <usize>0 : dy + place * u;
      const yt = y + place * u;
      const savedt = saved + place * u * kept;
      const maskt = mask == 0 ? <usize>0 : mask + (place << 2);
      // What was there before the step: of the step that came before it, or given, or zeros.
      const whole = u * steps;
      let from = zeros, fromRow: usize = 0;
      if (s > 0) {
        const back = reverse ? u : -u;
        from = isLstm ? savedt + 4 * u + back * kept : yt + back;
        fromRow = isLstm ? whole * kept : whole;
      } else {
        const given = isLstm ? c0 : h0;
        if (given != 0) {
          from = given + state;
          fromRow = u;
        }
      }
      if (isLstm) lstmStepGrad(dzt, dyt, savedt, from, fromRow, maskt, inner, around, through, dcs, rows, units, steps);
      else if (cell == Cell.Gru)
        gruStepGrad(dzt, ds + place * u, dyt, savedt, from, fromRow, maskt, inner, around, through, rows, units, steps);
      else if (before) {
        gruBeforeNewGrad(dzt, dyt, savedt, from, fromRow, maskt, inner, dn, around, through, rows, units, steps);
        timesPanels(w, row, dn, row, last, rows, units, units);
        gruBeforeResetGrad(dzt, savedt, from, fromRow, maskt, inner, w, around, rows, units, steps);
      } else simpleStepGrad(cell == Cell.RnnRelu, dzt, dyt, yt, maskt, inner, around, through, rows, units, steps);
      timesPanels(through, row, inner, padded(columns), scratch, rows, units, columns);
    }
    if (dh0 != 0) storeSums(dh0 + state, around, through, rows, units);
    if (dc0 != 0) storeRows(dc0 + state, dcs, rows, units);
  }
}

/**
 * States before each step, columns `from` to `from + width` of them, for `count` sequences: `to[i T + t]` is the state that step t of
 * sequence i started from, times its reset gate where `saved` is given.
 */
function statesBefore(
  to: usize, y: usize, saved: usize, h0: usize, count: i32, steps: i32, units: i32, reverse: i32, from: i32, width: i32,
): void {
  const bytes = <usize>width << 2, u = <usize>units << 2, at = <usize>from << 2;
  const first = reverse ? steps - 1 : 0;
  const back = reverse ? u : -u;
  y += at;
  if (h0 != 0) h0 += at;
  if (saved != 0) saved += at;
  for (; count > 0; --count) {
    for (let t = 0; t < steps; ++t, to += bytes, y += u) {
      if (t != first) memory.copy(to, y + back, bytes);
      else if (h0 != 0) memory.copy(to, h0, bytes);
      else memory.fill(to, 0, bytes);
      if (saved == 0) continue;
      for (let j: usize = 0; j < bytes; j += 4) store<f32>(to + j, load<f32>(to + j) * load<f32>(saved + j));
      saved += 3 * u;
    }
    if (h0 != 0) h0 += u;
  }
}

/** `c[i, j] += x[i, j]`, rows of n in c ldc bytes apart. */
function addRows(c: usize, ldc: usize, x: usize, m: i32, n: i32): void {
  const bytes = <usize>n << 2;
  for (; m > 0; --m, c += ldc, x += bytes)
    for (let at: usize = 0, left = n; left > 0; left -= 4, at += 16)
      storeUpTo4(c + at, f32x4.add(loadUpTo4(c + at, left), loadUpTo4(x + at, left)), left);
}

/**
 * The gradients of recurrent weights: `dR = sum h'^T dz` over all sequences and steps, h' being the state before the step.
 *
 * @param cell     Cell
 * @param dr       out [u, G u] f32; overwritten, never read before it is written
 * @param db       out [u] f32, of the bias within a GRU's reset gate; 0: not wanted
 * @param y, h0    in  states, as in recurrentGrad
 * @param dz, ds   in  what recurrentGrad gives
 * @param saved    in  of a GRU with the reset gate before the product; 0 for other cells
 * @param m, steps, units, reverse  as in recurrent
 * @param scratch  working area of recurrentWeightsScratch
 *
 * Order: each group of Recurrence.Group sequences starts at +0 and adds their steps, sequence by sequence and in each of them in the order of
 * places 0, 1, .., T - 1, as matMul of form TN does; the groups' sums are added in order. db is the product of ones with ds, summed so too.
 * Parts: rows of dR and elements of db, in multiples of four.
 * Aliasing: outputs and scratch overlap neither each other nor an input.
 * Cost: 2 m T u G u operations, and a copy of the states.
 */
export function recurrentGradWeights(
  cell: i32, dr: usize, db: usize, y: usize, dz: usize, ds: usize, saved: usize, h0: usize,
  m: i32, steps: i32, units: i32, reverse: i32, scratch: usize, part: i32, parts: i32,
): void {
  const from = partStart(units, ROWS, part, parts);
  const width = partStart(units, ROWS, part + 1, parts) - from;
  if (width == 0) return;
  const gates = gatesOf(cell), u = <usize>units << 2, ld = u * gates, at = <usize>from << 2;
  const isGru = gates == 3, before = cell == Cell.GruBefore;
  const own = isGru ? 2 * units : gates * units;
  const states = scratch, partial = states + ((<usize>(Recurrence.Group * steps * width) << 2) + 15 & ~15);
  const ones = partial + ((<usize>(width * gates * units) << 2) + 15 & ~15), inner = ones + 16;
  store<f32>(ones, 1);
  dr += ld * from;
  if (db != 0) db += at;
  let i = 0;
  do {
    const count = min<i32>(m - i, Recurrence.Group), k = count * steps;
    const place = <usize>(i * steps);
    const dzi = dz + place * ld, yi = y + place * u, h0i = h0 == 0 ? <usize>0 : h0 + u * i;
    const si = before ? dzi + 2 * u : ds + place * u, ldsi = before ? ld : u;
    const to = i == 0 ? dr : partial;
    statesBefore(states, yi, 0, h0i, count, steps, units, reverse, from, width);
    product(Form.TN, to, ld, states, 4, <usize>width << 2, dzi, ld, width, own, k, inner);
    if (isGru) {
      if (before)
        statesBefore(states, yi, saved + place * u * 3, h0i, count, steps, units, reverse, from, width);
      product(Form.TN, to + 2 * u, ld, states, 4, <usize>width << 2, si, ldsi, width, units, k, inner);
    }
    if (i != 0) addRows(dr, ld, partial, width, gates * units);
    if (db != 0) {
      const sums = i == 0 ? db : partial;
      product(Form.TN, sums, <usize>width << 2, ones, 0, 0, si + at, ldsi, 1, width, k, inner);
      if (i != 0) addRows(db, <usize>width << 2, partial, 1, width);
    }
    i += Recurrence.Group;
  } while (i < m);
}
