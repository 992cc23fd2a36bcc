/** States of a run that a time slider leads to, thinned as they become many. */

interface KeptState {
  readonly step: number;
  readonly state: Uint8Array;
}

const MOST_STATES = 1000;
/** Up to this step every step is kept, if there is room; from there on each so manieth, so that keeping costs little beside training. */
const DENSE_STEPS = 128;
const LEAST_STRIDE = 8;
/** Bytes of all states together; large networks have fewer of them. */
const MOST_BYTES = 64 * 2 ** 20;

export class KeptStates {
  readonly #most: number;
  #kept: KeptState[] = [];
  #stride = 1;
  /** Where the run was when it was last left for an earlier state. */
  #tip: KeptState | undefined;

  constructor(stateBytes: number) {
    this.#most = Math.max(8, Math.min(MOST_STATES, Math.floor(MOST_BYTES / stateBytes))) - 1;
  }

  /** Steps from here to the next that `offer` keeps. */
  stepsToNext(step: number): number {
    const stride = this.#strideAt(step);
    return stride - (step % stride);
  }

  /** Keeps the state of this step if its turn has come. */
  offer(step: number, state: () => Uint8Array): void {
    const last = this.#kept[this.#kept.length - 1];
    if (step % this.#strideAt(step) !== 0 || (last && last.step >= step)) return;
    this.#kept.push({ step, state: state() });
    while (this.#kept.length > this.#most) {
      this.#stride *= 2;
      this.#kept = this.#kept.filter((kept) => kept.step % this.#stride === 0);
    }
  }

  #strideAt(step: number): number {
    return step < DENSE_STEPS ? this.#stride : Math.max(this.#stride, LEAST_STRIDE);
  }

  /** Steps of all that can be gone to, of a run that stands at a step. */
  steps(now: number): number[] {
    const newest = Math.max(now, this.#tip?.step ?? 0);
    const steps = this.#kept.map(({ step }) => step);
    return steps[steps.length - 1] === newest ? steps : [...steps, newest];
  }

  /** The state of a step, or the last before it. */
  find(step: number, now: KeptState): KeptState {
    if (!this.#tip || now.step > this.#tip.step) this.#tip = now;
    if (step >= this.#tip.step) return this.#tip;
    const before = this.#kept.filter((kept) => kept.step <= step);
    return before[before.length - 1] ?? this.#kept[0];
  }

  /** Forgets what comes after a step. */
  forgetAfter(step: number): void {
    this.#tip = undefined;
    this.#kept = this.#kept.filter((kept) => kept.step <= step);
  }
}
