import { afterEach, describe, expect, it, vi } from "vitest";
import { Counter } from "../../assembly/abi.ts";
import {
  adam,
  adamW,
  explain,
  meanAbsoluteError,
  NonFiniteError,
  type Optimizer,
  OptionError,
  sgd,
  type TrainOptions,
} from "../../src/index.ts";
import { classes, classifier, lineTrainer, slowClock, stateDigest, thrownBy } from "../fixtures.ts";

type Trainer = ReturnType<typeof classifier>;

const BATCH = 4;
const GROUP = 3;
const grouped = (options: Partial<TrainOptions> = {}, seed?: number) =>
  classifier({ batchSize: BATCH, accumulate: GROUP, ...options }, seed);

/** Passes of an epoch: the last group of 41 rows has two of them, the last one a row. */
const ROWS = 41;
const data = classes(ROWS);

const counters = ({ program }: Trainer) => ({
  step: program.counter(Counter.Step),
  microStep: program.counter(Counter.MicroStep),
  groupRows: program.counter(Counter.GroupRows),
});

/** The state after each pass of `epochs` epochs, with the epochs completed. */
function statesOf(trainer: Trainer, epochs: number, rows = data) {
  slowClock();
  const states: { state: Uint8Array; epochs: number; microStep: number }[] = [];
  trainer.fitSync(rows, {
    epochs,
    onProgress: ({ epochs: done }) =>
      states.push({ state: trainer.state(), epochs: done, microStep: counters(trainer).microStep }),
  });
  vi.restoreAllMocks();
  return states.slice(0, -1);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("accumulate", () => {
  const optimizers: Record<string, () => Optimizer> = {
    sgd: () => sgd({ learningRate: 0.1 }),
    "sgd with momentum": () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    adam: () => adam({ learningRate: 0.01 }),
    adamW: () => adamW({ learningRate: 0.01, weightDecay: 0.1 }),
  };
  // Groups of 12 rows: whole ones; a last one of a short batch; of a whole and a short one; one group in all.
  for (const rows of [36, 37, ROWS, 10])
    for (const [name, optimizer] of Object.entries(optimizers))
      it(`makes of ${GROUP} batches of ${BATCH} the update of one of ${GROUP * BATCH}: ${rows} rows, ${name}`, () => {
        const some = classes(rows);
        const small = grouped({ optimizer: optimizer() });
        const large = classifier({ optimizer: optimizer(), batchSize: GROUP * BATCH });
        const epochs = 5;
        const a = small.fitSync(some, { epochs });
        const b = large.fitSync(some, { epochs });
        expect(a.steps).toBe(epochs * Math.ceil(rows / (GROUP * BATCH)));
        expect(b.steps).toBe(a.steps);
        a.history.loss.forEach((loss, i) => {
          expect(Math.abs(loss - b.history.loss[i])).toBeLessThanOrEqual(1e-6);
        });
        for (const [parameter, { data: values }] of Object.entries(small.parameters))
          values.forEach((w, i) => {
            expect(
              Math.abs(w - large.parameters[parameter].data[i]),
              `${parameter}[${i}]`,
            ).toBeLessThanOrEqual(1e-6);
          });
      });

  it("takes the mean over rows, not over batches", () => {
    // From w = b = 0 the gradient of the bias is the mean of -2 y: of the rows 1 1 1 1 9 it is -5.2.
    const trainer = lineTrainer({ batchSize: 4, accumulate: 2, optimizer: sgd({ learningRate: 0.5 }) });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    trainer.fitSync({ x: [[0], [0], [0], [0], [0]], y: [1, 1, 1, 1, 9] }, { shuffle: false });
    expect(trainer.parameters["line.bias"].data[0]).toBeCloseTo(2.6, 6);
  });

  it("updates with the last pass of a group alone, and counts updates as steps", () => {
    const trainer = grouped();
    const digests = [trainer.digest()];
    const seen = [1, 2, 3, 4, 5, 6].map((pass) => {
      trainer.step(classes(pass % 2 ? 4 : 2, pass));
      digests.push(trainer.digest());
      return counters(trainer);
    });
    expect(seen).toEqual([
      { step: 0, microStep: 1, groupRows: 4 },
      { step: 0, microStep: 2, groupRows: 6 },
      { step: 1, microStep: 0, groupRows: 0 },
      { step: 1, microStep: 1, groupRows: 2 },
      { step: 1, microStep: 2, groupRows: 6 },
      { step: 2, microStep: 0, groupRows: 0 },
    ]);
    expect(digests.map((digest, i) => i > 0 && digest !== digests[i - 1])).toEqual([
      ...[false, false, false, true],
      ...[false, false, true],
    ]);
  });

  it("ends a group with the epoch", () => {
    const trainer = grouped();
    expect(trainer.fitSync(data).steps).toBe(4);
    expect(counters(trainer)).toEqual({ step: 4, microStep: 0, groupRows: 0 });
  });

  it("moves the powers of Adam with updates, not with passes", () => {
    const trainer = grouped({ optimizer: adam({ learningRate: 0.01, beta1: 0.5 }) });
    const power = trainer.program.plan.counters.indexOf("beta1Power");
    for (const expected of [1, 1, 0.5, 0.5, 0.5, 0.25]) {
      trainer.step(classes(4));
      expect(trainer.program.counter(power)).toBe(expected);
    }
  });

  it("of 1 gives the bits of a trainer without it", () => {
    const [plain, one] = [classifier(), classifier({ accumulate: 1 })];
    plain.fitSync(data, { epochs: 3 });
    one.fitSync(data, { epochs: 3 });
    expect(stateDigest(one)).toBe(stateDigest(plain));
  });

  for (const accumulate of [0, -1, 1.5, "2", Number.NaN, Number.POSITIVE_INFINITY, 65_536, null])
    it(`is refused: ${JSON.stringify(accumulate)}`, () => {
      const error = thrownBy(() => classifier({ accumulate: accumulate as never }));
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toMatch(/^compile: accumulate must be a whole number from 1 to 65535; got /);
    });
});

describe("explain", () => {
  it("says in which passes a section runs", () => {
    const text = explain(grouped());
    expect(text).toMatch(/^train: accumulate$/m);
    expect(text).toMatch(/^train: update, last of 3 passes$/m);
    expect(text).toMatch(/^train: commit, last of 3 passes$/m);
    expect(explain(classifier())).not.toContain("passes");
  });
});

describe("a group under way", () => {
  it("belongs to the state: after each pass of a fit another trainer goes on to the same bits", () => {
    const whole = grouped();
    whole.fitSync(data, { epochs: 2 });
    const states = statesOf(grouped(), 2);
    expect(states).toHaveLength(2 * 11 - 1);
    expect(states.filter(({ microStep }) => microStep > 0)).toHaveLength(2 * 7);
    for (const { state, epochs } of states)
      for (const options of [{}, { windowRows: 8 }]) {
        const other = grouped(options, 99);
        other.step(classes(3));
        other.restore(state);
        expect(other.state()).toEqual(state);
        other.fitSync(data, { epochs: 2 - epochs });
        expect(stateDigest(other)).toBe(stateDigest(whole));
      }
  });

  it("is saved by step(), too", () => {
    const rows = (pass: number) => classes(1 + (pass % BATCH), pass);
    const whole = grouped();
    const states: Uint8Array[] = [];
    for (let pass = 0; pass < 8; pass++) {
      states.push(whole.state());
      whole.step(rows(pass));
    }
    states.forEach((state, from) => {
      const other = grouped({}, 99);
      other.step(classes(3));
      other.restore(state);
      for (let pass = from; pass < 8; pass++) other.step(rows(pass));
      expect(stateDigest(other)).toBe(stateDigest(whole));
    });
  });

  it("goes on in a fit that follows steps, and in steps that follow a fit", () => {
    const [a, b] = [grouped(), grouped()];
    for (const trainer of [a, b]) {
      trainer.step(classes(4, 2));
      if (trainer === b) {
        const state = b.state();
        b.reset({ seed: 1 });
        b.restore(state);
      }
      trainer.fitSync(classes(36));
      trainer.step(classes(4, 3));
    }
    // One pass waited: the groups of the epoch of 9 passes end with its passes 2, 5, 8 and 9.
    expect(counters(a)).toEqual({ step: 4, microStep: 1, groupRows: 4 });
    expect(stateDigest(b)).toBe(stateDigest(a));
  });

  it("is the same in slices, streamed and in single epochs", async () => {
    const whole = grouped();
    const result = whole.fitSync(data, { epochs: 4 });
    slowClock();
    const sliced = grouped();
    expect(await sliced.fit(data, { epochs: 4 })).toEqual(result);
    const streamed = grouped({ windowRows: 8 });
    expect(await streamed.fit(data, { epochs: 4 })).toEqual(result);
    vi.restoreAllMocks();
    const epochs = grouped();
    for (let epoch = 0; epoch < 4; epoch++) epochs.fitSync(data);
    for (const trainer of [sliced, streamed, epochs]) expect(stateDigest(trainer)).toBe(stateDigest(whole));
  });

  it("is dropped by a fit on other data in mid-epoch", async () => {
    slowClock();
    const trainer = grouped();
    const abort = new AbortController();
    let passes = 0;
    const onProgress = () => {
      if (++passes === 2) abort.abort();
    };
    await trainer.fit(data, { signal: abort.signal, onProgress }).catch(() => {});
    vi.restoreAllMocks();
    expect(counters(trainer)).toEqual({ step: 0, microStep: 2, groupRows: 8 });
    const fresh = grouped();
    const others = classes(20, 5);
    trainer.fitSync(others);
    fresh.fitSync(others);
    expect(trainer.digest()).toBe(fresh.digest());
    expect(counters(trainer)).toEqual(counters(fresh));
  });

  it("is dropped by reset", () => {
    const trainer = grouped();
    trainer.step(classes(4));
    trainer.reset();
    expect(trainer.state()).toEqual(grouped().state());
  });

  it("waits while the loss of an epoch is met: its update is not applied", () => {
    const trainer = grouped();
    const result = trainer.fitSync(data, { stopWhen: { lossBelow: 1e9 } });
    expect(result).toMatchObject({ reason: "lossBelow", steps: 3 });
    expect(counters(trainer)).toEqual({ step: 3, microStep: 1, groupRows: 4 });
    trainer.fitSync(data);
    const whole = grouped();
    whole.fitSync(data);
    expect(stateDigest(trainer)).toBe(stateDigest(whole));
  });

  for (const [microStep, groupRows] of [
    [1, 0],
    [0, 4],
    [2, 1],
  ])
    it(`is refused with ${groupRows} rows in ${microStep} passes`, () => {
      const trainer = grouped();
      trainer.step(classes(4));
      const before = trainer.state();
      trainer.program.setCounter(Counter.MicroStep, microStep);
      trainer.program.setCounter(Counter.GroupRows, groupRows);
      const broken = trainer.state();
      trainer.restore(before);
      expect(() => trainer.restore(broken)).toThrow(
        `restore: the passes waiting in a state must have rows; got ${groupRows} rows in ${microStep} passes`,
      );
      expect(trainer.state()).toEqual(before);
    });

  it("longer than the update of another trainer takes is refused by it", () => {
    const trainer = grouped();
    for (let pass = 0; pass < 2; pass++) trainer.step(classes(4));
    const other = grouped({ accumulate: 2 });
    const before = stateDigest(other);
    expect(() => other.restore(trainer.state())).toThrow(
      "restore: a state must have fewer passes waiting than the 2 of an update; got 2",
    );
    expect(stateDigest(other)).toBe(before);
  });
});

describe("numbers that are not finite, in a group", () => {
  const make = (learningRate: number) => {
    const trainer = lineTrainer({
      ...{ batchSize: 2, accumulate: GROUP, loss: meanAbsoluteError() },
      optimizer: sgd({ learningRate, momentum: 0.5 }),
    });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    return trainer;
  };
  const good = { x: [[1], [2]], y: [3, 5] };
  /** Passes before the bad one; from 3 on the second group, whose sums must not be those of the first. */
  for (const before of [0, 1, 2, 3, 4, 5]) {
    it(`leave the state as before the pass: of the loss, after ${before} passes`, () => {
      const trainer = make(1e-3);
      for (let pass = 0; pass < before; pass++) trainer.step(good);
      trainer.setParameters({ "line.bias": 3e38 });
      const state = stateDigest(trainer);
      expect(thrownBy(() => trainer.step({ x: [[1]], y: [-3e38] }))).toBeInstanceOf(NonFiniteError);
      expect(stateDigest(trainer)).toBe(state);
    });

    it(`leave the state as before the pass: of the sums, after ${before} passes`, () => {
      const trainer = make(0);
      for (let pass = 0; pass < before; pass++) trainer.step(good);
      const state = stateDigest(trainer);
      // The gradient of the weight is 3e38, and its sum over two rows beyond the largest number.
      const huge = { x: [[3e38], [3e38]], y: [-1, -1] };
      const error = thrownBy(() => trainer.step(huge)) as NonFiniteError;
      expect(error).toMatchObject({ tensor: "line.weight", phase: "update", step: before < 3 ? 1 : 2 });
      expect(stateDigest(trainer)).toBe(state);
    });
  }

  it("are found where only the sum of finite passes overflows", () => {
    const trainer = make(0);
    const large = { x: [[1.5e38], [1.5e38]], y: [-1, -1] };
    trainer.step(large);
    const state = stateDigest(trainer);
    const error = thrownBy(() => trainer.step(large));
    expect(error).toMatchObject({ tensor: "line.weight", phase: "update", step: 1 });
    expect(stateDigest(trainer)).toBe(state);
  });

  it("are undone where the update itself overflows: the group waits for its last pass as before", () => {
    const trainer = make(3e38);
    trainer.step(good);
    trainer.step(good);
    const state = stateDigest(trainer);
    const error = thrownBy(() => trainer.step(good));
    expect(error).toMatchObject({ tensor: "line.weight", phase: "update", step: 1 });
    expect(stateDigest(trainer)).toBe(state);
    trainer.setLearningRate(0.1);
    trainer.step(good);
    const other = make(0.1);
    for (let pass = 0; pass < GROUP; pass++) other.step(good);
    expect(stateDigest(trainer)).toBe(stateDigest(other));
  });

  it("end a fit with the state of the last whole pass", () => {
    const trainer = make(1e-3);
    // The fourth pass, the only one of the second group, meets large rows.
    const x = Array.from({ length: 8 }, (_, i) => [i > 5 ? 3e38 : 1]);
    const rows = { x, y: x.map(() => -1) };
    const error = thrownBy(() => trainer.fitSync(rows, { epochs: 5, shuffle: false }));
    expect(error).toMatchObject({ step: 2 });
    const passes = make(1e-3);
    for (let pass = 0; pass < 3; pass++) passes.step({ x: x.slice(0, 2), y: [-1, -1] });
    expect(trainer.digest()).toBe(passes.digest());
    expect(counters(trainer as never)).toEqual({ step: 1, microStep: 0, groupRows: 0 });
  });
});
