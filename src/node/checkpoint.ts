import { join } from "node:path";
import { FileError } from "../errors.ts";
import { readTensors } from "../files/tensors.ts";
import { COUNT, type Rule, readOptions, refuseMore } from "../options.ts";
import { readSafetensors } from "../safetensors.ts";
import {
  makeFolder,
  namesIn,
  pathOf,
  readWhole,
  remove,
  removeLeftOvers,
  writeWhole,
} from "./file-system.ts";

export interface CheckpointOptions {
  /** Epochs between two checkpoints, counted over the life of the trainer. Default: 1, none if `everySeconds` is given. */
  readonly everyEpochs?: number;
  /** Seconds between two checkpoints, > 0. Default: none. */
  readonly everySeconds?: number;
  /** How many stay; older ones are removed once a newer one is complete. Default: 3. */
  readonly keep?: number;
}

/** What a checkpoint is taken of: a trainer, or one in a worker. */
export interface Checkpointed {
  readonly epochs: number | Promise<number>;
  readonly steps: number | Promise<number>;
  save(options: { readonly training: true }): Uint8Array | Promise<Uint8Array>;
}

const SECONDS: Rule = ["a number of seconds > 0", (n: number) => n > 0];

/** Number and steps of a checkpoint; the numbers rise in a folder, whatever becomes of steps. */
const NAME = /^checkpoint-(\d+)-step-(\d+)\.safetensors$/;

/**
 * A callback for `fit` that keeps checkpoints in a folder: as `onEpoch`, or, where epochs are long, as `onProgress`. Each is a whole
 * file, as `saveFile` writes it, of the whole state: a fit from it goes on to the bits of one that was never interrupted. A fit
 * with early stopping goes on with what it remembers.
 *
 * `fitSync` can await nothing: there use `saveFile` between two fits.
 *
 * @param folder made where there is none
 * @throws OptionError for a bad option. FileError where the file system refuses ends the fit; earlier checkpoints stay
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * const data = { x: [[0], [1]], y: [1, 3] };
 * await trainer.fit(data, { epochs: 10, onEpoch: checkpoint("checkpoints", { everyEpochs: 5 }) });
 * const latest = await latestCheckpoint("checkpoints");
 * (await loadTrainerFile(latest!)).epochs; // => 10
 */
export function checkpoint(
  folder: string | URL,
  options: CheckpointOptions = {},
): (event: unknown, trainer: Checkpointed) => Promise<void> | undefined {
  refuseMore("checkpoint", arguments, 2);
  const path = pathOf("checkpoint", folder);
  const { everySeconds, keep, ...given } = readOptions("checkpoint", options, {
    everyEpochs: [undefined, COUNT],
    everySeconds: [undefined, SECONDS],
    keep: [3, COUNT],
  });
  const everyEpochs = given.everyEpochs ?? (everySeconds === undefined ? 1 : undefined);
  let lastTime = Date.now();
  /** Checkpoints that were due by the number of epochs. */
  let lastCount: number | undefined;
  /** @param told the epoch that the callback hears of, which may be behind where training goes on meanwhile */
  const isDue = (epochs: number, told = epochs): boolean => {
    const now = Date.now();
    // A clock that was set back starts anew.
    if (now < lastTime) lastTime = now;
    let due = everySeconds !== undefined && now - lastTime >= everySeconds * 1000;
    if (everyEpochs !== undefined) {
      lastCount ??= Math.floor(Math.max(0, told - 1) / everyEpochs);
      const count = Math.floor(epochs / everyEpochs);
      due ||= count !== lastCount;
      lastCount = count;
    }
    return due;
  };
  const take = async (saved: Uint8Array | Promise<Uint8Array>): Promise<void> => {
    const bytes = await saved;
    await write(path, bytes, stepsIn(bytes), keep);
    lastTime = Date.now();
  };
  return (event, trainer) => {
    if (typeof trainer?.save !== "function")
      throw new FileError("checkpoint: needs the trainer as its second argument, as fit gives it; got none");
    const { epochs } = trainer;
    // Of this thread, it is taken before anything is awaited.
    if (typeof epochs === "number") return isDue(epochs) ? take(trainer.save({ training: true })) : undefined;
    // In a worker training may go on meanwhile: the file is of the moment of `save`.
    const { epoch } = Object(event) as { readonly epoch?: number };
    return epochs.then((known) => (isDue(known, epoch) ? take(trainer.save({ training: true })) : undefined));
  };
}

/** The updates over the life of a trainer, as its file has them. */
function stepsIn(bytes: Uint8Array): number {
  const step = readSafetensors("checkpoint", bytes).tensors.get("step");
  if (!step) throw new FileError("checkpoint: needs a trainer, which counts its steps; got another file");
  return new DataView(step.data.buffer, step.data.byteOffset).getFloat64(0, true);
}

async function write(folder: string, bytes: Uint8Array, steps: number, keep: number): Promise<void> {
  await makeFolder("checkpoint", folder);
  const names = await namesIn("checkpoint", folder);
  const before = sorted(names);
  const next = numberOf(before[0] ?? "") + 1;
  const name = `checkpoint-${`${next}`.padStart(6, "0")}-step-${steps}.safetensors`;
  await writeWhole("checkpoint", join(folder, name), bytes);
  for (const old of before.slice(keep - 1)) await remove("checkpoint", join(folder, old));
  await removeLeftOvers(folder, names);
}

const numberOf = (name: string) => Number(NAME.exec(name)?.[1] ?? 0);

/** The checkpoints among names, newest first. */
const sorted = (names: readonly string[]) =>
  names.filter((name) => NAME.test(name)).sort((a, b) => numberOf(b) - numberOf(a));

/**
 * The path of the newest checkpoint in a folder that is whole: its digest is checked, and damaged files are passed over.
 *
 * @returns undefined where there is none, or no folder
 * @throws FileError where the file system refuses
 * @example
 * await latestCheckpoint("no-such-folder"); // => undefined
 */
export async function latestCheckpoint(folder: string | URL): Promise<string | undefined> {
  refuseMore("latestCheckpoint", arguments, 1);
  const path = pathOf("latestCheckpoint", folder);
  for (const name of sorted(await namesIn("latestCheckpoint", path))) {
    const file = join(path, name);
    try {
      readTensors(await readWhole("latestCheckpoint", file));
      return file;
    } catch (error) {
      // One that another process has just removed is passed over, too.
      const isDamaged =
        error instanceof FileError && (error.code !== "file-system" || error.cause.systemCode === "ENOENT");
      if (!isDamaged) throw error;
    }
  }
  return undefined;
}
