import { ALL } from "../bringing.ts";
import { FileError } from "../errors.ts";
import { type LoadOptions, load } from "../files/load.ts";
import { type LoadTrainerOptions, loadTrainer } from "../files/load-trainer.ts";
import { BOOLEAN, readOptions, refuseMore } from "../options.ts";
import type { Predictor } from "../program/predictor.ts";
import type { FileOptions } from "../program/predictor-options.ts";
import type { Result, Rows } from "../rows/data.ts";
import type { Trainer } from "../train/trainer.ts";
import { pathOf, readWhole, writeWhole } from "./file-system.ts";

/**
 * Writes what `save` gives to a file. The file is written beside the old one, reaches the disk, and then takes its name: at every
 * moment, through crashes and full disks too, the old file or the new one stands there whole.
 *
 * @param path   of the file; its folder must be there
 * @param source a trainer or predictor, whose content is that of the call, or bytes
 * @throws FileError where the file system refuses; then the old file is there still
 * @example
 * const trainer = compile(sequential({ input: [2] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * await saveFile("model.safetensors", trainer, { training: true });
 */
export async function saveFile<X, P>(
  path: string | URL,
  source: Predictor<X, P> | Uint8Array,
  options: FileOptions = {},
): Promise<void> {
  refuseMore("saveFile", arguments, 3);
  const target = pathOf("saveFile", path);
  const { training, weights } = readOptions("saveFile", options, { training: [false, BOOLEAN], weights: [] });
  const bytes = source instanceof Uint8Array ? source.slice() : source?.save?.({ training, weights });
  if (!bytes)
    throw new FileError(`saveFile: source must be a trainer, a predictor or bytes; got ${typeof source}`);
  await writeWhole("saveFile", target, bytes);
}

/**
 * The predictor of a file. Every op is at hand without `uses`; the digest is checked.
 *
 * @throws FileError where the file system refuses, and as `load` does
 * @example
 * await saveFile("model.safetensors", compile(sequential({ input: [2] }, [dense(1)])));
 * (await loadFile("model.safetensors")).predict([[0, 1]]).shape; // => [1, 1]
 */
export async function loadFile<X = Rows, P = Result>(
  path: string | URL,
  options: LoadOptions = {},
): Promise<Predictor<X, P>> {
  refuseMore("loadFile", arguments, 2);
  const bytes = await readWhole("loadFile", pathOf("loadFile", path));
  return withPath("loadFile", "load", path, () => load<X, P>(bytes, { uses: ALL, ...options }));
}

/**
 * The trainer of a file, which goes on to the bit from one that was saved with `{ training: true }`. Every op is at hand without
 * `uses`; the digest is checked.
 *
 * @throws FileError where the file system refuses, and as `loadTrainer` does
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * await trainer.fit({ x: [[0], [1]], y: [1, 3] }, { epochs: 5 });
 * await saveFile("trainer.safetensors", trainer, { training: true });
 * (await loadTrainerFile("trainer.safetensors")).epochs; // => 5
 */
export async function loadTrainerFile<X = Rows, P = Result>(
  path: string | URL,
  options: LoadTrainerOptions<P> = {},
): Promise<Trainer<X, P>> {
  refuseMore("loadTrainerFile", arguments, 2);
  const bytes = await readWhole("loadTrainerFile", pathOf("loadTrainerFile", path));
  return withPath("loadTrainerFile", "loadTrainer", path, () =>
    loadTrainer<X, P>(bytes, { uses: ALL, ...options }),
  );
}

/** Says in an error of a file's content which file it was. */
function withPath<T>(who: string, inner: string, path: string | URL, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const message = error.message.replace(`${inner}: `, "");
    throw new FileError(`${who}: ${path}: ${message}`, error.code.slice("file-".length), { path: `${path}` });
  }
}
