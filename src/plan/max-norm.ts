/** A bound of the columns of weights, kept after each update. */
import { draft } from "../graph/op.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { EXTENDED } from "../kernels/extended.wasm.ts";
import { MAX_NORM } from "../tape/formats/extended.ts";
import type { Feature } from "./feature.ts";

/** Columns run along all axes but the last; a vector is one column. */
const columnsOf = (shape: Shape): { k: number; n: number } =>
  shape.length > 1
    ? { k: sizeOf(shape.slice(0, -1)), n: shape[shape.length - 1] }
    : { k: sizeOf(shape), n: 1 };

/**
 * See `assembly/kernels/max-norm.ts`.
 *
 * @param names of trained variables
 */
export const maxNormFeature = (most: number, names: readonly string[]): Feature => ({
  kernels: EXTENDED,
  afterUpdate: ({ variables }) =>
    names.flatMap((name) => {
      const stretch = variables.get(name);
      if (!stretch) return [];
      const w = { region: "trained", bytes: stretch.bytes };
      return [draft(MAX_NORM, { w, ...columnsOf(stretch.shape), most })];
    }),
});
