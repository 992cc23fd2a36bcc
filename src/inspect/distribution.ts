/** How numbers are distributed, counted stretch by stretch. */

/** How numbers are distributed. Those that are not finite are counted and left out of all else. */
export interface Distribution {
  readonly count: number;
  /** Numbers that are NaN or infinite. */
  readonly nonFinite: number;
  readonly mean: number;
  /** Root of the mean square. */
  readonly rms: number;
  /** Root of the sum of squares. */
  readonly norm: number;
  readonly min: number;
  readonly max: number;
  /** Share of numbers that are 0. */
  readonly zeros: number;
  /** Numbers in intervals of equal width from `min` to `max`. */
  readonly histogram: readonly number[];
}

/** Counts in two rounds over the same numbers: `add` for all of them, then `sort`, which needs the range. */
export class Tally {
  #count = 0;
  #finite = 0;
  #zeros = 0;
  #sum = 0;
  #squares = 0;
  #min = Infinity;
  #max = -Infinity;
  readonly #counts: number[];

  constructor(bins: number) {
    this.#counts = new Array<number>(bins).fill(0);
  }

  /** Order: one f64 accumulator for all numbers. */
  add(numbers: ArrayLike<number>): void {
    this.#count += numbers.length;
    for (let i = 0; i < numbers.length; i++) {
      const x = numbers[i];
      if (!Number.isFinite(x)) continue;
      this.#finite++;
      this.#sum += x;
      this.#squares += x * x;
      if (x === 0) this.#zeros++;
      if (x < this.#min) this.#min = x;
      if (x > this.#max) this.#max = x;
    }
  }

  sort(numbers: ArrayLike<number>): void {
    const bins = this.#counts.length;
    const width = (this.#max - this.#min) / bins;
    for (let i = 0; i < numbers.length; i++) {
      if (!Number.isFinite(numbers[i])) continue;
      const bin = width > 0 ? Math.floor((numbers[i] - this.#min) / width) : 0;
      this.#counts[Math.min(bin, bins - 1)]++;
    }
  }

  get distribution(): Distribution {
    const finite = this.#finite;
    const of = (sum: number) => (finite > 0 ? sum / finite : Number.NaN);
    return {
      count: this.#count,
      nonFinite: this.#count - finite,
      mean: of(this.#sum),
      rms: Math.sqrt(of(this.#squares)),
      norm: Math.sqrt(this.#squares),
      min: finite > 0 ? this.#min : Number.NaN,
      max: finite > 0 ? this.#max : Number.NaN,
      zeros: of(this.#zeros),
      histogram: this.#counts,
    };
  }
}

/** How the numbers of one list are distributed. */
export function distributionOf(numbers: ArrayLike<number>, bins: number): Distribution {
  const tally = new Tally(bins);
  tally.add(numbers);
  tally.sort(numbers);
  return tally.distribution;
}
