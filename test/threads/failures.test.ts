/** Workers that fail: what the caller hears, what becomes of the state, and that work goes on. */
import { setTimeout as wait } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { Section } from "../../assembly/abi.ts";
import { compile, createEngine, type Engine, errorCode, type Trainer, WorkerError } from "../../src/index.ts";
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
  it("fails the call when nobody got anywhere for long enough, and the next turn of the event loop brings new ones", async () => {
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
    expect(() => trainer.fitSync(data)).toThrow(/await a turn of the event loop$/);
    await pool?.end();
    trainer.fitSync(data, { epochs: EPOCHS - epochsOf(trainer) });
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
