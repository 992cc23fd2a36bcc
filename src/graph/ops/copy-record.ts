import { COPY } from "../../tape/formats/extended.ts";
import { COPY_SIX } from "../../tape/formats/tensor.ts";
import { draft } from "../op.ts";
import { type Dim, type Shape, stridedLoops } from "../shape.ts";

/** `y = x / divisor`, x read by strides. */
export const copyRecord = (
  who: string,
  y: number,
  x: number,
  shape: Shape,
  strides: readonly Dim[],
  divisor: Dim,
) => {
  const { dims, strides: merged } = stridedLoops(who, shape, [strides]);
  const [d0, d1, d2, d3] = dims.slice(-4);
  const [s0, s1, s2, s3] = merged[0].slice(-4);
  if (dims.length === 6) {
    const [[e0, e1], [t0, t1]] = [dims, merged[0]];
    const inner = { d0, d1, d2, d3, s0, s1, s2, s3 };
    return draft(COPY_SIX, { y: { value: y }, x: { value: x }, divisor, e0, e1, t0, t1, ...inner });
  }
  return draft(COPY, { y: { value: y }, x: { value: x }, divisor, d0, d1, d2, d3, s0, s1, s2, s3 });
};
