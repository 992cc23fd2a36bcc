/** Engines with threads: what they are asked for, how they end, and that they keep nothing. */
import { execFileSync } from "node:child_process";
import { Worker } from "node:worker_threads";
import { describe, expect, it, vi } from "vitest";
import {
  adam,
  BusyError,
  compile,
  compileTogether,
  createEngine,
  DisposedError,
  dense,
  type Engine,
  meanSquaredError,
  OptionError,
  sequential,
  sgd,
  valueAndGrad,
} from "../../src/index.ts";
import { WORKER } from "../../src/kernels/worker.wasm.ts";
import { classifier, noise, thrownBy, xor, xorModel } from "../fixtures.ts";
import { teamOf, threaded } from "./engines.ts";

const rows = 37;
const data = { x: noise(rows * 5), y: Array.from(noise(rows, 2), (v) => Math.floor((v + 1) * 1.5)) };

function digestAlone(epochs: number): string {
  using trainer = classifier();
  trainer.fitSync(data, { epochs });
  return trainer.digest();
}

describe("threads of an engine", () => {
  it("give back the memory of programs that were disposed of, also while nobody waits for anything", async () => {
    using engine = await threaded(2);
    const model = sequential({ input: [1200] }, [dense(1200), dense(1200), dense(1)]);
    const rss = () => process.memoryUsage.rss();
    const before = rss();
    let most = 0;
    // 60 x 83 MB of which training writes to nearly all.
    for (let i = 0; i < 60; i++) {
      const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam(), engine });
      trainer.step({ x: [new Float32Array(1200)], y: [1] });
      trainer.dispose();
      most = Math.max(most, rss() - before);
    }
    expect(teamOf(engine).calls).toBeGreaterThan(0);
    expect(most).toBeLessThan(1.5e9);
  });

  it.each([
    [0, "0"],
    [-1, "-1"],
    [1.5, "1.5"],
    [65, "65"],
    [Number.NaN, "NaN"],
    ["two", '"two"'],
    ["4", '"4": write it without quotes'],
    [true, "true"],
    [null, "null"],
  ])("are a whole number or auto, not %s", async (threads, got) => {
    await expect(createEngine({ threads: threads as never })).rejects.toThrow(
      `createEngine: threads must be a whole number from 1 to 64, or "auto"; got ${got}`,
    );
  });

  it("do not go with fused products, a worker not without threads, and a thread not with other kernels", async () => {
    const refused = async (options: object) => {
      const error = await createEngine(options).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(OptionError);
      return (error as Error).message;
    };
    expect(await refused({ threads: 2, relaxed: true })).toMatch(
      /relaxed must be false where threads are asked for/,
    );
    expect(await refused({ worker: () => {} })).toMatch(/worker makes threads; got it without threads/);
    expect(await refused({ threads: 2, worker: "thread.js" })).toMatch(
      /worker must be a function; got "thread.js"/,
    );
    const wasm = (name: string) => new URL(`../../dist/${name}.wasm`, import.meta.url);
    const both = /wasm must be wasmgrad-threads\.wasm where threads are asked for, and only there; got/;
    expect(await refused({ threads: 2, wasm: wasm("wasmgrad") })).toMatch(both);
    expect(await refused({ wasm: wasm("wasmgrad-threads") })).toMatch(both);
    const engine = await createEngine({ threads: 2, wasm: wasm("wasmgrad-threads") });
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 2 });
    expect(trainer.digest()).toBe(digestAlone(2));
    engine.dispose();
  });

  it("are told by info: one by default, as many as asked for, and why there are fewer", async () => {
    expect((await createEngine()).info()).toEqual({ threads: 1, wanted: 1, relaxed: false, livePrograms: 0 });
    using engine = await threaded(2);
    expect(engine.info()).toEqual({ threads: 2, wanted: 2, relaxed: false, livePrograms: 0 });
    using _program = compile(xorModel(), { engine });
    expect(engine.info()).toEqual({ threads: 2, wanted: 2, relaxed: false, livePrograms: 1 });
    const auto = await createEngine({ threads: "auto" });
    expect(auto.info().threads).toBe(auto.info().wanted);
    auto.dispose();
    expect(engine.info().threads).toBe(2);
  });

  it.each([
    [
      "a page without the headers",
      { crossOriginIsolated: false, location: { protocol: "https:" } },
      /Cross-Origin-Opener-Policy: same-origin/,
    ],
    [
      "a page from a file",
      { crossOriginIsolated: false, location: { protocol: "file:" } },
      /from files .* over HTTP/,
    ],
    ["no shared memory", { SharedArrayBuffer: undefined }, /no SharedArrayBuffer/],
    ["no workers", { Worker: undefined }, /no workers/],
  ])("are one where there is %s, with the same bits", async (_where, globals, why) => {
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    try {
      const engine = await createEngine({ threads: 3 });
      expect(engine.info()).toMatchObject({ threads: 1, wanted: 3, why: expect.stringMatching(why) });
      using trainer = classifier({ engine });
      trainer.fitSync(data, { epochs: 2 });
      expect(trainer.digest()).toBe(digestAlone(2));
      engine.dispose();
    } finally {
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
    }
  });
});

describe("dispose", () => {
  it("ends threads; programs go on on one, new ones are refused", async () => {
    const engine = await threaded(3);
    using trainer = classifier({ engine });
    trainer.fitSync(data, { epochs: 2 });
    const { calls, pool } = teamOf(engine);
    expect(calls).toBeGreaterThan(0);
    engine.dispose();
    engine.dispose();
    trainer.fitSync(data, { epochs: 2 });
    expect(trainer.digest()).toBe(digestAlone(4));
    expect(teamOf(engine).calls).toBe(calls);
    await pool?.end();
    expect(pool?.isGone).toBe(true);
    expect(engine.info()).toMatchObject({ threads: 1, wanted: 3, why: "the engine was disposed" });
    expect(() => classifier({ engine })).toThrow(DisposedError);
  });

  it("comes at the end of a block with using, also where there are no threads", async () => {
    const kept = [];
    {
      using engine = await threaded(2);
      using alone = await createEngine();
      kept.push(engine, alone);
      expect(engine.info().threads).toBe(2);
    }
    expect(kept[0].info()).toMatchObject({ threads: 1, why: "the engine was disposed" });
    expect(kept[1].info()).toMatchObject({ threads: 1 });
  });

  it("lets a suspended fit go on to the same bits", async () => {
    const engine = await threaded(2);
    using trainer = classifier({ engine });
    let seen = 0;
    const result = await trainer.fit(data, {
      epochs: 40,
      onEpoch: () => {
        if (++seen === 3) engine.dispose();
      },
    });
    expect(result.epochs).toBe(40);
    expect(trainer.digest()).toBe(digestAlone(40));
  });

  it("of a thousand engines leaves none of their threads", async () => {
    let started = 0;
    let ended = 0;
    // Kept: what is collected ends by itself.
    const engines: Engine[] = [];
    const worker = () => {
      started++;
      return new Worker(WORKER, { eval: true }).on("exit", () => ended++);
    };
    for (let i = 0; i < 1000; i++) {
      const engine = await createEngine({ threads: 2, worker });
      // A start of a worker takes tens of milliseconds: every fiftieth has one.
      if (i % 50 === 0) {
        Object.assign(teamOf(engine).hooks, { policy: "all", waits: true });
        using trainer = classifier({ engine });
        trainer.fitSync(data);
      }
      engine.dispose();
      if (i % 50 === 0) engines.push(engine);
    }
    expect(started).toBe(20);
    await vi.waitFor(() => expect(ended).toBe(20), 10_000);
    expect(engines.every((engine) => engine.info().why === "the engine was disposed")).toBe(true);
  }, 120_000);
});

describe("several engines and programs", () => {
  it("work by turns, to the bits of one", async () => {
    using first = await threaded(2);
    using second = await threaded(3);
    const trainers = [first, second, first].map((engine, i) => classifier({ engine, batchSize: 8 + i }));
    for (let epoch = 0; epoch < 3; epoch++) for (const trainer of trainers) trainer.fitSync(data);
    trainers.forEach((trainer, i) => {
      using alone = classifier({ batchSize: 8 + i });
      alone.fitSync(data, { epochs: 3 });
      expect(trainer.digest()).toBe(alone.digest());
      trainer.dispose();
    });
  });

  it("run beside each other, each fit in slices, with readings and customers between", async () => {
    using engine = await threaded(2);
    const fits = [0, 1].map(async (seed) => {
      using trainer = classifier({ engine }, seed);
      using alone = classifier({}, seed);
      await trainer.fit(data, { epochs: 30, onProgress: () => trainer.predict(data.x) });
      expect(() => trainer.fitSync(data)).not.toThrow(BusyError);
      alone.fitSync(data, { epochs: 31 });
      expect(trainer.digest()).toBe(alone.digest());
      const state = await trainer.withState(
        trainer.state(),
        (own) => own.fit(data, { epochs: 2 }) as Promise<unknown>,
      );
      alone.fitSync(data, { epochs: 2 });
      expect(state).toEqual(alone.state());
    });
    await Promise.all(fits);
  });

  it("that share a memory, and functions, use the threads too", async () => {
    const run = (engine?: Engine) => {
      const model = (name: string) =>
        sequential({ input: [3], seed: 1 }, [
          dense(16, { name: "shared", activation: "tanh" }),
          dense(2, { name }),
        ]);
      const options = { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }), batchSize: 4 };
      const { a, b } = compileTogether(
        {
          a: { model: model("one"), ...options },
          b: { model: model("two"), ...options, freeze: ["shared"] },
        },
        { engine },
      );
      const x = noise(24);
      const y = noise(16, 2);
      a.fitSync({ x, y }, { epochs: 3 });
      b.fitSync({ x, y }, { epochs: 3 });
      const digests = [a.digest(), b.digest()];
      for (const trainer of [a, b]) trainer.dispose();
      const gradient = valueAndGrad<[number[], number[]]>((u, v) => u.mul(v).sum(), { engine })(
        [1, 2, 3],
        [4, 5, 6],
      );
      return [...digests, JSON.stringify(gradient)];
    };
    using engine = await threaded(2);
    const alone = run();
    // Of the first programs it is measured what meetings cost.
    expect(run(engine)).toEqual(alone);
    const { calls } = teamOf(engine);
    expect(run(engine)).toEqual(alone);
    expect(teamOf(engine).calls - calls).toBeGreaterThanOrEqual(3);
  });

  it("that do not fit say so", async () => {
    using engine = await threaded(2);
    const big = (name: string) => ({
      model: sequential({ input: [1] }, [dense(1 << 28, { name })]),
      batchSize: 1,
    });
    const rule = /^MemoryError: compile(Together)?: a program must fit in 4 GiB/;
    expect(
      `${thrownBy(() => compileTogether({ a: big("a"), b: big("b"), c: big("c") }, { engine }))}`,
    ).toMatch(rule);
    expect(
      `${thrownBy(() => compile(sequential({ input: [65_536] }, [dense(65_536)]), { engine }))}`,
    ).toMatch(rule);
    expect(engine.livePrograms).toBe(0);
  });

  it("leave their memory to others when they end, views that a customer kept keep their numbers", async () => {
    using engine = await threaded(2);
    using trainer = classifier({ engine });
    let view: Float32Array | undefined;
    let kept: number[] = [];
    await trainer.withState(trainer.state(), (own) => {
      view = own.parameters["dense1.weight"].data;
      own.fitSync(data);
      kept = [...view];
    });
    await trainer.withState(trainer.state(), (own) => own.fitSync(data, { epochs: 5 }) as never);
    expect([...(view as Float32Array)]).toEqual(kept);
    expect(engine.livePrograms).toBe(2);
  });
});

describe("a process", () => {
  const index = new URL("../../dist/node/index.js", import.meta.url);
  const run = (code: string) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", `import * as w from "${index}";${code}`], {
      encoding: "utf8",
      timeout: 60_000,
    });
  const body = `
    const engine = await w.createEngine({ threads: 2 });
    Object.assign(engine.crew.hooks, { policy: "all", waits: true });
    const trainer = w.compile(w.sequential({ input: [2], seed: 42 }, [w.dense(8, { activation: "tanh" }), w.dense(1, { activation: "sigmoid" })]),
      { loss: w.binaryCrossEntropy(), optimizer: w.adam(), engine });
    trainer.fitSync(${JSON.stringify(xor)}, { epochs: 5 });
    console.log(engine.crew.calls > 0);`;

  it("ends though idle workers are left, from the built package, which exports the same by require", () => {
    expect(run(body)).toBe("true\n");
    const cjs = new URL("../../dist/index.cjs", import.meta.url).pathname;
    const code = `const w = require(${JSON.stringify(cjs)}); (async () => {${body}})();`;
    expect(execFileSync(process.execPath, ["-e", code], { encoding: "utf8", timeout: 60_000 })).toBe(
      "true\n",
    );
  });

  it("keeps no worker of an engine that was let go", () => {
    const code = `
      import { Worker } from "node:worker_threads";
      import { readFileSync } from "node:fs";
      import { setTimeout as wait } from "node:timers/promises";
      import * as w from "${index}";
      const source = readFileSync(new URL("../chunks/thread.js", "${index}"), "utf8");
      let started = 0, ended = 0;
      const worker = () => (started++, new Worker(source, { eval: true }).on("exit", () => ended++));
      async function use() {
        const engine = await w.createEngine({ threads: 2, worker });
        Object.assign(engine.crew.hooks, { policy: "all", waits: true });
        const trainer = w.compile(w.sequential({ input: [2], seed: 42 }, [w.dense(8)]), { loss: w.meanSquaredError(), optimizer: w.adam(), engine });
        trainer.fitSync({ x: [[0, 1]], y: [[1, 2, 3, 4, 5, 6, 7, 8]] });
        return trainer;
      }
      const kept = await use();
      for (let i = 0; i < 3; i++) await use();
      for (let turn = 0; turn < 200 && ended < 3; turn++) { gc(); await wait(20); }
      kept.fitSync({ x: [[0, 1]], y: [[1, 2, 3, 4, 5, 6, 7, 8]] });
      console.log(started, ended);`;
    const flags = ["--expose-gc", "--input-type=module", "-e", code];
    expect(execFileSync(process.execPath, flags, { encoding: "utf8", timeout: 60_000 })).toBe("4 3\n");
  });

  it("ends while workers are starting", () => {
    expect(run(`${body.replace("waits: true", "waits: false")}`)).toMatch(/^(true|false)\n$/);
  });
});

it("an optimizer of its own works on threads", async () => {
  using engine = await threaded(2);
  using trainer = classifier({ engine, optimizer: adam({ learningRate: 0.02 }), accumulate: 2 });
  using alone = classifier({ optimizer: adam({ learningRate: 0.02 }), accumulate: 2 });
  for (const one of [trainer, alone]) one.fitSync(data, { epochs: 3 });
  expect(trainer.state()).toEqual(alone.state());
});
