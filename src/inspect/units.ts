/** Units that say the same of every row: always 0, or always at a limit of their activation. */
import type { Node } from "../graph/graph.ts";
import { activationOf } from "../model/activations.ts";

/** How near to a limit counts as saturated, as a share of the range from the middle to the limit. */
const NEAR = 0.01;

/** Lower and upper limit of the activations that have two. */
const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  sigmoid: [0, 1],
  hardSigmoid: [0, 1],
  tanh: [-1, 1],
  softsign: [-1, 1],
};

export interface Units {
  /** Length of the last axis. */
  readonly units: number;
  /** Units that are 0 for all rows, at all positions: a relu among them gets no gradient any more. */
  readonly deadUnits: readonly number[];
  /** Of sigmoid, hardSigmoid, tanh and softsign: the share of numbers within 1 % of a limit, where gradients vanish. */
  readonly saturated?: number;
  /** Units that are so for all rows, at all positions. */
  readonly saturatedUnits?: readonly number[];
}

/** Watches the units of one value, stretch by stretch. */
export class UnitWatch {
  readonly #alive: Uint8Array;
  readonly #free: Uint8Array;
  readonly #limits: readonly [number, number] | undefined;
  #count = 0;
  #saturated = 0;

  /** @param node what makes the value: whether it is an activation with limits */
  constructor(
    private readonly units: number,
    node: Node,
  ) {
    this.#alive = new Uint8Array(units);
    this.#free = new Uint8Array(units);
    const activation = activationOf(node);
    this.#limits = typeof activation === "string" ? LIMITS[activation] : undefined;
  }

  add(numbers: ArrayLike<number>): void {
    const [low, high] = this.#limits ?? [-Infinity, Infinity];
    const margin = ((high - low) / 2) * NEAR;
    for (let i = 0; i < numbers.length; i++) {
      const x = numbers[i];
      if (x !== 0) this.#alive[i % this.units] = 1;
      if (!this.#limits) continue;
      if (x <= low + margin || x >= high - margin) this.#saturated++;
      else this.#free[i % this.units] = 1;
    }
    this.#count += numbers.length;
  }

  get result(): Units {
    const { units } = this;
    const without = (mark: Uint8Array) => Array.from(mark.keys()).filter((unit) => mark[unit] === 0);
    const saturation = this.#limits && {
      saturated: this.#saturated / this.#count,
      saturatedUnits: without(this.#free),
    };
    return { units, deadUnits: without(this.#alive), ...saturation };
  }
}
