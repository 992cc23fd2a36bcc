/** Measuring, and waiting for workers, by clocks that tell little or nothing. */
import { afterEach, expect, it, vi } from "vitest";
import type { measure, UNMEASURED } from "../../src/threads/measure.ts";
import type { Pool } from "../../src/threads/pool.ts";
import type { Team } from "../../src/threads/team.ts";

const { performance: real } = globalThis;
const realNow = real.now;

afterEach(() => {
  real.now = realNow;
  vi.restoreAllMocks();
  vi.resetModules();
});

interface Loaded {
  readonly measure: typeof measure;
  readonly UNMEASURED: typeof UNMEASURED;
  readonly Pool: typeof Pool;
  readonly Team: typeof Team;
}

/** The files of the threads, loaded while the clock is this one. */
async function loadedWith(clock: () => number): Promise<Loaded> {
  real.now = clock;
  vi.resetModules();
  const files = [
    await import("../../src/threads/measure.ts"),
    await import("../../src/threads/pool.ts"),
    await import("../../src/threads/team.ts"),
  ] as const;
  return { ...files[0], ...files[1], ...files[2] };
}

const deaf = () => ({ postMessage() {}, terminate() {}, on() {} });

it.each([
  ["stands still", () => 5],
  [
    "ticks every 100 ms",
    (
      (reads) => () =>
        100 * Math.floor(reads++ / 1e6)
    )(0),
  ],
])("a clock that %s measures nothing, and is not waited for", async (_how, clock) => {
  const { measure, UNMEASURED } = await loadedWith(clock);
  const meetings: number[] = [];
  expect(measure((times) => meetings.push(times))).toEqual(UNMEASURED);
  expect(meetings.length).toBeGreaterThan(2);
});

it("a clock that fake timers replace later is kept", async () => {
  let time = 0;
  const { measure } = await loadedWith(() => {
    time += 0.01;
    return time;
  });
  real.now = () => 5;
  const { barrier, wake } = measure(() => {
    time += 0.02;
  });
  // Each rehearsal takes 0.02 ms and a look of 0.01 ms.
  expect(barrier).toBeCloseTo(30_000 / 20, 3);
  expect(wake).toBeCloseTo(30_000, 3);
});

it.each([true, false])(
  "workers that do not leave are given up though the clock stands still (may sleep: %s)",
  async (maySleep) => {
    const { Pool } = await loadedWith(() => 5);
    const pool = new Pool(2, deaf, maySleep);
    expect(pool.leave(10)).toBe(true);
    pool.call(1, 0);
    expect(pool.leave(10)).toBe(false);
  },
);

it("workers that never start are waited for a bounded time though the clock stands still", async () => {
  const { Pool } = await loadedWith(() => 5);
  const naps: (number | undefined)[] = [];
  vi.spyOn(Atomics, "wait").mockImplementation(((
    _words: Int32Array,
    _at: number,
    _value: number,
    ms: number,
  ) => {
    naps.push(ms);
    return "timed-out";
  }) as never);
  const pool = new Pool(2, deaf, true);
  expect(pool.isReady(new Int32Array(new SharedArrayBuffer(4)), true)).toBe(false);
  expect(naps.reduce<number>((sum, ms) => sum + (ms as number), 0)).toBe(10_000);
});

it("prices are measured anew after longer and longer times of that clock, from the third time on only by calls of many passes", async () => {
  let time = 1000;
  const { Team } = await loadedWith(() => time);
  const date = vi.spyOn(Date, "now").mockReturnValue(0);
  const team = new Team({ parts: 2 } as never);
  const prices = { barrier: 200, wake: 3000 };
  const due = () => [team.isDue(false), team.isDue(true)];
  const seen = [];
  for (const period of [250, 500, 1000]) {
    seen.push(due());
    team.measured(prices);
    date.mockReturnValue(1e12 * period);
    expect(due()).toEqual([false, false]);
    time += period;
  }
  expect([...seen, due()]).toEqual([
    [true, true],
    [true, true],
    [false, true],
    [false, true],
  ]);
});
