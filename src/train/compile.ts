import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { Builder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { LossFn } from "../graph/op.ts";
import { accumulate as addLosses } from "../graph/ops/gradient.ts";
import { loss as lossOp } from "../graph/ops/loss.ts";
import type { ValueId } from "../graph/type.ts";
import { checkSeed, type Model } from "../model/model.ts";
import { COUNT, checkNumber, optionsOf, refuseMore, refuseOthers } from "../options.ts";
import type { TapePort, TrainRequest } from "../plan/request.ts";
import { Predictor } from "../program/predictor.ts";
import { Program } from "../program/program.ts";
import type { Result, Rows } from "../rows/data.ts";
import { defaultEngine, type Engine } from "../runtime/space.ts";
import { type Loss, lossInput } from "./losses.ts";
import type { Optimizer } from "./optimizers.ts";
import { Trainer } from "./trainer.ts";
import type { OutputLoss } from "./training-data.ts";

export interface CompileOptions {
  /** Most rows of a pass; it sizes the memory. Larger data go through in batches. Default: 32. */
  readonly batch?: number;
  /** Class names in the order of the outputs (two names for one sigmoid): `y` may hold them, `classify` gives them. */
  readonly labels?: readonly string[];
  /** Where kernels come from. Default: the embedded ones, on the calling thread. */
  readonly engine?: Engine;
}

export interface TrainOptions extends CompileOptions {
  /** What is minimized: a loss, or losses by output name, whose sum it then is. */
  readonly loss: Loss | { readonly [output: string]: Loss };
  readonly optimizer: Optimizer;
  /** Seeds the order in which epochs visit the rows. Default: the model's seed. */
  readonly shuffleSeed?: number;
  /**
   * Batches whose gradients make one update: the mean over all their rows, as one batch of so many rows would give, in
   * the memory of one. An epoch's last batches make an update of their own. Default: 1.
   */
  readonly accumulate?: number;
  /** Rows kept in the engine's memory at a time; larger data are streamed through. Default: about 8 MiB of rows. */
  readonly windowRows?: number;
}

/** Bytes of data a window holds unless told otherwise. */
const WINDOW_BYTES = 1 << 23;
const MOST_WINDOW_ROWS = 1 << 16;
/** Draws are keyed by the number of the pass in 16 bits. */
const MOST_ACCUMULATED = 0xffff;

/**
 * Makes a program of a model: with a loss and an optimizer a Trainer, without a Predictor. All memory is planned and
 * taken here; nothing is allocated later.
 *
 * @throws OptionError for a bad option or a loss that does not go with the model's output, MemoryError when the program
 *   does not fit, UnsupportedEngineError without WebAssembly SIMD
 * @example
 * const model = sequential({ input: [2] }, [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
 * const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
 */
export function compile<X = Rows, P = Result>(model: Model<X, P>, options: TrainOptions): Trainer<X, P>;
export function compile<X = Rows, P = Result>(model: Model<X, P>, options?: CompileOptions): Predictor<X, P>;
export function compile<X = Rows, P = Result>(
  model: Model<X, P>,
  options: CompileOptions | TrainOptions = {},
): Predictor<X, P> {
  refuseMore("compile", arguments, 2);
  const { batch = 32, labels, engine = defaultEngine(), ...training } = optionsOf("compile", options);
  const {
    loss,
    optimizer,
    shuffleSeed,
    windowRows,
    accumulate = 1,
    ...others
  } = training as Partial<TrainOptions>;
  refuseOthers("compile", others);
  checkNumber("compile", "batch", batch, COUNT);
  const graph = model?.graph;
  if (!graph) throw new OptionError(`compile: needs a model; got ${typeof model} without a graph`);
  checkLabels(graph, labels);
  if (!("loss" in options || "optimizer" in options)) {
    const seeds = { seed: model.seed, shuffleSeed: model.seed };
    return new Predictor(
      new Program("compile", engine, { graph, batch, windowRows: 0 }, seeds, { labels }),
      model,
      labels,
    );
  }
  if (!loss || !optimizer)
    throw new OptionError(
      `compile: a trainer needs loss and optimizer; got no ${loss ? "optimizer" : "loss"}`,
    );
  checkSeed("compile", shuffleSeed, "shuffleSeed");
  if (!optimizer.plan)
    throw new OptionError(
      `compile: optimizer must be made by sgd(), adam() or adamW(); got ${typeof optimizer === "function" ? "a function that was not called" : typeof optimizer}`,
    );
  if (!(Number.isSafeInteger(accumulate) && accumulate >= 1 && accumulate <= MOST_ACCUMULATED))
    throw new OptionError(
      `compile: accumulate must be a whole number from 1 to ${MOST_ACCUMULATED}; got ${describe(accumulate)}`,
    );
  const { train, losses } = trainRequest(graph, loss, optimizer, accumulate);
  const rowWords = [
    ...train.targets.map((t) => t.rowElements),
    ...graph.inputs.map((p) => rowElements(graph, p.value)),
  ];
  const program = new Program(
    "compile",
    engine,
    {
      graph,
      batch,
      train,
      windowRows: windowSize(batch, windowRows, rowWords.reduce((p, q) => p + q, 0) * 4),
    },
    { seed: model.seed, shuffleSeed: shuffleSeed ?? model.seed },
    { labels },
  );
  const parts = { losses, namedTargets: typeof loss !== "function", optimizer, shuffleSeed };
  return new Trainer(program, model, labels, parts, (m) => compile(m, { batch, labels, engine }));
}

const rowElements = (graph: Graph, id: ValueId) =>
  graph
    .shape(id)
    .slice(1)
    .reduce((p, d) => p * d, 1);

function windowSize(batch: number, given: number | undefined, rowBytes: number): number {
  if (given !== undefined) checkNumber("compile", "windowRows", given, COUNT);
  const rows = given ?? Math.min(MOST_WINDOW_ROWS, Math.floor(WINDOW_BYTES / rowBytes));
  // Whole batches, so that none straddles two windows.
  return Math.max(1, Math.floor(rows / batch)) * batch;
}

/** The model's graph with targets and the total loss. */
function trainRequest(
  model: Graph,
  loss: TrainOptions["loss"],
  optimizer: Optimizer,
  accumulate: number,
): { train: TrainRequest; losses: OutputLoss[] } {
  const graph = model.copy();
  const builder = new Builder(graph);
  const byName = typeof loss === "object" ? loss : { [model.outputs[0].name]: loss };
  if (typeof loss !== "object" && model.outputs.length !== 1)
    throw new OptionError(
      `compile: a model with several outputs needs losses by output name; got one loss for ${names(model)}`,
    );
  const losses: OutputLoss[] = [];
  const targets: TapePort[] = [];
  const predictions: ValueId[] = [];
  let total: ValueId | undefined;
  for (const [output, outputLoss] of Object.entries(byName)) {
    if (outputLoss?.fn === undefined)
      throw new OptionError(
        `compile: loss must be made by meanSquaredError(), crossEntropy() or another loss; got ${typeof outputLoss === "function" ? "a function that was not called" : typeof outputLoss}`,
      );
    const port = model.outputs.find((p) => p.name === output);
    if (!port)
      throw new OptionError(`compile: losses must name outputs, one of ${names(model)}; got ${output}`);
    const value = lossInput(graph, port.name, port.value, outputLoss);
    const shape = graph.shape(value);
    const labels = outputLoss.fn === LossFn.CrossEntropy;
    // Class indices and rows share one buffer; the tape is told which one it holds.
    const target = graph.addValue(
      { shape: labels ? shape.slice(0, -1) : shape, dtype: labels ? "i32" : "f32" },
      `${output}.target`,
    );
    builder.scope = outputLoss.kind;
    const { fn, parameter } = outputLoss;
    const [part] = builder.emit(lossOp, { fn, parameter }, [value, target], "loss");
    [total] = total === undefined ? [part] : builder.emit(addLosses, {}, [total, part], "loss");
    losses.push({ output, loss: outputLoss, rowElements: rowElements(graph, value) });
    targets.push({
      name: output,
      kind: "target",
      value: target,
      dtype: labels ? "i32" : "f32",
      rowElements: rowElements(graph, value),
      below: 0,
    });
    predictions.push(value);
  }
  if (total === undefined) throw new OptionError("compile: a trainer needs at least one loss; got none");
  return {
    train: { graph, loss: total, targets, predictions, optimizer: optimizer.plan, accumulate },
    losses,
  };
}

const names = (graph: Graph) => graph.outputs.map((p) => p.name).join(", ");

function checkLabels(graph: Graph, labels: readonly string[] | undefined): void {
  if (labels === undefined) return;
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === "string")))
    throw new OptionError(`compile: labels must be an array of strings; got ${describe(labels)}`);
  if (graph.outputs.length !== 1)
    throw new OptionError(`compile: labels need a model with one output; got outputs ${names(graph)}`);
  const [{ value }] = graph.outputs;
  const units = rowElements(graph, value);
  const classes = units === 1 ? 2 : units;
  if (new Set(labels).size !== labels.length)
    throw new OptionError(`compile: labels must differ; got [${labels.join(", ")}]`);
  if (labels.length !== classes)
    throw new OptionError(`compile: labels must name all ${classes} classes; got ${labels.length}`);
}
