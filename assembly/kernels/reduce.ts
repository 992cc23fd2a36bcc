import { ColumnSum, ReduceFn, RowSum } from "../abi";
import { LINE, partStart } from "../parts";
import { narrow } from "../simd";

/**
 * Reduction of the middle axis: `y[o, i] = fn over j of x[o, j, i]`, fn being sum, mean or max.
 *
 * @param fn     `ReduceFn`
 * @param y      out [outer, inner] f32, 4-byte aligned; overwritten, never read
 * @param x      in  [outer, n, inner] f32, row-major, 4-byte aligned
 * @param outer  dimensions before the reduced one, multiplied
 * @param n      elements reduced; 0 gives sum 0, mean NaN, max -Infinity
 * @param inner  dimensions after the reduced one, multiplied
 *
 * Values: mean is the sum, rounded to f32, divided by f32(n). The maximum is NaN where any element is, and +0
 * of -0 and +0.
 *
 * Order: n is cut into blocks; each block is summed in f32 from +0, the sums of the blocks are added in order in f64.
 *   inner > 1: blocks of `ColumnSum.Block` elements, each added in one accumulator in order. Vector body and tail share
 *     that order, so y[o, i] depends neither on inner nor on its lane.
 *   inner = 1: blocks of `RowSum.Block` elements. In a block, element j of the whole sixteens goes to lane j mod 16,
 *     element r of what is left to lane r mod 4, each lane in index order. The lanes l = 0..3 meet as
 *     `s[l] = (l + l4) + (l8 + l12)`, then `(s0 + s2) + (s1 + s3)`.
 * No accumulator takes more than 64 elements: 10^6 equal ones sum to within 10^-6.
 * A maximum has no order that could be seen.
 * Parts: cut between outputs, for inner > 1 at multiples of `LINE`. Where there are few, `reduceBlocks` and
 * `reduceTotal` share the work better.
 * Aliasing: y must not overlap x.
 * Cost: outer n inner operations, 4 outer n inner bytes read once.
 */
export function reduce(fn: i32, y: usize, x: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32): void {
  const isLong = inner > 1 && n > ColumnSum.Block && fn != ReduceFn.Max;
  if (parts > 1 || isLong) return reducePart(fn, y, x, outer, n, inner, part, parts);
  const plane = <usize>n * <usize>inner << 2;
  const divisor: f32 = fn == ReduceFn.Mean ? <f32>n : 1;
  for (let o = 0; o < outer; ++o, x += plane, y += <usize>inner << 2) {
    if (inner == 1) {
      store<f32>(y, fn == ReduceFn.Max ? rowMax(x, n) : <f32>rowSum(x, n) / divisor);
    } else if (fn == ReduceFn.Max) {
      maxColumns(y, x, n, inner);
    } else {
      sumColumns(y, x, n, inner, divisor);
    }
  }
}

/** A part: rows, or in each plane of [n, inner] a range of columns. Also the whole of a sum of more than one block. */
function reducePart(
  fn: i32, y: usize, x: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32,
): void {
  const plane = n * inner;
  if (inner == 1) {
    const from = partStart(outer, 1, part, parts);
    const count = partStart(outer, 1, part + 1, parts) - from;
    return reduce(fn, y + (<usize>from << 2), x + (<usize>(from * plane) << 2), count, n, 1, 0, 1);
  }
  const divisor: f32 = fn == ReduceFn.Mean ? <f32>n : 1;
  const end = partStart(outer * inner, LINE, part + 1, parts);
  for (let at = partStart(outer * inner, LINE, part, parts); at < end; ) {
    const o = at / inner, column = at - o * inner;
    const count = min(inner - column, end - at);
    reduceColumns(fn, y + (<usize>at << 2), x + (<usize>(o * plane + column) << 2), n, inner, count, divisor);
    at += count;
  }
}

/** The first `count` columns of n rows of `inner`. */
function reduceColumns(fn: i32, y: usize, x: usize, n: i32, inner: i32, count: i32, divisor: f32): void {
  if (fn == ReduceFn.Max) maxOfSome(y, x, n, inner, count);
  else if (n <= ColumnSum.Block) sumOfSome(y, x, n, inner, count, divisor);
  else longColumns(y, x, n, inner, count, divisor);
}

/**
 * The first half of `reduce` for long n: the sum or maximum of each of its blocks.
 *
 * @param fn        `ReduceFn`; Mean is as Sum
 * @param partials  out [outer, blocks, inner] f32, blocks as in `reduce`: scratch of all parts
 * @param x outer n inner  as in `reduce`
 *
 * Order: of a block, as in `reduce`.
 * Parts: cut between blocks.
 * Cost: that of `reduce`.
 */
export function reduceBlocks(
  fn: i32, partials: usize, x: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32,
): void {
  const size = blockSize(inner);
  const blocks = blocksOf(n, inner);
  const units = outer * blocks;
  const from = partStart(units, 1, part, parts);
  const to = partStart(units, 1, part + 1, parts);
  for (let unit = from; unit < to; ++unit) {
    const o = unit / blocks;
    const start = (unit - o * blocks) * size;
    const count = min(size, n - start);
    const at = x + (<usize>(o * n + start) * <usize>inner << 2);
    const partial = partials + (<usize>unit * <usize>inner << 2);
    if (inner == 1) {
      store<f32>(partial, fn == ReduceFn.Max ? rowMax(at, count) : block(ReduceFn.Sum, at, count));
    } else {
      reduceColumns(fn, partial, at, count, inner, inner, 1);
    }
  }
}

/**
 * The second half of `reduce` for long n: combines what `reduceBlocks` left.
 *
 * @param fn        `ReduceFn`
 * @param y         out [outer, inner] f32, 4-byte aligned; overwritten, never read
 * @param partials  in  [outer, blocks, inner] f32
 * @param outer n inner  as in `reduce`
 *
 * Order: blocks in order, in f64; the bits are those of `reduce`.
 * Parts: cut between outputs, at multiples of `LINE`.
 * Cost: outer blocks inner additions.
 */
export function reduceTotal(
  fn: i32, y: usize, partials: usize, outer: i32, n: i32, inner: i32, part: i32, parts: i32,
): void {
  const blocks = blocksOf(n, inner);
  const divisor: f32 = fn == ReduceFn.Mean ? <f32>n : 1;
  const step = <usize>inner << 2;
  const plane = step * blocks;
  const to = partStart(outer * inner, LINE, part + 1, parts);
  for (let i = partStart(outer * inner, LINE, part, parts); i < to; ++i) {
    const o = i / inner;
    let p = partials + plane * o + (<usize>(i - o * inner) << 2);
    const end = p + plane;
    const result = y + (<usize>i << 2);
    if (fn == ReduceFn.Max) {
      let top: f32 = -Infinity;
      for (; p < end; p += step) top = max(top, load<f32>(p));
      store<f32>(result, top);
    } else {
      let total: f64 = 0;
      for (; p < end; p += step) total += <f64>load<f32>(p);
      store<f32>(result, <f32>total / divisor);
    }
  }
}

function blockSize(inner: i32): i32 {
  return inner == 1 ? RowSum.Block : ColumnSum.Block;
}

function blocksOf(n: i32, inner: i32): i32 {
  const size = blockSize(inner);
  return (n + size - 1) / size;
}

function rowSum(x: usize, n: i32): f64 {
  let total: f64 = 0;
  for (; n > 0; n -= RowSum.Block, x += RowSum.Block << 2) {
    total += <f64>block(ReduceFn.Sum, x, min(n, <i32>RowSum.Block));
  }
  return total;
}

function rowMax(x: usize, n: i32): f32 {
  return block(ReduceFn.Max, x, n);
}

// Functions with one caller end up inside it: `reduce` has loops of its own, which saves its smallest calls a call.

function sumColumns(y: usize, x: usize, n: i32, inner: i32, divisor: f32): void {
  columns(ReduceFn.Sum, y, x, n, inner, inner, divisor);
}

function maxColumns(y: usize, x: usize, n: i32, inner: i32): void {
  columns(ReduceFn.Max, y, x, n, inner, inner, 1);
}

function sumOfSome(y: usize, x: usize, n: i32, inner: i32, count: i32, divisor: f32): void {
  columns(ReduceFn.Sum, y, x, n, inner, count, divisor);
}

function maxOfSome(y: usize, x: usize, n: i32, inner: i32, count: i32): void {
  columns(ReduceFn.Max, y, x, n, inner, count, 1);
}

/** `fn` is a constant at every call. */
// @ts-ignore: decorator
@inline
function join(fn: i32, a: v128, b: v128): v128 {
  return fn == ReduceFn.Max ? f32x4.max(a, b) : f32x4.add(a, b);
}

// @ts-ignore: decorator
@inline
function start(fn: i32): v128 {
  return f32x4.splat(fn == ReduceFn.Max ? -Infinity : 0);
}

/** Sum or maximum of n contiguous elements in 16 lanes. */
// @ts-ignore: decorator
@inline
function block(fn: i32, x: usize, n: i32): f32 {
  const end = x + (<usize>n << 2);
  const wideEnd = x + (<usize>(n & ~15) << 2);
  let a = start(fn), b = a, c = a, d = a;
  const none = a;
  for (; x < wideEnd; x += 64) {
    a = join(fn, a, v128.load(x));
    b = join(fn, b, v128.load(x, 16));
    c = join(fn, c, v128.load(x, 32));
    d = join(fn, d, v128.load(x, 48));
  }
  for (; x + 16 <= end; x += 16) a = join(fn, a, v128.load(x));
  if (x < end) {
    // Lanes past the end take the value that changes nothing.
    let last = v128.load_lane<f32>(x, none, 0);
    if (x + 4 < end) last = v128.load_lane<f32>(x, last, 1, 4);
    if (x + 8 < end) last = v128.load_lane<f32>(x, last, 2, 8);
    a = join(fn, a, last);
  }
  a = join(fn, join(fn, a, b), join(fn, c, d));
  a = join(fn, a, v128.shuffle<f32>(a, a, 2, 3, 0, 1));
  a = join(fn, a, v128.shuffle<f32>(a, a, 1, 0, 3, 2));
  return f32x4.extract_lane(a, 0);
}

/**
 * The first `count` columns of n rows of `inner`: strips of 16 columns (a cache line), of 4, and single ones, each from
 * the first row to the last.
 */
// @ts-ignore: decorator
@inline
function columns(fn: i32, y: usize, x: usize, n: i32, inner: i32, count: i32, divisor: f32): void {
  const step = <usize>inner << 2;
  const height = step * n;
  const end = y + (<usize>count << 2);
  const scale = f32x4.splat(divisor);
  for (; y + 64 <= end; y += 64, x += 64) {
    let a = start(fn), b = a, c = a, d = a;
    for (let p = x, last = x + height; p < last; p += step) {
      a = join(fn, a, v128.load(p));
      b = join(fn, b, v128.load(p, 16));
      c = join(fn, c, v128.load(p, 32));
      d = join(fn, d, v128.load(p, 48));
    }
    v128.store(y, finish(fn, a, scale));
    v128.store(y, finish(fn, b, scale), 16);
    v128.store(y, finish(fn, c, scale), 32);
    v128.store(y, finish(fn, d, scale), 48);
  }
  for (; y + 16 <= end; y += 16, x += 16) {
    let a = start(fn);
    for (let p = x, last = x + height; p < last; p += step) a = join(fn, a, v128.load(p));
    v128.store(y, finish(fn, a, scale));
  }
  for (; y < end; y += 4, x += 4) {
    let a = start(fn);
    for (let p = x, last = x + height; p < last; p += step) a = join(fn, a, v128.load_zero<f32>(p));
    v128.store_lane<f32>(y, finish(fn, a, scale), 0);
  }
}

/** `columns` of sums of more than one block: 16 columns at a time, then 4, then one, with a sum in f64 of each. */
function longColumns(y: usize, x: usize, n: i32, inner: i32, count: i32, divisor: f32): void {
  const step = <usize>inner << 2;
  const height = step * n;
  const blockHeight = step * ColumnSum.Block;
  const end = y + (<usize>count << 2);
  const scale = f32x4.splat(divisor);
  for (; y + 64 <= end; y += 64, x += 64) {
    let aLow = f64x2.splat(0), aHigh = aLow, bLow = aLow, bHigh = aLow;
    let cLow = aLow, cHigh = aLow, dLow = aLow, dHigh = aLow;
    for (let p = x, last = x + height; p < last; ) {
      let a = f32x4.splat(0), b = a, c = a, d = a;
      for (const to = min(p + blockHeight, last); p < to; p += step) {
        a = f32x4.add(a, v128.load(p));
        b = f32x4.add(b, v128.load(p, 16));
        c = f32x4.add(c, v128.load(p, 32));
        d = f32x4.add(d, v128.load(p, 48));
      }
      aLow = addLow(aLow, a);
      aHigh = addHigh(aHigh, a);
      bLow = addLow(bLow, b);
      bHigh = addHigh(bHigh, b);
      cLow = addLow(cLow, c);
      cHigh = addHigh(cHigh, c);
      dLow = addLow(dLow, d);
      dHigh = addHigh(dHigh, d);
    }
    v128.store(y, f32x4.div(narrow(aLow, aHigh), scale));
    v128.store(y, f32x4.div(narrow(bLow, bHigh), scale), 16);
    v128.store(y, f32x4.div(narrow(cLow, cHigh), scale), 32);
    v128.store(y, f32x4.div(narrow(dLow, dHigh), scale), 48);
  }
  for (; y + 16 <= end; y += 16, x += 16) {
    let low = f64x2.splat(0), high = low;
    for (let p = x, last = x + height; p < last; ) {
      let a = f32x4.splat(0);
      for (const to = min(p + blockHeight, last); p < to; p += step) a = f32x4.add(a, v128.load(p));
      low = addLow(low, a);
      high = addHigh(high, a);
    }
    v128.store(y, f32x4.div(narrow(low, high), scale));
  }
  for (; y < end; y += 4, x += 4) {
    let total: f64 = 0;
    for (let p = x, last = x + height; p < last; ) {
      let a: f32 = 0;
      for (const to = min(p + blockHeight, last); p < to; p += step) a += load<f32>(p);
      total += <f64>a;
    }
    store<f32>(y, <f32>total / divisor);
  }
}

/** `sum` plus the first two of four f32, in f64. */
// @ts-ignore: decorator
@inline
function addLow(sum: v128, v: v128): v128 {
  return f64x2.add(sum, f64x2.promote_low_f32x4(v));
}

/** `sum` plus the last two of four f32, in f64. */
// @ts-ignore: decorator
@inline
function addHigh(sum: v128, v: v128): v128 {
  return f64x2.add(sum, f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0)));
}

/** Division by 1 changes nothing, so sums and means share it. */
// @ts-ignore: decorator
@inline
function finish(fn: i32, a: v128, scale: v128): v128 {
  return fn == ReduceFn.Max ? a : f32x4.div(a, scale);
}
