/**
 * What a state says of itself, as text: the computation, names and places of all it holds, labels, optimizer. States with
 * the same text are interchangeable byte by byte; of others, values are placed by name, if nothing else has another
 * meaning.
 */
import { type SerializedGraph, serialize } from "../graph/serialize.ts";
import type { PlannedCounter } from "../plan/counters.ts";
import { describeOptimizer, type OptimizerDescription } from "../plan/optimizer.ts";
import { besideVariable, type Plan } from "../plan/planned.ts";
import { sha256 } from "../runtime/sha256.ts";

/** What the directory says beside the plan. */
export interface StateLabels {
  /** Names of the classes, in the order of the outputs. */
  readonly labels?: readonly string[];
}

/** A variable of a state's block, and what stands beside it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Bytes from the start of the block: of the values as `value`, of slots by name, of `gradientSum`. */
  readonly at: Readonly<Record<string, number>>;
}

export type CounterName = string | readonly [name: string, length: number];

export interface Directory {
  readonly format: 1;
  readonly computation: SerializedGraph;
  readonly labels: readonly string[] | null;
  readonly optimizer: OptimizerDescription | null;
  /** Names of the f64 counters that open the block, with their length where they are several numbers. */
  readonly counters: readonly CounterName[];
  readonly variables: readonly DirectoryEntry[];
  /** Of each variable that the block does not hold: SHA-256 of its values. */
  readonly frozen: Readonly<Record<string, string>>;
}

export const FORMAT = 1;

/** @param u8 the memory, for the values of frozen variables */
export function directoryOf(plan: Plan, { labels }: StateLabels, u8: Uint8Array): Directory {
  const { state, train, layout, counters } = plan;
  const kept = train ? [...train.slots, ...train.blocks] : [];
  const slots = kept.map(({ name, offset }): [string, number] => [name, offset]);
  if ((train?.accumulate ?? 1) > 1) slots.push(["gradientSum", layout.at("sums")]);
  const frozen = plan.variables.filter(({ role }) => role === "frozen");
  const variables = plan.variables
    .filter(({ role }) => role !== "frozen")
    .map((v): DirectoryEntry => {
      const { name, shape, dtype, offset, role } = v;
      const beside = role === "trained" ? slots : [];
      const at = beside.map(([slot, start]) => [slot, besideVariable(plan, start, v) - state.offset]);
      return { name, shape, dtype, at: { value: offset - state.offset, ...Object.fromEntries(at) } };
    });
  return {
    format: FORMAT,
    computation: serialize(plan.model),
    labels: labels ?? null,
    optimizer: train?.optimizer ? describeOptimizer(train.optimizer) : null,
    counters: counters.entries.map(counterName),
    variables,
    frozen: Object.fromEntries(
      frozen.map(({ name, offset, elements }) => [name, identityOf(u8, offset, elements)]),
    ),
  };
}

export const counterName = ({ name, length }: PlannedCounter): CounterName =>
  length === 1 ? name : [name, length];

/** Where the counters of a state stand, by name: index of the first number, and how many they are. */
export function counterPlaces(counters: readonly CounterName[]): Map<string, { at: number; length: number }> {
  let next = 0;
  return new Map(
    counters.map((counter) => {
      const [name, length] = typeof counter === "string" ? [counter, 1] : counter;
      next += length;
      return [name, { at: next - length, length }];
    }),
  );
}

/** What tells the values of a variable from others. */
export const identityOf = (u8: Uint8Array, at: number, elements: number): string =>
  sha256([u8.subarray(at, at + elements * 4)]);

/**
 * The first thing that has another meaning in `saved` than in `own`: rule and finding, for an error.
 *
 * @param whole whether optimizer and slots count too
 * @param borrowed names of what other programs own: as it is now, whatever it was when the state was made
 */
export function firstDifference(
  own: Directory,
  saved: Directory,
  whole: boolean,
  borrowed: ReadonlySet<string> = new Set(),
): readonly [rule: string, got: string] | undefined {
  const variables = (d: Directory) => new Map(d.variables.map((entry) => [entry.name, entry]));
  const mine = variables(own);
  const theirs = variables(saved);
  for (const { name, shape } of mine.values()) {
    const other = theirs.get(name);
    if (!other && name in saved.frozen) continue;
    if (!other)
      return [`the state must be of this model, which has ${name} [${shape}]`, "a state without it"];
    if (`${other.shape}` !== `${shape}`)
      return [`the state must be of this model, where ${name} is [${shape}]`, `[${other.shape}]`];
  }
  for (const { name } of theirs.values())
    if (!mine.has(name) && !(name in own.frozen))
      return [`the state must be of this model, which has no ${name}`, "a state with it"];
  for (const [name, digest] of Object.entries(own.frozen))
    if (!borrowed.has(name) && name in saved.frozen && saved.frozen[name] !== digest)
      return [`the state must belong to the frozen values of ${name}`, "a state that was made with others"];
  return computationDifference(own.computation, saved.computation) ?? settingsDifference(own, saved, whole);
}

function computationDifference(own: SerializedGraph, saved: SerializedGraph) {
  const show = (node: unknown) => JSON.stringify(node) ?? "nothing";
  const rule = "the state must be of this model";
  const count = Math.max(own.nodes.length, saved.nodes.length);
  for (let i = 0; i < count; i++) {
    const [mine, theirs] = [own.nodes[i], saved.nodes[i]].map(show);
    if (mine !== theirs) return [`${rule}, whose step ${i} is ${mine}`, theirs] as const;
  }
  for (const part of ["inputs", "outputs", "updates", "targets"] as const) {
    const [mine, theirs] = [own[part], saved[part]].map(show);
    if (mine !== theirs) return [`${rule}, whose ${part} are ${mine}`, theirs] as const;
  }
  return undefined;
}

/** The first class that has another name, if both sides name them. */
export function labelDifference(own: Directory, saved: Directory) {
  const { labels } = saved;
  if (!own.labels || !labels) return undefined;
  const i = own.labels.findIndex((label, at) => label !== labels[at]);
  if (i < 0) return undefined;
  return [
    `class ${i} of the state must be ${JSON.stringify(own.labels[i])}`,
    JSON.stringify(labels[i]) ?? "fewer classes",
  ] as const;
}

function settingsDifference(own: Directory, saved: Directory, whole: boolean) {
  const different = labelDifference(own, saved);
  if (different) return different;
  if (!whole || !saved.optimizer) return undefined;
  const [mine, theirs] = [own.optimizer, saved.optimizer].map((o) => JSON.stringify(o));
  if (mine === theirs) return undefined;
  // Settings only where the optimizers have one name.
  const show =
    own.optimizer?.name === saved.optimizer.name
      ? [mine, theirs]
      : [own.optimizer?.name, saved.optimizer.name];
  return [`the state must be of a trainer with the same optimizer, ${show[0]}`, `${show[1]}`] as const;
}
