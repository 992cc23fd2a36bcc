/** Losses of a run for the chart: at most 2,000 points, however long it runs. */
const MOST = 2000;

export class History {
  readonly #steps = new Float64Array(MOST);
  readonly #train = new Float64Array(MOST);
  readonly #test = new Float64Array(MOST);
  #length = 0;
  /** Steps between points kept; doubles when the arrays are full. */
  #stride = 1;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
    this.#stride = 1;
  }

  /** Adds a point; points of the same step and later ones are forgotten first. */
  add(steps: number, train: number, test: number): void {
    while (this.#length > 0 && this.#steps[this.#length - 1]! >= steps) this.#length--;
    // The newest point is always shown, and is dropped when the next one comes unless it is a stride from the one before.
    const last = this.#length - 1;
    if (last > 0 && this.#steps[last]! - this.#steps[last - 1]! < this.#stride) this.#length--;
    if (this.#length === MOST) this.#thin();
    this.#steps[this.#length] = steps;
    this.#train[this.#length] = train;
    this.#test[this.#length] = test;
    this.#length++;
  }

  /** Keeps every second point. */
  #thin(): void {
    const half = MOST / 2;
    for (let index = 0; index < half; index++)
      for (const values of [this.#steps, this.#train, this.#test]) values[index] = values[2 * index]!;
    this.#length = half;
    this.#stride = (this.#steps[half - 1]! - this.#steps[0]!) / (half - 1) || 1;
  }

  /** Steps, losses on training rows and on test rows: views of the arrays, valid until the next `add`. */
  columns(): [Float64Array, Float64Array, Float64Array] {
    return [
      this.#steps.subarray(0, this.#length),
      this.#train.subarray(0, this.#length),
      this.#test.subarray(0, this.#length),
    ];
  }
}
