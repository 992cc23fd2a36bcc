import { Form, Gemm } from "../../assembly/abi.ts";

/**
 * Bytes of scratch that one part of a product needs, however the kernels run it: an upper bound for every shape up to
 * m, n, k, so that a pass with fewer rows, and a part, never need more.
 *
 *   a tile at the edge of C
 *   + the larger of   a panel of B, all k steps of it (straight from the operands), and
 *                     a panel of A with each value stored four times, and a block of B (packed)
 *   + where k runs over more rows of data than one group: sums of a group that wait to be added
 *
 * A row or a column needs no panel.
 */
export function productScratchBytes(form: number, m: number, n: number, k: number): number {
  const steps = form === Form.TN ? Math.min(k, Gemm.RowGroup) : k;
  const width = form === Form.NT && n > Gemm.NR ? Gemm.WideNR : Gemm.NR;
  const panel = m > 1 && n > 1 ? steps * width : 0;
  const packed =
    m >= Gemm.FewRows && n >= Gemm.Narrow
      ? Math.min(k, Gemm.KC) * (4 * Gemm.TallMR + Math.min(roundUp(n, Gemm.NR), Gemm.NC))
      : 0;
  // db has the partials of a row, whatever m is
  const partials = steps < k ? Math.min(Math.max(m, 1) * n, Gemm.PartialElements) : 0;
  return Gemm.TileBytes + 4 * (Math.max(panel, packed) + roundUp(partials, 4));
}

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;
