import { BusyError } from "../errors.ts";
import type { Plan } from "../plan/planned.ts";
import type { Engine, Space } from "../runtime/space.ts";
import type { Program, SharedMemory } from "./program.ts";

/** One of the programs, as the others know it. */
export interface Sharer {
  /** Whether a run or a customer has its state; only what trains says so. */
  readonly isBusy?: boolean;
}

/** The memory of programs that were planned together. */
export class ProgramsMemory implements SharedMemory {
  readonly #engine: Engine;
  #space: Space | undefined;
  #users = 0;
  /** By name. */
  sharers: Readonly<Record<string, Sharer>> = {};

  constructor(who: string, engine: Engine, plans: readonly Plan[]) {
    const end = plans.reduce((most, plan) => Math.max(most, plan.end), 0);
    const { kernels } = plans.reduce((most, plan) => (plan.kernels.level > most.kernels.level ? plan : most));
    this.#engine = engine;
    // The owner is this object, which lives as long as one of the programs.
    this.#space = engine.open(who, kernels, end, this);
  }

  enter(): Space {
    this.#users++;
    return this.#space as Space;
  }

  leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#engine.release(this, this.#space);
    this.#space = undefined;
  }

  hold({ plan, f32 }: Program): <T>(read: () => T) => T {
    const borrowed = plan.variables.filter(({ isForeign }) => isForeign);
    const copy = () =>
      borrowed.map(({ offset, elements }) => f32.slice(offset >>> 2, (offset >>> 2) + elements));
    const lay = (values: readonly Float32Array[]) =>
      values.forEach((data, i) => {
        f32.set(data, borrowed[i].offset >>> 2);
      });
    const held = copy();
    return (read) => {
      // Between two readings their owner may go on training.
      const now = copy();
      lay(held);
      try {
        return read();
      } finally {
        lay(now);
      }
    };
  }

  checkIdle(who: string): void {
    for (const name in this.sharers)
      if (this.sharers[name].isBusy)
        throw new BusyError(
          `${who}: programs compiled together must be at rest while one of them changes; ` +
            `got a call while "${name}" has a fit or withState under way: await or abort it first`,
        );
  }
}
