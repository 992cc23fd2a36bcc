/** Callbacks of a fit: promises are awaited, errors end the fit, nothing gets in between. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { BusyError, OptionError } from "../../src/index.ts";
import { yieldToEventLoop } from "../../src/runtime/event-loop.ts";
import { classes, classifier, slowClock, xor, xorTrainer } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("onProgress", () => {
  it("that returns a promise is awaited, and the trainer is busy meanwhile", async () => {
    slowClock();
    const trainer = classifier();
    let under = 0;
    let calls = 0;
    await trainer.fit(classes(20), {
      epochs: 2,
      onProgress: async () => {
        calls++;
        expect(++under).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 1));
        expect(() => trainer.reset()).toThrow(BusyError);
        under--;
      },
    });
    expect(calls).toBe(6);
    expect(under).toBe(0);
  });

  it("that throws or rejects ends the fit with that error, after a whole step", async () => {
    for (const onProgress of [
      () => {
        throw new Error("mine");
      },
      () => Promise.reject(new Error("mine")),
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error("mine");
      },
    ]) {
      slowClock();
      const trainer = classifier();
      const plain = classifier();
      await expect(trainer.fit(classes(20), { epochs: 2, onProgress })).rejects.toThrow("mine");
      expect(trainer.steps).toBe(1);
      trainer.fitSync(classes(20));
      plain.fitSync(classes(20));
      expect(trainer.state()).toEqual(plain.state());
    }
  });

  it("whose promise never settles does not keep an aborted fit", async () => {
    const trainer = xorTrainer();
    const abort = new AbortController();
    const fit = trainer.fit(xor, {
      epochs: 3,
      signal: abort.signal,
      onProgress: () => new Promise(() => {}),
    });
    await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error("gone"));
    await expect(fit).rejects.toThrow("gone");
    trainer.fitSync(xor);
  });

  it("of fitSync must not return a promise, whose rejection reaches nobody", async () => {
    const trainer = xorTrainer();
    const rejections: unknown[] = [];
    const note = (reason: unknown) => rejections.push(reason);
    process.on("unhandledRejection", note);
    const call = () => trainer.fitSync(xor, { onProgress: () => Promise.reject(new Error("mine")) });
    expect(call).toThrow(
      new OptionError(
        "fitSync: onProgress must not return a promise, which nothing could await; got one: fit awaits it",
      ),
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
    trainer.fitSync(xor);
  });

  it("may change the learning rate, from the next step on", async () => {
    slowClock();
    const trainer = classifier();
    const plain = classifier();
    const sync = classifier();
    const onProgress = (of: typeof trainer) => () => of.setLearningRate(of.learningRate / 2);
    // In slices of one step.
    await trainer.fit(classes(20), { epochs: 2, onProgress: onProgress(trainer) });
    sync.fitSync(classes(20), { epochs: 2, onProgress: onProgress(sync) });
    for (let step = 0; step < 6; step++) {
      await expect(
        plain.fit(classes(20), {
          epochs: 2,
          onProgress: () => {
            throw 0;
          },
        }),
      ).rejects.toBe(0);
      plain.setLearningRate(plain.learningRate / 2);
    }
    expect(trainer.learningRate).toBe(0.01 / 64);
    expect(trainer.state()).toEqual(plain.state());
    expect(sync.state()).toEqual(plain.state());
    // Outside of callbacks it is refused.
    const fit = trainer.fit(classes(20), { epochs: 5 });
    expect(() => trainer.setLearningRate(1)).toThrow(BusyError);
    await fit;
  });
});

describe("the end of a fit", () => {
  it("belongs to whoever awaits it, before those who waited for its last callback", async () => {
    for (const depth of [0, 2, 5, 10]) {
      const trainer = xorTrainer();
      const others = xorTrainer(5).state();
      let open = () => {};
      let waiting: Promise<void> = new Promise((resolve) => {
        open = resolve;
      });
      for (let i = 0; i < depth; i++) {
        const before = waiting;
        waiting = (async () => await before)();
      }
      const log: string[] = [];
      const intruder = waiting.then(() => {
        try {
          trainer.restore(others);
          log.push("restored");
        } catch (error) {
          log.push((error as Error).name);
        }
      });
      // A new slice: at the end of one the fit would let the event loop run, and with it all that waits.
      await yieldToEventLoop();
      await trainer.fit(xor, { epochs: 3, onProgress: open });
      const mine = trainer.state();
      log.push("mine");
      await intruder;
      expect(log).toEqual(["BusyError", "mine"]);
      const plain = xorTrainer();
      plain.fitSync(xor, { epochs: 3 });
      expect(mine).toEqual(plain.state());
      // Whoever awaited it goes on at once.
      trainer.restore(others);
    }
  });
});

it("callbacks are awaited in hosts that have no clearTimeout", async () => {
  vi.stubGlobal("clearTimeout", undefined);
  try {
    let heard = 0;
    const onEpoch = async () => {
      heard++;
    };
    await xorTrainer().fit(xor, { epochs: 3, onEpoch });
    expect(heard).toBe(3);
  } finally {
    vi.unstubAllGlobals();
  }
});
