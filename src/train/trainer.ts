import { Counter, Run, Section } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { BusyError, DisposedError, OptionError, ShapeError } from "../errors.ts";
import { checkSeed, type Model } from "../model/model.ts";
import { optionsOf, refuseMore, refuseOthers } from "../options.ts";
import type { Moment } from "../plan/optimizer.ts";
import { besideVariable, type PlannedPort, type TrainPlan } from "../plan/planned.ts";
import { checkRows } from "../program/buffers.ts";
import type { ParameterView } from "../program/parameters.ts";
import { Predictor } from "../program/predictor.ts";
import type { Program } from "../program/program.ts";
import { readOnly } from "../program/read-only.ts";
import { makeResult, type Result, type Rows } from "../rows/data.ts";
import { SLICE_MS, yieldToEventLoop } from "../runtime/event-loop.ts";
import { countRight } from "./accuracy.ts";
import { checkFitOptions, type FitOptions, type FitResult, type FitRun, startFit } from "./fit.ts";
import type { Loss } from "./losses.ts";
import { checkLearningRate, ratesOf, setLearningRate } from "./rates.ts";
import { stepViews, type TrainerBuffers, takeStep } from "./step-buffers.ts";
import { type Data, type DataRules, type OutputLoss, readData } from "./training-data.ts";
import { bindColumns, type Dataset, fillPorts } from "./windows.ts";

export interface Evaluation {
  /** Mean loss over all rows. */
  readonly loss: number;
  /**
   * Share of rows whose most probable class is right, for cross-entropy losses. A row with a score that is NaN or
   * infinite counts as wrong.
   */
  readonly accuracy?: number;
}

export type { Moment };

export interface TrainerParts<X, P> {
  readonly losses: readonly OutputLoss[];
  /** Whether losses, and with them targets, were given by output name. */
  readonly namedTargets: boolean;
  readonly optimizer: { readonly kind: string; readonly settings: Readonly<Record<string, unknown>> };
  /** As given to `compile`. */
  readonly shuffleSeed: number | undefined;
  makePredictor(model: Model<X, P>): Predictor<X, P>;
}

/** A program that learns: a Predictor with a loss and an optimizer. */
export class Trainer<X = Rows, P = Result> extends Predictor<X, P> {
  readonly #parts: TrainerParts<X, P>;
  readonly #train: TrainPlan;
  readonly #reading: DataRules;
  #run: FitRun | undefined;
  /** Of an asynchronous run that is under way. */
  #signal: AbortSignal | undefined;

  /** @internal */
  constructor(
    program: Program,
    model: Model<X, P>,
    labels: readonly string[] | undefined,
    parts: TrainerParts<X, P>,
  ) {
    super(program, model, labels);
    this.#parts = parts;
    this.#train = program.plan.train as TrainPlan;
    const { losses, namedTargets } = parts;
    this.#reading = { train: this.#train, losses, labels, namedInputs: model.named.inputs, namedTargets };
  }

  /**
   * Trains, yielding to the event loop about every 10 ms. It continues from where the trainer is: `fit(5)` twice is
   * `fit(10)`. Meanwhile `predict`, `evaluate` and `state` see the last whole step; what would change the state throws
   * a BusyError.
   *
   * @param data rows and targets; any number of rows, the last batch of an epoch may be short. Float32Arrays are read where
   *   they stand: leave them alone until the promise settles
   * @throws ShapeError, DataError or OptionError before the first step for what does not fit, NonFiniteError when
   *   training diverges (the parameters are those of the last good step), DisposedError after or during `dispose`,
   *   the signal's reason on abort
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
   * const { loss } = await trainer.fit({ x: [[0], [1]], y: [1, 3] }, { epochs: 100 });
   */
  async fit(data: Data<X, P>, options: FitOptions = {}): Promise<FitResult> {
    this.program.checkAlive("fit");
    this.checkIdle("fit");
    const run = this.#start("fit", data, options);
    const { signal, onProgress } = options;
    this.#signal = signal;
    try {
      while (!run.advance(SLICE_MS)) {
        onProgress?.(run.progress());
        await yieldToEventLoop();
        signal?.throwIfAborted();
        this.#checkNotDisposed("fit");
      }
      const result = run.result();
      onProgress?.(run.progress());
      signal?.throwIfAborted();
      return result;
    } finally {
      if (this.#run === run) this.#run = undefined;
    }
  }

  /** Trains as `fit` does, to the end and with the same bits, without yielding. */
  fitSync(data: Data<X, P>, options: Omit<FitOptions, "signal"> = {}): FitResult {
    this.program.checkAlive("fitSync");
    this.checkIdle("fitSync");
    const { signal } = optionsOf<FitOptions>("fitSync", options);
    if (signal !== undefined)
      throw new OptionError(
        `fitSync: takes no signal, because nothing can abort it; got ${describe(signal)}: fit takes it`,
      );
    const run = this.#start("fitSync", data, options);
    this.#signal = undefined;
    const { onProgress } = options;
    try {
      const slice = onProgress ? SLICE_MS : Number.POSITIVE_INFINITY;
      while (!run.advance(slice)) {
        onProgress?.(run.progress());
        this.#checkNotDisposed("fitSync");
      }
      const result = run.result();
      onProgress?.(run.progress());
      return result;
    } finally {
      this.#run = undefined;
    }
  }

  /**
   * One update from rows that need not come again, for online data.
   *
   * @param data at most as many rows as the batch
   * @returns the loss before the update
   */
  step(data: Data<X, P>): { readonly loss: number } {
    this.program.checkAlive("step");
    this.checkIdle("step");
    const rows = this.#loadOneBatch("step", data);
    takeStep(this.program, this.#train, rows);
    return { loss: this.program.runF64(Run.Loss) };
  }

  override get buffers(): TrainerBuffers<X, P> {
    return super.buffers as TrainerBuffers<X, P>;
  }

  /**
   * One update from the first `rows` rows of `buffers.step.x` and `buffers.step.y`, with the bits of `step`, and the loss
   * before it into `buffers.step.loss`; copies and allocates nothing. Numbers are not checked beforehand.
   *
   * @param rows a whole number from 1 to `batchSize`
   * @throws DataError for an id outside its table or a label that is no class, NonFiniteError for numbers that are not finite or
   *   made others so: then nothing has changed. OptionError for another number of rows, BusyError while a `fit` is under way,
   *   DisposedError after `dispose`
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
   * const { x, y, loss } = trainer.buffers.step;
   * x[0] = 2;
   * y[0] = 4;
   * trainer.stepBuffers(1);
   * console.log(loss[0]);
   */
  stepBuffers(rows: number): void {
    const { program } = this;
    program.checkAlive("stepBuffers");
    this.checkIdle("stepBuffers");
    checkRows("stepBuffers", program, rows);
    takeStep(program, this.#train, rows, this.model.named);
  }

  /**
   * The mean loss over given rows, and the accuracy where the loss is a cross-entropy; changes nothing.
   *
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
   * const { loss } = trainer.evaluate({ x: [[0], [1]], y: [1, 3] });
   */
  evaluate(data: Data<X, P>): Evaluation {
    this.program.checkAlive("evaluate");
    const dataset = this.#read("evaluate", data);
    const { program } = this;
    const { batch } = program.plan;
    const tape = this.#train.evaluate as NonNullable<TrainPlan["evaluate"]>;
    bindColumns(program, tape.ports, dataset);
    const [{ loss: first }, ...others] = this.#parts.losses;
    const counted =
      others.length === 0 && (first.kind === "crossEntropy" || first.kind === "binaryCrossEntropy");
    const target = dataset.columns[dataset.columns.length - 1];
    let sum = 0;
    let right = 0;
    for (let from = 0; from < dataset.rows; from += batch) {
      const count = Math.min(batch, dataset.rows - from);
      fillPorts(program, tape.ports, dataset, from, count);
      program.execute(tape, count);
      sum += program.f32[tape.loss >>> 2] * count;
      if (counted) right += countRight(program, tape, first.kind, target, from, count);
    }
    const loss = sum / dataset.rows;
    return counted ? { loss, accuracy: right / dataset.rows } : { loss };
  }

  /**
   * The mean loss of at most a batch of rows and its gradient by parameter name; changes nothing.
   */
  gradients(data: Data<X, P>): {
    readonly loss: number;
    readonly gradients: { readonly [name: string]: Result };
  } {
    this.program.checkAlive("gradients");
    const { program } = this;
    const restore = this.#run && this.#keepRun();
    const rows = this.#loadOneBatch("gradients", data);
    const { from } = program.section(Section.Forward);
    const { to } = program.section(Section.Backward);
    program.execute({ from, to }, rows);
    const loss = program.f32[this.#train.loss >>> 2];
    const gradients: Record<string, Result> = {};
    for (const { name, shape, elements, gradient } of program.plan.variables) {
      const at = gradient >>> 2;
      const values = gradient ? program.f32.slice(at, at + elements) : new Float32Array(elements);
      gradients[name] = makeResult(values, shape);
    }
    restore?.();
    return { loss, gradients };
  }

  /**
   * What the optimizer keeps beside each parameter, by parameter name: live views like `parameters`, not yet divided by
   * `1 - beta^t`. Plain SGD keeps nothing.
   *
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
   * trainer.step({ x: [[1]], y: [1] });
   * trainer.optimizerState["dense1.weight"].firstMoment?.data;
   */
  get optimizerState(): { readonly [name: string]: { readonly [moment in Moment]?: ParameterView } } {
    const { program } = this;
    program.checkAlive("optimizerState");
    const { plan } = program;
    const states = Object.fromEntries(
      plan.variables.map((v) => {
        const { name, shape, role, elements } = v;
        const slots = role === "trained" ? this.#train.slots : [];
        const views = slots.map((slot) => {
          const at = besideVariable(plan, slot.offset, v) >>> 2;
          return [slot.name, { shape, data: program.f32.subarray(at, at + elements) }];
        });
        return [name, Object.fromEntries(views)];
      }),
    );
    return readOnly("optimizerState", states);
  }

  /** Changes the step size from the next step on, of every group of the optimizer; it belongs to the state. */
  setLearningRate(learningRate: number): void {
    refuseMore("setLearningRate", arguments, 1);
    this.program.checkAlive("setLearningRate");
    this.checkIdle("setLearningRate");
    checkLearningRate("setLearningRate", learningRate);
    setLearningRate(this.program, learningRate);
  }

  /**
   * Starts over: exactly the state of a fresh `compile` with these seeds.
   *
   * @param seeds by default the seeds of this trainer's compile
   */
  reset(seeds: { readonly seed?: number; readonly shuffleSeed?: number } = {}): void {
    this.program.checkAlive("reset");
    this.checkIdle("reset");
    const { model, program } = this;
    const {
      seed = model.seed,
      shuffleSeed = this.#parts.shuffleSeed ?? seed,
      ...others
    } = optionsOf("reset", seeds);
    refuseOthers("reset", others);
    checkSeed("reset", seed);
    checkSeed("reset", shuffleSeed, "shuffleSeed");
    program.initialize({ seed, shuffleSeed });
  }

  /** A Predictor with its own copy of the parameters; `update(trainer)` refreshes it. */
  snapshot(): Snapshot<X, P> {
    this.program.checkAlive("snapshot");
    const predictor = this.#parts.makePredictor(this.model);
    const update = (source: Predictor<X, P>) => {
      predictor.program.checkAlive("update");
      if (!(source instanceof Predictor))
        throw new OptionError(`update: needs a trainer or a predictor; got ${describe(source)}`);
      predictor.program.states.load("update", source.state(), false);
    };
    update(this);
    return Object.assign(predictor, { update });
  }

  override restore(state: Uint8Array): void {
    this.program.checkAlive("restore");
    this.checkIdle("restore");
    this.program.states.load("restore", state, true);
  }

  override dispose(): void {
    this.#run = undefined;
    super.dispose();
  }

  /** @internal */
  protected override checkIdle(who: string): void {
    // An aborted run has ended as soon as its signal says so, not when it next looks.
    if (this.#run && !this.#signal?.aborted)
      throw new BusyError(
        `${who}: needs a trainer at rest; got a call while a fit is under way: await or abort it first`,
      );
  }

  /** @internal */
  protected override makeBuffers(): object {
    return { ...super.makeBuffers(), step: stepViews(this.program, this.#train, this.model.named) };
  }

  /** @internal */
  protected override manifestOptions(): Record<string, unknown> {
    const { losses, optimizer } = this.#parts;
    const groups = ratesOf(this.program);
    const learningRate = groups.pop();
    const describeLoss = ({ kind, parameter, fromLogits }: Loss) => ({
      kind,
      ...(kind === "huber" ? { delta: parameter } : {}),
      ...(fromLogits ? { fromLogits } : {}),
    });
    return {
      ...super.manifestOptions(),
      loss: Object.fromEntries(losses.map(({ output, loss }) => [output, describeLoss(loss)])),
      optimizer: { kind: optimizer.kind, ...optimizer.settings },
      learningRate,
      ...(groups.length > 0 ? { groupLearningRates: groups } : {}),
      accumulate: this.#train.accumulate,
      steps: this.program.counter(Counter.Step),
      epochs: this.program.counter(Counter.Epoch),
    };
  }

  #checkNotDisposed(who: string): void {
    if (this.program.disposed)
      throw new DisposedError(`${who}: the program must live until the end; got dispose() on the way`);
  }

  #start(who: string, data: Data<X, P>, options: FitOptions): FitRun {
    checkFitOptions(who, options);
    options.signal?.throwIfAborted();
    const dataset = this.#read(who, data);
    this.#run = startFit(this.program, this.#reading, dataset, options);
    return this.#run;
  }

  #read(who: string, data: Data<X, P>): Dataset {
    return readData(who, data, this.#reading);
  }

  #loadOneBatch(who: string, data: Data<X, P>): number {
    const dataset = this.#read(who, data);
    const { batch } = this.program.plan;
    if (dataset.rows > batch)
      throw new ShapeError(
        `${who}: takes at most ${batch} rows, the batch this program was compiled for; got ${dataset.rows}`,
      );
    const { ports } = this.#train.tape;
    bindColumns(this.program, ports, dataset);
    fillPorts(this.program, ports, dataset, 0, dataset.rows);
    return dataset.rows;
  }

  /** Keeps what a fit under way has in the run block and the ports; returns what puts it back. */
  #keepRun(): () => void {
    const { u8, plan } = this.program;
    const { regions } = plan.layout;
    const names = new Set(["run", ...this.#train.tape.ports.map(({ region }: PlannedPort) => region)]);
    const kept = regions
      .filter(({ name }) => names.has(name))
      .map(({ offset, bytes }) => [offset, u8.slice(offset, offset + bytes)] as const);
    return () => {
      for (const [offset, bytes] of kept) u8.set(bytes, offset);
    };
  }
}

/** A Predictor that can take over a trainer's parameters again. */
export type Snapshot<X = Rows, P = Result> = Predictor<X, P> & {
  update(source: Predictor<X, P>): void;
};
