/** How the variables of a program form regions: those that belong together lie together, groups side by side. */
import { sizeOf } from "../graph/shape.ts";
import { align } from "./layout.ts";
import type { VariableUse } from "./roles.ts";

/** Regions of variables, in the order they lie in memory. */
export type VariableRegion = "idle" | "updated" | "trained" | "frozen";

export interface Location {
  readonly region: VariableRegion;
  /** Bytes from the start of the region. */
  readonly bytes: number;
  readonly elements: number;
}

/** A run of neighbouring variables. */
export interface Stretch {
  readonly bytes: number;
  readonly elements: number;
}

export interface Blocks {
  /** One a variable, in the order of declaration; undefined for those of another program. */
  readonly locations: readonly (Location | undefined)[];
  readonly bytes: Readonly<Record<VariableRegion, number>>;
  /** The trained variables of each group of the optimizer. */
  readonly groups: readonly Stretch[];
}

/**
 * @param updated names of variables that update nodes write
 * @param foreign names of variables that another program of the space owns
 * @param groups  how many groups the optimizer has, at least 1
 */
export function blocksOf(
  uses: readonly VariableUse[],
  updated: ReadonlySet<string>,
  foreign: { has(name: string): boolean },
  groups: number,
): Blocks {
  const locations = new Array<Location | undefined>(uses.length);
  const bytes = { idle: 0, updated: 0, trained: 0, frozen: 0 };
  const add = (i: number, region: VariableRegion) => {
    const elements = sizeOf(uses[i].variable.shape);
    locations[i] = { region, bytes: bytes[region], elements };
    bytes[region] += align(elements * 4);
  };
  const stretches = Array.from({ length: groups }, (_, g): Stretch => {
    const from = bytes.trained;
    uses.forEach(({ role, group }, i) => {
      if (role === "trained" && group === g) add(i, "trained");
    });
    return { bytes: from, elements: (bytes.trained - from) / 4 };
  });
  uses.forEach(({ role, variable: { name } }, i) => {
    if (role === "frozen" && !foreign.has(name)) add(i, "frozen");
    if (role === "state") add(i, updated.has(name) ? "updated" : "idle");
  });
  return { locations, bytes, groups: stretches };
}
