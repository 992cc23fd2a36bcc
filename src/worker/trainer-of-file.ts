/** Trainers of files, with every op at hand: what the package's own workers serve. */
import { ALL } from "../bringing.ts";
import { describe } from "../describe.ts";
import { FileError, OptionError } from "../errors.ts";
import { loadTrainer } from "../index.ts";
import { readSafetensors } from "../safetensors.ts";
import type { AnyTrainer, WorkerSettings } from "./host.ts";

const FIX =
  "make the trainer in a worker file of your own, serveTrainer(() => compile(..)), and give { worker: () => new Worker(..) }";

export function trainerOfFile(source: unknown, { engine }: WorkerSettings): AnyTrainer {
  if (!(source instanceof Uint8Array || source instanceof ArrayBuffer))
    throw new OptionError(
      `inWorker: source must be a trainer or its file, where the worker is the package's own; got ${describe(source)}: or ${FIX}`,
    );
  const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : source;
  try {
    const trainer = loadTrainer(bytes, { uses: ALL, ...(engine ? { engine } : {}) }) as AnyTrainer;
    checkMetrics(bytes, trainer);
    return trainer;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const said = error.message.replace(/^loadTrainer:/, "inWorker:");
    if (error.code !== "file-uses")
      throw new FileError(said, error.code.slice("file-".length), { cause: error });
    // Nothing is missing in `uses`: files do not have what this one needs.
    throw new OptionError(`${said.replace(" in the options", "")}: ${FIX}`, "", { cause: error });
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
