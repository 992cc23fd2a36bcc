/** The whole state of the best epoch comes back, whatever ended the fit, and patience goes on after an abort. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  compile,
  dense,
  type EarlyStopping,
  type FitOptions,
  loadTrainer,
  meanSquaredError,
  NonFiniteError,
  OptionError,
  sequential,
  sgd,
  type Trainer,
} from "../../src/index.ts";
import { classes, classifier, lineTrainer, slowClock, stateDigest, thrownBy } from "../fixtures.ts";

const data = classes(60);
/** Overfits within a few dozen epochs: few rows, many units, a high rate. */
const overfit: FitOptions = { validation: 0.4, earlyStopping: { patience: 6 } };

afterEach(() => {
  vi.restoreAllMocks();
});

/** Validation losses of a run without early stopping. */
function losses(epochs: number): readonly number[] {
  return classifier().fitSync(data, { epochs, validation: 0.4 }).history.validationLoss as number[];
}

/** The epoch, counted from 1, after which patience ends a run over these values, and the best one. */
function follow(values: readonly number[], patience: number, minDelta = 0) {
  let best = Number.POSITIVE_INFINITY;
  let bestEpoch = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] < best - minDelta) {
      best = values[i];
      bestEpoch = i + 1;
    }
    if (i + 1 - bestEpoch >= patience) return { end: i + 1, bestEpoch, best };
  }
  throw new Error("expected patience to end; it did not");
}

describe("early stopping", () => {
  it("ends after so many epochs without a better one, with the whole state of the best", () => {
    const { end, bestEpoch, best } = follow(losses(400), 6);
    const trainer = classifier();
    const result = trainer.fitSync(data, overfit);
    expect(result).toMatchObject({ reason: "patience", epochs: end, steps: end * 5 });
    expect(result.best).toMatchObject({ epoch: bestEpoch, validation: { loss: best } });
    expect(trainer.epochs).toBe(bestEpoch);
    const exact = classifier();
    const { loss, validation, accuracy } = exact.fitSync(data, { epochs: bestEpoch, validation: 0.4 });
    expect(stateDigest(trainer)).toBe(stateDigest(exact));
    expect({ loss, validation, accuracy }).toEqual({
      loss: result.loss,
      validation: result.validation,
      accuracy: result.accuracy,
    });
    expect(result.best).toEqual({ epoch: bestEpoch, loss, validation });
    expect(result.history.validationLoss).toHaveLength(end);
    expect(bestEpoch).toBeLessThan(end);
  });

  it("hands back the best state when epochs run out, too", () => {
    const { bestEpoch } = follow(losses(400), 6);
    const trainer = classifier();
    const result = trainer.fitSync(data, { ...overfit, epochs: bestEpoch + 2 });
    expect(result).toMatchObject({ reason: "epochs", epochs: bestEpoch + 2, best: { epoch: bestEpoch } });
    const exact = classifier();
    exact.fitSync(data, { epochs: bestEpoch, validation: 0.4 });
    expect(stateDigest(trainer)).toBe(stateDigest(exact));
  });

  it("is gone on from by a later fit", () => {
    const [trainer, exact] = [classifier(), classifier()];
    const { best } = trainer.fitSync(data, overfit);
    trainer.fitSync(data, { epochs: 3, validation: 0.4 });
    exact.fitSync(data, { epochs: best!.epoch + 3, validation: 0.4 });
    expect(stateDigest(trainer)).toBe(stateDigest(exact));
  });

  it("counts only what is better by minDelta", () => {
    const minDelta = 0.05;
    const { end, bestEpoch } = follow(losses(400), 3, minDelta);
    const { epochs, best } = classifier().fitSync(data, {
      validation: 0.4,
      earlyStopping: { patience: 3, minDelta },
    });
    expect({ epochs, epoch: best!.epoch }).toEqual({ epochs: end, epoch: bestEpoch });
    expect(end).toBeLessThan(follow(losses(400), 3).end);
  });

  it("takes an equal value for no better one", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e-30 }) });
    const result = trainer.fitSync({ x: [[1], [2]], y: [3, 5] }, { earlyStopping: { patience: 4 } });
    expect(result).toMatchObject({ reason: "patience", epochs: 5, best: { epoch: 1 } });
  });

  it("watches the training loss where there are no validation rows", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 0.35 }) });
    const line = { x: [[1], [2]], y: [3, 5] };
    const free = lineTrainer({ optimizer: sgd({ learningRate: 0.35 }) });
    const values = free.fitSync(line, { epochs: 30 }).history.loss;
    const { end, bestEpoch } = follow(values, 2);
    const result = trainer.fitSync(line, { epochs: 30, earlyStopping: { patience: 2 } });
    expect(result).toMatchObject({ reason: "patience", epochs: end, loss: values[bestEpoch - 1] });
    expect(result.best).toEqual({ epoch: bestEpoch, loss: values[bestEpoch - 1] });
    expect(result.validation).toBeUndefined();
  });

  it("watches any column, and knows which way is better", () => {
    const { history } = classifier().fitSync(data, { epochs: 200, validation: 0.4 });
    const patience = 12;
    const run = (monitor: string) =>
      classifier().fitSync(data, { validation: 0.4, earlyStopping: { patience, monitor } });
    const most = follow(
      history.accuracy!.map((value) => -value),
      patience,
    );
    expect(run("accuracy")).toMatchObject({
      epochs: most.end,
      best: { epoch: most.bestEpoch },
      accuracy: -most.best,
    });
    const least = follow(history.validationLoss!, patience);
    expect(run("validationLoss")).toMatchObject({ epochs: least.end, best: { epoch: least.bestEpoch } });
    expect(most.bestEpoch).not.toBe(least.bestEpoch);
  });

  it("with a loss that is met hands back the parameters that met it, if they are the best", () => {
    const [trainer, free] = [classifier(), classifier()];
    const options = { validation: 0.4, stopWhen: { lossBelow: 0.7 } };
    const met = free.fitSync(data, options);
    const result = trainer.fitSync(data, { ...options, earlyStopping: { patience: 50 } });
    expect(result.reason).toBe("lossBelow");
    expect(result.validation).toEqual(met.validation);
    expect(stateDigest(trainer)).toBe(stateDigest(free));
    expect(free.evaluate(heldBackOf(free)).loss).toBeGreaterThan(0);
  });

  it("with a loss that is met too late hands back the best epoch", () => {
    const { bestEpoch } = follow(losses(400), 6);
    const trainer = classifier();
    const result = trainer.fitSync(data, {
      validation: 0.4,
      stopWhen: { lossBelow: 0.02 },
      earlyStopping: { patience: 1000 },
    });
    expect(result.reason).toBe("lossBelow");
    expect(result.best!.epoch).toBeGreaterThanOrEqual(bestEpoch);
    expect(result.epochs).toBeGreaterThan(result.best!.epoch);
    const exact = classifier();
    exact.fitSync(data, { epochs: result.best!.epoch, validation: 0.4 });
    expect(stateDigest(trainer)).toBe(stateDigest(exact));
  });

  it("keeps the state as it is where no epoch was completed", () => {
    const [trainer, plain] = [classifier(), classifier()];
    const result = trainer.fitSync(data, { ...overfit, steps: 2 });
    plain.fitSync(data, { steps: 2, validation: 0.4 });
    expect(result).toMatchObject({ reason: "steps", epochs: 0, steps: 2 });
    expect(result.best).toBeUndefined();
    expect(result.validation!.loss).toBeGreaterThan(0);
    expect(stateDigest(trainer)).toBe(stateDigest(plain));
  });

  it("allocates no new state for each better epoch", () => {
    const trainer = classifier();
    const states = new Set<Uint8Array>();
    trainer.fitSync(data, {
      ...overfit,
      onEpoch: (_event, own) => {
        states.add((own as typeof trainer).fitMemory!.state);
      },
    });
    expect(states.size).toBe(1);
  });
});

/** Any rows: what is asked is whether the trainer can be read. */
const heldBackOf = (_trainer: unknown) => classes(7, 3);

describe("the bits of early stopping", () => {
  const reference = classifier();
  const expected = reference.fitSync(data, overfit);

  it("are those of fitSync when sliced after every step", async () => {
    const trainer = classifier();
    slowClock();
    const result = await trainer.fit(data, overfit);
    vi.restoreAllMocks();
    expect(result).toEqual(expected);
    expect(stateDigest(trainer)).toBe(stateDigest(reference));
  });

  it.each([
    ["between two steps, by onProgress", 1],
    ["and again and again", 9],
  ])("are the same after an abort %s", async (_name, aborts) => {
    const trainer = classifier();
    let epochs = 0;
    for (let i = 0; i < aborts; i++) {
      slowClock();
      const controller = new AbortController();
      let slices = 0;
      const before = trainer.epochs;
      await expect(
        trainer.fit(data, {
          ...overfit,
          signal: controller.signal,
          onProgress: () => {
            if (++slices === 5) controller.abort();
          },
        }),
      ).rejects.toThrow("aborted");
      vi.restoreAllMocks();
      epochs += trainer.epochs - before;
      expect(trainer.fitMemory).toBeDefined();
    }
    const result = trainer.fitSync(data, overfit);
    expect(result.epochs + epochs).toBe(expected.epochs);
    expect(result).toMatchObject({
      reason: "patience",
      best: expected.best,
      validation: expected.validation,
    });
    expect(stateDigest(trainer)).toBe(stateDigest(reference));
    expect(trainer.fitMemory).toBeUndefined();
  });

  it("are the same after an abort while rows are measured: the epoch is judged later", async () => {
    // Every look at the clock takes 12 ms, so each batch of the measuring is a slice of its own.
    const trainer = classifier();
    let measured = 0;
    for (;;) {
      slowClock();
      const controller = new AbortController();
      const first = trainer.fitMemory?.pending;
      const training = trainer.fit(data, { ...overfit, signal: controller.signal });
      training.catch(() => {});
      for (let turn = 0; turn < 400 && !controller.signal.aborted; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        const pending = trainer.fitMemory?.pending;
        if (pending !== undefined && pending !== first) controller.abort();
      }
      const outcome = await training.then(
        () => "done",
        () => "aborted",
      );
      vi.restoreAllMocks();
      if (outcome === "done" || measured++ >= 5) break;
      expect(trainer.fitMemory!.pending).toBeDefined();
    }
    expect(measured).toBeGreaterThan(1);
    const result = trainer.fitSync(data, overfit);
    expect(result).toMatchObject({ reason: "patience", best: expected.best });
    expect(stateDigest(trainer)).toBe(stateDigest(reference));
  });

  it("are the same after an error in the last onEpoch: patience is over at once", async () => {
    const trainer = classifier();
    let epochs = 0;
    const onEpoch = () => {
      if (++epochs === expected.epochs) throw new Error("the disk is full");
    };
    await expect(trainer.fit(data, { ...overfit, onEpoch })).rejects.toThrow("the disk is full");
    expect(trainer.epochs).toBe(expected.epochs);
    const result = trainer.fitSync(data, overfit);
    expect(result).toMatchObject({ reason: "patience", epochs: 0, steps: 0, best: expected.best });
    expect(result.history.loss).toEqual([]);
    expect(stateDigest(trainer)).toBe(stateDigest(reference));
  });

  it("are the same across a state and the memory beside it, at any epoch", () => {
    for (const cut of [1, 7, expected.best!.epoch, expected.epochs - 1]) {
      const first = classifier();
      const second = classifier();
      const stop = new Error("stop here");
      let seen = 0;
      const onEpoch = () => {
        if (++seen === cut) throw stop;
      };
      expect(() => first.fitSync(data, { ...overfit, onEpoch })).toThrow(stop);
      second.restore(first.state());
      const { state, ...plain } = first.fitMemory!;
      second.fitMemory = { ...JSON.parse(JSON.stringify(plain)), state: state.slice() };
      const result = second.fitSync(data, overfit);
      expect(result).toMatchObject({
        reason: "patience",
        epochs: expected.epochs - cut,
        best: expected.best,
      });
      expect(stateDigest(second)).toBe(stateDigest(reference));
    }
  });
});

describe("a checkpoint", () => {
  const reference = classifier();
  const expected = reference.fitSync(data, overfit);

  /** Files of an unfinished fit, saved by a callback. */
  async function filesOf(when: "onEpoch" | "onProgress"): Promise<Uint8Array[]> {
    const files: Uint8Array[] = [];
    slowClock();
    await classifier().fit(data, {
      ...overfit,
      [when]: (_event: unknown, trainer: Trainer) => files.push(trainer.save({ training: true })),
    });
    vi.restoreAllMocks();
    return files;
  }

  it.each(["onEpoch", "onProgress"] as const)("of %s is gone on with to the same bits", async (when) => {
    const files = await filesOf(when);
    // The last report of progress comes when the fit is over.
    const last = files.length - (when === "onProgress" ? 2 : 1);
    for (const at of [0, 3, Math.floor(last / 2), last]) {
      const resumed = loadTrainer(files[at]) as Trainer;
      const { best, reason } = resumed.fitSync(data, overfit);
      expect({ best, reason }).toEqual({ best: expected.best, reason: "patience" });
      expect(resumed.digest()).toBe(reference.digest());
      expect(resumed.steps).toBe(reference.steps);
    }
  });
});

describe("what an unfinished fit left", () => {
  const abandon = (earlyStopping: EarlyStopping = overfit.earlyStopping!) => {
    const trainer = classifier();
    let seen = 0;
    const onEpoch = () => {
      if (++seen === 5) throw new Error("enough");
    };
    expect(() => trainer.fitSync(data, { validation: 0.4, earlyStopping, onEpoch })).toThrow("enough");
    expect(trainer.fitMemory).toMatchObject({ epoch: 5, bestEpoch: expect.any(Number) });
    return trainer;
  };

  it("is forgotten by reset", () => {
    const trainer = abandon();
    trainer.reset();
    expect(trainer.fitMemory).toBeUndefined();
    const [result, fresh] = [trainer, classifier()].map((t) => t.fitSync(data, overfit));
    expect(result).toEqual(fresh);
  });

  it("is forgotten where another state was restored", () => {
    // Its best value is out of reach for the first epochs: remembered, it would end the fit after two.
    const options: FitOptions = { validation: 0.4, earlyStopping: { patience: 2 } };
    const trainer = abandon(options.earlyStopping);
    const fresh = classifier();
    trainer.restore(fresh.state());
    expect(trainer.fitSync(data, options)).toEqual(fresh.fitSync(data, options));
    expect(fresh.epochs).toBeGreaterThan(2);
  });

  it("is forgotten where another state of the same epoch was restored", () => {
    const trainer = abandon();
    const other = classifier();
    other.fitSync(data, { epochs: 5, validation: 0.4, shuffle: false });
    trainer.restore(other.state());
    expect(trainer.fitMemory).toBeUndefined();
    const partly = abandon();
    partly.restore(other.state(), { partial: true });
    expect(partly.fitMemory).toBeUndefined();
  });

  it.each([
    ["more rows train", classes(61), 0.4],
    ["more rows are held back", data, 0.5],
    ["no rows are held back", data, undefined],
  ])("is forgotten where %s: values of other rows cannot be compared", (_name, rows, validation) => {
    const monitored = { patience: 6, monitor: "loss" };
    const trainer = abandon(monitored);
    trainer.fitMemory!.best = 0;
    const { best } = trainer.fitSync(rows, { epochs: 1, validation, earlyStopping: monitored });
    expect(best!.epoch).toBe(6);
    const same = abandon(monitored);
    same.fitMemory!.best = 0;
    const { bestEpoch } = same.fitMemory!;
    expect(same.fitSync(data, { epochs: 1, validation: 0.4, earlyStopping: monitored }).best!.epoch).toBe(
      bestEpoch,
    );
  });

  it("is forgotten by a fit without early stopping, and by one that watches something else", async () => {
    const [sync, sliced] = [abandon(), abandon()];
    sync.fitSync(data, { steps: 1 });
    expect(sync.fitMemory).toBeUndefined();
    const enough = new Error("enough");
    const onEpoch = () => {
      throw enough;
    };
    await expect(sliced.fit(data, { onEpoch })).rejects.toBe(enough);
    expect(sliced.fitMemory).toBeUndefined();
    const other = abandon();
    const { best } = other.fitSync(data, {
      epochs: 1,
      validation: 0.4,
      earlyStopping: { patience: 3, monitor: "loss" },
    });
    expect(best!.epoch).toBe(6);
  });

  it("is no state of the trainer: its state is the last step's", () => {
    const [trainer, plain] = [abandon(), classifier()];
    plain.fitSync(data, { epochs: 5, validation: 0.4 });
    expect(stateDigest(trainer)).toBe(stateDigest(plain));
  });
});

describe("a fit that diverges", () => {
  it("throws, and the best state can be gone on from", () => {
    const trainer = compile(sequential({ input: [1] }, [dense(1, { name: "line" })]), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.1 }),
    });
    const line = { x: [[1], [2]], y: [3, 5] };
    // The losses after epoch 20 are huge, then infinite.
    const onEpoch = ({ epoch }: { epoch: number }) => {
      if (epoch === 20) trainer.setLearningRate(1e20);
    };
    expect(() =>
      trainer.fitSync(line, { validation: line, earlyStopping: { patience: 30 }, onEpoch }),
    ).toThrow(NonFiniteError);
    const { bestEpoch, state } = trainer.fitMemory!;
    trainer.restore(state);
    expect(trainer.epochs).toBe(bestEpoch);
    expect(trainer.evaluate(line).loss).toBeLessThan(1);
  });
});

describe("early stopping that cannot be is refused:", () => {
  const BAD: [string, unknown, string][] = [
    ["patience 0", { patience: 0 }, "fitSync: earlyStopping: patience must be a whole number >= 1; got 0"],
    ["patience 1.5", { patience: 1.5 }, "patience must be a whole number >= 1; got 1.5"],
    ["no patience", {}, "fitSync: earlyStopping: patience must be given, as in { patience: 20 }; got none"],
    ["a number", 5, "fitSync: earlyStopping: options must be an object, such as { patience: .. }; got 5"],
    ["true", true, "fitSync: earlyStopping: options must be an object"],
    ["a negative minDelta", { patience: 1, minDelta: -1 }, "minDelta must be a finite number >= 0; got -1"],
    ["minDelta NaN", { patience: 1, minDelta: Number.NaN }, "minDelta must be a finite number >= 0; got NaN"],
    [
      "validationLoss without validation",
      { patience: 1, monitor: "validationLoss" },
      'monitor: unknown column "validationLoss"',
    ],
    [
      "another column",
      { patience: 1, monitor: "f1" },
      'fitSync: earlyStopping: monitor: unknown column "f1"',
    ],
    ["a wrong mode", { patience: 1, mode: "lower" }, 'mode must be "min" or "max"; got "lower"'],
    ["the other mode", { patience: 1, mode: "max" }, 'mode of loss must be "min", or left out; got "max"'],
    ["another name", { patience: 1, restore: true }, 'fitSync: earlyStopping: unknown option "restore"'],
  ];

  it.each(BAD)("%s", (_name, earlyStopping, message) => {
    const trainer = classifier();
    const before = stateDigest(trainer);
    const error = thrownBy(() => trainer.fitSync(data, { earlyStopping } as FitOptions));
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(OptionError);
    expect(stateDigest(trainer)).toBe(before);
  });
});
