import * as wasmgrad from "./index.ts";
import type { BringsOps } from "./model/layer.ts";

/** What `uses` takes, all of it. A test compares: in the package only a call tells, see `scripts/plain-functions.mjs`. */
export const BRINGING =
  "activityPenalty adadelta adagrad amsgrad averagePool1d averagePool2d batchNorm bidirectional " +
  "categoricalFocal categoricalHinge concat concatenate conv1d conv1dTranspose conv2d conv2dTranspose " +
  "cosineDecay cosineRestarts cosineSimilarity customLoss depthwiseConv1d depthwiseConv2d dropout " +
  "embedding exponentialDecay focal gaussianNoise globalAveragePool1d globalAveragePool2d " +
  "globalMaxPool1d globalMaxPool2d groupNorm gru hardSigmoid hardSwish hinge klDivergence l1 l2 lambda " +
  "layerNorm learnedPositions lion logCosh lstm maxNorm maxPool1d maxPool2d mish model " +
  "multiHeadAttention nadam nested oneCycle poisson polynomialDecay prelu quantile randomNormal " +
  "randomUniform reduceOnPlateau relu6 residual rmsNorm rmsprop rprop scaledDotProductAttention " +
  "separableConv1d separableConv2d simpleRnn sinusoidalPositions spatialDropout squaredHinge stack " +
  "stepDecay transformerBlock upsample1d upsample2d zeroPadding1d zeroPadding2d";

/** Of Node and of the package's workers, where nobody counts bytes: all that brings anything along is at hand. */
export const ALL = Object.entries(wasmgrad).flatMap(([name, brings]) =>
  BRINGING.split(" ").includes(name) ? [brings as unknown as BringsOps] : [],
);
