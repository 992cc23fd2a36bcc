/** Gradients of several passes for one update, weighted by their rows: the mean over all rows of the group. */
import { foldNonFinite, nonFinite, raiseGuard } from "../guard";
import { LINE, partStart } from "../parts";

/**
 * `sums[i] = rows g[i]` in the first pass of a group, `sums[i] += rows g[i]` in those after it: adds the gradients of a
 * pass, which are means over its rows.
 *
 * @param sums       inout [n] f32, 16-byte aligned; what it held goes to its mirror
 * @param g          in    [n] f32, 16-byte aligned
 * @param n          elements, a multiple of 4
 * @param rows       rows of the pass
 * @param groupRows  in f64 [1]: rows of the passes of the group before it; 0: it is the first
 * @param mirror     bytes from sums to the copy of what they held
 * @param guard      the guard's word
 *
 * Order: elements are independent; rounded after the product and after the sum.
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: sums, its mirror and g must not overlap.
 * Cost: 16 n bytes of traffic.
 */
export function addGradients(
  sums: usize, g: usize, n: i32, rows: i32, groupRows: usize, mirror: usize, guard: usize, part: i32, parts: i32,
): void {
  const weight = f32x4.splat(<f32>rows);
  const kept = i32x4.splat(load<f64>(groupRows) == 0 ? 0 : -1);
  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  let fold = i32x4.splat(0);
  for (let i = <usize>partStart(n, LINE, part, parts) << 2; i < end; i += 16) {
    const before = v128.load(sums + i);
    const after = f32x4.add(v128.and(before, kept), f32x4.mul(weight, v128.load(g + i)));
    v128.store(sums + i + mirror, before);
    v128.store(sums + i, after);
    fold = foldNonFinite(fold, after);
  }
  if (nonFinite(fold)) raiseGuard(guard);
}

/**
 * `g[i] = sums[i] / rows`: the gradient of a group.
 *
 * @param g          out [n] f32, 16-byte aligned; overwritten, never read
 * @param sums       in  [n] f32, 16-byte aligned
 * @param n          elements, a multiple of 4
 * @param rows       rows of the last pass
 * @param groupRows  in  f64 [1]: rows of the passes before it
 *
 * Parts: cut at multiples of `LINE` elements.
 * Aliasing: g and sums must not overlap.
 * Cost: 8 n bytes of traffic.
 */
export function averageGradients(
  g: usize, sums: usize, n: i32, rows: i32, groupRows: usize, part: i32, parts: i32,
): void {
  const all = f32x4.splat(<f32>(load<f64>(groupRows) + <f64>rows));
  const end = <usize>partStart(n, LINE, part + 1, parts) << 2;
  for (let i = <usize>partStart(n, LINE, part, parts) << 2; i < end; i += 16) {
    v128.store(g + i, f32x4.div(v128.load(sums + i), all));
  }
}
