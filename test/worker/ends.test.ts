/** How workers start and end: by dispose, by death, by a file that is not there; nothing hangs. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import * as errors from "../../src/errors.ts";
import { compile, dense, sequential, sgd } from "../../src/index.ts";
import { ERRORS } from "../../src/worker/crossing-errors.ts";
import { serveOn } from "../../src/worker/host.ts";
import { inWorker as fromSources } from "../../src/worker/index.ts";
import { trainerOfFile } from "../../src/worker/trainer-of-file.ts";
import { lineTrainer, xor } from "../fixtures.ts";
import { local, WAYS } from "./workers.ts";

const [, { inWorker, runInWorkers, main }] = WAYS;
const root = fileURLToPath(new URL("../..", import.meta.url));
const hostFile = new URL("../../dist/worker-host.js", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-worker-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of a worker's, which imports the built package. */
function workerFile(name: string, text: string): URL {
  const path = join(folder, `${name}.mjs`);
  const from = (entry: string) =>
    JSON.stringify(new URL(`../../dist/node/${entry}.js`, import.meta.url).href);
  writeFileSync(
    path,
    `import { adam, compile, dense, meanSquaredError, sequential, sgd } from ${from("index")};
     import { serveTrainer } from ${from("worker")};
     ${text}`,
  );
  return pathToFileURL(path);
}

const xorTrainer = () =>
  main.compile(
    main.sequential({ input: [2], seed: 42 }, [
      main.dense(8, { activation: "tanh" }),
      main.dense(1, { activation: "sigmoid" }),
    ]),
    { loss: main.binaryCrossEntropy(), optimizer: main.adam({ learningRate: 0.05 }) },
  );

describe("dispose", () => {
  it("rejects calls under way and later ones, and may come twice", async () => {
    const remote = await inWorker(xorTrainer);
    const calls = [remote.fit(xor, { epochs: 1e9 }), remote.digest()];
    remote.dispose();
    remote.dispose();
    for (const call of [...calls, remote.predict(xor.x), remote.steps])
      await expect(call).rejects.toThrow(main.DisposedError);
  });

  it("ends one of several that run side by side", async () => {
    const remotes = await Promise.all([1, 2, 3].map(() => inWorker(xorTrainer)));
    const fits = remotes.map((remote) => remote.fit(xor, { epochs: 2_000 }));
    remotes[1].dispose();
    await expect(fits[1]).rejects.toThrow(main.DisposedError);
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 2_000 });
    for (const i of [0, 2]) {
      await fits[i];
      expect(await remotes[i].digest()).toBe(trainer.digest());
      remotes[i].dispose();
    }
  });
});

describe("a worker that dies", () => {
  it("rejects all calls with a WorkerError that says the state is lost", async () => {
    let worker: Worker | undefined;
    const remote = await inWorker(xorTrainer, { worker: () => (worker = new Worker(hostFile)) });
    const calls = [remote.fit(xor, { epochs: 1e9 }), remote.evaluate(xor)];
    worker?.terminate();
    for (const call of [...calls, remote.digest()]) {
      const error = await call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(main.WorkerError);
      expect(error).toMatchObject({ code: "worker", stateLost: true });
    }
    remote.dispose();
  });

  it("by an error that nobody caught says which", async () => {
    const file = workerFile(
      "throws",
      `serveTrainer(() => {
         const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
         const fit = (...all) => {
           setTimeout(() => { throw new RangeError("out of luck"); });
           return Object.getPrototypeOf(trainer).fit.apply(trainer, all);
         };
         return Object.defineProperty(trainer, "fit", { value: fit });
       });`,
    );
    const remote = await inWorker(undefined, { worker: () => new Worker(file) });
    const fit = remote.fit({ x: [[1]], y: [1] }, { epochs: 1e9 });
    await expect(fit).rejects.toThrow("got RangeError: out of luck");
    await expect(fit).rejects.toMatchObject({ cause: { cause: expect.any(RangeError) } });
  });
});

describe("a worker that does not start", () => {
  it("says so, and what to do", async () => {
    const missing = new URL("no-such-file.js", pathToFileURL(`${folder}/`));
    const error = (await inWorker(xorTrainer, { worker: () => new Worker(missing) }).catch(
      (e) => e,
    )) as Error;
    expect(error).toBeInstanceOf(main.WorkerError);
    expect(error).toMatchObject({ code: "worker-start", stateLost: false });
    expect(error.message).toMatch(
      /^inWorker: a worker must start and load its file; got Error: Cannot find module .*no-such-file\.js.*: .*worker-host\.js.*serveTrainer/s,
    );
  });

  it("is not waited for when its file serves nobody", async () => {
    const file = workerFile("silent", "setInterval(() => {}, 1000);");
    const worker = () => new Worker(file);
    await expect(inWorker(undefined, { worker, startTimeout: 300 })).rejects.toThrow(
      "no answer within 300 ms: a file that does not call serveTrainer?",
    );
  });

  it("is ended by the signal, with its reason", async () => {
    const file = workerFile("silent", "setInterval(() => {}, 1000);");
    const made: Worker[] = [];
    const worker = () => {
      made.push(new Worker(file));
      return made[made.length - 1];
    };
    const controller = new AbortController();
    const starting = inWorker(undefined, { worker, signal: controller.signal });
    const [first] = made;
    const gone = new Promise((resolve) => first.once("exit", resolve));
    controller.abort(new Error("changed my mind"));
    await expect(starting).rejects.toThrow("changed my mind");
    await gone;
    await expect(inWorker(undefined, { worker, signal: controller.signal })).rejects.toThrow(
      "changed my mind",
    );
    expect(made).toHaveLength(1);
    // A source that takes its time is not waited for either.
    const late = new AbortController();
    const never = inWorker(() => new Promise<never>(() => {}), { signal: late.signal });
    late.abort();
    await expect(never).rejects.toMatchObject({ name: "AbortError" });
    await expect(inWorker(xorTrainer, { signal: 5 as never })).rejects.toThrow(main.OptionError);
  });

  it("or is none is refused", async () => {
    for (const worker of [() => ({}), () => undefined])
      await expect(inWorker(xorTrainer, { worker: worker as never })).rejects.toThrow(
        "inWorker: worker must be a function that gives a Worker; got",
      );
    const broken = () => {
      throw new Error("no workers here");
    };
    await expect(inWorker(xorTrainer, { worker: broken })).rejects.toThrow("got Error: no workers here");
  });
});

describe("a worker's file of one's own", () => {
  it("serves what files cannot hold, with the engine that was asked for", async () => {
    const file = workerFile(
      "own",
      `serveTrainer(({ seed }, { engine }) => compile(sequential({ input: [1], seed }, [dense(1)]), {
         loss: (prediction, target) => prediction.sub(target).abs().mean(),
         optimizer: sgd({ learningRate: (step) => 0.5 / (1 + step) }),
         engine,
       }));`,
    );
    const worker = () => new Worker(file);
    const remote = await inWorker({ seed: 5 }, { worker, engine: { relaxed: true } }).catch((error) => error);
    if (remote instanceof main.UnsupportedEngineError) return;
    expect((await remote.manifest()).kernels).toBe("relaxed");
    await remote.fit({ x: [[1], [2]], y: [1, 2] }, { epochs: 3 });
    remote.dispose();
    const strict = await inWorker({ seed: 5 }, { worker });
    await strict.fit({ x: [[1], [2]], y: [1, 2] }, { epochs: 3 });
    const trainer = compile(sequential({ input: [1], seed: 5 }, [dense(1)]), {
      loss: (prediction, target) => prediction.sub(target).abs().mean(),
      optimizer: sgd({ learningRate: (step) => 0.5 / (1 + step) }),
    });
    trainer.fitSync({ x: [[1], [2]], y: [1, 2] }, { epochs: 3 });
    expect(await strict.digest()).toBe(trainer.digest());
    strict.dispose();
  });

  it("hears of what its function throws, and of what is no trainer", async () => {
    const throwing = () => {
      throw new RangeError("not today");
    };
    await expect(fromSources(1, { worker: () => local(throwing) })).rejects.toThrow(
      new RangeError("not today"),
    );
    const wrong = () => ({ a: 1 }) as never;
    await expect(fromSources(1, { worker: () => local(wrong) })).rejects.toThrow(
      "serveTrainer: make must give a trainer, which compile(model, { loss, optimizer }) makes; got { a: 1 }",
    );
  });
});

describe("the engine of a worker", () => {
  it("has the threads that were asked for, and gives the same bits", async () => {
    const wide = () =>
      main.compile(
        main.sequential({ input: [64], seed: 1 }, [
          main.dense(256, { activation: "relu" }),
          main.dense(10, { activation: "softmax" }),
        ]),
        { loss: main.crossEntropy(), optimizer: main.adam(), batchSize: 128 },
      );
    const data = {
      x: Float32Array.from({ length: 256 * 64 }, (_, i) => ((i * 31) % 255) / 255),
      y: Int32Array.from({ length: 256 }, (_, i) => i % 10),
    };
    const digests: string[] = [];
    for (const engine of [undefined, { threads: 2 }]) {
      using remote = await inWorker(wide, engine && { engine });
      await remote.fit(data, { epochs: 5 });
      digests.push(await remote.digest());
      expect(await remote.engineInfo()).toMatchObject({ threads: engine?.threads ?? 1, relaxed: false });
    }
    const trainer = wide();
    trainer.fitSync(data, { epochs: 5 });
    expect(digests).toEqual([trainer.digest(), trainer.digest()]);
  });
});

describe("a message that the worker cannot read", () => {
  it("ends all calls, since nobody knows which of them it was", async () => {
    const { port1, port2 } = new MessageChannel();
    serveOn(port2, trainerOfFile);
    const terminate = () => port1.close();
    const remote = await fromSources(lineTrainer, { worker: () => Object.assign(port1, { terminate }) });
    const fit = { epochs: 1e9 };
    const serve = () => new Promise<never>(() => {});
    const calls = [remote.fit({ x: [[1]], y: [1] }, fit), remote.withState(await remote.state(), serve)];
    port2.dispatchEvent(new Event("messageerror"));
    for (const call of calls) {
      const error = await call.catch((thrown) => thrown);
      expect(error).toBeInstanceOf(errors.WorkerError);
      expect(error).toMatchObject({ stateLost: true });
      expect(error.message).toContain("got a message that could not be read");
    }
    await expect(remote.digest()).rejects.toThrow(errors.WorkerError);
  });
});

describe("a file that is none", () => {
  it("is refused in the name of inWorker", async () => {
    const error = await inWorker(new Uint8Array(10)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(main.FileError);
    expect(error.message).toMatch(/^inWorker: (?!loadTrainer)/);
  });

  it("is refused in the name of runInWorkers", async () => {
    const jobs = [{ source: new Uint8Array(10), run: () => 1 }];
    await expect(runInWorkers(jobs)).rejects.toThrow(
      /^runInWorkers: .*; got at job 0: FileError: inWorker: /,
    );
  });
});

describe("a factory of workers", () => {
  it("may throw anything", async () => {
    const worker = () => {
      throw Symbol("q");
    };
    await expect(fromSources(lineTrainer, { worker })).rejects.toThrow("load its file; got a symbol: ");
  });
});

describe("a trainer that files cannot hold", () => {
  const options = { worker: () => local() };
  it.each([
    [
      "a loss",
      () => lineTrainer({ loss: (p, t) => p.sub(t).square().mean() }),
      "the file's loss is a function",
    ],
    [
      "a schedule",
      () => lineTrainer({ optimizer: sgd({ learningRate: () => 0.1 }) }),
      "learningRate is a function",
    ],
    [
      "a metric",
      () => lineTrainer({ metrics: ["rmse", Object.assign(() => 1, { metricName: "mine" })] }),
      "metrics must be given by name, since files do not keep functions; got mine",
    ],
  ])("is refused with %s that is a function, by name, with the fix", async (_, make, says) => {
    const error = await fromSources(make, options).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(errors.OptionError);
    expect(error.message).toContain(says);
    expect(error.message).toContain("serveTrainer(() => compile(..))");
  });

  it("is no predictor", async () => {
    const predictor = () => compile(sequential({ input: [1] }, [dense(1)])) as never;
    await expect(fromSources(predictor, options)).rejects.toThrow("a file of a predictor needs");
  });
});

describe("what a trainer in a worker is made of:", () => {
  const options = { worker: () => local() };
  const bytes = lineTrainer().save({ training: true });
  const digest = lineTrainer().digest({ training: true });
  const path = join(folder, "line.safetensors");
  writeFileSync(path, bytes);
  const { buffer } = bytes.slice();
  it.each<[string, Parameters<typeof fromSources>[0]]>([
    ["a trainer", lineTrainer()],
    ["a file's bytes", bytes],
    ["an ArrayBuffer", buffer],
    ["a response", new Response(bytes)],
    ["a URL", pathToFileURL(path)],
    ["a function", () => lineTrainer()],
    ["an asynchronous function", async () => bytes],
    ["a module", async () => ({ default: lineTrainer() })],
    ["a module with a function", async () => ({ default: () => lineTrainer() })],
  ])("%s", async (_, source) => {
    using remote = await fromSources(source, options);
    expect(await remote.digest({ training: true })).toBe(digest);
  });

  it("the trainer of a function is disposed of, others stay", async () => {
    const [made, own] = [lineTrainer(), lineTrainer()];
    for (const source of [() => made, own]) (await fromSources(source, options)).dispose();
    expect(() => made.digest()).toThrow(errors.DisposedError);
    own.digest();
  });

  it("nothing else", async () => {
    for (const source of [undefined, 5, "line.safetensors", () => 5, { x: 1 }])
      await expect(WAYS[1].inWorker(source as never)).rejects.toThrow(main.WasmgradError);
    await expect(inWorker(new URL("none.safetensors", pathToFileURL(`${folder}/`)))).rejects.toThrow(
      main.FileError,
    );
    await expect(inWorker(new Response("", { status: 404 }))).rejects.toThrow("got status 404");
    await expect(inWorker(xorTrainer, { threads: 2 } as never)).rejects.toThrow("inWorker: unknown option");
    await expect(inWorker(xorTrainer, { engine: await main.createEngine() } as never)).rejects.toThrow(
      "got an engine",
    );
    await expect(inWorker(xorTrainer, { engine: { fast: true } } as never)).rejects.toThrow(
      'createEngine: unknown option "fast"',
    );
  });
});

describe("data", () => {
  it("move to the worker with transfer, or are shared, or copied", async () => {
    using remote = await inWorker(xorTrainer);
    const make = (buffer: (bytes: number) => ArrayBufferLike) => {
      const x = new Float32Array(buffer(32) as ArrayBuffer);
      x.set([0, 0, 0, 1, 1, 0, 1, 1]);
      const y = new Float32Array(buffer(16) as ArrayBuffer);
      y.set([0, 1, 1, 0]);
      return { x, y };
    };
    const plain = (bytes: number) => new ArrayBuffer(bytes);
    const loss = (await remote.evaluate(make(plain))).loss;
    const copied = make(plain);
    expect((await remote.evaluate(copied)).loss).toBe(loss);
    expect(copied.x.length).toBe(8);
    const moved = make(plain);
    expect((await remote.evaluate(moved, { transfer: true })).loss).toBe(loss);
    expect([moved.x.length, moved.y.length]).toEqual([0, 0]);
    const shared = make((bytes) => new SharedArrayBuffer(bytes));
    expect((await remote.evaluate(shared, { transfer: true })).loss).toBe(loss);
    expect(shared.x.length).toBe(8);
    const { data } = await remote.predict(make(plain).x, { transfer: true });
    expect(data.buffer.byteLength).toBe(16);
    const bound = await remote.bind(make(plain), { transfer: true });
    expect((await remote.evaluate(bound)).loss).toBe(loss);
  });

  it("move, and states and other options stay", async () => {
    using remote = await inWorker(xorTrainer);
    const state = await remote.state();
    const rows = { x: Float32Array.of(0, 1, 1, 1), y: Float32Array.of(1, 0) };
    const held = { x: Float32Array.of(0, 0), y: Float32Array.of(0) };
    await remote.predict(rows.x.slice(), { state, transfer: true });
    expect(state.length).toBeGreaterThan(0);
    await remote.fit(rows, { validation: held, transfer: true });
    expect([rows.x.length, rows.y.length, held.x.length, held.y.length]).toEqual([0, 0, 0, 0]);
  });

  it("come out of the proxies of reactive state", async () => {
    const { reactive } = await import("vue");
    using remote = await inWorker(xorTrainer);
    const held = reactive({ x: xor.x.map((row) => [...row]), y: [...xor.y] });
    expect(await remote.evaluate(held)).toEqual(await remote.evaluate(xor));
  });

  it("that are bound elsewhere are refused", async () => {
    using one = await inWorker(xorTrainer);
    using other = await inWorker(xorTrainer);
    const bound = await one.bind(xor);
    await expect(other.fit(bound)).rejects.toThrow(
      "fit: data must be bound to this trainer; got data that another one's bind gave",
    );
  });
});

describe("errors on their way", () => {
  it("have every class of the package", () => {
    expect(Object.keys(ERRORS).sort()).toEqual(
      Object.keys(errors)
        .filter((name) => name.endsWith("Error"))
        .sort(),
    );
  });

  it.each([
    new TypeError("a"),
    new Error("b", { cause: new RangeError("behind") }),
    Object.assign(new Error("c"), { code: "ENOENT", path: "x", fn: () => {} }),
    new DOMException("d", "AbortError"),
    new errors.FileError("e", "system", { path: "p", cause: new Error("disk") }),
    "a text",
    { plain: [1] },
    undefined,
  ])("arrive as they were thrown: %s", async (thrown) => {
    const make = () => {
      throw thrown;
    };
    const arrived = await fromSources(1, { worker: () => local(make) }).then(
      () => expect.unreachable(),
      (error: unknown) => error,
    );
    if (!(thrown instanceof Error)) return expect(arrived).toEqual(thrown);
    const error = arrived as Error & { cause?: Error; code?: unknown; path?: unknown };
    expect(Object.getPrototypeOf(error)).toBe(Object.getPrototypeOf(thrown));
    expect([error.name, error.message]).toEqual([thrown.name, thrown.message]);
    if (!(thrown instanceof DOMException)) expect(error.stack).toBe(thrown.stack);
    expect(error.code).toBe((thrown as { code?: unknown }).code);
    expect(error.path).toBe((thrown as { path?: unknown }).path);
    expect(String(error.cause)).toBe(String(thrown.cause));
    expect(String((error.cause as Error | undefined)?.cause)).toBe(
      String((thrown.cause as Error | undefined)?.cause),
    );
  });
});

describe("a process", () => {
  const run = (text: string) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", text], {
      cwd: root,
      encoding: "utf8",
      timeout: 50_000,
    });
  const START = `
    import { binaryCrossEntropy, adam, compile, dense, sequential } from "wasmgrad";
    import { inWorker } from "wasmgrad/worker";
    const make = () => compile(sequential({ input: [2], seed: 42 }, [dense(1, { activation: "sigmoid" })]),
      { loss: binaryCrossEntropy(), optimizer: adam() });
    const data = { x: [[0, 1], [1, 1]], y: [0, 1] };
    const remote = await inWorker(make);`;

  it("waits for calls, and does not wait for idle workers", () => {
    const text = `${START}
      remote.fit(data, { epochs: 5 }).then(async () => console.log(await remote.epochs));`;
    expect(run(text)).toBe("5\n");
  });

  it("ends the worker of a trainer that nobody refers to any more", () => {
    const text = `${START.replace("const remote", "let remote")}
      import { setTimeout } from "node:timers/promises";
      const ended = new Promise((resolve) => { globalThis.ended = resolve; });
      await remote.bind(data);
      remote = undefined;
      let isOver = false;
      ended.then(() => { isOver = true; });
      for (let turn = 0; turn < 200 && !isOver; turn++) { gc(); await setTimeout(50); }
      console.log(isOver);`;
    const watched = `process.on("worker", (worker) => worker.on("exit", () => globalThis.ended()));${text}`;
    const said = execFileSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", watched], {
      cwd: root,
      encoding: "utf8",
      timeout: 50_000,
    });
    expect(said).toBe("true\n");
  });

  it("makes and ends twenty workers, one after the other", () => {
    const text = `${START}
      for (let i = 0; i < 20; i++) {
        const one = await inWorker(make);
        const fit = one.fit(data, { epochs: 1e9 });
        one.dispose();
        await fit.catch((error) => { if (error.code !== "disposed") throw error; });
      }
      console.log("done");`;
    expect(run(text)).toBe("done\n");
  });

  it("that requires the package has workers, too", () => {
    const text = `
      const { adam, compile, dense, meanSquaredError, sequential } = require("wasmgrad");
      const { inWorker } = require("wasmgrad/worker");
      const make = () => compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
      inWorker(make).then(async (remote) => console.log((await remote.fit({ x: [[1]], y: [1] }, { epochs: 2 })).epochs));`;
    expect(execFileSync(process.execPath, ["-e", text], { cwd: root, encoding: "utf8" })).toBe("2\n");
  });
});
