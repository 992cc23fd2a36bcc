/** Schedules of the learning rate, against recorded rates of PyTorch, in states and in files. */
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  adam,
  adamW,
  compile,
  cosineDecay,
  cosineRestarts,
  dense,
  exponentialDecay,
  FileError,
  type LearningRate,
  loadTrainer,
  meanSquaredError,
  OptionError,
  oneCycle,
  polynomialDecay,
  reduceOnPlateau,
  type Schedule,
  sequential,
  sgd,
  stepDecay,
} from "../../src/index.ts";
import { slowClock, stateDigest, thrownBy } from "../fixtures.ts";

const recorded = JSON.parse(readFileSync(new URL("../vectors/schedules.json", import.meta.url), "utf8")) as {
  runs: { schedule: string; settings: never; source: string; rates: number[] }[];
  plateau: { settings: Parameters<typeof reduceOnPlateau>[0]; values: number[]; rates: number[] };
};
const MAKE: Record<string, (settings: never) => Schedule> = {
  cosineDecay,
  cosineRestarts,
  stepDecay,
  exponentialDecay,
  polynomialDecay,
  oneCycle,
};
const rows = { x: [[0.5], [-1], [2], [0.25]], y: [1, -1, 3, 0.5] };
const trainerWith = (learningRate: LearningRate, batchSize = 4) =>
  compile(sequential({ input: [1], seed: 3 }, [dense(2, { activation: "tanh" }), dense(1)]), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate }),
    batchSize,
  });

afterEach(() => {
  vi.restoreAllMocks();
});

describe("schedules follow the rates recorded", () => {
  for (const { schedule, settings, source, rates } of recorded.runs)
    it(`${schedule} ${JSON.stringify(settings)}, of ${source}`, () => {
      const trainer = trainerWith(MAKE[schedule](settings));
      rates.forEach((rate, t) => {
        expect(Math.abs(trainer.learningRate - rate), `step ${t}`).toBeLessThanOrEqual(1e-12 * rate + 1e-18);
        trainer.step(rows);
      });
    });

  it("are all recorded", () => {
    expect(new Set(recorded.runs.map(({ schedule }) => schedule))).toEqual(new Set(Object.keys(MAKE)));
  });

  it("would tell a decay that is off by one step", () => {
    const { rates } = recorded.runs[0];
    expect(Math.abs(rates[5] - rates[4])).toBeGreaterThan(1e-3);
  });
});

describe("a scheduled rate", () => {
  const decay = () => exponentialDecay({ initial: 0.1, factor: 0.5, steps: 10 });

  it("is what the update is made with", () => {
    const scheduled = trainerWith((step) => (step < 3 ? 0.25 : 0.125));
    const fixed = trainerWith(0.25);
    for (let t = 0; t < 6; t++) {
      if (t === 3) fixed.setLearningRate(0.125);
      scheduled.step(rows);
      fixed.step(rows);
    }
    expect(scheduled.digest()).toBe(fixed.digest());
  });

  it("gives the same bits in one fit, in slices, by steps and resumed from a state and from a file", async () => {
    const whole = trainerWith(decay(), 2);
    whole.fitSync(rows, { epochs: 300 });
    const expected = stateDigest(whole);

    slowClock();
    const sliced = trainerWith(decay(), 2);
    await sliced.fit(rows, { epochs: 300 });
    vi.restoreAllMocks();
    expect(stateDigest(sliced)).toBe(expected);

    const first = trainerWith(decay(), 2);
    first.fitSync(rows, { epochs: 137 });
    const second = trainerWith(decay(), 2);
    second.restore(first.state());
    second.fitSync(rows, { epochs: 163 });
    expect(stateDigest(second)).toBe(expected);

    const loaded = loadTrainer(first.save({ training: true }), { uses: [exponentialDecay] });
    loaded.fitSync(rows as never, { epochs: 163 });
    expect(stateDigest(loaded as never)).toBe(expected);
  });

  it("scales with setLearningRate", () => {
    const trainer = trainerWith(stepDecay({ initial: 0.1, every: 2, factor: 0.5 }));
    for (let t = 0; t < 4; t++) trainer.step(rows);
    expect(trainer.learningRate).toBe(0.025);
    trainer.setLearningRate(0.4);
    expect(trainer.learningRate).toBe(0.1);
  });

  it("may be of a group alone", () => {
    const make = (bias: LearningRate) =>
      compile(sequential({ input: [1], seed: 3 }, [dense(2, { activation: "tanh" }), dense(1)]), {
        loss: meanSquaredError(),
        optimizer: adamW({ learningRate: 0.01, groups: [{ match: /bias$/, learningRate: bias }] }),
      });
    const [scheduled, fixed] = [make((step) => (step === 0 ? 0.1 : 0)), make(0.1)];
    scheduled.step(rows);
    fixed.step(rows);
    expect(scheduled.digest()).toBe(fixed.digest());
    scheduled.step(rows);
    fixed.step(rows);
    expect(scheduled.parameters["dense1.weight"].data).not.toEqual(new Float32Array(2));
    expect(scheduled.digest()).not.toBe(fixed.digest());
  });

  it("decays to 0 without an error", () => {
    const trainer = trainerWith(exponentialDecay({ initial: 0.1, factor: 1e-6 }));
    trainer.fitSync(rows, { epochs: 60 });
    expect(trainer.steps).toBe(60);
  });

  it("stands in the manifest", () => {
    expect(trainerWith(decay()).manifest()).toMatchObject({
      options: {
        learningRate: 0.1,
        optimizer: { learningRate: { schedule: "exponentialDecay", initial: 0.1, factor: 0.5, steps: 10 } },
      },
    });
  });
});

describe("a function of the step that gives no rate", () => {
  for (const bad of [Number.NaN, -1, Number.POSITIVE_INFINITY, 1e300, "0.1" as never, undefined as never])
    it(`${bad} at step 0 is refused when the optimizer is made`, () => {
      const error = thrownBy(() => sgd({ learningRate: () => bad }));
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain("sgd: learningRate of a step must be a finite number >= 0");
      expect(error.message).toContain("at step 0");
    });

  it("is an error when its step comes, not before, and leaves the state of the step before", () => {
    const rate = (step: number) => (step === 300 ? Number.NaN : 0.01);
    const trainer = trainerWith(rate);
    trainer.fitSync(rows, { steps: 300 });
    const before = stateDigest(trainer);
    const fitted = trainerWith(rate);
    for (const act of [
      () => trainer.fitSync(rows),
      () => trainer.step(rows),
      () => fitted.fitSync(rows, { epochs: 400 }),
    ])
      expect(thrownBy(act).message).toBe(
        "schedule: learningRate of a step must be a finite number >= 0 in single precision; got NaN at step 300",
      );
    expect(stateDigest(trainer)).toBe(before);
    expect(fitted.steps).toBe(300);
    expect(fitted.digest()).toBe(trainer.digest());
  });
});

describe("reduceOnPlateau", () => {
  const { settings, values, rates } = recorded.plateau;
  /** The rates that a row of values of a metric of its own gives. */
  const follow = (make: (metric: () => number) => ReturnType<typeof trainerWith>, restart?: number) => {
    let at = 0;
    let trainer = make(() => values[at]);
    return values.map((_, epoch) => {
      if (epoch === restart) {
        const saved = trainer.state();
        trainer = make(() => values[at]);
        trainer.restore(saved);
      }
      at = epoch;
      trainer.fitSync(rows);
      return trainer.learningRate;
    });
  };
  const make = (metric: () => number, mode: "min" | "max" = "min", sign = 1) =>
    compile(sequential({ input: [1] }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: reduceOnPlateau({ ...settings, monitor: "value", mode }) }),
      metrics: [Object.assign(() => sign * metric(), { metricName: "value" })],
    });

  const expectRates = (got: readonly number[]) => {
    got.forEach((rate, epoch) => {
      expect(rate, `epoch ${epoch}`).toBeCloseTo(rates[epoch], 12);
    });
  };

  it("reduces after the epochs of PyTorch, for better below and better above, also across a restored state", () => {
    expect(new Set(rates).size).toBeGreaterThan(3);
    expectRates(follow((metric) => make(metric)));
    expectRates(follow((metric) => make(metric, "max", -1)));
    for (const restart of [3, 9, 14]) expectRates(follow((metric) => make(metric), restart));
  });

  it("judges the training loss, or that of the validation rows, and counts for the next epoch", () => {
    const trainer = trainerWith(reduceOnPlateau({ initial: 0.1, patience: 0, minDelta: 1e6, factor: 0.5 }));
    const seen: number[] = [];
    trainer.fitSync(rows, { epochs: 4, validation: 0.25, onEpoch: (_, t) => void seen.push(t.learningRate) });
    expect(seen).toEqual([0.1, 0.05, 0.025, 0.0125]);
  });

  it("goes on to the bit in fits of one epoch, and from a file", () => {
    const of = () =>
      trainerWith(reduceOnPlateau({ initial: 0.1, patience: 1, minDelta: 0.01, factor: 0.5 }), 2);
    const whole = of();
    whole.fitSync(rows, { epochs: 30 });
    expect(whole.learningRate).toBeLessThan(0.1);
    const parts = of();
    for (let epoch = 0; epoch < 11; epoch++) parts.fitSync(rows);
    const loaded = loadTrainer(parts.save({ training: true }), { uses: [reduceOnPlateau] });
    loaded.fitSync(rows as never, { epochs: 19 });
    expect(stateDigest(loaded as never)).toBe(stateDigest(whole));
  });

  it("judges an epoch later whose measuring failed, also from a file", () => {
    let failsAt = 0;
    let measured = 0;
    function probe() {
      if (++measured === failsAt) throw new Error("not now");
      return 1;
    }
    const options = {
      loss: meanSquaredError(),
      optimizer: sgd({
        learningRate: reduceOnPlateau({ initial: 0.1, patience: 0, minDelta: 1e6, factor: 0.5 }),
      }),
      metrics: [probe],
    };
    const of = () => compile(sequential({ input: [1], seed: 3 }, [dense(1)]), options);
    const whole = of();
    whole.fitSync(rows, { epochs: 6 });
    for (const throughFile of [false, true]) {
      measured = 0;
      failsAt = 3;
      let trainer = of();
      expect(() => trainer.fitSync(rows, { epochs: 6 })).toThrow("not now");
      expect(trainer.epochs).toBe(3);
      if (throughFile)
        trainer = loadTrainer(trainer.save({ training: true }), {
          uses: [reduceOnPlateau],
          metrics: [probe],
        }) as never;
      trainer.fitSync(rows, { epochs: 3 });
      expect(trainer.fitMemory).toBeUndefined();
      expect(stateDigest(trainer)).toBe(stateDigest(whole));
    }
  });

  it("refuses a monitor that the fit has not", () => {
    const trainer = trainerWith(reduceOnPlateau({ initial: 0.1, monitor: "validationLoss" }));
    expect(thrownBy(() => trainer.fitSync(rows)).message).toContain("fitSync: reduceOnPlateau: monitor");
  });
});

describe("files of scheduled trainers", () => {
  it("need what makes the schedule, or an optimizer", () => {
    const trainer = trainerWith(cosineDecay({ initial: 0.1, steps: 20 }), 2);
    trainer.fitSync(rows, { epochs: 3 });
    const file = trainer.save({ training: true });
    const error = thrownBy(() => loadTrainer(file));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toContain("uses: [cosineDecay]");
    const optimizer = sgd({ learningRate: cosineDecay({ initial: 0.1, steps: 20 }) });
    const loaded = loadTrainer(file, { optimizer });
    expect(loaded.steps).toBe(6);
    trainer.fitSync(rows, { epochs: 3 });
    loaded.fitSync(rows as never, { epochs: 3 });
    expect(loaded.digest()).toBe(trainer.digest());
  });

  it("of a function of the step go on with the function given again", () => {
    const rate = (step: number) => 0.1 / (step + 1);
    const trainer = trainerWith(rate, 2);
    trainer.fitSync(rows, { epochs: 3 });
    const file = trainer.save({ training: true });
    expect(thrownBy(() => loadTrainer(file)).message).toContain(
      "a function of the step, which files do not keep",
    );
    const loaded = loadTrainer(file, { optimizer: sgd({ learningRate: rate }) });
    expect(loaded.learningRate).toBe(trainer.learningRate);
    expect(stateDigest(loaded as never)).toBe(stateDigest(trainer));
  });
});

describe("settings of schedules", () => {
  const wrong: [() => unknown, string][] = [
    [() => cosineDecay({ initial: 0, steps: 5 }), "cosineDecay: initial must be a finite number > 0"],
    [
      () => cosineDecay({ initial: 0.1 } as never),
      "cosineDecay: steps must be a whole number >= 1; got undefined",
    ],
    [
      () => cosineDecay({ initial: 0.1, steps: 5, warmup: -1 }),
      "cosineDecay: warmup must be a whole number >= 0; got -1",
    ],
    [
      () => cosineRestarts({ initial: 0.1, steps: 5, growth: 1.5 }),
      "cosineRestarts: growth must be a whole number >= 1",
    ],
    [() => stepDecay({ initial: 0.1 }), "stepDecay: needs every or at, one of them; got none"],
    [
      () => stepDecay({ initial: 0.1, every: 5, at: [5] }),
      "stepDecay: needs every or at, one of them; got both",
    ],
    [
      () => stepDecay({ initial: 0.1, at: [5, 5] }),
      "stepDecay: at must be an array of whole numbers >= 1 in rising order",
    ],
    [
      () => exponentialDecay({ initial: 0.1, factor: 1.1 }),
      "exponentialDecay: factor must be in (0, 1]; got 1.1",
    ],
    [
      () => polynomialDecay({ initial: 0.1, steps: 5, power: 0 }),
      "polynomialDecay: power must be a finite number > 0",
    ],
    [() => oneCycle({ maximum: 0.1, steps: 1 }), "oneCycle: steps must be a whole number >= 2; got 1"],
    [() => oneCycle({ maximum: 0.1, steps: 10, rising: 1 }), "oneCycle: rising must be in (0, 1); got 1"],
    [() => reduceOnPlateau({ initial: 0.1, factor: 1 }), "reduceOnPlateau: factor must be in (0, 1); got 1"],
    [
      () => adamW({ groups: [{ match: /bias/, learningRate: reduceOnPlateau({ initial: 0.1 }) }] }),
      "adamW: groups[0]: learningRate must be a number, a schedule of steps or a function",
    ],
  ];
  for (const [act, message] of wrong)
    it(`are checked: ${message}`, () => {
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain(message);
    });
});
