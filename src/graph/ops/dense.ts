import { productPath } from "../../tape/product-path.ts";
import {
  draft,
  Fn,
  f32,
  fusedLater,
  type LowerContext,
  type Op,
  type OpAttrs,
  Opcode,
  SCRATCH,
} from "../op.ts";
import { type Dim, resolve, type Shape, sizeOf } from "../shape.ts";

const asMatrix = (shape: Shape): readonly [Dim, Dim] => [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]];

const path = ({ batch }: LowerContext<unknown>, m: Dim, n: Dim, k: Dim) =>
  productPath(resolve(m, batch), resolve(n, batch), resolve(k, batch));

/**
 * `Y = fn(X W + b)`, a whole dense layer. The same bits as its three parts.
 *
 *   X [.., k], W [k, n], b [n] (may be missing) -> Y [.., n]
 */
export const dense: Op<OpAttrs["dense"]> = {
  infer: (_, [x, w]) => [f32([...x.shape.slice(0, -1), w.shape[1]])],
  vjp: fusedLater,
  lower(context) {
    const { attrs, inputs, outputs, type } = context;
    const [x, w, bias] = inputs;
    const [m, k] = asMatrix(type(x).shape);
    const n = type(w).shape[1];
    return [
      draft(Opcode.Dense, {
        path: path(context, m, n, k),
        y: { value: outputs[0] },
        x: { value: x },
        w: { value: w },
        bias: bias === undefined ? 0 : { value: bias },
        m,
        n,
        k,
        ...attrs,
        scratch: SCRATCH,
      }),
    ];
  },
};

/**
 * `dW = X^T dY`, `db = column sums of dY`: both weight gradients of a dense layer.
 *
 *   X [.., m], dY [.., n] -> dW [m, n], db [n]
 */
export const denseGradWeights: Op<OpAttrs["denseGradWeights"]> = {
  infer: (_, [x, dy]) => {
    const n = asMatrix(dy.shape)[1];
    return [f32([asMatrix(x.shape)[1], n]), f32([n])];
  },
  vjp: fusedLater,
  lower(context) {
    const { inputs, outputs, type } = context;
    const [x, dy] = inputs;
    const [k, m] = asMatrix(type(x).shape);
    const n = asMatrix(type(dy).shape)[1];
    return [
      draft(Opcode.DenseGradWeights, {
        path: path(context, m, n, k),
        dw: { value: outputs[0] },
        db: { value: outputs[1] },
        x: { value: x },
        dy: { value: dy },
        m,
        n,
        k,
        scratch: SCRATCH,
      }),
    ];
  },
};

/**
 * `dX = (dY W^T) fn'(s)`: the input gradient of a dense layer and of the activation before it.
 *
 *   dY [.., k], W [n, k], s [.., n] (what the activation saved) -> dX [.., n]
 */
export const denseGradInput: Op<OpAttrs["denseGradInput"]> = {
  infer: (_, [, , s]) => [f32(s.shape)],
  vjp: fusedLater,
  lower(context) {
    const { attrs, inputs, outputs, type } = context;
    const [dy, w, s] = inputs;
    const [m, k] = asMatrix(type(dy).shape);
    const n = type(w).shape[0];
    return [
      draft(Opcode.DenseGradInput, {
        path: path(context, m, n, k),
        dx: { value: outputs[0] },
        dy: { value: dy },
        w: { value: w },
        m,
        n,
        k,
        ...attrs,
        y: attrs.fn === Fn.Identity ? 0 : { value: s },
        scratch: SCRATCH,
      }),
    ];
  },
};
