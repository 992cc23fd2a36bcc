/** Trainers in workers: the bits, calls, errors and ends of trainers of this thread. */
import { describe, expect, it } from "vitest";
import type { FitOptions, Trainer } from "../../src/index.ts";
import type { WorkerTrainer } from "../../src/worker/index.ts";
import { classes, xor } from "../fixtures.ts";
import { WAYS } from "./workers.ts";

describe.each(WAYS)("a trainer $name", ({ inWorker, main, options }) => {
  const { adam, binaryCrossEntropy, compile, crossEntropy, dense, sequential } = main;
  const xorTrainer = () =>
    compile(
      sequential({ input: [2], seed: 42 }, [
        dense(8, { activation: "tanh" }),
        dense(1, { activation: "sigmoid" }),
      ]),
      { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
    );
  const classifier = () =>
    compile(
      sequential({ input: [5], seed: 7 }, [
        dense(16, { activation: "relu" }),
        dense(3, { activation: "softmax" }),
      ]),
      {
        loss: crossEntropy(),
        optimizer: adam({ learningRate: 0.01 }),
        batchSize: 8,
        labels: ["a", "b", "c"],
      },
    );

  /** A trainer and its double in a worker; the worker ends with the test. */
  async function withBoth(
    make: () => Trainer,
    test: (remote: WorkerTrainer, trainer: Trainer) => Promise<void>,
  ): Promise<void> {
    const trainer = make();
    const remote = await inWorker(trainer, options);
    try {
      await test(remote, trainer);
    } finally {
      remote.dispose();
    }
  }

  it("learns what one of this thread learns, to the bit of the whole state", () =>
    withBoth(classifier, async (remote, trainer) => {
      const data = classes(203);
      const fit: FitOptions = { epochs: 7, validation: 0.2, earlyStopping: { patience: 3 } };
      const result = await remote.fit(data, fit as never);
      expect(result).toEqual(await trainer.fit(data, fit));
      expect(await remote.state()).toEqual(trainer.state());
      expect(await remote.digest()).toBe(trainer.digest());
      expect([await remote.steps, await remote.epochs, await remote.learningRate]).toEqual([
        trainer.steps,
        trainer.epochs,
        trainer.learningRate,
      ]);
    }));

  it("writes the ledger of one of this thread", () =>
    withBoth(classifier, async (remote, trainer) => {
      const data = classes(40);
      const fit: FitOptions = { epochs: 4, ledger: { every: 2, keep: 2 } };
      const { ledger } = await remote.fit(data, fit as never);
      expect(ledger?.entries).toHaveLength(3);
      expect(ledger).toEqual((await trainer.fit(data, fit)).ledger);
      // A copy goes there: what it has become comes back.
      const result = await remote.fit(data, { epochs: 2, ledger } as never);
      expect(ledger?.entries).toHaveLength(3);
      expect(result.ledger?.entries).toHaveLength(4);
    }));

  it("predicts, classifies, evaluates and tells what one of this thread does", () =>
    withBoth(classifier, async (remote, trainer) => {
      const data = classes(40);
      const rows = await remote.predict(data.x);
      expect(rows).toEqual(trainer.predict(data.x));
      expect(rows.toArray()).toEqual(trainer.predict(data.x).toArray());
      expect(await remote.classify(data.x)).toEqual(trainer.classify(data.x));
      expect(await remote.classify(data.x, { top: 2 })).toEqual(trainer.classify(data.x, { top: 2 }));
      expect(await remote.evaluate(data)).toEqual(trainer.evaluate(data));
      expect(await remote.summary()).toBe(trainer.summary());
      // The graph of a file has its nodes in another order.
      const withoutModel = (manifest: object) => ({ ...manifest, model: undefined });
      expect(withoutModel(await remote.manifest())).toEqual(withoutModel(trainer.manifest()));
      expect(remote.labels).toEqual(["a", "b", "c"]);
      expect(await remote.save({ training: true })).toEqual(trainer.save({ training: true }));
      const some = { x: data.x.slice(0, 40), y: data.y.slice(0, 8) };
      expect(await remote.gradients(some)).toEqual(trainer.gradients(some));
      expect(await remote.step(some)).toEqual(trainer.step(some));
      const { data: weight, shape } = (await remote.parameters)["dense1.weight"];
      expect(weight).toEqual(trainer.parameters["dense1.weight"].data);
      expect(shape).toEqual([5, 16]);
      expect((await remote.optimizerState)["dense1.bias"].firstMoment?.data).toEqual(
        trainer.optimizerState["dense1.bias"].firstMoment?.data,
      );
    }));

  it("is set, put back and started over", () =>
    withBoth(classifier, async (remote, trainer) => {
      const before = await remote.state();
      await remote.setParameters({ "dense2.bias": [1, 2, 3] });
      expect([...(await remote.parameters)["dense2.bias"].data]).toEqual([1, 2, 3]);
      await remote.setLearningRate(0.25);
      expect(await remote.learningRate).toBe(0.25);
      await remote.restore(before);
      expect(await remote.digest({ training: true })).toBe(trainer.digest({ training: true }));
      await remote.reset({ seed: 3 });
      trainer.reset({ seed: 3 });
      expect(await remote.state()).toEqual(trainer.state());
    }));

  it("keeps data that are bound, for fits, validation and evaluations", () =>
    withBoth(classifier, async (remote, trainer) => {
      const [data, held] = [classes(100), classes(30, 2)];
      const [bound, validation] = [await remote.bind(data), await remote.bind(held)];
      expect([bound.rows, validation.rows]).toEqual([100, 30]);
      const result = await remote.fit(bound, { epochs: 2, validation });
      expect(result).toEqual(trainer.fitSync(trainer.bind(data), { epochs: 2, validation: held }));
      expect(await remote.evaluate(bound)).toEqual(trainer.evaluate(data));
    }));

  it("serves customers one after the other, with functions of this thread", () =>
    withBoth(xorTrainer, async (remote, trainer) => {
      const fresh = await remote.state();
      const learn = (epochs: number) =>
        remote.withState(fresh, async (own) => {
          await own.fit(xor, { epochs });
          expect(await own.epochs).toBe(epochs);
        });
      const [three, five] = await Promise.all([learn(3), learn(5)]);
      for (const [state, epochs] of [
        [three, 3],
        [five, 5],
      ] as const)
        expect(state).toEqual(await trainer.withState(fresh, (own) => own.fit(xor, { epochs })));
      expect(await remote.state()).toEqual(fresh);
      const mine = new Error("mine");
      await expect(
        remote.withState(fresh, () => {
          throw mine;
        }),
      ).rejects.toBe(mine);
      let kept: WorkerTrainer | undefined;
      await remote.withState(fresh, (own) => {
        kept = own;
      });
      await expect(kept?.digest()).rejects.toThrow(main.DisposedError);
      await expect(remote.withState(fresh, () => remote.withState(fresh, () => {}))).rejects.toThrow(
        main.BusyError,
      );
      await expect(remote.withState(fresh, (own) => void own.fit(xor, { epochs: 1e6 }))).rejects.toThrow(
        /^withState: every fit must be over when the function returns/,
      );
      await expect(
        remote.withState(fresh, (own) => own.fit(xor, { epochs: 1e9 }), { timeout: 50 }),
      ).rejects.toThrow(main.TimeoutError);
      expect(await remote.state()).toEqual(fresh);
    }));

  it("is read while it trains, and refuses to be changed then", () =>
    withBoth(classifier, async (remote) => {
      const controller = new AbortController();
      const fit = remote.fit(classes(200), { epochs: 1e9, signal: controller.signal });
      const [first, second] = [await remote.steps, await remote.steps];
      expect(second).toBeGreaterThanOrEqual(first);
      await remote.predict(classes(10).x);
      await expect(remote.step(classes(8))).rejects.toThrow(main.BusyError);
      controller.abort("enough");
      await expect(fit).rejects.toBe("enough");
      const steps = await remote.steps;
      expect(steps).toBeGreaterThan(0);
      expect(await remote.steps).toBe(steps);
    }));

  it("refuses what would change it from the call of fit on, however soon that is over", () =>
    withBoth(xorTrainer, async (remote, trainer) => {
      const state = await remote.state();
      const changes = (
        of: Pick<Trainer, "fit" | "step" | "reset" | "restore" | "setParameters" | "adaptAsync">,
      ) => [
        () => of.fit(xor, { epochs: 1 }),
        () => of.step(xor),
        () => of.reset(),
        () => of.restore(state),
        () => of.setParameters({ "dense2.bias": [1] }),
        () => of.adaptAsync(xor.x),
      ];
      const messageOf = async (act: () => unknown): Promise<unknown> => {
        try {
          return `none: ${await act()}`;
        } catch (error) {
          expect(error).toBeInstanceOf(main.BusyError);
          return String(error);
        }
      };
      const [here, there] = [trainer.fit(xor, { epochs: 1 }), remote.fit(xor, { epochs: 1 })];
      const own = changes(trainer).map(messageOf);
      const crossed = changes(remote as never).map(messageOf);
      expect(await Promise.all(crossed)).toEqual(await Promise.all(own));
      expect(await there).toEqual(await here);
      // An aborted one is over at once, as here.
      const controller = new AbortController();
      const aborted = remote.fit(xor, { epochs: 1e9, signal: controller.signal });
      controller.abort("enough");
      const next = remote.fit(xor, { epochs: 2 });
      await expect(aborted).rejects.toBe("enough");
      expect((await next).epochs).toBe(2);
    }));

  it("aborts predictions and evaluations, and calls that have not begun", () =>
    withBoth(classifier, async (remote) => {
      const { x, y } = classes(20_000);
      const controller = new AbortController();
      const { signal } = controller;
      const calls = [remote.predict(x, { signal }), remote.evaluate({ x, y }, { signal })];
      const reason = new Error("away");
      controller.abort(reason);
      for (const call of calls) await expect(call).rejects.toBe(reason);
      await expect(remote.fit({ x, y }, { signal })).rejects.toBe(reason);
      expect(await remote.steps).toBe(0);
    }));

  it("throws errors of the package with class, message, code, fields and stack", () =>
    withBoth(classifier, async (remote, trainer) => {
      const errorOf = async (act: () => unknown) => {
        try {
          await act();
        } catch (error) {
          return error as Error;
        }
        throw new Error("no error");
      };
      const x = Array.from({ length: 4 }, () => [1e38, 1e38, -1e38, 1e38, 1e38]);
      const diverging = { x, y: [0, 1, 2, 0] };
      const pairs = [
        [() => remote.fit(diverging, { epochs: 5 }), () => trainer.fitSync(diverging, { epochs: 5 })],
        [() => remote.predict([[1, 2]]), () => trainer.predictAsync([[1, 2]])],
        [
          () => remote.fit(classes(9), { batch: 3 } as never),
          () => trainer.fit(classes(9), { batch: 3 } as never),
        ],
        [() => remote.restore(new Uint8Array(9)), () => trainer.restore(new Uint8Array(9))],
        [() => remote.fit(classes(9), 5 as never), () => trainer.fit(classes(9), 5 as never)],
      ] as const;
      for (const [there, here] of pairs) {
        const [crossed, own] = [await errorOf(there), await errorOf(here)];
        expect(crossed.constructor).toBe(own.constructor);
        expect(crossed).toBeInstanceOf(main.WasmgradError);
        expect(crossed.message).toBe(own.message);
        expect(crossed.cause).toEqual(own.cause);
        expect(main.errorCode(crossed)).toBe(main.errorCode(own));
        expect(crossed.stack).toContain(own.message);
      }
      const diverged = (await errorOf(pairs[0][0])) as InstanceType<typeof main.NonFiniteError>;
      expect(diverged).toMatchObject({ name: "NonFiniteError", step: 1, phase: expect.any(String) });
    }));

  it("says of each member that stays there what to write instead", () =>
    withBoth(xorTrainer, async (remote) => {
      const other = remote as unknown as Trainer;
      for (const act of [
        () => other.fitSync(xor),
        () => other.snapshot(),
        () => other.toModel(),
        () => other.buffers,
        () => other.run(1),
        () => other.stepBuffers(1),
      ])
        expect(act).toThrow(/^\w+: a trainer in a worker has none: .*(await)/);
    }));

  it("refuses data and options that cannot be posted, and says where they stand", () =>
    withBoth(xorTrainer, async (remote) => {
      const data = { x: xor.x, y: [0, 1, 1, () => 0] };
      await expect(remote.fit(data as never)).rejects.toThrow(
        /^fit: data and options must be values that can be posted to a worker; got a function at data\.y\[3\]/,
      );
      await expect(remote.fit(xor, { metrics: [() => 0] } as never)).rejects.toThrow(
        "got a function at options.metrics[0]",
      );
      await expect(remote.fit(xor, { progress: "all" } as never)).rejects.toThrow(
        'fit: progress must be "latest" or "every"; got "all"',
      );
      await expect(remote.fit(xor, { transfer: 1 } as never)).rejects.toThrow(
        "fit: transfer must be a boolean; got 1",
      );
      await expect(remote.fit(xor, { onEpoch: 1 } as never)).rejects.toThrow(
        "fit: onEpoch must be a function",
      );
      await expect((remote.fit as (...all: unknown[]) => unknown)(xor, { epochs: 1 }, 3)).rejects.toThrow(
        "fit: takes no argument 3",
      );
      expect(await remote.steps).toBe(0);
    }));

  it("refuses to move data that were moved before, and goes on", () =>
    withBoth(xorTrainer, async (remote) => {
      const moved = () => ({ x: Float32Array.from(xor.x.flat()), y: Float32Array.from(xor.y) });
      const data = moved();
      await remote.fit(data, { epochs: 1, transfer: true });
      expect(data.x.length).toBe(0);
      for (const act of [
        () => remote.fit(data, { epochs: 1, transfer: true }),
        () => remote.fit(moved(), { epochs: 1, validation: { x: data.x, y: xor.y }, transfer: true }),
        () => remote.predict(data.x, { transfer: true }),
        () => remote.evaluate(data, { transfer: true }),
        () => remote.bind(data, { transfer: true }),
      ]) {
        const error: Error = await (act() as Promise<never>).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(main.OptionError);
        expect(error.message).toMatch(
          /^\w+: transfer moves data, which must be there; got an array that was moved before/,
        );
      }
      // Without `transfer` too, in words of the engine's.
      await expect(remote.fit(data)).rejects.toThrow(main.OptionError);
      // Nothing is not what was moved: the trainer itself refuses it.
      const none = { x: new Float32Array(0), y: new Float32Array(0) };
      await expect(remote.fit(none, { transfer: true })).rejects.toThrow(main.DataError);
      expect(await remote.epochs).toBe(1);
    }));

  it("tells nobody of progress after the end of the call", () =>
    withBoth(xorTrainer, async (remote) => {
      const heard: string[] = [];
      let leave = () => {};
      const first = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const begun = new Promise<void>((begin) => {
        const fit = remote.fit(xor, {
          epochs: 1e9,
          onEpoch: [
            () => {
              begin();
              return first;
            },
            () => heard.push("second") as never,
          ],
          onProgress: () => heard.push("progress"),
        } as never);
        fit.catch(() => heard.push("end"));
      });
      await begun;
      remote.dispose();
      await expect.poll(() => heard).toEqual(["end"]);
      leave();
      await new Promise((resolve) => setTimeout(resolve));
      expect(heard).toEqual(["end"]);
    }));

  it("is Vue's and JSON's to hold", () =>
    withBoth(xorTrainer, async (remote) => {
      expect(remote.__v_skip).toBe(true);
      expect(JSON.stringify(remote)).toBe('{"package":"wasmgrad","worker":true}');
    }));
});
