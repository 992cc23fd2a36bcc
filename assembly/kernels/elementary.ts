/**
 * Functions that tensors compute one number at a time, in f64 (assembly/math/scalar.ts), beside those of unary.ts. An element's
 * bits depend on its own value alone.
 */
import { Fn } from "../abi";
import { cosWide, erfWide, expm1Wide, expWide, log1pWide, sinWide } from "../math/scalar";

function value(fn: i32, x: f64): f64 {
  switch (fn) {
    case Fn.Sin: return sinWide(x);
    case Fn.Cos: return cosWide(x);
    case Fn.Expm1: return expm1Wide(x);
    case Fn.Log1p: return log1pWide(x);
    case Fn.Erf: return erfWide(x);
    case Fn.Reciprocal: return 1 / x;
    case Fn.Rsqrt: return 1 / sqrt(x);
    case Fn.Floor: return floor(x);
    default: return nearest(x);
  }
}

/** fn'(x) from what the function saves: y for expm1, reciprocal and rsqrt, x for the others. */
function slope(fn: i32, s: f64): f64 {
  switch (fn) {
    case Fn.Sin: return cosWide(s);
    case Fn.Cos: return -sinWide(s);
    case Fn.Expm1: return s + 1;
    case Fn.Log1p: return 1 / (1 + s);
    case Fn.Erf: return 1.1283791670955126 * expWide(-s * s); // 2 / sqrt(pi)
    case Fn.Reciprocal: return -s * s;
    case Fn.Rsqrt: return -0.5 * s * s * s;
    default: return 0;
  }
}

/** `y[i] = fn(x[i])`, rounded once: within 0.51 ULP. Half-way cases of round go to the even number. */
export function elementary(fn: i32, y: usize, x: usize, n: i32): void {
  for (const end = y + (<usize>n << 2); y < end; y += 4, x += 4) store<f32>(y, <f32>value(fn, <f64>load<f32>(x)));
}

/** `dx[i] = dy[i] fn'(..)`, rounded once. */
export function elementaryGrad(fn: i32, dx: usize, dy: usize, s: usize, n: i32): void {
  for (const end = dx + (<usize>n << 2); dx < end; dx += 4, dy += 4, s += 4) {
    store<f32>(dx, <f32>(<f64>load<f32>(dy) * slope(fn, <f64>load<f32>(s))));
  }
}
