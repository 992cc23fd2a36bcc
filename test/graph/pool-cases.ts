/** Cases of the ops with windows over images and sequences. */
import { Fn, type OpAttrs, PoolDivisor } from "../../src/graph/op.ts";
import { formatShape, type Shape } from "../../src/graph/shape.ts";
import { type Windows, windowCounts } from "../../src/graph/windows.ts";
import type { Case, Draw, Input, Refusal } from "./op-cases.ts";

const ROWS = -1;
const signed: Draw = (uniform) => {
  const u = uniform();
  return u < 0 ? u * 1.9 - 0.1 : u * 1.9 + 0.1;
};
const input = (shape: Shape, draw: Draw = signed): Input => ({ shape, draw, dtype: "f32", constant: false });

interface Windowed extends Windows {
  readonly shape: Shape;
}
const two = (k: number | readonly number[]) => (typeof k === "number" ? [k, k] : [...k]);
const windows = (
  shape: Shape,
  size: number | readonly number[],
  stride: number | readonly number[] = size,
  padding: readonly (readonly number[])[] = two(size).map(() => [0, 0]),
  dilation: number | readonly number[] = two(size).map(() => 1),
): Windowed => ({
  shape,
  size: two(size),
  stride: two(stride),
  dilation: two(dilation),
  paddingBefore: padding.map(([before]) => before),
  paddingAfter: padding.map(([, after]) => after),
});

/** Windows apart, side by side and over each other; of channels around a vector; with padding, and with places that no window has. */
const POOLED: readonly Windowed[] = [
  windows([ROWS, 4, 6, 1], 2),
  windows([ROWS, 4, 4, 4], 2),
  windows([ROWS, 5, 7, 6], 2),
  windows([ROWS, 4, 4, 9], 2),
  windows([ROWS, 6, 5, 5], 3, 2),
  windows([ROWS, 5, 5, 4], 3, 1, [
    [1, 1],
    [1, 1],
  ]),
  windows(
    [ROWS, 7, 6, 3],
    [3, 2],
    [2, 3],
    [
      [2, 1],
      [0, 1],
    ],
  ),
  windows([ROWS, 5, 6, 4], [2, 3], [1, 3]),
  windows(
    [ROWS, 5, 6, 4],
    [2, 2],
    [3, 2],
    [
      [1, 0],
      [0, 0],
    ],
  ),
  windows([ROWS, 3, 4, 17], [3, 4]),
  windows([ROWS, 9, 5], [3], [2], [[1, 1]]),
  // As many windows as would tile the axis, moved by the padding: the last place is in none.
  windows([ROWS, 2, 3], [2], [2], [[1, 0]]),
  windows([ROWS, 4, 2, 4], 2, 2, [
    [1, 0],
    [1, 0],
  ]),
  windows([2, 4, 4], [2]),
];
const CONVOLVED: readonly Windowed[] = [
  windows([ROWS, 5, 6, 1], 3, 1),
  windows([ROWS, 6, 9, 4], 3, 1, [
    [1, 1],
    [1, 1],
  ]),
  windows(
    [ROWS, 5, 7, 6],
    [2, 3],
    [1, 1],
    [
      [3, 0],
      [0, 4],
    ],
  ),
  windows([ROWS, 7, 8, 5], 3, 2, [
    [0, 1],
    [1, 1],
  ]),
  windows(
    [ROWS, 9, 9, 4],
    [3, 2],
    [2, 3],
    [
      [2, 2],
      [1, 2],
    ],
    2,
  ),
  windows(
    [ROWS, 8, 9, 3],
    2,
    [3, 2],
    [
      [0, 0],
      [1, 0],
    ],
    [2, 4],
  ),
  windows([ROWS, 4, 11, 17], 1, [1, 2]),
  windows([ROWS, 9, 5], [3], [1], [[2, 0]], [2]),
];
const { Window, Inside, None } = PoolDivisor;

const nameOf = ({ shape, size, stride, dilation, paddingBefore, paddingAfter }: Windowed) =>
  `${formatShape(shape)} by ${size} each ${stride}, padded ${paddingBefore} and ${paddingAfter}, dilated ${dilation}`;
const outputOf = (w: Windowed): Shape => [
  w.shape[0],
  ...windowCounts("case", "case", w.shape, w),
  ...w.shape.slice(-1),
];
const neighbours = ({ size, stride, paddingBefore, paddingAfter }: Windowed) => ({
  ...{ size, stride, paddingBefore, paddingAfter },
});
const attributes = (w: Windowed) => ({ ...neighbours(w), dilation: w.dilation });
const channels = (w: Windowed) => w.shape.slice(-1);

const LARGER = [
  { shape: [ROWS, 3, 4, 5], factor: [2, 3] },
  { shape: [ROWS, 1, 2, 4], factor: [4, 1] },
  { shape: [ROWS, 5, 9], factor: [3] },
  { shape: [2, 2, 2, 1], factor: [5, 2] },
].flatMap((c) => [false, true].map((bilinear) => ({ ...c, bilinear })));
const enlarged = ({ shape, factor }: (typeof LARGER)[number]) =>
  shape.map((d, i) => d * (factor[i - 1] ?? 1));
const largerName = ({ shape, factor, bilinear }: (typeof LARGER)[number]) =>
  `${formatShape(shape)} by ${factor}${bilinear ? ", bilinear" : ""}`;

type Pooling =
  | "maxPool"
  | "maxPoolGrad"
  | "averagePool"
  | "averagePoolGrad"
  | "upsample"
  | "upsampleGrad"
  | "depthwise"
  | "depthwiseGradInput"
  | "depthwiseGradWeights";

export const POOL_CASES: { readonly [K in Pooling]: readonly Case<K>[] } = {
  maxPool: POOLED.map((w) => ({
    name: nameOf(w),
    attrs: neighbours(w),
    inputs: [input(w.shape)],
    outputs: [outputOf(w)],
  })),
  // The maximum is given: some are attained more than once, some never.
  maxPoolGrad: POOLED.flatMap((w) =>
    [Fn.Identity, Fn.Relu].map((fn) => ({
      name: `${Fn[fn]} of ${nameOf(w)}`,
      attrs: { ...neighbours(w), fn },
      inputs: [
        input(outputOf(w)),
        input(w.shape, (uniform) => Math.round(2 * uniform())),
        input(outputOf(w), (uniform) => Math.round(2 * uniform())),
      ],
      outputs: [w.shape],
    })),
  ),
  averagePool: POOLED.flatMap((w) =>
    [Window, Inside, None].map((divisor) => ({
      name: `${PoolDivisor[divisor]} of ${nameOf(w)}`,
      attrs: { ...neighbours(w), divisor },
      inputs: [input(w.shape)],
      outputs: [outputOf(w)],
    })),
  ),
  averagePoolGrad: POOLED.flatMap((w) =>
    [Window, Inside, None].map((divisor) => ({
      name: `${PoolDivisor[divisor]} of ${nameOf(w)}`,
      attrs: { ...neighbours(w), divisor, shape: w.shape },
      inputs: [input(outputOf(w))],
      outputs: [w.shape],
    })),
  ),
  upsample: LARGER.map((c) => ({
    name: largerName(c),
    attrs: { factor: c.factor, bilinear: c.bilinear },
    inputs: [input(c.shape)],
    outputs: [enlarged(c)],
  })),
  upsampleGrad: LARGER.map((c) => ({
    name: largerName(c),
    attrs: { factor: c.factor, bilinear: c.bilinear },
    inputs: [input(enlarged(c))],
    outputs: [c.shape],
  })),
  depthwise: CONVOLVED.flatMap((w) =>
    [true, false].map((bias) => ({
      name: `${nameOf(w)}${bias ? "" : ", without bias"}`,
      attrs: attributes(w),
      inputs: [input(w.shape), input([...w.size, ...channels(w)]), ...(bias ? [input(channels(w))] : [])],
      outputs: [outputOf(w)],
    })),
  ),
  depthwiseGradInput: CONVOLVED.map((w) => ({
    name: nameOf(w),
    attrs: { ...attributes(w), shape: w.shape },
    inputs: [input(outputOf(w)), input([...w.size, ...channels(w)])],
    outputs: [w.shape],
  })),
  depthwiseGradWeights: CONVOLVED.flatMap((w) =>
    [true, false].map((bias) => ({
      name: `${nameOf(w)}${bias ? "" : ", without bias"}`,
      attrs: { ...attributes(w), bias },
      inputs: [input(w.shape), input(outputOf(w))],
      outputs: [[...w.size, ...channels(w)], ...(bias ? [channels(w)] : [])],
    })),
  ),
};

const wide = windows([ROWS, 4, 5, 3], 2);
const plain = neighbours(wide);
const rank: Refusal<"maxPool"> = {
  attrs: plain,
  inputs: [[ROWS, 4, 5]],
  message:
    "layer: maxPool needs an input [rows, height, width, channels] with all but rows fixed; got [rows, 4, 5]",
};
const withPadding: OpAttrs["maxPool"] = { ...plain, paddingBefore: [0, 2] };

export const POOL_REFUSALS: { readonly [K in Pooling]: readonly Refusal<K>[] } = {
  maxPool: [
    rank,
    {
      attrs: plain,
      inputs: [[ROWS, 4, 1, 3]],
      message:
        "layer: maxPool: a window must not be larger than the padded input; got 2 of 1 places along axis 2 of [rows, 4, 1, 3]",
    },
    {
      attrs: withPadding,
      inputs: [[ROWS, 4, 5, 3]],
      message:
        "layer: maxPool needs padding smaller than the window; got 2 beside 2 places along axis 2 of [rows, 4, 5, 3]",
    },
    {
      attrs: { ...plain, stride: [2] },
      inputs: [[ROWS, 4, 5, 3]],
      message: "layer: maxPool needs as many numbers for each axis; got 2 sizes",
    },
  ],
  maxPoolGrad: [],
  averagePool: [
    {
      attrs: { ...plain, divisor: Window },
      inputs: [[4, ROWS, 5, 3]],
      message:
        "layer: averagePool needs an input [rows, height, width, channels] with all but rows fixed; got [4, rows, 5, 3]",
    },
  ],
  averagePoolGrad: [],
  upsample: [
    {
      attrs: { factor: [2], bilinear: false },
      inputs: [[ROWS, 4]],
      message:
        "layer: upsample needs an input [rows, length, channels] with all but rows fixed; got [rows, 4]",
    },
    {
      attrs: { factor: [2 ** 20], bilinear: false },
      inputs: [[ROWS, 16, 1]],
      message: "layer: upsample needs fewer than 2^24 places along an axis; got [rows, 16, 1] times 1048576",
    },
  ],
  upsampleGrad: [],
  depthwise: [
    {
      attrs: attributes(wide),
      inputs: [
        [ROWS, 4, 5, 3],
        [2, 2, 4],
      ],
      message:
        "layer: depthwise needs X [.., c], filters [2, 2, c] and bias [c]; got X [rows, 4, 5, 3], filters [2, 2, 4]",
    },
    {
      attrs: attributes(wide),
      inputs: [[ROWS, 4, 5, 3], [2, 2, 3], [1]],
      message:
        "layer: depthwise needs X [.., c], filters [2, 2, c] and bias [c]; got X [rows, 4, 5, 3], filters [2, 2, 3], bias [1]",
    },
  ],
  depthwiseGradInput: [],
  depthwiseGradWeights: [],
};
