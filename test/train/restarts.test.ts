/** The best of several seeds is kept, by what validation rows say. */
import { describe, expect, it } from "vitest";
import {
  DisposedError,
  NonFiniteError,
  OptionError,
  type RestartOptions,
  restarts,
  type Trainer,
} from "../../src/index.ts";
import { classes, classifier, lineTrainer, stateDigest, xor, xorTrainer } from "../fixtures.ts";

const data = classes(60);
const make = (seed: number) => classifier({}, seed);

describe("restarts", () => {
  it("keep the trainer with the least validation loss, as it was trained, and dispose the others", async () => {
    const made: Trainer[] = [];
    const own = classes(30, 5);
    const { trainer, seed, result, results } = await restarts(
      (s) => {
        made.push(make(6 - s));
        return made[s];
      },
      data,
      { n: 5, epochs: 8, validation: own },
    );
    const losses = await Promise.all(
      made.map(
        async (_, s) => (await make(6 - s).fit(data, { epochs: 8, validation: own })).validation!.loss,
      ),
    );
    expect(results.map((r) => r!.validation!.loss)).toEqual(losses);
    expect(seed).toBe(losses.indexOf(Math.min(...losses)));
    // Neither the first nor the last.
    expect(seed).toBe(2);
    expect(trainer).toBe(made[seed]);
    expect(result).toBe(results[seed]);
    expect(result.validation).toEqual(trainer.evaluate(own));
    made.forEach((other, s) => {
      if (s === seed) return;
      expect(() => other.predict(data.x)).toThrow(DisposedError);
    });
  });

  it("hold back the same rows for all, those of the first", async () => {
    const first = make(4);
    first.fitSync(data, { validation: 0.3, epochs: 1 });
    // The shuffle seed follows the model's: each trainer alone would draw rows of its own.
    const { results } = await restarts(make, data, { n: 3, seed: 4, epochs: 3, validation: 0.3 });
    for (const [i, result] of results.entries()) {
      const alone = make(4 + i).fitSync(data, { epochs: 3, validation: { share: 0.3, seed: 4 } });
      expect(result).toEqual(alone);
    }
    const other = make(5).fitSync(data, { epochs: 3, validation: 0.3 });
    expect(other.validation).not.toEqual(results[1]!.validation);
  });

  it("compare by what early stopping watches", async () => {
    const options: RestartOptions<typeof data.x> = {
      n: 6,
      epochs: 30,
      validation: 0.4,
      earlyStopping: { patience: 30, monitor: "accuracy" },
    };
    const { seed, results } = await restarts(make as never, data, options);
    const accuracies = results.map((r) => r!.accuracy as number);
    expect(new Set(accuracies).size).toBeGreaterThan(1);
    expect(seed).toBe(accuracies.indexOf(Math.max(...accuracies)));
  });

  it("compare by the loss of the data after training where no rows are held back", async () => {
    const { trainer, seed } = await restarts((s) => xorTrainer(s), xor, { n: 4, epochs: 60 });
    const losses = [0, 1, 2, 3].map((s) => {
      const other = xorTrainer(s);
      other.fitSync(xor, { epochs: 60 });
      return other.evaluate(xor).loss;
    });
    expect(seed).toBe(losses.indexOf(Math.min(...losses)));
    expect(trainer.evaluate(xor).loss).toBe(losses[seed]);
  });

  it("keep the first of equals, and are the same each time", async () => {
    const runs = await Promise.all([1, 2].map(() => restarts(() => make(1), data, { n: 3, epochs: 2 })));
    expect(runs.map(({ seed }) => seed)).toEqual([0, 0]);
    expect(stateDigest(runs[0].trainer)).toBe(stateDigest(runs[1].trainer));
  });

  it("pass over trainers that diverge, unless all do", async () => {
    const line = { x: [[1], [2]], y: [3, 5] };
    const rates = [1e30, 0.1, 1e30];
    const makeLine = (seed: number) => {
      const trainer = lineTrainer();
      trainer.setLearningRate(rates[seed]);
      return trainer;
    };
    const { seed, results } = await restarts(makeLine, line, { n: 3, epochs: 20 });
    expect(seed).toBe(1);
    expect(results.map((r) => r === undefined)).toEqual([true, false, true]);
    rates[1] = 1e30;
    await expect(restarts(makeLine, line, { n: 3, epochs: 20 })).rejects.toBeInstanceOf(NonFiniteError);
  });

  it("end with an abort, and with any other error, and dispose what was made", async () => {
    const made: Trainer[] = [];
    const controller = new AbortController();
    const makeOne = (seed: number) => {
      made.push(make(seed));
      return made[seed];
    };
    const onEpoch = () => {
      if (made.length === 2) controller.abort();
    };
    const options = { n: 3, epochs: 5, signal: controller.signal, onEpoch };
    await expect(restarts(makeOne, data, options)).rejects.toThrow("aborted");
    expect(made).toHaveLength(2);
    for (const trainer of made) expect(() => trainer.predict(data.x)).toThrow(DisposedError);
  });

  it("dispose what was made where a later make throws, or makes no trainer", async () => {
    for (const last of [
      () => ({}) as Trainer,
      (): Trainer => {
        throw new Error("no memory");
      },
    ]) {
      const made: Trainer[] = [];
      const makeOne = (seed: number) => {
        if (seed === 2) return last();
        made.push(make(seed));
        return made[seed];
      };
      await expect(restarts(makeOne, data, { n: 3, epochs: 1 })).rejects.toThrow(/no memory|fresh trainer/);
      expect(made).toHaveLength(2);
      for (const trainer of made) expect(() => trainer.predict(data.x)).toThrow(DisposedError);
    }
  });

  it.each([
    ["no options", undefined, "restarts: options must be an object, such as { n: .. }; got undefined"],
    ["no n", {}, "restarts: n must be a whole number >= 1; got NaN"],
    ["n 0", { n: 0 }, "restarts: n must be a whole number >= 1; got 0"],
    ["a bad seed", { n: 1, seed: -1 }, "restarts: seed must be"],
    ["an option of nobody's", { n: 1, epoch: 3 }, 'restarts: unknown option "epoch"; did you mean epochs?'],
  ])("refuse %s", async (_name, options, message) => {
    const error = await restarts(make, data, options as never).catch((e) => e);
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toContain(message);
  });

  it("refuse a make that returns the same trainer again, and dispose it", async () => {
    const trainer = make(0);
    const error = await restarts(() => trainer, data, { n: 2, epochs: 1 }).catch((e) => e);
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toBe(
      "restarts: make must return a fresh trainer for each seed; got for seed 1 one that it had returned before",
    );
    expect(() => trainer.predict(data.x)).toThrow(DisposedError);
  });

  it("refuse a make that makes no trainer", async () => {
    const error = await restarts((() => ({})) as never, data, { n: 1 }).catch((e) => e);
    expect(error.message).toBe("restarts: make must return a fresh trainer; got {}");
    await expect(restarts(5 as never, data, { n: 1 })).rejects.toThrow(
      "make, the first argument, must be a function; got 5",
    );
  });
});
