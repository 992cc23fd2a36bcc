/** What stands between the rows of users and those of the kernels: preprocessing of inputs, and the units of outputs. */
import { NotFittedError } from "../errors.ts";
import { Fitted, type Preprocessing, targetEntries } from "../graph/input.ts";
import type { Model } from "../model/model.ts";
import { rowElements } from "../plan/graphs.ts";
import type { Program } from "./program.ts";

/** An input with preprocessing, or an output whose targets are standardized, and where its fitted numbers begin. */
interface Place {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** What a model has at its border, by the order of inputs and of outputs; undefined where it has nothing. */
export interface Border {
  readonly inputs: readonly ((Place & { readonly preprocessing: Preprocessing }) | undefined)[];
  readonly outputs: readonly (Place | undefined)[];
}

/** The border of a model; undefined where rows and predictions are those of the graph. */
export function borderOf({ graph }: Model): Border | undefined {
  let next = 0;
  const place = (name: string, length: number): Place => {
    next += length;
    return { name, from: next - length, to: next };
  };
  const total = (entries: readonly { readonly length: number }[]) =>
    entries.reduce((sum, { length }) => sum + length, 0);
  const inputs = graph.inputs.map(
    ({ name, preprocessing }) =>
      preprocessing && { ...place(name, total(preprocessing.fitted)), preprocessing },
  );
  const outputs = graph.outputs.map(({ name, value, targets }) =>
    targets ? place(name, total(targetEntries(name, rowElements(graph, value)))) : undefined,
  );
  return [...inputs, ...outputs].some((entry) => entry) ? { inputs, outputs } : undefined;
}

/** The fitted numbers of a place in the present state. */
export const numbersOf = ({ fitted }: Program, { from, to }: Place): Float64Array =>
  fitted.subarray(from, to);

/** What is not fitted yet: the name of a layer, or of standardized targets. */
export function firstUnfitted({ inputs, outputs }: Border, numbers: Float64Array): string | undefined {
  for (const input of inputs) {
    const layer = input?.preprocessing.unfitted(numbers, input.from);
    if (layer !== undefined) return layer;
  }
  for (const place of outputs)
    if (place && numbers[place.from] === Fitted.Not) return `targets.${place.name}`;
  return undefined;
}

/**
 * @param numbers of all places
 * @throws NotFittedError unless everything has been fitted
 */
export function checkFitted(who: string, border: Border, numbers: Float64Array): void {
  const name = firstUnfitted(border, numbers);
  if (name === undefined) return;
  const adapt = name.startsWith("targets.") ? "adapt(x, y)" : "adapt(x)";
  throw new NotFittedError(
    `${who}: ${name} must be fitted to rows first; got a call before that: call fit, or ${adapt}`,
  );
}

/** Predictions in units of y: `mean + spread z`, in f64. */
export function inUnitsOfY(
  numbers: Float64Array,
  from: Float32Array,
  start: number,
  into: Float32Array | Float64Array,
  at: number,
  count: number,
  rowElements: number,
): void {
  for (let i = 0; i < count * rowElements; i++) {
    const column = i % rowElements;
    into[at + i] = numbers[1 + column] + (numbers[1 + rowElements + column] || 1) * from[start + i];
  }
}

/** What is fitted in the present state, by layer, as people read it. */
export type FittedNumbers = {
  readonly [layer: string]: { readonly [statistic: string]: readonly number[] };
};

export function fittedNumbers({ plan, fitted }: Program): FittedNumbers {
  const { entries, fittedAt } = plan.counters;
  const all: Record<string, Record<string, readonly number[]>> = {};
  let isFitted = false;
  for (const { name, kind, at, length, isFitted: belongs } of entries) {
    if (!belongs) continue;
    const dot = name.lastIndexOf(".");
    const numbers = Array.from(fitted.subarray(at - fittedAt, at - fittedAt + length));
    if (kind === "flag") isFitted = numbers[0] !== Fitted.Not;
    else if (isFitted) (all[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = numbers;
  }
  return all;
}
