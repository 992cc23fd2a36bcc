/** Elementwise functions and their derivatives in f64. */
import { Fn } from "../../assembly/abi.ts";

export interface UnaryOracle {
  readonly value: (x: number, alpha: number) => number;
  readonly derivative: (x: number, alpha: number) => number;
  /** what the gradient kernel reads: the input, the output, or neither */
  readonly saves: "x" | "y" | null;
  /** the derivative from what is saved, where that is the output */
  readonly slope?: (y: number, alpha: number) => number;
  /** where the derivative jumps */
  readonly kinks?: readonly number[];
  /** defined for x > 0 only */
  readonly positive?: true;
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

export const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

/** sech^2(u) = 1 - tanh^2(u), without the cancellation */
const tanhSlope = (u: number) => 4 * sigmoid(2 * u) * sigmoid(-2 * u);

/** 1 - erf(x): Taylor series near 0, the continued fraction of Laplace beyond. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let i = 1; i < 60; i++) {
      term *= (-x * x) / i;
      sum += term / (2 * i + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let i = 200; i > 0; i--) fraction = i / 2 / (x + fraction);
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
}

/** Odd; near 0 by its series, because 1 - erfc would cancel. */
export function erf(x: number): number {
  if (Math.abs(x) >= 1) return x < 0 ? erfc(-x) - 1 : 1 - erfc(x);
  let term = x;
  let sum = x;
  for (let i = 1; i < 40; i++) {
    term *= (-x * x) / i;
    sum += term / (2 * i + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function roundToEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

const normalBelow = (x: number) => erfc(-x / Math.SQRT2) / 2;
const normalDensity = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** The argument of tanh in gelu's approximation, and its slope. */
const ROOT = Math.sqrt(2 / Math.PI);
const geluArgument = (x: number) => ROOT * (x + 0.044715 * x ** 3);
const geluArgumentSlope = (x: number) => ROOT * (1 + 3 * 0.044715 * x ** 2);

/** Where floor jumps, as far as tests go. */
const WHOLE = Array.from({ length: 401 }, (_, i) => i - 200);

export const UNARY: Readonly<Record<Fn, UnaryOracle>> = {
  [Fn.Identity]: { value: (x) => x, derivative: () => 1, saves: null },
  [Fn.Relu]: {
    value: (x) => (x > 0 ? x : 0 * x),
    derivative: (x) => (x > 0 ? 1 : 0),
    saves: "y",
    slope: (y) => (y > 0 ? 1 : 0),
    kinks: [0],
  },
  [Fn.LeakyRelu]: {
    value: (x, alpha) => (x > 0 ? x : alpha * x),
    derivative: (x, alpha) => (x > 0 ? 1 : alpha),
    saves: "y",
    slope: (y, alpha) => (y > 0 ? 1 : alpha),
    kinks: [0],
  },
  [Fn.Elu]: {
    value: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    derivative: (x, alpha) => (x > 0 ? 1 : alpha * Math.exp(x)),
    saves: "y",
    slope: (y, alpha) => (y > 0 ? 1 : y + alpha),
    kinks: [0],
  },
  [Fn.Selu]: {
    value: (x) => SELU_SCALE * (x > 0 ? x : SELU_ALPHA * Math.expm1(x)),
    derivative: (x) => SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x)),
    saves: "y",
    slope: (y) => (y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA),
    kinks: [0],
  },
  [Fn.Gelu]: {
    value: (x) => x * normalBelow(x),
    derivative: (x) => normalBelow(x) + x * normalDensity(x),
    saves: "x",
  },
  [Fn.GeluTanh]: {
    // (1 + tanh u) / 2 = sigmoid(2 u)
    value: (x) => x * sigmoid(2 * geluArgument(x)),
    derivative: (x) =>
      sigmoid(2 * geluArgument(x)) + (x / 2) * tanhSlope(geluArgument(x)) * geluArgumentSlope(x),
    saves: "x",
  },
  [Fn.Silu]: {
    value: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) + x * sigmoid(x) * sigmoid(-x),
    saves: "x",
  },
  [Fn.Softplus]: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    derivative: sigmoid,
    saves: "x",
  },
  [Fn.Sigmoid]: {
    value: sigmoid,
    derivative: (x) => sigmoid(x) * sigmoid(-x),
    saves: "y",
    slope: (y) => y * (1 - y),
  },
  [Fn.Tanh]: { value: Math.tanh, derivative: tanhSlope, saves: "y", slope: (y) => 1 - y * y },
  [Fn.HardSigmoid]: {
    value: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    derivative: (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
    saves: "y",
    slope: (y) => (y > 0 && y < 1 ? 1 / 6 : 0),
    kinks: [-3, 3],
  },
  [Fn.Sign]: { value: Math.sign, derivative: () => 0, saves: null, kinks: [0] },
  [Fn.Softsign]: {
    value: (x) => x / (1 + Math.abs(x)),
    derivative: (x) => 1 / (1 + Math.abs(x)) ** 2,
    saves: "y",
    slope: (y) => (1 - Math.abs(y)) ** 2,
  },
  [Fn.Exp]: { value: Math.exp, derivative: Math.exp, saves: "y", slope: (y) => y },
  [Fn.Log]: { value: Math.log, derivative: (x) => 1 / x, saves: "x", positive: true },
  [Fn.Sqrt]: {
    value: Math.sqrt,
    derivative: (x) => 0.5 / Math.sqrt(x),
    saves: "y",
    slope: (y) => 0.5 / y,
    positive: true,
  },
  [Fn.Negate]: { value: (x) => -x, derivative: () => -1, saves: null },
  [Fn.Abs]: { value: Math.abs, derivative: Math.sign, saves: "x", kinks: [0] },
  [Fn.Square]: { value: (x) => x * x, derivative: (x) => 2 * x, saves: "x" },
  [Fn.Sin]: { value: Math.sin, derivative: Math.cos, saves: "x" },
  [Fn.Cos]: { value: Math.cos, derivative: (x) => -Math.sin(x), saves: "x" },
  [Fn.Expm1]: { value: Math.expm1, derivative: Math.exp, saves: "y", slope: (y) => y + 1 },
  [Fn.Log1p]: { value: Math.log1p, derivative: (x) => 1 / (1 + x), saves: "x", positive: true },
  [Fn.Erf]: { value: erf, derivative: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x), saves: "x" },
  [Fn.Reciprocal]: {
    value: (x) => 1 / x,
    derivative: (x) => -1 / (x * x),
    saves: "y",
    slope: (y) => -y * y,
    positive: true,
  },
  [Fn.Rsqrt]: {
    value: (x) => 1 / Math.sqrt(x),
    derivative: (x) => -0.5 / (x * Math.sqrt(x)),
    saves: "y",
    slope: (y) => -0.5 * y ** 3,
    positive: true,
  },
  [Fn.Floor]: { value: Math.floor, derivative: () => 0, saves: null, kinks: WHOLE },
  [Fn.Round]: { value: roundToEven, derivative: () => 0, saves: null, kinks: WHOLE.map((n) => n + 0.5) },
};

/** fn' of what `unary` saves for its gradient: the input, the output, or nothing. */
export function slopeOf(fn: Fn, saved: number, alpha: number): number {
  const { slope, derivative, saves } = UNARY[fn];
  if (saves === "y") return (slope as NonNullable<typeof slope>)(saved, alpha);
  return derivative(saves === "x" ? saved : 1, alpha);
}
