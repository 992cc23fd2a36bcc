/** Timing: variants of one workload take turns, so that a slow moment of the machine falls on all of them. */
import { Bench } from "tinybench";

/** One way to do a piece of work. */
export interface Variant {
  readonly name: string;
  /** How many units of the workload (steps, products, ..) one call does. */
  readonly units: number;
  run(): void;
  /** Puts back what `run` changes; not timed. */
  before?(): void;
}

export interface Effort {
  /** Turns that every variant gets. */
  readonly rounds: number;
  /** Length of a turn, if one call is not longer, in ms. */
  readonly turnMs: number;
  /** Calls before the first turn last about this long, in ms: engines need them to optimize. */
  readonly warmupMs: number;
}

export const THOROUGH: Effort = { rounds: 9, turnMs: 60, warmupMs: 250 };
export const BRIEF: Effort = { rounds: 3, turnMs: 25, warmupMs: 100 };

export interface Timing {
  /** Median over turns of the median time of a unit, in ms. */
  readonly ms: number;
  /** The shortest time of a unit in any turn. */
  readonly fastestMs: number;
  /** The median of each turn. */
  readonly turns: readonly number[];
}

/** Windows counts processor time in ticks of 16 ms; pages and shells do not tell it. */
const HAS_CPU_CLOCK = typeof process === "object" && process.platform !== "win32";

/**
 * Runs `work` and says how long this process was at it, in ms: by the clock, less what other processes took. On an
 * idle machine the two clocks agree; on a busy one they keep figures comparable.
 */
export function timeOf(work: () => void): number {
  const before = HAS_CPU_CLOCK ? process.cpuUsage() : undefined;
  const start = performance.now();
  work();
  const elapsed = performance.now() - start;
  if (!before) return elapsed;
  const { user, system } = process.cpuUsage(before);
  return Math.min(elapsed, (user + system) / 1000);
}

/** Calls shorter than this are timed several at once, in ms. */
const SHORTEST_SAMPLE = 0.1;
/** Calls longer than this get no turn beyond the third, in ms. */
const LONG_CALL = 400;

/** Times the variants in turn; the k-th timing is the k-th variant's. */
export function measure(variants: readonly Variant[], effort: Effort): Timing[] {
  const repeats = variants.map((variant) => warmUp(variant, effort.warmupMs));
  const turns: number[][] = variants.map(() => []);
  const fastest = variants.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < effort.rounds; round++) {
    globalThis.gc?.();
    const bench = new Bench({
      time: effort.turnMs,
      iterations: 1,
      warmup: false,
      throws: true,
      retainSamples: true,
    });
    for (let turn = 0; turn < variants.length; turn++) {
      const i = (turn + round) % variants.length;
      const { run, before } = variants[i];
      const times = repeats[i];
      if (round >= 3 && turns[i][0] * variants[i].units > LONG_CALL) continue;
      bench.add(
        String(i),
        () => ({
          overriddenDuration: timeOf(() => {
            for (let r = 0; r < times; r++) run();
          }),
        }),
        before ? { beforeEach: () => before() } : {},
      );
    }
    bench.runSync();
    for (const { name, result } of bench.tasks) {
      if (!("latency" in result)) throw new Error(`no samples of ${name}`);
      const i = Number(name);
      const units = variants[i].units * repeats[i];
      turns[i].push(result.latency.p50 / units);
      fastest[i] = Math.min(fastest[i], result.latency.min / units);
    }
  }
  return variants.map((_, i) => ({ ms: median(turns[i]), fastestMs: fastest[i], turns: turns[i] }));
}

/** Runs a variant for a while; returns how many calls make a sample long enough for the clock. */
function warmUp({ run, before }: Variant, warmupMs: number): number {
  const start = performance.now();
  let call = 0;
  do {
    before?.();
    call = timeOf(run);
  } while (performance.now() - start < warmupMs);
  return before || call >= SHORTEST_SAMPLE ? 1 : Math.ceil(SHORTEST_SAMPLE / Math.max(call, 1e-4));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many times faster `a` is than `b`: the median over the turns they took side by side. */
export function speedup(a: Timing, b: Timing): number {
  const count = Math.min(a.turns.length, b.turns.length);
  return median(Array.from({ length: count }, (_, i) => b.turns[i] / a.turns[i]));
}
