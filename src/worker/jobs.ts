/** Many trainings side by side, each in a worker: restarts, folds, customers. No shared memory is needed for it. */
import { describe } from "../describe.ts";
import { OptionError, WorkerError } from "../errors.ts";
import { COUNT, FUNCTION, readOptions, refuseMore, SIGNAL } from "../options.ts";
import type { Result, Rows } from "../rows/data.ts";
import { disposedWorker, type Link, makeLink, remoteTrainer } from "./client.ts";
import { describeThrown } from "./crossing-errors.ts";
import { builtin } from "./endpoint.ts";
import { checkEngine, openTrainer, WORKER, type WorkerOptions } from "./in-worker.ts";
import { sourceOf, type TrainerSource } from "./source.ts";
import type { WorkerTrainer } from "./worker-trainer.ts";

/** A training on its own. */
export interface WorkerJob<R, X = Rows, P = Result> {
  /** What its trainer is made of, as in `inWorker`. */
  readonly source: TrainerSource<X, P>;
  /** What is done with the trainer, on the calling thread; the trainer ends with it. */
  readonly run: (trainer: WorkerTrainer<X, P>) => R | Promise<R>;
}

/** A job that was just done. */
export interface JobsProgress {
  /** Jobs done. */
  readonly done: number;
  /** Jobs in the list. */
  readonly jobs: number;
  /** The number of the one that was done last, from 0 on. */
  readonly job: number;
}

export interface JobsOptions extends WorkerOptions {
  /** Most workers at a time, a whole number >= 1. Default: as many as there are cores. */
  readonly workers?: number;
  /** Ends all jobs and workers; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Hears of each job that is done; what it throws ends all. */
  readonly onProgress?: (progress: JobsProgress) => unknown;
}

/**
 * Runs jobs in workers, as many at a time as there are cores, and ends the workers. Every job gives what it gives alone.
 *
 * @returns what each `run` gave, in the order of the jobs
 * @throws WorkerError with `job` and, as `cause.cause`, what was thrown, for the first job that fails: the others are aborted; the
 *   signal's reason on abort
 * @example
 * import { runInWorkers, type WorkerTrainer } from "wasmgrad/worker";
 *
 * const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
 * const make = (seed: number) =>
 *   compile(sequential({ input: [2], seed }, [dense(3, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]), {
 *     loss: binaryCrossEntropy(),
 *     optimizer: adam({ learningRate: 0.05 }),
 *   });
 * const jobs = [0, 1, 2, 3].map((seed) => ({
 *   source: () => make(seed),
 *   run: async (trainer: WorkerTrainer) => (await trainer.fit(data, { epochs: 100 })).loss,
 * }));
 * const losses = await runInWorkers(jobs, { workers: 2 });
 * losses.length; // => 4
 */
export async function runInWorkers<R, X = Rows, P = Result>(
  jobs: readonly WorkerJob<R, X, P>[],
  options: JobsOptions = {},
): Promise<R[]> {
  const who = "runInWorkers";
  refuseMore(who, arguments, 2, "write runInWorkers(jobs, options)");
  const { workers, signal, onProgress, worker, engine, progressInterval, startTimeout } = readOptions(
    who,
    options,
    { workers: [cores(), COUNT], signal: [undefined, SIGNAL], onProgress: [undefined, FUNCTION], ...WORKER },
  );
  checkJobs(who, jobs);
  checkEngine(who, engine);
  signal?.throwIfAborted();

  const results = new Array<R>(jobs.length);
  const links = new Set<Link>();
  let next = 0;
  let done = 0;
  let isOver = false;
  const end = () => {
    isOver = true;
    for (const { connection } of links) connection.end(disposedWorker(who));
  };

  const runJob = async (link: Link, job: number, isFirst: boolean): Promise<void> => {
    const { source, run } = jobs[job];
    const { connection } = link;
    const given = await sourceOf(who, source, worker !== undefined);
    const opened = await openTrainer(who, link, given, engine, isFirst ? startTimeout : 0);
    const close = async () => {
      if (!connection.isEnded) await connection.answer(async () => connection.host.close(opened.target));
    };
    const trainer = remoteTrainer(link, opened, { by: "dispose", end: close });
    try {
      results[job] = await run(trainer as unknown as WorkerTrainer<X, P>);
    } finally {
      await close();
    }
  };
  /** One worker, from its start to the end of the list. */
  const work = async (): Promise<void> => {
    let link: Link | undefined;
    while (!isOver && next < jobs.length) {
      const job = next++;
      try {
        const isFirst = link === undefined;
        link ??= makeLink(who, worker, progressInterval);
        links.add(link);
        await runJob(link, job, isFirst);
        // A `run` that awaits other things may end after all is over.
        if (isOver) return;
      } catch (cause) {
        // The first one says it; those that follow from it are aborted.
        if (isOver) return;
        throw new WorkerError(
          `${who}: every job must come to its end; got at job ${job}: ${describeThrown(cause)}`,
          "job",
          {
            job,
            cause,
          },
        );
      }
      await onProgress?.({ done: ++done, jobs: jobs.length, job });
    }
    // Nothing left to do: others may still run.
    link?.connection.end(disposedWorker(who));
  };

  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort);
  });
  try {
    await Promise.race([aborted, Promise.all(Array.from({ length: Math.min(workers, jobs.length) }, work))]);
    return results;
  } finally {
    signal?.removeEventListener("abort", abort);
    end();
  }
}

function checkJobs(who: string, jobs: unknown): void {
  if (!Array.isArray(jobs))
    throw new OptionError(
      `${who}: jobs, the first argument, must be an array of { source, run }; got ${describe(jobs)}`,
    );
  for (const [i, job] of jobs.entries()) {
    const { run, source } = readOptions(`${who}: job ${i}`, job, { source: [], run: [] }) as Partial<
      WorkerJob<unknown>
    >;
    if (typeof run !== "function" || source === undefined)
      throw new OptionError(`${who}: a job must be { source, run }; got ${describe(job)} as job ${i}`);
  }
}

/** Cores of this machine, as far as it tells. */
function cores(): number {
  const { navigator } = globalThis as { navigator?: { readonly hardwareConcurrency?: number } };
  return (
    builtin<{ availableParallelism(): number }>("os")?.availableParallelism?.() ||
    navigator?.hardwareConcurrency ||
    1
  );
}
