/** The part of `compile` that only training needs: the model's graph with targets and losses, and the Trainer over it. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { Builder } from "../graph/builder.ts";
import type { Graph, Port } from "../graph/graph.ts";
import { accumulate as addLosses } from "../graph/ops/gradient.ts";
import { ROWS, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import type { Layer } from "../model/layer.ts";
import { type Model, SEED } from "../model/model.ts";
import { type AddedLoss, broughtTracing, type OwnLoss, Symbolic } from "../model/symbolic.ts";
import { COUNT, check, type Rule } from "../options.ts";
import { outputNames, rowElements, type TapePort } from "../plan/graphs.ts";
import type { OptimizerPlan } from "../plan/optimizer.ts";
import type { PlanRequest, TrainRequest } from "../plan/request.ts";
import { TRAINING } from "../plan/training.ts";
import type { Program, Seeds } from "../program/program.ts";
import type { StateLabels } from "../program/state.ts";
import type { Result } from "../rows/data.ts";
import { unknownName } from "../suggest.ts";
import { type FeatureOptions, readFeatures } from "./features.ts";
import type { MakePredictor } from "./logits.ts";
import { isOfClasses, type Loss, type LossFunction, lossAttributes, lossInput } from "./losses.ts";
import { type MetricFunction, type MetricName, readMetrics } from "./metric-names.ts";
import { parametersUnder, unknownParameter } from "./named-parameters.ts";
import type { Penalty } from "./penalties.ts";
import { Trainer } from "./trainer.ts";
import type { ByOutput, NamedOutputs, OutputLoss } from "./training-data.ts";

/** Bytes of data a window holds unless told otherwise. */
const WINDOW_BYTES = 1 << 23;
const MOST_WINDOW_ROWS = 1 << 16;
/** Draws are keyed by the number of the pass in 16 bits. */
const MOST_ACCUMULATED = 0xffff;
const ACCUMULATED: Rule = [
  `a whole number from 1 to ${MOST_ACCUMULATED}`,
  (n: number) => COUNT[1](n) && n <= MOST_ACCUMULATED,
];

/** What makes a trainer of a model, beside its optimizer. */
export interface TrainerOptions<P = Result> extends FeatureOptions {
  /**
   * What is minimized: a loss, or a function of prediction and target that makes one, or these by output name, whose sum it then
   * is. Pages made by a bundler write `customLoss(fn)`, which brings tensors along.
   */
  readonly loss: Loss | LossFunction | ByOutput<P, Loss | LossFunction>;
  /** Seeds the order in which epochs visit the rows. Default: the model's seed. */
  readonly shuffleSeed?: number;
  /**
   * Batches whose gradients make one update: the mean over all their rows, as one batch of so many rows would give, in
   * the memory of one. An epoch's last batches make an update of their own. `batchNorm` normalizes each batch by its own
   * statistics, so there the result differs from that of one batch. Default: 1.
   */
  readonly accumulate?: number;
  /**
   * What training does not change: layers, and names of layers and parameters, `"encoder"` for all that begins with `encoder.`. It gets no
   * gradients and no memory for any, running statistics stay too, and it is no part of states, which carry a digest of it. Default: nothing.
   */
  readonly freeze?: readonly (string | Layer)[];
  /** Rows kept in the engine's memory at a time; larger data are streamed through. Default: about 8 MiB of rows. */
  readonly windowRows?: number;
  /**
   * Measured beside the loss, in `evaluate`, `onEpoch` and the `history` of `fit`: names, metrics of `wasmgrad/metrics`, and functions
   * of your own. Default: none; `evaluate` gives the accuracy of classifiers anyway.
   */
  readonly metrics?: readonly (MetricName | MetricFunction)[];
}

/** The part of an optimizer that a trainer goes by. */
export interface OptimizerSettings {
  readonly kind: string;
  /** The settings as given, with defaults filled in: for `manifest()`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** @internal */
  readonly plan: OptimizerPlan;
}

/** What `compile` has checked already. */
export interface TrainerRequest<X, P> extends TrainerOptions<NamedOutputs> {
  readonly model: Model<X, P>;
  readonly optimizer: OptimizerSettings;
  readonly batch: number;
  readonly labels: readonly string[] | undefined;
  readonly makePredictor: MakePredictor;
}

/** A model that was checked and waits for its program. */
export interface Draft<T> {
  readonly request: Omit<PlanRequest, "base" | "foreign">;
  readonly seeds: Seeds;
  readonly labels: StateLabels;
  make(program: Program): T;
}

export function draftTrainer<X, P>(request: TrainerRequest<X, P>): Draft<Trainer<X, P>> {
  const { model, loss, optimizer, batch, labels, shuffleSeed, accumulate = 1, windowRows } = request;
  const { graph, seed } = model;
  if (shuffleSeed !== undefined) check("compile", "shuffleSeed", shuffleSeed, SEED);
  check("compile", "accumulate", accumulate, ACCUMULATED);
  const frozen = frozenIn(graph, request.freeze);
  const { train, losses } = trainRequest(request, accumulate, frozen);
  const metrics = readMetrics(request.metrics, losses);
  const rowWords = [
    ...train.targets.map((t) => t.rowElements),
    ...graph.inputs.map((p) => rowElements(graph, p.value)),
  ];
  const rowBytes = rowWords.reduce((p, q) => p + q, 0) * 4;
  const { makePredictor } = request;
  const parts = {
    losses,
    namedTargets: typeof loss !== "function",
    optimizer,
    shuffleSeed,
    makePredictor,
    metrics,
    clip: request.clip,
    averageWeights: request.averageWeights,
    penalties: request.penalties,
    constraints: request.constraints,
  };
  return {
    request: {
      graph,
      batch,
      train,
      windowRows: windowSize(batch, windowRows, rowBytes),
      frozen,
    },
    seeds: { seed, shuffleSeed: shuffleSeed ?? seed },
    labels: { labels },
    make: (program) => new Trainer(program, model, labels, parts),
  };
}

/** The variables that layers, and names of layers and parameters, mean. */
function frozenIn(graph: Graph, given: TrainerOptions["freeze"]): ReadonlySet<string> {
  if (given === undefined) return new Set();
  const isLayer = (one: unknown) => typeof one === "function" && "kind" in one;
  if (!(Array.isArray(given) && given.every((one) => typeof one === "string" || isLayer(one))))
    throw new OptionError(
      `compile: freeze must be layers, or names of layers and parameters, such as ["dense1"]; got ${describe(given)}`,
    );
  return new Set(
    (given as readonly (string | Layer)[]).flatMap((one) => {
      const names = typeof one === "string" ? [one] : (graph.layerNames.get(one) ?? []);
      const found = names.flatMap((name) => parametersUnder(graph, name));
      if (found.length > 0) return found;
      throw unknownParameter("compile: freeze", graph, one);
    }),
  );
}

function windowSize(batch: number, given: number | undefined, rowBytes: number): number {
  if (given !== undefined) check("compile", "windowRows", given, COUNT);
  const rows = given ?? Math.min(MOST_WINDOW_ROWS, Math.floor(WINDOW_BYTES / rowBytes));
  // Whole batches, so that none straddles two windows.
  return Math.max(1, Math.floor(rows / batch)) * batch;
}

/** A loss of this package in the graph of a trainer. */
function addLoss(
  builder: Builder,
  { name, value: output }: Port,
  loss: Loss,
  weight: ValueId,
): AddedLoss & { readonly loss: Loss } {
  const { graph } = builder;
  const prediction = lossInput(graph, name, output, loss);
  const shape = graph.shape(prediction);
  const labels = isOfClasses(loss);
  // Class indices and rows share one buffer; the tape is told which one it holds.
  const target = graph.addValue(
    { shape: labels ? shape.slice(0, -1) : shape, dtype: labels ? "i32" : "f32" },
    `${name}.target`,
  );
  builder.scope = loss.kind;
  const { ignore } = loss;
  const [weights] = ignore
    ? builder.emit(ignore.op, { ignore: ignore.index }, [target, weight], "weights")
    : [weight];
  const [value] = builder.emit(loss.op, lossAttributes(loss), [prediction, target, weights], "loss");
  return { loss, value, target, prediction };
}

function addOwnLoss(builder: Builder, { name, value }: Port, given: unknown, weight: ValueId): OwnLoss {
  const isFunction = typeof given === "function";
  // Functions of this package, which make losses, have no parameters without defaults.
  const isOwn = isFunction && given.length > 0;
  const tracing = broughtTracing();
  if (isOwn && tracing) return tracing.traceLoss(given as never, new Symbolic(builder, value), name, weight);
  throw new OptionError(
    "compile: loss must be what crossEntropy(), binaryCrossEntropy(), meanSquaredError(), meanAbsoluteError() or " +
      `huber() gives; got ${describe(given)}` +
      (isOwn ? ": write customLoss(fn)" : isFunction ? ": call it, or let it take (prediction, target)" : ""),
  );
}

/** A loss with the penalties of activations and parameters. */
function addPenalties(
  builder: Builder,
  penalties: readonly Penalty[],
  loss: ValueId,
  frozen: ReadonlySet<string>,
): ValueId {
  const { graph, emit } = builder;
  const ofNodes = graph.nodes.map(({ rule, attrs, inputs, scope }) => {
    builder.scope = scope;
    const constant = (value: number) => graph.addConstant([], Float32Array.of(value));
    return rule.penalty?.({ op: rule, attrs, inputs, emit, shape: (id) => graph.shape(id), constant });
  });
  const ofParameters = penalties.map((penalty) => penalty.addTo(builder, loss, frozen));
  builder.scope = "";
  let total = loss;
  for (const term of [...ofNodes, ...ofParameters])
    if (term !== undefined) [total] = emit(addLosses, {}, [total, term], "loss");
  return total;
}

/** The model's graph with targets and the total loss. */
function trainRequest<X, P>(
  { model: { graph: model }, loss, optimizer, ...options }: TrainerRequest<X, P>,
  accumulate: number,
  frozen: ReadonlySet<string>,
): { train: TrainRequest; losses: OutputLoss[] } {
  const graph = model.copy();
  const builder = new Builder(graph);
  const byName = typeof loss === "object" ? loss : { [model.outputs[0].name]: loss };
  if (typeof loss !== "object" && model.outputs.length !== 1)
    throw new OptionError(
      `compile: a model with several outputs needs losses by name, such as { ${model.outputs[0].name}: .. }; ` +
        `got one loss for ${outputNames(model)}`,
    );
  const losses: OutputLoss[] = [];
  const targets: TapePort[] = [];
  const weight = graph.addValue({ shape: [ROWS], dtype: "f32" }, "sampleWeight");
  const predictions: ValueId[] = [];
  let total: ValueId | undefined;
  for (const [output, given] of Object.entries(byName)) {
    const port = model.outputs.find((p) => p.name === output);
    if (!port) {
      const names = model.outputs.map(({ name }) => name);
      throw new OptionError(unknownName("compile: loss", "output", output, names), "unknown");
    }
    const isKnown = (given as Partial<Loss> | undefined)?.fn !== undefined;
    const {
      loss: made,
      value: part,
      target,
      prediction,
      ...others
    }: AddedLoss & Omit<OutputLoss, "output" | "rowElements" | "positions"> = isKnown
      ? addLoss(builder, port, given as Loss, weight)
      : addOwnLoss(builder, port, given, weight);
    if (port.targets && made.family !== "numbers")
      throw new OptionError(
        `compile: targets: "${port.targets}" needs a loss of numbers, such as meanSquaredError(); got ${made.kind} for ${describe(output)}`,
      );
    [total] = total === undefined ? [part] : builder.emit(addLosses, {}, [total, part], "loss");
    const elements = rowElements(graph, prediction);
    const { shape, dtype } = graph.values[target];
    const positions = dtype === "i32" ? -sizeOf(shape) : 1;
    const { ignore } = made;
    losses.push({ output, loss: made, rowElements: elements, positions, ...others });
    targets.push({
      ...{ name: output, kind: "target", value: target, dtype, rowElements: elements },
      below: dtype === "i32" ? elements / positions : 0,
      ...(ignore ? { ignore: ignore.index } : {}),
    });
    predictions.push(prediction);
  }
  if (total === undefined) throw new OptionError("compile: loss must name at least one output; got {}");
  const { features, penalties } = readFeatures(options, graph, total, frozen);
  return {
    train: {
      graph,
      loss: addPenalties(builder, penalties, total, frozen),
      measured: total,
      targets,
      weights: [
        { name: "sampleWeight", kind: "weight", value: weight, dtype: "f32", rowElements: 1, below: 0 },
      ],
      predictions,
      optimizer: optimizer.plan,
      accumulate,
      features,
      planner: TRAINING,
    },
    losses,
  };
}
