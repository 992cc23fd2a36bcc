/**
 * Where parts must wait for each other: before a record that touches a byte which another record has written since the
 * last wait, or writes one that another has read. Which part touched it is not known here, so every such byte counts.
 * Private scratch is each part's own.
 */
import { RecordWord } from "../../assembly/abi.ts";
import { type Bounds, type Buffer, readTape, type TapeRecord } from "../tape/verify.ts";

/**
 * Sets the flag of records before which all parts wait.
 *
 * @param words     the program's words
 * @param stretches of tape that run as one: each starts with a wait of its own
 */
export function setBarriers(
  words: Int32Array,
  stretches: readonly { readonly from: number; readonly to: number }[],
  bounds: Bounds,
): void {
  for (const { from, to } of stretches)
    for (const at of barriersOf(readTape(words, from, to, bounds)))
      words[(at - bounds.base) / 4] |= RecordWord.Barrier;
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
