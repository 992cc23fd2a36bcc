/** Convolutions whose channels do not meet, and those that add a product over channels behind. */
import type { Initializer } from "../../graph/graph.ts";
import { Fn } from "../../graph/op.ts";
import { dense } from "../../graph/ops/dense.ts";
import { depthwise } from "../../graph/ops/depthwise.ts";
import { broadcast } from "../../graph/ops/reduce.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import type { Shape } from "../../graph/shape.ts";
import { BOOLEAN, COUNT, check, readOptions, refuseMore, STRING } from "../../options.ts";
import {
  type Activation,
  activate,
  defaultInitializer,
  type InitializerName,
  initializer,
  parseActivation,
} from "../activations.ts";
import { type Layer, layer, type NameOption, variable, withOps } from "../layer.ts";
import type { Tensor } from "../tensor.ts";
import { type Padding, type Padding1d, type PerAxis, perAxis, readPadding, windowsOn } from "./windows.ts";

/** Options of `depthwiseConv1d`; those of `depthwiseConv2d` take a pair for each axis, too. */
export interface DepthwiseConv1dOptions extends NameOption {
  /** Size of the filters. Default: 3. */
  readonly kernel?: number;
  /** Places from one window to the next. Default: 1. */
  readonly stride?: number;
  /** What stands around the sequence: zeros. Default: `"valid"`. */
  readonly padding?: Padding1d;
  /** Places from one element of a window to the next. Default: 1. */
  readonly dilation?: number;
  /** How many filters each channel has. Default: 1. */
  readonly multiplier?: number;
  /** Applied to every output. Default: `"linear"`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** How the filters `[.., c, multiplier]` start; names take the elements of a filter for inputs. Default: what suits the activation. */
  readonly weightInitializer?: InitializerName | Initializer;
  /** How the biases start. Default: `"zeros"`. */
  readonly biasInitializer?: InitializerName | Initializer;
}

export interface DepthwiseConv2dOptions
  extends Omit<DepthwiseConv1dOptions, "kernel" | "stride" | "padding" | "dilation"> {
  /** Size of the filters: one number or `[height, width]`. Default: 3. */
  readonly kernel?: PerAxis;
  /** Places from one window to the next: one number or `[height, width]`. Default: 1. */
  readonly stride?: PerAxis;
  /** What stands around the image: zeros. Default: `"valid"`. */
  readonly padding?: Padding;
  /** Places from one element of a window to the next: one number or `[height, width]`. Default: 1. */
  readonly dilation?: PerAxis;
}

/** As of `depthwiseConv1d`; `weightInitializer` is of both products. */
export interface SeparableConv1dOptions extends DepthwiseConv1dOptions {}

/** As of `depthwiseConv2d`; `weightInitializer` is of both products. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {}

type AnyOptions = DepthwiseConv1dOptions | DepthwiseConv2dOptions;

function read(kind: string, axes: 1 | 2, options: AnyOptions) {
  const given = readOptions(kind, options as DepthwiseConv2dOptions, {
    kernel: [3],
    stride: [1],
    padding: ["valid"],
    dilation: [1],
    multiplier: [1, COUNT],
    activation: ["linear"],
    bias: [true, BOOLEAN],
    weightInitializer: [],
    biasInitializer: ["zeros"],
    name: [undefined, STRING],
  });
  const who = given.name ?? kind;
  const activation = parseActivation(who, given.activation);
  return {
    ...given,
    activation,
    weightInitializer: given.weightInitializer ?? defaultInitializer(activation.name),
    padding: readPadding(who, given.padding, axes),
    windows: {
      size: perAxis(who, "kernel", given.kernel, axes),
      stride: perAxis(who, "stride", given.stride, axes),
      dilation: perAxis(who, "dilation", given.dilation, axes),
    },
  };
}

type Read = ReturnType<typeof read>;

/** The windows on x; refuses what is no image, and windows that are too large. */
const windowsFor = (kind: string, who: string, x: Tensor, { windows, padding }: Read) => {
  const { counts: _, ...attrs } = windowsOn(who, kind, x.shape, windows, padding);
  return attrs;
};

const shaped = (x: Tensor, shape: Shape): Tensor => x.emit(reshape, { shape }, [x.id]);

/** Each channel `multiplier` times, one beside the other. */
function repeated(x: Tensor, multiplier: number): Tensor {
  if (multiplier === 1) return x;
  const front = x.shape.slice(0, -1);
  const c = x.shape[x.shape.length - 1];
  const single = shaped(x, [...x.shape, 1]);
  const many = single.emit(broadcast, { shape: [...x.shape, multiplier], divisor: 1 }, [single.id]);
  return shaped(many, [...front, c * multiplier]);
}

/** @param filters [.., c, multiplier] */
function filtered(
  kind: string,
  who: string,
  x: Tensor,
  given: Read,
  filters: Tensor,
  bias: readonly Tensor[],
): Tensor {
  const attrs = windowsFor(kind, who, x, given);
  const wide = repeated(x, given.multiplier);
  const f = shaped(filters, [...attrs.size, wide.shape[wide.shape.length - 1]]);
  return wide.emit(
    depthwise,
    attrs,
    [wide, f, ...bias].map(({ id }) => id),
  );
}

function depthwiseConv(kind: string, axes: 1 | 2, options: AnyOptions): Layer<"same"> {
  const given = read(kind, axes, options);
  const { multiplier, bias, weightInitializer, biasInitializer } = given;
  const { size } = given.windows;
  return layer(
    kind,
    [options],
    given.name,
    (who, x) => {
      windowsFor(kind, who, x, given);
      const c = x.shape[axes + 1];
      const make = (part: string, shape: number[], init: InitializerName | Initializer) => {
        const fanIn = product(size);
        const started = initializer(who, init, product(shape), fanIn, fanIn * multiplier);
        return variable(x, `${who}.${part}`, shape, started);
      };
      const weight = make("weight", [...size, c, multiplier], weightInitializer);
      return bias ? [weight, make("bias", [c * multiplier], biasInitializer)] : [weight];
    },
    (x, [weight, ...biases], who) =>
      activate(filtered(kind, who, x, given, weight, biases), given.activation),
  );
}

const product = (shape: Shape) => shape.reduce((p, d) => p * d, 1);

function separableConv(kind: string, axes: 1 | 2, filters: unknown, options: AnyOptions): Layer<"same"> {
  const given = read(kind, axes, options);
  const { multiplier, bias, weightInitializer, biasInitializer } = given;
  const { size } = given.windows;
  check(given.name ?? kind, "filters, the first argument,", filters, COUNT);
  const units = filters as number;
  return layer(
    kind,
    [filters, options],
    given.name,
    (who, x) => {
      windowsFor(kind, who, x, given);
      const c = x.shape[axes + 1];
      const between = c * multiplier;
      const make = (
        part: string,
        shape: number[],
        fans: readonly [number, number],
        init = weightInitializer,
      ) => variable(x, `${who}.${part}`, shape, initializer(who, init, product(shape), ...fans));
      const taps = product(size);
      const weights = [
        make("depthwise", [...size, c, multiplier], [taps, taps * multiplier]),
        make("pointwise", [between, units], [between, units]),
      ];
      return bias ? [...weights, make("bias", [units], [between, units], biasInitializer)] : weights;
    },
    (x, [first, second, ...biases], who) => {
      const y = filtered(kind, who, x, given, first, []);
      const inputs = [y, second, ...biases].map(({ id }) => id);
      return activate(y.emit(dense, { fn: Fn.Identity, alpha: 0 }, inputs), given.activation);
    },
  );
}

/**
 * Convolution of each channel by filters of its own; channels do not meet.
 * `Y[b, i, j, q m + k] = activation(sum over (p, r) of X[b, i s + p d, j s + r d, q] W[p, r, q, k] + bias)`, with s the stride, d the
 * dilation, and zeros around the image as padding says.
 *
 * X [rows, h, w, c], W [kh, kw, c, m] named `<name>.weight`, bias [c m] named `<name>.bias` -> Y [rows, oh, ow, c m]
 *
 * @throws OptionError for a bad option, ShapeError for an input that is no image, and for filters larger than the padded one
 * @example
 * const model = sequential({ input: [8, 8, 3] }, [depthwiseConv2d({ kernel: 3, padding: "same" }), flatten(), dense(2)]);
 */
export const depthwiseConv2d = /* @__PURE__ */ withOps(
  function depthwiseConv2d(options: DepthwiseConv2dOptions = {}): Layer<"same"> {
    refuseMore("depthwiseConv2d", arguments, 1);
    return depthwiseConv("depthwiseConv2d", 2, options);
  },
  [depthwise, broadcast],
);

/**
 * Convolution of each channel of a sequence by filters of its own: `depthwiseConv2d` along one axis.
 *
 * X [rows, t, c], W [k, c, m] named `<name>.weight`, bias [c m] named `<name>.bias` -> Y [rows, ot, c m]
 *
 * @throws OptionError for a bad option, ShapeError for an input that is no sequence, and for filters longer than the padded one
 * @example
 * const model = sequential({ input: [20, 3] }, [depthwiseConv1d({ kernel: 5, padding: [4, 0] }), dense(1)]);
 */
export const depthwiseConv1d = /* @__PURE__ */ withOps(
  function depthwiseConv1d(options: DepthwiseConv1dOptions = {}): Layer<"same"> {
    refuseMore("depthwiseConv1d", arguments, 1);
    return depthwiseConv("depthwiseConv1d", 1, options);
  },
  [depthwise, broadcast],
);

/**
 * Convolution in two steps: each channel by filters of its own, then a product over channels at each place, with bias and activation. For
 * many channels it takes about `1 / (kh kw)` of the multiplications of a convolution. Chollet 2017, https://arxiv.org/abs/1610.02357
 *
 * X [rows, h, w, c], `<name>.depthwise` [kh, kw, c, m], `<name>.pointwise` [c m, filters], `<name>.bias` [filters]
 * -> Y [rows, oh, ow, filters]
 *
 * @param filters channels of the result, a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input that is no image, and for filters larger than the padded one
 * @example
 * const model = sequential({ input: [8, 8, 3] }, [separableConv2d(16, { kernel: 3, activation: "relu" }), flatten(), dense(2)]);
 */
export const separableConv2d = /* @__PURE__ */ withOps(
  function separableConv2d(filters: number, options: SeparableConv2dOptions = {}): Layer<"same"> {
    refuseMore("separableConv2d", arguments, 2);
    return separableConv("separableConv2d", 2, filters, options);
  },
  [depthwise, broadcast],
);

/**
 * Convolution of a sequence in two steps: `separableConv2d` along one axis.
 *
 * X [rows, t, c], `<name>.depthwise` [k, c, m], `<name>.pointwise` [c m, filters], `<name>.bias` [filters] -> Y [rows, ot, filters]
 *
 * @param filters channels of the result, a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input that is no sequence, and for filters longer than the padded one
 * @example
 * const model = sequential({ input: [20, 3] }, [separableConv1d(8, { kernel: 5 }), flatten(), dense(1)]);
 */
export const separableConv1d = /* @__PURE__ */ withOps(
  function separableConv1d(filters: number, options: SeparableConv1dOptions = {}): Layer<"same"> {
    refuseMore("separableConv1d", arguments, 2);
    return separableConv("separableConv1d", 1, filters, options);
  },
  [depthwise, broadcast],
);
