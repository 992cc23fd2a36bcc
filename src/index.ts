export * from "./errors.ts";
export { modelToCode } from "./files/code.ts";
export { digestOf, sha256 } from "./files/digests.ts";
export { type LoadOptions, load } from "./files/load.ts";
export { type LoadTrainerOptions, loadTrainer } from "./files/load-trainer.ts";
export { type ModelJSON, modelFromJSON, modelToJSON } from "./files/model-json.ts";
export {
  type LoadedWeights,
  type LoadWeightsOptions,
  loadWeights,
  readTensors,
  type StoredTensor,
  type StoredTensors,
} from "./files/tensors.ts";
export {
  activations,
  type LayerOutputs,
  type LayerOutputsOptions,
  layerOutputs,
} from "./inspect/activations.ts";
export type { Distribution } from "./inspect/distribution.ts";
export {
  type GradientCheck,
  type GradientCheckOptions,
  gradientCheck,
  type VariableCheck,
} from "./inspect/gradient-check.ts";
export {
  type Inspection,
  type InspectOptions,
  inspect,
  inspectionTable,
  type OutputInspection,
} from "./inspect/inspect.ts";
export { type LayerDescription, layersOf } from "./inspect/layers.ts";
export type { Units } from "./inspect/units.ts";
export { type LedgerVerification, type VerifyLedgerOptions, verifyLedger } from "./ledger/verify.ts";
export { startLedger } from "./ledger/write.ts";
export type { Activation, ActivationName, Initializer, InitializerName } from "./model/activations.ts";
export {
  concat,
  concatenate,
  type LambdaLayer,
  lambda,
  type NestedLayer,
  type NestedOutputs,
  nested,
  residual,
  stack,
} from "./model/composition.ts";
export { type ModelOptions, model } from "./model/functional.ts";
export type {
  ArraysAfter,
  BringsOps,
  Layer,
  LayerArrays,
  LayerLike,
  LayerWith,
  NameOption,
} from "./model/layer.ts";
export * from "./model/layers/attention.ts";
export * from "./model/layers/convolution.ts";
export * from "./model/layers/core.ts";
export * from "./model/layers/depthwise.ts";
export { type LogicGateName, type LogicGateOptions, logicGate, parity } from "./model/layers/logic-gate.ts";
export * from "./model/layers/noise-and-norms.ts";
export * from "./model/layers/pooling.ts";
export * from "./model/layers/positions.ts";
export * from "./model/layers/recurrent.ts";
export type { Padding, Padding1d, PerAxis } from "./model/layers/windows.ts";
export {
  type Column,
  type ColumnName,
  type DType,
  type InputOptions,
  type InputRow,
  type InputTable,
  type Model,
  type NumberSettings,
  type RowsOf,
  type SequentialOptions,
  type Shape,
  sequential,
  type TableOptions,
  type TableRows,
} from "./model/model.ts";
export * from "./model/preprocessing.ts";
export type { LayerSummary } from "./model/summary.ts";
export type { Symbolic } from "./model/symbolic.ts";
export type {
  ArgMaxOptions,
  AxisOptions,
  CumSumOptions,
  MatMulOptions,
  Operand,
  PadOptions,
  ReduceOptions,
  SliceOptions,
  Tensor,
  VarianceOptions,
} from "./model/tensor.ts";
export type { FittedNumbers } from "./program/border.ts";
export type { Buffers, InputViews, RowView } from "./program/buffers.ts";
export type { Classification, LabelProbability } from "./program/classify.ts";
export { explain } from "./program/explain.ts";
export type { ParameterView, ParameterViews } from "./program/parameters.ts";
export type { Predictor } from "./program/predictor.ts";
export type {
  AsyncOptions,
  ClassifyOptions,
  FileOptions,
  Out,
  PredictOptions,
  ReadOptions,
  RestoreOptions,
  SaveOptions,
  StateOptions,
} from "./program/predictor-options.ts";
export type { Bytes, Misfit } from "./program/state.ts";
export type { NestedNumbers, NestedRows, NumericArray, Result, Row, Rows, Shaped } from "./rows/data.ts";
export type { Targets } from "./rows/targets.ts";
export type { EngineInfo, WorkerLike } from "./runtime/crew.ts";
export { createEngine, type EngineOptions } from "./runtime/engine.ts";
export { isSupported } from "./runtime/kernels.ts";
export type { Engine } from "./runtime/space.ts";
export type { TensorType } from "./safetensors.ts";
export * from "./train/adaptive-optimizers.ts";
export { type CompileOptions, compile, type TrainerOptions, type TrainOptions } from "./train/compile.ts";
export {
  compileTogether,
  type ProgramOptions,
  type Programs,
  type TogetherOptions,
} from "./train/compile-together.ts";
export { type CopyParametersOptions, copyParameters } from "./train/copy-parameters.ts";
export { customLoss } from "./train/custom-loss.ts";
export type { WithStateOptions } from "./train/customers.ts";
export type { Evaluation, MetricValues } from "./train/evaluate.ts";
export {
  type CategoricalFocalOptions,
  categoricalFocal,
  categoricalHinge,
  cosineSimilarity,
  type FocalOptions,
  focal,
  hinge,
  klDivergence,
  type LogitsOption,
  logCosh,
  type PoissonOptions,
  poisson,
  type QuantileOptions,
  quantile,
  squaredHinge,
} from "./train/extended-losses.ts";
export type { AverageWeightsOptions, Clip, FeatureOptions } from "./train/features.ts";
export type {
  BestEpoch,
  EarlyStopping,
  EpochCallback,
  EpochEvent,
  FitOptions,
  FitProgress,
  FitResult,
  History,
} from "./train/fit-options.ts";
export type { Kind } from "./train/kinds.ts";
export type { LearningRate, Schedule } from "./train/learning-rate.ts";
export type {
  Ledger,
  LedgerData,
  LedgerEnd,
  LedgerEntry,
  LedgerOptions,
  LedgerState,
} from "./train/ledger.ts";
export {
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  huber,
  type IgnoreOption,
  type Loss,
  type LossFamily,
  type LossFunction,
  type LossKind,
  type LossTraits,
  meanAbsoluteError,
  meanSquaredError,
} from "./train/losses.ts";
export type { MetricFunction, MetricName, MetricTraits } from "./train/metric-names.ts";
export type { MetricTruth } from "./train/metrics.ts";
export type { MomentViews } from "./train/moments.ts";
export type { Note } from "./train/notes.ts";
export {
  type AdamOptions,
  type AdamWGroup,
  type AdamWOptions,
  type AmsGrad,
  adam,
  adamW,
  type Optimizer,
  type OptimizerSettings,
  type SgdOptions,
  sgd,
} from "./train/optimizers.ts";
export {
  type Constraint,
  l1,
  l2,
  maxNorm,
  type ParametersOption,
  type Penalty,
} from "./train/penalties.ts";
export {
  type Perceptron,
  type PerceptronData,
  type PerceptronFitOptions,
  type PerceptronOptions,
  type PerceptronResult,
  perceptron,
} from "./train/perceptron.ts";
export { type RestartOptions, type Restarts, restarts } from "./train/restarts.ts";
export * from "./train/schedules.ts";
export type { TrainerBuffers } from "./train/step-buffers.ts";
export type { Moment, Snapshot, Trainer } from "./train/trainer.ts";
export type { BoundData, ByOutput, Data } from "./train/training-data.ts";
export type { ValidationRows } from "./train/validation.ts";
export {
  type Argument,
  type Gradient,
  type Nested,
  type ValueAndGradResult,
  valueAndGrad,
} from "./train/value-and-grad.ts";
export type {
  ClassWeight,
  EvaluateAsyncOptions,
  EvaluateOptions,
  SampleWeight,
  WeightOptions,
} from "./train/weights.ts";
export { VERSION } from "./version.ts";
