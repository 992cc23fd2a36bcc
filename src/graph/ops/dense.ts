import { ShapeError } from "../../errors.ts";
import { DENSE } from "../../tape/formats/predict.ts";
import { DENSE_GRAD_INPUT, DENSE_GRAD_WEIGHTS } from "../../tape/formats/train.ts";
import { draft, Fn, f32, type Op, SCRATCH, secondDerivative, type VjpRule } from "../op.ts";
import { asMatrix, formatShape, sizeOf } from "../shape.ts";

const LINEAR = { fn: Fn.Identity, alpha: 0 } as const;

/**
 * `Y = fn(X W + b)`, a dense layer. Models are built with fn the identity and activations apart; fusion joins them. The
 * same bits as its parts.
 *
 *   X [.., k], W [k, n], b [n] (may be missing) -> Y [.., n]
 *   dX = dY W^T
 *   dW = X^T dY, db[j] = sum_i dY[i, j]
 *
 * Saves X and W.
 */
export const dense: Op<"dense"> = {
  name: "dense",
  enums: { fn: Fn },
  infer: (who, [x, w, b]) => {
    const n = w.shape[1];
    const fits = x.shape.length >= 2 && w.shape.length === 2 && x.shape[x.shape.length - 1] === w.shape[0];
    if (!fits || (b && !(b.shape.length === 1 && b.shape[0] === n)))
      throw new ShapeError(
        `${who}: dense needs X [.., k], W [k, n] and b [n]; got X ${formatShape(x.shape)}, W ${formatShape(w.shape)}` +
          (b ? `, b ${formatShape(b.shape)}` : ""),
      );
    return [f32([...x.shape.slice(0, -1), n])];
  },
  multiplyAdds: ([, w], [y]) => sizeOf(y) * w[0],
  vjp: "brought",
  lower: ({ attrs, inputs, outputs, type }) => {
    const [x, w, bias] = inputs;
    const [m, k] = asMatrix(type(x).shape);
    const n = type(w).shape[1];
    return [
      draft(DENSE, {
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

export const denseVjp: VjpRule<"dense"> = ({ inputs: [x, w, b], dy, emit, needs }) => {
  const dx = needs(0) ? emit(denseGradInput, LINEAR, [dy, w, x])[0] : null;
  const bias = b !== undefined;
  const [dw = null, db = null] =
    needs(1) || (bias && needs(2)) ? emit(denseGradWeights, { bias }, [x, dy]) : [];
  return [dx, dw, db];
};

/**
 * `dW = X^T dY`, `db = column sums of dY`: the weight gradients of a dense layer.
 *
 *   X [.., m], dY [.., n] -> dW [m, n], db [n] (with bias)
 */
export const denseGradWeights: Op<"denseGradWeights"> = {
  name: "denseGradWeights",
  infer: (_, [x, dy], { bias }) => {
    const n = asMatrix(dy.shape)[1];
    const dw = f32([asMatrix(x.shape)[1], n]);
    return bias ? [dw, f32([n])] : [dw];
  },
  vjp: secondDerivative,
  lower: ({ inputs, outputs, type }) => {
    const [x, dy] = inputs;
    const [k, m] = asMatrix(type(x).shape);
    const n = asMatrix(type(dy).shape)[1];
    return [
      draft(DENSE_GRAD_WEIGHTS, {
        dw: { value: outputs[0] },
        db: outputs.length > 1 ? { value: outputs[1] } : 0,
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
 * `dX = (dY W^T) fn'(s)`: the input gradient of a dense layer and, fused, of the activation before it.
 *
 *   dY [.., k], W [n, k], s [.., n] (what the activation saved; without one only its shape counts) -> dX [.., n]
 */
export const denseGradInput: Op<"denseGradInput"> = {
  name: "denseGradInput",
  infer: (_, [, , s]) => [f32(s.shape)],
  vjp: secondDerivative,
  lower: ({ attrs, inputs, outputs, type }) => {
    const [dy, w, s] = inputs;
    const [m, k] = asMatrix(type(dy).shape);
    const n = type(w).shape[0];
    return [
      draft(DENSE_GRAD_INPUT, {
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
