/**
 * The guard: whoever writes state folds all that it writes into one word, which the machine looks at after each update.
 * `x - x` is 0 for finite numbers and NaN for all others, so any bit that is set tells of one. A lookup raises it for an id
 * outside its table.
 */

/** Notes whether lanes of x are not finite. */
// @ts-ignore: decorator
@inline
export function foldNonFinite(fold: v128, x: v128): v128 {
  return v128.or(fold, f32x4.sub(x, x));
}

// @ts-ignore: decorator
@inline
export function nonFinite(fold: v128): bool {
  return v128.any_true(fold);
}

/** Parts may raise it at the same time: each writes the same word. */
export function raiseGuard(guard: usize): void {
  store<i32>(guard, 1);
}
