import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { APPROACH, BATCH_NORM, BATCH_NORM_GRAD, NORMALIZE_COLUMNS } from "../../tape/formats/extended.ts";
import { draft, f32, type Op, SCRATCH, secondDerivative } from "../op.ts";
import { asMatrix, formatShape, type Shape, sizeOf } from "../shape.ts";
import type { Type } from "../type.ts";

function checkColumns(who: string, op: string, x: Type, columns: readonly Type[]): void {
  const n = x.shape[x.shape.length - 1];
  if (!(x.shape.length >= 2 && n > 0 && columns.every(({ shape }) => shape.length === 1 && shape[0] === n)))
    throw new ShapeError(
      `${who}: ${op} needs X [.., n] and statistics [n]; got X ${formatShape(x.shape)}, ` +
        columns.map(({ shape }) => formatShape(shape)).join(", "),
    );
}

const matrix = (shape: Shape) => {
  const [m, n] = asMatrix(shape);
  return { m, n };
};

/**
 * `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, with the mean and the variance of each column over the pass.
 *
 *   x [.., n], gamma, beta, runningMean, runningVariance [n] -> y [.., n], mean [n], variance [n]
 *   dx, dgamma, dbeta as `batchNormGrad`; the statistics have no cotangents
 *
 * Saves x, mean and variance. The running statistics are read outside training only, when they take the place of those of
 * the pass.
 */
export const batchNorm: Op<"batchNorm"> = {
  name: "batchNorm",
  kernels: EXTENDED,
  infer: (who, [x, ...columns]) => {
    checkColumns(who, "batchNorm", x, columns);
    const n = [x.shape[x.shape.length - 1]];
    return [f32(x.shape), f32(n), f32(n)];
  },
  vjp: ({ attrs, inputs: [x, gamma], outputs: [, mean, variance], dys: [dy], emit }) =>
    dy === undefined
      ? [null, null, null, null, null]
      : [...emit(batchNormGrad, attrs, [dy, x, gamma, mean, variance]), null, null],
  inference: ({ attrs, inputs, emit }) => emit(normalizeColumns, attrs, inputs),
  lower: ({ attrs, inputs: [x, gamma, beta], outputs: [y, mean, variance], type }) => [
    draft(BATCH_NORM, {
      y: { value: y },
      mean: { value: mean },
      variance: { value: variance },
      x: { value: x },
      gamma: { value: gamma },
      beta: { value: beta },
      ...matrix(type(x).shape),
      ...attrs,
      scratch: SCRATCH,
    }),
  ],
};

/** The gradients of `batchNorm`: dy like x, x [.., n], gamma, mean, variance [n] -> dx like x, dgamma [n], dbeta [n]. */
export const batchNormGrad: Op<"batchNormGrad"> = {
  name: "batchNormGrad",
  kernels: EXTENDED,
  infer: (_, [dy, , gamma]) => [f32(dy.shape), f32(gamma.shape), f32(gamma.shape)],
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [dy, x, gamma, mean, variance], outputs: [dx, dgamma, dbeta], type }) => [
    draft(BATCH_NORM_GRAD, {
      dx: { value: dx },
      dgamma: { value: dgamma },
      dbeta: { value: dbeta },
      dy: { value: dy },
      x: { value: x },
      gamma: { value: gamma },
      mean: { value: mean },
      variance: { value: variance },
      ...matrix(type(x).shape),
      ...attrs,
      scratch: SCRATCH,
    }),
  ],
};

/**
 * `y = gamma (x - mean) / sqrt(variance + epsilon) + beta` with given statistics: `batchNorm` outside training.
 *
 *   x [.., n], gamma, beta, mean, variance [n] -> y [.., n]
 */
export const normalizeColumns: Op<"normalizeColumns"> = {
  name: "normalizeColumns",
  kernels: EXTENDED,
  infer: (who, [x, ...columns]) => {
    checkColumns(who, "normalizeColumns", x, columns);
    return [f32(x.shape)];
  },
  vjp: { reason: "it stands in graphs for inference only" },
  lower: ({ attrs, inputs: [x, gamma, beta, mean, variance], outputs: [y], type }) => [
    draft(NORMALIZE_COLUMNS, {
      y: { value: y },
      x: { value: x },
      gamma: { value: gamma },
      beta: { value: beta },
      mean: { value: mean },
      variance: { value: variance },
      ...matrix(type(x).shape),
      ...attrs,
      scratch: SCRATCH,
    }),
  ],
  inPlace: [0],
};

/**
 * `y = average + share (c statistic - average)`: a running average one step on. c makes a variance divided by `count` one
 * divided by count - 1; of one observation y is the average as it was. `count` 0: c is 1.
 *
 *   average [n], statistic [n] -> y [n]      in update nodes only, which have no gradient
 */
export const approach: Op<"approach"> = {
  name: "approach",
  kernels: EXTENDED,
  infer: (_, [average]) => [f32(average.shape)],
  vjp: { reason: "it changes state" },
  lower: ({ attrs, inputs: [average, statistic], outputs: [y], type }) => [
    draft(APPROACH, {
      y: { value: y },
      average: { value: average },
      statistic: { value: statistic },
      n: sizeOf(type(average).shape),
      ...attrs,
    }),
  ],
  inPlace: [0],
};
