/** How finely frames are drawn: less where the machine is slow, more where it has time left. */
import { FIRST_VIEW } from "../run/first-start.ts";
import type { View } from "../run/types.ts";

/** From coarse to fine. `every`: tiles and weights are part of each so manieth frame. */
const LEVELS = [
  { grid: 20, every: 6 },
  { grid: 20, every: 3 },
  { grid: 28, every: 2 },
  { grid: 40, every: 1 },
  { grid: 52, every: 1 },
  { grid: 64, every: 1 },
] as const;
const FIRST = 3;
/** Frames measured before the level may change. */
const MEASURED = 12;
/** Milliseconds of a frame, without training, from which on the level falls, and below which it rises. */
const TOO_LONG = 7;
const SHORT = 3;

export class Detail {
  #level: number = FIRST;
  #frames = 0;
  readonly #costs: number[] = [];
  /** Levels from here on were too slow in this run. */
  #limit: number = LEVELS.length;

  /** A new run may be lighter or heavier. */
  reset(): void {
    this.#limit = LEVELS.length;
    this.#costs.length = 0;
  }

  /** Of the next frame. */
  next(): View {
    const { grid, every } = LEVELS[this.#level]!;
    const isWhole = this.#frames++ % every === 0;
    return { grid, tile: isWhole ? FIRST_VIEW.tile : 0, weights: isWhole };
  }

  /** Of a frame that stays: a run that stands. */
  get still(): View {
    return FIRST_VIEW;
  }

  /** Takes what a frame cost in milliseconds: in the worker without training, and here for drawing. */
  measure(cost: number): void {
    this.#costs.push(cost);
    if (this.#costs.length < MEASURED) return;
    const median = this.#costs.sort((a, b) => a - b)[MEASURED >> 1]!;
    this.#costs.length = 0;
    if (median > TOO_LONG && this.#level > 0) this.#limit = this.#level--;
    else if (median < SHORT && this.#level + 1 < this.#limit) this.#level++;
  }
}
