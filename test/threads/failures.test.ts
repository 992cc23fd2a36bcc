/** Workers that fail: what the caller hears, what becomes of the state, and that work goes on. */
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it, vi } from "vitest";
import { Section } from "../../assembly/abi.ts";
import {
  compile,
  compileTogether,
  createEngine,
  crossEntropy,
  dense,
  type Engine,
  errorCode,
  sequential,
  sgd,
  type Trainer,
  WorkerError,
} from "../../src/index.ts";
import { WORKER } from "../../src/kernels/worker.wasm.ts";
import { classifier, noise, thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";
import { teamOf } from "./engines.ts";

const THROW = 1;
const EXIT = 2;
const HANG = 3;

const rows = 37;
const data = { x: noise(rows * 5), y: Array.from(noise(rows, 2), (v) => Math.floor((v + 1) * 1.5)) };
const EPOCHS = 4;

/** The digest of a fit by one thread. */
function digestAlone(epochs = EPOCHS): string {
  using trainer = classifier();
  trainer.fitSync(data, { epochs });
  return trainer.digest();
}

/** An engine of three threads, and the words by which its workers are told to fail. */
async function failing(patienceMs = 10_000): Promise<{ engine: Engine; orders: Int32Array }> {
  const orders = new Int32Array(new SharedArrayBuffer(8));
  const file = new URL("failing-worker.mjs", import.meta.url);
  const worker = () => new Worker(file, { workerData: { source: WORKER, orders } });
  const engine = await createEngine({ threads: 3, worker });
  Object.assign(teamOf(engine).hooks, { policy: "all", waits: true, patienceMs });
  return { engine, orders };
}

/** Has the next worker that comes to a section fail there. */
function order(orders: Int32Array, how: number, { program }: Trainer, section: Section): void {
  orders[1] = program.section(section).from;
  orders[0] = how;
}

const epochsOf = (trainer: Trainer) => (trainer.manifest().options as { epochs: number }).epochs;

describe("a worker that throws", () => {
  it("fails the call with its stack, leaves the state of the last whole pass, and the fit goes on with new workers", async () => {
    const { engine, orders } = await failing();
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 1 });
    const before = trainer.digest();
    const pool = teamOf(engine).pool;
    for (const section of [Section.Load, Section.Forward, Section.Backward]) {
      order(orders, THROW, trainer, section);
      const error = thrownBy(() => trainer.fitSync(data)) as WorkerError;
      expect(error).toBeInstanceOf(WorkerError);
      expect(error.message).toMatch(
        /^threads: workers must do their parts; got Error: boom in a worker in worker [12]: the state is that of before the call's last pass/,
      );
      expect(error.stateLost).toBe(false);
      expect(errorCode(structuredClone(error))).toBe("worker");
      expect((error.cause.cause as Error).stack).toMatch(
        /boom in a worker\n\s+at failAt \(.*failing-worker\.mjs/,
      );
      expect(trainer.digest()).toBe(before);
    }
    trainer.fitSync(data, { epochs: EPOCHS - epochsOf(trainer) });
    expect(trainer.digest()).toBe(digestAlone());
    expect(teamOf(engine).pool).not.toBe(pool);
    expect(engine.info()).toMatchObject({ threads: 3, wanted: 3 });
    engine.dispose();
  });

  it("in the midst of an update loses the state: nothing but restore and reset goes on from there", async () => {
    const { engine, orders } = await failing();
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 2 });
    const saved = trainer.state();
    order(orders, THROW, trainer, Section.Update);
    const error = thrownBy(() => trainer.fitSync(data)) as WorkerError;
    expect(error).toMatchObject({ name: "WorkerError", stateLost: true });
    expect(error.message).toMatch(/the update was lost half-way: restore\(\) a saved state, or reset\(\)$/);
    for (const act of [
      () => trainer.predict([[1, 2, 3, 4, 5]]),
      () => trainer.fitSync(data),
      () => trainer.state(),
      () => trainer.save(),
      () => trainer.digest(),
      () => trainer.evaluate(data),
    ])
      expect(thrownBy(act)).toMatchObject({ name: "WorkerError", stateLost: true });
    expect(() => trainer.restore(saved.subarray(1))).toThrow(/state/);
    expect(() => trainer.predict([[1, 2, 3, 4, 5]])).toThrow(/must be whole/);
    trainer.restore(saved);
    trainer.fitSync(data, { epochs: EPOCHS - 2 });
    expect(trainer.digest()).toBe(digestAlone());

    order(orders, THROW, trainer, Section.Update);
    expect(() => trainer.fitSync(data)).toThrow(WorkerError);
    trainer.reset();
    trainer.fitSync(data, { epochs: EPOCHS });
    expect(trainer.digest()).toBe(digestAlone());
    engine.dispose();
  });

  it("in the midst of an update of what another program reads loses the state for both", async () => {
    const { engine, orders } = await failing();
    const model = (name: string) =>
      sequential({ input: [5], seed: 1 }, [
        dense(16, { name: "shared", activation: "tanh" }),
        dense(3, { name, activation: "softmax" }),
      ]);
    const options = { loss: crossEntropy(), optimizer: sgd(), batchSize: 8 };
    const { owner, reader, other } = compileTogether(
      {
        owner: { model: model("one"), ...options },
        reader: { model: model("two"), ...options, freeze: ["shared"] },
        other: { model: sequential({ input: [5], seed: 2 }, [dense(3)]) },
      },
      { engine },
    );
    for (const trainer of [owner, reader]) trainer.fitSync(data);
    const saved = owner.state();
    const before = [owner.digest(), reader.digest()];
    order(orders, THROW, owner, Section.Update);
    expect(thrownBy(() => owner.fitSync(data))).toMatchObject({ name: "WorkerError", stateLost: true });
    for (const act of [() => reader.predict(data.x), () => reader.fitSync(data), () => reader.save()])
      expect(thrownBy(act)).toMatchObject({ name: "WorkerError", stateLost: true });
    expect(() => reader.digest()).toThrow(
      /left half-updated, in a program compiled together: restore\(\) a saved state there/,
    );
    expect(other.predict(data.x).shape).toEqual([rows, 3]);
    owner.restore(saved);
    expect([owner.digest(), reader.digest()]).toEqual(before);
    engine.dispose();
  });

  it("rejects an async fit, and is heard in predictions too", async () => {
    const { engine, orders } = await failing();
    using trainer = classifier({ engine });
    order(orders, THROW, trainer, Section.Backward);
    await expect(trainer.fit(data, { epochs: 2 })).rejects.toBeInstanceOf(WorkerError);
    orders[1] = trainer.program.plan.predict.from;
    orders[0] = THROW;
    expect(() => trainer.predict([[1, 2, 3, 4, 5]])).toThrow(WorkerError);
    using alone = classifier();
    expect(trainer.predict([[1, 2, 3, 4, 5]])).toEqual(alone.predict([[1, 2, 3, 4, 5]]));
    engine.dispose();
  });
});

describe.each([
  ["ends", EXIT],
  ["hangs", HANG],
])("a worker that %s in mid-step", (_what, how) => {
  it("fails the call when nobody got anywhere for long enough; asynchronous calls wait until it has ended and bring new ones", async () => {
    const { engine, orders } = await failing(2000);
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 1 });
    const before = trainer.digest();
    const pool = teamOf(engine).pool;
    order(orders, how, trainer, Section.Forward);
    const error = thrownBy(() => trainer.fitSync(data)) as WorkerError;
    expect(error).toMatchObject({ name: "WorkerError", stateLost: false });
    expect(error.message).toMatch(/got no sign of one for \d+ ms/);
    expect(trainer.digest()).toBe(before);
    // It might still write: nobody can know at once.
    expect(() => trainer.fitSync(data)).toThrow(/must have ended before the program goes on; .* setTimeout/);
    expect(pool?.isGone).toBe(false);
    await trainer.fit(data, { epochs: EPOCHS - epochsOf(trainer) });
    expect(pool?.isGone).toBe(true);
    expect(trainer.digest()).toBe(digestAlone());

    order(orders, how, trainer, Section.Forward);
    expect(() => trainer.fitSync(data)).toThrow(WorkerError);
    expect(() => trainer.predict(data.x)).toThrow(/must have ended before the program goes on/);
    using alone = classifier();
    alone.fitSync(data, { epochs: EPOCHS });
    expect(await trainer.predictAsync(data.x)).toEqual(alone.predict(data.x));
    engine.dispose();
  });

  it("in mid-update is not written over before it has ended", async () => {
    const { engine, orders } = await failing(1000);
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 1 });
    order(orders, how, trainer, Section.Update);
    expect(thrownBy(() => trainer.fitSync(data))).toMatchObject({ name: "WorkerError", stateLost: true });
    expect(() => trainer.reset()).toThrow(/^reset: workers that were given up must have ended/);
    await vi.waitFor(() => trainer.reset(), 10_000);
    await trainer.fit(data, { epochs: EPOCHS });
    expect(trainer.digest()).toBe(digestAlone());
    engine.dispose();
  });

  it("in the update of a withState leaves the next one a trainer as any other", async () => {
    const { engine, orders } = await failing(1000);
    using trainer = classifier({ engine });
    const state = trainer.state();
    const failed = trainer.withState(state, (own) => {
      order(orders, how, own, Section.Update);
      own.fitSync(data);
    });
    await expect(failed).rejects.toMatchObject({ name: "WorkerError", stateLost: true });
    const after = await trainer.withState(state, (own) => own.fitSync(data, { epochs: EPOCHS }) as never);
    trainer.restore(after);
    expect(trainer.digest()).toBe(digestAlone());
    engine.dispose();
  });
});

describe("workers", () => {
  it("that were killed between calls are replaced", async () => {
    const { engine } = await failing();
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 1 });
    const pool = teamOf(engine).pool;
    await pool?.threads[0].end();
    expect(pool?.works).toBe(false);
    trainer.fitSync(data, { epochs: EPOCHS - 1 });
    expect(trainer.digest()).toBe(digestAlone());
    expect(teamOf(engine).pool?.works).toBe(true);
    engine.dispose();
  });

  it.each([
    [
      "cannot be made",
      () => {
        throw new Error("no more threads");
      },
      /no more threads/,
    ],
    ["are none", () => ({}) as Worker, /worker must be a function that gives a Worker; got one that gives/],
    ["end at once", () => new Worker("process.exit(3)", { eval: true }), /it ended with code 3/],
    ["fail at once", () => new Worker("throw new Error('no memory')", { eval: true }), /no memory/],
  ])(
    "that %s are given up after some attempts: one thread does it all, and the engine says why",
    async (_what, worker, why) => {
      const engine = await createEngine({ threads: 2, worker });
      Object.assign(teamOf(engine).hooks, { policy: "all" });
      using trainer = classifier({ engine });
      for (let epoch = 0; epoch < EPOCHS; epoch++) {
        trainer.fitSync(data);
        await wait(100);
      }
      expect(trainer.digest()).toBe(digestAlone());
      for (let turn = 0; turn < 200 && engine.info().threads > 1; turn++) {
        await wait(10);
        trainer.predict([[1, 2, 3, 4, 5]]);
      }
      expect(engine.info()).toMatchObject({ threads: 1, wanted: 2 });
      expect(engine.info().why).toMatch(why);
      expect(structuredClone(engine.info())).toEqual(engine.info());
    },
  );
});

describe("workers that never start", () => {
  it("are given up after 20 seconds, three times; those that have started are not", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { engine: good } = await failing();
    const deaf = await createEngine({ threads: 2, worker: () => ({ postMessage() {}, terminate() {} }) });
    using trainer = classifier({ engine: good });
    trainer.fitSync(data);
    Object.assign(teamOf(deaf).hooks, { policy: "all" });
    using alone = classifier({ engine: deaf });
    alone.fitSync(data);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(deaf.info().why).toBeUndefined();
      vi.advanceTimersByTime(20_000);
      alone.predict(data.x);
    }
    expect(deaf.info()).toMatchObject({
      threads: 1,
      why: "its workers could not be started or kept ending: they did not start within 20 seconds",
    });
    expect(teamOf(good).pool?.works).toBe(true);
    expect(alone.digest()).toBe(trainer.digest());
    vi.useRealTimers();
    for (const engine of [good, deaf]) engine.dispose();
  });
});

describe("one thread", () => {
  it("does what no worker is asked for", async () => {
    const { engine, orders } = await failing();
    Object.assign(teamOf(engine).hooks, { policy: "pays" });
    using trainer = xorTrainer(42, { engine });
    order(orders, THROW, trainer, Section.Forward);
    trainer.fitSync(xor, { epochs: 10 });
    expect(teamOf(engine).calls).toBe(0);
    expect(compile(xorModel(), { engine }).predict(xor.x).shape).toEqual([4, 1]);
    engine.dispose();
  });
});
