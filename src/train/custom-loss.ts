import { bringTensors } from "../model/custom-loss.ts";
import { withOps } from "../model/layer.ts";
import { TENSOR_OPS } from "../model/tensor.ts";
import { check, FUNCTION, refuseMore } from "../options.ts";
import type { LossFunction } from "./losses.ts";

/**
 * A loss function of your own with the tensors it computes with, for pages made by a bundler, which drop what nothing names. In Node
 * and in the classic script `compile` takes the function as it is.
 *
 * @example
 * const fn = customLoss((prediction, target) => prediction.sub(target).abs().pow(1.5).mean(1));
 * const trainer = compile(sequential({ input: [3] }, [dense(1)]), { loss: fn, optimizer: adam() });
 */
export const customLoss = /* @__PURE__ */ withOps(function customLoss(fn: LossFunction): LossFunction {
  refuseMore("customLoss", arguments, 1, "write loss: customLoss(fn)");
  check("customLoss", "fn, the first argument,", fn, FUNCTION);
  bringTensors();
  return fn;
}, TENSOR_OPS);
