/** Attention: of tensors, as a layer with its projections, and in a transformer block. */
import { ShapeError } from "../../errors.ts";
import type { Initializer } from "../../graph/graph.ts";
import { BinaryFn, Fn } from "../../graph/op.ts";
import { attention } from "../../graph/ops/attention.ts";
import { binary } from "../../graph/ops/binary.ts";
import { dense } from "../../graph/ops/dense.ts";
import { dropout as dropoutOp } from "../../graph/ops/dropout.ts";
import { layerNorm } from "../../graph/ops/layer-norm.ts";
import { formatShape, sizeOf } from "../../graph/shape.ts";
import { BOOLEAN, COUNT, check, POSITIVE, readOptions, refuseMore, SHARE, STRING } from "../../options.ts";
import {
  type Activation,
  activate,
  defaultInitializer,
  type InitializerName,
  initializer,
  parseActivation,
} from "../activations.ts";
import { type LayerWith, layer, type NameOption, variable, withOps } from "../layer.ts";
import { checkMask, same } from "../operands.ts";
import type { Tensor } from "../tensor.ts";
import { nextStream } from "./draws.ts";

export interface AttentionOptions {
  /** Heads, side by side in the features, a whole number that divides them. Default: 1. */
  readonly heads?: number;
  /**
   * Whether place i sees the places up to i only; needs as many keys as queries. Later places that are finite change no bit. Default:
   * false.
   */
  readonly causal?: boolean;
  /** Which keys are real, `[.., T]`: 0 for those that nobody may see. Default: all. */
  readonly mask?: Tensor;
}

/**
 * Scaled dot-product attention: each query gets the mean of the values, weighted by `softmax(q k / sqrt(size))` over the keys. Vaswani
 * et al. 2017, https://arxiv.org/abs/1706.03762
 *
 * queries [.., Tq, heads size], keys [.., Tk, heads size], values [.., Tk, heads width] -> [.., Tq, heads width]. A query that may see
 * no key gets 0. What a query does not see changes no bit of its output where it is finite; NaN or infinite values count with a weight
 * of 0, and may make NaN of it.
 *
 * @throws OptionError for a bad option, ShapeError for shapes that do not fit, heads that do not divide the features, and T that depends
 *   on the rows
 * @example
 * const net = model({ inputs: { x: [6, 8], mask: [6] } }, ({ x, mask }) =>
 *   dense(1)(scaledDotProductAttention(x, x, x, { heads: 2, mask }).mean(1)),
 * );
 */
export const scaledDotProductAttention = /* @__PURE__ */ withOps(
  function scaledDotProductAttention(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    options: AttentionOptions = {},
  ): Tensor {
    const who = "scaledDotProductAttention";
    refuseMore(who, arguments, 4);
    const { heads, causal, mask } = readOptions(who, options, {
      heads: [1, COUNT],
      causal: [false, BOOLEAN],
      mask: [],
    });
    same(queries, queries, who);
    const given = mask === undefined ? [keys, values] : [keys, values, mask];
    for (const other of given) same(queries, other, who);
    return attend(queries, given, { heads, causal });
  },
  [attention],
);

function attend(
  q: Tensor,
  others: readonly Tensor[],
  { heads, causal, rate = 0, stream = 0 }: { heads: number; causal: boolean; rate?: number; stream?: number },
): Tensor {
  return q.emit(attention, { heads, causal, rate, stream }, [q.id, ...others.map(({ id }) => id)]);
}

export interface MultiHeadAttentionOptions extends NameOption {
  /** Heads, a whole number >= 1. */
  readonly heads: number;
  /** Whether place i sees the places up to i only; later ones that are finite change no bit. Default: false. */
  readonly causal?: boolean;
  /** Features of a query and a key in one head, and of a value. Default: the features of the input, divided by the heads. */
  readonly keySize?: number;
  /** The share of the weights that is dropped while training, in [0, 1). Default: 0. */
  readonly dropout?: number;
  /** Whether the four projections have biases. Default: true. */
  readonly bias?: boolean;
  /** How the weights of the projections start. Default: `"glorotUniform"`. */
  readonly weightInitializer?: InitializerName | Initializer;
}

export interface MultiHeadAttentionCall {
  /** What keys and values are made of, `[rows, Tk, features]`: cross attention. Default: the input itself. */
  readonly context?: Tensor;
  /** Which places of the context are real, `[rows, Tk]`: 0 for padding, which nobody sees. Default: all. */
  readonly mask?: Tensor;
}

/** What attention with its projections is made by. */
interface Projections {
  readonly heads: number;
  readonly causal: boolean;
  readonly keySize: number | undefined;
  readonly dropout: number;
  readonly bias: boolean;
  readonly weightInitializer: InitializerName | Initializer;
}

/** What a call of it is about. */
interface Attended {
  readonly context: Tensor;
  readonly mask?: Tensor;
}

/** A sequence of fixed features. */
function checkSequence(who: string, kind: string, x: Tensor): number {
  const [, T, features] = x.shape;
  if (x.shape.length !== 3 || !(T > 0 && features > 0))
    throw new ShapeError(`${who}: ${kind} needs sequences [rows, T, features]; got ${formatShape(x.shape)}`);
  return features;
}

/** Weight and bias of a dense layer as part of another layer: `<name>.weight`, `<name>.bias`. */
function makeDense(
  x: Tensor,
  name: string,
  [fanIn, units]: readonly [number, number],
  weightInitializer: InitializerName | Initializer,
  bias = true,
): readonly Tensor[] {
  const shape = [fanIn, units];
  const init = initializer(name, weightInitializer, sizeOf(shape), fanIn, units);
  const weight = variable(x, `${name}.weight`, shape, init);
  return bias ? [weight, variable(x, `${name}.bias`, [units], { kind: "constant", value: 0 })] : [weight];
}

const project = (x: Tensor, parameters: readonly Tensor[]): Tensor =>
  x.emit(dense, { fn: Fn.Identity, alpha: 0 }, [x.id, ...parameters.map(({ id }) => id)]);

/** What a part of a layer makes, under the part's own name. */
function inPart(x: Tensor, part: string, make: () => Tensor): Tensor {
  const { builder } = x;
  const outer = builder.scope;
  builder.scope = `${outer}.${part}`;
  try {
    return make();
  } finally {
    builder.scope = outer;
  }
}

function makeProjections(
  name: string,
  x: Tensor,
  context: Tensor,
  { heads, keySize, weightInitializer, bias }: Projections,
): readonly Tensor[] {
  const features = checkSequence(name, "attention", x);
  const size = keySize ?? features / heads;
  if (!Number.isInteger(size))
    throw new ShapeError(
      `${name}: heads must divide the features, or keySize be given; got ${heads} heads for ${formatShape(x.shape)}`,
    );
  const inner = heads * size;
  const make = (part: string, fanIn: number, units: number) =>
    makeDense(x, `${name}.${part}`, [fanIn, units], weightInitializer, bias);
  const ofContext = checkSequence(name, "attention", context);
  return [
    ...make("query", features, inner),
    ...make("key", ofContext, inner),
    ...make("value", ofContext, inner),
    ...make("output", inner, features),
  ];
}

/** Attention of x to a context, with what `makeProjections` made. */
function attendProjected(
  x: Tensor,
  parameters: readonly Tensor[],
  who: string,
  { context, mask }: Attended,
  { heads, causal, dropout, bias }: Projections,
): Tensor {
  const each = bias ? 2 : 1;
  const projected = (part: string, i: number, of: Tensor) =>
    inPart(x, part, () => project(of, parameters.slice(i * each, (i + 1) * each)));
  const q = projected("query", 0, x);
  const others = [projected("key", 1, context), projected("value", 2, context)];
  if (mask !== undefined) others.push(mask);
  const draws = dropout === 0 ? {} : { rate: dropout, stream: nextStream(who, x) };
  return projected("output", 3, attend(q, others, { heads, causal, ...draws }));
}

/**
 * Multi-head attention: queries of the input, keys and values of the input itself or of a context, `scaledDotProductAttention` by heads, and
 * a projection back. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 *
 * X [rows, T, n], context [rows, Tk, c] -> Y [rows, T, n]; weights `<name>.query.weight` [n, heads keySize], `<name>.key.weight` and
 * `<name>.value.weight` [c, heads keySize], `<name>.output.weight` [heads keySize, n], each with its `.bias`
 *
 * @throws OptionError for a setting out of range, ShapeError for heads that do not divide n, an input that is no sequence, a mask of
 *   another shape, and a causal layer whose context has another length
 * @example
 * const net = model({ inputs: { x: [10, 16], mask: [10] } }, ({ x, mask }) =>
 *   dense(2)(multiHeadAttention({ heads: 4 })(x, { mask }).mean(1)),
 * );
 */
export const multiHeadAttention = /* @__PURE__ */ withOps(
  function multiHeadAttention(options: MultiHeadAttentionOptions): LayerWith<MultiHeadAttentionCall, "same"> {
    refuseMore("multiHeadAttention", arguments, 1);
    const read = readOptions("multiHeadAttention", options, {
      heads: [],
      causal: [false, BOOLEAN],
      keySize: [undefined, COUNT],
      dropout: [0, SHARE],
      bias: [true, BOOLEAN],
      weightInitializer: ["glorotUniform"],
      name: [undefined, STRING],
    });
    const { name, heads } = read;
    check(name ?? "multiHeadAttention", "heads", heads, COUNT);
    return layer(
      "multiHeadAttention",
      [options],
      name,
      (who, x, { context }: Attended) => makeProjections(who, x, context, read),
      (x, parameters, who, call: Attended) => attendProjected(x, parameters, who, call, read),
      (who, x, given: MultiHeadAttentionCall): Attended => {
        const { context, mask } = readOptions(who, given, { context: [x], mask: [] });
        same(x, context, who);
        checkSequence(who, "attention", x);
        checkSequence(who, "attention", context);
        if (mask !== undefined) checkMask(who, context, mask);
        return { context, mask };
      },
    );
  },
  [attention, dense],
);

export interface TransformerBlockOptions extends NameOption {
  /** Heads of the attention, a whole number that divides the features. */
  readonly heads: number;
  /** Units of the hidden layer between the two dense ones. Default: 4 times the features. */
  readonly hidden?: number;
  /** The share dropped, while training, of the attention's weights, after it, of the hidden units and after these; in [0, 1). Default: 0. */
  readonly dropout?: number;
  /** Whether place i sees the places up to i only; later ones that are finite change no bit. Default: false. */
  readonly causal?: boolean;
  /** Of the hidden layer. Default: `"gelu"`. */
  readonly activation?: Activation;
  /** Whether norms stand before attention and dense layers, or after what is added. Default: true. */
  readonly normFirst?: boolean;
  /** Added to the variances of the norms, > 0. Default: 1e-5. */
  readonly epsilon?: number;
}

export interface TransformerBlockCall {
  /** Which places are real, `[rows, T]`: 0 for padding, which nobody sees. Default: all. */
  readonly mask?: Tensor;
}

/**
 * A block of a transformer: self attention, then two dense layers at each place, each around a residual connection.
 *
 *   norm first   x += attention(norm1(x));  y = x + output(activation(hidden(norm2(x))))
 *   norm last    x = norm1(x + attention(x));  y = norm2(x + output(activation(hidden(x))))
 *
 * X [rows, T, n] -> Y [rows, T, n]; parameters `<name>.norm1.gamma`, `<name>.norm1.beta`, those of `multiHeadAttention` as
 * `<name>.attention.*`, `<name>.norm2.*`, `<name>.hidden.weight` [n, hidden], `<name>.output.weight` [hidden, n], with biases. Vaswani et al.
 * 2017, https://arxiv.org/abs/1706.03762; norms first: Xiong et al. 2020, https://arxiv.org/abs/2002.04745
 *
 * @throws OptionError for a setting out of range, ShapeError for heads that do not divide n, an input that is no sequence and a mask of
 *   another shape
 * @example
 * const net = sequential({ input: [10, 16] }, [transformerBlock({ heads: 4 }), flatten(), dense(2)]);
 */
export const transformerBlock = /* @__PURE__ */ withOps(
  function transformerBlock(options: TransformerBlockOptions): LayerWith<TransformerBlockCall, "same"> {
    refuseMore("transformerBlock", arguments, 1);
    const read = readOptions("transformerBlock", options, {
      heads: [],
      hidden: [undefined, COUNT],
      dropout: [0, SHARE],
      causal: [false, BOOLEAN],
      activation: ["gelu"],
      normFirst: [true, BOOLEAN],
      epsilon: [1e-5, POSITIVE],
      name: [undefined, STRING],
    });
    const { name, heads, causal, dropout, normFirst, epsilon } = read;
    const given = name ?? "transformerBlock";
    check(given, "heads", heads, COUNT);
    const activation = parseActivation(given, read.activation);
    const projections: Projections = {
      ...{ heads, causal, dropout, keySize: undefined, bias: true, weightInitializer: "glorotUniform" },
    };
    const drop = (who: string, x: Tensor) =>
      dropout === 0 ? x : x.emit(dropoutOp, { rate: dropout, stream: nextStream(who, x) }, [x.id]);
    const add = (x: Tensor, y: Tensor) => x.emit(binary, { fn: BinaryFn.Add }, [x.id, y.id]);
    return layer(
      "transformerBlock",
      [options],
      name,
      (who, x) => {
        const features = checkSequence(who, "transformerBlock", x);
        const hidden = read.hidden ?? 4 * features;
        const makeNorm = (part: string) => [
          variable(x, `${who}.${part}.gamma`, [features], { kind: "constant", value: 1 }),
          variable(x, `${who}.${part}.beta`, [features], { kind: "constant", value: 0 }),
        ];
        return [
          ...makeNorm("norm1"),
          ...makeProjections(`${who}.attention`, x, x, projections),
          ...makeNorm("norm2"),
          ...makeDense(x, `${who}.hidden`, [features, hidden], defaultInitializer(activation.name)),
          ...makeDense(x, `${who}.output`, [hidden, features], "glorotUniform"),
        ];
      },
      (x, parameters, who, { mask }) => {
        const [norm1, attentions, norm2, hidden, output] = [0, 2, 10, 12, 14].map((from, i, starts) =>
          parameters.slice(from, starts[i + 1]),
        );
        const norm = (y: Tensor, part: string, [gamma, beta]: readonly Tensor[]) =>
          inPart(x, part, () => y.emit(layerNorm, { epsilon }, [y.id, gamma.id, beta.id]));
        const attended = (y: Tensor) =>
          drop(
            who,
            inPart(x, "attention", () =>
              attendProjected(y, attentions, who, { context: y, mask }, projections),
            ),
          );
        const mapped = (y: Tensor) => {
          const h = inPart(x, "hidden", () => activate(project(y, hidden), activation));
          return drop(
            who,
            inPart(x, "output", () => project(drop(who, h), output)),
          );
        };
        if (normFirst) {
          const middle = add(x, attended(norm(x, "norm1", norm1)));
          return add(middle, mapped(norm(middle, "norm2", norm2)));
        }
        const middle = norm(add(x, attended(x)), "norm1", norm1);
        return norm(add(middle, mapped(middle)), "norm2", norm2);
      },
      (who, x, call: TransformerBlockCall) => {
        const { mask } = readOptions(who, call, { mask: [] });
        checkSequence(who, "transformerBlock", x);
        if (mask !== undefined) checkMask(who, x, mask);
        return { mask };
      },
    );
  },
  [attention, binary, dense, dropoutOp, layerNorm],
);
