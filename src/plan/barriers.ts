/**
 * Where parts must wait for each other: before a record that touches a byte which another record has written since the
 * last wait, or writes one that another has read. Which part touched it is not known here, so every such byte counts;
 * but two records that part 0 computes alone it computes one after the other. Private scratch is each part's own.
 */
import { RecordWord } from "../../assembly/abi.ts";
import { TapeError } from "../errors.ts";
import { disassembleRecord } from "../tape/disassemble.ts";
import { type Buffer, readTape, type TapeRecord } from "../tape/verify.ts";
import { boundsOf, type Plan, stretchesOf } from "./planned.ts";

type Tapes = Pick<Plan, "words" | "base">;

/** Sets the flag of records before which all parts wait. A stretch of tape that runs as one starts with a wait of its own. */
export function setBarriers(plan: Plan): void {
  const bounds = boundsOf(plan, plan.batch);
  for (const { from, to } of stretchesOf(plan)) {
    const records = readTape(plan.words, from, to, bounds);
    const waits = barriersOf(
      conflictsOf(records),
      records.map(({ alone }) => alone),
    );
    records.forEach(({ at }, i) => {
      setFlag(plan, at, RecordWord.Barrier, waits[i]);
    });
  }
}

export function setFlag({ words, base }: Tapes, at: number, flag: RecordWord, value: boolean): void {
  const i = (at - base) / 4;
  words[i] = value ? words[i] | flag : words[i] & ~flag;
}

/** Of each record, the earlier ones that must not run beside it, the last one first. */
export type Conflicts = readonly (readonly number[])[];

export function conflictsOf(records: readonly TapeRecord[]): Conflicts {
  const touched = records.map(({ buffers }) => buffers.filter(({ isPrivate }) => !isPrivate));
  return touched.map((buffers, j) => {
    const before: number[] = [];
    for (let i = j - 1; i >= 0; i--)
      if (buffers.some((b) => touched[i].some((a) => conflicts(a, b)))) before.push(i);
    return before;
  });
}

const conflicts = (a: Buffer, b: Buffer) =>
  (a.kind !== "in" || b.kind !== "in") && a.from < b.to && b.from < a.to;

/** Before which records all parts wait, given which of them part 0 computes alone. */
export function barriersOf(before: Conflicts, alone: readonly boolean[]): boolean[] {
  let since = 0;
  return before.map((earlier, j) => {
    const waits = earlier.some((i) => i >= since && !(alone[i] && alone[j]));
    if (waits) since = j;
    return waits;
  });
}

/**
 * Checks that parts wait wherever they must.
 *
 * @throws TapeError naming the record that has no barrier
 */
export function verifyBarriers(plan: Plan): void {
  const bounds = boundsOf(plan, plan.batch);
  for (const { from, to } of stretchesOf(plan)) {
    const records = readTape(plan.words, from, to, bounds);
    let since = 0;
    conflictsOf(records).forEach((earlier, j) => {
      const { at, barrier, alone } = records[j];
      if (barrier) since = j;
      const other = earlier.find((i) => i >= since && !(records[i].alone && alone));
      if (other !== undefined)
        throw new TapeError(
          `plan: parts must wait between records that touch the same bytes; got no barrier before ` +
            `${disassembleRecord(plan.words, at, plan.base)}, after ${disassembleRecord(plan.words, records[other].at, plan.base)}`,
        );
    });
  }
}
