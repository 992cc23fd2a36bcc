/**
 * Where parts must wait for each other: before a record that touches a byte which another record has written since the
 * last wait, or writes one that another has read. Which part touched it is not known here, so every such byte counts.
 * Private scratch is each part's own.
 */
import { RecordWord } from "../../assembly/abi.ts";
import { type Buffer, readTape, type TapeRecord } from "../tape/verify.ts";
import { boundsOf, type Plan, stretchesOf } from "./planned.ts";

/** Sets the flag of records before which all parts wait. A stretch of tape that runs as one starts with a wait of its own. */
export function setBarriers(plan: Plan): void {
  const { words, base } = plan;
  const bounds = boundsOf(plan, plan.batch);
  for (const { from, to } of stretchesOf(plan))
    for (const at of barriersOf(readTape(words, from, to, bounds)))
      words[(at - base) / 4] |= RecordWord.Barrier;
}

/** Addresses of the records before which all parts wait. */
function barriersOf(records: readonly TapeRecord[]): number[] {
  const barriers: number[] = [];
  let touched: Buffer[] = [];
  for (const { at, buffers } of records) {
    const shared = buffers.filter(({ isPrivate }) => !isPrivate);
    if (shared.some((b) => touched.some((a) => conflicts(a, b)))) {
      barriers.push(at);
      touched = [];
    }
    touched.push(...shared);
  }
  return barriers;
}

const conflicts = (a: Buffer, b: Buffer) =>
  (a.kind !== "in" || b.kind !== "in") && a.from < b.to && b.from < a.to;
