import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { type Model, makeModel } from "../model/model.ts";
import { COUNT, oneOf, readOptions, refuseMethods, refuseMore } from "../options.ts";
import { outputNames, rowElements } from "../plan/graphs.ts";
import { Predictor } from "../program/predictor.ts";
import { Program } from "../program/program.ts";
import type { Result, Rows } from "../rows/data.ts";
import { defaultEngine, type Engine } from "../runtime/space.ts";
import type { MakePredictor } from "./logits.ts";
import type { Draft, TrainerOptions } from "./make-trainer.ts";
import type { Optimizer } from "./optimizers.ts";
import type { Trainer } from "./trainer.ts";

export type { TrainerOptions };

export interface CompileOptions {
  /** Most rows of a pass; it sizes the memory. Larger data go through in batches. Default: 32. */
  readonly batchSize?: number;
  /** Class names in the order of the outputs (two names for one sigmoid): `y` may hold them, `classify` gives them. */
  readonly labels?: readonly string[];
  /**
   * `"standardize"` scales targets to mean 0 and spread 1 before they meet the loss, and brings predictions back: for regressions
   * in units far from 1. Losses are then in standardized units, predictions and metrics in those of y. Fitted by the first `fit`.
   * A predictor needs it to take the states of such a trainer. Default: targets as they are.
   */
  readonly targets?: "standardize";
  /** Where kernels come from. Default: the embedded ones, on the calling thread. */
  readonly engine?: Engine;
}

export interface TrainOptions<P = Result> extends CompileOptions, TrainerOptions<P> {
  readonly optimizer: Optimizer;
}

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
export function compile<X = Rows, P = Result, L = never, O = never>(
  model: Model<X, P>,
  options?: [L | O] extends [never]
    ? CompileOptions & { readonly loss?: L; readonly optimizer?: O }
    : TrainOptions<P>,
): [L | O] extends [never] ? Predictor<X, P> : Trainer<X, P>;
export function compile<X, P>(
  model: Model<X, P>,
  options: CompileOptions | TrainOptions<P> = {},
): Predictor<X, P> {
  refuseMore("compile", arguments, 2);
  const { engine, ...draft } = draftOf(model, options);
  return draft.make(new Program("compile", engine, draft.request, draft.seeds, draft.labels));
}

/** All of `compile` that comes before a program has memory. @internal */
export function draftOf<X, P>(
  model: Model<X, P>,
  options: CompileOptions | TrainOptions<P>,
): Draft<Predictor<X, P>> & { readonly engine: Engine } {
  if (!model?.graph)
    throw new OptionError(
      `compile: model, the first argument, must be what sequential() or model() gives; got ${describe(model)}`,
    );
  const read = readOptions("compile", options as Partial<TrainOptions>, {
    loss: [],
    optimizer: [],
    batchSize: [32, COUNT],
    labels: [],
    targets: [undefined, oneOf("standardize")],
    accumulate: [],
    freeze: [],
    clip: [],
    averageWeights: [],
    penalties: [],
    constraints: [],
    shuffleSeed: [],
    windowRows: [],
    metrics: [],
    engine: [],
  });
  const {
    loss,
    optimizer,
    batchSize: batch,
    labels,
    targets,
    accumulate,
    freeze,
    clip,
    averageWeights,
    penalties,
    constraints,
    shuffleSeed,
    windowRows,
    metrics,
  } = read;
  if (targets) model = standardizeTargetsOf(model, loss);
  const engine = read.engine ?? defaultEngine();
  const { graph } = model;
  checkLabels(graph, labels);
  if (!("loss" in options || "optimizer" in options)) {
    const unread = Object.entries({
      shuffleSeed,
      windowRows,
      accumulate,
      metrics,
      freeze,
      clip,
      averageWeights,
      penalties,
      constraints,
    });
    const [name, value] = unread.find((entry) => entry[1] !== undefined) ?? [];
    if (name)
      throw new OptionError(
        `compile: ${name} needs loss and optimizer; got ${name} ${describe(value)} without them`,
      );
    refuseMethods(
      Predictor.prototype,
      "fit fitSync step evaluate evaluateAsync gradients setLearningRate reset snapshot bind bindAsync withState stepBuffers adapt adaptAsync",
      "needs a trainer, which compile(model, { loss, optimizer }) makes; got a predictor, made without them",
    );
    return {
      engine,
      request: { graph, batch, windowRows: 0 },
      seeds: { seed: model.seed, shuffleSeed: model.seed },
      labels: { labels },
      make: (program) => new Predictor(program, model, labels),
    };
  }
  if (!loss || !optimizer)
    throw new OptionError(
      `compile: a trainer needs loss and optimizer; got no ${loss ? "optimizer: add one, such as adam()" : "loss: add one, such as meanSquaredError()"}`,
    );
  if (!optimizer.draftTrainer)
    throw new OptionError(
      `compile: optimizer must be what adam(), adamW() or sgd() gives; got ${describe(optimizer)}` +
        (typeof optimizer === "function" ? ": call it" : ""),
    );
  const makePredictor: MakePredictor = (m) => compile(m, { batchSize: batch, labels, engine });
  const request = { model, optimizer, batch, labels, makePredictor };
  const draft = optimizer.draftTrainer({
    ...request,
    loss,
    shuffleSeed,
    windowRows,
    accumulate,
    freeze,
    clip,
    averageWeights,
    penalties,
    constraints,
    metrics,
  });
  return { ...draft, engine };
}

/** The model with targets to be standardized: those of the outputs that have a loss, or all where there is none. */
function standardizeTargetsOf<X, P>(model: Model<X, P>, loss: unknown): Model<X, P> {
  const graph = model.graph.copy();
  const trained = typeof loss === "object" && loss !== null ? Object.keys(loss) : undefined;
  graph.outputs.forEach((port, i) => {
    if (!trained || trained.includes(port.name)) graph.outputs[i] = { ...port, targets: "standardize" };
  });
  return makeModel(graph, model.seed, model.named) as Model<X, P>;
}

function checkLabels(graph: Graph, labels: readonly string[] | undefined): void {
  if (labels === undefined) return;
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === "string")))
    throw new OptionError(
      `compile: labels must be an array of strings, such as ["no", "yes"]; got ${describe(labels)}`,
    );
  if (graph.outputs.length !== 1)
    throw new OptionError(`compile: labels need a model with one output; got outputs ${outputNames(graph)}`);
  const [{ value }] = graph.outputs;
  const shape = graph.shape(value);
  const units = shape.length > 2 ? shape[shape.length - 1] : rowElements(graph, value);
  const classes = units === 1 ? 2 : units;
  if (new Set(labels).size !== labels.length)
    throw new OptionError(
      `compile: labels must differ; got ${describe(labels.find((label, i) => labels.indexOf(label) < i))} twice`,
    );
  if (labels.length !== classes)
    throw new OptionError(
      `compile: labels must name all ${classes} classes of a model that ends in ${units} unit${units === 1 ? "" : "s"}; got ${labels.length} labels`,
    );
}
