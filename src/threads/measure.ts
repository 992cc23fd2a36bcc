/** What it costs that threads meet, measured where they run: cores and their load differ too much for a constant. */
import type { Prices } from "./share.ts";

/** Meetings in a sample, most samples, and milliseconds after which no other is taken. */
const MEETINGS = 20;
const SAMPLES = 15;
const MOST_MS = 3;
const CALLS = 5;
/** Nanoseconds: what takes longer tells of other work of the machine. */
const MOST_WAKE = 200_000;
/** Nanoseconds: threads that have just worked meet with colder caches than those that only meet. */
const LEAST_BARRIER = 1000;
/** So long that the workers have gone to sleep. */
const PAUSE_MS = 0.5;
/** Looks at the clock that take longer than the pause: a clock may tick every 100 ms, or stand still. */
const MOST_LOOKS = 20_000;

/** Where nothing is measured, or no clock tells: as between cores that have nothing else to do. */
export const UNMEASURED: Prices = { barrier: LEAST_BARRIER, wake: 5000 };

const { performance: clock } = globalThis;
const read = clock?.now;

/**
 * Milliseconds. By the clock as it was when this file was loaded: `Date.now` is set by people, and fake timers of tests replace both.
 * They may have done so before, so nothing waits for this clock alone.
 */
export const now: () => number = read ? () => read.call(clock) : Date.now;

/** @param rehearse calls all threads, and lets them meet so many times */
export function measure(rehearse: (times: number) => unknown): Prices {
  const end = now() + MOST_MS;
  // The first calls run before the engine has optimized anything.
  rehearse(MEETINGS);
  const samples: number[] = [];
  do {
    const start = now();
    rehearse(MEETINGS);
    samples.push(((now() - start) * 1e6) / MEETINGS);
  } while (samples.length < SAMPLES && now() < end);
  const calls: number[] = [];
  do {
    const pause = now() + PAUSE_MS;
    for (let looks = 0; looks < MOST_LOOKS && now() < pause; looks++);
    const start = now();
    rehearse(1);
    calls.push((now() - start) * 1e6);
  } while (calls.length < CALLS && now() < end + MOST_MS);
  return {
    barrier: Math.max(LEAST_BARRIER, quartile(samples)),
    wake: Math.min(MOST_WAKE, ...calls) || UNMEASURED.wake,
  };
}

/** The lower of both: what was dearer was so for a moment. */
export const lower = (a: Prices, b: Prices): Prices => ({
  barrier: Math.min(a.barrier, b.barrier),
  wake: Math.min(a.wake, b.wake),
});

/** A quarter of the samples are smaller: the others may have met with other work of the machine. */
function quartile(samples: number[]): number {
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 4)];
}
