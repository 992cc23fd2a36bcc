export type { Activation, ActivationName, InitializerName } from "./api/activations.ts";
export { type CompileOptions, compile, type TrainOptions } from "./api/compile.ts";
export type { NumericArray, Result, Row, Rows, Shaped } from "./api/data.ts";
export type { FitOptions, FitProgress, FitResult } from "./api/fit.ts";
export { type ModelOptions, model } from "./api/functional.ts";
export { activation, type DenseOptions, dense, flatten, type Layer, reshape } from "./api/layers.ts";
export { type LogicGateName, type LogicGateOptions, logicGate, parity } from "./api/logic-gate.ts";
export {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
} from "./api/losses.ts";
export { type Model, type SequentialOptions, sequential } from "./api/model.ts";
export {
  type AdamOptions,
  type AdamWOptions,
  adam,
  adamW,
  type Optimizer,
  type SgdOptions,
  sgd,
} from "./api/optimizers.ts";
export {
  type Perceptron,
  type PerceptronData,
  type PerceptronFitOptions,
  type PerceptronOptions,
  type PerceptronResult,
  perceptron,
} from "./api/perceptron.ts";
export type { Classification, ParameterView, PredictOptions, Predictor } from "./api/predictor.ts";
export type { Targets } from "./api/targets.ts";
export type { Tensor } from "./api/tensor.ts";
export type { Evaluation, Moment, Snapshot, Trainer } from "./api/trainer.ts";
export type { Data } from "./api/training-data.ts";
export { type ValueAndGradResult, valueAndGrad } from "./api/value-and-grad.ts";
export * from "./errors.ts";
export { createEngine, type EngineOptions } from "./runtime/engine.ts";
export { isSupported } from "./runtime/kernels.ts";
export type { Engine } from "./runtime/space.ts";
export { VERSION } from "./version.ts";
