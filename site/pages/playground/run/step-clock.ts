/** The time that training takes, and of it a step. */

/** Steps after which what was measured counts half. */
const HALF_LIFE = 500;

/** Time and steps of late. */
class Recent {
  #milliseconds = 0;
  #steps = 0;

  add(steps: number, milliseconds: number): void {
    const kept = 0.5 ** (steps / HALF_LIFE);
    this.#milliseconds = this.#milliseconds * kept + milliseconds;
    this.#steps = this.#steps * kept + steps;
  }

  get microsecondsPerStep(): number {
    return this.#steps > 0 ? (this.#milliseconds * 1000) / this.#steps : 0;
  }
}

/**
 * Adds up calls that train. Clocks of browsers tick each 5 to 1,000 microseconds, more than a few steps take: that is right on average
 * over many calls alone.
 */
export class StepClock {
  #milliseconds = 0;
  readonly #cold = new Recent();
  readonly #warm = new Recent();

  /** @param isCold whether something else ran before: the first step then waits until code and numbers are in the caches again */
  add(steps: number, milliseconds: number, isCold: boolean): void {
    this.#milliseconds += milliseconds;
    (isCold ? this.#cold : this.#warm).add(steps, milliseconds);
  }

  /** Of all calls. */
  get milliseconds(): number {
    return this.#milliseconds;
  }

  /** Of a step that follows another; where each call makes one step alone, of these. */
  get microsecondsPerStep(): number {
    return this.#warm.microsecondsPerStep || this.#cold.microsecondsPerStep;
  }
}
