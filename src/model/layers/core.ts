import { describe } from "../../describe.ts";
import { ShapeError } from "../../errors.ts";
import type { Initializer } from "../../graph/graph.ts";
import { Fn } from "../../graph/op.ts";
import { approach, batchNorm as batchNormOp } from "../../graph/ops/batch-norm.ts";
import { dense as denseOp } from "../../graph/ops/dense.ts";
import { dropout as dropoutOp } from "../../graph/ops/dropout.ts";
import { embedding as embeddingOp } from "../../graph/ops/embedding.ts";
import { layerNorm as layerNormOp } from "../../graph/ops/layer-norm.ts";
import { reshape as reshapeOp } from "../../graph/ops/reshape.ts";
import { formatShape, type Shape, sizeOf } from "../../graph/shape.ts";
import type { ValueId } from "../../graph/type.ts";
import { BOOLEAN, COUNT, check, POSITIVE, readOptions, refuseMore, SHARE, STRING } from "../../options.ts";
import type { NestedRows } from "../../rows/data.ts";
import {
  type Activation,
  activate,
  defaultInitializer,
  type InitializerName,
  initializer,
  parseActivation,
} from "../activations.ts";
import { type Layer, layer, type NameOption, nameIn, variable, withOps } from "../layer.ts";
import type { Tensor } from "../tensor.ts";
import { nextStream } from "./draws.ts";

export interface DenseOptions {
  /** Applied to every output: a name, a layer such as `mish()`, or a function of a tensor. Default: `"linear"`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** How the weights `[in, units]` start. Default: what suits the activation (He for the relu family, layers and functions, else Glorot). */
  readonly weightInitializer?: InitializerName | Initializer;
  /** How the biases `[units]` start. Default: `"zeros"`. */
  readonly biasInitializer?: InitializerName | Initializer;
  /** Default: `dense1`, `dense2`, .. in the order of use. */
  readonly name?: string;
}

/**
 * A fully connected layer: `Y = activation(X W + b)`.
 *
 * X [.., in], W [in, units] named `<name>.weight`, b [units] named `<name>.bias` -> Y [.., units]
 *
 * @param units number of outputs, a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input without a last axis of fixed length
 * @example
 * const model = sequential({ input: [2] }, [dense(8, { activation: "tanh" }), dense(1)]);
 */
export function dense(units: number, options: DenseOptions = {}): Layer<"same"> {
  refuseMore("dense", arguments, 2);
  const read = readOptions("dense", options, {
    activation: ["linear"],
    bias: [true, BOOLEAN],
    weightInitializer: [],
    biasInitializer: ["zeros"],
    name: [undefined, STRING],
  });
  const { bias, biasInitializer, name: given } = read;
  const who = given ?? "dense";
  check(who, "units, the first argument,", units, COUNT);
  const activation = parseActivation(who, read.activation);
  const { weightInitializer = defaultInitializer(activation.name) } = read;
  return layer(
    "dense",
    [units, options],
    given,
    (name, x) => {
      const fanIn = x.shape[x.shape.length - 1];
      if (x.shape.length < 2 || !(fanIn > 0))
        throw new ShapeError(
          `${name}: dense needs an input [.., in] with at least one feature; got ${formatShape(x.shape)}`,
        );
      const make = (part: string, shape: number[], init: InitializerName | Initializer) =>
        variable(x, `${name}.${part}`, shape, initializer(name, init, sizeOf(shape), fanIn, units));
      const weight = make("weight", [fanIn, units], weightInitializer);
      return bias ? [weight, make("bias", [units], biasInitializer)] : [weight];
    },
    (x, parameters) => {
      const inputs = [x, ...parameters].map((value) => value.id);
      return activate(x.emit(denseOp, { fn: Fn.Identity, alpha: 0 }, inputs), activation);
    },
  );
}

/**
 * An activation as a layer of its own.
 *
 * @example
 * const model = sequential({ input: [4] }, [dense(8), activation("relu"), dense(1)]);
 */
export function activation(fn: Activation, options: NameOption = {}): Layer<"same"> {
  refuseMore("activation", arguments, 2);
  const name = nameIn("activation", options);
  const parsed = parseActivation(name ?? "activation", fn);
  return layer(
    "activation",
    [fn, options],
    name,
    () => [],
    (x) => activate(x, parsed),
  );
}

/**
 * Sets a share of the numbers to 0 while training, others in each pass, and scales the rest by `1 / (1 - rate)`; outside
 * training it does nothing. Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
 *
 * What is dropped is drawn by seed, step and place in the batch: a run that is sliced or resumed drops the same.
 *
 * @param rate the share that is dropped, in [0, 1)
 * @throws OptionError for a rate out of range
 * @example
 * const model = sequential({ input: [8] }, [dense(32, { activation: "relu" }), dropout(0.2), dense(3)]);
 */
export const dropout = /* @__PURE__ */ withOps(
  function dropout(rate: number, options: NameOption = {}): Layer<"same"> {
    refuseMore("dropout", arguments, 2);
    const name = nameIn("dropout", options);
    check(name ?? "dropout", "rate, the first argument,", rate, SHARE);
    return layer(
      "dropout",
      [rate, options],
      name,
      () => [],
      (x, _, who) => {
        const stream = nextStream(who, x);
        return rate === 0 ? x : x.emit(dropoutOp, { rate, stream }, [x.id]);
      },
    );
  },
  [dropoutOp],
);

export interface BatchNormOptions extends NameOption {
  /** How much of the running statistics stays at each update, in [0, 1). PyTorch's momentum is 1 minus this. Default: 0.9. */
  readonly momentum?: number;
  /** Added to the variance, > 0. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * Normalizes each column by its mean and variance: while training those of the batch, otherwise running averages of them,
 * which move once an update. Then `y = gamma x + beta`. Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
 *
 * X [.., n] -> Y [.., n]; gamma, beta [n] are trained, named `<name>.gamma` and `<name>.beta`; runningMean, runningVariance
 * [n] are part of the state. As in PyTorch, batches are normalized by the variance divided by m, and the running one is
 * of m - 1; a batch of one row leaves that one as it is. With `accumulate`, each batch of a group is normalized by its own
 * statistics, and the running averages move by those of the last batch.
 *
 * @throws OptionError for a setting out of range, ShapeError for an input without a last axis of fixed length
 * @example
 * const model = sequential({ input: [8] }, [dense(32), batchNorm(), activation("relu"), dense(3)]);
 */
export const batchNorm = /* @__PURE__ */ withOps(
  function batchNorm(options: BatchNormOptions = {}): Layer<"same"> {
    refuseMore("batchNorm", arguments, 1);
    const { momentum, epsilon, name } = readOptions("batchNorm", options, {
      momentum: [0.9, SHARE],
      epsilon: [1e-5, POSITIVE],
      name: [undefined, STRING],
    });
    return layer(
      "batchNorm",
      [options],
      name,
      (layerName, x) => {
        const columns = [columnsOf(layerName, "batchNorm", x)];
        return [
          variable(x, `${layerName}.gamma`, columns, { kind: "constant", value: 1 }),
          variable(x, `${layerName}.beta`, columns, { kind: "constant", value: 0 }),
          variable(x, `${layerName}.runningMean`, columns, { kind: "constant", value: 0 }),
          variable(x, `${layerName}.runningVariance`, columns, { kind: "constant", value: 1 }, true),
        ];
      },
      (x, parameters) => {
        const { builder } = x;
        const ids = parameters.map(({ id }) => id);
        const [y, mean, variance] = builder.emit(batchNormOp, { epsilon }, [x.id, ...ids]);
        const count = sizeOf(x.shape.slice(0, -1));
        const move = (average: ValueId, statistic: ValueId, observations: number) =>
          builder.update(average, (current) => {
            const attrs = { share: 1 - momentum, count: observations };
            return builder.emit(approach, attrs, [current, statistic])[0];
          });
        move(ids[2], mean, 0);
        move(ids[3], variance, count);
        return x.of(y);
      },
    );
  },
  [batchNormOp, approach],
);

export interface EmbeddingOptions extends NameOption {
  /**
   * How the table `[vocabulary, units]` starts; names take `vocabulary` for the inputs of a layer. Default: uniform on
   * [-0.05, 0.05).
   */
  readonly tableInitializer?: InitializerName | Initializer;
}

/**
 * A table of vectors, looked up by number: words, customers, days of the week.
 *
 * ids [..] of dtype i32, whole numbers from 0 to vocabulary - 1 -> Y [.., units]; the table [vocabulary, units] is named
 * `<name>.table`
 *
 * @param vocabulary rows of the table, a whole number >= 1
 * @param units      length of a vector, a whole number >= 1
 * @throws OptionError for a setting out of range, TraceError for an input that is not i32
 * @example
 * const words = { shape: [16], dtype: "i32" } as const;
 * const model = sequential({ input: words }, [embedding(1000, 8), flatten(), dense(1)]);
 */
export const embedding = /* @__PURE__ */ withOps(
  function embedding(vocabulary: number, units: number, options: EmbeddingOptions = {}): Layer<"deeper"> {
    refuseMore("embedding", arguments, 3);
    const { tableInitializer, name } = readOptions("embedding", options, {
      tableInitializer: [{ kind: "uniform", low: -0.05, high: 0.05 }],
      name: [undefined, STRING],
    });
    const who = name ?? "embedding";
    check(who, "vocabulary, the first argument,", vocabulary, COUNT);
    check(who, "units, the second argument,", units, COUNT);
    return layer(
      "embedding",
      [vocabulary, units, options],
      name,
      (layerName, x) => {
        const shape = [vocabulary, units];
        const init = initializer(layerName, tableInitializer, vocabulary * units, vocabulary, units);
        return [variable(x, `${layerName}.table`, shape, init)];
      },
      (x, [table]) => x.emit(embeddingOp, { vocabulary }, [x.id, table.id]),
    );
  },
  [embeddingOp],
);

export interface LayerNormOptions extends NameOption {
  /** Added to the variance, > 0. Default: 1e-5. */
  readonly epsilon?: number;
}

/**
 * Normalizes each row along its last axis: `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, the same in training and
 * outside it. Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450
 *
 * X [.., n] -> Y [.., n]; gamma, beta [n] are named `<name>.gamma` and `<name>.beta`
 *
 * @throws OptionError for a setting out of range, ShapeError for an input without a last axis of fixed length
 * @example
 * const model = sequential({ input: [8] }, [dense(32), layerNorm(), activation("gelu"), dense(3)]);
 */
export const layerNorm = /* @__PURE__ */ withOps(
  function layerNorm(options: LayerNormOptions = {}): Layer<"same"> {
    refuseMore("layerNorm", arguments, 1);
    const { epsilon, name } = readOptions("layerNorm", options, {
      epsilon: [1e-5, POSITIVE],
      name: [undefined, STRING],
    });
    return layer(
      "layerNorm",
      [options],
      name,
      (layerName, x) => {
        const columns = [columnsOf(layerName, "layerNorm", x)];
        return [
          variable(x, `${layerName}.gamma`, columns, { kind: "constant", value: 1 }),
          variable(x, `${layerName}.beta`, columns, { kind: "constant", value: 0 }),
        ];
      },
      (x, parameters) => x.emit(layerNormOp, { epsilon }, [x.id, ...parameters.map(({ id }) => id)]),
    );
  },
  [layerNormOp],
);

/** The length of the last axis, which must be fixed. */
function columnsOf(who: string, kind: string, x: Tensor): number {
  const columns = x.shape[x.shape.length - 1];
  if (x.shape.length < 2 || !(columns > 0))
    throw new ShapeError(`${who}: ${kind} needs an input [.., n] of fixed n; got ${formatShape(x.shape)}`);
  return columns;
}

/**
 * Turns each row into a vector: `[rows, a, b, ..]` to `[rows, a b ..]`.
 *
 * @example
 * const model = sequential({ input: [28, 28] }, [flatten(), dense(10)]);
 */
export function flatten(options: NameOption = {}): Layer<number[][]> {
  refuseMore("flatten", arguments, 1);
  return layer(
    "flatten",
    [options],
    nameIn("flatten", options),
    () => [],
    (x) => withShape(x, [sizeOf(x.shape.slice(1))]),
  );
}

/**
 * Gives each row another shape of as many elements.
 *
 * @example
 * const model = sequential({ input: [784] }, [reshape([28, 28]), flatten(), dense(10)]);
 */
export function reshape<const S extends Shape>(shape: S, options: NameOption = {}): Layer<NestedRows<S>> {
  refuseMore("reshape", arguments, 2);
  if (!Array.isArray(shape))
    throw new ShapeError(
      `reshape: shape must be an array of whole numbers, such as [28, 28]; got ${describe(shape)}`,
    );
  return layer(
    "reshape",
    [shape, options],
    nameIn("reshape", options),
    () => [],
    (x) => withShape(x, shape),
  );
}

const withShape = (x: Tensor, shape: Shape) => x.emit(reshapeOp, { shape: [x.shape[0], ...shape] }, [x.id]);
