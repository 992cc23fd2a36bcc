import type { Header, Opcode } from "../../assembly/abi.ts";
import { type BufferRef, type RecordDraft, SCRATCH } from "../graph/op.ts";
import type { ValueId } from "../graph/type.ts";
import { f32Word } from "../tape/float-word.ts";
import type { Fields } from "../tape/records.ts";
import type { LoweredRecord, LoweredTape } from "./lower.ts";

/** The operands that are f32. */
const FLOATS = new Set(["alpha", "parameter"]);

/** Writes header words and records at absolute addresses into the words of a program. */
export interface TapeWriter {
  /** Address of the next record. */
  at: number;
  header(field: Header, value: number): void;
  /** Writes a record whose fields are listed in the order of its operands, as `verify` checks. */
  write<K extends Opcode>(opcode: K, fields: Fields<K>): void;
  /** Writes every record of a tape; `before` hears of each with its address. */
  tape(
    tape: LoweredTape,
    addresses: ReadonlyMap<ValueId, number>,
    scratch: number,
    before?: (record: LoweredRecord, at: number) => void,
  ): void;
}

/** @param base address of the first word */
export function tapeWriter(words: Int32Array, base: number): TapeWriter {
  const put = (opcode: Opcode, fields: RecordDraft["fields"], addressOf: (ref: object) => number) => {
    let i = (writer.at - base) >> 2;
    words[i++] = opcode;
    for (const name in fields) {
      const field = fields[name];
      words[i++] = typeof field === "object" ? addressOf(field) : FLOATS.has(name) ? f32Word(field) : field;
    }
    writer.at = base + i * 4;
  };
  const writer: TapeWriter = {
    at: base,
    header: (field, value) => {
      words[field] = value;
    },
    write: (opcode, fields) => put(opcode, fields, () => Number.NaN),
    tape: (tape, addresses, scratch, before) => {
      const addressOf = (ref: object) =>
        ref === SCRATCH ? scratch : (addresses.get(tape.rootOf((ref as BufferRef).value)) as number);
      for (const record of tape.records) {
        before?.(record, writer.at);
        put(record.opcode, record.fields, addressOf);
      }
    },
  };
  return writer;
}
