/**
 * How a product is shared out: a part computes whole columns of C, or whole rows, with packing buffers of its own. Shapes
 * and the number of parts decide, so that all parts of a record agree.
 *
 * Cuts are multiples of a tile: Gemm.NR columns or Gemm.MR rows. From Gemm.ShareGrain multiplications on, no part has
 * more than its share and one tile; below, part 0 computes the whole product.
 */
import { Gemm } from "../../abi";
import { partStart } from "../../parts";

/** Units of the largest part. */
function largestPart(units: i32, grain: i32, parts: i32): i64 {
  const tiles = (<i64>units + grain - 1) / grain;
  return min<i64>(units, ((tiles + parts - 1) / parts) * grain);
}

/**
 * Whether parts take columns of an m by n product. With rows every part packs all of B, which costs up to 20 %: so columns,
 * unless the largest part would then have a tenth more of C than with rows.
 */
export function splitsColumns(m: i32, n: i32, parts: i32): bool {
  return <i64>10 * m * largestPart(n, Gemm.NR, parts) <= <i64>11 * n * largestPart(m, Gemm.MR, parts);
}

/** The first column, or row, of a part; `parts` gives their number. */
export function shareStart(m: i32, n: i32, k: i32, part: i32, parts: i32): i32 {
  const byColumns = splitsColumns(m, n, parts);
  const units = byColumns ? n : m;
  if (<i64>m * <i64>n * <i64>k < Gemm.ShareGrain) return part == 0 ? 0 : units;
  return partStart(units, byColumns ? Gemm.NR : Gemm.MR, part, parts);
}
