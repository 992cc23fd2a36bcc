/**
 * What a state says of itself, as text: the computation, names and places of all it holds, labels, optimizer. States with
 * the same text are interchangeable byte by byte; of others, values are placed by name, if nothing else has another
 * meaning.
 */
import { Hyper } from "../../assembly/abi.ts";
import { type SerializedGraph, serialize } from "../graph/serialize.ts";
import type { OptimizerPlan } from "../plan/optimizer.ts";
import type { Plan } from "../plan/planned.ts";
import { sha256 } from "../runtime/sha256.ts";

/** What the directory says beside the plan. */
export interface StateLabels {
  /** Names of the classes, in the order of the outputs. */
  readonly labels?: readonly string[];
}

/** A number of a state's block: a variable, or one of the slots beside it. */
export interface BlockEntry {
  readonly name: string;
  /** `variable`, the name of a slot, or `gradientSum`. */
  readonly kind: string;
  /** Bytes from the start of the block. */
  readonly at: number;
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface Directory {
  readonly format: 1;
  readonly computation: SerializedGraph;
  readonly labels: readonly string[] | null;
  readonly optimizer: SerializedOptimizer | null;
  /** Names of the f64 counters that open the block. */
  readonly counters: readonly string[];
  readonly block: readonly BlockEntry[];
  /** Of each variable that the block does not hold: SHA-256 of its values. */
  readonly frozen: Readonly<Record<string, string>>;
}

interface SerializedOptimizer {
  readonly name: string;
  readonly groups: readonly Readonly<Record<string, number | string>>[];
}

export const FORMAT = 1;

const HYPER = ["beta1", "beta2", "epsilon", "weightDecay", "flags"] as const;

function describeOptimizer({ rule, groups }: OptimizerPlan): SerializedOptimizer {
  return {
    name: rule.name,
    groups: groups.map(({ match, hyper }) => ({
      ...(match ? { match: `${match}` } : {}),
      ...Object.fromEntries(hyper.slice(0, Hyper.Flags + 1).map((value, i) => [HYPER[i], value])),
    })),
  };
}

/** @param u8 the memory, for the values of frozen variables */
export function directoryOf(plan: Plan, { labels }: StateLabels, u8: Uint8Array): Directory {
  const { state, variables, train, layout, counters } = plan;
  const block: BlockEntry[] = [];
  const trainedAt = layout.at("trained");
  for (const { name, shape, dtype, offset, role } of variables) {
    const entry = (kind: string, at: number) =>
      block.push({ name, kind, at: at - state.offset, shape, dtype });
    if (role !== "frozen") entry("variable", offset);
    if (role !== "trained") continue;
    for (const slot of train?.slots ?? []) entry(slot.name, slot.offset + offset - trainedAt);
    if ((train?.accumulate ?? 1) > 1) entry("gradientSum", layout.at("sums") + offset - trainedAt);
  }
  const frozen = variables.filter(({ role }) => role === "frozen");
  return {
    format: FORMAT,
    computation: serialize(plan.model),
    labels: labels ?? null,
    optimizer: train?.optimizer ? describeOptimizer(train.optimizer) : null,
    counters: counters.entries.map(({ name }) => name),
    block,
    frozen: Object.fromEntries(
      frozen.map(({ name, offset, elements }) => [
        name,
        sha256([u8.subarray(offset, offset + elements * 4)]),
      ]),
    ),
  };
}

/**
 * The first thing that has another meaning in `saved` than in `own`: rule and finding, for an error.
 *
 * @param whole whether optimizer and slots count too
 */
export function firstDifference(
  own: Directory,
  saved: Directory,
  whole: boolean,
): readonly [rule: string, got: string] | undefined {
  const variables = (d: Directory) =>
    new Map(d.block.filter((e) => e.kind === "variable").map((e) => [e.name, e]));
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
    if (name in saved.frozen && saved.frozen[name] !== digest)
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
  for (const part of ["inputs", "outputs"] as const) {
    const [mine, theirs] = [own[part], saved[part]].map(show);
    if (mine !== theirs) return [`${rule}, whose ${part} are ${mine}`, theirs] as const;
  }
  return undefined;
}

function settingsDifference(own: Directory, saved: Directory, whole: boolean) {
  if (own.labels && saved.labels) {
    const i = own.labels.findIndex((label, at) => label !== saved.labels?.[at]);
    if (i >= 0)
      return [
        `class ${i} of the state must be ${JSON.stringify(own.labels[i])}`,
        JSON.stringify(saved.labels[i]) ?? "fewer classes",
      ] as const;
  }
  if (!whole) return undefined;
  const rule = `the state must be of a trainer with the same optimizer, ${JSON.stringify(own.optimizer)}`;
  if (!saved.optimizer) return [rule, "a state of a predictor"] as const;
  const [mine, theirs] = [own.optimizer, saved.optimizer].map((o) => JSON.stringify(o));
  return mine === theirs ? undefined : ([rule, theirs] as const);
}
