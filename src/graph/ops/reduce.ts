import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { reduceBlocks } from "../../tape/blocks.ts";
import { MAX_GRAD, REDUCE, REDUCE_BLOCKS, REDUCE_TOTAL } from "../../tape/formats/extended.ts";
import { draft, type Emit, f32, type Op, ReduceFn, SCRATCH, secondDerivative } from "../op.ts";
import {
  broadcastShape,
  broadcastStrides,
  formatShape,
  resolve,
  type Shape,
  sameShape,
  sizeOf,
} from "../shape.ts";
import type { ValueId } from "../type.ts";
import { copyRecord } from "./copy-record.ts";
import { reshape } from "./reshape.ts";

/** The reduced axes kept with length 1, so that the result broadcasts against what was reduced. */
const keepAxes = (shape: Shape, from: number, to: number): Shape =>
  shape.map((d, i) => (i >= from && i < to ? 1 : d));

const withoutAxes = (shape: Shape, from: number, to: number): Shape => [
  ...shape.slice(0, from),
  ...shape.slice(to),
];

/** A shape as `[outer, n, inner]` around the reduced axes. */
const split = (shape: Shape, from: number, to: number) => ({
  outer: sizeOf(shape.slice(0, from)),
  n: sizeOf(shape.slice(from, to)),
  inner: sizeOf(shape.slice(to)),
});

/** Outputs from which on a reduction is shared between its outputs: 16 cache lines. */
const MANY_OUTPUTS = 256;
/** Elements from which on a reduction is worth sharing. */
const MANY_ELEMENTS = 65_536;

/**
 * Sum, mean or maximum over the axes `from .. to - 1`, which disappear.
 *
 *   x [outer.., n.., inner..] -> y [outer.., inner..]
 *   sum    dx = dy, repeated along the reduced axes
 *   mean   dx = dy / n, repeated
 *   max    dx = dy where x attains y, shared equally between ties
 *
 * Saves nothing but for max, which saves x and y. Few outputs of many elements take two records, so that parts can share
 * the work: blocks, then their total. The bits are the same either way.
 */
export const reduce: Op<"reduce"> = {
  name: "reduce",
  enums: { fn: ReduceFn },
  kernels: EXTENDED,
  infer(who, [x], { from, to }) {
    if (!(from >= 0 && from <= to && to <= x.shape.length))
      throw new ShapeError(
        `${who}: axes must lie within the shape; got axes ${from}..${to - 1} of ${formatShape(x.shape)}`,
      );
    return [f32(withoutAxes(x.shape, from, to))];
  },
  vjp({ attrs: { fn, from, to }, inputs: [x], output: y, dy, emit, shape }) {
    if (fn === ReduceFn.Max) return emit(maxGrad, { from, to }, [dy, x, y]);
    const kept = emit(reshape, { shape: keepAxes(shape(x), from, to) }, [dy]);
    const divisor = fn === ReduceFn.Mean ? split(shape(x), from, to).n : 1;
    return emit(repeat, { shape: shape(x), divisor }, kept);
  },
  lower({ attrs: { fn, from, to }, inputs: [x], outputs: [y], type, batch }) {
    const sizes = split(type(x).shape, from, to);
    const [outer, n, inner] = [sizes.outer, sizes.n, sizes.inner].map((d) => resolve(d, batch));
    const outputs = outer * inner;
    if (outputs >= MANY_OUTPUTS || outputs * n < MANY_ELEMENTS || reduceBlocks(n, inner) <= 1)
      return [draft(REDUCE, { fn, y: { value: y }, x: { value: x }, ...sizes })];
    return [
      draft(REDUCE_BLOCKS, { fn, partials: SCRATCH, x: { value: x }, ...sizes }),
      draft(REDUCE_TOTAL, { fn, y: { value: y }, partials: SCRATCH, ...sizes }),
    ];
  },
};

/**
 * `dx = dy / ties where x = y, else 0`: the gradient of a maximum.
 *
 *   dy [outer.., inner..], x [outer.., n.., inner..], y [outer.., inner..] -> dx like x
 */
export const maxGrad: Op<"maxGrad"> = {
  name: "maxGrad",
  kernels: EXTENDED,
  infer: (_, [, x]) => [f32(x.shape)],
  vjp: secondDerivative,
  lower: ({ attrs: { from, to }, inputs: [dy, x, y], outputs: [dx], type }) => [
    draft(MAX_GRAD, {
      dx: { value: dx },
      dy: { value: dy },
      x: { value: x },
      y: { value: y },
      ...split(type(x).shape, from, to),
    }),
  ],
};

const repeatedShape: Op<"broadcast">["infer"] = (who, [x], { shape }) => {
  const common = broadcastShape(x.shape, shape);
  if (!common || !sameShape(common, shape))
    throw new ShapeError(
      `${who}: broadcast needs a shape that x can be repeated to; got ${formatShape(x.shape)} to ${formatShape(shape)}`,
    );
  return [f32(shape)];
};

const repeatRecord: Op<"broadcast">["lower"] = ({
  attrs: { shape, divisor },
  inputs: [x],
  outputs: [y],
  type,
}) => [copyRecord("broadcast", y, x, shape, broadcastStrides(type(x).shape, shape), divisor)];

/**
 * `broadcast` in a gradient, which nobody differentiates: a rule would lead back to `reduce`, see `VjpContext.op`.
 */
const repeat: Op<"broadcast"> = {
  name: "broadcast",
  kernels: EXTENDED,
  infer: repeatedShape,
  vjp: secondDerivative,
  lower: repeatRecord,
};

/**
 * `y = x / divisor`, repeated along the axes where x has length 1 or none.
 *
 *   x [..] -> y shape      dx = the sum of dy over the repeated axes, divided likewise
 */
export const broadcast: Op<"broadcast"> = {
  name: "broadcast",
  kernels: EXTENDED,
  infer: repeatedShape,
  vjp({ attrs: { divisor, shape: from }, inputs: [x], op, dy, emit, shape }) {
    const dx = sumTo(emit, dy, from, shape(x));
    return divisor === 1 ? [dx] : emit(op, { shape: shape(x), divisor }, [dx]);
  },
  lower: repeatRecord,
};

/** Sums `value` of shape `from` over the axes along which `to` was broadcast, and gives it the shape `to`. */
export function sumTo(emit: Emit, value: ValueId, from: Shape, to: Shape): ValueId {
  if (sameShape(from, to)) return value;
  const lead = from.length - to.length;
  const summed = from.map((d, i) => i < lead || (to[i - lead] === 1 && d !== 1));
  let result = value;
  for (let end = from.length; end > 0; ) {
    if (!summed[end - 1]) {
      end--;
      continue;
    }
    let start = end - 1;
    while (start > 0 && summed[start - 1]) start--;
    [result] = emit(reduce, { fn: ReduceFn.Sum, from: start, to: end }, [result]);
    end = start;
  }
  return summed.some((sum, i) => sum && i >= lead) ? emit(reshape, { shape: to }, [result])[0] : result;
}
