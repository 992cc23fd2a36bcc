import { f32, type Op } from "../graph/op.ts";
import type { BringsOps } from "../model/layer.ts";
import type { TableRows } from "../model/model.ts";
import { readOptions, refuseMore } from "../options.ts";
import type { Metadata } from "../program/file.ts";
import type { Predictor } from "../program/predictor.ts";
import type { Result } from "../rows/data.ts";
import type { Engine } from "../runtime/space.ts";
import { type CompileOptions, compile } from "../train/compile.ts";
import { ENDINGS, fromLogits } from "../train/logits.ts";
import type { Loss } from "../train/losses.ts";
import {
  CORE_OPS,
  compileFile,
  fillFile,
  labelsOf,
  openFile,
  opsOf,
  readFileModel,
  readJson,
  trainerEntries,
} from "./open.ts";

export interface LoadOptions {
  /**
   * What the model needs beside dense layers, activations and shapes: layer functions such as `batchNorm` or `embedding`, or
   * `model` where it computes with tensors. A page carries only what it names here.
   */
  readonly uses?: readonly BringsOps[];
  /** Class names in place of those in the file. */
  readonly labels?: readonly string[];
  /** Most rows of a pass. Default: 32. */
  readonly batchSize?: number;
  /** Where kernels come from. Default: the embedded ones, on the calling thread. */
  readonly engine?: Engine;
}

/** `dropout` as it is outside training: nothing. It stands in the graph, so that states and files stay those of the model. */
const droppedOut: Op<"dropout"> = {
  name: "dropout",
  infer: (_, [x]) => [f32(x.shape)],
  vjp: { reason: "the model was loaded for predicting alone: write load(bytes, { uses: [dropout] })" },
  inference: ({ inputs }) => inputs,
  lower: () => [],
  alias: 0,
};

/**
 * A predictor from a file that `save` wrote. Its digest is checked; nothing of a damaged file is used.
 *
 * @param bytes the whole file
 * @throws FileError for bytes that are no such file or were changed, and for a model that needs ops which were not passed in
 *   `uses`; the message then says what to import
 * @example
 * const model = sequential({ input: [2], seed: 42 }, [dense(8, { activation: "tanh" }), dense(2, { activation: "softmax" })]);
 * const bytes = compile(model, { labels: ["no", "yes"] }).save();
 * const [{ label, probability }] = load(bytes).classify([[0, 1]]);
 */
export function load<X = TableRows, P = Result>(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadOptions = {},
): Predictor<X, P> {
  refuseMore("load", arguments, 2);
  const { uses, labels, batchSize, engine } = readOptions("load", options, {
    uses: [[]],
    labels: [],
    batchSize: [],
    engine: [],
  });
  const ops = [droppedOut, ...CORE_OPS, ...opsOf("load", uses)];
  const file = openFile("load", bytes);
  const model = readFileModel("load", file, ops);
  const settings = { ...(batchSize === undefined ? {} : { batchSize }), ...(engine ? { engine } : {}) };
  const names = labels ?? labelsOf("load", file);
  const predictor = compileFile("load", () =>
    compile(model, { ...settings, ...(names ? { labels: names } : {}) }),
  );
  fillFile("load", predictor, file, [], false);
  const kept: Metadata = {
    ...trainerEntries(file),
    ...(names ? { labels: JSON.stringify(names) } : {}),
  };
  return Object.assign(predictor, probabilitiesOf(readJson("load", file, "loss"), settings), {
    fileParts: () => ({ metadata: kept, tensors: [] }),
  }) as unknown as Predictor<X, P>;
}

/** Where the loss of the trainer took logits, `classify` gives the probabilities that they stand for. */
function probabilitiesOf(loss: unknown, settings: CompileOptions): object {
  const { kind, fromLogits: isLogits } = Object(loss) as Partial<Loss>;
  if (isLogits !== true || typeof kind !== "string" || !Object.hasOwn(ENDINGS, kind)) return {};
  return fromLogits({ kind, fromLogits: isLogits }, (model) => compile(model, settings) as never);
}
