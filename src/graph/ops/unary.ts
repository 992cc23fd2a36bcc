import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { UNARY } from "../../tape/formats/predict.ts";
import { UNARY_GRAD } from "../../tape/formats/train.ts";
import { draft, Fn, f32, type Op, secondDerivative, type VjpRule } from "../op.ts";
import { formatShape, sameShape, sizeOf } from "../shape.ts";

/** Which of `x` and `y = fn(x)` the gradient reads; null where the gradient is zero everywhere. */
const SAVES = {
  [Fn.Identity]: null,
  [Fn.Relu]: "y",
  [Fn.LeakyRelu]: "y",
  [Fn.Elu]: "y",
  [Fn.Selu]: "y",
  [Fn.Gelu]: "x",
  [Fn.GeluTanh]: "x",
  [Fn.Silu]: "x",
  [Fn.Softplus]: "x",
  [Fn.Sigmoid]: "y",
  [Fn.Tanh]: "y",
  [Fn.HardSigmoid]: "y",
  [Fn.Sign]: null,
  [Fn.Softsign]: "y",
  [Fn.Exp]: "y",
  [Fn.Log]: "x",
  [Fn.Sqrt]: "y",
  [Fn.Negate]: "y",
  [Fn.Abs]: "x",
  [Fn.Square]: "x",
  [Fn.Sin]: "x",
  [Fn.Cos]: "x",
  [Fn.Expm1]: "y",
  [Fn.Log1p]: "x",
  [Fn.Erf]: "x",
  [Fn.Reciprocal]: "y",
  [Fn.Rsqrt]: "y",
  [Fn.Floor]: null,
  [Fn.Round]: null,
} as const satisfies Record<Fn, "x" | "y" | null>;

const infer: Op<"unary">["infer"] = (_, [x]) => [f32(x.shape)];

export const unaryVjp: VjpRule<"unary"> = ({ attrs, inputs: [x], output: y, dy, emit }) => {
  const saved = SAVES[attrs.fn];
  if (saved === null) return [attrs.fn === Fn.Identity ? dy : null];
  return emit(unaryGrad, attrs, [dy, saved === "x" ? x : y]);
};

const lower: Op<"unary">["lower"] = ({ attrs, inputs: [x], outputs: [y], type }) => [
  draft(UNARY, { ...attrs, y: { value: y }, x: { value: x }, n: sizeOf(type(x).shape) }),
];

/**
 * `y = fn(x)` elementwise.
 *
 *   x [..] -> y [..]
 *   dx = dy fn'(x), as `unaryGrad`
 *
 * Saves x or y, see `SAVES`: y where the derivative can be told from it, so that x may be overwritten.
 */
export const unary: Op<"unary"> = {
  name: "unary",
  enums: { fn: Fn },
  infer,
  vjp: "brought",
  lower,
  inPlace: [0],
};

/**
 * `unary` for every function: from `Fn.Exp` on they are in the extended kernels only. Written out: bundlers keep what a
 * spread or a call makes, and those kernels with it.
 */
export const elementary: Op<"unary"> = {
  name: "unary",
  enums: { fn: Fn },
  kernels: EXTENDED,
  infer,
  vjp: unaryVjp,
  lower,
  inPlace: [0],
};

/**
 * `dx = dy fn'(s)` elementwise, s being what `unary` saved.
 *
 *   dy [..], s [..] -> dx [..]
 */
export const unaryGrad: Op<"unaryGrad"> = {
  name: "unaryGrad",
  infer: (who, [dy, s]) => {
    if (!sameShape(dy.shape, s.shape))
      throw new ShapeError(
        `${who}: unaryGrad needs dy and s alike; got ${formatShape(dy.shape)}, ${formatShape(s.shape)}`,
      );
    return [f32(dy.shape)];
  },
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [dy, s], outputs: [dx], type }) => [
    draft(UNARY_GRAD, {
      ...attrs,
      dx: { value: dx },
      dy: { value: dy },
      s: { value: s },
      n: sizeOf(type(dy).shape),
    }),
  ],
  inPlace: [0, 1],
};
