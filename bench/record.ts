/** Single records run through the kernels, without a plan around them: what products and optimizers cost by themselves. */
import { Header, type Opcode } from "../assembly/abi.ts";
import { EXTENDED } from "../src/kernels/extended.wasm.ts";
import { embeddedModule, instantiate } from "../src/runtime/kernels.ts";
import { encode, type Fields, formatOf, type Operand, type Resolved } from "../src/tape/records.ts";

export interface LoadedRecord {
  readonly memory: WebAssembly.Memory;
  run(): void;
  /** The f32 contents of an operand. */
  view(operand: string): Float32Array;
  /** Where an operand starts. */
  offset(operand: string): number;
}

const CACHE_LINE_BYTES = 64;
const align = (at: number) => Math.ceil(at / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;

/**
 * Lays a record with its buffers into a memory of its own.
 *
 * @param given numbers for dimensions and settings, arrays for what buffers hold, null for an absent one; buffers left
 *   out start as zeros
 * @param extraBytes room after the buffers, for instruments that want the same memory
 * @param build which kernels run it
 */
export function loadRecord<K extends Opcode>(
  opcode: K,
  given: { [F in keyof Fields<K>]?: number | Float32Array | Float64Array | null },
  extraBytes = 0,
  build: { readonly hex: string } = EXTENDED,
): LoadedRecord & { readonly end: number } {
  const format = formatOf(opcode);
  if (!format) throw new Error(`no record has opcode ${opcode}`);
  const values = given as Record<string, number | Float32Array | Float64Array | null | undefined>;
  const resolved = Object.fromEntries(
    Object.entries(values).filter(([, v]) => typeof v === "number"),
  ) as Resolved;
  const fields: Record<string, number> = {};
  const program = 1 << 16; // above the kernels' constants, however many there are
  const tape = align(program + Header.Count * 4);
  let end = tape + 256;
  const sizes: Record<string, number> = {};
  for (const [name, operand] of Object.entries(format.operands)) {
    const value = values[name];
    if (typeof value === "number") fields[name] = value;
    else if (value === null) fields[name] = 0;
    else {
      fields[name] = end;
      sizes[name] = bytesOf(operand, resolved);
      end = align(end + sizes[name]);
    }
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil((end + extraBytes) / 65536) });
  const kernels = instantiate(embeddedModule(build), memory);
  if (kernels.staticEnd() > program) throw new Error("the kernels' constants reach the program");
  const words = new Int32Array(memory.buffer);
  words[program / 4 + Header.Rows] = 1;
  const record = encode(opcode, fields as Fields<K>);
  words.set(record, tape / 4);
  for (const [name, value] of Object.entries(values))
    if (value instanceof Float32Array) new Float32Array(memory.buffer, fields[name], value.length).set(value);
    else if (value instanceof Float64Array)
      new Float64Array(memory.buffer, fields[name], value.length).set(value);
  const tapeEnd = tape + record.length * 4;
  return {
    memory,
    end,
    run: () => kernels.execute(program, tape, tapeEnd),
    view: (name) => new Float32Array(memory.buffer, fields[name], sizes[name] / 4),
    offset: (name) => fields[name],
  };
}

function bytesOf(operand: Operand, resolved: Resolved): number {
  if (operand.kind === "scratch") return operand.bytes(resolved);
  if ("elements" in operand) return operand.elements(resolved) * operand.elementBytes;
  throw new Error(`a ${operand.kind} needs a value`);
}
