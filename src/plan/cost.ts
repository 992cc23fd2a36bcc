import type { RecordDraft } from "../graph/op.ts";
import { resolve } from "../graph/shape.ts";
import { isBuffer } from "../tape/operands.ts";

/** What calling a kernel costs, in operations. */
const RECORD_OPERATIONS = 100;

/**
 * Multiplications and elements written by records in a pass of `rows` rows: a rough measure of its time, for cutting
 * slices where the clock is of no help.
 */
export function operationsOf(records: readonly RecordDraft[], rows: number): number {
  let sum = 0;
  for (const { format, fields } of records) {
    const resolved: Record<string, number> = {};
    for (const [name, field] of Object.entries(fields))
      if (typeof field === "number") resolved[name] = resolve(field, rows);
    sum += RECORD_OPERATIONS;
    // NaN where a setting of the run decides: such records only move rows.
    for (const operand of Object.values(format.operands))
      if (isBuffer(operand) && operand.kind !== "in")
        sum += operand.elements(resolved) * (resolved.k || 1) || 0;
  }
  return sum;
}
