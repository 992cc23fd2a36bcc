/** Independent trainings in workers: results in order, workers used again, the first error ends all. */
import { describe, expect, it } from "vitest";
import type { JobsProgress, WorkerJob, WorkerTrainer } from "../../src/worker/index.ts";
import { xor } from "../fixtures.ts";
import { WAYS } from "./workers.ts";

describe.each(WAYS)("jobs $name", ({ runInWorkers, main, options }) => {
  const { adam, binaryCrossEntropy, compile, dense, sequential } = main;
  const make = (seed: number) =>
    compile(
      sequential({ input: [2], seed }, [
        dense(8, { activation: "tanh" }),
        dense(1, { activation: "sigmoid" }),
      ]),
      { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
    );
  const jobOf = (seed: number): WorkerJob<string> => ({
    source: () => make(seed),
    run: async (trainer) => {
      await trainer.fit(xor, { epochs: 100 * (5 - seed) });
      return trainer.digest();
    },
  });
  /** Counts the workers that are made and ended. */
  const counted = () => {
    const seen = { made: 0, alive: 0, most: 0 };
    const worker = options.worker ?? undefined;
    if (!worker) return { seen, counting: options };
    const counting = {
      ...options,
      worker: () => {
        const made = worker();
        const terminate = made.terminate.bind(made);
        seen.made++;
        seen.most = Math.max(seen.most, ++seen.alive);
        return Object.assign(made, {
          terminate: () => {
            seen.alive--;
            terminate();
          },
        });
      },
    };
    return { seen, counting };
  };

  it("give what each gives alone, in their order, by no more workers than wanted", async () => {
    const progress: JobsProgress[] = [];
    const { seen, counting } = counted();
    const found = await runInWorkers([0, 1, 2, 3, 4].map(jobOf), {
      ...counting,
      workers: 2,
      onProgress: (now) => progress.push(now),
    });
    const alone = [0, 1, 2, 3, 4].map((seed) => {
      const trainer = make(seed);
      trainer.fitSync(xor, { epochs: 100 * (5 - seed) });
      return trainer.digest();
    });
    expect(found).toEqual(alone);
    expect(progress.map(({ done, jobs }) => [done, jobs])).toEqual([1, 2, 3, 4, 5].map((done) => [done, 5]));
    expect(progress.map(({ job }) => job).sort()).toEqual([0, 1, 2, 3, 4]);
    if (counting !== options) expect(seen).toEqual({ made: 2, alive: 0, most: 2 });
  });

  it("are none, or one", async () => {
    expect(await runInWorkers([], options)).toEqual([]);
    expect(await runInWorkers([jobOf(1)], { ...options, workers: 8 })).toHaveLength(1);
  });

  it("end with the first that fails, which is named", async () => {
    const mine = new RangeError("mine");
    let ended: unknown;
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const jobs: WorkerJob<unknown>[] = [
      {
        source: () => make(0),
        run: (trainer) => {
          begin();
          return trainer.fit(xor, { epochs: 1e9 }).catch((error) => {
            ended = error;
          });
        },
      },
      {
        source: () => make(1),
        run: async (trainer) => {
          await trainer.fit(xor);
          await begun;
          throw mine;
        },
      },
      jobOf(2),
    ];
    const { seen, counting } = counted();
    const error = await runInWorkers(jobs, { ...counting, workers: 2 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(main.WorkerError);
    expect(error).toMatchObject({ code: "worker-job", job: 1, cause: { cause: mine } });
    expect(error.message).toBe(
      "runInWorkers: every job must come to its end; got at job 1: RangeError: mine",
    );
    await expect.poll(() => ended).toBeInstanceOf(main.DisposedError);
    expect(seen.alive).toBe(0);
  });

  it("tell of no progress once all is over, though a run goes on", async () => {
    const mine = new Error("mine");
    const controller = new AbortController();
    for (const failing of [{ source: () => make(0), run: () => Promise.reject(mine) }, undefined]) {
      const heard: number[] = [];
      let leave = () => {};
      const left = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const waiting = { source: () => make(1), run: () => left };
      const all = runInWorkers([waiting, ...(failing ? [failing] : [])], {
        ...options,
        workers: 2,
        signal: controller.signal,
        onProgress: ({ job }) => heard.push(job),
      });
      if (!failing) setTimeout(() => controller.abort(mine), 500);
      const error = await all.catch((thrown) => thrown);
      expect(failing ? error.cause.cause : error).toBe(mine);
      leave();
      // What follows from `leave` has run by then, also across the channel of the worker's end.
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(heard).toEqual([]);
    }
  });

  it.each([
    [Symbol("q"), "a symbol"],
    [Object.create(null), "{}"],
    ["words", "words"],
    [undefined, "undefined"],
  ])("end with a WorkerError whatever is thrown: %o", async (thrown, named) => {
    const job = {
      source: () => make(0),
      run: () => {
        throw thrown;
      },
    };
    const error = await runInWorkers([job], options).catch((failure) => failure);
    expect(error).toBeInstanceOf(main.WorkerError);
    expect(error).toMatchObject({ code: "worker-job", job: 0 });
    expect(error.cause.cause).toBe(thrown);
    expect(error.message).toBe(`runInWorkers: every job must come to its end; got at job 0: ${named}`);
  });

  it("end with their signal", async () => {
    const controller = new AbortController();
    const jobs = [0, 1].map((seed) => ({
      source: () => make(seed),
      run: (trainer: WorkerTrainer) => {
        if (seed === 1) setTimeout(() => controller.abort("enough"));
        return trainer.fit(xor, { epochs: 1e9 });
      },
    }));
    const { signal } = controller;
    await expect(runInWorkers(jobs, { ...options, workers: 2, signal })).rejects.toBe("enough");
    await expect(runInWorkers(jobs, { ...options, signal })).rejects.toBe("enough");
  });

  it("that are none are refused", async () => {
    for (const [jobs, says] of [
      [5, "runInWorkers: jobs, the first argument, must be an array of { source, run }; got 5"],
      [[{ source: () => make(0) }], "a job must be { source, run }; got { source: .. } as job 0"],
      [[{ source: () => make(0), run() {}, seed: 3 }], 'runInWorkers: job 0: unknown option "seed"'],
    ] as const)
      await expect(runInWorkers(jobs as never, options)).rejects.toThrow(says);
    await expect(runInWorkers([], { ...options, workers: 0 })).rejects.toThrow(
      "runInWorkers: workers must be a whole number >= 1; got 0",
    );
  });
});
