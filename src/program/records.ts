/** Running a stretch of tape record by record, to look at what each one made. */
import type { ValueId } from "../graph/type.ts";
import { isValue, type LoweredRecord } from "../plan/lower.ts";
import { listsOf } from "../tape/lists.ts";
import type { Program } from "./program.ts";

/** Runs records, the first of which lies at `from`, on `rows` rows; gives each with its address after it has run. */
export function* runRecords(
  program: Program,
  from: number,
  records: readonly LoweredRecord[],
  rows: number,
): Generator<readonly [record: LoweredRecord, at: number]> {
  let at = from;
  for (const record of records) {
    const to = at + (1 + listsOf(record.format).words.length) * 4;
    program.execute({ from: at, to }, rows);
    yield [record, at];
    at = to;
  }
}

/** Where the record at `at` has a value; 0 if it does not name it. */
export function addressOf(
  { i32 }: Program,
  { format, fields }: LoweredRecord,
  at: number,
  id: ValueId,
): number {
  const word = listsOf(format).words.findIndex(([name]) => {
    const field = fields[name];
    return isValue(field) && field.value === id;
  });
  return word < 0 ? 0 : i32[(at >>> 2) + 1 + word] >>> 0;
}
