import { describe, expect, it, vi } from "vitest";
import { Counter } from "../../assembly/abi.ts";
import {
  adam,
  BusyError,
  compile,
  dense,
  type FitOptions,
  meanSquaredError,
  sequential,
  sgd,
  type TrainOptions,
} from "../../src/index.ts";

/** Rows of one input and a target of `level`, with a little spread. */
const rows = (count: number, level: number) => ({
  x: Array.from({ length: count }, (_, i) => [i / count]),
  y: Array.from({ length: count }, () => level),
});

const linear = (options: Partial<TrainOptions> = {}) =>
  compile(sequential({ input: [1], seed: 5 }, [dense(1)]), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate: 1e-6 }),
    ...options,
  });

describe("fit over streamed data", () => {
  it("yields though every call ends with the window", async () => {
    let now = 0;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => (now += 0.05));
    try {
      const trainer = linear({ batchSize: 2, windowRows: 4 });
      const seen: number[] = [];
      await trainer.fit(rows(400, 1), { epochs: 20, onProgress: ({ steps }) => seen.push(steps) });
      expect(seen.length).toBeGreaterThanOrEqual(10);
      expect(seen.at(-1)).toBe(4000);
    } finally {
      clock.mockRestore();
    }
  });

  it("ends soon after its signal aborts", async () => {
    const trainer = linear({ batchSize: 2, windowRows: 4 });
    const controller = new AbortController();
    const training = trainer.fit(rows(4000, 1), {
      epochs: Number.POSITIVE_INFINITY,
      signal: controller.signal,
    });
    setImmediate(() => controller.abort());
    await expect(training).rejects.toThrow("aborted");
  });
});

describe("a partial epoch", () => {
  const stopped = () => {
    const trainer = linear({ batchSize: 32 });
    // Met at the last batch of the first epoch, whose update is not applied: the cursor stays on it.
    const { reason } = trainer.fitSync(rows(96, 0), { stopWhen: { lossBelow: 1e9 } });
    expect(reason).toBe("lossBelow");
    return trainer;
  };

  it("is not finished with other data: their epoch starts anew", () => {
    const trainer = stopped();
    const data = rows(100, 1000);
    const { loss } = trainer.evaluate(data);
    const fitted = trainer.fitSync(data, { stopWhen: { lossBelow: loss / 2 }, epochs: 1 });
    expect(fitted).toMatchObject({ reason: "epochs", steps: 4 });
    expect(fitted.loss / loss).toBeCloseTo(1, 2);
  });

  it("is over with its last update: what it counted is 0 then", () => {
    const trainer = linear({ batchSize: 32 });
    const { program } = trainer;
    const counted = () =>
      [Counter.Cursor, Counter.EpochRows, Counter.EpochLoss].map((counter) => program.counter(counter));
    trainer.fitSync(rows(96, 5), { stopWhen: { lossBelow: 1e9 } });
    expect(counted()).toEqual([64, 96, expect.any(Number)]);
    trainer.fitSync(rows(96, 5), { epochs: 2 });
    expect(counted()).toEqual([0, 0, 0]);
  });

  it("is finished first with the same data, and counts as one", () => {
    const trainer = stopped();
    expect(trainer.fitSync(rows(96, 0), { epochs: 1 }).steps).toBe(1);
    expect(trainer.fitSync(rows(96, 0), { epochs: 1 }).steps).toBe(3);
  });

  it("goes on with the rows that are left when the batch has grown to hold all", () => {
    const data = { x: rows(20, 0).x, y: Array.from({ length: 20 }, (_, i) => (i < 16 ? 0 : 1000)) };
    const options = { optimizer: adam({ learningRate: 1e-9 }) };
    const small = linear({ ...options, batchSize: 16 });
    small.fitSync(data, { shuffle: false, stopWhen: { lossBelow: 1e9 } });
    const large = linear({ ...options, batchSize: 32 });
    large.restore(small.state());
    const expected = small.fitSync(data, { shuffle: false }).loss;
    expect(large.fitSync(data, { shuffle: false }).loss).toBeCloseTo(expected, 3);
  });
});

describe("the last report of progress", () => {
  const data = rows(4, 1);

  it("may dispose the trainer: the run is over", async () => {
    const [first, second] = [linear(), linear()];
    expect(first.fitSync(data, { onProgress: () => first.dispose() })).toMatchObject({ epochs: 1, steps: 1 });
    const fitted = await second.fit(data, { onProgress: () => second.dispose() });
    expect(fitted).toMatchObject({ epochs: 1, steps: 1 });
  });

  it("may abort: the promise rejects", async () => {
    const trainer = linear();
    const controller = new AbortController();
    const onProgress = () => {
      controller.abort();
      trainer.reset();
    };
    await expect(trainer.fit(data, { onProgress, signal: controller.signal })).rejects.toThrow("aborted");
  });
});

describe("fitSync", () => {
  it("refuses a signal, which it would not look at", () => {
    const options = { epochs: 1, signal: new AbortController().signal };
    expect(() => linear().fitSync(rows(4, 1), options)).toThrow(
      'fitSync: unknown option "signal"; signal belongs to fit. Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
    );
  });

  it("keeps others out until its end, whatever becomes of its options", () => {
    const trainer = linear();
    const data = rows(4, 1);
    const options: FitOptions = {
      onProgress: () => {
        Object.assign(options, { signal: AbortSignal.abort() });
        expect(() => trainer.reset()).toThrow(BusyError);
        expect(() => trainer.step(data)).toThrow(BusyError);
      },
    };
    expect(trainer.fitSync(data, options)).toMatchObject({ epochs: 1, steps: 1 });
  });
});

describe("an abort", () => {
  it("before the first step leaves everything as it was", async () => {
    const trainer = linear();
    const fresh = trainer.digest();
    const options = { epochs: 1, signal: AbortSignal.abort(new Error("no longer wanted")) };
    await expect(trainer.fit(rows(4, 1), options)).rejects.toThrow("no longer wanted");
    expect(trainer.digest()).toBe(fresh);
    trainer.fitSync(rows(4, 1), { epochs: 1 });
    expect(trainer.digest()).not.toBe(fresh);
  });

  it("has ended the fit when listeners hear of it, whoever listened first", async () => {
    const trainer = linear();
    const controller = new AbortController();
    const fresh = trainer.digest();
    let digest = "";
    controller.signal.addEventListener("abort", () => {
      trainer.reset();
      digest = trainer.digest();
    });
    const training = trainer.fit(rows(4, 1), { epochs: Number.POSITIVE_INFINITY, signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(training).rejects.toThrow("aborted");
    expect(digest).toBe(fresh);
  });
});
