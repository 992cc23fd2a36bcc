import { BinaryFn } from "../abi";
import { logWide, powerWide } from "../math/scalar";
import { cut, LINE } from "../parts";

/**
 * Elementwise arithmetic with broadcasting: `y[i] = fn(a[i . as], b[i . bs])` over i in [d0, d1, d2, d3].
 *
 *   Add, Subtract, Multiply, Divide   a + b, a - b, a b, a / b
 *   Maximum, Minimum                  NaN where either operand is NaN; -0 is below +0
 *   Above                             1 where a > b, 1/2 where a = b, 0 where a < b or either is NaN
 *   Power                             a^b as in IEEE 754, within 0.51 ULP
 *   PowerBaseSlope                    b a^(b - 1), 0 for b = 0
 *   PowerExponentSlope                a^b log a, 0 for a = 0 with b >= 0
 *   Greater .. NotEqual               1 where it holds, else 0
 *   Keep, Drop                        b where a is not 0, or where it is 0; -0 elsewhere
 *
 * @param fn     `BinaryFn`
 * @param y      out [d0, d1, d2, d3] f32, row-major, 4-byte aligned; overwritten, never read
 * @param a      in  f32, 4-byte aligned; the element of index i is `a[i0 as0 + i1 as1 + i2 as2 + i3 as3]`
 * @param b      in  f32, the same with bs0..bs3
 * @param d0 d1 d2 d3      dimensions, outermost first; a dimension of 0 writes nothing
 * @param as0 .. bs3       strides in elements; 0 repeats the operand along that dimension
 *
 * Order: no sums. Vector body and tail are one formula, so a value depends on its operands only.
 * Parts: cut at multiples of `LINE` elements of y, inside rows too.
 * Aliasing: y may be a, or b, or both, where that operand has the strides of y; no other overlap.
 * Cost: 4 elements an instruction where the innermost strides are 0 or 1 and not both 0, one at a time
 * elsewhere. Callers merge the dimensions they can: a call costs about 5 ns, a row (d3 elements) about 3 ns.
 */
export function binary(
  fn: i32, y: usize, a: usize, b: usize,
  d0: i32, d1: i32, d2: i32, d3: i32,
  as0: i32, as1: i32, as2: i32, as3: i32,
  bs0: i32, bs1: i32, bs2: i32, bs3: i32,
  part: i32, parts: i32,
): void {
  if (parts > 1) {
    return binaryPart(fn, y, a, b, d0, d1, d2, d3, as0, as1, as2, as3, bs0, bs1, bs2, bs3, part, parts);
  }
  for (let i0 = 0; i0 < d0; ++i0) {
    let a1 = a, b1 = b;
    for (let i1 = 0; i1 < d1; ++i1) {
      let a2 = a1, b2 = b1;
      for (let i2 = 0; i2 < d2; ++i2) {
        switch (fn) {
          case BinaryFn.Add: row(BinaryFn.Add, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Subtract: row(BinaryFn.Subtract, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Multiply: row(BinaryFn.Multiply, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Divide: row(BinaryFn.Divide, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Maximum: row(BinaryFn.Maximum, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Minimum: row(BinaryFn.Minimum, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Above: row(BinaryFn.Above, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Greater: row(BinaryFn.Greater, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.GreaterEqual: row(BinaryFn.GreaterEqual, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Equal: row(BinaryFn.Equal, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.NotEqual: row(BinaryFn.NotEqual, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Keep: row(BinaryFn.Keep, y, a2, b2, d3, as3, bs3); break;
          case BinaryFn.Drop: row(BinaryFn.Drop, y, a2, b2, d3, as3, bs3); break;
          default: powerRow(fn, y, a2, b2, d3, as3, bs3);
        }
        y += <usize>d3 << 2;
        a2 += <usize>as2 << 2;
        b2 += <usize>bs2 << 2;
      }
      a1 += <usize>as1 << 2;
      b1 += <usize>bs1 << 2;
    }
    a += <usize>as0 << 2;
    b += <usize>bs0 << 2;
  }
}

/** A part is a stretch of y: at most seven boxes, each as large as fits where the one before ended. */
function binaryPart(
  fn: i32, y: usize, a: usize, b: usize,
  d0: i32, d1: i32, d2: i32, d3: i32,
  as0: i32, as1: i32, as2: i32, as3: i32,
  bs0: i32, bs1: i32, bs2: i32, bs3: i32,
  part: i32, parts: i32,
): void {
  const all = d0 * d1 * d2 * d3;
  const end = cut(all, LINE, part + 1, parts);
  for (let at = cut(all, LINE, part, parts); at < end; ) {
    const row = at / d3, plane = row / d2, i0 = plane / d1;
    const i1 = plane - i0 * d1, i2 = row - plane * d2, i3 = at - row * d3;
    let n0 = 1, n1 = 1, n2 = 1, n3 = min(d3 - i3, end - at);
    if (n3 == d3) {
      const rows = (end - at) / d3;
      n2 = min(d2 - i2, rows);
      if (n2 == d2) {
        const planes = rows / d2;
        n1 = min(d1 - i1, planes);
        if (n1 == d1) n0 = planes / d1;
      }
    }
    binary(
      fn, y + (<usize>at << 2),
      a + (<usize>(i0 * as0 + i1 * as1 + i2 * as2 + i3 * as3) << 2),
      b + (<usize>(i0 * bs0 + i1 * bs1 + i2 * bs2 + i3 * bs3) << 2),
      n0, n1, n2, n3, as0, as1, as2, as3, bs0, bs1, bs2, bs3, 0, 1,
    );
    at += n0 * n1 * n2 * n3;
  }
}

/** One row: four at a time where both operands are contiguous or one is a single value, else singly. */
// @ts-ignore: decorator
@inline
function row(fn: i32, y: usize, a: usize, b: usize, n: i32, as: i32, bs: i32): void {
  const end = y + (<usize>n << 2);
  const vectorEnd = y + (<usize>(n & ~3) << 2);
  if (as == 1) {
    if (bs == 1) {
      for (; y < vectorEnd; y += 16, a += 16, b += 16) v128.store(y, apply(fn, v128.load(a), v128.load(b)));
    } else if (bs == 0) {
      const value = v128.load_splat<f32>(b);
      for (; y < vectorEnd; y += 16, a += 16) v128.store(y, apply(fn, v128.load(a), value));
    }
  } else if (as == 0 && bs == 1) {
    const value = v128.load_splat<f32>(a);
    for (; y < vectorEnd; y += 16, b += 16) v128.store(y, apply(fn, value, v128.load(b)));
  }
  const aStep = <usize>as << 2, bStep = <usize>bs << 2;
  for (; y < end; y += 4, a += aStep, b += bStep) {
    v128.store_lane<f32>(y, apply(fn, v128.load_zero<f32>(a), v128.load_zero<f32>(b)), 0);
  }
}

/** `fn` is a constant at every call, so only one branch is left. */
// @ts-ignore: decorator
@inline
function apply(fn: i32, a: v128, b: v128): v128 {
  if (fn == BinaryFn.Add) return f32x4.add(a, b);
  if (fn == BinaryFn.Subtract) return f32x4.sub(a, b);
  if (fn == BinaryFn.Multiply) return f32x4.mul(a, b);
  if (fn == BinaryFn.Divide) return f32x4.div(a, b);
  if (fn == BinaryFn.Maximum) return f32x4.max(a, b);
  if (fn == BinaryFn.Minimum) return f32x4.min(a, b);
  if (fn == BinaryFn.Greater) return oneWhere(f32x4.gt(a, b));
  if (fn == BinaryFn.GreaterEqual) return oneWhere(f32x4.ge(a, b));
  if (fn == BinaryFn.Equal) return oneWhere(f32x4.eq(a, b));
  if (fn == BinaryFn.NotEqual) return oneWhere(f32x4.ne(a, b));
  if (fn == BinaryFn.Keep) return orMinusZero(b, f32x4.ne(a, i32x4.splat(0)));
  if (fn == BinaryFn.Drop) return orMinusZero(b, f32x4.eq(a, i32x4.splat(0)));
  return f32x4.add(half(f32x4.gt(a, b)), half(f32x4.ge(a, b)));
}

/** 1 (0x3f800000) where the mask is set. */
// @ts-ignore: decorator
@inline
function oneWhere(mask: v128): v128 {
  return i32x4.shl(i32x4.shr_u(mask, 25), 23);
}

/** b where the mask is set, -0 elsewhere. */
// @ts-ignore: decorator
@inline
function orMinusZero(b: v128, mask: v128): v128 {
  return v128.or(v128.and(b, mask), i32x4.shl(v128.not(mask), 31));
}

/** A row of Power or of one of its slopes, computed in f64 and rounded once. */
function powerRow(fn: i32, y: usize, a: usize, b: usize, n: i32, as: i32, bs: i32): void {
  const aStep = <usize>as << 2, bStep = <usize>bs << 2;
  for (const end = y + (<usize>n << 2); y < end; y += 4, a += aStep, b += bStep) {
    store<f32>(y, <f32>power(fn, <f64>load<f32>(a), <f64>load<f32>(b)));
  }
}

function power(fn: i32, a: f64, b: f64): f64 {
  if (fn == BinaryFn.Power) return powerWide(a, b);
  if (fn == BinaryFn.PowerBaseSlope) return b == 0 ? 0 : b * powerWide(a, b - 1);
  return a == 0 && b >= 0 ? 0 : powerWide(a, b) * logWide(a);
}

/** 1/2 (0x3f000000) where the mask is set: shifts, because V8 rebuilds constants in every iteration. */
// @ts-ignore: decorator
@inline
function half(mask: v128): v128 {
  return i32x4.shl(i32x4.shr_u(mask, 26), 24);
}
