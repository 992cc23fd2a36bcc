import { describe } from "../describe.ts";
import { FileError } from "../errors.ts";
import { type BringsOps, broughtBy } from "../model/layer.ts";
import type { TableRows } from "../model/model.ts";
import { readOptions, refuseMore } from "../options.ts";
import { describeOptimizer } from "../plan/optimizer.ts";
import { fitStages } from "../preprocess/fit.ts";
import { trainingTensors } from "../program/file-tensors.ts";
import type { Result } from "../rows/data.ts";
import type { Engine } from "../runtime/space.ts";
import type { FileTensor, TensorFile } from "../safetensors.ts";
import { compile } from "../train/compile.ts";
import type { FeatureOptions } from "../train/features.ts";
import { BEST_STATE } from "../train/file-metadata.ts";
import type { FitMemory } from "../train/fit-memory.ts";
import {
  binaryCrossEntropy,
  crossEntropy,
  huber,
  type Loss,
  type LossFunction,
  type LossKind,
  meanAbsoluteError,
  meanSquaredError,
} from "../train/losses.ts";
import { isMetricName, type MetricFunction, type MetricName } from "../train/metric-names.ts";
import { type AdamWGroup, type AmsGrad, adam, adamW, type Optimizer, sgd } from "../train/optimizers.ts";
import type { Trainer } from "../train/trainer.ts";
import type { ByOutput } from "../train/training-data.ts";
import {
  CORE_OPS,
  compileFile,
  fillFile,
  labelsOf,
  openFile,
  opsOf,
  readFileModel,
  readJson,
} from "./open.ts";

export interface LoadTrainerOptions<P = Result> extends FeatureOptions {
  /**
   * What the model needs beside dense layers, activations and shapes, as in `load`; `dropout` too, and losses such as `focal` or
   * `hinge`, whose kernels not every page carries.
   */
  readonly uses?: readonly BringsOps[];
  /** In place of that of the file. With another rule or other settings than there, training starts anew from the parameters. */
  readonly optimizer?: Optimizer;
  /** In place of that of the file. */
  readonly loss?: Loss | LossFunction | ByOutput<P, Loss | LossFunction>;
  /**
   * In place of those of the file. A file has only the names of metrics: those that `compile` knows by name come back by themselves,
   * functions must be given again.
   */
  readonly metrics?: readonly (MetricName | MetricFunction)[];
  /** In place of those of the file. */
  readonly labels?: readonly string[];
  /** Default: that of the file. With another one, training goes on to other bits. */
  readonly batchSize?: number;
  readonly accumulate?: number;
  /** In place of that of the file: names of layers and parameters that training does not change. */
  readonly freeze?: readonly string[];
  /** Rows kept in the engine's memory at a time. Default: about 8 MiB of rows. */
  readonly windowRows?: number;
  /** Where kernels come from. Default: the embedded ones, on the calling thread. */
  readonly engine?: Engine;
}

/**
 * A trainer from a file that `save` wrote. From one with `{ training: true }` it goes on to the bit, with moments, counters,
 * rates and the place in the epoch; from another one it starts anew from the parameters.
 *
 * @param bytes the whole file
 * @throws FileError as `load` does, and for a file of a predictor without `loss` and `optimizer` in the options
 * @example
 * const model = sequential({ input: [1] }, [dense(1)]);
 * const data = { x: [[0], [1]], y: [1, 3] };
 * const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam() });
 * trainer.fitSync(data, { epochs: 5 });
 * const again = loadTrainer(trainer.save({ training: true }));
 * trainer.fitSync(data, { epochs: 5 });
 * again.fitSync(data, { epochs: 5 });
 * again.digest() === trainer.digest(); // => true
 */
export function loadTrainer<X = TableRows, P = Result>(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadTrainerOptions<P> = {},
): Trainer<X, P> {
  const who = "loadTrainer";
  refuseMore(who, arguments, 2);
  const { uses, labels, optimizer, loss, ...others } = readOptions(who, options, {
    uses: [[]],
    optimizer: [],
    loss: [],
    metrics: [],
    labels: [],
    batchSize: [],
    accumulate: [],
    freeze: [],
    clip: [],
    averageWeights: [],
    penalties: [],
    constraints: [],
    windowRows: [],
    engine: [],
  });
  const ops = [...CORE_OPS, ...opsOf(who, uses)];
  const file = openFile(who, bytes);
  const model = readFileModel(who, file, ops, fitStages);
  const own = readSettings(who, file, uses, optimizer, { loss, ...others });
  const wanted = { loss: loss ?? own.loss, optimizer: optimizer ?? own.optimizer };
  for (const [name, value] of Object.entries(wanted))
    if (value === undefined)
      throw new FileError(`${who}: a file of a predictor needs ${name} in the options; got none`, "uses");
  // Those of the file fit its loss.
  if (loss) own.compiled.metrics = undefined;
  const names = labels ?? labelsOf(who, file);
  const given = Object.entries({ ...others, labels: names }).filter(([, value]) => value !== undefined);
  const trainer = compileFile(who, () =>
    compile(model, { ...own.compiled, ...Object.fromEntries(given), ...wanted } as never),
  ) as unknown as Trainer<X, P>;
  const { program } = trainer;
  const same = own.optimizer && sameRule(own.optimizer, wanted.optimizer as Optimizer);
  const isWhole = file.tensors.has("step") && same === true;
  const tensors = isWhole ? trainingTensors(program) : [];
  const rates = program.plan.counters.entries.filter(({ kind }) => kind === "rate");
  // A rate that is given counts, whatever the one of the file was.
  const skip = new Set(optimizer ? rates.map(({ name }) => name) : []);
  const wantedTensors = tensors.filter((tensor) => !skip.has(tensor.name) && isNeeded(tensor, file));
  fillFile(who, trainer, file, wantedTensors, true);
  if (isWhole) trainer.fitMemory = readMemory(who, file);
  return trainer;
}

/** Slots are needed. Counters of later versions start as usual, sums of gradients and averages as zeros. */
const isNeeded = ({ name, dtype }: FileTensor, { tensors }: TensorFile) =>
  tensors.has(name) || !(dtype === "F64" || /\.(gradientSum|average)$/.test(name));

/** Whether two optimizers update alike, but for their rates. */
const sameRule = (a: Optimizer, b: Optimizer) =>
  JSON.stringify(describeOptimizer(a.plan)) === JSON.stringify(describeOptimizer(b.plan));

/** Whether an optimizer that only its page carries has the settings of a file, but for its rate. */
function sameSettings({ settings }: Optimizer, given: Entries): boolean {
  const text = (of: Entries) => JSON.stringify({ ...of, learningRate: 0 });
  return text(settings) === text(given);
}

type Entries = Readonly<Record<string, unknown>>;

const LOSSES = {
  meanSquaredError: () => meanSquaredError(),
  meanAbsoluteError: () => meanAbsoluteError(),
  huber: ({ delta }: Entries) => huber({ delta: delta as number }),
  binaryCrossEntropy: (settings: Entries) => binaryCrossEntropy(settings),
  crossEntropy: (settings: Entries) => crossEntropy(settings),
} as const satisfies Partial<Record<LossKind, (settings: Entries) => Loss>>;

/** Those that pages without them do not carry. */
const LOSSES_IN_USES =
  "hinge squaredHinge categoricalHinge klDivergence poisson cosineSimilarity logCosh focal categoricalFocal quantile";

/** Penalties and constraints. */
const NAMED_IN_USES = ["l1", "l2", "maxNorm"];

const OPTIMIZERS = { sgd, adam, adamW } as const;

/** What makes things of a kind, as files name it. */
const ofKind = (uses: readonly BringsOps[], kind: unknown) =>
  uses.find((use) => kind !== undefined && broughtBy(use)?.kind === kind);

/** What the trainer of a file was compiled with, as far as the file says. */
function readSettings(
  who: string,
  file: TensorFile,
  uses: readonly BringsOps[],
  inPlace: Optimizer | undefined,
  inOptions: Pick<LoadTrainerOptions, "loss" | "penalties" | "constraints">,
) {
  const fail = (rule: string, got: unknown): never => {
    throw new FileError(`${who}: ${rule}; got ${describe(got)}`);
  };
  const record = (what: string, value: unknown): Entries =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Entries)
      : fail(`${what} of a file must be an object`, value);
  const readLoss = (value: unknown): Loss => {
    const { kind, ...settings } = record("a loss", value);
    if (typeof kind === "string" && Object.hasOwn(LOSSES, kind))
      return LOSSES[kind as keyof typeof LOSSES](settings);
    if (kind === "custom")
      throw new FileError(
        `${who}: the file's loss is a function, which files do not keep; got no loss in the options`,
        "uses",
      );
    if (typeof kind !== "string" || !LOSSES_IN_USES.split(" ").includes(kind))
      return fail("the loss of a file must be one of this version", kind);
    const make = ofKind(uses, kind) as ((settings?: Entries) => Loss) | undefined;
    if (!make)
      throw new FileError(
        `${who}: a file with the loss ${kind} needs it in uses, or a loss in the options: uses: [${kind}]; got none: ` +
          `import { ${kind} } from "wasmgrad"`,
        "uses",
      );
    return Object.keys(settings).length > 0 ? make(settings) : make();
  };
  const readOptimizer = (value: unknown): Optimizer | undefined => {
    const { kind, groups, ...given } = record("the optimizer", value);
    if (inPlace && inPlace.kind === kind && !Object.hasOwn(OPTIMIZERS, inPlace.kind))
      return sameSettings(inPlace, given) ? inPlace : undefined;
    const make = makerOf("the optimizer", kind, OPTIMIZERS) as typeof adamW;
    const { amsgrad, ...others } = withRate(given);
    const brought = () => inPlace?.amsgrad ?? (makerOf("a setting", "amsgrad", {}) as AmsGrad);
    const settings = amsgrad ? { ...others, amsgrad: brought() } : others;
    if (groups === undefined) return make(settings);
    if (!Array.isArray(groups)) return fail("groups of an optimizer must be an array", groups);
    return make({ ...settings, groups: groups.map((group) => readGroup(record("a group", group))) });
  };
  const readGroup = ({ match, names, ...settings }: Entries): AdamWGroup => {
    const parts = typeof match === "string" ? /^\/(.*)\/([dimsuv]*)$/s.exec(match) : null;
    if (!parts || !Array.isArray(names))
      return fail("a group of an optimizer must have match and names", match);
    return { match: named(new RegExp(parts[1], parts[2]), new Set(names)), ...withRate(settings) };
  };
  const makerOf = (what: string, kind: unknown, known: Readonly<Record<string, unknown>>) => {
    if (typeof kind === "string" && Object.hasOwn(known, kind)) return known[kind];
    const brought = ofKind(uses, kind);
    if (typeof kind !== "string" || !brought)
      throw new FileError(
        `${who}: ${what} of a file must be sgd, adam, adamW, or one that uses brings, such as uses: [${kind}]; got ${describe(kind)}`,
        "uses",
      );
    return brought;
  };
  /** Penalties and constraints by what makes them, which pages without them do not carry. */
  const readMade = (what: string, all: unknown): unknown[] => {
    if (!Array.isArray(all)) return fail(`${what} of a file must be an array`, all);
    return all.map((one) => {
      const { kind, given } = record(`one of the ${what}`, one);
      const make = ofKind(uses, kind);
      if (!(typeof kind === "string" && NAMED_IN_USES.includes(kind) && Array.isArray(given)))
        return fail(`${what} of a file must be of this version`, one);
      if (make) return (make as unknown as (...given: unknown[]) => unknown)(...given);
      throw new FileError(
        `${who}: a file with ${what} of ${kind} needs it in uses, or ${what} in the options: uses: [${kind}]; got none: ` +
          `import { ${kind} } from "wasmgrad"`,
        "uses",
      );
    });
  };
  /** Settings with their schedule made anew. */
  const withRate = (settings: Entries): Entries => {
    const { learningRate } = settings;
    if (typeof learningRate !== "object") return settings;
    const { schedule, ...others } = record("learningRate", learningRate);
    // What rates it gives does not matter.
    if (inPlace) return { ...settings, learningRate: 0 };
    if (schedule === "function")
      throw new FileError(
        `${who}: the file's learningRate is a function of the step, which files do not keep; got no optimizer in the options`,
        "uses",
      );
    const make = makerOf("the schedule", schedule, {}) as (options: Entries) => unknown;
    return { ...settings, learningRate: make(others) };
  };
  // One that is given stands in for what is missing; it decides by its rule whether training goes on.
  const readGiven = (value: unknown): Optimizer | undefined => {
    try {
      return readOptimizer(value);
    } catch (error) {
      if (inPlace && error instanceof FileError && error.code === "file-uses") return undefined;
      throw error;
    }
  };
  return compileFile(who, () => {
    const loss = inOptions.loss !== undefined ? undefined : readJson(who, file, "loss");
    const optimizer = readJson(who, file, "optimizer");
    const isNamed = file.metadata.get("lossByOutput") === "true";
    const losses = () =>
      Object.entries(record("losses", loss)).map(([output, one]) => [output, readLoss(one)]);
    const compiled = record("what a trainer was compiled with", readJson(who, file, "compile") ?? {});
    const { batchSize, accumulate, shuffleSeed } = compiled as {
      readonly [name: string]: number | undefined;
    };
    const { freeze, clip, averageWeights } = compiled as FeatureOptions & {
      readonly freeze?: readonly string[];
    };
    const madeAgain = (what: "penalties" | "constraints") =>
      inOptions[what] === undefined && compiled[what] !== undefined
        ? readMade(what, compiled[what])
        : undefined;
    return {
      loss: loss === undefined ? undefined : isNamed ? Object.fromEntries(losses()) : readLoss(loss),
      optimizer: optimizer === undefined ? undefined : readGiven(optimizer),
      compiled: {
        batchSize,
        accumulate,
        shuffleSeed,
        freeze,
        clip,
        averageWeights,
        penalties: madeAgain("penalties"),
        constraints: madeAgain("constraints"),
        metrics: readMetricNames(who, file),
      },
    };
  });
}

/** The metrics of a file that `compile` knows by name. */
function readMetricNames(who: string, file: TensorFile): readonly MetricName[] | undefined {
  const names = readJson(who, file, "metrics");
  if (names === undefined) return undefined;
  if (!(Array.isArray(names) && names.every((name) => typeof name === "string")))
    throw new FileError(`${who}: metrics of a file must be an array of names; got ${describe(names)}`);
  return names.filter(isMetricName);
}

/** What a fit with early stopping knew that was under way; its state is checked when it is put back. */
function readMemory(who: string, file: TensorFile): FitMemory | undefined {
  const memory = readJson(who, file, "earlyStopping") as FitMemory | undefined;
  const state = file.tensors.get(BEST_STATE);
  if (memory === undefined && state === undefined) return undefined;
  const { monitor, rows, validationRows, epoch, best, bestEpoch, waited, loss, measured, pending } = Object(
    memory,
  ) as Partial<FitMemory>;
  const isNumber = (value: unknown): value is number => typeof value === "number";
  const isSome = (value: unknown) => value === undefined || isNumber(value);
  const counts = [rows, validationRows, epoch, bestEpoch, waited];
  const isRight =
    state?.dtype === "U8" &&
    typeof monitor === "string" &&
    counts.every((count) => isNumber(count) && Number.isSafeInteger(count) && count >= 0) &&
    isSome(best) &&
    isSome(pending) &&
    (loss === null || isNumber(loss)) &&
    (measured === undefined ||
      Object.values(Object(measured)).every((value) => value === null || isNumber(value)));
  if (!isRight)
    throw new FileError(
      `${who}: earlyStopping of a file must be what a fit remembers; got ${describe(memory)}`,
    );
  // JSON has no NaN: null stands for it.
  const orNaN = (value: unknown) => (value === null ? Number.NaN : (value as number));
  const values = measured && Object.entries(measured).map(([name, value]) => [name, orNaN(value)]);
  return {
    ...(memory as FitMemory),
    loss: orNaN(loss),
    measured: values && Object.fromEntries(values),
    state: state.data.slice(),
  };
}

/** An expression that matches what it once matched, by name: one from outside might take for ever. */
function named(match: RegExp, names: ReadonlySet<unknown>): RegExp {
  match.test = (name) => names.has(name);
  return match;
}
