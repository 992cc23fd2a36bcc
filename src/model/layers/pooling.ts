/** Layers over images `[rows, height, width, channels]` and sequences `[rows, length, channels]` without weights: pooling, sizes. */
import { PoolDivisor, ReduceFn } from "../../graph/op.ts";
import { averagePool, maxPool } from "../../graph/ops/pool.ts";
import { reduce } from "../../graph/ops/reduce.ts";
import { reshape } from "../../graph/ops/reshape.ts";
import { pad } from "../../graph/ops/stretch.ts";
import { upsample } from "../../graph/ops/upsample.ts";
import { needsSpatial } from "../../graph/windows.ts";
import { BOOLEAN, oneOf, readOptions, refuseMore, STRING } from "../../options.ts";
import { type Layer, layer, type NameOption, nameIn, withOps } from "../layer.ts";
import type { Tensor } from "../tensor.ts";
import { type Padding, type Padding1d, type PerAxis, perAxis, readPadding, windowsOn } from "./windows.ts";

export interface MaxPool1dOptions extends NameOption {
  /** Places from one window to the next. Default: the size, so that windows are side by side. */
  readonly stride?: number;
  /** What stands around the sequence, less than the size on each side; it counts as nothing. Default: `"valid"`. */
  readonly padding?: Padding1d;
}

export interface MaxPool2dOptions extends NameOption {
  /** Places from one window to the next. Default: the size, so that windows are side by side. */
  readonly stride?: PerAxis;
  /** What stands around the image, less than the size on each side; it counts as nothing. Default: `"valid"`. */
  readonly padding?: Padding;
}

export interface AveragePool1dOptions extends MaxPool1dOptions {
  /** Whether places of the padding count in the number that is divided by, as zeros. Default: true, as in PyTorch. */
  readonly countPadding?: boolean;
}

export interface AveragePool2dOptions extends MaxPool2dOptions {
  /** Whether places of the padding count in the number that is divided by, as zeros. Default: true, as in PyTorch; Keras' mean is that of false. */
  readonly countPadding?: boolean;
}

interface PoolOptions extends NameOption {
  readonly stride?: unknown;
  readonly padding?: unknown;
}

/** A layer of windows: read, checked, and on an input of a known shape given to `emit`. */
function pooling<Axes extends 1 | 2>(
  kind: string,
  axes: Axes,
  size: unknown,
  options: PoolOptions,
  { stride, padding, name }: PoolOptions,
  emit: (x: Tensor, windows: Omit<ReturnType<typeof windowsOn>, "dilation" | "counts">) => Tensor,
): Layer<"same"> {
  const who = name ?? kind;
  const sizes = perAxis(who, "size, the first argument,", size, axes);
  const steps = stride === undefined ? sizes : perAxis(who, "stride", stride, axes);
  const sides = readPadding(who, padding, axes);
  const dilation = sizes.map(() => 1);
  return layer(
    kind,
    [size, options],
    name,
    () => [],
    (x, _, own) => {
      const at = { size: sizes, stride: steps, dilation };
      const { paddingBefore, paddingAfter } = windowsOn(own, kind, x.shape, at, sides);
      return emit(x, { size: sizes, stride: steps, paddingBefore, paddingAfter });
    },
  );
}

function maxOf(kind: string, axes: 1 | 2, size: unknown, options: PoolOptions): Layer<"same"> {
  const read = readOptions(kind, options, { stride: [], padding: ["valid"], name: [undefined, STRING] });
  return pooling(kind, axes, size, options, read, (x, windows) => x.emit(maxPool, windows, [x.id]));
}

/**
 * The maximum of each window of an image, channel by channel.
 *
 * X [rows, h, w, c] -> Y [rows, oh, ow, c], `oh = floor((h + padding - size) / stride) + 1`; NaN where a window has one. In training the
 * gradient goes to the first maximum of a window, by rows, as in PyTorch.
 *
 * @param size of the windows, one number or `[height, width]`. Default: 2
 * @throws OptionError for a bad option, ShapeError for an input that is no image, and for windows larger than the padded one
 * @example
 * const model = sequential({ input: [28, 28, 1] }, [maxPool2d(2), flatten(), dense(10)]);
 */
export const maxPool2d = /* @__PURE__ */ withOps(
  function maxPool2d(size: PerAxis = 2, options: MaxPool2dOptions = {}): Layer<"same"> {
    refuseMore("maxPool2d", arguments, 2);
    return maxOf("maxPool2d", 2, size, options);
  },
  [maxPool],
);

/**
 * The maximum of each window of a sequence, channel by channel: `maxPool2d` along one axis.
 *
 * X [rows, t, c] -> Y [rows, ot, c]
 *
 * @param size of the windows. Default: 2
 * @throws OptionError for a bad option, ShapeError for an input that is no sequence, and for windows larger than the padded one
 * @example
 * const model = sequential({ input: [100, 3] }, [maxPool1d(4), flatten(), dense(1)]);
 */
export const maxPool1d = /* @__PURE__ */ withOps(
  function maxPool1d(size: number = 2, options: MaxPool1dOptions = {}): Layer<"same"> {
    refuseMore("maxPool1d", arguments, 2);
    return maxOf("maxPool1d", 1, size, options);
  },
  [maxPool],
);

function averageOf(
  kind: string,
  axes: 1 | 2,
  size: unknown,
  options: PoolOptions & { readonly countPadding?: boolean },
): Layer<"same"> {
  const read = readOptions(kind, options, {
    stride: [],
    padding: ["valid"],
    countPadding: [true, BOOLEAN],
    name: [undefined, STRING],
  });
  const divisor = read.countPadding ? PoolDivisor.Window : PoolDivisor.Inside;
  return pooling(kind, axes, size, options, read, (x, windows) =>
    x.emit(averagePool, { ...windows, divisor }, [x.id]),
  );
}

/**
 * The mean of each window of an image, channel by channel.
 *
 * X [rows, h, w, c] -> Y [rows, oh, ow, c], shapes as of `maxPool2d`
 *
 * @param size of the windows, one number or `[height, width]`. Default: 2
 * @throws OptionError for a bad option, ShapeError for an input that is no image, and for windows larger than the padded one
 * @example
 * const model = sequential({ input: [28, 28, 1] }, [averagePool2d(4), flatten(), dense(10)]);
 */
export const averagePool2d = /* @__PURE__ */ withOps(
  function averagePool2d(size: PerAxis = 2, options: AveragePool2dOptions = {}): Layer<"same"> {
    refuseMore("averagePool2d", arguments, 2);
    return averageOf("averagePool2d", 2, size, options);
  },
  [averagePool],
);

/**
 * The mean of each window of a sequence, channel by channel: `averagePool2d` along one axis.
 *
 * X [rows, t, c] -> Y [rows, ot, c]
 *
 * @param size of the windows. Default: 2
 * @throws OptionError for a bad option, ShapeError for an input that is no sequence, and for windows larger than the padded one
 * @example
 * const model = sequential({ input: [100, 3] }, [averagePool1d(4), flatten(), dense(1)]);
 */
export const averagePool1d = /* @__PURE__ */ withOps(
  function averagePool1d(size: number = 2, options: AveragePool1dOptions = {}): Layer<"same"> {
    refuseMore("averagePool1d", arguments, 2);
    return averageOf("averagePool1d", 1, size, options);
  },
  [averagePool],
);

function globalMax(kind: string, axes: number, options: NameOption): Layer<number[][]> {
  return layer(
    kind,
    [options],
    nameIn(kind, options),
    () => [],
    (x, _, who) => {
      needsSpatial(who, kind, x.shape, axes);
      const size = x.shape.slice(1, -1);
      const none = size.map(() => 0);
      const windows = { size, stride: size, paddingBefore: none, paddingAfter: none };
      const y = x.emit(maxPool, windows, [x.id]);
      return y.emit(reshape, { shape: [x.shape[0], x.shape[axes + 1]] }, [y.id]);
    },
  );
}

function globalAverage(kind: string, axes: number, options: NameOption): Layer<number[][]> {
  return layer(
    kind,
    [options],
    nameIn(kind, options),
    () => [],
    (x, _, who) => {
      needsSpatial(who, kind, x.shape, axes);
      return x.emit(reduce, { fn: ReduceFn.Mean, from: 1, to: axes + 1 }, [x.id]);
    },
  );
}

/**
 * The maximum of each channel over the whole image. The gradient goes to the first maximum, by rows.
 *
 * X [rows, h, w, c] -> Y [rows, c]
 *
 * @throws ShapeError for an input that is no image
 * @example
 * const model = sequential({ input: [8, 8, 16] }, [globalMaxPool2d(), dense(10)]);
 */
export const globalMaxPool2d = /* @__PURE__ */ withOps(
  function globalMaxPool2d(options: NameOption = {}): Layer<number[][]> {
    refuseMore("globalMaxPool2d", arguments, 1);
    return globalMax("globalMaxPool2d", 2, options);
  },
  [maxPool],
);

/**
 * The maximum of each channel over the whole sequence. The gradient goes to the first maximum.
 *
 * X [rows, t, c] -> Y [rows, c]
 *
 * @throws ShapeError for an input that is no sequence
 * @example
 * const model = sequential({ input: [50, 16] }, [globalMaxPool1d(), dense(2)]);
 */
export const globalMaxPool1d = /* @__PURE__ */ withOps(
  function globalMaxPool1d(options: NameOption = {}): Layer<number[][]> {
    refuseMore("globalMaxPool1d", arguments, 1);
    return globalMax("globalMaxPool1d", 1, options);
  },
  [maxPool],
);

/**
 * The mean of each channel over the whole image.
 *
 * X [rows, h, w, c] -> Y [rows, c]
 *
 * @throws ShapeError for an input that is no image
 * @example
 * const model = sequential({ input: [8, 8, 16] }, [globalAveragePool2d(), dense(10)]);
 */
export const globalAveragePool2d = /* @__PURE__ */ withOps(
  function globalAveragePool2d(options: NameOption = {}): Layer<number[][]> {
    refuseMore("globalAveragePool2d", arguments, 1);
    return globalAverage("globalAveragePool2d", 2, options);
  },
  [reduce],
);

/**
 * The mean of each channel over the whole sequence.
 *
 * X [rows, t, c] -> Y [rows, c]
 *
 * @throws ShapeError for an input that is no sequence
 * @example
 * const model = sequential({ input: [50, 16] }, [globalAveragePool1d(), dense(2)]);
 */
export const globalAveragePool1d = /* @__PURE__ */ withOps(
  function globalAveragePool1d(options: NameOption = {}): Layer<number[][]> {
    refuseMore("globalAveragePool1d", arguments, 1);
    return globalAverage("globalAveragePool1d", 1, options);
  },
  [reduce],
);

export interface Upsample2dOptions extends NameOption {
  /** `"nearest"` repeats each pixel, `"bilinear"` interpolates between the centres of pixels. Default: `"nearest"`. */
  readonly mode?: "nearest" | "bilinear";
}

export interface Upsample1dOptions extends NameOption {
  /** `"nearest"` repeats each place, `"linear"` interpolates between the centres of places. Default: `"nearest"`. */
  readonly mode?: "nearest" | "linear";
}

function larger(kind: string, axes: 1 | 2, factor: unknown, between: string, options: object): Layer<"same"> {
  const { mode, name } = readOptions(kind, options as Upsample2dOptions, {
    mode: ["nearest", oneOf("nearest", between)],
    name: [undefined, STRING],
  });
  const factors = perAxis(name ?? kind, "factor, the first argument,", factor, axes);
  return layer(
    kind,
    [factor, options],
    name,
    () => [],
    (x) => x.emit(upsample, { factor: factors, bilinear: mode !== "nearest" }, [x.id]),
  );
}

/**
 * An image made larger by whole factors. With `mode: "bilinear"` as PyTorch's `interpolate(align_corners=False)` and Keras' UpSampling2D:
 * pixel i of the result stands at `(i + 0.5) / factor - 0.5`, at least 0, of the input.
 *
 * X [rows, h, w, c] -> Y [rows, h f, w f, c]
 *
 * @param factor one number or `[height, width]`. Default: 2
 * @throws OptionError for a bad option, ShapeError for an input that is no image
 * @example
 * const model = sequential({ input: [8] }, [dense(16), reshape([4, 4, 1]), upsample2d(2, { mode: "bilinear" })]);
 */
export const upsample2d = /* @__PURE__ */ withOps(
  function upsample2d(factor: PerAxis = 2, options: Upsample2dOptions = {}): Layer<"same"> {
    refuseMore("upsample2d", arguments, 2);
    return larger("upsample2d", 2, factor, "bilinear", options);
  },
  [upsample],
);

/**
 * A sequence made longer by a whole factor: `upsample2d` along one axis.
 *
 * X [rows, t, c] -> Y [rows, t f, c]
 *
 * @param factor a whole number >= 1. Default: 2
 * @throws OptionError for a bad option, ShapeError for an input that is no sequence
 * @example
 * const model = sequential({ input: [10, 4] }, [upsample1d(2, { mode: "linear" }), dense(1)]);
 */
export const upsample1d = /* @__PURE__ */ withOps(
  function upsample1d(factor: number = 2, options: Upsample1dOptions = {}): Layer<"same"> {
    refuseMore("upsample1d", arguments, 2);
    return larger("upsample1d", 1, factor, "linear", options);
  },
  [upsample],
);

function zeros(kind: string, axes: 1 | 2, padding: unknown, options: NameOption): Layer<"same"> {
  const name = nameIn(kind, options);
  const sides = readPadding(name ?? kind, padding, axes, true);
  return layer(
    kind,
    [padding, options],
    name,
    () => [],
    (x, _, own) => {
      needsSpatial(own, kind, x.shape, axes);
      let y = x;
      sides.paddingBefore.forEach((before, i) => {
        const after = sides.paddingAfter[i];
        if (before + after > 0) y = y.emit(pad, { axis: i + 1, before, after, step: 1, value: 0 }, [y.id]);
      });
      return y;
    },
  );
}

/**
 * Zeros around an image: so many on every side, `[height, width]` along each axis, or `[[top, bottom], [left, right]]`.
 *
 * X [rows, h, w, c] -> Y [rows, h + top + bottom, w + left + right, c]
 *
 * @param padding whole numbers >= 0. Default: 1
 * @throws OptionError for other padding, ShapeError for an input that is no image
 * @example
 * const model = sequential({ input: [5, 5, 1] }, [zeroPadding2d([[0, 3], [0, 3]]), maxPool2d(2), flatten(), dense(2)]);
 */
export const zeroPadding2d = /* @__PURE__ */ withOps(
  function zeroPadding2d(padding: Exclude<Padding, string> = 1, options: NameOption = {}): Layer<"same"> {
    refuseMore("zeroPadding2d", arguments, 2);
    return zeros("zeroPadding2d", 2, padding, options);
  },
  [pad],
);

/**
 * Zeros before and behind a sequence: so many on both sides, or `[before, after]`.
 *
 * X [rows, t, c] -> Y [rows, t + before + after, c]
 *
 * @param padding whole numbers >= 0. Default: 1
 * @throws OptionError for other padding, ShapeError for an input that is no sequence
 * @example
 * const model = sequential({ input: [10, 4] }, [zeroPadding1d([2, 0]), dense(1)]);
 */
export const zeroPadding1d = /* @__PURE__ */ withOps(
  function zeroPadding1d(padding: Exclude<Padding1d, string> = 1, options: NameOption = {}): Layer<"same"> {
    refuseMore("zeroPadding1d", arguments, 2);
    return zeros("zeroPadding1d", 1, padding, options);
  },
  [pad],
);
