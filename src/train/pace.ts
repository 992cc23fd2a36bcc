/** How fast a program trains, learnt from its slices: what bounds them where the clock is coarse or stands still. */
import { operationsOf } from "../plan/cost.ts";
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { OPERATIONS_PER_MS, spend } from "../runtime/event-loop.ts";

export interface Pace {
  /** Passes that take about so long; at least one. */
  passesIn(ms: number): number;
  /** Learns from passes that took `ms` by the clock, and counts them toward the slice of the thread. */
  learn(passes: number, ms: number): void;
}

/** Less than this, by a clock that may tick every 100 ms, says nothing yet. */
const LEAST_MS = 300;
/** What is older is forgotten: machines change their speed. */
const MOST_MS = 3000;

const paces = new WeakMap<Program, Pace>();

export function paceOf(program: Program, train: TrainPlan): Pace {
  let pace = paces.get(program);
  if (!pace) paces.set(program, (pace = makePace(program.plan.batch, train)));
  return pace;
}

function makePace(batch: number, { sections }: TrainPlan): Pace {
  const records = sections.flatMap((section) => section.records);
  const guess = OPERATIONS_PER_MS / operationsOf(records, batch);
  let passesSeen = 0;
  let msSeen = 0;
  const perMs = () => (msSeen < LEAST_MS ? guess : passesSeen / msSeen);
  return {
    passesIn: (ms) => Math.max(1, Math.floor(ms * perMs())),
    learn: (passes, ms) => {
      // Not where the clock was set.
      if (ms >= 0 && ms < MOST_MS) {
        passesSeen += passes;
        msSeen += ms;
        if (msSeen > MOST_MS) {
          passesSeen /= 2;
          msSeen /= 2;
        }
      }
      spend(passes / perMs());
    },
  };
}
