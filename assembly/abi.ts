/**
 * The contract between TypeScript, which writes tapes, and the kernels, which run them. Compiled by both
 * compilers; any change to a number here raises `Abi.Version`.
 *
 * A tape is i32 words in linear memory. A record is an opcode followed by its operands; `src/tape/records.ts`
 * names the operands of every opcode and is the executable form of what stands here.
 *
 * Operands are absolute byte offsets (unsigned), enum values, f32 bits, or dimensions. A dimension `d >= 0` is
 * itself; `d < 0` is `-d` times the row count of the pass, which is a header word.
 */

export enum Abi {
  Version = 3,
  /** Alignment in bytes of every buffer a tape names. */
  Alignment = 16,
}

export enum Opcode {
  /** Y = fn(X W + b): path y x w bias m n k fn alpha scratch; bias 0: none */
  Dense = 1,
  /** dW = X^T dY, db = column sums of dY: path dw db x dy m n k scratch; m = in, n = out, k = rows; db 0: none */
  DenseGradWeights,
  /** dX = (dY W^T) * fn'(y): path dx dy w m n k fn alpha y scratch; m = rows, n = in, k = out */
  DenseGradInput,
  /** y = fn(x): fn alpha y x n */
  Unary,
  /** dx = dy * fn'(s), s being x or y as the function prefers: fn alpha dx dy s n */
  UnaryGrad,
  /** y = a + b: y a b n */
  Accumulate,
  /** y = x, or one element of x for all of y: y x n every */
  Place,
  /** y = softmax(x) by rows: y x m n */
  Softmax,
  /** dx = y * (dy - sum(dy * y)): dx dy y m n */
  SoftmaxGrad,
  /** mean loss and its gradient: fn loss dx scale p t m n targets parameter; loss, dx 0: not wanted; scale 0: 1 */
  Loss,
  /** w, v updated in place: w g v n hyper counters; v 0: no momentum */
  Sgd,
  /** w, m, v updated in place: w g m v n hyper counters */
  Adam,
  /** y[i, :] = window[index[i], :]: y window index rows words */
  Gather,

  /** From here on: kernels of the extended build only, which a page carries if it uses their ops. */
  FirstExtended,
  /** C = op(A) op(B): form path c a b m n k scratch */
  MatMul = FirstExtended,
  /** y = a fn b with broadcasting: fn y a b d0 d1 d2 d3 as0 as1 as2 as3 bs0 bs1 bs2 bs3 */
  Binary,
  /** y = x / divisor, gathered by strides (broadcast, transpose): y x divisor d0 d1 d2 d3 s0 s1 s2 s3 */
  Copy,
  /** y[o, i] = fn over j of x[o, j, i]: fn y x outer n inner */
  Reduce,
  /** dx = dy shared equally between the positions that attain the maximum y: dx dy x y outer n inner */
  MaxGrad,
  /** y = x - log(sum(exp(x))) by rows: y x m n */
  LogSoftmax,
  /** dx = dy - exp(y) * sum(dy): dx dy y m n */
  LogSoftmaxGrad,
}

/** The three forms of a product; T names a transposed operand as it is stored. */
export enum Form {
  /** a [m, k], b [k, n] */
  NN = 0,
  /** a [k, m], b [k, n] */
  TN,
  /** a [m, k], b [n, k] */
  NT,
}

/** How a product runs. Every path gives the same bits. */
export enum Path {
  /** Straight from the operands: small shapes. */
  Direct = 0,
  /** Through packed panels in the scratch buffer. */
  Packed,
}

/** Tile and block sizes of products, in elements; `assembly/kernels/gemm/blocked.ts` says what each one cuts. */
export enum Gemm {
  MR = 4,
  /** rows of tiles for engines that keep the order of instructions */
  TallMR = 5,
  NR = 8,
  /** columns of the widest tiles */
  WideNR = 12,
  KC = 256,
  NC = 512,
  /** rows below which the packed path runs X W straight from its operands: packing W would not pay */
  FewRows = 16,
  /** columns below which a remainder of few is worth tiles of its own, and packing few rows costs little */
  Narrow = 32,
  /** bytes of scratch for a tile that C has no room for */
  TileBytes = 160,
}

/** Elementwise functions: activations first, in the order of the public API. Identity only ever comes fused. */
export enum Fn {
  Identity = 0,
  Relu,
  LeakyRelu,
  Elu,
  Selu,
  Gelu,
  GeluTanh,
  Silu,
  Softplus,
  Sigmoid,
  Tanh,
  HardSigmoid,
  Sign,

  /** From here on: what only tensors' methods compute, in the extended build. */
  Exp,
  Log,
  Sqrt,
  Negate,
  Abs,
  Square,
}

export enum BinaryFn {
  Add = 0,
  Subtract,
  Multiply,
  Divide,
  Maximum,
  Minimum,
  /** 1 where a > b, 1/2 where a = b, 0 where a < b: how the gradient of a maximum is shared. */
  Above,
}

export enum ReduceFn {
  Sum = 0,
  Mean,
  Max,
}

/** How a sum along contiguous elements is split; part of every result, whatever runs it. */
export enum RowSum {
  /** running sums side by side: four vectors */
  Lanes = 16,
  /** elements after which the lanes are added up */
  Block = 1024,
}

export enum LossFn {
  /** mean of (p - t)^2 over all m n elements */
  MeanSquaredError = 0,
  /** mean of |p - t| over all m n elements */
  MeanAbsoluteError,
  /** mean over all m n elements; parameter: delta, where the parabola becomes a line */
  Huber,
  /** mean over all m n elements of the cross-entropy of sigmoid(p) and t; p are logits */
  BinaryCrossEntropy,
  /** mean over the m rows of the cross-entropy of softmax(p) and t; p are logits */
  CrossEntropy,
}

/** What the target buffer of a cross-entropy holds. */
export enum Targets {
  /** f32 rows like the prediction */
  Rows = 0,
  /** one i32 class index a row */
  Labels,
}

export enum Distribution {
  /** uniform on [a, b) */
  Uniform = 0,
  /** normal with mean a and standard deviation b */
  Normal,
}

/** What random numbers are drawn for: a word of the generator's counter, so that the streams never meet. */
export enum Purpose {
  Initialization = 1,
  Shuffle,
}

/** Sizes of the keyed permutation. */
export enum Permutation {
  /** Up to here, orders come from sorting random keys and are exactly uniform; above, from a Feistel network. */
  SortedRows = 16,
  /** Blocks of four rounds, fewer from `LargeRows` rows on. */
  Blocks = 3,
  LargeRows = 256,
  LargeBlocks = 2,
}

/** Constants of an optimizer: an f64 array outside the state. */
export enum Hyper {
  /** SGD: momentum; Adam: beta1 */
  Beta1 = 0,
  Beta2,
  Epsilon,
  /** decoupled weight decay (AdamW) */
  WeightDecay,
  /** bits of `OptimizerFlag`, as a number */
  Flags,
  Count = 6,
}

export enum OptimizerFlag {
  Nesterov = 1,
  EpsilonInsideRoot = 2,
  BiasCorrection = 4,
}

/** The f64 array that opens the state block: what, with parameters and moments, a run continues from. */
export enum Counter {
  /** updates applied so far */
  Step = 0,
  /** epochs completed so far */
  Epoch,
  /** rows of the current epoch already used */
  Cursor,
  /** sum over the current epoch of loss times rows */
  EpochLoss,
  LearningRate,
  /** beta^step as running products */
  Beta1Power,
  Beta2Power,
  ShuffleSeed,
  /** rows of the epoch that the cursor stands in; 0 between epochs. A fit on other data starts the epoch anew */
  EpochRows,
  Count = 10,
}

/** Words of the program header; those marked f64 take two words and are read as f64. */
export enum Header {
  Version = 0,
  /** rows of the pass at hand */
  Rows,
  /** most rows of a pass */
  Batch,
  /** address of the state block, counters first */
  State,
  /** addresses where the sections of the training tape start: load, forward with loss, backward, update, end */
  Load,
  Forward,
  Backward,
  Update,
  End,
  /** address of the f32 loss of a pass */
  LossValue,
  /** the gradient block, and its number of f32 elements (a multiple of 4) */
  Gradients,
  GradientCount,
  /** rows in an epoch */
  Total,
  /** the window holds rows [WindowStart, WindowStart + WindowRows) of the epoch */
  WindowStart,
  WindowRows,
  /** `Window`: how batches come from the window */
  WindowKind,
  /** room for one i32 row index per row of a batch */
  Index,
  /** f64 ring of epoch losses, emptied by the caller between calls */
  History,
  HistoryCapacity,
  HistoryCount,
  /** 1: the caller has saved the state and will check the update it asked for */
  Careful,
  /** addresses where the prediction tape starts and ends */
  Predict,
  PredictEnd,
  /** f64: epochs to complete before the run ends */
  EpochsLeft = 24,
  /** f64: the run ends before the update of an epoch whose mean loss is below this; -Infinity: never */
  LossBelow = 26,
  /** f64: mean loss of the last pass, or of the epoch where one just ended */
  Loss = 28,
  Count = 32,
}

export enum Window {
  /** the batch buffers themselves hold all rows; nothing is loaded */
  Batch = 0,
  /** all rows, in the order they were given; batches take them as they are */
  Sequential,
  /** all rows, in the order they were given; batches take them through the epoch's permutation */
  Shuffled,
  /** rows already in the order of the epoch, from WindowStart on */
  Streamed,
}

export enum Status {
  /** all steps asked for were taken */
  Ok = 0,
  EpochsDone,
  LossBelow,
  /** the next batch reaches past the window */
  WindowEnd,
  HistoryFull,
  NonFiniteLoss,
  NonFiniteGradient,
  /** a gradient of 2^60 or more: the update could overflow, so the caller saves the state first */
  LargeGradient,
}

/** Bit patterns of f32 magnitudes the guard compares with. */
export enum Guard {
  NonFinite = 0x7f800000,
  /** 2^60 */
  LargeGradient = 0x5d800000,
  /** 2^100 */
  LargeParameter = 0x71800000,
}
