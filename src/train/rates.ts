/** Learning rates of a program: base rates are counters of its state, those of the steps to come stand in a table. */
import { Counter, Run } from "../../assembly/abi.ts";
import { counterOf } from "../plan/optimizer.ts";
import type { Program } from "../program/program.ts";
import { checkRateAt, isRate } from "./learning-rate.ts";

/** The base rate of each group, of the parameters that none matches last. */
export const ratesOf = (program: Program): number[] =>
  program.plan.counters.entries.flatMap(({ kind, at }) => (kind === "rate" ? [program.counter(at)] : []));

/** The rate of the step to come, of the parameters that no group matches. */
export function rateNow(program: Program): number {
  const base = ratesOf(program).pop() as number;
  const { groups, schedule } = program.plan.train?.optimizer ?? {};
  if (!groups || !schedule) return base;
  return schedule(base, program.counter(Counter.Step), groups.length - 1);
}

/** Sets the base rates of all groups. */
export function setLearningRate(program: Program, rate: number): void {
  for (const { kind, at } of program.plan.counters.entries) if (kind === "rate") program.setCounter(at, rate);
}

/**
 * Writes the table of rates: that of each group for the steps to come, from its base rate and the schedule. It ends before a
 * step whose rate is none, which is an error only once that step is to come.
 *
 * @param steps how many, at most; one is enough for who takes a single step
 * @throws OptionError for the rate of the very next step
 */
export function fillRates(program: Program, steps = Number.POSITIVE_INFINITY): void {
  const { train, counters } = program.plan;
  if (!train?.optimizer) return;
  const { groups, schedule } = train.optimizer;
  const { offset, capacity } = train.rates;
  const step = program.counter(Counter.Step);
  let rows = Math.min(capacity, steps);
  for (let g = 0; g < groups.length; g++) {
    const base = program.counter(counters.indexOf(counterOf("learningRate", g, groups.length)));
    for (let row = 0; row < rows; row++) {
      const rate = schedule ? schedule(base, step + row, g) : base;
      if (schedule && !isRate(rate)) {
        if (row === 0) checkRateAt("schedule", rate, step);
        rows = row;
      }
      program.f64[(offset >>> 3) + row * groups.length + g] = rate;
    }
  }
  const stride = groups.length * 8;
  program.setRun(Run.Rates, offset);
  program.setRun(Run.RateStep, schedule ? stride : 0);
  program.setRun(Run.RatesEnd, offset + rows * stride);
}
