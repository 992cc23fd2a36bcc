/** Times by rounds: each piece of work once a round, so that what else the machine does falls on all of them alike. */

/** A sample takes at least as long, and as many ticks of the clock: those of browsers take from 0.005 to 100 ms. */
const LEAST_MS = 50;
const LEAST_TICKS = 5;
/** Readings without a change after which a clock stands still; doublings of work in a sample. */
const MOST_READINGS = 1e8;
const MOST_DOUBLINGS = 24;

const STOPPED = "this browser has no clock that moves";

export interface Work {
  run(): void;
}

const timeOf = (work: Work, repeats: number, clock: () => number) => {
  const start = clock();
  for (let i = 0; i < repeats; i++) work.run();
  return clock() - start;
};

function nextTick(clock: () => number): number {
  const now = clock();
  for (let i = 0; i < MOST_READINGS; i++) {
    const later = clock();
    if (later > now) return later;
  }
  throw new Error(STOPPED);
}

/** The least milliseconds of a sample by this clock. */
export function leastSample(clock: () => number): number {
  let tick = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) tick = Math.min(tick, -nextTick(clock) + nextTick(clock));
  return Math.max(LEAST_MS, LEAST_TICKS * tick);
}

/** How often work is done in a sample of so many milliseconds, which has warmed it up as well. */
export function repeatsOf(work: Work, leastMs: number, clock: () => number): number {
  for (let doublings = 0; doublings < MOST_DOUBLINGS; doublings++) {
    const repeats = 2 ** doublings;
    const ms = timeOf(work, repeats, clock);
    if (ms >= leastMs) return Math.max(1, Math.ceil((repeats * leastMs) / ms));
  }
  throw new Error(STOPPED);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((p, q) => p - q);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * @param onRound  is told after each round, from 1 on
 * @returns for each piece of work the median milliseconds of doing it once
 */
export function measureInTurns(
  works: readonly { readonly work: Work; readonly repeats: number }[],
  rounds: number,
  onRound: (round: number) => void,
  clock: () => number,
): number[] {
  const samples: number[][] = works.map(() => []);
  for (let round = 1; round <= rounds; round++) {
    works.forEach(({ work, repeats }, at) => {
      samples[at].push(timeOf(work, repeats, clock) / repeats);
    });
    onRound(round);
  }
  return samples.map(median);
}
