export { type MakeTrainer, serveTrainer, type WorkerSettings } from "./host.ts";
export { inWorker, type StartOptions, type WorkerOptions } from "./in-worker.ts";
export { type JobsOptions, type JobsProgress, runInWorkers, type WorkerJob } from "./jobs.ts";
export type { TrainerFile, TrainerModule, TrainerSource } from "./source.ts";
export type { TransferOption, WorkerData, WorkerFitOptions, WorkerTrainer } from "./worker-trainer.ts";
