/** Records to words. A lowered tape can be encoded again with another map of addresses. */
import type { OperandRef, RecordDraft } from "../graph/op.ts";
import type { ValueId } from "../graph/type.ts";
import { f32Word } from "../tape/float-word.ts";
import { listsOf } from "../tape/lists.ts";
import type { Operand } from "../tape/operands.ts";

/** Where everything is that operands may name. */
export interface Addresses {
  value(id: ValueId): number;
  region(name: string): number;
  counter(name: string): number;
  /** Index in the run block. */
  setting(kind: "targets" | "words", of: ValueId): number;
  readonly scratch: { readonly shared: number; readonly private: number };
  /** Bytes from what updates write to the copies of what they overwrite. */
  readonly mirror: number;
}

/**
 * Writes records one after another.
 *
 * @param words the program's words
 * @param at    index of the first word to write
 * @param index hears of each record with the index of its first word
 * @returns the index of the word after the last one
 */
export function encodeRecords(
  words: Int32Array,
  at: number,
  records: readonly RecordDraft[],
  addresses: Addresses,
): number {
  let i = at;
  for (const { format, fields } of records) {
    const { first, words: operands } = listsOf(format);
    words[i++] = first;
    for (const [name, operand] of operands) words[i++] = wordOf(operand, fields[name], addresses);
  }
  return i;
}

function wordOf(operand: Operand, field: number | OperandRef, addresses: Addresses): number {
  if (operand.kind === "mirror") return addresses.mirror;
  if (typeof field === "number") return operand.kind === "f32" ? f32Word(field) : field;
  if ("value" in field) return addresses.value(field.value) + (field.from ?? 0) * 4;
  if ("region" in field) return addresses.region(field.region) + (field.bytes ?? 0);
  if ("counter" in field) return addresses.counter(field.counter);
  if ("setting" in field) return addresses.setting(field.setting, field.of);
  return operand.kind === "scratch" && operand.shared ? addresses.scratch.shared : addresses.scratch.private;
}
