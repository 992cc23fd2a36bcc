/**
 * The counters of a program, by name: f64 numbers that open the state. Every program has those of `Counter`; optimizers add
 * rates and powers.
 */
import { Counter } from "../../assembly/abi.ts";

/** What a counter may be, for states that come from outside. */
export type CounterKind = "count" | "sum" | "share" | "rate";

export interface CounterEntry {
  readonly name: string;
  readonly kind: CounterKind;
  /** How it starts. */
  readonly initial: number;
}

const KINDS: Readonly<Record<Exclude<Counter, Counter.Count>, CounterKind>> = {
  [Counter.Step]: "count",
  [Counter.Epoch]: "count",
  [Counter.Cursor]: "count",
  [Counter.EpochLoss]: "sum",
  [Counter.EpochRows]: "count",
  [Counter.MicroStep]: "count",
  [Counter.GroupRows]: "count",
  [Counter.Seed]: "count",
  [Counter.ShuffleSeed]: "count",
};

/** Names of counters as in `Counter`, their first letter small. */
const nameOf = (counter: Counter) => Counter[counter].charAt(0).toLowerCase() + Counter[counter].slice(1);

const COMMON: readonly CounterEntry[] = Array.from({ length: Counter.Count }, (_, i) => ({
  name: nameOf(i),
  kind: KINDS[i as keyof typeof KINDS],
  initial: 0,
}));

export interface CounterTable {
  readonly entries: readonly CounterEntry[];
  /** Index of a counter in the state. */
  indexOf(name: string): number;
}

export function counterTable(registered: readonly CounterEntry[]): CounterTable {
  const entries = [...COMMON, ...registered];
  const indices = new Map(entries.map(({ name }, i) => [name, i]));
  const indexOf = (name: string) => {
    const i = indices.get(name);
    if (i === undefined) throw new Error(`counters: must be registered; got ${name}`);
    return i;
  };
  return { entries, indexOf };
}

/** Whether a number from outside can be this counter. */
export function isSound({ kind }: CounterEntry, value: number): boolean {
  if (value - value !== 0) return false;
  if (kind === "count") return Number.isSafeInteger(value) && value >= 0;
  if (kind === "share") return value >= 0 && value <= 1;
  return kind === "rate" ? value >= 0 : true;
}
