/** The program of a trainer once more, in the same state: what is done to it the trainer does not notice. */
import type { TrainPlan } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { makeReader, type Reader } from "../train/reader.ts";
import type { Trainer } from "../train/trainer.ts";

export interface Twin {
  readonly program: Program;
  readonly train: TrainPlan;
  readonly reader: Reader;
}

/** @returns what must be disposed of in the end, by its program */
export function twinOf<X, P>(who: string, trainer: Trainer<X, P>): Twin {
  const { program: original } = trainer;
  original.checkAlive(who);
  const { rules } = trainer.fitHost;
  const program = original.twin(who);
  program.takeOver(original);
  program.states.load(who, original.states.save(), true);
  return { program, train: rules.train, reader: makeReader(program, rules.train, rules) };
}
