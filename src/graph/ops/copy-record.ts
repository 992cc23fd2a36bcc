import { COPY } from "../../tape/formats/extended.ts";
import { draft } from "../op.ts";
import { type Dim, fourLoops, type Shape } from "../shape.ts";

/** `y = x / divisor`, x read by strides. */
export const copyRecord = (
  who: string,
  y: number,
  x: number,
  shape: Shape,
  strides: readonly Dim[],
  divisor: Dim,
) => {
  const { dims, strides: merged } = fourLoops(who, shape, [strides]);
  const [d0, d1, d2, d3] = dims;
  const [s0, s1, s2, s3] = merged[0];
  return draft(COPY, { y: { value: y }, x: { value: x }, divisor, d0, d1, d2, d3, s0, s1, s2, s3 });
};
