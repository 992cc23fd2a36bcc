import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { LAYER_NORM, LAYER_NORM_GRAD, LAYER_NORM_GRAD_WEIGHTS } from "../../tape/formats/extended.ts";
import { draft, f32, type Op, SCRATCH, secondDerivative } from "../op.ts";
import { asMatrix, formatShape } from "../shape.ts";

/**
 * `y = gamma (x - mean) rstd + beta`, with the mean and rstd = 1 / sqrt(variance + epsilon) of each row.
 *
 *   x [.., n], gamma [n], beta [n] -> y [.., n], mean [..], rstd [..]
 *   dx, dgamma, dbeta as `layerNormGrad`; mean and rstd have no cotangents
 *
 * Saves x, mean and rstd, which nobody else reads: outside training they have no buffers.
 */
export const layerNorm: Op<"layerNorm"> = {
  name: "layerNorm",
  kernels: EXTENDED,
  infer: (who, [x, gamma, beta]) => {
    const n = x.shape[x.shape.length - 1];
    const isColumn = ({ shape }: { shape: readonly number[] }) => shape.length === 1 && shape[0] === n;
    if (!(x.shape.length >= 2 && n > 0 && isColumn(gamma) && isColumn(beta)))
      throw new ShapeError(
        `${who}: layerNorm needs X [.., n], gamma [n] and beta [n]; got X ${formatShape(x.shape)}, ` +
          `${formatShape(gamma.shape)}, ${formatShape(beta.shape)}`,
      );
    const rows = x.shape.slice(0, -1);
    return [f32(x.shape), f32(rows), f32(rows)];
  },
  vjp: ({ inputs: [x, gamma], outputs: [, mean, rstd], dys: [dy], emit }) =>
    dy === undefined ? [null, null, null] : emit(layerNormGrad, {}, [dy, x, gamma, mean, rstd]),
  lower: ({ attrs, inputs: [x, gamma, beta], outputs: [y, mean, rstd], type, isRead }) => {
    const [m, n] = asMatrix(type(x).shape);
    return [
      draft(LAYER_NORM, {
        y: { value: y },
        mean: isRead(mean) ? { value: mean } : 0,
        rstd: isRead(rstd) ? { value: rstd } : 0,
        x: { value: x },
        gamma: { value: gamma },
        beta: { value: beta },
        m,
        n,
        ...attrs,
      }),
    ];
  },
};

/** The gradients of `layerNorm`: dy like x, x [.., n], gamma [n], mean, rstd [..] -> dx like x, dgamma [n], dbeta [n]. */
export const layerNormGrad: Op<"layerNormGrad"> = {
  name: "layerNormGrad",
  kernels: EXTENDED,
  infer: (_, [dy, , gamma]) => [f32(dy.shape), f32(gamma.shape), f32(gamma.shape)],
  vjp: secondDerivative,
  lower: ({ inputs: [dy, x, gamma, mean, rstd], outputs: [dx, dgamma, dbeta], type, isRead }) => {
    const [m, n] = asMatrix(type(x).shape);
    const given = { dy: { value: dy }, x: { value: x }, mean: { value: mean }, rstd: { value: rstd }, m, n };
    const weights = draft(LAYER_NORM_GRAD_WEIGHTS, {
      dgamma: { value: dgamma },
      dbeta: { value: dbeta },
      ...given,
      scratch: SCRATCH,
    });
    const input = draft(LAYER_NORM_GRAD, { dx: { value: dx }, ...given, gamma: { value: gamma } });
    return isRead(dx) ? [weights, input] : [weights];
  },
};
