import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Counter } from "../../assembly/abi.ts";
import {
  BusyError,
  compile,
  DisposedError,
  dense,
  type FitOptions,
  type FitProgress,
  meanSquaredError,
  OptionError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, classifier, lineTrainer, slowClock, thrownBy, xor, xorTrainer } from "../fixtures.ts";

/** Epochs of a run that yields often, under the slow clock. */
const MANY = 50;
const line = { x: [[1], [2]], y: [3, 5] };

afterEach(() => {
  vi.restoreAllMocks();
});

describe("fit", () => {
  it("continues: fit(5) twice gives the bits of fit(10)", async () => {
    const data = classes(21);
    const once = classifier();
    const twice = classifier();
    const { history } = await once.fit(data, { epochs: 10 });
    const first = await twice.fit(data, { epochs: 5 });
    const second = await twice.fit(data, { epochs: 5 });
    expect(twice.state()).toEqual(once.state());
    expect([...first.history.loss, ...second.history.loss]).toEqual(history.loss);
    expect(second).toMatchObject({ reason: "epochs", epochs: 5, steps: 15 });
  });

  it("gives the bits and the result of fitSync", async () => {
    const data = classes(50);
    const a = classifier();
    const b = classifier();
    expect(await a.fit(data, { epochs: 30 })).toEqual(b.fitSync(data, { epochs: 30 }));
    expect(a.state()).toEqual(b.state());
  });

  it("runs one epoch unless told otherwise, or until the loss is met", () => {
    expect(xorTrainer().fitSync(xor)).toMatchObject({ epochs: 1, steps: 1, reason: "epochs" });
    expect(xorTrainer().fitSync(xor, { stopWhen: { lossBelow: 0.1 } }).reason).toBe("lossBelow");
  });

  it("resolves to reason, steps, epochs, loss and history", () => {
    const result = classifier().fitSync(classes(20), { epochs: 4 });
    expect(result).toEqual({
      reason: "epochs",
      epochs: 4,
      steps: 12,
      loss: result.history.loss[3],
      history: { loss: expect.arrayContaining([expect.any(Number)]) },
      historyEvery: 1,
      notes: [expect.objectContaining({ code: "fallingLoss" })],
    });
    expect(result.history.loss).toHaveLength(4);
  });

  it("reports as loss of an epoch the mean over its rows, each batch measured before its update", () => {
    const trainer = lineTrainer({ batchSize: 2 });
    const data = { x: [[1], [2], [3]], y: [1, 1, 1] };
    const steps = lineTrainer({ batchSize: 2 });
    const first = steps.step({ x: [[1], [2]], y: [1, 1] }).loss;
    const second = steps.step({ x: [[3]], y: [1] }).loss;
    const { loss } = trainer.fitSync(data, { shuffle: false });
    expect(loss).toBe((first * 2 + second) / 3);
    expect(trainer.digest()).toBe(steps.digest());
  });

  it("visits all rows once an epoch, in another order each epoch", () => {
    // One row a batchSize: the bias after each epoch of a rate of 1 tells which row came last.
    const orders = (shuffle: boolean) => {
      const trainer = compile(
        sequential({ input: [1] }, [dense(1, { weightInitializer: "zeros", name: "d" })]),
        { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.5 }), batchSize: 1 },
      );
      const data = { x: Array.from({ length: 20 }, () => [0]), y: Array.from({ length: 20 }, (_, i) => i) };
      return Array.from({ length: 12 }, () => {
        const { steps } = trainer.fitSync(data, { shuffle });
        expect(steps).toBe(20);
        return trainer.parameters["d.bias"].data[0];
      });
    };
    expect(new Set(orders(false))).toEqual(new Set([19]));
    expect(new Set(orders(true)).size).toBeGreaterThan(4);
  });

  it("takes the shuffling from its own seed, so that models of one seed can see different orders", () => {
    const data = classes(40);
    const digests = [1, 2].map((shuffleSeed) => {
      const trainer = classifier({ shuffleSeed });
      trainer.fitSync(data);
      return trainer.digest();
    });
    expect(digests[0]).not.toBe(digests[1]);
  });

  const wrong: [string, FitOptions, string][] = [
    ["epochs 0", { epochs: 0 }, "epochs must be a whole number >= 1, or Infinity; got 0"],
    ["fractional epochs", { epochs: 1.5 }, "got 1.5"],
    ["epochs of NaN", { epochs: Number.NaN }, "got NaN"],
    [
      "lossBelow of NaN",
      { stopWhen: { lossBelow: Number.NaN } },
      "fitSync: stopWhen: lossBelow must be a number; got NaN",
    ],
    [
      "a lossBelow that is a string",
      { stopWhen: { lossBelow: "1" as never } },
      'fitSync: stopWhen: lossBelow must be a number; got "1": write it without quotes',
    ],
    ["no options object", 5 as never, "fitSync: options must be an object, such as { epochs: .. }; got 5"],
    ["an onProgress that is no function", { onProgress: {} as never }, "onProgress must be a function"],
  ];
  for (const [name, options, message] of wrong)
    it(`refuses ${name} and changes nothing`, async () => {
      const trainer = xorTrainer();
      const before = trainer.state();
      const error = thrownBy(() => trainer.fitSync(xor, options));
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(OptionError);
      await expect(trainer.fit(xor, options)).rejects.toBeInstanceOf(OptionError);
      expect(trainer.state()).toEqual(before);
      expect(trainer.fitSync(xor).steps).toBe(1);
    });
});

describe("stopWhen.lossBelow", () => {
  it("returns a loss that belongs to the returned parameters: that update is not applied", () => {
    const trainer = xorTrainer();
    const { loss, steps, epochs, reason } = trainer.fitSync(xor, {
      epochs: 5_000,
      stopWhen: { lossBelow: 0.05 },
    });
    expect(reason).toBe("lossBelow");
    expect(loss).toBeLessThan(0.05);
    expect(steps).toBe(epochs);
    expect(trainer.evaluate(xor).loss).toBe(loss);
    const counted = xorTrainer();
    counted.fitSync(xor, { epochs: steps });
    expect(counted.digest()).toBe(trainer.digest());
  });

  it("is met at once by a trainer that already is below, without a step", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 5_000, stopWhen: { lossBelow: 0.05 } });
    const before = trainer.state();
    const again = trainer.fitSync(xor, { epochs: 5_000, stopWhen: { lossBelow: 0.05 } });
    expect(again).toMatchObject({ reason: "lossBelow", steps: 0, epochs: 0 });
    expect(again.history).toEqual({ loss: [] });
    expect(trainer.state()).toEqual(before);
  });

  it("gives way to epochs, whichever comes first", () => {
    expect(xorTrainer().fitSync(xor, { epochs: 3, stopWhen: { lossBelow: 1e-9 } })).toMatchObject({
      reason: "epochs",
      epochs: 3,
    });
  });

  it("with mini-batches tests the row-weighted mean of the epoch", () => {
    const data = classes(21);
    const free = classifier();
    const history = free.fitSync(data, { epochs: 60 }).history.loss;
    const at = history.findIndex((loss) => loss < 0.8);
    const trainer = classifier();
    const result = trainer.fitSync(data, { epochs: 5_000, stopWhen: { lossBelow: 0.8 } });
    expect(result).toMatchObject({ reason: "lossBelow", epochs: at, loss: history[at] });
    expect(result.steps).toBe(at * 3 + 2);
    expect(result.history.loss).toEqual(history.slice(0, at));
  });

  it("leaves a run that can go on as if it had not stopped", () => {
    const data = classes(21);
    const trainer = classifier();
    const { epochs } = trainer.fitSync(data, { epochs: 5_000, stopWhen: { lossBelow: 0.8 } });
    trainer.fitSync(data, { epochs: 60 - epochs });
    const free = classifier();
    free.fitSync(data, { epochs: 60 });
    expect(trainer.state()).toEqual(free.state());
  });
});

describe("history", () => {
  it("keeps every epoch of a run up to 8,192, then every second one, and so on", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e-4 }) });
    const all: number[] = [];
    for (let i = 0; i < 5; i++) all.push(...trainer.fitSync(line, { epochs: 4_000 }).history.loss);
    for (const [epochs, every] of [
      [8_192, 1],
      [8_193, 2],
      [20_000, 4],
    ]) {
      trainer.reset();
      const { history, historyEvery, loss } = trainer.fitSync(line, { epochs });
      expect(historyEvery).toBe(every);
      expect(history.loss).toEqual(all.slice(0, epochs).filter((_, i) => i % every === 0));
      expect(loss).toBe(all[epochs - 1]);
    }
  });

  it("has one entry per completed epoch, without the loss that met the bound", async () => {
    const all = xorTrainer().fitSync(xor, { epochs: 100 }).history.loss;
    const at = all.findIndex((loss) => loss < 0.02);
    const stopWhen = { lossBelow: 0.02 };
    const [sync, other] = [xorTrainer(), xorTrainer()].map((t) => t.fitSync(xor, { stopWhen }));
    expect(sync).toMatchObject({ reason: "lossBelow", epochs: at, loss: all[at], historyEvery: 1 });
    expect(sync.history.loss).toEqual(all.slice(0, at));
    expect(await xorTrainer().fit(xor, { stopWhen })).toEqual(other);
  });

  it("is empty where the first loss meets the bound", () => {
    const result = xorTrainer().fitSync(xor, { stopWhen: { lossBelow: 1e9 } });
    expect(result).toMatchObject({ reason: "lossBelow", epochs: 0, history: { loss: [] } });
    expect(result.loss).toBeGreaterThan(0);
  });

  it("has as many entries after a careful last step", () => {
    // A rate beyond 2^20 makes every step a careful one.
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 2 ** 21 }) });
    trainer.setParameters({ "line.weight": [1], "line.bias": [0] });
    const exact = { x: [[1], [2]], y: [1, 2] };
    const { epochs, history, reason } = trainer.fitSync(exact, { stopWhen: { lossBelow: 1e-9 } });
    expect({ epochs, history, reason }).toEqual({ epochs: 0, history: { loss: [] }, reason: "lossBelow" });
  });

  it("that was thinned leaves the last loss out, too", () => {
    const slow = () => lineTrainer({ optimizer: sgd({ learningRate: 1e-4 }) });
    const { history: all } = slow().fitSync(line, { epochs: 8_192 });
    const trainer = slow();
    const { loss } = trainer.fitSync(line, { epochs: 8_192 });
    const bound = trainer.evaluate(line).loss;
    expect(bound).toBeLessThan(loss);
    const result = slow().fitSync(line, { stopWhen: { lossBelow: loss } });
    expect(result).toMatchObject({ reason: "lossBelow", epochs: 8_192, historyEvery: 1 });
    expect(result.history).toEqual(all);
  });

  it("is that of this call", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 5 });
    expect(trainer.fitSync(xor, { epochs: 3 }).history.loss).toHaveLength(3);
  });
});

describe("onProgress", () => {
  beforeEach(slowClock);

  it("hears of growing counts, and last of the result", async () => {
    const heard: FitProgress[] = [];
    const trainer = lineTrainer();
    const { epochs, steps, loss } = await trainer.fit(line, {
      epochs: MANY,
      onProgress: (p) => heard.push(p),
    });
    expect(heard.length).toBeGreaterThan(2);
    heard.slice(1).forEach((p, i) => {
      expect(p.steps).toBeGreaterThan(heard[i].steps);
    });
    expect(heard.at(-1)).toEqual({ epochs, steps, loss });
  });

  it("hears of fitSync, too", () => {
    const heard: number[] = [];
    lineTrainer().fitSync(line, { epochs: MANY, onProgress: ({ epochs }) => heard.push(epochs) });
    expect(heard.length).toBeGreaterThan(2);
    expect(heard.at(-1)).toBe(MANY);
  });

  it("before an epoch is complete gives the loss of the last batch", () => {
    const trainer = classifier();
    const heard: FitProgress[] = [];
    trainer.fitSync(classes(8 * 5), { onProgress: (p) => heard.push(p) });
    expect(heard[0].epochs).toBe(0);
    expect(heard[0].loss).toBeGreaterThan(0);
  });

  it("that throws ends the fit, which can be started again", async () => {
    const trainer = lineTrainer();
    const fail = () => {
      throw new Error("enough");
    };
    await expect(trainer.fit(line, { epochs: MANY, onProgress: fail })).rejects.toThrow("enough");
    expect(() => trainer.fitSync(line, { epochs: MANY, onProgress: fail })).toThrow("enough");
    expect(trainer.fitSync(line).steps).toBe(1);
  });

  it("may predict, evaluate and save, and changes no bit by it", () => {
    const data = classes(8 * 10 + 5);
    const quiet = classifier();
    quiet.fitSync(data, { epochs: 5 });
    const watched = classifier();
    const onProgress = vi.fn(() => {
      watched.predict(data.x.slice(0, 50));
      watched.evaluate({ x: data.x.slice(0, 50), y: data.y.slice(0, 10) });
      watched.gradients({ x: data.x.slice(0, 40), y: data.y.slice(0, 8) });
      watched.state();
    });
    watched.fitSync(data, { epochs: 5, onProgress });
    expect(onProgress).toHaveBeenCalled();
    expect(watched.state()).toEqual(quiet.state());
  });
});

describe("a fit that is under way", () => {
  beforeEach(slowClock);

  it("does not yield while it is shorter than a slice", async () => {
    vi.restoreAllMocks();
    vi.spyOn(Date, "now").mockReturnValue(0);
    let yielded = false;
    setImmediate(() => {
      yielded = true;
    });
    await lineTrainer().fit(line, { epochs: 500 });
    expect(yielded).toBe(false);
  });

  it("yields to the event loop, so that others run meanwhile", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    await lineTrainer().fit(line, { epochs: 500 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  it("yields though the clock is set back by an hour on the way", async () => {
    let looks = 0;
    vi.spyOn(Date, "now").mockImplementation(() => (looks++ < 4 ? 3_600_000 : 0));
    const onProgress = vi.fn();
    await lineTrainer().fit(line, { epochs: 10_000, onProgress });
    // Once at the end, and once where the clock went back.
    expect(onProgress).toHaveBeenCalledTimes(2);
  });

  it("takes fewer steps a slice again where steps come to take longer", async () => {
    const trainer = lineTrainer();
    // The first 5,000 steps take no time, the others 1 ms each.
    vi.spyOn(Date, "now").mockImplementation(() => Math.max(0, trainer.program.counter(Counter.Step) - 5000));
    const ends: number[] = [];
    await trainer.fit(line, { epochs: 100_000, onProgress: ({ steps }) => ends.push(steps) });
    const slices = ends.slice(1, -1).map((end, i) => end - ends[i]);
    expect(slices[0]).toBeGreaterThan(1000);
    expect(Math.max(...slices.slice(-1000))).toBeLessThan(20);
  });

  it("refuses with a BusyError what would change its state, and is not disturbed", async () => {
    const trainer = lineTrainer();
    const state = trainer.state();
    const running = trainer.fit(line, { epochs: MANY });
    const changes: Record<string, () => unknown> = {
      fitSync: () => trainer.fitSync(line),
      step: () => trainer.step(line),
      reset: () => trainer.reset(),
      restore: () => trainer.restore(state),
      setParameters: () => trainer.setParameters({ "line.bias": 0 }),
      setLearningRate: () => trainer.setLearningRate(0.5),
    };
    for (const [name, change] of Object.entries(changes)) {
      const error = thrownBy(change);
      expect(error).toBeInstanceOf(BusyError);
      expect(error.message).toBe(
        `${name}: needs a trainer at rest; got a call while a fit is under way: await or abort it first`,
      );
    }
    await expect(trainer.fit(line)).rejects.toBeInstanceOf(BusyError);
    await running;
    const alone = lineTrainer();
    alone.fitSync(line, { epochs: MANY });
    expect(trainer.state()).toEqual(alone.state());
  });

  for (const windowRows of [undefined, 16])
    it(`shows the last whole step, and reading changes no bit (${windowRows ? "streamed" : "resident"} data)`, async () => {
      const data = classes(8 * 40 + 5);
      const options = windowRows ? { windowRows } : {};
      const alone = classifier(options);
      alone.fitSync(data, { epochs: 4 });
      const trainer = classifier(options);
      const running = trainer.fit(data, { epochs: 4 });
      let ended = false;
      running.then(() => {
        ended = true;
      });
      let looks = 0;
      while (!ended) {
        const saved = classifier();
        saved.restore(trainer.state());
        expect(trainer.predict(data.x).data).toEqual(saved.predict(data.x).data);
        expect(trainer.evaluate(data)).toEqual(saved.evaluate(data));
        const rows = { x: data.x.slice(0, 40), y: data.y.slice(0, 8) };
        expect(trainer.gradients(rows).loss).toBe(saved.gradients(rows).loss);
        expect(trainer.digest()).toBe(saved.digest());
        trainer.snapshot();
        trainer.toModel();
        looks++;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await running;
      expect(looks).toBeGreaterThan(1);
      expect(trainer.state()).toEqual(alone.state());
    });

  it("takes turns with the fits of other trainers, each with the bits it has alone", async () => {
    const trainers = [1, 2, 3].map((seed) => classifier({}, seed));
    const order: number[] = [];
    await Promise.all(
      trainers.map((trainer, i) =>
        trainer.fit(classes(21, i), { epochs: 4, onProgress: () => order.push(i) }),
      ),
    );
    expect(order.slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2]);
    trainers.forEach((trainer, i) => {
      const alone = classifier({}, i + 1);
      alone.fitSync(classes(21, i), { epochs: 4 });
      expect(trainer.state()).toEqual(alone.state());
    });
  });

  it("shows data that fit one batch as they are after others were evaluated", async () => {
    const alone = lineTrainer();
    alone.fitSync(line, { epochs: MANY });
    const trainer = lineTrainer();
    const running = trainer.fit(line, { epochs: MANY });
    trainer.evaluate({ x: [[100]], y: [-100] });
    trainer.gradients({ x: [[100]], y: [-100] });
    await running;
    expect(trainer.state()).toEqual(alone.state());
  });
});

describe("abort", () => {
  beforeEach(slowClock);

  it("before the start rejects with the signal's reason and takes no step", async () => {
    const trainer = xorTrainer();
    const before = trainer.state();
    const reason = new Error("no");
    await expect(trainer.fit(xor, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(trainer.state()).toEqual(before);
    expect(trainer.fitSync(xor).steps).toBe(1);
  });

  it("during the run rejects with the reason and keeps the last whole step", async () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e-6 }) });
    const abort = new AbortController();
    const running = trainer.fit(line, { epochs: Number.POSITIVE_INFINITY, signal: abort.signal });
    abort.abort("stop");
    const { steps } = trainer.manifest().options as { steps: number };
    await expect(running).rejects.toBe("stop");
    expect(steps).toBeGreaterThan(0);
    const counted = lineTrainer({ optimizer: sgd({ learningRate: 1e-6 }) });
    counted.fitSync(line, { epochs: steps });
    expect(trainer.state()).toEqual(counted.state());
  });

  it("without a reason rejects with an AbortError", async () => {
    const abort = new AbortController();
    const running = lineTrainer().fit(line, { epochs: MANY, signal: abort.signal });
    abort.abort();
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
  });

  it("ends the run at once: abort(); reset(); fit() work in one tick", async () => {
    const trainer = lineTrainer();
    const abort = new AbortController();
    const first = trainer.fit(line, { epochs: MANY, signal: abort.signal });
    abort.abort();
    trainer.reset();
    const second = trainer.fit(line, { epochs: MANY });
    await expect(first).rejects.toMatchObject({ name: "AbortError" });
    expect(await second).toMatchObject({ reason: "epochs", epochs: MANY });
    const alone = lineTrainer();
    alone.fitSync(line, { epochs: MANY });
    expect(trainer.state()).toEqual(alone.state());
  });

  it("from the run's own progress callback keeps the step it reports", async () => {
    const trainer = lineTrainer();
    const abort = new AbortController();
    let steps = 0;
    const running = trainer.fit(line, {
      epochs: MANY,
      signal: abort.signal,
      onProgress: (progress) => {
        steps = progress.steps;
        if (steps >= 5) abort.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(trainer.manifest()).toMatchObject({ options: { steps } });
  });

  it("of a run that has ended does nothing", async () => {
    const trainer = xorTrainer();
    const abort = new AbortController();
    await trainer.fit(xor, { signal: abort.signal });
    const running = trainer.fit(xor, { epochs: 100 });
    abort.abort();
    expect((await running).epochs).toBe(100);
  });

  it("leaves no listener on a signal that outlives many runs", async () => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    const trainer = xorTrainer();
    for (let i = 0; i < 3; i++) await trainer.fit(xor, { signal });
    await trainer.fit({ x: [], y: [] }, { signal }).catch(() => {});
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
  });
});

describe("dispose during a fit", () => {
  beforeEach(slowClock);

  it("ends it with a DisposedError", async () => {
    const trainer = lineTrainer();
    const running = trainer.fit(line, { epochs: Number.POSITIVE_INFINITY });
    trainer.dispose();
    await expect(running).rejects.toBeInstanceOf(DisposedError);
    await expect(running).rejects.toThrow(
      "fit: the program must live until the end; got dispose() on the way",
    );
  });

  it("from its own progress callback ends it so, too", async () => {
    const trainer = lineTrainer();
    const running = trainer.fit(line, {
      epochs: Number.POSITIVE_INFINITY,
      onProgress: () => trainer.dispose(),
    });
    await expect(running).rejects.toBeInstanceOf(DisposedError);
    const other = lineTrainer();
    expect(() =>
      other.fitSync(line, { epochs: Number.POSITIVE_INFINITY, onProgress: () => other.dispose() }),
    ).toThrow(DisposedError);
  });
});
