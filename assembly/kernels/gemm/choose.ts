/** How a product runs is decided here, from its form and shape alone. Every kind gives the same bits. */
import { Form, Gemm } from "../../abi";

export const enum Kind {
  /** loops over a few numbers, see small.ts: one column, or at least eight that are stored by rows; */
  Small = 0,
  /** one row of fewer columns */
  SmallRow,
  /** sums of nothing, or no elements */
  Zero,
  /** sums over more rows of data than go into one accumulator: products of groups of rows, added */
  Groups,
  /** a row, see vector.ts: times a matrix stored by rows; */
  Row,
  /** times a matrix stored by columns */
  RowDots,
  /** a column: a matrix stored by columns, times it; */
  Column,
  /** a matrix stored by rows, times it */
  ColumnDots,
  /** tiles straight from the operands, see direct.ts */
  Direct,
  /** tiles from packed panels, see blocked.ts */
  Packed,
}

/** Multiplications up to which loops are as fast as tiles, with a tenth of their code to compile. */
const SMALL = 64;

/**
 * Packing moves m k and k n elements to make the tiles of m n k multiplications faster: it pays where both operands are
 * used often enough. Below these, and below Gemm.FewRows rows or Gemm.Narrow columns, products run at least as fast
 * straight from their operands.
 */
const PACKED_MULTIPLICATIONS = 32 * 32 * 32;
/** elements of A */
const PACKED_A = 512;

/** Whether the kind is Small, where rows of C and of B have no gaps: the smallest networks ask for nothing else. */
// @ts-ignore: decorator
@inline
export function isSmall(form: i32, m: i32, n: i32, k: i32): bool {
  // 0 becomes the greatest number: what is empty takes the general way
  if (<u64>(<i64>m * <i64>n * <i64>k - 1) >= <u64>SMALL) return false;
  return n == 1 || (n >= 8 && (form != Form.NT || k == 1));
}

/**
 * The kind of a product of m by n with sums of k.
 *
 * @param ldc  bytes from a row of C to the next, ldb: of B as it is stored; where there are gaps between rows, Small and
 *             columns do not fit
 */
export function choose(form: i32, m: i32, n: i32, k: i32, ldc: usize, ldb: usize): Kind {
  const row = <usize>n << 2;
  const gapless = ldc == row && (form == Form.NT || ldb == row);
  if (gapless && isSmall(form, m, n, k)) return Kind.Small;
  if (m == 0 || n == 0 || k == 0) return Kind.Zero;
  if (form == Form.TN && k > Gemm.RowGroup) return Kind.Groups;
  if (m == 1) {
    if (form == Form.NT) return Kind.RowDots;
    return <i64>n * <i64>k <= SMALL ? Kind.SmallRow : Kind.Row;
  }
  if (n == 1 && gapless) return form == Form.TN ? Kind.Column : Kind.ColumnDots;
  if (
    m >= Gemm.FewRows && n >= Gemm.Narrow &&
    <i64>m * <i64>k >= PACKED_A && <i64>m * <i64>n * <i64>k >= PACKED_MULTIPLICATIONS
  )
    return Kind.Packed;
  return Kind.Direct;
}
