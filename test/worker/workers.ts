/** Workers for tests: the package's own, on the built package, and one on a channel within this thread, from the sources. */
import { MessageChannel } from "node:worker_threads";
import * as main from "../../src/index.ts";
import { type MakeTrainer, serveOn } from "../../src/worker/host.ts";
import * as source from "../../src/worker/index.ts";
import { trainerOfFile } from "../../src/worker/trainer-of-file.ts";

const built = (path: string) => import(new URL(`../../dist/node/${path}.js`, import.meta.url).href);

/** A way to a trainer elsewhere, with the classes of errors that come from there. */
export interface Way {
  readonly name: string;
  readonly inWorker: typeof source.inWorker;
  readonly runInWorkers: typeof source.runInWorkers;
  readonly main: typeof main;
  /** Options of `inWorker`. */
  readonly options: source.WorkerOptions;
}

/** A worker that is none: the same two sides on one thread. */
export function local(make: MakeTrainer = trainerOfFile): main.WorkerLike {
  const { port1, port2 } = new MessageChannel();
  serveOn(port2, make);
  return Object.assign(port1, {
    terminate: () => {
      port1.close();
      port2.close();
    },
  });
}

export const WAYS: readonly Way[] = [
  { name: "on a channel, from the sources", ...source, main, options: { worker: () => local() } },
  {
    name: "in a thread, of the built package",
    ...(await built("worker")),
    main: await built("index"),
    options: {},
  },
];
