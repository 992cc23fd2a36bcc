/**
 * The table of all ops, exhaustive by type. Nothing imports it but what must know every op, such as the tests: code
 * names the ops it uses, so that a page carries only those.
 *
 * Adding an op: its attributes in `OpAttrs`, a file here, a line below, a case in the op test.
 */
import type { Op, OpName } from "../op.ts";
import { activityPenalty } from "./activity-penalty.ts";
import { argMax } from "./arg-max.ts";
import { attention, attentionGrad } from "./attention.ts";
import { batchMatMul } from "./batch-mat-mul.ts";
import { approach, batchNorm, batchNormGrad, normalizeColumns } from "./batch-norm.ts";
import { binary } from "./binary.ts";
import { conv, convGradWeights, convTranspose } from "./conv.ts";
import { cumulativeSum } from "./cumulative-sum.ts";
import { dense, denseGradInput, denseGradWeights } from "./dense.ts";
import { depthwise, depthwiseGradInput, depthwiseGradWeights } from "./depthwise.ts";
import { dropout } from "./dropout.ts";
import { embedding, embeddingGrad } from "./embedding.ts";
import { gather, gatherGrad } from "./gather.ts";
import { accumulate, place } from "./gradient.ts";
import { layerNorm, layerNormGrad } from "./layer-norm.ts";
import { logSoftmax, logSoftmaxGrad } from "./log-softmax.ts";
import { extendedLoss, lossAndGrad, lossGrad } from "./loss.ts";
import { lossWeights } from "./loss-weights.ts";
import { matMul } from "./mat-mul.ts";
import { noise } from "./noise.ts";
import { averagePool, averagePoolGrad, maxPool, maxPoolGrad } from "./pool.ts";
import { recurrent, recurrentGrad, recurrentGradWeights } from "./recurrent.ts";
import { broadcast, maxGrad, reduce } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { softmax, softmaxGrad } from "./softmax.ts";
import { stopGradient } from "./stop-gradient.ts";
import { concat, pad, slice } from "./stretch.ts";
import { transpose } from "./transpose.ts";
import { elementary, unaryGrad } from "./unary.ts";
import { upsample, upsampleGrad } from "./upsample.ts";

export const OPS: { readonly [K in OpName]: Op<K> } = {
  dense,
  denseGradWeights,
  denseGradInput,
  matMul,
  unary: elementary,
  unaryGrad,
  binary,
  broadcast,
  reduce,
  maxGrad,
  reshape,
  transpose,
  softmax,
  softmaxGrad,
  logSoftmax,
  logSoftmaxGrad,
  dropout,
  noise,
  embedding,
  embeddingGrad,
  layerNorm,
  layerNormGrad,
  batchNorm,
  batchNormGrad,
  normalizeColumns,
  approach,
  conv,
  convTranspose,
  convGradWeights,
  loss: extendedLoss,
  lossGrad,
  lossAndGrad,
  lossWeights,
  accumulate,
  place,
  stopGradient,
  activityPenalty,
  cumulativeSum,
  argMax,
  slice,
  pad,
  concat,
  gather,
  gatherGrad,
  batchMatMul,
  maxPool,
  maxPoolGrad,
  averagePool,
  averagePoolGrad,
  upsample,
  upsampleGrad,
  depthwise,
  depthwiseGradInput,
  depthwiseGradWeights,
  attention,
  attentionGrad,
  recurrent,
  recurrentGrad,
  recurrentGradWeights,
};
