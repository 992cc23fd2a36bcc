/** What an optimizer keeps beside each parameter, from outside. */
import type { Moment, Slot } from "../plan/optimizer.ts";
import { besideVariable } from "../plan/planned.ts";
import type { ParameterView } from "../program/parameters.ts";
import type { Program } from "../program/program.ts";
import { readOnly } from "../program/read-only.ts";

export type MomentViews = { readonly [name: string]: { readonly [moment in Moment]?: ParameterView } };

export function momentViews(
  program: Program,
  slots: readonly (Pick<Slot, "name"> & { readonly offset: number })[],
): MomentViews {
  program.hasViewsOutside = true;
  const { plan, f32 } = program;
  const views = plan.variables.map((v) => {
    const own = v.role === "trained" ? slots : [];
    const moments = own.map(({ name, offset }) => {
      const at = besideVariable(plan, offset, v) >>> 2;
      return [name, { shape: v.shape, data: f32.subarray(at, at + v.elements) }];
    });
    return [v.name, Object.fromEntries(moments)];
  });
  return readOnly("optimizerState", Object.fromEntries(views));
}
