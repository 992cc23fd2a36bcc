import { Counter, Run } from "../../assembly/abi.ts";
import { BusyError, DisposedError } from "../errors.ts";
import { type Model, SEED } from "../model/model.ts";
import { readOptions, refuseMore } from "../options.ts";
import type { Moment } from "../plan/optimizer.ts";
import type { TrainPlan } from "../plan/planned.ts";
import { checkFitted } from "../program/border.ts";
import { checkRows } from "../program/buffers.ts";
import type { FileParts } from "../program/file.ts";
import { Predictor } from "../program/predictor.ts";
import type { ReadOptions } from "../program/predictor-options.ts";
import type { Program } from "../program/program.ts";
import { type Bytes, bytesOf } from "../program/state.ts";
import type { Result, Rows } from "../rows/data.ts";
import { inSlices } from "../runtime/event-loop.ts";
import { atOnce, eachJob, finish, type Steps } from "../steps.ts";
import { adaptSteps } from "./adapt.ts";
import { withAverage } from "./average.ts";
import { callAndWait, callWithoutWaiting } from "./callbacks.ts";
import { type Customers, checkWithState, makeCustomers, nested, type WithStateOptions } from "./customers.ts";
import { type FitHost, fitAtOnce, fitInSlices } from "./drive-fit.ts";
import type { Evaluation } from "./evaluate.ts";
import type { FeatureOptions } from "./features.ts";
import { trainerFile } from "./file-metadata.ts";
import type { FitMemory } from "./fit-memory.ts";
import { checkFitOptions, type FitOptions, type FitResult } from "./fit-options.ts";
import { checkLearningRate } from "./learning-rate.ts";
import { fromLogits, type MakePredictor } from "./logits.ts";
import { gradientsOf } from "./loss-gradients.ts";
import { manifestOfTraining } from "./manifest.ts";
import { measureRows, type NamedMetric } from "./metrics.ts";
import { type MomentViews, momentViews } from "./moments.ts";
import { fillRates, rateNow, setLearningRate } from "./rates.ts";
import { rawStepOf } from "./raw-steps.ts";
import { makeReader, type Reader } from "./reader.ts";
import { type Snapshot, snapshotOf } from "./snapshot.ts";
import { keepRun, stepViews, type TrainerBuffers, takeStep } from "./step-buffers.ts";
import {
  type BoundData,
  bindData,
  checkData,
  type Data,
  type DataRules,
  type OutputLoss,
} from "./training-data.ts";
import type { EvaluateAsyncOptions, EvaluateOptions, WeightOptions } from "./weights.ts";

export type { Moment, Snapshot };

export interface TrainerParts extends FeatureOptions {
  readonly losses: readonly OutputLoss[];
  /** Whether losses, and with them targets, were given by output name. */
  readonly namedTargets: boolean;
  readonly optimizer: { readonly kind: string; readonly settings: Readonly<Record<string, unknown>> };
  /** As given to `compile`. */
  readonly shuffleSeed: number | undefined;
  readonly makePredictor: MakePredictor;
  /** Beside the loss. */
  readonly metrics?: readonly NamedMetric[];
}

/**
 * Turns of the microtask queue between the end of a `fit` and its promise: calls that waited for its last callback find the
 * trainer busy, rather than get in before whoever awaits the `fit`.
 */
const TURNS = 8;

/** An asynchronous call that the state belongs to while it runs. */
interface Ticket {
  readonly signal: AbortSignal | undefined;
  run?: Promise<unknown>;
}

/** A program that learns: a Predictor with a loss and an optimizer. */
export class Trainer<X = Rows, P = Result> extends Predictor<X, P> {
  readonly #parts: TrainerParts;
  readonly #train: TrainPlan;
  readonly #reading: DataRules;
  readonly #reader: Reader;
  readonly #isHandle: boolean;
  readonly #host: FitHost;
  /** @internal What a fit with early stopping knows that did not come to its end; it goes with the state. */
  fitMemory: FitMemory | undefined;
  #ticket: Ticket | undefined;
  /** Callbacks under way. */
  #callbacks = 0;
  #customers: Customers | undefined;
  /** Where customers are served, so that nobody else sees their numbers. */
  #twin: Program | undefined;

  /** @internal */
  constructor(
    program: Program,
    model: Model<X, P>,
    labels: readonly string[] | undefined,
    parts: TrainerParts,
    isHandle = false,
  ) {
    super(program, model, labels);
    this.#parts = parts;
    this.#isHandle = isHandle;
    this.#train = program.plan.train as TrainPlan;
    const { losses, namedTargets } = parts;
    const logits = fromLogits(losses[0].loss, parts.makePredictor);
    Object.assign(this, logits);
    this.#reading = {
      train: this.#train,
      losses,
      labels,
      namedInputs: model.named.inputs,
      namedTargets,
      border: this.border,
    };
    this.#reader = makeReader(program, this.#train, this.#reading);
    this.#host = {
      trainer: this,
      program,
      rules: this.#reading,
      metrics: parts.metrics ?? [],
      probabilities: logits.probabilities,
      call: (callback, signal) => this.#call(callback, signal),
      callSync: (name, callback) => this.#callSync(name, callback),
      checkAlive: () => this.#checkNotDisposed("fitSync"),
    };
  }

  /** Updates over the life of the trainer; they belong to the state. */
  get steps(): number {
    this.program.checkAlive("steps");
    return this.program.counter(Counter.Step);
  }

  /** Epochs completed over the life of the trainer; they belong to the state. */
  get epochs(): number {
    this.program.checkAlive("epochs");
    return this.program.counter(Counter.Epoch);
  }

  /** The step size of the next update, of the parameters that no group of the optimizer matches. */
  get learningRate(): number {
    this.program.checkAlive("learningRate");
    return rateNow(this.program);
  }

  /**
   * Trains, yielding to the event loop about every 10 ms of the thread's time, however many calls that is; data are read and
   * checked in slices too. It continues from where the trainer is: `fit(5)` twice is `fit(10)`. Meanwhile `predict`,
   * `evaluate` and `state` see the last whole step; what would change the state throws a BusyError.
   *
   * With `validation` rows are kept apart and measured after each epoch; with `earlyStopping` the whole state of the best epoch
   * comes back at the end. Preprocessing that is not fitted yet is fitted to the training rows; a fit that fails before its
   * first step leaves it so.
   *
   * @param data rows and targets, or what `bind` made of them; any number of rows, the last batch of an epoch may be short.
   *   They are read where they stand: leave them alone until the promise settles
   * @throws ShapeError, DataError or OptionError before the first step for what does not fit, NonFiniteError when
   *   training diverges (the parameters are those of the last good step), DisposedError after or during `dispose`,
   *   what a callback throws, the signal's reason on abort
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
   * const { loss } = await trainer.fit({ x: [[0], [1]], y: [1, 3] }, { epochs: 100 });
   * const { best } = await trainer.fit({ x: [[0], [1], [2], [3]], y: [1, 3, 5, 7] }, { validation: 0.25, earlyStopping: { patience: 5 } });
   */
  fit(data: Data<X, P> | BoundData<X>, options: FitOptions<X, P, Trainer<X, P>> = {}): Promise<FitResult> {
    const run = this.startFit(data, options, arguments);
    if (#ticket in this && this.#ticket) this.#ticket.run ??= run;
    return run;
  }

  /** @internal no `#` method: behind a proxy its call would throw a TypeError */
  private async startFit(
    data: Data<X, P> | BoundData<X>,
    options: FitOptions<X, P, Trainer<X, P>>,
    given: IArguments,
  ): Promise<FitResult> {
    refuseMore("fit", given, 2, "write fit({ x, y }, options)");
    this.program.checkAlive("fit");
    this.checkIdle("fit");
    checkData("fit", data);
    checkFitOptions("fit", options);
    const { signal } = options;
    signal?.throwIfAborted();
    const ticket: Ticket = { signal };
    this.#ticket = ticket;
    const check = () => {
      signal?.throwIfAborted();
      this.#checkNotDisposed("fit");
    };
    try {
      return await fitInSlices(this.#host, data, options, check);
    } finally {
      for (let turn = 0; turn < TURNS; turn++) await undefined;
      if (this.#ticket === ticket) this.#ticket = undefined;
    }
  }

  /** Trains as `fit` does, to the end and with the same bits, without yielding; callbacks must not return promises. */
  fitSync(
    data: Data<X, P> | BoundData<X>,
    options: Omit<FitOptions<X, P, Trainer<X, P>>, "signal"> = {},
  ): FitResult {
    refuseMore("fitSync", arguments, 2, "write fitSync({ x, y }, options)");
    this.program.checkAlive("fitSync");
    this.checkIdle("fitSync");
    checkData("fitSync", data);
    checkFitOptions("fitSync", options);
    this.#ticket = { signal: undefined };
    try {
      return fitAtOnce(this.#host, data, options);
    } finally {
      this.#ticket = undefined;
    }
  }

  /**
   * Reads and checks data once, for many calls of `fit` and `evaluate`: a `fit` of one epoch then costs what the epoch costs.
   * It keeps a copy.
   *
   * @param options.classWeight multiplies the rows' weights once and for all, `"balanced"` over these rows; what `fit` and `evaluate`
   *   are given then comes on top. Default: all alike
   * @throws ShapeError or DataError for what does not fit
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
   * const data = trainer.bind({ x: [[0], [1]], y: [1, 3] });
   * for (let round = 0; round < 3; round++) await trainer.fit(data, { epochs: 1 });
   */
  bind(data: Data<X, P>, options: WeightOptions = {}): BoundData<X> {
    refuseMore("bind", arguments, 2, "write bind({ x, y })");
    this.program.checkAlive("bind");
    const { classWeight } = readOptions("bind", options, { classWeight: [] });
    return atOnce((jobs) => bindData("bind", data, this.#reading, classWeight, jobs));
  }

  /** As `bind`, reading in slices of about 10 ms of the thread's time. */
  async bindAsync(data: Data<X, P>, options: WeightOptions = {}): Promise<BoundData<X>> {
    refuseMore("bindAsync", arguments, 2, "write bindAsync({ x, y })");
    this.program.checkAlive("bindAsync");
    const { classWeight } = readOptions("bindAsync", options, { classWeight: [] });
    const steps = eachJob((jobs) => bindData("bindAsync", data, this.#reading, classWeight, jobs));
    return inSlices(steps, () => this.program.checkAlive("bindAsync"));
  }

  /**
   * Runs `fn` on a state of its own: the safe form for many customers of one trainer. `fn` gets a trainer in that state, for
   * itself; calls are served one after the other, in the order they came in, in a second block of memory. The trainer
   * itself stays as it is, and can be read from meanwhile; calls that would change it throw a BusyError.
   *
   * @param state of this model, as `state()` gives it
   * @param fn must await every `fit` that it starts; its trainer ends with it
   * @returns the new state
   * @throws BusyError for a call through the trainer of `fn` or from its part before the first `await` (a later call from inside
   *   would wait for ever: give it a `timeout`), and for a `fit` under way when it returns; StateError for what is no state of this model; TimeoutError, the signal's reason, or what `fn` throws: the new state is lost then
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
   * const data = { x: [[0], [1]], y: [1, 3] };
   * const state = await trainer.withState(trainer.state(), async (own) => {
   *   await own.fit(data, { epochs: 10 });
   * });
   * trainer.evaluate(data, { state }).loss < trainer.evaluate(data).loss; // true
   */
  async withState(
    state: Uint8Array,
    fn: (trainer: Trainer<X, P>) => unknown,
    options: WithStateOptions = {},
  ): Promise<Bytes> {
    refuseMore("withState", arguments, 3);
    this.program.checkAlive("withState");
    if (this.#isHandle) throw nested();
    checkWithState(fn, options);
    this.#customers ??= makeCustomers();
    // A copy: it may change while others are served.
    const saved = new Uint8Array(bytesOf("withState", state));
    const open = () => {
      this.program.checkAlive("withState");
      this.#twin ??= this.program.twin("withState");
      const twin = this.#twin;
      twin.takeOver(this.program);
      twin.states.load("withState", saved, true);
      return new Trainer(twin, this.model, this.labels, this.#parts, true);
    };
    const done = (handle: Trainer<X, P>) => {
      if (handle.#ticket && !handle.#ticket.signal?.aborted)
        throw new BusyError(
          "withState: every fit must be over when the function returns; got one under way: await it",
        );
      return handle.state();
    };
    const end = (handle: Trainer<X, P>) => {
      // A fit that nobody awaits: the error of withState says what became of it.
      handle.#ticket?.run?.catch(() => {});
      handle.close(
        "withState: a trainer ends with the function that it was given to; got a call after its end",
      );
    };
    return this.#customers.serve(options, open, fn, done, end);
  }

  /**
   * One update from rows that need not come again, for online data.
   *
   * @param data at most as many rows as the batch
   * @param options.classWeight what the rows of each class weigh, `"balanced"` over these rows. Default: all alike
   * @returns the loss before the update
   */
  step(data: Data<X, P>, options?: WeightOptions): { readonly loss: number } {
    // Asked first, because handing the arguments on costs 5 % of a small update.
    if (arguments.length > 2) refuseMore("step", arguments, 2, "write step({ x, y })");
    this.program.checkAlive("step");
    this.checkIdle("step");
    if (options !== undefined) readOptions("step", options, { classWeight: [] });
    const rows = this.#reader.loadBatch("step", data, options);
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
    const { border } = this;
    if (border) {
      checkFitted("stepBuffers", border, program.fitted);
      // Nobody has written rows before asking for the views.
      this.buffers;
      program.raw?.step?.load(rows);
    }
    takeStep(program, this.#train, rows, this.model.named);
  }

  /**
   * The mean loss over given rows, weighted as in `fit`, the accuracy where the loss is a cross-entropy, and the `metrics` of
   * `compile`, which are not weighted; changes nothing.
   *
   * @param options.classWeight what the rows of each class weigh, `"balanced"` over these rows. Default: all alike
   * @param options.state a state to read instead of the present one
   * @example
   * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
   * const { loss } = trainer.evaluate({ x: [[0], [1]], y: [1, 3] });
   */
  evaluate(data: Data<X, P> | BoundData<X>, options: EvaluateOptions = {}): Evaluation {
    refuseMore("evaluate", arguments, 2, "write evaluate({ x, y }, options)");
    this.program.checkAlive("evaluate");
    checkData("evaluate", data);
    const reading = readOptions("evaluate", options, { state: [], classWeight: [], weights: [] });
    const read = () =>
      finish(measureRows("evaluate", this.#host, this.#reader.readAtOnce("evaluate", data, options)));
    return this.reading("evaluate", reading, read);
  }

  /**
   * What `evaluate` gives, in slices of about 10 ms of the thread's time, between which the event loop runs. All rows are
   * evaluated in the state at the time of the call; leave the data alone until the promise settles.
   *
   * @throws as `evaluate`, and the signal's reason on abort
   */
  async evaluateAsync(
    data: Data<X, P> | BoundData<X>,
    options: EvaluateAsyncOptions = {},
  ): Promise<Evaluation> {
    refuseMore("evaluateAsync", arguments, 2, "write evaluateAsync({ x, y }, options)");
    this.program.checkAlive("evaluateAsync");
    checkData("evaluateAsync", data);
    const table = { state: [], signal: [], classWeight: [], weights: [] } as const;
    const { classWeight, ...reading } = readOptions("evaluateAsync", options, table);
    const steps = this.#readAndEvaluate("evaluateAsync", data, { classWeight });
    return this.readInSlices("evaluateAsync", reading, steps);
  }

  *#readAndEvaluate(who: string, data: Data<X, P> | BoundData<X>, options: WeightOptions): Steps<Evaluation> {
    const dataset = yield* eachJob((jobs) => this.#reader.read(who, data, options, jobs));
    return yield* measureRows(who, this.#host, dataset);
  }

  /**
   * The mean loss of at most a batch of rows and its gradient by parameter name; changes nothing.
   */
  gradients(data: Data<X, P>): {
    readonly loss: number;
    readonly gradients: { readonly [name: string]: Result };
  } {
    refuseMore("gradients", arguments, 1, "write gradients({ x, y })");
    this.program.checkAlive("gradients");
    const { program } = this;
    const restore = this.#ticket && keepRun(program, this.#train);
    const rows = this.#reader.loadBatch("gradients", data);
    const gradients = gradientsOf(program, this.#train, rows);
    restore?.();
    return gradients;
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
  get optimizerState(): MomentViews {
    const { program } = this;
    program.checkAlive("optimizerState");
    return momentViews(program, this.#train.slots);
  }

  /**
   * Changes the step size from the next step on, of every group of the optimizer; it belongs to the state. Callbacks of a
   * `fit` may call it too. Of a schedule it changes `initial` (`oneCycle`: `maximum`); a function of the step takes no notice.
   */
  setLearningRate(learningRate: number): void {
    refuseMore("setLearningRate", arguments, 1);
    this.program.checkAlive("setLearningRate");
    if (this.#callbacks === 0) this.checkIdle("setLearningRate");
    checkLearningRate("setLearningRate", learningRate);
    setLearningRate(this.program, learningRate);
    fillRates(this.program);
  }

  /**
   * Fits preprocessing layers to rows, as the first `fit` would, without training: for many customers of one scaling, for `step`
   * and `stepBuffers` from the first row on. What was fitted before is fitted anew, and `reset` keeps it.
   *
   * @param x rows, or rows by input name
   * @param y targets, where `targets: "standardize"` is to be fitted too
   * @throws OptionError where there is nothing to fit, ShapeError or DataError for rows that do not fit; then nothing changes
   * @example
   * const model = sequential({ input: [1] }, [standardize(), dense(1)]);
   * const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam() });
   * trainer.adapt([[0], [10]]);
   * trainer.step({ x: [[5]], y: [1] });
   */
  adapt(x: X, y?: Data<X, P>["y"]): void {
    refuseMore("adapt", arguments, 2);
    this.program.checkAlive("adapt");
    this.checkIdle("adapt");
    finish(adaptSteps("adapt", this.program, this.#reading, x, y));
  }

  /** As `adapt`, in slices of about 10 ms of the thread's time; what would change the state meanwhile throws a BusyError. */
  async adaptAsync(x: X, y?: Data<X, P>["y"]): Promise<void> {
    refuseMore("adaptAsync", arguments, 2);
    this.program.checkAlive("adaptAsync");
    this.checkIdle("adaptAsync");
    const ticket: Ticket = { signal: undefined };
    this.#ticket = ticket;
    try {
      await inSlices(adaptSteps("adaptAsync", this.program, this.#reading, x, y), () =>
        this.#checkNotDisposed("adaptAsync"),
      );
    } finally {
      if (this.#ticket === ticket) this.#ticket = undefined;
    }
  }

  /**
   * Starts over: exactly the state of a fresh `compile` with these seeds. Preprocessing that `fit` has fitted is forgotten; what
   * `adapt` has fitted stays.
   *
   * @param seeds by default the seeds of this trainer's compile
   */
  reset(seeds: { readonly seed?: number; readonly shuffleSeed?: number } = {}): void {
    refuseMore("reset", arguments, 1);
    this.program.checkAlive("reset");
    this.checkIdle("reset");
    const { model, program } = this;
    const { seed, shuffleSeed } = readOptions("reset", seeds, {
      seed: [model.seed, SEED],
      shuffleSeed: [this.#parts.shuffleSeed, SEED],
    });
    program.initialize({ seed, shuffleSeed: shuffleSeed ?? seed });
    this.forgetFit();
  }

  /** A Predictor with its own copy of the parameters; `update(trainer)` refreshes it. */
  snapshot(): Snapshot<X, P> {
    refuseMore("snapshot", arguments, 0);
    this.program.checkAlive("snapshot");
    const { losses, makePredictor } = this.#parts;
    const predictor = Object.assign(makePredictor(this.model), fromLogits(losses[0].loss, makePredictor));
    return snapshotOf(predictor, this);
  }

  override dispose(): void {
    if (this.program && this.#isHandle)
      throw new BusyError("dispose: the trainer of withState ends with its function; got a call before");
    this.#twin?.dispose();
    super.dispose();
  }

  /** @internal */
  protected override forgetFit(): void {
    this.program.crew?.renew();
    this.fitMemory = undefined;
  }

  /** @internal */
  override checkIdle(who: string): void {
    // An aborted run has ended as soon as its signal says so, not when it next looks.
    if (this.#ticket && !this.#ticket.signal?.aborted)
      throw new BusyError(
        `${who}: needs a trainer at rest; got a call while a fit is under way: await or abort it first`,
      );
    if (this.#customers?.isServing)
      throw new BusyError(
        `${who}: needs a trainer at rest; got a call while a withState is under way: ` +
          "use the trainer that its function is given, or a withState of your own",
      );
    super.checkIdle(who);
  }

  /** @internal whether a fit or a customer has its state */
  get isBusy(): boolean {
    return !!this.#customers?.isServing || (!!this.#ticket && !this.#ticket.signal?.aborted);
  }

  /** @internal Reads with the average of weights in their place, where that was asked for. */
  protected override reading<T>(who: string, { state, weights }: ReadOptions, read: () => T): T {
    return super.reading(who, { state }, () => withAverage(who, this.program, weights, read));
  }

  /** @internal */
  get fitHost(): FitHost {
    return this.#host;
  }

  /** @internal */
  protected override get isTraining(): boolean {
    return true;
  }

  /** @internal */
  protected override makeBuffers(): object {
    const { program, model, border } = this;
    const buffers = super.makeBuffers();
    const step = border && rawStepOf(program, this.#reading, border, model.named.inputs);
    if (program.raw) program.raw = { ...program.raw, step };
    return { ...buffers, step: stepViews(program, this.#train, model.named, step) };
  }

  /** @internal */
  protected override fileParts(training: boolean): FileParts {
    const memory = training ? this.fitMemory : undefined;
    return trainerFile(super.fileParts(training), this.#parts, this.program.plan, memory);
  }

  /** @internal */
  protected override manifestOptions(): Record<string, unknown> {
    return {
      ...super.manifestOptions(),
      ...manifestOfTraining(this.program, this.#train, this.#parts),
      steps: this.steps,
      epochs: this.epochs,
    };
  }

  #checkNotDisposed(who: string): void {
    if (this.program.disposed)
      throw new DisposedError(`${who}: the program must live until the end; got dispose() on the way`);
  }

  async #call(callback: () => unknown, signal: AbortSignal | undefined): Promise<unknown> {
    this.#callbacks++;
    try {
      return await callAndWait(callback, signal);
    } finally {
      this.#callbacks--;
    }
  }

  #callSync(name: string, callback: () => unknown): unknown {
    this.#callbacks++;
    try {
      return callWithoutWaiting(name, callback);
    } finally {
      this.#callbacks--;
    }
  }
}
