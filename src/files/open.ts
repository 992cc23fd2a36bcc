/** Reading a file of this package: whole, of a known version, with its digest; then the model and the numbers in it. */
import { describe } from "../describe.ts";
import { FileError, WasmgradError } from "../errors.ts";
import type { DeserializeContext } from "../graph/deserialize.ts";
import type { FittedEntry } from "../graph/input.ts";
import type { AnyOp, OpName } from "../graph/op.ts";
import { Fn } from "../graph/op.ts";
import { dense } from "../graph/ops/dense.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { unary } from "../graph/ops/unary.ts";
import { modelFrom } from "../model/describe-model.ts";
import { type BringsOps, broughtBy } from "../model/layer.ts";
import type { Model } from "../model/model.ts";
import type { FitStages } from "../preprocess/pipeline.ts";
import { contentDigest, FILE_FORMAT, type Metadata } from "../program/file.ts";
import { fittedTensors, variableTensors } from "../program/file-tensors.ts";
import type { Program } from "../program/program.ts";
import { isState } from "../program/state.ts";
import { blockCheck } from "../program/state-check.ts";
import { classOf } from "../realm.ts";
import { type FileTensor, readSafetensors, type TensorFile } from "../safetensors.ts";
import { readPreprocessing } from "./preprocessing.ts";

/** The bytes of a file as a caller has them. */
export function bytesOfFile(who: string, given: unknown): Uint8Array {
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (classOf(given) === "ArrayBuffer") return new Uint8Array(given as ArrayBuffer);
  const instead = /^(Response|Blob|File)$/.test(classOf(given)) ? ": pass await .arrayBuffer() of it" : "";
  throw new FileError(
    `${who}: a file must be the Uint8Array that save() gives, or its ArrayBuffer; got ${describe(given)}${instead}`,
  );
}

/** @throws FileError for what is no whole file of this package */
export function openFile(who: string, given: unknown): TensorFile {
  const bytes = bytesOfFile(who, given);
  if (isState(bytes))
    throw new FileError(
      `${who}: a file must be one that save() wrote; got a state: compile the model and write restore(state)`,
    );
  const file = readSafetensors(who, bytes);
  const { metadata } = file;
  if (metadata.get("format") !== "wasmgrad")
    throw new FileError(
      `${who}: a file must be one that save() wrote; got ${describe(metadata.get("format"))} as its format: ` +
        "loadWeights takes the tensors of other programs",
    );
  const version = metadata.get("formatVersion") ?? "";
  if (!(/^[1-9]\d{0,8}$/.test(version) && Number(version) <= FILE_FORMAT))
    throw new FileError(
      `${who}: files must have a format version up to ${FILE_FORMAT}; got ${describe(version)}: install a newer version`,
    );
  checkDigest(who, file);
  return file;
}

/** @throws FileError for content that is not what was saved */
export function checkDigest(who: string, { metadata, tensors }: TensorFile): void {
  const digest = contentDigest(metadata, tensors.values());
  if (metadata.get("digest") !== digest)
    throw new FileError(
      `${who}: the content of a file must have the digest that it was saved with; got another one: damaged, or edited`,
      "digest",
    );
}

/** A text of the metadata as the JSON that it is; undefined where it is not there. */
export function readJson(who: string, { metadata }: TensorFile, name: string): unknown {
  const text = metadata.get(name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new FileError(`${who}: ${name} of a file must be JSON; got ${describe(text)}`);
  }
}

/** The ops that MLPs are made of, without kernels beyond those of every page; dropout is there to be left out. */
export const CORE_OPS: readonly AnyOp[] = [dense, reshape, softmax, unary];

/** What brings each of the other ops along. */
const BROUGHT_BY: { readonly [K in OpName]?: string } = {
  activityPenalty: "activityPenalty",
  approach: "batchNorm",
  argMax: "model",
  averagePool: "averagePool2d",
  attention: "multiHeadAttention",
  batchMatMul: "model",
  batchNorm: "batchNorm",
  binary: "model",
  broadcast: "spatialDropout",
  concat: "concat",
  conv: "conv2d",
  convTranspose: "conv2dTranspose",
  cumulativeSum: "model",
  depthwise: "depthwiseConv2d",
  dropout: "dropout",
  embedding: "embedding",
  gather: "model",
  layerNorm: "layerNorm",
  logSoftmax: "model",
  matMul: "model",
  maxPool: "maxPool2d",
  noise: "gaussianNoise",
  pad: "model",
  recurrent: "lstm",
  reduce: "model",
  slice: "model",
  stopGradient: "model",
  transpose: "model",
  unary: "model",
  upsample: "upsample2d",
};

/**
 * The model of a description that may come from anywhere.
 *
 * @param ops those at hand
 * @param source numbers that the model starts with
 * @param fitStages what fits preprocessing; none: it is only done
 * @throws FileError for what is no description of a model, or needs other ops
 */
export function readModel(
  who: string,
  description: unknown,
  ops: readonly AnyOp[],
  source: Pick<DeserializeContext, "valuesOf" | "fittedOf">,
  fitStages?: FitStages,
): Model {
  const table = new Map(ops.map((op) => [op.name as OpName, op]));
  const has = (name: OpName, fn: unknown) => {
    const op = table.get(name);
    // Functions from `Exp` on are in the extended kernels only, which their op names.
    return op && (name !== "unary" || op.kernels || isCore(op, fn)) ? op : undefined;
  };
  const fail = (rule: string, got: unknown): never => {
    throw new FileError(`${who}: ${rule}; got ${describe(got)}`);
  };
  checkOps(who, description, has);
  try {
    const opOf = (name: OpName, { fn }: Readonly<Record<string, unknown>>) =>
      has(name, fn) ?? fail("ops must be known", name);
    const preprocessing = readPreprocessing(who, fail, fitStages);
    return modelFrom(who, description, { ...source, opOf, preprocessingOf: preprocessing, fail });
  } catch (error) {
    if (error instanceof FileError) throw error;
    const text = error instanceof WasmgradError ? error.message : "another text";
    throw new FileError(`${who}: the model of a file must be one that save() can have written; got ${text}`);
  }
}

const isCore = (op: AnyOp, fn: unknown) =>
  Object.entries(op.enums?.fn ?? {}).some(([key, name]) => name === fn && Number(key) < Fn.Exp);

/** Names all that is missing at once, as the import that helps. */
function checkOps(who: string, description: unknown, has: (name: OpName, fn: unknown) => unknown): void {
  const { nodes } = (description as { computation?: { nodes?: unknown } } | null)?.computation ?? {};
  const missing = new Set<string>();
  for (const node of Array.isArray(nodes) ? nodes : []) {
    const { op, attrs } = Object(node) as { op?: OpName; attrs?: { fn?: unknown } };
    const by = typeof op === "string" && Object.hasOwn(BROUGHT_BY, op) ? BROUGHT_BY[op] : undefined;
    if (by !== undefined && !has(op as OpName, attrs?.fn)) missing.add(by);
  }
  if (missing.size === 0) return;
  const names = [...missing].sort().join(", ");
  throw new FileError(
    `${who}: the model needs ops that only pages with ${names} carry; got uses without: ` +
      `import { ${names} } from "wasmgrad" and write ${who}(${who.endsWith("JSON") ? "json" : "bytes"}, { uses: [${names}] })`,
    "uses",
  );
}

/** The ops of what is passed as `uses`. */
export function opsOf(who: string, uses: readonly BringsOps[]): readonly AnyOp[] {
  if (!Array.isArray(uses))
    throw new FileError(`${who}: uses must be an array; got ${describe(uses)}`, "uses");
  return uses.flatMap((use) => {
    const brought = broughtBy(use);
    if (brought) return brought.ops;
    throw new FileError(
      `${who}: uses must be functions of this package that bring ops, such as [batchNorm]; got ${describe(use)}: ` +
        "pass the function itself, without a call",
      "uses",
    );
  });
}

/** The values of a tensor of the file as numbers, aligned. */
export function float32Of({ data }: FileTensor): Float32Array {
  if (data.byteOffset % 4 === 0) return new Float32Array(data.buffer, data.byteOffset, data.length / 4);
  return new Float32Array(data.slice().buffer);
}

/** The tensor of a file that a program's stands for. */
export function tensorLike(who: string, { tensors }: TensorFile, like: FileTensor): FileTensor {
  const { name, dtype, shape } = like;
  const found = tensors.get(name);
  if (found?.dtype === dtype && `${found.shape}` === `${shape}`) return found;
  throw new FileError(
    `${who}: the file must have ${name}, ${dtype} [${shape}]; got ${found ? `${found.dtype} [${found.shape}]` : "none"}`,
  );
}

/** The model of a file, all of whose variables are there. */
export function readFileModel(
  who: string,
  file: TensorFile,
  ops: readonly AnyOp[],
  fitStages?: FitStages,
): Model {
  const valuesOf = (name: string) => {
    const tensor = file.tensors.get(name);
    if (tensor?.dtype === "F32") return float32Of(tensor);
    throw new FileError(`${who}: the file must have ${name} in F32; got ${tensor?.dtype ?? "none"}`);
  };
  const fittedOf = (entries: readonly FittedEntry[]) =>
    entries.flatMap(({ name, kind, length }) => {
      const shape = kind === "flag" ? [] : [length];
      const { data } = tensorLike(who, file, { name, dtype: "F64", shape, data: new Uint8Array() });
      return Array.from(new Float64Array(data.slice().buffer));
    });
  const model = readModel(who, readJson(who, file, "model"), ops, { valuesOf, fittedOf }, fitStages);
  for (const { name, shape } of model.graph.variables)
    tensorLike(who, file, { name, dtype: "F32", shape, data: new Uint8Array() });
  return model;
}

/** Class names in a file; undefined where there are none. */
export function labelsOf(who: string, file: TensorFile): readonly string[] | undefined {
  const labels = readJson(who, file, "labels");
  if (labels === undefined) return undefined;
  if (Array.isArray(labels) && labels.every((label) => typeof label === "string")) return labels;
  throw new FileError(`${who}: labels of a file must be texts; got ${describe(labels)}`);
}

/** What a file says of the trainer that it is of; it goes on into files of what is loaded. */
export const trainerEntries = ({ metadata }: TensorFile): Metadata =>
  Object.fromEntries([...metadata].filter(([name]) => TRAINER_ENTRIES.includes(name)));

const TRAINER_ENTRIES = ["loss", "lossByOutput", "optimizer", "compile", "metrics"];

/** Makes a program of what a file says. An error of another kind than the package's own speaks of the file, too. */
export function compileFile<T>(who: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof WasmgradError) throw error;
    throw new FileError(`${who}: the model of a file must make a program; got ${describe(`${error}`)}`);
  }
}

/** Fills a fresh program with the numbers of a file; where they cannot have come from training, the program goes. */
export function fillFile(
  who: string,
  predictor: { readonly program: Program; dispose(): void },
  file: TensorFile,
  more: readonly FileTensor[],
  whole: boolean,
): void {
  const { program } = predictor;
  try {
    for (const tensor of [...variableTensors(program), ...fittedTensors(program), ...more])
      tensor.data.set(tensorLike(who, file, tensor).data);
    blockCheck(program)(who, whole);
  } catch (error) {
    predictor.dispose();
    throw error instanceof FileError ? error : new FileError((error as Error).message);
  }
}
