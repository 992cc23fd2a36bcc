/** Derivatives of a function in single precision, from its values. */

/** Rounding error of a loss in f32, as a share of it: half an ULP where it is stored, and what sums before it leave. */
const LOSS_ROUNDING = 4 / 0x100_0000;

/** Steps that are tried, each half of the one before. */
const STEPS = 5;

/** A derivative as differences have it, and how far it may be off. */
interface Estimate {
  readonly value: number;
  readonly uncertainty: number;
}

/** The derivative of a function with respect to one number. */
export interface Difference extends Estimate {
  /**
   * Of functions with kinks, such as relu: the slopes on both sides, of which one is right where a kink is near on the other side,
   * and between which all are right where the kink is here.
   */
  readonly sides: readonly [Estimate, Estimate];
}

/**
 * The derivative with respect to `data[k]` by Ridders' method: differences with steps h, h/2, .., h/16, extrapolated to 0 in a
 * triangle as Romberg's integrals are, of which the entry counts that differs least from its neighbours. Press et al. 1992,
 * Numerical Recipes, 5.7. Central differences, whose errors are powers of h^2, and those to either side, with powers of h.
 *
 * Steps are what f32 makes of `w + h` and `w - h`; `data[k]` is put back.
 */
export function differenceAt(data: Float32Array, k: number, f: () => number, step: number): Difference {
  const w = data[k];
  const at = (x: number) => {
    data[k] = x;
    return f();
  };
  const middle = at(w);
  const central: number[] = [];
  const above: number[] = [];
  const below: number[] = [];
  const steps = Array.from({ length: STEPS }, (_, i) => (step * Math.max(1, Math.abs(w))) / (1 << i));
  for (const h of steps) {
    const [up, down] = [Math.fround(w + h), Math.fround(w - h)];
    const [high, low] = [at(up), at(down)];
    central.push((high - low) / (up - down));
    above.push((high - middle) / (up - w));
    below.push((middle - low) / (w - down));
  }
  data[k] = w;
  const roundings = steps.map((h) => (LOSS_ROUNDING * Math.abs(middle)) / h);
  return {
    ...extrapolate(central, roundings, 4),
    sides: [extrapolate(below, roundings, 2), extrapolate(above, roundings, 2)],
  };
}

/**
 * @param differences of steps each half of the one before
 * @param roundings what rounding may have changed in each
 * @param power by which the first error of a difference shrinks with half the step; the next ones shrink by its powers
 */
function extrapolate(differences: readonly number[], roundings: readonly number[], power: number): Estimate {
  let best = { value: Number.NaN, error: Infinity };
  let row: number[] = [];
  differences.forEach((difference, i) => {
    const next = [difference];
    for (let j = 0, factor = power; j < row.length; j++, factor *= power) {
      const value = next[j] + (next[j] - row[j]) / (factor - 1);
      next.push(value);
      const error = Math.max(Math.abs(value - next[j]), Math.abs(value - row[j])) + roundings[i];
      if (error < best.error) best = { value, error };
    }
    row = next;
  });
  // Kinks nearby make estimates as uncertain as one likes; a limit keeps them from excusing everything.
  const limit = 2 * roundings[roundings.length - 1];
  return { value: best.value, uncertainty: Math.min(2 * best.error, limit) };
}
