/** What happens between two epochs: rows are measured, the best state is kept, callbacks hear of it. */
import { Counter } from "../../assembly/abi.ts";
import { OptionError } from "../errors.ts";
import type { CounterAccess } from "../plan/optimizer.ts";
import type { Steps } from "../steps.ts";
import { unknownName } from "../suggest.ts";
import type { Evaluation } from "./evaluate.ts";
import type { FitRun } from "./fit.ts";
import { emptyMemory, type FitMemory } from "./fit-memory.ts";
import type { AnyFitOptions, BestEpoch, EpochEvent, FitResult } from "./fit-options.ts";
import { type Measuring, measureRows } from "./metrics.ts";
import { fillRates } from "./rates.ts";
import type { Dataset } from "./windows.ts";

/** Whether a fit has something to do between two epochs. */
export const watchesEpochs = (
  { validation, earlyStopping, onEpoch, ledger }: AnyFitOptions,
  { metrics, program }: Pick<Measuring, "metrics" | "program">,
): boolean =>
  metrics.length > 0 ||
  (validation ?? earlyStopping ?? onEpoch ?? ledger ?? program.plan.train?.optimizer?.plateau) !== undefined;

/** The parts of a result that come from looking between epochs. */
type Watched = Omit<FitResult, "epochs" | "steps" | "history" | "historyEvery" | "notes" | "reason">;

export interface EpochWatch {
  /** What early stopping knows, and which epoch is not judged yet, for whoever saves it. */
  readonly memory: FitMemory | undefined;
  /** Whether an epoch of an earlier call waits to be judged. */
  readonly hasPending: boolean;
  /** Measures the rows after an epoch. */
  measure(): Steps<void>;
  /** Judges the epoch that was measured, notes it, and says what is known of it. */
  judge(): EpochEvent;
  /** Whether patience is left; always, without early stopping. */
  readonly isPatient: boolean;
  /** Puts the best state back where there is one, and measures what was not measured yet. */
  finish(): Steps<Watched>;
}

/** What the watch looks at. */
export interface WatchedRun extends Measuring {
  readonly who: string;
  readonly run: FitRun;
  readonly training: Dataset;
  readonly validation: Dataset | undefined;
  /** What an earlier fit that did not come to its end left. */
  readonly memory: FitMemory | undefined;
}

export function watchEpochs(watched: WatchedRun, options: AnyFitOptions): EpochWatch {
  const { who, program, run, training, validation, metrics } = watched;
  const { earlyStopping } = options;
  const stopping = earlyStopping && monitorOf(who, watched, validation !== undefined, earlyStopping);
  const plateau = plateauOf(who, watched, validation !== undefined);
  // A plateau judges epochs too: one that an abort kept from it is judged later.
  const memory = stopping || plateau ? memoryFor(watched, stopping?.monitor ?? "") : undefined;
  /** Metrics belong to the validation rows, or to all where metrics were asked for. */
  const rows = validation ?? (metrics.length > 0 ? training : undefined);
  let measured: Evaluation | undefined;
  /** The update after which the rows were measured. */
  let measuredAt = -1;
  /** Mean training loss of the last epoch. */
  let loss = Number.NaN;

  function* measureNow(): Steps<void> {
    const step = program.counter(Counter.Step);
    if (!rows || measuredAt === step) return;
    measured = yield* measureRows(who, watched, rows);
    measuredAt = step;
  }

  /** Columns of the history beside the loss. */
  const columns = (): Record<string, number> => {
    const { loss: validationLoss, ...values } = measured ?? {};
    return { ...(validation ? { validationLoss: validationLoss as number } : {}), ...values } as Record<
      string,
      number
    >;
  };

  const isBetter = (value: number, minDelta: number): boolean => {
    const { best } = memory as FitMemory;
    if (!Number.isFinite(value)) return false;
    if (best === undefined) return true;
    return stopping?.mode === "max" ? value > best + minDelta : value < best - minDelta;
  };

  /** Takes the present state for the best one, if its value is better by `minDelta`. */
  const consider = (value: number, minDelta: number): void => {
    const kept = memory as FitMemory;
    if (!isBetter(value, minDelta)) {
      kept.waited++;
      return;
    }
    kept.best = value;
    kept.bestEpoch = program.counter(Counter.Epoch);
    kept.waited = 0;
    kept.loss = loss;
    kept.measured = measured;
    kept.state = program.states.save(kept.state);
  };

  const best = (): { best?: BestEpoch } => {
    if (memory?.best === undefined) return {};
    const { bestEpoch: epoch, loss: ofBest, measured: values } = memory;
    return { best: { epoch, loss: ofBest, ...(validation ? { validation: values as Evaluation } : {}) } };
  };

  /** What is known of a state: loss, metrics, and what validation rows gave. */
  const known = (ofState: number, values: Evaluation | undefined) => {
    const { loss: _, ...others } = values ?? { loss: 0 };
    return { loss: ofState, ...others, ...(validation ? { validation: values as Evaluation } : {}) };
  };

  return {
    memory,
    hasPending: memory?.pending !== undefined,

    *measure() {
      loss = memory?.pending ?? run.progress().loss;
      if (memory) {
        memory.pending = loss;
        memory.epoch = program.counter(Counter.Epoch);
      }
      yield* measureNow();
    },

    judge() {
      const values = columns();
      run.note(values);
      plateau?.(loss, values);
      if (stopping)
        consider(stopping.monitor === "loss" ? loss : values[stopping.monitor], stopping.minDelta);
      if (memory) memory.pending = undefined;
      const { epochs, steps } = run.progress();
      const epoch = program.counter(Counter.Epoch);
      return { epoch, epochs, steps, ...known(loss, measured), ...best() };
    },

    get isPatient() {
      return !memory || !stopping || memory.waited < stopping.patience;
    },

    *finish() {
      const ended = run.progress().loss;
      if (!memory || memory.best === undefined || run.reason === "lossBelow") yield* measureNow();
      if (stopping && run.reason === "lossBelow") {
        loss = ended;
        consider(stopping.monitor === "loss" ? loss : columns()[stopping.monitor], 0);
      }
      if (memory?.best === undefined) return known(ended, measured);
      program.states.load(who, memory.state, true);
      return { ...known(memory.loss, memory.measured), ...best() };
    },
  };
}

interface Stopping {
  readonly patience: number;
  readonly minDelta: number;
  readonly monitor: string;
  readonly mode: "min" | "max";
}

/** What is watched, and which way is better. */
export function monitorOf(
  who: string,
  { metrics, rules }: Measuring,
  validation: boolean,
  { patience, minDelta = 0, monitor, mode }: NonNullable<AnyFitOptions["earlyStopping"]>,
  option = "earlyStopping",
): Stopping {
  const modes = new Map<string, "min" | "max" | undefined>([["loss", "min"]]);
  if (validation) modes.set("validationLoss", "min");
  const { losses } = rules;
  if ((validation || metrics.length > 0) && losses.length === 1 && losses[0].loss.family !== "numbers")
    modes.set("accuracy", "max");
  for (const { name, better } of metrics) modes.set(name, better && (better === "higher" ? "max" : "min"));
  const name = monitor ?? (validation ? "validationLoss" : "loss");
  const what = `${who}: ${option}`;
  if (!modes.has(name))
    throw new OptionError(
      unknownName(`${what}: monitor`, "column", name, [...modes.keys()]) +
        (name === "validationLoss" ? "; it needs validation, such as validation: 0.2" : ""),
      "unknown",
    );
  const known = modes.get(name);
  if (known === undefined && mode === undefined)
    throw new OptionError(
      `${what}: mode must say whether ${name} is best at its "min" or "max", because it is a function of your own; got none`,
    );
  if (known !== undefined && mode !== undefined && mode !== known)
    throw new OptionError(`${what}: mode of ${name} must be "${known}", or left out; got "${mode}"`);
  return { patience, minDelta, monitor: name, mode: (known ?? mode) as "min" | "max" };
}

/** Judges the epochs of a fit whose optimizer reduces its rates on a plateau. */
function plateauOf(who: string, watched: WatchedRun, validation: boolean) {
  const { program } = watched;
  const plateau = program.plan.train?.optimizer?.plateau;
  if (!plateau) return undefined;
  const { monitor, mode } = plateau;
  const judged = monitorOf(who, watched, validation, { patience: 1, monitor, mode }, "reduceOnPlateau");
  const { counters } = program.plan;
  const access: CounterAccess = {
    get: (name) => program.counter(counters.indexOf(name)),
    set: (name, value) => program.setCounter(counters.indexOf(name), value),
    changeRates: (change) => {
      for (const { kind, at } of counters.entries)
        if (kind === "rate") program.setCounter(at, change(program.counter(at)));
      fillRates(program);
    },
  };
  return (loss: number, values: Readonly<Record<string, number>>) =>
    plateau.judge(judged.monitor === "loss" ? loss : values[judged.monitor], judged.mode === "max", access);
}

/** What an earlier fit left, if it watched the same column of as many rows and the trainer is still where it ended. */
function memoryFor({ memory, program, training, validation }: WatchedRun, monitor: string): FitMemory {
  const own = {
    monitor,
    rows: training.rows,
    validationRows: validation?.rows ?? 0,
    epoch: program.counter(Counter.Epoch),
  };
  const names = Object.keys(own) as (keyof typeof own)[];
  return memory && names.every((name) => memory[name] === own[name]) ? memory : emptyMemory(own);
}
