/** What the training tape has beside the records of its graph: loading, sums of gradients, updates, counts. */
import { Hyper, Section } from "../../assembly/abi.ts";
import { draft, type RecordDraft } from "../graph/op.ts";
import { ROWS } from "../graph/shape.ts";
import {
  ADD_GRADIENTS,
  AVERAGE_GRADIENTS,
  CHECK_FINITE,
  GATHER,
  ORDER,
  PLACE,
} from "../tape/formats/train.ts";
import type { Stretch } from "./blocks.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { type LoweredTape, recordsOf } from "./lower.ts";
import { commitRecords, counterOf, type GroupContext, type OptimizerPlan, type Slot } from "./optimizer.ts";
import type { NumberedPort } from "./ports.ts";

/** A stretch of the training tape. */
export interface SectionDraft {
  readonly section: Section;
  readonly records: readonly RecordDraft[];
  /** Passes in a group: it runs in the last of them. */
  readonly every: number;
}

export interface SectionRequest {
  readonly lowered: LoweredTape;
  readonly ports: readonly NumberedPort[];
  readonly optimizer: OptimizerPlan | undefined;
  /** Passes of an update. */
  readonly accumulate: number;
  /** The trained variables of each group, as stretches of the region `trained`. */
  readonly groups: readonly Stretch[];
  /** Elements of all of them, and of the variables that update nodes write. */
  readonly trained: number;
  readonly updated: number;
  readonly variables: FeatureContext["variables"];
  readonly features: readonly Feature[];
}

export const slotOf = (slot: Slot["name"]): string => `slot ${slot}`;

export function trainingSections(request: SectionRequest): SectionDraft[] {
  const { lowered, ports, accumulate, optimizer } = request;
  const once = (section: Section, records: readonly RecordDraft[]) => ({ section, records, every: 1 });
  const last = (section: Section, records: readonly RecordDraft[]) => ({
    section,
    records,
    every: accumulate,
  });
  return [
    once(Section.Load, optimizer ? loadRecords(ports) : []),
    once(Section.Forward, recordsOf(lowered, "forward")),
    once(Section.Backward, recordsOf(lowered, "backward")),
    once(Section.Accumulate, accumulateRecords(request)),
    last(Section.Update, updateRecords(request)),
    last(Section.Commit, [
      ...(optimizer ? groupsOf(request).flatMap((group) => commitRecords(optimizer, group)) : []),
      ...featureRecords(request, "commit"),
    ]),
  ];
}

function loadRecords(ports: readonly NumberedPort[]): RecordDraft[] {
  const index = { region: "index" };
  return [
    draft(ORDER, {
      index,
      rows: ROWS,
      seed: { counter: "shuffleSeed" },
      epoch: { counter: "epoch" },
      cursor: { counter: "cursor" },
    }),
    ...ports.map(({ value, window }) =>
      draft(GATHER, {
        y: { value },
        window: { region: window as string },
        index,
        rows: ROWS,
        words: { setting: "words", of: value },
      }),
    ),
  ];
}

const sums = { region: "sums" };
const gradients = { region: "gradients" };

const groupRows = { counter: "groupRows" };

const accumulateRecords = ({ accumulate, trained: n }: SectionRequest): RecordDraft[] =>
  accumulate > 1 ? [draft(ADD_GRADIENTS, { sums, g: gradients, n, rows: ROWS, groupRows, mirror: 0 })] : [];

function updateRecords(request: SectionRequest): RecordDraft[] {
  const { accumulate, lowered, optimizer, trained, updated } = request;
  const average = draft(AVERAGE_GRADIENTS, { g: gradients, sums, n: trained, rows: ROWS, groupRows });
  // What update nodes overwrite is kept before any of them runs, and checked after the last: they know neither mirror
  // nor guard.
  const x = { region: "updated" };
  const keep = draft(PLACE, { y: { region: "mirror" }, x, n: updated, every: 1 });
  const check = draft(CHECK_FINITE, { x, n: updated });
  return [
    ...(accumulate > 1 ? [average] : []),
    ...featureRecords(request, "beforeUpdate"),
    ...(optimizer ? groupsOf(request).flatMap((group) => optimizer.rule.update(group)) : []),
    ...featureRecords(request, "afterUpdate"),
    ...(updated > 0 ? [keep, ...recordsOf(lowered, "update"), check] : []),
  ];
}

/** What features do at one place; their constants stand behind those of the groups. */
const featureRecords = (
  { features, groups, trained, variables }: SectionRequest,
  place: "beforeUpdate" | "afterUpdate" | "commit",
): RecordDraft[] =>
  features.flatMap(
    (feature, i) => feature[place]?.({ trained, variables, constants: hyperOf(groups.length + i, 0) }) ?? [],
  );

const hyperOf = (row: number, field: number) => ({
  region: "hyper",
  bytes: (row * Hyper.Count + field) * 8,
});

/** The groups that have variables. */
function groupsOf({ groups, optimizer }: SectionRequest): GroupContext[] {
  const all = groups.map(
    ({ bytes, elements }, group): GroupContext => ({
      group,
      n: elements,
      weights: { region: "trained", bytes },
      gradients: { region: "gradients", bytes },
      slot: (name) =>
        optimizer?.slots.some((slot) => slot.name === name) ? { region: slotOf(name), bytes } : (0 as never),
      hyper: (field) => hyperOf(group, field),
      counter: (name) => ({ counter: counterOf(name, group, groups.length) }),
    }),
  );
  return all.filter(({ n }) => n > 0);
}
