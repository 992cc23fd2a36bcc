/**
 * Tails and fixed-order sums, shared by the kernels.
 *
 * The tail of a loop takes the same vector code as its body, so that an element's bits do not depend on where
 * it stands: it is loaded into the first lanes of a vector, computed like any other, and only the lanes
 * wanted are stored. Where a buffer's address and the element's offset are multiples of 16 bytes, a plain
 * `v128.load` reads the tail too: an aligned vector never reaches across the end of the memory.
 */

/** Three lanes of ones, three of zeros: a window of four from lane `3 - count` on keeps `count` lanes. */
const KEPT: usize = memory.data<i32>([-1, -1, -1, 0, 0, 0], 16);

/** The first `count` lanes from an address of any alignment, zeros in the others; 1 <= count <= 3. */
function loadLanes(p: usize, count: i32): v128 {
  let v = v128.load32_zero(p);
  if (count > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/** Writes the first `count` lanes to an address of any alignment; 1 <= count <= 3. */
function storeLanes(p: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(p, v, 2, 8);
}

/** Four elements, or the `left` that remain and zeros; any alignment. */
// @ts-ignore: decorator
@inline
export function loadUpTo4(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : loadLanes(p, left);
}

/** Stores a vector, or its first `left` lanes where fewer than four elements remain; any alignment. */
// @ts-ignore: decorator
@inline
export function storeUpTo4(p: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(p, v);
  else storeLanes(p, v, left);
}

/** Zeroes all but the first `count` lanes; 1 <= count <= 3. */
// @ts-ignore: decorator
@inline
export function keepLanes(v: v128, count: i32): v128 {
  return v128.and(v, v128.load(KEPT + 12 - (<usize>count << 2)));
}

/**
 * Adds four f32 to a sum in two f64 lanes: lane 0 takes elements 0 and 2, lane 1 elements 1 and 3, in that
 * order. So a sum over a row or buffer adds its even elements in order and its odd elements in order;
 * `sumWide` adds the two.
 */
// @ts-ignore: decorator
@inline
export function addWide(sum: v128, v: v128): v128 {
  const low = f64x2.add(sum, f64x2.promote_low_f32x4(v));
  return f64x2.add(low, f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0)));
}

/** Two f64 pairs as four f32. */
// @ts-ignore: decorator
@inline
export function narrow(low: v128, high: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/**
 * `sum + a b`, one step of a product: rounded twice, the same everywhere. In the relaxed build it is rounded
 * once where the CPU has a fused multiply-add, and the bits are the CPU's.
 */
// @ts-ignore: decorator
@inline
export function multiplyAdd(sum: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return f32x4.add(sum, f32x4.mul(a, b));
}

/** Written by `hold`, and by nobody read. */
const HELD: usize = memory.data(1);

/**
 * The value itself, and a mark: nothing held moves past another held value or a load. The optimizer must not
 * change the order of calls that write to memory, nor put them inline (scripts/out-of-line.mjs); the build
 * removes them afterwards (scripts/in-order.mjs).
 */
function hold(v: v128): v128 {
  store<u8>(HELD, 0);
  return v;
}

/** The first half of `multiplyAdd`, for code whose order matters: the product; in the relaxed build, all of it. */
// @ts-ignore: decorator
@inline
export function multiplied(sum: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, sum);
  return hold(f32x4.mul(a, b));
}

/** The second half: `sum` with what `multiplied` gave. */
// @ts-ignore: decorator
@inline
export function added(sum: v128, product: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return product;
  return hold(f32x4.add(sum, product));
}

/** The total of the even elements plus the total of the odd ones. */
// @ts-ignore: decorator
@inline
export function sumWide(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// Not `export function`: asc would warn that v128 cannot cross the module's border, which these never do.
export { loadLanes, storeLanes };
