/** When calls let the event loop run: by the clock, by what slices cost where the clock is of no help, across calls. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Run } from "../../assembly/abi.ts";
import { classes, classifier, lineTrainer, noise, stateDigest, xor, xorTrainer } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Counts how often the event loop gets its turn while `work` runs. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let done = false;
  const count = () => {
    if (done) return;
    turns++;
    setImmediate(count);
  };
  // A slice begins with a turn of the loop.
  await new Promise((resolve) => setImmediate(resolve));
  setImmediate(count);
  await work();
  done = true;
  return turns;
}

/** A clock that shows whole multiples of `tick`, while each look at it takes `step` ms. */
function clock(tick: number, step: number): () => number {
  let now = 1e12;
  vi.spyOn(Date, "now").mockImplementation(() => {
    now += step;
    return tick === Number.POSITIVE_INFINITY ? 1e12 : Math.floor(now / tick) * tick;
  });
  return () => now;
}

describe("fit", () => {
  it("lets the event loop run in a chain of short calls", async () => {
    const trainer = xorTrainer();
    clock(1, 0.5);
    const turns = await turnsDuring(async () => {
      for (let round = 0; round < 200; round++) {
        await trainer.fit(xor, { epochs: 1 });
        trainer.evaluate(xor);
      }
    });
    // 200 calls of at least 2 ms of this clock.
    expect(turns).toBeGreaterThan(20);
    expect(turns).toBeLessThan(220);
  });

  it("does not yield in every one of them", async () => {
    const trainer = xorTrainer();
    clock(1, 0.01);
    const turns = await turnsDuring(async () => {
      for (let round = 0; round < 50; round++) await trainer.fit(xor, { epochs: 1 });
    });
    expect(turns).toBeLessThan(10);
  });

  it("yields where the clock stands still, after a number of operations", async () => {
    const rows = 512;
    const trainer = classifier();
    clock(Number.POSITIVE_INFINITY, 0);
    const passes: number[] = [];
    let last = 0;
    const turns = await turnsDuring(() =>
      trainer.fit(classes(rows), {
        epochs: 400,
        onProgress: ({ steps }) => {
          passes.push(steps - last);
          last = steps;
        },
      }),
    );
    expect(turns).toBeGreaterThan(2);
    expect(passes.length).toBeGreaterThan(2);
    expect(Math.max(...passes)).toBeLessThan(20_000);
  });

  it("cuts slices by what earlier ones took where the clock is coarse", async () => {
    const trainer = classifier();
    // A call of the machine takes 0.1 ms a pass; the clock ticks every 100 ms.
    let now = 1e12;
    vi.spyOn(Date, "now").mockImplementation(() => Math.floor(now / 100) * 100);
    const { kernels, plan } = trainer.program;
    const run = kernels.run;
    let passes = 0;
    trainer.program.kernels = {
      ...kernels,
      run: (program: number, most: number) => {
        const before = trainer.steps;
        const status = run(program, most);
        passes += trainer.steps - before;
        now += (trainer.steps - before) * 0.1;
        return status;
      },
    };
    expect(plan.batch).toBe(8);
    const slices: number[] = [];
    let seen = 0;
    await trainer.fit(classes(64), {
      epochs: 5000,
      onProgress: () => {
        slices.push(passes - seen);
        seen = passes;
      },
    });
    // 100 passes are 10 ms; what a tick of the clock ends is shorter.
    const late = slices.slice(-Math.floor(slices.length / 3));
    expect(Math.max(...late)).toBeLessThan(200);
    expect(late.filter((count) => count > 50).length).toBeGreaterThan(late.length / 2);
  });

  it("reads data in slices, and is busy meanwhile", async () => {
    const trainer = classifier();
    const plain = classifier();
    const { x, y } = classes(60_000);
    const rows = Array.from({ length: 60_000 }, (_, i) => Array.from(x.subarray(i * 5, i * 5 + 5)));
    plain.fitSync({ x, y }, { epochs: 1 });
    clock(1, 12);
    const fit = trainer.fit({ x: rows, y }, { epochs: 1 });
    // The clock is late at every look: one stretch is read, and the rest waits for the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    expect(trainer.steps).toBe(0);
    expect(() => trainer.reset()).toThrow("got a call while a fit is under way");
    expect(trainer.predict(x.subarray(0, 5)).shape).toEqual([1, 3]);
    const { steps } = await fit;
    expect(steps).toBe(7500);
    expect(trainer.state()).toEqual(plain.state());
  });

  it("finds bad data late in them, and leaves the trainer as it was", async () => {
    const trainer = classifier();
    const before = stateDigest(trainer);
    const { x, y } = classes(60_000);
    x[59_999 * 5 + 2] = Number.NaN;
    clock(1, 12);
    await expect(trainer.fit({ x, y })).rejects.toThrow("got NaN at row 59999, column 2");
    expect(stateDigest(trainer)).toBe(before);
    trainer.fitSync(classes(10));
  });

  it("can be aborted while it reads", async () => {
    const trainer = classifier();
    const before = stateDigest(trainer);
    clock(1, 12);
    const abort = new AbortController();
    const fit = trainer.fit(classes(60_000), { signal: abort.signal });
    abort.abort(new Error("gone"));
    await expect(fit).rejects.toThrow("gone");
    expect(stateDigest(trainer)).toBe(before);
  });
});

describe("the event loop", () => {
  const without = (...names: ("setImmediate" | "MessageChannel")[]) => {
    for (const name of names) vi.stubGlobal(name, undefined);
  };

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each([
    ["setImmediate", []],
    ["MessageChannel", ["setImmediate"]],
    ["setTimeout", ["setImmediate", "MessageChannel"]],
  ] as const)("gets its turn by %s, whatever the host has", async (_, missing) => {
    without(...missing);
    const trainer = classifier();
    const plain = classifier();
    clock(1, 12);
    let timers = 0;
    const timer = setInterval(() => timers++, 0);
    await trainer.fit(classes(2000), { epochs: 2 });
    clearInterval(timer);
    plain.fitSync(classes(2000), { epochs: 2 });
    expect(timers).toBeGreaterThan(0);
    expect(trainer.state()).toEqual(plain.state());
  });
});

describe("predictAsync and evaluateAsync", () => {
  it("yield, give the bits of predict and evaluate, and see one state whatever trains meanwhile", async () => {
    const trainer = classifier();
    const data = classes(3000);
    const prediction = trainer.predict(data.x).data;
    const evaluation = trainer.evaluate(data);
    clock(1, 3);
    const turns = await turnsDuring(async () => {
      const later = trainer.predictAsync(data.x);
      const score = trainer.evaluateAsync(data);
      trainer.fitSync(classes(40), { epochs: 1 });
      const fit = trainer.fit(classes(40), { epochs: 3 });
      expect((await later).data).toEqual(prediction);
      expect(await score).toEqual(evaluation);
      await fit;
    });
    expect(turns).toBeGreaterThan(20);
    const plain = classifier();
    plain.fitSync(classes(40), { epochs: 4 });
    expect(trainer.state()).toEqual(plain.state());
  });

  it("take a signal", async () => {
    const trainer = classifier();
    const data = classes(3000);
    clock(1, 12);
    for (const call of [
      (signal: AbortSignal) => trainer.predictAsync(data.x, { signal }),
      (signal: AbortSignal) => trainer.evaluateAsync(data, { signal }),
    ]) {
      const abort = new AbortController();
      const promise = call(abort.signal);
      abort.abort(new Error("gone"));
      await expect(promise).rejects.toThrow("gone");
      await expect(call(abort.signal)).rejects.toThrow("gone");
      await expect(call(5 as never)).rejects.toThrow(
        "signal must be an AbortSignal, such as controller.signal; got 5",
      );
    }
  });

  it("let the event loop run in a chain of short calls", async () => {
    const trainer = classifier();
    const data = classes(3);
    for (const call of [
      () => trainer.predictAsync(data.x),
      () => trainer.evaluateAsync(data),
      () => trainer.bindAsync(data),
    ]) {
      clock(1, 4);
      const turns = await turnsDuring(async () => {
        for (let round = 0; round < 30; round++) await call();
      });
      expect(turns).toBeGreaterThan(5);
    }
  });

  it("change over to the state once a slice", async () => {
    const trainer = classifier();
    clock(Number.POSITIVE_INFINITY, 0);
    const set = vi.spyOn(Uint8Array.prototype, "set");
    await trainer.predictAsync(classes(3000).x);
    await trainer.evaluateAsync(classes(3000));
    // Each call changes over and back once, and makes the first state; there are 375 batches.
    expect(set.mock.calls.length).toBeLessThan(30);
    expect(set.mock.calls.length).toBeGreaterThan(0);
  });

  it("refuse what is no state", async () => {
    const trainer = classifier();
    for (const state of [null, "", 0])
      await expect(trainer.predictAsync(classes(3).x, { state: state as never })).rejects.toThrow(
        "predictAsync: a state must be the Uint8Array",
      );
  });

  it("reject when the program is disposed meanwhile", async () => {
    const trainer = classifier();
    clock(1, 12);
    const predicting = trainer.predictAsync(noise(5 * 3000));
    trainer.dispose();
    await expect(predicting).rejects.toThrow("must not be disposed");
  });
});

describe("bound data", () => {
  const data = classes(37, 3);

  it("train and evaluate to the bits of the data they were made of", async () => {
    for (const windowRows of [8, 64]) {
      const plain = classifier({ windowRows });
      const trainer = classifier({ windowRows });
      const bound = trainer.bind(data);
      expect(bound.rows).toBe(37);
      for (let round = 0; round < 3; round++) {
        await trainer.fit(bound, { epochs: 2 });
        plain.fitSync(data, { epochs: 2 });
        expect(trainer.evaluate(bound)).toEqual(plain.evaluate(data));
        // What others read goes elsewhere.
        trainer.step(classes(8));
        plain.step(classes(8));
      }
      expect(trainer.state()).toEqual(plain.state());
      expect(await trainer.evaluateAsync(await trainer.bindAsync(data))).toEqual(plain.evaluate(data));
    }
  });

  it("stay in the window between calls, until other data take their place", () => {
    const trainer = classifier();
    const plain = classifier();
    const bound = trainer.bind(data);
    const others = classes(37, 9);
    trainer.fitSync(bound);
    // Proof that the window is not filled again: what is written into it is what the next call trains on.
    const port = trainer.program.plan.train?.tape.ports.find(({ kind }) => kind === "input");
    expect(trainer.program.f32.subarray((port?.windowOffset ?? 0) >>> 2)[0]).toBe(data.x[0]);
    expect(trainer.program.window).toBeDefined();
    trainer.fitSync(others);
    expect(trainer.program.window).toBeUndefined();
    trainer.fitSync(bound);
    plain.fitSync(data);
    plain.fitSync(others);
    plain.fitSync(data);
    expect(trainer.state()).toEqual(plain.state());
    expect(trainer.program.run(Run.WindowRows)).toBe(37);
  });

  it("are a copy", () => {
    const { x, y } = classes(12);
    const trainer = classifier();
    const plain = classifier();
    const bound = trainer.bind({ x, y });
    plain.fitSync({ x: x.slice(), y });
    x.fill(Number.NaN);
    trainer.fitSync(bound);
    expect(trainer.state()).toEqual(plain.state());
  });

  it("are a copy of targets too", () => {
    const trainer = lineTrainer();
    const plain = lineTrainer();
    const x = noise(12);
    const y = noise(12, 2);
    const bound = trainer.bind({ x, y });
    plain.fitSync({ x, y: y.slice() });
    y.fill(0);
    trainer.fitSync(bound);
    expect(trainer.state()).toEqual(plain.state());
  });

  it("are checked when they are bound, and refused by another trainer", async () => {
    const trainer = classifier();
    expect(() => trainer.bind({ x: [[1]], y: [0] })).toThrow("bind: x: row 0 must have 5 numbers; got 1");
    await expect(trainer.bindAsync({ x: noise(5), y: [7] })).rejects.toThrow("bindAsync: y");
    expect(() => lineTrainer().fitSync(trainer.bind(data))).toThrow(
      "fitSync: data must be bound to this trainer; got data that another one's bind gave",
    );
  });
});
