/** The table of all ops. Adding one: its attributes in `OpAttrs`, a file here, a line below, a case in the op test. */
import type { Op, OpAttrs, OpName } from "../op.ts";
import { binary } from "./binary.ts";
import { dense, denseGradInput, denseGradWeights } from "./dense.ts";
import { broadcast, reshape, transpose } from "./layout.ts";
import { loss, lossAndGrad, lossGrad } from "./loss.ts";
import { matMul } from "./mat-mul.ts";
import { maxGrad, reduce } from "./reduce.ts";
import { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./softmax.ts";
import { unary, unaryGrad } from "./unary.ts";

export const OPS: { readonly [K in OpName]: Op<OpAttrs[K]> } = {
  matMul,
  unary,
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
  loss,
  lossGrad,
  dense,
  denseGradWeights,
  denseGradInput,
  lossAndGrad,
};

/** The definition of an op whose name is known only at run time. */
export const opOf = (name: OpName): Op<never> => OPS[name] as Op<never>;
