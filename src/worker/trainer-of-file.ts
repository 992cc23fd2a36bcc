/** Trainers of files, with every op at hand: what the package's own workers serve. */
import { describe } from "../describe.ts";
import { FileError, OptionError } from "../errors.ts";
import * as wasmgrad from "../index.ts";
import type { BringsOps } from "../model/layer.ts";
import { readSafetensors } from "../safetensors.ts";
import type { AnyTrainer, WorkerSettings } from "./host.ts";

/** No page carries this file: all that brings anything along is at hand. */
const ALL = (Object.values(wasmgrad) as unknown as Partial<BringsOps>[]).filter(
  (brings): brings is BringsOps => Array.isArray(brings?.ops),
);

const FIX =
  "make the trainer in a worker file of your own, serveTrainer(() => compile(..)), and give { worker: () => new Worker(..) }";

export function trainerOfFile(source: unknown, { engine }: WorkerSettings): AnyTrainer {
  if (!(source instanceof Uint8Array || source instanceof ArrayBuffer))
    throw new OptionError(
      `inWorker: source must be a trainer or its file, where the worker is the package's own; got ${describe(source)}: or ${FIX}`,
    );
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
  try {
    const trainer = wasmgrad.loadTrainer(bytes, { uses: ALL, ...(engine ? { engine } : {}) }) as AnyTrainer;
    checkMetrics(bytes, trainer);
    return trainer;
  } catch (error) {
    if (!(error instanceof FileError) || error.code !== "file-uses") throw error;
    throw new OptionError(`inWorker: ${error.message.replace(/^loadTrainer: /, "")}; or ${FIX}`, "", {
      cause: error,
    });
  }
}

/** @throws OptionError for metrics that are functions: a file has their names alone, and they would be missing without a word */
function checkMetrics(bytes: Uint8Array, trainer: AnyTrainer): void {
  const namesIn = (file: Uint8Array): readonly string[] =>
    JSON.parse(readSafetensors("inWorker", file).metadata.get("metrics") ?? "[]");
  const given = namesIn(bytes);
  if (given.length === 0) return;
  const kept = namesIn(trainer.save());
  const lost = given.filter((name) => !kept.includes(name));
  if (lost.length > 0)
    throw new OptionError(
      `inWorker: metrics must be given by name, since files do not keep functions; got ${lost.join(", ")}: ${FIX}`,
    );
}
