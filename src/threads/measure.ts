/** What it costs that threads meet, measured where they run: cores and their load differ too much for a constant. */
import type { Prices } from "./share.ts";

/** Meetings in a sample, most samples, and milliseconds after which no other is taken. */
const MEETINGS = 20;
const SAMPLES = 15;
const MOST_MS = 3;
const CALLS = 5;
/** Nanoseconds: what takes longer tells of other work of the machine. */
const MOST_WAKE = 200_000;
/** So long that the workers have gone to sleep. */
const PAUSE_MS = 0.1;

/** By a clock that nobody sets: pages and tests put others in the place of `Date.now`. */
export const now = () => (typeof performance === "object" ? performance.now() : Date.now());

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
    while (now() < pause);
    const start = now();
    rehearse(1);
    calls.push((now() - start) * 1e6);
  } while (calls.length < CALLS && now() < end + MOST_MS);
  return { barrier: quartile(samples), wake: Math.min(MOST_WAKE, ...calls) };
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
