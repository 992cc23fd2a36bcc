/** Whether a state that comes from outside can have come from training. */
import { Counter, Guard } from "../../assembly/abi.ts";
import { StateError } from "../errors.ts";
import { isSound } from "../plan/counters.ts";
import type { Plan, PlannedVariable } from "../plan/planned.ts";
import type { Kernels } from "../runtime/kernels.ts";

/** What has a state: a program. */
export interface Owner {
  readonly plan: Plan;
  readonly kernels: Kernels;
  // Of the present: views may be replaced.
  readonly u8: Uint8Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
}

export function fail(who: string, rule: string, got: string, detail?: string): never {
  throw new StateError(`${who}: ${rule}; got ${got}`, detail);
}

export function checkRange(who: string, from: number, bytes: number, blockBytes: number): void {
  if (!(Number.isSafeInteger(from) && from >= 0 && from + bytes <= blockBytes))
    fail(who, "the directory of a state must fit its block", `${bytes} bytes at ${from} of ${blockBytes}`);
}

export function checkFinite(
  who: string,
  { kernels }: Owner,
  { name, offset, elements }: PlannedVariable,
): void {
  if (kernels.maxMagnitude(offset, elements) >= Guard.NonFinite)
    fail(who, "the numbers of a state must be finite", `NaN or infinity in ${name}`);
}

/** A check of whether what stands in a program's block can have come from training. */
export function blockCheck(program: Owner): (who: string, whole: boolean) => void {
  const { plan, kernels } = program;
  const { state, counters, layout, train, variables } = plan;
  const at = state.offset / 8;
  const { size } = counters;
  /** That each number of a counter belongs to. */
  const entries = counters.entries.flatMap((entry) => Array<typeof entry>(entry.length).fill(entry));
  const first = layout.at("idle");
  const elements = (layout.at("frozen") - first) >>> 2;
  const nonNegative = (train?.slots ?? []).filter((slot) => slot.nonNegative);
  // Few and short; kernels of programs that only predict have no `hasNegative`.
  const variances = variables
    .filter(({ role, nonNegative: flag }) => flag && role !== "frozen")
    .map(({ name, offset, elements }) => ({ name, from: offset >>> 2, end: (offset >>> 2) + elements }));
  const trained = (layout.regions.find(({ name }) => name === "trained")?.bytes ?? 0) >>> 2;
  return (who, whole) => {
    const { f32, f64 } = program;
    for (let i = 0; i < size; i++)
      if (!isSound(entries[i], f64[at + i]))
        fail(
          who,
          "the counters of a state must be finite, in range, and whole where they count",
          `${entries[i].name} ${f64[at + i]}`,
        );
    const cursor = f64[at + Counter.Cursor];
    const rows = f64[at + Counter.EpochRows];
    const micro = f64[at + Counter.MicroStep];
    const waiting = f64[at + Counter.GroupRows];
    if (!(cursor === 0 || cursor < rows))
      fail(who, "the cursor of a state must lie in its epoch", `cursor ${cursor} of ${rows} rows`);
    if (train && whole && micro >= train.accumulate)
      fail(
        who,
        `a state must have fewer passes waiting than the ${train.accumulate} of an update`,
        `${micro}`,
      );
    if (!(waiting >= micro && waiting > 0 === micro > 0))
      fail(who, "the passes waiting in a state must have rows", `${waiting} rows in ${micro} passes`);
    if (kernels.maxMagnitude(first, elements) >= Guard.NonFinite) {
      const bad = variables.find(
        (v) => v.role !== "frozen" && kernels.maxMagnitude(v.offset, v.elements) >= Guard.NonFinite,
      );
      fail(
        who,
        "the numbers of a state must be finite",
        `NaN or infinity in ${bad?.name ?? "a slot of the optimizer"}`,
      );
    }
    for (let i = 0; i < nonNegative.length; i++)
      if (kernels.hasNegative(nonNegative[i].offset, trained))
        fail(who, `the ${nonNegative[i].name} of a state must not be negative`, "a number below 0");
    for (const { name, from, end } of variances)
      for (let i = from; i < end; i++)
        if (f32[i] < 0) fail(who, `${name} of a state must not be negative`, `${f32[i]}`);
  };
}
