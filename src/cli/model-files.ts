/** Model files as the command reads and writes them. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import {
  batchNorm,
  dropout,
  embedding,
  layerNorm,
  load,
  loadTrainer,
  model,
  type Predictor,
  type Trainer,
} from "../index.ts";
import { Failure } from "./failures.ts";
import { naming } from "./files.ts";

/** A file may hold any model of this package. */
const USES = [batchNorm, dropout, embedding, layerNorm, model];

/** A column that a model reads. */
export interface ModelColumn {
  readonly name: string;
  readonly kind: "number" | "category" | "date";
  readonly categories?: readonly string[];
}

export const readPredictor = (path: string): Promise<Predictor> =>
  naming(path, () => load(readFileSync(path), { uses: USES as never }) as unknown as Predictor);

export const readTrainer = (path: string): Promise<Trainer> =>
  naming(path, () => loadTrainer(readFileSync(path), { uses: USES as never }) as unknown as Trainer);

/** Writes a model so that the file has all of it or stays as it was: a temporary file beside it takes its place. */
export function writeModel(path: string, trainer: Trainer): number {
  const bytes = trainer.save({ training: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "wx");
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw new Failure(`${path}: the folder must exist; got no folder ${dirname(path)}`);
    throw Object.assign(error as Error, code ? { path } : {});
  }
  syncFolder(dirname(path));
  return bytes.length;
}

/** Makes the new name last; some systems cannot sync folders. */
function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch {
    // The file itself is on the disk.
  }
}

const inputsOf = (predictor: Predictor) =>
  (predictor as unknown as { readonly model: { readonly graph: ModelGraph } }).model.graph.inputs;

/** Whether a model was made of a table, so that it knows names of columns. */
export const isOfTable = (predictor: Predictor): boolean => {
  const inputs = inputsOf(predictor);
  return inputs.length === 1 && inputs[0].columns !== undefined;
};

/** What a model that was made of a table reads. */
export function columnsOf(predictor: Predictor, path: string): readonly ModelColumn[] {
  if (!isOfTable(predictor))
    throw new Failure(
      `${path}: must be a model of a table, such as wasmgrad train writes; got one without names of columns`,
    );
  return inputsOf(predictor)[0].columns as readonly ModelColumn[];
}

interface ModelGraph {
  readonly inputs: readonly { readonly name: string; readonly columns?: readonly ModelColumn[] }[];
}

/** Names of the classes; undefined for a regression. */
export const labelsOf = (predictor: Predictor): readonly string[] | undefined =>
  (predictor as unknown as { readonly labels?: readonly string[] }).labels;
