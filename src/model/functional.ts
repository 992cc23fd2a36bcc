import { check, checkObject, FUNCTION, readOptions, refuseMore } from "../options.ts";
import type { Result } from "../rows/data.ts";
import { withOps } from "./layer.ts";
import { type InputOptions, type Model, type RowsOf, SEED, traceModel } from "./model.ts";
import { TENSOR_OPS, Tensor } from "./tensor.ts";

export interface ModelOptions<I extends Record<string, InputOptions>> {
  /** The shape of one row of each input, by name; `{ shape, dtype: "i32" }` for ids, `{ columns }` for rows of a table. */
  readonly inputs: I;
  /** Seeds the initial parameters; a whole number from 0 to 2^53 - 1. Default: 0. */
  readonly seed?: number;
}

/**
 * A model as a function from symbolic tensors to symbolic tensors: several inputs and outputs, skip connections,
 * shared layers.
 *
 * A row's prediction must not depend on its company: outputs that mix the rows of a batch, such as `x.sub(x.mean(0))`, are
 * refused. Losses and `valueAndGrad` may mix them.
 *
 * @throws OptionError for bad options, ShapeError for shapes that do not fit and for outputs that mix rows, TraceError if `fn`
 *   returns something else than its tensors
 * @param fn called once, with one tensor `[rows, ..]` per input; returns a tensor, or tensors by name
 * @example
 * const net = model({ inputs: { x: [16] } }, ({ x }) => {
 *   const h = dense(16, { activation: "relu" })(x);
 *   return dense(1)(h.add(x));
 * });
 */
export const model = /* @__PURE__ */ withOps(function model<
  I extends Record<string, InputOptions>,
  O extends Tensor | Record<string, Tensor>,
>(
  options: ModelOptions<I>,
  fn: (inputs: { readonly [K in keyof I]: Tensor }) => O,
): Model<
  { readonly [K in keyof I]: RowsOf<I[K]> },
  O extends Tensor ? Result : { readonly [K in keyof O]: Result }
> {
  refuseMore("model", arguments, 2);
  const { inputs, seed } = readOptions("model", options, { inputs: [], seed: [0, SEED] });
  check("model", "fn, the second argument,", fn, FUNCTION);
  checkObject("model", inputs, "inputs must be shapes by name, such as { x: [2] }");
  return traceModel("model", Tensor, { inputs, seed, namedInputs: true }, fn as never) as never;
}, TENSOR_OPS);
