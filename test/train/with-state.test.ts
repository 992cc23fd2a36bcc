/** Many customers of one trainer: each sees and stores their own numbers, whoever else is served. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BusyError, DisposedError, OptionError, StateError, type Trainer } from "../../src/index.ts";
import { classes, classifier, lineTrainer, slowClock, stateDigest, xor, xorTrainer } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** A promise, and what settles it. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

const plain = xorTrainer();

/** For comparing many states: `toEqual` takes a millisecond for each. */
const hex = (state: Uint8Array) => Buffer.from(state).toString("hex");

/** What training apart gives. */
function apart(state: Uint8Array, epochs: number): Uint8Array<ArrayBuffer> {
  plain.restore(state);
  if (epochs > 0) plain.fitSync(xor, { epochs });
  return plain.state();
}

describe("withState", () => {
  it("trains a state as a trainer of its own would, and leaves the trainer as it was", async () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 3 });
    const before = trainer.state();
    const own = xorTrainer(5).state();
    const next = await trainer.withState(own, async (handle) => {
      expect(handle.state()).toEqual(own);
      await handle.fit(xor, { epochs: 20 });
    });
    expect(next).toEqual(apart(own, 20));
    expect(trainer.state()).toEqual(before);
  });

  it("serves in the order of the calls, one at a time", async () => {
    const trainer = xorTrainer();
    const log: string[] = [];
    const serve = (name: string, epochs: number) =>
      trainer.withState(trainer.state(), async (handle) => {
        log.push(`${name} in`);
        await handle.fit(xor, { epochs });
        log.push(`${name} out`);
      });
    slowClock();
    await Promise.all([serve("a", 30), serve("b", 1), serve("c", 2)]);
    expect(log).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
  });

  it("shows readers of the trainer the state it had, and refuses to change it", async () => {
    const trainer = classifier();
    const data = classes(20);
    const before = stateDigest(trainer);
    const prediction = trainer.predict(data.x).data;
    const other = classifier({}, 99).state();
    let rounds = 0;
    slowClock();
    await trainer.withState(other, async (handle) => {
      await handle.fit(data, {
        epochs: 2,
        onProgress: () => {
          rounds++;
          expect(stateDigest(trainer)).toBe(before);
          expect(trainer.predict(data.x).data).toEqual(prediction);
          expect(handle.predict(data.x).data).not.toEqual(prediction);
          for (const change of [
            () => trainer.fitSync(data),
            () => trainer.step({ x: data.x.slice(0, 5), y: [1] }),
            () => trainer.reset(),
            () => trainer.restore(other),
            () => trainer.setParameters({}),
            () => trainer.setLearningRate(0.5),
          ])
            expect(change).toThrow(BusyError);
        },
      });
      await expect(trainer.fit(data)).rejects.toThrow(
        "fit: needs a trainer at rest; got a call while a withState is under way",
      );
    });
    expect(rounds).toBeGreaterThan(3);
    expect(stateDigest(trainer)).toBe(before);
    trainer.setLearningRate(0.5);
  });

  it("may be called while a fit of the trainer is under way, to the bits of each", async () => {
    const trainer = xorTrainer();
    const own = xorTrainer(5).state();
    const mine = apart(trainer.state(), 25);
    slowClock();
    const fit = trainer.fit(xor, { epochs: 25 });
    const next = await trainer.withState(own, (handle) => handle.fit(xor, { epochs: 10 }));
    await fit;
    expect(next).toEqual(apart(own, 10));
    expect(trainer.state()).toEqual(mine);
  });

  it("ends the handle with the function, and the views that it gave", async () => {
    const trainer = xorTrainer();
    let kept: Trainer | undefined;
    let view: Float32Array = new Float32Array();
    let moment: Float32Array | undefined;
    await trainer.withState(trainer.state(), (handle) => {
      kept = handle;
      view = handle.parameters["dense1.weight"].data;
      moment = handle.optimizerState["dense1.weight"].firstMoment?.data;
      expect(view).toHaveLength(16);
    });
    expect(view).toHaveLength(0);
    expect(moment).toHaveLength(0);
    const handle = kept as Trainer;
    const message =
      "withState: a trainer ends with the function that it was given to; got a call after its end";
    for (const call of [
      () => handle.predict(xor.x),
      () => handle.state(),
      () => handle.parameters,
      () => handle.step(xor),
      () => handle.steps,
      () => handle.dispose(),
    ])
      expect(call).toThrow(new DisposedError(message));
    await expect(handle.fit(xor)).rejects.toThrow(message);
    expect(JSON.stringify(handle)).toBe('{"package":"wasmgrad","disposed":true}');
    // The program goes on, with new views.
    const next = await trainer.withState(trainer.state(), (own) => {
      own.parameters["dense1.weight"].data.fill(0.5);
    });
    trainer.restore(next);
    expect([...trainer.parameters["dense1.weight"].data]).toEqual(Array(16).fill(0.5));
  });

  it("refuses a nested call, through the handle and from the function's first part", async () => {
    const trainer = xorTrainer();
    const state = trainer.state();
    await expect(
      trainer.withState(state, async (handle) => {
        await handle.withState(state, () => {});
      }),
    ).rejects.toThrow(/^withState: must not be called from inside its function/);
    await expect(trainer.withState(state, () => trainer.withState(state, () => {}))).rejects.toThrow(
      BusyError,
    );
    expect(await trainer.withState(state, () => {})).toEqual(state);
  });

  it("refuses a fit under way when the function returns, and lets it write nowhere", async () => {
    const trainer = xorTrainer();
    const state = trainer.state();
    slowClock();
    let fit: Promise<unknown> | undefined;
    await expect(
      trainer.withState(state, (handle) => {
        fit = handle.fit(xor, { epochs: 1000 });
        fit.catch(() => {});
      }),
    ).rejects.toThrow(
      "withState: every fit must be over when the function returns; got one under way: await it",
    );
    const next = await trainer.withState(state, (handle) => handle.fit(xor, { epochs: 5 }));
    expect(next).toEqual(apart(state, 5));
    await expect(fit).rejects.toThrow(DisposedError);
  });

  it("rejects with what the function throws, and serves the next one", async () => {
    const trainer = xorTrainer();
    const state = trainer.state();
    const failing = trainer.withState(state, () => {
      throw new Error("mine");
    });
    const next = trainer.withState(state, (handle) => handle.fitSync(xor, { epochs: 5 }));
    await expect(failing).rejects.toThrow("mine");
    expect(await next).toEqual(apart(state, 5));
    trainer.fitSync(xor);
  });

  it("takes states of the variables alone, and refuses what is no state", async () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 5 });
    const light = trainer.state({ training: false });
    const next = await trainer.withState(light, (handle) => {
      expect(handle.steps).toBe(0);
      handle.fitSync(xor, { epochs: 2 });
    });
    expect(next.length).toBe(trainer.state().length);
    await expect(trainer.withState(new Uint8Array(4), () => {})).rejects.toThrow(StateError);
    await expect(trainer.withState("state" as never, () => {})).rejects.toThrow(StateError);
    await expect(trainer.withState(undefined as never, () => {})).rejects.toThrow(StateError);
    await expect(trainer.withState(light, undefined as never)).rejects.toThrow(
      "withState: fn, the second argument, must be a function; got undefined",
    );
  });

  it("keeps the state as it was at the call, whatever happens to its bytes while it waits", async () => {
    const trainer = xorTrainer();
    const state = xorTrainer(3).state();
    const kept = state.slice();
    const { opened, open } = gate();
    const first = trainer.withState(trainer.state(), () => opened);
    // A Buffer's `slice` is a view.
    const buffer = Buffer.from(kept);
    const others = [state, buffer].map((bytes) => trainer.withState(bytes, () => {}));
    for (const bytes of [state, buffer]) bytes.fill(0);
    open();
    await first;
    expect(await Promise.all(others)).toEqual([kept, kept]);
  });

  it("gives states of the variables alone the trainer's seeds, whoever was served before", async () => {
    const trainer = xorTrainer();
    const light = trainer.state({ training: false });
    const train = () => trainer.withState(light, () => {});
    const first = await train();
    await trainer.withState(xorTrainer(5).state(), () => {});
    expect(await train()).toEqual(first);
    trainer.reset({ seed: 6, shuffleSeed: 7 });
    trainer.restore(light);
    expect(await train()).toEqual(trainer.state());
  });

  it("lets the event loop run in a chain of short calls, and in a queue of them", async () => {
    const trainer = xorTrainer();
    const state = trainer.state();
    const serve = () => trainer.withState(state, (handle) => handle.step({ x: [[0, 1]], y: [1] }));
    slowClock();
    let turns = 0;
    let done = false;
    setImmediate(function count() {
      turns++;
      if (!done) setImmediate(count);
    });
    for (let call = 0; call < 10; call++) await serve();
    expect(turns).toBeGreaterThan(5);
    turns = 0;
    await Promise.all(Array.from({ length: 10 }, serve));
    expect(turns).toBeGreaterThan(5);
    done = true;
  });

  it("reports a fit that nobody awaits by its own error alone", async () => {
    const trainer = xorTrainer();
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    slowClock();
    const leave = (error?: Error) =>
      trainer.withState(trainer.state(), (handle) => {
        void handle.fit(xor, { epochs: 1000 });
        if (error) throw error;
      });
    await expect(leave()).rejects.toThrow(BusyError);
    await expect(leave(new Error("mine"))).rejects.toThrow("mine");
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", listen);
    expect(unhandled).toEqual([]);
  });

  describe("with a signal or a timeout", () => {
    it("leaves the queue, and those behind wait for those before", async () => {
      const trainer = xorTrainer();
      const { opened, open } = gate();
      const log: string[] = [];
      const first = trainer.withState(trainer.state(), async () => {
        await opened;
        log.push("first");
      });
      const abort = new AbortController();
      const second = trainer.withState(trainer.state(), () => log.push("second"), { signal: abort.signal });
      const third = trainer.withState(trainer.state(), () => log.push("third"), { timeout: 1 });
      const fourth = trainer.withState(trainer.state(), () => log.push("fourth"));
      abort.abort(new Error("gone"));
      await expect(second).rejects.toThrow("gone");
      await expect(third).rejects.toThrow(
        "withState: must be done within its timeout; got 1 ms without an end",
      );
      await expect(third).rejects.toHaveProperty("name", "TimeoutError");
      expect(log).toEqual([]);
      open();
      await Promise.all([first, fourth]);
      expect(log).toEqual(["first", "fourth"]);
    });

    it("ends the handle of one that is being served, and serves the next", async () => {
      const trainer = xorTrainer();
      const state = trainer.state();
      const abort = new AbortController();
      let late: unknown;
      const { opened, open } = gate();
      const stuck = trainer.withState(
        state,
        async (handle) => {
          abort.abort(new Error("gone"));
          await opened;
          try {
            handle.fitSync(xor);
          } catch (error) {
            late = error;
          }
        },
        { signal: abort.signal },
      );
      const next = trainer.withState(state, (handle) => handle.fitSync(xor, { epochs: 4 }));
      await expect(stuck).rejects.toThrow("gone");
      expect(await next).toEqual(apart(state, 4));
      open();
      await new Promise((resolve) => setImmediate(resolve));
      expect(late).toBeInstanceOf(DisposedError);
    });

    it("does not call a function whose signal is aborted already", async () => {
      const trainer = xorTrainer();
      const serve = vi.fn();
      await expect(
        trainer.withState(trainer.state(), serve, { signal: AbortSignal.abort(new Error("gone")) }),
      ).rejects.toThrow("gone");
      expect(serve).not.toHaveBeenCalled();
    });

    it("is refused where they are none", async () => {
      const trainer = xorTrainer();
      for (const options of [{ timeout: -1 }, { timeout: "5" }, { signal: {} }, { timeOut: 5 }, 5])
        await expect(trainer.withState(trainer.state(), () => {}, options as never)).rejects.toThrow(
          OptionError,
        );
    });
  });

  it("rejects when the trainer is disposed meanwhile", async () => {
    const trainer = xorTrainer();
    const { opened, open } = gate();
    const served = trainer.withState(trainer.state(), () => opened);
    const waiting = trainer.withState(trainer.state(), () => {});
    await Promise.resolve();
    trainer.dispose();
    open();
    await expect(served).rejects.toThrow(DisposedError);
    await expect(waiting).rejects.toThrow(DisposedError);
    await expect(trainer.withState(new Uint8Array(4), () => {})).rejects.toThrow(DisposedError);
  });

  it("trains on data that were bound to the trainer", async () => {
    const trainer = lineTrainer();
    const data = trainer.bind({ x: [[1], [2]], y: [2, 4] });
    const next = await trainer.withState(trainer.state(), (handle) => handle.fit(data, { epochs: 3 }));
    trainer.fitSync(data, { epochs: 3 });
    expect(next).toEqual(trainer.state());
  });
});

describe("reads with a state", () => {
  it("predict, classify and evaluate as a program in that state does, and change nothing", async () => {
    const trainer = classifier();
    const other = classifier({}, 99);
    other.fitSync(classes(20), { epochs: 2 });
    const data = classes(20, 3);
    const before = stateDigest(trainer);
    for (const state of [other.state(), other.state({ training: false })]) {
      expect(trainer.predict(data.x, { state }).data).toEqual(other.predict(data.x).data);
      expect(trainer.classify(data.x, { state })).toEqual(other.classify(data.x));
      expect(trainer.evaluate(data, { state })).toEqual(other.evaluate(data));
      expect((await trainer.predictAsync(data.x, { state })).data).toEqual(other.predict(data.x).data);
      expect(await trainer.evaluateAsync(data, { state })).toEqual(other.evaluate(data));
      const out = new Float32Array(60);
      expect(trainer.predict(data.x, { state, out })).toBe(out);
      expect(out).toEqual(other.predict(data.x).data);
    }
    expect(stateDigest(trainer)).toBe(before);
    expect(() => trainer.predict([[1]], { state: other.state() })).toThrow("predict: x: row 0");
    expect(stateDigest(trainer)).toBe(before);
    expect(() => trainer.predict(data.x, { state: new Uint8Array(3) })).toThrow(StateError);
  });

  it("change no bit of a fit under way", async () => {
    const trainer = classifier();
    const plain = classifier();
    const state = classifier({}, 99).state();
    plain.fitSync(classes(30), { epochs: 3 });
    slowClock();
    await trainer.fit(classes(30), {
      epochs: 3,
      onProgress: () => {
        trainer.predict(classes(10).x, { state });
        trainer.evaluate(classes(10), { state });
      },
    });
    expect(trainer.state()).toEqual(plain.state());
  });
});

describe("any interleaving of withState, direct calls and reads from outside", () => {
  it("shows and stores to each customer their own numbers alone", async () => {
    const fresh = [1, 2, 3, 4].map((seed) => xorTrainer(seed).state());
    const trainer = xorTrainer();
    const first = trainer.state();
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            customer: fc.nat({ max: 3 }),
            delay: fc.nat({ max: 6 }),
            epochs: fc.integer({ min: 1, max: 4 }),
            does: fc.constantFrom("train", "fail", "leave", "read", "direct", "abort"),
          }),
          { minLength: 4, maxLength: 12 },
        ),
        async (visits) => {
          slowClock();
          trainer.restore(first);
          const states = fresh.map((state) => state.slice());
          const expected = states.map((state) => state.slice());
          let own = trainer.state();
          const tails = states.map(() => Promise.resolve());
          await Promise.all(
            visits.map(async ({ customer, delay, epochs, does }) => {
              for (let turn = 0; turn < delay; turn++) await new Promise((resolve) => setImmediate(resolve));
              if (does === "direct") {
                // Either it trains the trainer, or finds it busy.
                try {
                  const { steps } = await trainer.fit(xor, { epochs });
                  expect(steps).toBe(epochs);
                  own = apart(own, epochs);
                  expect(hex(trainer.state())).toBe(hex(own));
                } catch (error) {
                  expect(error).toBeInstanceOf(BusyError);
                }
                return;
              }
              if (does === "read") {
                plain.restore(expected[customer]);
                expect(trainer.predict(xor.x, { state: expected[customer] }).data).toEqual(
                  plain.predict(xor.x).data,
                );
                return;
              }
              // A customer does one thing after another.
              const before = tails[customer];
              tails[customer] = (async () => {
                await before;
                const saved = states[customer];
                const abort = new AbortController();
                const next = trainer.withState(
                  saved,
                  async (handle) => {
                    expect(hex(handle.state())).toBe(hex(expected[customer]));
                    if (does === "abort") abort.abort();
                    await handle.fit(xor, {
                      epochs,
                      onProgress: ({ epochs: done }) => {
                        expect(hex(handle.state())).toBe(hex(apart(expected[customer], done)));
                      },
                    });
                    if (does === "fail") throw new Error("mine");
                    if (does === "leave") void handle.fit(xor, { epochs: 100 }).catch(() => {});
                  },
                  { signal: abort.signal },
                );
                if (does !== "train") {
                  await expect(next).rejects.toThrow();
                  return;
                }
                states[customer] = await next;
                expected[customer] = apart(expected[customer], epochs);
                expect(hex(states[customer])).toBe(hex(expected[customer]));
              })();
              await tails[customer];
            }),
          );
          expect(states.map(hex)).toEqual(expected.map(hex));
        },
      ),
      { numRuns: 1000 },
    );
  }, 240_000);
});
