/** Callbacks once an epoch: what they hear, what they may do, and how they end a fit. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { BusyError, type EpochEvent, type FitOptions, OptionError, type Trainer } from "../../src/index.ts";
import {
  classes,
  classifier,
  lineTrainer,
  slowClock,
  stateDigest,
  thrownBy,
  xor,
  xorTrainer,
} from "../fixtures.ts";

const data = classes(40);
const line = { x: [[1], [2]], y: [3, 5] };

afterEach(() => {
  vi.restoreAllMocks();
});

describe("onEpoch", () => {
  it("hears of every epoch, in order, with all that is known", async () => {
    const heard: EpochEvent[] = [];
    const trainer = classifier();
    const { history } = await trainer.fit(data, {
      epochs: 4,
      validation: 0.25,
      onEpoch: (event) => heard.push(event),
    });
    expect(heard.map(({ epoch, epochs, steps }) => [epoch, epochs, steps])).toEqual([
      [1, 1, 4],
      [2, 2, 8],
      [3, 3, 12],
      [4, 4, 16],
    ]);
    heard.forEach(({ loss, accuracy, validation, best }, i) => {
      expect(loss).toBe(history.loss[i]);
      expect(validation).toEqual({ loss: history.validationLoss![i], accuracy: history.accuracy![i] });
      expect(accuracy).toBe(validation!.accuracy);
      expect(best).toBeUndefined();
    });
  });

  it("counts epochs over the life of the trainer, and those of the call", () => {
    const trainer = lineTrainer();
    trainer.fitSync(line, { epochs: 3 });
    const heard: unknown[] = [];
    trainer.fitSync(line, {
      epochs: 2,
      onEpoch: ({ epoch, epochs, steps }) => heard.push([epoch, epochs, steps]),
    });
    expect(heard).toEqual([
      [4, 1, 1],
      [5, 2, 2],
    ]);
  });

  it("hears of the best epoch with early stopping", () => {
    const heard: EpochEvent[] = [];
    const { best } = classifier().fitSync(classes(60), {
      validation: 0.4,
      earlyStopping: { patience: 5 },
      onEpoch: (event) => heard.push(event),
    });
    for (const { best: known, epoch } of heard) expect(known!.epoch).toBeLessThanOrEqual(epoch);
    expect(heard[0].best).toEqual({ epoch: 1, loss: heard[0].loss, validation: heard[0].validation });
    expect(heard.at(-1)!.best).toEqual(best);
  });

  it("has nothing of validation where there are no such rows", () => {
    const heard: EpochEvent[] = [];
    xorTrainer().fitSync(xor, { onEpoch: (event) => heard.push(event) });
    expect(heard).toEqual([{ epoch: 1, epochs: 1, steps: 1, loss: expect.any(Number) }]);
  });

  it("is given the trainer, in a state that can be saved and gone on from", () => {
    const trainer = classifier();
    const states: Uint8Array[] = [];
    trainer.fitSync(data, {
      epochs: 6,
      onEpoch: (_event, own) => {
        expect(own).toBe(trainer);
        states.push(own.state());
      },
    });
    states.forEach((state, i) => {
      const other = classifier();
      other.restore(state);
      if (i < 5) other.fitSync(data, { epochs: 5 - i });
      expect(stateDigest(other)).toBe(stateDigest(trainer));
    });
  });

  it("of a function of withState is given the function's trainer", async () => {
    const trainer = xorTrainer();
    await trainer.withState(trainer.state(), async (own) => {
      const given: unknown[] = [];
      await own.fit(xor, { onEpoch: (_e, t) => given.push(t), onProgress: (_p, t) => given.push(t) });
      expect(given).toEqual([own, own]);
    });
  });

  it("may predict, evaluate and save, and changes no bit by it", () => {
    const [quiet, watched] = [classifier(), classifier()];
    quiet.fitSync(data, { epochs: 5 });
    watched.fitSync(data, {
      epochs: 5,
      onEpoch: () => {
        watched.predict(data.x.slice(0, 50));
        watched.evaluate(data);
        watched.gradients({ x: data.x.slice(0, 40), y: data.y.slice(0, 8) });
        watched.state();
      },
    });
    expect(stateDigest(watched)).toBe(stateDigest(quiet));
  });

  it("may change the learning rate, and nothing else of the state", () => {
    const [called, split] = [lineTrainer(), lineTrainer()];
    called.fitSync(line, {
      epochs: 4,
      onEpoch: ({ epoch }, trainer) => {
        if (epoch === 2) trainer.setLearningRate(0.01);
        expect(() => trainer.reset()).toThrow(BusyError);
        expect(() => trainer.step(line)).toThrow(BusyError);
      },
    });
    split.fitSync(line, { epochs: 2 });
    split.setLearningRate(0.01);
    split.fitSync(line, { epochs: 2 });
    expect(stateDigest(called)).toBe(stateDigest(split));
  });

  it("may be several, called one after the other", async () => {
    const calls: string[] = [];
    const callbacks = [
      async () => {
        await null;
        calls.push("first");
      },
      () => calls.push("second"),
    ];
    await lineTrainer().fit(line, { epochs: 2, onEpoch: callbacks });
    expect(calls).toEqual(["first", "second", "first", "second"]);
  });

  it("is awaited: no step is taken before its promise settles", async () => {
    const trainer = lineTrainer();
    const steps: number[][] = [];
    await trainer.fit(line, {
      epochs: 3,
      onEpoch: async () => {
        const before = trainer.steps;
        await new Promise((resolve) => setImmediate(resolve));
        steps.push([before, trainer.steps]);
      },
    });
    expect(steps).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it("is called beside onProgress, which is called about every 10 ms, and last", async () => {
    slowClock();
    const calls: string[] = [];
    const options: FitOptions = {
      epochs: 5,
      validation: line,
      onEpoch: () => calls.push("epoch"),
      onProgress: () => calls.push("progress"),
    };
    await lineTrainer().fit(line, options);
    expect(calls.filter((call) => call === "epoch")).toHaveLength(5);
    expect(calls.filter((call) => call === "progress").length).toBeGreaterThan(3);
    expect(calls.at(-1)).toBe("progress");
    calls.length = 0;
    lineTrainer().fitSync(line, options);
    expect(calls.filter((call) => call === "epoch")).toHaveLength(5);
    expect(calls.filter((call) => call === "progress").length).toBeGreaterThan(3);
  });
});

describe('"stop"', () => {
  const stopAt = (last: number, more: FitOptions = {}): FitOptions => ({
    epochs: 100,
    onEpoch: ({ epoch }) => (epoch === last ? "stop" : undefined),
    ...more,
  });

  it("ends the fit after that epoch, with the bits of so many", async () => {
    for (const last of [1, 3]) {
      const [sync, sliced, exact] = [classifier(), classifier(), classifier()];
      const result = sync.fitSync(data, stopAt(last));
      expect(result).toMatchObject({ reason: "stopped", epochs: last, steps: 5 * last });
      expect(result.history.loss).toHaveLength(last);
      slowClock();
      expect(await sliced.fit(data, stopAt(last))).toEqual(result);
      vi.restoreAllMocks();
      exact.fitSync(data, { epochs: last });
      for (const trainer of [sync, sliced]) expect(stateDigest(trainer)).toBe(stateDigest(exact));
      // And a later fit goes on from there.
      sync.fitSync(data, { epochs: 2 });
      exact.fitSync(data, { epochs: 2 });
      expect(stateDigest(sync)).toBe(stateDigest(exact));
    }
  });

  it("may come by a promise, and from any of several callbacks, all of which are called", async () => {
    const calls: number[] = [];
    const { reason, epochs } = await lineTrainer().fit(line, {
      epochs: 9,
      onEpoch: [
        async ({ epoch }) => (epoch === 2 ? "stop" : "stop".slice(5) || undefined),
        ({ epoch }) => calls.push(epoch),
      ],
    });
    expect({ reason, epochs, calls }).toEqual({ reason: "stopped", epochs: 2, calls: [1, 2] });
  });

  it("of any of several callbacks ends fitSync, too", () => {
    const calls: number[] = [];
    const { reason, epochs } = lineTrainer().fitSync(line, {
      epochs: 9,
      onEpoch: [({ epoch }) => (epoch === 2 ? "stop" : undefined), ({ epoch }) => calls.push(epoch)],
    });
    expect({ reason, epochs, calls }).toEqual({ reason: "stopped", epochs: 2, calls: [1, 2] });
  });

  it("with early stopping hands back the best epoch", () => {
    const rows = classes(60);
    const base: FitOptions = { validation: 0.4, earlyStopping: { patience: 50 } };
    const { best, epochs } = classifier().fitSync(rows, { ...base, epochs: 60 });
    expect(best!.epoch).toBeLessThan(epochs);
    const trainer = classifier();
    const result = trainer.fitSync(rows, stopAt(best!.epoch + 3, base));
    expect(result).toMatchObject({ reason: "stopped", epochs: best!.epoch + 3, best });
    expect(trainer.epochs).toBe(best!.epoch);
  });

  it("is the reason of the last epoch, too", () => {
    expect(lineTrainer().fitSync(line, { ...stopAt(3), epochs: 3 }).reason).toBe("stopped");
    expect(lineTrainer().fitSync(line, { ...stopAt(4), epochs: 3 }).reason).toBe("epochs");
  });
});

describe("a callback that fails", () => {
  const fail = () => {
    throw new Error("the disk is full");
  };

  it("ends the fit with its error after a whole epoch, and the trainer goes on", async () => {
    const trainer = lineTrainer();
    await expect(trainer.fit(line, { epochs: 5, onEpoch: fail })).rejects.toThrow("the disk is full");
    await expect(trainer.fit(line, { epochs: 5, onEpoch: async () => fail() })).rejects.toThrow(
      "the disk is full",
    );
    expect(() => trainer.fitSync(line, { epochs: 5, onEpoch: fail })).toThrow("the disk is full");
    expect(trainer.epochs).toBe(3);
    const exact = lineTrainer();
    exact.fitSync(line, { epochs: 3 });
    expect(stateDigest(trainer)).toBe(stateDigest(exact));
  });

  it("may abort, or dispose the trainer: the fit rejects", async () => {
    const controller = new AbortController();
    const options = { epochs: 5, signal: controller.signal, onEpoch: () => controller.abort() };
    await expect(lineTrainer().fit(line, options)).rejects.toThrow("aborted");
    await expect(lineTrainer().fit(line, { epochs: 5, onEpoch: (_e, own) => own.dispose() })).rejects.toThrow(
      "dispose()",
    );
    expect(() => lineTrainer().fitSync(line, { epochs: 5, onEpoch: (_e, own) => own.dispose() })).toThrow(
      "dispose()",
    );
  });

  it("is not waited for after an abort", async () => {
    const controller = new AbortController();
    const training = lineTrainer().fit(line, {
      epochs: 5,
      signal: controller.signal,
      onEpoch: () => new Promise(() => {}),
    });
    setImmediate(() => controller.abort());
    await expect(training).rejects.toThrow("aborted");
  });
});

describe("onEpoch is refused", () => {
  const refused = (onEpoch: unknown, trainer: Pick<Trainer, "fitSync"> = lineTrainer()) =>
    thrownBy(() => trainer.fitSync(line, { epochs: 3, onEpoch } as FitOptions));

  it("where it is no function", () => {
    for (const onEpoch of [5, "stop", {}, [() => {}, null]]) {
      const error = refused(onEpoch);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain("fitSync: onEpoch must be a function, or an array of functions; got ");
    }
  });

  it("where it returns another text", () => {
    expect(refused(() => "Stop").message).toBe(
      'fitSync: onEpoch must return "stop" to end the fit; got "Stop"',
    );
  });

  it("where it gives fitSync a promise", () => {
    const error = refused(async () => "stop");
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toContain("fitSync: onEpoch must not return a promise");
  });
});
