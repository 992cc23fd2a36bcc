/**
 * How a record is shared out: part p of P computes units `partStart(.., p, P)` up to `partStart(.., p + 1, P)`, the
 * units being elements, rows, columns or tiles. Cuts are multiples of a grain, so that vectors and tiles stay whole.
 */

/** Elements of a cache line: the grain of elementwise kernels. */
export const LINE = 16;

/**
 * The first unit of a part.
 *
 * @param units  of the whole record
 * @param grain  units that stay together; no part has more than its share and one grain
 * @param part   0 to `parts`; `parts` gives `units`
 */
// @ts-ignore: decorator
@inline
export function partStart(units: i32, grain: i32, part: i32, parts: i32): i32 {
  if (parts == 1) return part == 0 ? 0 : units;
  return cut(units, grain, part, parts);
}

/** `partStart` where there are several parts. */
export function cut(units: i32, grain: i32, part: i32, parts: i32): i32 {
  const blocks = (<i64>units + grain - 1) / grain;
  return <i32>min<i64>(units, ((blocks * part) / parts) * grain);
}
