/** What units count in a loss of labels some of which are ignored. */
import { Targets } from "../abi";
import { LINE, partStart } from "../parts";
import { weightOf } from "./loss-units";

/**
 * The weight of each unit (a row of data, or a position of a sequence) such that a loss that divides by all units divides by
 * those that count: `y[i] = w[i / span] m / c`, and -1 where the label is `ignore`: the loss kernels leave such units out. c is the
 * number of the other labels.
 *
 * @param y         out [m] f32, 16-byte aligned; overwritten, never read
 * @param t         in  [m] i32 labels, 16-byte aligned; with `Targets.Rows` not read: all units count
 * @param weights   in  f32, 16-byte aligned, one for every `span` units; 0: all are 1
 * @param m         units
 * @param span      units of one row of data
 * @param ignore    the label that does not count
 * @param targets   `Targets`
 * @param weighted  0: as if weights were 0
 *
 * Order: c is exact. m / c is rounded to f32, then the product is; where all count, y is w to the bit.
 * Parts: cut at multiples of `LINE` units; each part counts all labels.
 * Aliasing: y must not overlap t or weights.
 * Cost: 12 m bytes, 4 m more for each further part.
 */
export function lossWeights(
  y: usize, t: usize, weights: usize, m: i32, span: i32, ignore: i32, targets: i32, weighted: i32, part: i32, parts: i32,
): void {
  const skips = targets == Targets.Labels;
  let counted = 0;
  if (skips) for (let i = 0; i < m; ++i) counted += <i32>(load<i32>(t + (<usize>i << 2)) != ignore);
  else counted = m;
  // Where no label counts, nobody reads it.
  const share = <f32>(<f64>m / <f64>counted);
  const w: usize = weighted ? weights : 0;
  const end = partStart(m, LINE, part + 1, parts);
  for (let i = partStart(m, LINE, part, parts); i < end; ++i) {
    const at = <usize>i << 2;
    const weight: f32 = w ? weightOf(w, i, span) : 1;
    store<f32>(y + at, skips && load<i32>(t + at) == ignore ? -1 : weight * share);
  }
}
