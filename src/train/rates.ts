/** Learning rates of a program: base rates are counters of its state, those of the steps to come stand in a table. */
import { Counter, Run } from "../../assembly/abi.ts";
import { check, POSITIVE, type Rule } from "../options.ts";
import { counterOf } from "../plan/optimizer.ts";
import type { Program } from "../program/program.ts";

/** A rate that is not 0, but 0 in single precision, would silently train nothing. */
export const RATE: Rule = [
  "0, or a finite number > 0 in single precision",
  (n: number) => n === 0 || POSITIVE[1](n),
];

export function checkLearningRate(who: string, rate: number): void {
  check(who, "learningRate", rate, RATE);
}

/** The base rate of each group, of the parameters that none matches last. */
export const ratesOf = (program: Program): number[] =>
  program.plan.counters.entries.flatMap(({ kind, at }) => (kind === "rate" ? [program.counter(at)] : []));

/** Sets the base rates of all groups. */
export function setLearningRate(program: Program, rate: number): void {
  for (const { kind, at } of program.plan.counters.entries) if (kind === "rate") program.setCounter(at, rate);
}

/** Writes the table of rates: that of each group for the steps to come, from its base rate and the schedule. */
export function fillRates(program: Program): void {
  const { train, counters } = program.plan;
  if (!train?.optimizer) return;
  const { groups, schedule } = train.optimizer;
  const { offset, capacity } = train.rates;
  const step = program.counter(Counter.Step);
  for (let g = 0; g < groups.length; g++) {
    const base = program.counter(counters.indexOf(counterOf("learningRate", g, groups.length)));
    for (let row = 0; row < capacity; row++)
      program.f64[(offset >>> 3) + row * groups.length + g] = schedule ? schedule(base, step + row) : base;
  }
  const stride = groups.length * 8;
  program.setRun(Run.Rates, offset);
  program.setRun(Run.RateStep, schedule ? stride : 0);
  program.setRun(Run.RatesEnd, offset + capacity * stride);
}
