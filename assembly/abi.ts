/**
 * The contract between TypeScript, which writes tapes, and the kernels, which run them. Compiled by both
 * compilers; any change to a number here raises `Abi.Version`.
 *
 * A tape is i32 words in linear memory. A record is a word with its opcode, length and flags, followed by its
 * operands; `src/tape/records.ts` names the operands of every opcode.
 *
 * Operands are absolute byte offsets (unsigned), enum values, f32 bits, or dimensions. A dimension `d >= 0` is
 * itself; `d < 0` is `-d` times the row count of the pass, which is in the run block.
 */

export enum Abi {
  Version = 11,
  /** Alignment in bytes of every buffer a tape names. */
  Alignment = 16,
}

/** The first word of a record. */
export enum RecordWord {
  OpcodeMask = 0xff,
  /** where the length of the record stands, in words */
  LengthShift = 8,
  LengthMask = 0xff,
  /** all parts wait for each other before the record */
  Barrier = 0x10000,
  /** part 0 computes all of the record: it does not pay to share it out */
  Alone = 0x20000,
}

export { Opcode } from "./opcode";

/** The three forms of a product; T names a transposed operand as it is stored. */
export enum Form {
  /** a [m, k], b [k, n] */
  NN = 0,
  /** a [k, m], b [k, n] */
  TN,
  /** a [m, k], b [n, k] */
  NT,
}

/**
 * Sizes of products, in elements. `assembly/kernels/gemm/blocked.ts` says what the tile and block sizes cut,
 * `choose.ts` and `share.ts` beside it what the thresholds decide. All but `RowGroup` are a matter of speed alone.
 */
export enum Gemm {
  MR = 4,
  /** rows of tiles for engines that keep the order of instructions */
  TallMR = 5,
  NR = 8,
  /** columns of the widest tiles */
  WideNR = 12,
  KC = 256,
  NC = 512,
  /** rows below which a product never packs: a panel of B would be used too seldom */
  FewRows = 16,
  /** columns below which a product never packs, and a remainder of few columns is worth tiles of its own */
  Narrow = 32,
  /** bytes of scratch for a tile that C has no room for */
  TileBytes = 160,
  /** rows of data that a sum over rows (form TN) takes in one accumulator; part of every result */
  RowGroup = 4096,
  /** most elements of C whose sums over a group of rows wait in scratch */
  PartialElements = 65536,
  /** multiplications below which part 0 computes the whole product */
  ShareGrain = 4096,
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
  Softsign,

  /** From here on: what only tensors' methods compute, in the link `extended`. */
  Exp,
  Log,
  Sqrt,
  Negate,
  Abs,
  Square,
  Sin,
  Cos,
  Expm1,
  Log1p,
  Erf,
  Reciprocal,
  Rsqrt,
  Floor,
  /** to the nearest whole number, halves to the even one */
  Round,
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
  /** a^b */
  Power,
  /** the derivative of a^b by a, `b a^(b - 1)`: 0 for b = 0 */
  PowerBaseSlope,
  /** the derivative of a^b by b, `a^b log a`: 0 for a = 0 with b >= 0 */
  PowerExponentSlope,
  /** comparisons: 1 where it holds, else 0 */
  Greater,
  GreaterEqual,
  Equal,
  NotEqual,
  /** b where a is not 0, -0 elsewhere, which changes no sum */
  Keep,
  /** b where a is 0, -0 elsewhere */
  Drop,
}

/** How weights of a convolution are packed, see `assembly/kernels/conv/pack.ts`. */
export enum ConvPanels {
  Forward = 0,
  Flipped,
  Scattered,
}

export enum ReduceFn {
  Sum = 0,
  Mean,
  Max,
}

/** What averages over windows divide by. */
export enum PoolDivisor {
  /** elements of the window, those in the padding too */
  Window = 0,
  /** elements of the window that are inside the image */
  Inside,
  /** 1 */
  None,
}

/** How a sum along contiguous elements is split; part of every result, whatever runs it. */
export enum RowSum {
  /** running sums side by side: four vectors */
  Lanes = 16,
  /** elements after which the lanes are added up */
  Block = 1024,
}

/** How a sum along elements that are not contiguous is split. */
export enum ColumnSum {
  /** elements that one accumulator adds: as many as in a lane of a row's block */
  Block = 64,
}

/** How the sum of a loss is split. */
export enum LossBlock {
  Elements = 4096,
  /** most rows of a block of a loss over rows, which has whole rows */
  Rows = 64,
}

/** How the sum of the squares of gradients is split. */
export enum ClipBlock {
  Elements = 4096,
}

export enum LossFn {
  /** mean of (p - t)^2 over all m n elements */
  MeanSquaredError = 0,
  /** mean of |p - t| over all m n elements */
  MeanAbsoluteError,
  /** mean over all m n elements; parameter: delta, where the parabola becomes a line */
  Huber,
  /** mean over all m n elements of the cross-entropy of sigmoid(p) and t; p are logits; parameter: label smoothing */
  BinaryCrossEntropy,
  /** mean over the m rows of the cross-entropy of softmax(p) and t; p are logits; parameter: label smoothing */
  CrossEntropy,

  /** From here on in the link `extended`. First those over rows, of which all but the last take labels. */
  CategoricalHinge,
  /** Kullback-Leibler divergence of softmax(p) from t; p are logits */
  KlDivergence,
  /** parameter: gamma; p are logits */
  CategoricalFocal,
  CosineSimilarity,
  /** Those over elements. */
  Hinge,
  SquaredHinge,
  /** p are logarithms of rates */
  PoissonOfLogs,
  Poisson,
  LogCosh,
  /** parameter: the quantile */
  Quantile,
  /** parameter: gamma; alpha: the weight of targets of 1; p are logits */
  Focal,
  /** p itself, which a loss function of the user has computed; t is not read */
  Value,
}

/** Where the groups of `LossFn` begin and end. */
export enum LossGroup {
  FirstOverRows = 4,
  FirstExtended = 5,
  LastWithLabels = 7,
  LastOverRows = 8,
}

/** What the target buffer of a loss of classes holds. */
export enum Targets {
  /** f32 rows like the prediction */
  Rows = 0,
  /** one i32 class index a row */
  Labels,
}

/** What a recurrent layer computes at a step, see `assembly/kernels/recurrent.ts`. */
export enum Cell {
  /** tanh of the sum of input and state */
  RnnTanh = 0,
  /** relu of it */
  RnnRelu,
  Lstm,
  /** with the reset gate behind the product with the state */
  Gru,
  /** with the reset gate before it */
  GruBefore,
}

export enum Recurrence {
  /** sequences whose gradients of weights are summed before they are added to those of others; part of every result */
  Group = 16,
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
  Dropout,
  Noise,
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

/** Rules of the record `Update`; beside the rate each reads of `Hyper`: */
export enum UpdateFn {
  /** Beta1 (momentum), Beta2 (alpha), Epsilon */
  RmsProp = 0,
  /** Epsilon, Extra (what sums start from) */
  Adagrad,
  /** Beta2 (rho), Epsilon */
  Adadelta,
  /** Beta1, Beta2, Epsilon, Extra (decay of the momentum by an update) */
  Nadam,
  /** Beta1, Beta2, Epsilon, WeightDecay, Flags */
  AmsGrad,
  /** Beta1, Beta2, WeightDecay */
  Lion,
  /** Beta1 (etaMinus), Beta2 (etaPlus), Epsilon (least step), Extra (largest step) */
  Rprop,
}

/** Constants of an optimizer: an f64 array outside the state, one for each group of variables. */
export enum Hyper {
  /** SGD: momentum; Adam: beta1 */
  Beta1 = 0,
  Beta2,
  Epsilon,
  /** decoupled weight decay (AdamW) */
  WeightDecay,
  /** bits of `OptimizerFlag`, as a number */
  Flags,
  /** see `UpdateFn` */
  Extra,
  Count = 6,
}

export enum OptimizerFlag {
  Nesterov = 1,
  EpsilonInsideRoot = 2,
  BiasCorrection = 4,
  /** of RMSProp; its slots say so too */
  Centered = 8,
}

/**
 * The f64 counters that every program has; they open the state. Those that an optimizer or a layer registers (rates,
 * powers of betas) follow them, see `src/plan/counters.ts`.
 */
export enum Counter {
  /** updates applied so far */
  Step = 0,
  /** epochs completed so far */
  Epoch,
  /** rows of the current epoch already used */
  Cursor,
  /** sum over the current epoch of loss times rows */
  EpochLoss,
  /** rows of the epoch that the cursor stands in; 0 between epochs. A fit on other data starts the epoch anew */
  EpochRows,
  /** passes whose gradients wait for the next update */
  MicroStep,
  /** rows of these passes */
  GroupRows,
  /** seed of the initial parameters and of draws */
  Seed,
  ShuffleSeed,
  Count,
}

/** Words of the program header: what the plan fixes. */
export enum Header {
  Version = 0,
  /** address of the run block */
  Run,
  /** address of the counters */
  Counters,
  /** most rows of a pass */
  Batch,
  /** bytes of private scratch of one part */
  ScratchStride,
  /** address of the f32 loss of a pass */
  LossValue,
  /** f64 ring of epoch losses, emptied by the caller between calls */
  History,
  HistoryCapacity,
  /** what updates write: variables and slots from here on, sums of gradients from `Sums` to `StateEnd` */
  Updated,
  Sums,
  StateEnd,
  /** bytes from there to the copies that updates keep of what they overwrite */
  Mirror,
  /** address of the control block, see `Control`; 0: one thread runs the program */
  Control,
  /** a row of `SectionWord.Count` words for each `Section` */
  Sections = 16,
  Count = 48,
}

/** The stretches of the training tape, in the order they run. */
export enum Section {
  /** the rows of a pass into the ports */
  Load = 0,
  /** up to the loss */
  Forward,
  Backward,
  /** adds the gradients of the pass to the sums, where an update takes several passes */
  Accumulate,
  /** optimizers, then what else changes with the variables */
  Update,
  /** what counts updates, after the update was found finite */
  Commit,
  Count,
}

export enum SectionWord {
  From = 0,
  To,
  /** passes in a group: the section runs in the last of them, also where an epoch ends before */
  Every,
  Count,
}

/** Words of the run block: all that a run writes beside the state. Those marked f64 take two words. */
export enum Run {
  /** rows of the pass at hand */
  Rows = 0,
  /** rows in an epoch */
  Total,
  /** the window holds rows [WindowStart, WindowStart + WindowRows) of the epoch */
  WindowStart,
  WindowRows,
  /** `Window`: how batches come from the window */
  WindowKind,
  HistoryCount,
  /** not 0: an update wrote NaN or infinity, or a lookup met an id outside its table */
  Guard,
  /** address of the rates of the next update: one f64 a group */
  Rates,
  /** bytes to those of the update after it; 0: rates do not change */
  RateStep,
  /** where the table of rates ends, if they change */
  RatesEnd,
  /** f64: epochs to complete before the run ends */
  EpochsLeft = 10,
  /** f64: the run ends before the update of an epoch whose mean loss is below this; -Infinity: never */
  LossBelow = 12,
  /** f64: mean loss of the last pass, or of the epoch where one just ended */
  Loss = 14,
  /** words whose meaning the plan knows: of each port, what its rows hold */
  Settings = 16,
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
  /** the table of rates is used up */
  RatesEnd,
  NonFiniteLoss,
  /**
   * gradients, or what the update made of them, are not finite, or a lookup met an id outside its table; the state is that of
   * before the update
   */
  NonFiniteUpdate,
  /** another thread failed, or does not answer; the state is that of before the pass */
  WorkerFailed,
  /** the same in the midst of an update: the state is neither that of before nor that of after it */
  WorkerFailedInUpdate,
}

/**
 * Words of the control block, by which the threads of a program meet; see `assembly/threads.ts`. What one thread writes while
 * others write something else has a line of the cache to itself.
 */
export enum Control {
  /** raised by one whenever the others may go on */
  Phase = 0,
  /** the stretch to run: addresses */
  From,
  To,
  /** not 0: the call is over */
  End,
  /** the phase in which the call began */
  Start,
  /** how many threads take part in the call; 0 or 1: the leader alone */
  Parts,
  /** whether the leader may sleep, which the main thread of a page may not */
  MaySleep,
  /** milliseconds that the leader waits while no other thread gets anywhere */
  Patience,
  /** how often a thread looks before it sleeps */
  Spins,
  /** threads that sleep until the phase changes */
  Sleepers = 16,
  /** threads that have come to the end of what the phase allows */
  Arrived = 32,
  /** whether the leader sleeps until all have */
  LeaderSleeps = 48,
  /** the part that failed; 0: none */
  Failed = 64,
  /** bytes of the text that says how, behind the lines of the parts */
  TextBytes,
  /** a line for each part: records it has come to, and the phase it has seen */
  Parties = 80,
  PartyWords = 16,
  /** bytes of room for the text */
  TextRoom = 2048,
}

/** Bits of f32 magnitudes. */
export enum Guard {
  /** from here on: infinity and NaN */
  NonFinite = 0x7f800000,
}
