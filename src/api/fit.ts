import { Counter, Guard, Header, Hyper, Status } from "../../assembly/abi.ts";
import type { TrainPlan } from "../plan/plan.ts";
import { type Dataset, moveWindow, openWindow, reclaimBuffers } from "./dataset.ts";
import { nonFinite, overflow } from "./diagnose.ts";
import type { Program } from "./program.ts";

export interface FitProgress {
  /** Epochs completed by this call. */
  readonly epochs: number;
  /** Updates applied by this call. */
  readonly steps: number;
  /** Mean loss of the last completed epoch, or of the last batch before one is complete. */
  readonly loss: number;
}

export interface FitOptions {
  /** Epochs of this call; a partial epoch that is finished counts as one. Default: 1, without end if `stopWhen` is given. */
  readonly epochs?: number;
  readonly stopWhen?: {
    /** Ends the run before the update of an epoch whose mean loss is below this. */
    readonly lossBelow?: number;
  };
  /** Whether each epoch visits the rows in an order of its own, by the shuffle seed. Default: true. */
  readonly shuffle?: boolean;
  /** Hears of progress about every 10 ms, and at the end. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** Ends an asynchronous `fit` after the last whole step; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface FitResult extends FitProgress {
  /** `"epochs"`: all were done; `"lossBelow"`: the loss was met, and belongs to the parameters as they are. */
  readonly reason: "epochs" | "lossBelow";
  /** Mean loss of every `historyEvery`-th epoch of this call. */
  readonly history: readonly number[];
  /** 1 for runs of up to 8,192 epochs; longer histories are thinned by powers of two. */
  readonly historyEvery: number;
}

const HISTORY_LIMIT = 8192;

/** Losses of an unbounded run in bounded memory: when full, every second one goes. */
class History {
  values: number[] = [];
  every = 1;
  #seen = 0;

  push(value: number): void {
    if (this.#seen++ % this.every !== 0) return;
    if (this.values.length === HISTORY_LIMIT) {
      this.values = this.values.filter((_, i) => i % 2 === 0);
      this.every *= 2;
      if ((this.#seen - 1) % this.every !== 0) return;
    }
    this.values.push(value);
  }
}

/** Steps of one call into the machine: a bound between two looks at the parameters. */
const MOST_STEPS = 1 << 20;
/** Learning rates above this may overflow an update by themselves. */
const LARGE_RATE = 1 << 20;

/** One `fit` under way: takes steps until done, in slices of any length. */
export class FitRun {
  #calls = 1;
  #careful: boolean;
  #reason: FitResult["reason"] | undefined;
  #loss = Number.NaN;
  readonly #history = new History();
  readonly #firstStep: number;
  readonly #firstEpoch: number;
  readonly #shuffle: boolean;

  constructor(
    readonly program: Program,
    readonly train: TrainPlan,
    readonly dataset: Dataset,
    readonly options: FitOptions,
  ) {
    this.#shuffle = options.shuffle ?? true;
    this.#firstStep = program.counter(Counter.Step);
    this.#firstEpoch = program.counter(Counter.Epoch);
    const lossBelow = options.stopWhen?.lossBelow;
    program.setDouble(
      Header.EpochsLeft,
      options.epochs ?? (lossBelow === undefined ? 1 : Number.POSITIVE_INFINITY),
    );
    program.setDouble(Header.LossBelow, lossBelow ?? Number.NEGATIVE_INFINITY);
    program.setHeader(Header.HistoryCount, 0);
    program.setHeader(Header.Careful, 0);
    if (program.counter(Counter.EpochRows) !== dataset.rows) {
      // A partial epoch over other data cannot be finished with these.
      for (const counter of [Counter.Cursor, Counter.EpochLoss, Counter.EpochRows])
        program.setCounter(counter, 0);
    }
    openWindow(program, train, dataset, this.#shuffle);
    this.#careful = mayOverflow(program);
  }

  /** Takes the batch buffers back, after others used them. */
  reclaim(): void {
    reclaimBuffers(this.program, this.dataset);
  }

  get progress(): FitProgress {
    const { program } = this;
    return {
      epochs: program.counter(Counter.Epoch) - this.#firstEpoch,
      steps: program.counter(Counter.Step) - this.#firstStep,
      loss: this.#loss,
    };
  }

  get result(): FitResult {
    return {
      reason: this.#reason ?? "epochs",
      ...this.progress,
      history: this.#history.values,
      historyEvery: this.#history.every,
    };
  }

  /**
   * Takes steps until the run is over or `deadline` has passed.
   *
   * @param deadline in ms, as `performance.now()` counts
   * @returns whether the run is over
   * @throws NonFiniteError with the state of the last good step
   */
  advance(deadline: number): boolean {
    const { program } = this;
    for (;;) {
      const before = performance.now();
      const step = program.counter(Counter.Step);
      const bounded = deadline === Number.POSITIVE_INFINITY ? MOST_STEPS : this.#calls;
      const status = this.#careful ? this.#carefulStep() : program.kernels.run(program.plan.base, bounded);
      this.#drain();
      if (this.#handle(status)) return true;
      // A slice takes at least one step: it does not end with a mere move of the window.
      if (deadline === Number.POSITIVE_INFINITY || program.counter(Counter.Step) === step) continue;
      const now = performance.now();
      if (now >= deadline) return false;
      // Doubles while a call takes less than a tenth of what is left.
      if ((now - before) * 10 < deadline - now && this.#calls < MOST_STEPS) this.#calls *= 2;
      else if ((now - before) * 2 > deadline - now && this.#calls > 1) this.#calls /= 2;
    }
  }

  #handle(status: Status): boolean {
    switch (status) {
      case Status.Ok:
      case Status.HistoryFull:
        this.#careful = mayOverflow(this.program);
        return false;
      case Status.EpochsDone:
        this.#reason = "epochs";
        return true;
      case Status.LossBelow:
        this.#reason = "lossBelow";
        return true;
      case Status.WindowEnd:
        moveWindow(this.program, this.train, this.dataset, this.#shuffle);
        return false;
      case Status.LargeGradient: {
        const careful = this.#carefulStep();
        this.#drain();
        return this.#handle(careful);
      }
      default:
        throw nonFinite(this.program, this.train, this.#nextStep());
    }
  }

  #nextStep(): number {
    return this.program.counter(Counter.Step) + 1;
  }

  /** Takes epoch losses out of the ring. */
  #drain(): void {
    const { program, train } = this;
    const count = program.header(Header.HistoryCount);
    const at = train.history.offset >>> 3;
    for (let i = 0; i < count; i++) this.#history.push(program.f64[at + i]);
    if (count > 0) this.#loss = program.f64[at + count - 1];
    else if (this.#history.values.length === 0) this.#loss = program.double(Header.Loss);
    program.setHeader(Header.HistoryCount, 0);
  }

  #carefulStep(): Status {
    const { program } = this;
    return carefully(program, () => program.kernels.run(program.plan.base, 1));
  }
}

/** Takes one step whose update may overflow: the state is saved first, and put back if it does. */
export function carefully(program: Program, take: () => Status): Status {
  const { offset, bytes } = program.plan.state;
  const saved = program.u8.slice(offset, offset + bytes);
  const step = program.counter(Counter.Step) + 1;
  program.setHeader(Header.Careful, 1);
  const status = take();
  program.setHeader(Header.Careful, 0);
  // Nothing was written then.
  if (status === Status.NonFiniteLoss || status === Status.NonFiniteGradient) return status;
  const overflowing = overflowed(program);
  if (overflowing) {
    program.u8.set(saved, offset);
    throw overflow(program, step, overflowing);
  }
  return status;
}

/** Whether a bounded number of steps could carry a parameter past the largest f32 though no gradient is large. */
export function mayOverflow(program: Program): boolean {
  const { state, hyper, train } = program.plan;
  const rate = program.counter(Counter.LearningRate);
  if (rate > LARGE_RATE || rate * hyper.values[Hyper.WeightDecay] > 1) return true;
  if (train?.optimizer === "adam") {
    const { [Hyper.Beta1]: beta1, [Hyper.Beta2]: beta2, [Hyper.Epsilon]: epsilon } = hyper.values;
    // Then the root may fade before the first moment does, which leaves epsilon alone to divide 2^60 by.
    if (beta1 * beta1 > beta2 && rate > epsilon * LARGE_RATE) return true;
  }
  const firstParameter = state.offset + Counter.Count * 8;
  const bytes = train?.optimizer === "sgd" ? state.bytes - Counter.Count * 8 : state.parameterBytes;
  return program.reaches(firstParameter, bytes, Guard.LargeParameter);
}

/** The parameter whose value or moments are NaN or infinite, if there is one. */
function overflowed(program: Program): string | undefined {
  const { state, parameters } = program.plan;
  const first = state.offset + Counter.Count * 8;
  for (let block = first; block < state.offset + state.bytes; block += state.parameterBytes)
    for (const p of parameters) if (program.reaches(block + p.offset - first, p.elements * 4)) return p.name;
  return undefined;
}
