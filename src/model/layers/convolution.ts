/** Convolutions and their transposes, over images and over sequences. */
import { describe } from "../../describe.ts";
import { OptionError, ShapeError } from "../../errors.ts";
import type { Initializer } from "../../graph/graph.ts";
import { BinaryFn, Fn } from "../../graph/op.ts";
import { binary } from "../../graph/ops/binary.ts";
import { checkGroups, conv as convOp, convTranspose as convTransposeOp } from "../../graph/ops/conv.ts";
import { formatShape, sizeOf } from "../../graph/shape.ts";
import { extentOf, needsSpatial, type Windows } from "../../graph/windows.ts";
import { BOOLEAN, COUNT, check, type Rule, readOptions, refuseMore, STRING } from "../../options.ts";
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

/** What all convolutions take. */
export interface FilterOptions extends NameOption {
  /** Parts of the channels that do not see each other, which must divide channels and filters. Default: 1. */
  readonly groups?: number;
  /** Applied to every output. Default: `"linear"`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** How the weights start. Default: what suits the activation (He for the relu family, else Glorot). */
  readonly weightInitializer?: InitializerName | Initializer;
  /** How the biases `[filters]` start. Default: `"zeros"`. */
  readonly biasInitializer?: InitializerName | Initializer;
}

export interface Conv2dOptions extends FilterOptions {
  /** Size of a window: a number, or `[height, width]`. */
  readonly kernel: PerAxis;
  /** Pixels from a window to the next. Default: 1. */
  readonly stride?: PerAxis;
  /** What stands around the image. Default: `"valid"`, nothing. */
  readonly padding?: Padding;
  /** Pixels from an element of a window to the next. Default: 1, neighbours. */
  readonly dilation?: PerAxis;
}

export interface Conv1dOptions extends FilterOptions {
  /** Length of a window. */
  readonly kernel: number;
  /** Places from a window to the next. Default: 1. */
  readonly stride?: number;
  /** What stands around the sequence; two numbers: in front and behind. Default: `"valid"`, nothing. */
  readonly padding?: Padding1d;
  /** Places from an element of a window to the next. Default: 1, neighbours. */
  readonly dilation?: number;
}

export interface Conv2dTransposeOptions extends Conv2dOptions {
  /** Pixels that the output has more, at the bottom and right, each below the stride. Default: 0. */
  readonly outputPadding?: PerAxis;
}

export interface Conv1dTransposeOptions extends Conv1dOptions {
  /** Places that the output has more at the end, below the stride. Default: 0. */
  readonly outputPadding?: number;
}

const FILTERS = {
  kernel: [],
  stride: [1],
  padding: ["valid"],
  dilation: [1],
  groups: [1, COUNT],
  activation: ["linear"],
  bias: [true, BOOLEAN],
  weightInitializer: [],
  biasInitializer: ["zeros"],
  name: [undefined, STRING],
} as const;

/** The options of any of these layers, read: windows by axis, activation, and the name for errors before the layer has one. */
function readFilters(
  kind: string,
  axes: number,
  filters: number,
  options: Conv2dOptions | Conv1dOptions,
  more: object = {},
) {
  const read = readOptions(
    kind,
    options as Conv2dTransposeOptions,
    {
      ...FILTERS,
      ...more,
    } as typeof FILTERS & { outputPadding: [PerAxis] },
  );
  const who = read.name ?? kind;
  check(who, "filters, the first argument,", filters, COUNT);
  const activation = parseActivation(who, read.activation);
  return {
    ...read,
    who,
    activation,
    weightInitializer: read.weightInitializer ?? defaultInitializer(activation.name),
    size: perAxis(who, "kernel", read.kernel, axes),
    stride: perAxis(who, "stride", read.stride, axes),
    dilation: perAxis(who, "dilation", read.dilation, axes),
    padding: readPadding(who, read.padding, axes),
  };
}

const sizes = (list: readonly number[]) => list.reduce((p, q) => p * q, 1);

/** The windows of a layer on the image it is given. */
type WindowsFor = (who: string, x: Tensor) => Windows;

function convolution(
  kind: string,
  axes: number,
  filters: number,
  options: Conv2dOptions | Conv1dOptions,
): Layer<"same"> {
  const read = readFilters(kind, axes, filters, options);
  const { size, groups, bias, activation, weightInitializer, biasInitializer } = read;
  const windowsFor: WindowsFor = (who, { shape }) => {
    const { counts: _, ...windows } = windowsOn(who, kind, shape, read, read.padding);
    return windows;
  };
  return layer(
    kind,
    [filters, options],
    read.name,
    (who, x) => {
      windowsFor(who, x);
      const channels = x.shape[axes + 1];
      checkGroups(who, kind, groups, channels, filters);
      const shape = [...size, channels / groups, filters];
      const fanIn = sizeOf(shape.slice(0, -1));
      const fanOut = (sizes(size) * filters) / groups;
      const make = (part: string, dims: number[], init: InitializerName | Initializer) =>
        variable(x, `${who}.${part}`, dims, initializer(who, init, sizeOf(dims), fanIn, fanOut));
      const weight = make("weight", shape, weightInitializer);
      return bias ? [weight, make("bias", [filters], biasInitializer)] : [weight];
    },
    (x, parameters, who) => {
      const attrs = { ...windowsFor(who, x), groups, fn: Fn.Identity, alpha: 0 };
      return activate(x.emit(convOp, attrs, [x.id, ...parameters.map(({ id }) => id)]), activation);
    },
  );
}

const PLACES: Rule = ["a whole number >= 0", (n: number) => Number.isSafeInteger(n) && n >= 0];

function transposed(
  kind: string,
  axes: number,
  filters: number,
  options: Conv2dTransposeOptions | Conv1dTransposeOptions,
): Layer<"same"> {
  const read = readFilters(kind, axes, filters, options, { outputPadding: [0] });
  const { size, stride, dilation, padding, groups, bias, activation, weightInitializer, biasInitializer } =
    read;
  const extra = perAxis(read.who, "outputPadding", read.outputPadding, axes, PLACES);
  if (padding === "same" && extra.some((n) => n > 0))
    throw new OptionError(
      `${read.who}: outputPadding must be 0 with padding "same", whose output is stride times the input; ` +
        `got ${describe(read.outputPadding)}`,
    );
  if (extra.some((n, i) => n >= stride[i]))
    throw new OptionError(
      `${read.who}: outputPadding must be less than the stride; ` +
        `got ${extra.join(", ")} at a stride of ${stride.join(", ")}`,
    );
  /** The convolution whose transpose this is, and the lengths of its input, which is the layer's output. */
  const attrsFor = (who: string, { shape }: Tensor) => {
    needsSpatial(who, kind, shape, axes);
    const extents = size.map((k, i) => extentOf(k, dilation[i]));
    const inner = shape.slice(1, -1);
    const lengths = inner.map((n, i) =>
      padding === "same"
        ? n * stride[i]
        : (n - 1) * stride[i] + extents[i] - padding.paddingBefore[i] - padding.paddingAfter[i] + extra[i],
    );
    if (!lengths.every((n) => n >= 1))
      throw new ShapeError(
        `${who}: ${kind}: padding must leave an output; got lengths ${lengths.join(", ")} of ${formatShape(shape)}`,
      );
    const output = [shape[0], ...lengths, filters];
    const { counts: _, ...windows } = windowsOn(who, kind, output, read, padding);
    return { ...windows, groups, lengths };
  };
  return layer(
    kind,
    [filters, options],
    read.name,
    (who, x) => {
      attrsFor(who, x);
      const channels = x.shape[axes + 1];
      checkGroups(who, kind, groups, channels, filters);
      const shape = [...size, filters / groups, channels];
      // The inputs that an output is a sum of, on average.
      const fanIn = Math.max(1, (sizes(size) * channels) / groups / sizes(stride));
      const fanOut = (sizes(size) * filters) / groups;
      const make = (part: string, dims: number[], init: InitializerName | Initializer) =>
        variable(x, `${who}.${part}`, dims, initializer(who, init, sizeOf(dims), fanIn, fanOut));
      const weight = make("weight", shape, weightInitializer);
      return bias ? [weight, make("bias", [filters], biasInitializer)] : [weight];
    },
    (x, [weight, b], who) => {
      const y = x.emit(convTransposeOp, attrsFor(who, x), [x.id, weight.id]);
      return activate(b ? y.emit(binary, { fn: BinaryFn.Add }, [y.id, b.id]) : y, activation);
    },
  );
}

/**
 * Convolution of images: each output pixel is `activation(window W + b)`, the window being what the kernel covers of the image there.
 * LeCun et al. 1989, https://doi.org/10.1162/neco.1989.1.4.541
 *
 * X [rows, h, w, in], W [kh, kw, in / groups, filters] named `<name>.weight`, b [filters] named `<name>.bias` -> Y [rows, oh, ow, filters]
 * with `oh = floor((top + h + bottom - (kh - 1) dilation - 1) / stride) + 1`. As in PyTorch and Keras, the kernel is not turned over
 * (cross-correlation). In groups, filters `g filters / groups ..` see channels `g in / groups ..` alone.
 *
 * @param filters channels of the output, a whole number >= 1
 * @throws OptionError for a bad option; ShapeError for an input that is not `[rows, height, width, channels]`, a kernel larger than the
 *   padded image, groups that do not divide channels and filters
 * @example
 * const model = sequential({ input: [28, 28, 1] }, [
 *   conv2d(6, { kernel: 5, padding: "same", activation: "relu" }),
 *   conv2d(16, { kernel: 5, stride: 2, activation: "relu" }),
 *   flatten(),
 *   dense(10, { activation: "softmax" }),
 * ]);
 */
export const conv2d = /* @__PURE__ */ withOps(
  function conv2d(filters: number, options: Conv2dOptions): Layer<"same"> {
    refuseMore("conv2d", arguments, 2);
    return convolution("conv2d", 2, filters, options);
  },
  [convOp],
);

/**
 * Convolution of sequences: as `conv2d`, over one axis.
 *
 * X [rows, t, in], W [k, in / groups, filters] named `<name>.weight`, b [filters] named `<name>.bias` -> Y [rows, ot, filters]
 * with `ot = floor((before + t + after - (k - 1) dilation - 1) / stride) + 1`. With `padding: [(k - 1) * dilation, 0]` an output sees
 * nothing that comes after it.
 *
 * @param filters channels of the output, a whole number >= 1
 * @throws OptionError for a bad option; ShapeError for an input that is not `[rows, length, channels]`, a kernel larger than the padded
 *   sequence, groups that do not divide channels and filters
 * @example
 * const model = sequential({ input: [100, 3] }, [conv1d(8, { kernel: 5, stride: 2, activation: "relu" }), flatten(), dense(2)]);
 */
export const conv1d = /* @__PURE__ */ withOps(
  function conv1d(filters: number, options: Conv1dOptions): Layer<"same"> {
    refuseMore("conv1d", arguments, 2);
    return convolution("conv1d", 1, filters, options);
  },
  [convOp],
);

/**
 * Transposed convolution of images: makes of each input pixel a window of the output, `pixel W`, and adds up where windows overlap.
 * It is the gradient that `conv2d` of the same options gives its input. Zeiler et al. 2010, https://doi.org/10.1109/CVPR.2010.5539957
 *
 * X [rows, h, w, in], W [kh, kw, filters / groups, in] named `<name>.weight`, b [filters] named `<name>.bias` -> Y [rows, oh, ow, filters]
 * with `oh = (h - 1) stride + (kh - 1) dilation + 1 - top - bottom + outputPadding`, or `h stride` with padding `"same"`. Padding takes
 * away from the output, as in PyTorch.
 *
 * @param filters channels of the output, a whole number >= 1
 * @throws OptionError for a bad option; ShapeError for an input that is not `[rows, height, width, channels]`, padding that leaves no
 *   output, groups that do not divide channels and filters
 * @example
 * const model = sequential({ input: [7, 7, 8] }, [conv2dTranspose(4, { kernel: 4, stride: 2, padding: "same" })]); // [14, 14, 4]
 */
export const conv2dTranspose = /* @__PURE__ */ withOps(
  function conv2dTranspose(filters: number, options: Conv2dTransposeOptions): Layer<"same"> {
    refuseMore("conv2dTranspose", arguments, 2);
    return transposed("conv2dTranspose", 2, filters, options);
  },
  [convTransposeOp, binary],
);

/**
 * Transposed convolution of sequences: as `conv2dTranspose`, over one axis.
 *
 * X [rows, t, in], W [k, filters / groups, in] named `<name>.weight`, b [filters] named `<name>.bias` -> Y [rows, ot, filters]
 *
 * @param filters channels of the output, a whole number >= 1
 * @throws as `conv2dTranspose`
 * @example
 * const model = sequential({ input: [25, 8] }, [conv1dTranspose(4, { kernel: 4, stride: 2, padding: "same" })]); // [50, 4]
 */
export const conv1dTranspose = /* @__PURE__ */ withOps(
  function conv1dTranspose(filters: number, options: Conv1dTransposeOptions): Layer<"same"> {
    refuseMore("conv1dTranspose", arguments, 2);
    return transposed("conv1dTranspose", 1, filters, options);
  },
  [convTransposeOp, binary],
);
