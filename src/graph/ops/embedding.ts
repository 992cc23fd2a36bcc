import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { EMBEDDING, EMBEDDING_GRAD } from "../../tape/formats/extended.ts";
import { draft, f32, type Op, SCRATCH, secondDerivative } from "../op.ts";
import { formatShape, sizeOf } from "../shape.ts";

/**
 * `y[.., :] = table[ids[..], :]`: rows of a table by number.
 *
 *   ids [..] i32, table [vocabulary, units] -> y [.., units]
 *   dtable[v, :] = sum of dy[i, :] over the i with ids[i] = v; ids have no gradient
 *
 * Saves ids.
 */
export const embedding: Op<"embedding"> = {
  name: "embedding",
  kernels: EXTENDED,
  dtypes: ["i32", "f32"],
  idsBelow: ({ vocabulary }) => vocabulary,
  infer: (who, [ids, table], { vocabulary }) => {
    if (!(table.shape.length === 2 && table.shape[0] === vocabulary))
      throw new ShapeError(
        `${who}: embedding needs a table [${vocabulary}, units]; got ${formatShape(table.shape)}`,
      );
    return [f32([...ids.shape, table.shape[1]])];
  },
  vjp: ({ attrs: { vocabulary }, inputs: [ids], dy, emit, shape }) => {
    const units = shape(dy)[shape(dy).length - 1];
    return [null, emit(embeddingGrad, { vocabulary, units }, [ids, dy])[0]];
  },
  lower: ({ attrs: { vocabulary }, inputs: [ids, table], outputs: [y], type }) => [
    draft(EMBEDDING, {
      y: { value: y },
      ids: { value: ids },
      table: { value: table },
      count: sizeOf(type(ids).shape),
      vocabulary,
      units: type(table).shape[1],
    }),
  ],
};

/** The gradient of a table: ids [..] i32, dy [.., units] -> dtable [vocabulary, units]. */
export const embeddingGrad: Op<"embeddingGrad"> = {
  name: "embeddingGrad",
  kernels: EXTENDED,
  dtypes: ["i32", "f32"],
  infer: (_who, _types, { vocabulary, units }) => [f32([vocabulary, units])],
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [ids, dy], outputs: [table], type }) => [
    draft(EMBEDDING_GRAD, {
      dtable: { value: table },
      ids: { value: ids },
      dy: { value: dy },
      count: sizeOf(type(ids).shape),
      ...attrs,
      scratch: SCRATCH,
    }),
  ],
};
