import type { Header, Opcode } from "../../assembly/abi.ts";
import type { ValueId } from "../graph/graph.ts";
import { SCRATCH } from "../graph/op.ts";
import { f32Word } from "../tape/float-word.ts";
import type { Fields } from "../tape/records.ts";
import type { LoweredRecord, LoweredTape } from "./lower.ts";

/** The operands that are f32. */
const FLOATS = new Set(["alpha", "parameter"]);

/** Writes header words and records at absolute addresses into the words of a program. */
export class TapeWriter {
  /** Address of the next record. */
  at: number;

  constructor(
    private readonly words: Int32Array,
    private readonly base: number,
  ) {
    this.at = base;
  }

  header(field: Header, value: number): void {
    this.words[field] = value;
  }

  /** Writes a record whose fields are listed in the order of its operands, as `verify` checks. */
  write<K extends Opcode>(opcode: K, fields: Fields<K>): void {
    const start = (this.at - this.base) / 4;
    let i = start;
    this.words[i++] = opcode;
    for (const name in fields) this.words[i++] = FLOATS.has(name) ? f32Word(fields[name]) : fields[name];
    this.at += (i - start) * 4;
  }

  /** Writes every record of a tape; `before` hears of each with its address. */
  tape(
    tape: LoweredTape,
    addresses: ReadonlyMap<ValueId, number>,
    scratch: number,
    before?: (record: LoweredRecord, at: number) => void,
  ): void {
    for (const record of tape.records) {
      before?.(record, this.at);
      const fields: Record<string, number> = {};
      for (const name in record.fields) {
        const field = record.fields[name];
        if (typeof field === "number") fields[name] = field;
        else if (field === SCRATCH) fields[name] = scratch;
        else fields[name] = addresses.get(tape.rootOf((field as { value: ValueId }).value)) as number;
      }
      this.write(record.opcode, fields as Fields<Opcode>);
    }
  }
}
