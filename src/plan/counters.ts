/**
 * The counters of a program, by name: f64 numbers that open the state. Every program has those of `Counter`; optimizers add
 * rates and powers; what is fitted to data, such as the means of columns, stands behind them all.
 */
import { Counter } from "../../assembly/abi.ts";
import type { Graph } from "../graph/graph.ts";
import { Fitted, type FittedEntry, targetEntries } from "../graph/input.ts";
import { sizeOf } from "../graph/shape.ts";

/** What a counter may be, for states that come from outside. */
export type CounterKind = "count" | "sum" | "share" | "rate" | FittedEntry["kind"];

export interface CounterEntry {
  readonly name: string;
  readonly kind: CounterKind;
  /** How it starts. */
  readonly initial: number;
  /** How many numbers it is. Default: 1. */
  readonly length?: number;
  /** Whether it belongs to the model, as its variables do: it is fitted to data, not counted by training. */
  readonly isFitted?: boolean;
  /** How each of its numbers starts, where they differ. */
  readonly values?: readonly number[];
}

/** A counter with its place. */
export interface PlannedCounter extends CounterEntry {
  /** Index of its first number in the state. */
  readonly at: number;
  readonly length: number;
}

/** Names of counters as in `Counter`, their first letter small. */
const nameOf = (counter: Counter) => Counter[counter].charAt(0).toLowerCase() + Counter[counter].slice(1);

const COMMON: readonly CounterEntry[] = /* @__PURE__ */ Array.from({ length: Counter.Count }, (_, i) => ({
  name: nameOf(i),
  kind: i === Counter.EpochLoss ? "sum" : "count",
  initial: 0,
}));

export interface CounterTable {
  readonly entries: readonly PlannedCounter[];
  /** Numbers of all of them. */
  readonly size: number;
  /** Where what is fitted begins; it ends the table. */
  readonly fittedAt: number;
  /** Index of a counter in the state. */
  indexOf(name: string): number;
}

export function counterTable(registered: readonly CounterEntry[]): CounterTable {
  let size = 0;
  const entries = [...COMMON, ...registered].map((entry): PlannedCounter => {
    const { length = 1 } = entry;
    size += length;
    return { ...entry, length, at: size - length };
  });
  const indices = new Map(entries.map(({ name, at }) => [name, at]));
  const indexOf = (name: string) => {
    const i = indices.get(name);
    if (i === undefined) throw new Error(`counters: must be registered; got ${name}`);
    return i;
  };
  const fittedAt = entries.find(({ isFitted }) => isFitted)?.at ?? size;
  return { entries, size, fittedAt, indexOf };
}

/** The counters of what is fitted to data: of the steps of each input, then of targets. */
export function fittedCounters(graph: Graph): CounterEntry[] {
  const counters = (entries: readonly FittedEntry[], initial: readonly number[] | undefined) => {
    let at = 0;
    return entries.map((entry): CounterEntry => {
      at += entry.length;
      return { ...entry, initial: 0, isFitted: true, values: initial?.slice(at - entry.length, at) };
    });
  };
  return [
    ...graph.inputs.flatMap(({ preprocessing, initial }) => counters(preprocessing?.fitted ?? [], initial)),
    ...graph.outputs.flatMap(({ name, value, targets, initial }) =>
      targets ? counters(targetEntries(name, -sizeOf(graph.shape(value))), initial) : [],
    ),
  ];
}

/** Whether a number from outside can be this counter. */
export function isSound({ kind }: CounterEntry, value: number): boolean {
  if (value - value !== 0) return false;
  if (kind === "count") return Number.isSafeInteger(value) && value >= 0;
  if (kind === "share") return value >= 0 && value <= 1;
  if (kind === "flag") return value === Fitted.Not || value === Fitted.ByFit || value === Fitted.ByAdapt;
  return kind === "rate" || kind === "spread" ? value >= 0 : true;
}
