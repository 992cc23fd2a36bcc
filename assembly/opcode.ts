/** What a record computes; `src/tape/records.ts` names the operands of each. Part of the contract: see `abi.ts`. */
export enum Opcode {
  /** Y = fn(X W + b) */
  Dense = 1,
  /** dW = X^T dY, db = column sums of dY; m = in, n = out, k = rows */
  DenseGradWeights,
  /** dX = (dY W^T) * fn'(y); m = rows, n = in, k = out */
  DenseGradInput,
  /** mean loss and its gradient */
  Loss,
  /** sum of the loss over each block of a long batch, and its gradient */
  LossBlocks,
  /** mean loss from what LossBlocks gave */
  LossTotal,
  /** w, m, v updated in place */
  Adam,
  /** w, v updated in place */
  Sgd,
  /** y = fn(x) */
  Unary,
  /** dx = dy * fn'(s), s being x or y as the function prefers */
  UnaryGrad,
  /** y = softmax(x) by rows */
  Softmax,
  /** dx = y * (dy - sum(dy * y)) */
  SoftmaxGrad,
  /** y = a + b */
  Accumulate,
  /** y = x, or one element of x for all of y */
  Place,
  /** which rows of the window the pass takes, by position in the epoch */
  Order,
  /** y[i, :] = window[index[i], :] */
  Gather,
  /** sums += rows g: the gradients of one pass of a group, from 0 for the first */
  AddGradients,
  /** g = sums / rows of the group */
  AverageGradients,
  /** raises the guard for x that is not finite */
  CheckFinite,
  /** a counter times a constant */
  Advance,
  /** C = op(A) op(B) */
  MatMul,
  /** y = a fn b with broadcasting */
  Binary,
  /** y = x / divisor, gathered by strides (broadcast, transpose) */
  Copy,
  /** y[o, i] = fn over j of x[o, j, i] */
  Reduce,
  /** the same over each block of j */
  ReduceBlocks,
  /** y from what ReduceBlocks gave */
  ReduceTotal,
  /** dx = dy shared equally between the positions that attain the maximum y */
  MaxGrad,
  /** y = x - log(sum(exp(x))) by rows */
  LogSoftmax,
  /** dx = dy - exp(y) * sum(dy) */
  LogSoftmaxGrad,
  /** y = x / (1 - rate) where drawn to be kept, 0 elsewhere */
  Dropout,
  /** columns normalized by their own mean and variance */
  BatchNorm,
  BatchNormGrad,
  /** columns normalized by a given mean and variance */
  NormalizeColumns,
  /** a running average one step on */
  Approach,
  /** rows normalized by their own mean and variance */
  LayerNorm,
  LayerNormGrad,
  LayerNormGradWeights,
  /** rows of a table by number, and its gradient */
  Embedding,
  EmbeddingGrad,
  /** running sums along an axis */
  CumulativeSum,
  /** where the maximum of an axis stands */
  ArgMax,
  /** stretches of an axis: out of a tensor, into a longer one, one behind the other */
  TakeStretch,
  PadStretch,
  JoinStretch,
  /** elements of an axis by number, and their gradient */
  TakeAlong,
  TakeAlongGrad,
  /** products of many matrices */
  BatchMatMul,
  /** Copy and Binary over six dimensions */
  CopySix,
  BinarySix,
  /** w and slots updated in place by one of the other rules */
  Update,
  /** a product of momenta one factor on */
  AdvanceMomentum,
  /** weights of a convolution in panels, as the two kernels below read them */
  ConvPack,
  /** Y = fn(conv(X, W) + b) */
  Conv,
  /** dX of a convolution, each output pixel to the pixels it was made of */
  ConvScatter,
  /** dW and db of a convolution */
  ConvGradWeights,
  /** maxima of windows, and their gradient */
  MaxPool,
  MaxPoolGrad,
  /** means or sums of windows, and their gradient, which makes images larger, too */
  AveragePool,
  AveragePoolGrad,
  /** images made larger by interpolation, and its gradient */
  Bilinear,
  BilinearGrad,
  /** convolution of each channel by itself, and its gradients */
  Depthwise,
  DepthwiseGradInput,
  DepthwiseGradWeights,
  /** softmax(Q K^T / sqrt(size)) V by heads, and its gradients */
  Attention,
  AttentionGrad,
  /** weights of units such that a loss counts all but those of an ignored label */
  LossWeights,
  /** sums of squares of gradients by blocks; gradients scaled down to a norm; gradients cut off at a magnitude */
  GradientSquares,
  ScaleGradients,
  ClampGradients,
  /** a moving average of weights one update on */
  AverageWeights,
  /** columns of weights scaled down to a norm */
  MaxNorm,
  /** a tensor with draws added */
  Noise,
  /** a recurrent layer in one direction, all steps; its gradients, and those of its recurrent weights */
  Recurrent,
  RecurrentGrad,
  RecurrentGradWeights,
}
