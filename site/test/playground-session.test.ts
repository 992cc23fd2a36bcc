/** The session: the same bits however it is driven, states to go back to, and what frames show. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { DEFAULT_CONFIG, readConfig } from "../pages/playground/run/config.ts";
import { EXTRAS } from "../pages/playground/run/extras.ts";
import { FIRST_VIEW, isFirst, packStart, unpackStart } from "../pages/playground/run/first-start.ts";
import { needsExtras } from "../pages/playground/run/needs.ts";
import { Run } from "../pages/playground/run/run.ts";
import { KeptStates } from "../pages/playground/run/states.ts";
import { trainingSession } from "../pages/playground/run/training-session.ts";
import type { Config, OwnData, Session } from "../pages/playground/run/types.ts";
import { allRuns, randomRun } from "./links/configurations.ts";

const VIEW = { grid: 8, tile: 4, weights: true };
const BUSY: Config = {
  ...DEFAULT_CONFIG,
  layers: [{ units: 8, activation: "relu", normalization: "batch", dropout: 0.2 }],
  rates: [
    [30, 0.02],
    [61, 0.005],
  ],
};

/** What an uninterrupted run of so many steps ends in. */
function digestAfter(config: Config, steps: number): string {
  const run = new Run(config, EXTRAS);
  run.train(steps);
  const { parameters } = run.claim;
  run.dispose();
  return parameters;
}

const digestOf = async (session: Session) => (await session.claim()).claim.parameters;

async function started(config: Config): Promise<Session> {
  const session = trainingSession(EXTRAS);
  await session.start(config, VIEW);
  return session;
}

describe("however a run is driven, it ends in the same bits", () => {
  const steps = 100;
  const expected = digestAfter(BUSY, steps);

  it.each([1, 7, 100])("in pieces of %i steps", async (piece) => {
    const session = await started(BUSY);
    for (let done = 0; done < steps; done += piece)
      await session.advance({ steps: Math.min(piece, steps - done) }, VIEW);
    expect(await digestOf(session)).toBe(expected);
  });

  it("in slices of time", async () => {
    const session = await started(BUSY);
    let frame = await session.advance({ milliseconds: 0.05 }, VIEW);
    while (frame.steps < steps / 2) frame = await session.advance({ milliseconds: 0.05 }, VIEW);
    expect(frame.steps).toBeGreaterThan(0);
    const { steps: reached } = frame;
    expect(await digestOf(session)).toBe(digestAfter(BUSY, reached));
  });

  it("after going back and forth", async () => {
    const session = await started(BUSY);
    await session.advance({ steps: 80 }, VIEW);
    expect((await session.seek(20, VIEW)).steps).toBe(20);
    expect((await session.seek(80, VIEW)).rate).toBe(0.005);
    expect((await session.seek(30, VIEW)).rate).toBe(0.02);
    expect((await session.seek(29, VIEW)).rate).toBe(0.01);
    await session.advance({ steps: 71 }, VIEW);
    expect(await digestOf(session)).toBe(expected);
    const { config, claim } = await session.claim();
    expect([config, claim.steps]).toEqual([BUSY, steps]);
  });

  it("from where a replay ended, which leads back to the start", async () => {
    const run = new Run(BUSY, EXTRAS);
    run.train(64);
    const session = await started(BUSY);
    await session.advance({ steps: 7 }, VIEW);
    const frame = await session.restore(run.network.trainer.state(), VIEW);
    expect([frame.steps, frame.rate, frame.states]).toEqual([64, 0.005, [0, 64]]);
    await session.advance({ steps: steps - 64 }, VIEW);
    expect(await digestOf(session)).toBe(expected);
    expect((await session.seek(0, VIEW)).steps).toBe(0);
    run.dispose();
  });

  it("after an advance by no step, which forgets nothing", async () => {
    const session = await started(BUSY);
    await session.advance({ steps: 80 }, VIEW);
    await session.seek(20, VIEW);
    const frame = await session.advance({ steps: 0 }, VIEW);
    expect([frame.steps, frame.states.at(-1)]).toEqual([20, 80]);
    await session.seek(80, VIEW);
    await session.advance({ steps: 20 }, VIEW);
    expect(await digestOf(session)).toBe(expected);
  });

  it("with rates changed on the way, which the claim then says", async () => {
    const session = await started(DEFAULT_CONFIG);
    await session.setRate(0.05);
    await session.advance({ steps: 40 }, VIEW);
    await session.setRate(0.001);
    await session.setRate(0.002);
    await session.advance({ steps: 40 }, VIEW);
    await session.setRate(0.5);
    const { config, claim } = await session.claim();
    expect(config.rates).toEqual([
      [0, 0.05],
      [40, 0.002],
    ]);
    expect(claim.parameters).toBe(digestAfter(config, 80));
    expect(claim.parameters).not.toBe(digestAfter(DEFAULT_CONFIG, 80));
  });

  it("with a rate changed after going back: later rates and states are forgotten", async () => {
    const session = await started(BUSY);
    await session.advance({ steps: 80 }, VIEW);
    await session.seek(40, VIEW);
    await session.setRate(0.1);
    const frame = await session.advance({ steps: 30 }, VIEW);
    expect([frame.states.at(-1), frame.rate]).toEqual([70, 0.1]);
    const { config, claim } = await session.claim();
    expect(config.rates).toEqual([
      [30, 0.02],
      [40, 0.1],
    ]);
    expect(claim.parameters).toBe(digestAfter(config, 70));
  });
});

describe("states", () => {
  it("are thinned to at most 1,000, and stay those of their steps", async () => {
    const session = await started(DEFAULT_CONFIG);
    const { states } = await session.advance({ steps: 2500 }, VIEW);
    expect(states.length).toBeLessThanOrEqual(1000);
    expect(states.length).toBeGreaterThan(400);
    expect([states[0], states.at(-1)]).toEqual([0, 2500]);
    expect(states).toEqual([...states].sort((a, b) => a - b));
    const middle = states[Math.floor(states.length / 2)];
    expect((await session.seek(middle, VIEW)).steps).toBe(middle);
    expect(await digestOf(session)).toBe(digestAfter(DEFAULT_CONFIG, middle));
    expect((await session.seek(2500, VIEW)).states).toEqual(states);
    expect((await session.seek(middle + 0.5, VIEW)).steps).toBe(middle);
    expect((await session.seek(-5, VIEW)).steps).toBe(0);
  });

  it("are those of the first steps and of each eighth, or evenly apart where there are more, however the run is driven", async () => {
    const session = await started(DEFAULT_CONFIG);
    let states: readonly number[] = [];
    const advance = async (times: number) => {
      for (let i = 0; i < times; i++)
        ({ states } = await session.advance({ steps: 7 }, { grid: 1, tile: 0, weights: false }));
    };
    await advance(30);
    const dense = Array.from({ length: 129 }, (_, step) => step);
    expect(states).toEqual([...dense, 136, 144, 152, 160, 168, 176, 184, 192, 200, 208, 210]);
    await advance(1300);
    expect(states.slice(0, -1)).toEqual(Array.from({ length: states.length - 1 }, (_, i) => 16 * i));
  });

  it("of large networks are fewer", () => {
    const kept = new KeptStates(1 << 20);
    for (let step = 0; step < 5000; step++) kept.offer(step, () => new Uint8Array(1));
    expect(kept.steps(4999).length).toBeLessThanOrEqual(64);
    expect(kept.steps(4999)[0]).toBe(0);
  });
});

describe("a frame", () => {
  it("shows surface, tiles and weights of the sizes asked for", async () => {
    const session = await started({
      ...DEFAULT_CONFIG,
      data: { ...DEFAULT_CONFIG.data, set: "blobs" } as never,
    });
    const frame = await session.advance({ steps: 5 }, { grid: 10, tile: 3, weights: true });
    expect(frame.surface).toHaveLength(10 * 10 * 3);
    for (let cell = 0; cell < 100; cell++) {
      const sum = frame.surface.subarray(3 * cell, 3 * cell + 3).reduce((a, b) => a + b);
      expect(sum).toBeCloseTo(1, 5);
    }
    expect(frame.units.map(({ length }) => length)).toEqual([6 * 9, 4 * 9]);
    expect(frame.weights.map(({ weight, bias }) => [weight.length, bias.length])).toEqual([
      [12, 6],
      [24, 4],
      [12, 3],
    ]);
    const bare = await session.advance({ steps: 0 }, { grid: 1, tile: 0, weights: false });
    expect([bare.surface.length, bare.units, bare.weights, bare.steps]).toEqual([3, [], [], 5]);
  });

  it("measures loss and accuracy as the engine does", async () => {
    for (const set of ["circles", "blobs", "wave"] as const) {
      const config = { ...DEFAULT_CONFIG, data: { ...DEFAULT_CONFIG.data, set } as never };
      const session = await started(config);
      const frame = await session.advance({ steps: 50 }, VIEW);
      const run = new Run(config, EXTRAS);
      run.train(50);
      for (const part of ["train", "test"] as const) {
        const { loss, accuracy } = run.network.trainer.evaluate(run.rows[part]);
        expect(frame.loss[part]).toBeCloseTo(loss, 4);
        if (set !== "wave") expect(frame.score[part]).toBeCloseTo(accuracy as number, 6);
      }
      run.dispose();
    }
  });

  it("has its first row of the surface at the lowest y, and tiles by unit", async () => {
    const session = trainingSession(undefined);
    const layers = [{ units: 2, activation: "linear" as const }];
    const { axes, frame } = await session.start(
      { ...DEFAULT_CONFIG, layers },
      { grid: 1, tile: 2, weights: true },
    );
    const [tiles] = frame.units;
    const [{ weight, bias }] = frame.weights;
    const run = new Run({ ...DEFAULT_CONFIG, layers }, undefined);
    const { mean, spread } = run.network.trainer.preprocessing.standardize1;
    for (const unit of [0, 1])
      for (const [cell, at] of [0.25, 0.75].flatMap((y) => [0.25, 0.75].map((x) => [x, y])).entries()) {
        const point = at.map((share, k) => axes[k].min + share * (axes[k].max - axes[k].min));
        const expected = point.reduce(
          (sum, x, k) => sum + ((x - mean[k]) / spread[k]) * weight[2 * k + unit],
          bias[unit],
        );
        expect(tiles[4 * unit + cell]).toBeCloseTo(expected, 4);
      }
    run.dispose();
  });

  it("says that a run diverged, stands at its last finite state, and can go back", async () => {
    const session = await started({
      ...DEFAULT_CONFIG,
      data: { ...DEFAULT_CONFIG.data, set: "wave" } as never,
      layers: [
        { units: 8, activation: "relu" },
        { units: 8, activation: "relu" },
      ],
      optimizer: "sgd",
      rate: 100,
    });
    const frame = await session.advance({ steps: 200 }, VIEW);
    expect(frame.diverged).toMatch(
      /^Training diverged after step \d+: the numbers grew beyond all bounds\. Choose a lower learning rate and restart, or go back on the time slider\.$/,
    );
    expect(frame.steps).toBeLessThan(200);
    expect((await session.advance({ steps: 5 }, VIEW)).steps).toBe(frame.steps);
    for (const { weight } of frame.weights) expect(weight.every(Number.isFinite)).toBe(true);
    const back = await session.seek(0, VIEW);
    expect(back.diverged).toBeUndefined();
    await session.setRate(0.001);
    expect((await session.advance({ steps: 20 }, VIEW)).steps).toBe(20);
  });
});

describe("the time of training", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** A clock that moves while steps are made and states are kept alone: 3 us a step, 130 us before the first of a slice, 200 us a state. */
  function slowStates() {
    let now = 0;
    let isCold = true;
    const { train } = Run.prototype;
    const { offer } = KeptStates.prototype;
    vi.spyOn(performance, "now").mockImplementation(() => now);
    vi.spyOn(Run.prototype, "train").mockImplementation(function (this: Run, steps) {
      now += (isCold ? 0.13 : 0) + 0.003 * steps;
      isCold = false;
      return train.call(this, steps);
    });
    vi.spyOn(KeptStates.prototype, "offer").mockImplementation(function (this: KeptStates, step, state) {
      now += 0.2;
      offer.call(this, step, state);
    });
    return () => {
      isCold = true;
    };
  }

  it("is that of steps: neither of states, nor of what runs in between", async () => {
    const draw = slowStates();
    const session = await started(DEFAULT_CONFIG);
    for (let i = 0; i < 20; i++) {
      draw();
      await session.advance({ steps: 7 }, VIEW);
    }
    const frame = await session.advance({ steps: 0 }, VIEW);
    expect(frame.microsecondsPerStep).toBeCloseTo(3, 6);
    expect(frame.milliseconds).toBeCloseTo(20 * (0.13 + 7 * 0.003), 6);
  });

  it("is that of single steps where there are no others", async () => {
    const draw = slowStates();
    const session = await started(DEFAULT_CONFIG);
    for (let i = 0; i < 3; i++) {
      draw();
      await session.advance({ steps: 1 }, VIEW);
    }
    expect((await session.advance({ steps: 0 }, VIEW)).microsecondsPerStep).toBeCloseTo(133, 6);
  });
});

describe("the first start", () => {
  it("comes from a file as the engine would give it", async () => {
    const start = await trainingSession(undefined).start(DEFAULT_CONFIG, FIRST_VIEW);
    const read = unpackStart(packStart(start));
    const rounded = (value: unknown): unknown =>
      value instanceof Float32Array
        ? Array.from(value, (number) => Math.round(number * 1e4))
        : typeof value === "object" && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, rounded(entry)]))
          : value;
    expect(rounded(read)).toEqual(rounded(start));
    expect(read.frame.surface).toBeInstanceOf(Float32Array);
    expect(isFirst(DEFAULT_CONFIG, FIRST_VIEW)).toBe(true);
    expect(isFirst({ ...DEFAULT_CONFIG, seed: 2 }, FIRST_VIEW)).toBe(false);
    expect(isFirst(DEFAULT_CONFIG, VIEW)).toBe(false);
  });
});

describe("a session", () => {
  it("refuses calls that cannot be, and goes on with the run", async () => {
    const session = trainingSession(EXTRAS);
    await expect(session.advance({ steps: 1 }, VIEW)).rejects.toThrow("There is no run yet: start one.");
    await session.start(DEFAULT_CONFIG, VIEW);
    await expect(session.advance({ steps: Number.NaN }, VIEW)).rejects.toThrow("The number of steps must be");
    await expect(session.advance({ steps: 1 }, { ...VIEW, grid: 1e6 })).rejects.toThrow(
      "Cells of the surface",
    );
    await expect(session.setRate(-1)).rejects.toThrow("The learning rate must be");
    expect((await session.advance({ steps: 3 }, VIEW)).steps).toBeGreaterThanOrEqual(3);
  });

  it("keeps its run where another cannot start", async () => {
    const session = await started(DEFAULT_CONFIG);
    await session.advance({ steps: 7 }, VIEW);
    const data: OwnData = {
      kind: "own",
      // Its one value is in the test row.
      columns: [{ name: "a", kind: "number", cells: [1, null, null, null] }],
      target: { name: "t", kind: "number", cells: [1, 2, 3, 4] },
      axes: ["a", "a"],
      train: 75,
      seed: 0,
    };
    await expect(session.start({ ...DEFAULT_CONFIG, data }, VIEW)).rejects.toThrow(
      '"a" has no value in any training row',
    );
    expect((await session.advance({ steps: 1 }, VIEW)).steps).toBe(8);
  });

  it("refuses to change the rate more often than a link holds", async () => {
    const session = await started(DEFAULT_CONFIG);
    for (let i = 0; i < 1000; i++) {
      await session.setRate(0.01);
      await session.advance({ steps: 1 }, { grid: 1, tile: 0, weights: false });
    }
    await expect(session.setRate(0.02)).rejects.toThrow("A run can change its rate 1000 times");
    const { config } = await session.claim();
    expect(readConfig(config)).toEqual(config);
  });

  it("needs nothing but the worker it was promised", async () => {
    const runs = await allRuns("a,b,t\n1,2,x\n2,1,y\n3,4,x\n4,3,y");
    expect(runs.some(({ config }) => needsExtras(config))).toBe(true);
    const plain = runs.filter(({ config }) => !needsExtras(config));
    expect(plain.length).toBeGreaterThan(3);
    for (const { config } of plain) await trainingSession(undefined).start(config, VIEW);
  });

  it("gives the fitted model as a file", async () => {
    const session = await started(randomRun(3).config);
    await session.advance({ steps: 3 }, VIEW);
    const text = new TextDecoder().decode((await session.file()).slice(0, 20_000));
    expect(text).toContain("standardize1");
  });
});
