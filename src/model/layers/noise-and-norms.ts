/** Layers that are made of other ops: more norms, dropout of whole channels, a relu with learned slopes, further activations. */
import { describe } from "../../describe.ts";
import { OptionError, ShapeError, TraceError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import { BinaryFn, Fn, ReduceFn } from "../../graph/op.ts";
import { activityPenalty as activityPenaltyOp } from "../../graph/ops/activity-penalty.ts";
import { binary } from "../../graph/ops/binary.ts";
import { dropout as dropoutOp } from "../../graph/ops/dropout.ts";
import { layerNorm as layerNormOp } from "../../graph/ops/layer-norm.ts";
import { noise as noiseOp } from "../../graph/ops/noise.ts";
import { broadcast, reduce } from "../../graph/ops/reduce.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { transpose } from "../../graph/ops/transpose.ts";
import { elementary } from "../../graph/ops/unary.ts";
import { formatShape, ROWS, type Shape, sizeOf } from "../../graph/shape.ts";
import {
  COUNT,
  check,
  NOT_NEGATIVE,
  POSITIVE,
  type Rule,
  readOptions,
  refuseMore,
  SHARE,
  STRING,
} from "../../options.ts";
import { type Layer, layer, type NameOption, nameIn, variable, withOps } from "../layer.ts";
import { Symbolic } from "../symbolic.ts";
import type { Tensor } from "../tensor.ts";
import { nextStream } from "./draws.ts";

const combine = (fn: BinaryFn, a: Tensor, b: Tensor): Tensor => a.emit(binary, { fn }, [a.id, b.id]);
const apply = (fn: Fn, x: Tensor): Tensor => x.emit(elementary, { fn, alpha: 0 }, [x.id]);
const shaped = (x: Tensor, shape: Shape): Tensor => x.emit(reshape, { shape }, [x.id]);
const constant = (x: Tensor, shape: Shape, value: number): Tensor =>
  x.of(x.builder.graph.addConstant(shape, new Float32Array(sizeOf(shape)).fill(value)));

/** The length of the last axis, which must be fixed. */
function columnsOf(who: string, kind: string, x: Tensor): number {
  const columns = x.shape[x.shape.length - 1];
  if (x.shape.length < 2 || !(columns > 0))
    throw new ShapeError(`${who}: ${kind} needs an input [.., n] of fixed n; got ${formatShape(x.shape)}`);
  return columns;
}

const FINITE: Rule = ["a finite number", (n: number) => Number.isFinite(Math.fround(n))];

export interface RmsNormOptions extends NameOption {
  /** Added to the mean of squares, > 0. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * Scales each row along its last axis by its root mean square: `y = gamma x / sqrt(mean(x^2) + epsilon)`. Zhang and Sennrich
 * 2019, https://arxiv.org/abs/1910.07467
 *
 * X [.., n] -> Y [.., n]; gamma [n] is named `<name>.gamma`
 *
 * @throws OptionError for a setting out of range, ShapeError for an input without a last axis of fixed length
 * @example
 * const model = sequential({ input: [8] }, [dense(32), rmsNorm(), activation("silu"), dense(3)]);
 */
export const rmsNorm = /* @__PURE__ */ withOps(
  function rmsNorm(options: RmsNormOptions = {}): Layer<"same"> {
    refuseMore("rmsNorm", arguments, 1);
    const { epsilon, name } = readOptions("rmsNorm", options, {
      epsilon: [1e-5, POSITIVE],
      name: [undefined, STRING],
    });
    return layer(
      "rmsNorm",
      [options],
      name,
      (who, x) => [
        variable(x, `${who}.gamma`, [columnsOf(who, "rmsNorm", x)], { kind: "constant", value: 1 }),
      ],
      (x, [gamma]) => {
        const rank = x.shape.length;
        const squares = apply(Fn.Square, x);
        const mean = squares.emit(reduce, { fn: ReduceFn.Mean, from: rank - 1, to: rank }, [squares.id]);
        const kept = shaped(mean, [...x.shape.slice(0, -1), 1]);
        const root = apply(Fn.Sqrt, combine(BinaryFn.Add, kept, constant(x, [], epsilon)));
        return combine(BinaryFn.Multiply, combine(BinaryFn.Divide, x, root), gamma);
      },
    );
  },
  [binary, elementary, reduce, reshape],
);

export interface GroupNormOptions extends NameOption {
  /** Added to the variance, > 0. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * Normalizes each row by groups of its channels, the last axis: over the channels of a group and all positions between, to
 * mean 0 and variance 1; then `y = gamma x + beta` by channel. One group is a layer norm over all axes, as many groups as
 * channels an instance norm. Wu and He 2018, https://arxiv.org/abs/1803.08494
 *
 * X [rows, .., n] -> Y like X; gamma, beta [n] are named `<name>.gamma` and `<name>.beta`
 *
 * @param groups a whole number that divides n
 * @throws OptionError for a setting out of range, ShapeError for channels that the groups do not divide
 * @example
 * const model = sequential({ input: [4, 4, 6] }, [groupNorm(3), flatten(), dense(2)]);
 */
export const groupNorm = /* @__PURE__ */ withOps(
  function groupNorm(groups: number, options: GroupNormOptions = {}): Layer<"same"> {
    refuseMore("groupNorm", arguments, 2);
    const { epsilon, name } = readOptions("groupNorm", options, {
      epsilon: [1e-5, POSITIVE],
      name: [undefined, STRING],
    });
    check(name ?? "groupNorm", "groups, the first argument,", groups, COUNT);
    return layer(
      "groupNorm",
      [groups, options],
      name,
      (who, x) => {
        const channels = columnsOf(who, "groupNorm", x);
        if (channels % groups !== 0 || x.shape.slice(1).some((d) => d < 0))
          throw new ShapeError(
            `${who}: groupNorm needs an input [rows, .., n] with n a multiple of ${groups} groups; got ${formatShape(x.shape)}`,
          );
        return [
          variable(x, `${who}.gamma`, [channels], { kind: "constant", value: 1 }),
          variable(x, `${who}.beta`, [channels], { kind: "constant", value: 0 }),
        ];
      },
      (x, [gamma, beta]) => {
        const { shape } = x;
        const size = shape[shape.length - 1] / groups;
        const positions = sizeOf(shape.slice(1, -1));
        // The channels of a group side by side, with all their positions.
        const turn = (t: Tensor, [a, b]: readonly [number, number]) => {
          const four = shaped(t, [shape[0], a, b, size]);
          return four.emit(transpose, { axes: [0, 2, 1, 3] }, [four.id]);
        };
        const isFlat = positions === 1;
        const lines = [shape[0], groups, positions * size];
        const wide = isFlat ? shaped(x, lines) : shaped(turn(x, [positions, groups]), lines);
        const ones = constant(x, [positions * size], 1);
        const zeros = constant(x, [positions * size], 0);
        const normal = wide.emit(layerNormOp, { epsilon }, [wide.id, ones.id, zeros.id]);
        const back = isFlat ? shaped(normal, shape) : shaped(turn(normal, [groups, positions]), shape);
        return combine(BinaryFn.Add, combine(BinaryFn.Multiply, back, gamma), beta);
      },
    );
  },
  [binary, layerNormOp, reshape, transpose],
);

/**
 * Dropout of whole channels: while training, sets a share of the channels of each row to 0 at all positions and scales the rest
 * by `1 / (1 - rate)`; outside training it does nothing. Neighbours that say much the same do not stand in for each other then.
 * Tompson et al. 2015, https://arxiv.org/abs/1411.4280
 *
 * X [rows, .., n] -> Y like X, with one draw for each row and channel
 *
 * @param rate the share that is dropped, in [0, 1)
 * @throws OptionError for a rate out of range, ShapeError for an input without positions
 * @example
 * const model = sequential({ input: [4, 4, 6] }, [spatialDropout(0.2), flatten(), dense(2)]);
 */
export const spatialDropout = /* @__PURE__ */ withOps(
  function spatialDropout(rate: number, options: NameOption = {}): Layer<"same"> {
    refuseMore("spatialDropout", arguments, 2);
    const name = nameIn("spatialDropout", options);
    check(name ?? "spatialDropout", "rate, the first argument,", rate, SHARE);
    return layer(
      "spatialDropout",
      [rate, options],
      name,
      () => [],
      (x, _, who) => {
        const { shape } = x;
        if (shape.length < 3 || shape.slice(1).some((d) => d < 0))
          throw new ShapeError(
            `${who}: spatialDropout needs an input [rows, .., n] with positions between; got ${formatShape(shape)}: use dropout`,
          );
        const stream = nextStream(who, x);
        if (rate === 0) return x;
        const channels = [shape[0], ...shape.slice(1, -1).map(() => 1), shape[shape.length - 1]];
        const one = constant(x, [], 1);
        const ones = one.emit(broadcast, { shape: channels, divisor: 1 }, [one.id]);
        return combine(BinaryFn.Multiply, x, ones.emit(dropoutOp, { rate, stream }, [ones.id]));
      },
    );
  },
  [binary, broadcast, dropoutOp],
);

/**
 * Adds normal noise of mean 0 while training, other in each pass; outside training it does nothing. Bishop 1995, "Training with
 * noise is equivalent to Tikhonov regularization"; as Keras' GaussianNoise.
 *
 * X [..] -> Y like X. The noise is drawn by seed, step and place in the batch: a run that is sliced or resumed draws the same.
 *
 * @param stddev its standard deviation, finite and >= 0
 * @throws OptionError for a deviation out of range
 * @example
 * const model = sequential({ input: [8] }, [gaussianNoise(0.1), dense(32, { activation: "relu" }), dense(3)]);
 */
export const gaussianNoise = /* @__PURE__ */ withOps(
  function gaussianNoise(stddev: number, options: NameOption = {}): Layer<"same"> {
    refuseMore("gaussianNoise", arguments, 2);
    const name = nameIn("gaussianNoise", options);
    check(name ?? "gaussianNoise", "stddev, the first argument,", stddev, NOT_NEGATIVE);
    return layer(
      "gaussianNoise",
      [stddev, options],
      name,
      () => [],
      (x, _, who) =>
        stddev === 0
          ? x
          : x.emit(noiseOp, { uniform: false, spread: stddev, stream: nextStream(who, x) }, [x.id]),
    );
  },
  [noiseOp],
);

export interface ActivityPenaltyOptions extends NameOption {
  /** What the sum of magnitudes counts, finite and >= 0. Default: 0. */
  readonly l1?: number;
  /** What the sum of squares counts, finite and >= 0. Default: 0. */
  readonly l2?: number;
}

/**
 * Adds `(l1 sum |x| + l2 sum x^2) / rows` to the loss of a training, the sums over all elements, and gives what it gets: behind a layer
 * it keeps the layer's outputs small, with `l1` many of them near 0 (sparse coding). Outside training it is nothing at all.
 *
 * X [rows, ..] -> X. As Keras' ActivityRegularization, per row: Keras 3 adds the sums of a batch, this is `1 / batchSize` of them, so that
 * the loss does not depend on the size of batches. It stands before the last activation: losses look for that at the end of the model. Losses that `fit` and `step` report have the term, those of `evaluate` do not.
 *
 * @throws OptionError for a number out of range or both 0, ShapeError for an input whose first axis is not that of the rows
 * @example
 * const model = sequential({ input: [8] }, [dense(32, { activation: "relu" }), activityPenalty({ l1: 1e-4 }), dense(8)]);
 */
export const activityPenalty = /* @__PURE__ */ withOps(
  function activityPenalty(options: ActivityPenaltyOptions): Layer<"same"> {
    refuseMore("activityPenalty", arguments, 1);
    const { l1, l2, name } = readOptions("activityPenalty", options, {
      l1: [0, NOT_NEGATIVE],
      l2: [0, NOT_NEGATIVE],
      name: [undefined, STRING],
    });
    if (l1 === 0 && l2 === 0)
      throw new OptionError(
        `${name ?? "activityPenalty"}: one of l1 and l2 must be above 0, such as { l1: 1e-4 }; got ${describe(options)}`,
      );
    return layer(
      "activityPenalty",
      [options],
      name,
      () => [],
      (x, _, who) => {
        if (x.shape[0] !== ROWS)
          throw new ShapeError(
            `${who}: activityPenalty needs an input [rows, ..]; got ${formatShape(x.shape)}`,
          );
        return x.emit(activityPenaltyOp, { l1, l2 }, [x.id]);
      },
    );
  },
  [activityPenaltyOp],
);

/** @throws TraceError for an output that is the same whatever the rows are: only of draws can one be made */
function checkReached(who: string, { inputs, nodes, outputs }: Graph): void {
  const reached = new Set(inputs.map(({ value }) => value));
  for (const node of nodes)
    if (node.inputs.some((id) => reached.has(id))) for (const id of node.outputs) reached.add(id);
  for (const { name, value } of outputs)
    if (!reached.has(value))
      throw new TraceError(
        `${who}: output ${name} must depend on an input; got a tensor that no input reaches`,
      );
}

/** Draws of a mean in the shape of a tensor. */
function drawn(who: string, like: Tensor, mean: number, spread: number, uniform: boolean): Tensor {
  if (!(like instanceof Symbolic))
    throw new TraceError(`${who}: needs a tensor, whose shape it takes; got ${describe(like)}`);
  const { graph } = like.builder;
  graph.checkOutputs = (who) => checkReached(who, graph);
  const one = constant(like, [], mean);
  const means = one.emit(broadcast, { shape: like.shape, divisor: 1 }, [one.id]);
  return means.emit(noiseOp, { uniform, spread, stream: nextStream(who, like) }, [means.id]);
}

export interface RandomNormalOptions {
  /** Default: 0. */
  readonly mean?: number;
  /** The standard deviation, >= 0. Default: 1. */
  readonly std?: number;
}

/**
 * A tensor of normal draws, other ones in each pass of training; outside training it is the mean, so that a prediction depends on its
 * row alone.
 *
 * The draws are made by seed, step and place in the batch: a run that is sliced or resumed draws the same. They have no gradient.
 *
 * @param like the tensor whose shape it takes
 * @throws OptionError for numbers out of range, TraceError for what is no tensor
 * @example
 * // The sampling of a variational autoencoder: Kingma and Welling 2013, https://arxiv.org/abs/1312.6114
 * const net = model({ inputs: { x: [8] } }, ({ x }) => {
 *   const [mean, logVariance] = dense(4)(x).split(2);
 *   const code = mean.add(randomNormal(mean).mul(logVariance.mul(0.5).exp()));
 *   return { x: dense(8)(code), mean, logVariance };
 * });
 */
export const randomNormal = /* @__PURE__ */ withOps(
  function randomNormal(like: Tensor, options: RandomNormalOptions = {}): Tensor {
    refuseMore("randomNormal", arguments, 2);
    const { mean, std } = readOptions("randomNormal", options, { mean: [0, FINITE], std: [1, NOT_NEGATIVE] });
    return drawn("randomNormal", like, mean, std, false);
  },
  [broadcast, noiseOp],
);

export interface RandomUniformOptions {
  /** Default: 0. */
  readonly low?: number;
  /** At least `low`. Default: 1. */
  readonly high?: number;
}

/**
 * A tensor of draws that are uniform from `low` to `high`, other ones in each pass of training; outside training it is
 * `(low + high) / 2`. Otherwise as `randomNormal`.
 *
 * @param like the tensor whose shape it takes
 * @throws OptionError for numbers out of range, TraceError for what is no tensor
 * @example
 * const net = model({ inputs: { x: [8] } }, ({ x }) => dense(1)(x.mul(randomUniform(x, { low: 0.9, high: 1.1 }))));
 */
export const randomUniform = /* @__PURE__ */ withOps(
  function randomUniform(like: Tensor, options: RandomUniformOptions = {}): Tensor {
    refuseMore("randomUniform", arguments, 2);
    const { low, high } = readOptions("randomUniform", options, { low: [0, FINITE], high: [1, FINITE] });
    if (high < low)
      throw new OptionError(`randomUniform: high must be at least low; got ${high} below ${low}`);
    return drawn("randomUniform", like, low / 2 + high / 2, high / 2 - low / 2, true);
  },
  [broadcast, noiseOp],
);

export interface PreluOptions extends NameOption {
  /** The slopes below 0 that training starts from, finite. Default: 0.25. */
  readonly alpha?: number;
}

/**
 * A leaky relu that learns its slopes: `y = x` for x > 0, `alpha x` below, with an alpha for each place of the last axis. He et al.
 * 2015, https://arxiv.org/abs/1502.01852
 *
 * X [.., n] -> Y [.., n]; alpha [n] is named `<name>.alpha`. The derivative at 0 is 0.
 *
 * @throws OptionError for a slope that is not finite, ShapeError for an input without a last axis of fixed length
 * @example
 * const model = sequential({ input: [8] }, [dense(32), prelu(), dense(3)]);
 */
export const prelu = /* @__PURE__ */ withOps(
  function prelu(options: PreluOptions = {}): Layer<"same"> {
    refuseMore("prelu", arguments, 1);
    const { alpha, name } = readOptions("prelu", options, {
      alpha: [0.25, FINITE],
      name: [undefined, STRING],
    });
    return layer(
      "prelu",
      [options],
      name,
      (who, x) => [
        variable(x, `${who}.alpha`, [columnsOf(who, "prelu", x)], { kind: "constant", value: alpha }),
      ],
      (x, [slopes]) => {
        const below = combine(BinaryFn.Multiply, apply(Fn.Relu, apply(Fn.Negate, x)), slopes);
        return combine(BinaryFn.Subtract, apply(Fn.Relu, x), below);
      },
    );
  },
  [binary, elementary],
);

/** An activation that is made of ops, as a layer without parameters. */
const elementwise = (
  kind: string,
  options: object,
  name: string | undefined,
  body: (x: Tensor) => Tensor,
): Layer<"same"> => layer(kind, [options], name, () => [], body);

/**
 * `y = min(max(x, 0), 6)` elementwise, X [..] -> Y [..]. The derivative at 6 is 1/2. Krizhevsky 2010; as PyTorch's ReLU6.
 *
 * @example
 * const model = sequential({ input: [8] }, [dense(32), relu6(), dense(3)]);
 */
export const relu6 = /* @__PURE__ */ withOps(
  function relu6(options: NameOption = {}): Layer<"same"> {
    refuseMore("relu6", arguments, 1);
    return elementwise("relu6", options, nameIn("relu6", options), (x) =>
      combine(BinaryFn.Minimum, apply(Fn.Relu, x), constant(x, [], 6)),
    );
  },
  [binary, elementary],
);

/**
 * `y = x relu6(x + 3) / 6` elementwise, X [..] -> Y [..]. Howard et al. 2019, https://arxiv.org/abs/1905.02244; as PyTorch's
 * Hardswish.
 *
 * @example
 * const model = sequential({ input: [8] }, [dense(32), hardSwish(), dense(3)]);
 */
export const hardSwish = /* @__PURE__ */ withOps(
  function hardSwish(options: NameOption = {}): Layer<"same"> {
    refuseMore("hardSwish", arguments, 1);
    return elementwise("hardSwish", options, nameIn("hardSwish", options), (x) =>
      combine(BinaryFn.Multiply, x, apply(Fn.HardSigmoid, x)),
    );
  },
  [binary, elementary],
);

/**
 * `y = x tanh(softplus(x))` elementwise, X [..] -> Y [..]. Misra 2019, https://arxiv.org/abs/1908.08681; as PyTorch's Mish.
 *
 * @example
 * const model = sequential({ input: [8] }, [dense(32), mish(), dense(3)]);
 */
export const mish = /* @__PURE__ */ withOps(
  function mish(options: NameOption = {}): Layer<"same"> {
    refuseMore("mish", arguments, 1);
    return elementwise("mish", options, nameIn("mish", options), (x) =>
      combine(BinaryFn.Multiply, x, apply(Fn.Tanh, apply(Fn.Softplus, x))),
    );
  },
  [binary, elementary],
);

export interface HardSigmoidOptions extends NameOption {
  /** The slope in the middle, finite. Default: 0.2. */
  readonly alpha?: number;
  /** The value at 0, finite. Default: 0.5. */
  readonly beta?: number;
}

/**
 * `y = min(max(alpha x + beta, 0), 1)` elementwise, X [..] -> Y [..], as ONNX has it: with the defaults that of Keras 2 and tfjs. The
 * activation named `"hardSigmoid"` is PyTorch's and Keras 3's, with alpha 1/6.
 *
 * @throws OptionError for a number that is not finite
 * @example
 * const model = sequential({ input: [8] }, [dense(32), hardSigmoid({ alpha: 0.2, beta: 0.5 }), dense(3)]);
 */
export const hardSigmoid = /* @__PURE__ */ withOps(
  function hardSigmoid(options: HardSigmoidOptions = {}): Layer<"same"> {
    refuseMore("hardSigmoid", arguments, 1);
    const { alpha, beta, name } = readOptions("hardSigmoid", options, {
      alpha: [0.2, FINITE],
      beta: [0.5, FINITE],
      name: [undefined, STRING],
    });
    return elementwise("hardSigmoid", options, name, (x) => {
      const line = combine(
        BinaryFn.Add,
        combine(BinaryFn.Multiply, x, constant(x, [], alpha)),
        constant(x, [], beta),
      );
      return combine(BinaryFn.Minimum, apply(Fn.Relu, line), constant(x, [], 1));
    });
  },
  [binary, elementary],
);
