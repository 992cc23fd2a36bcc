/** Single records run through the kernels, without a plan around them: what products and optimizers cost by themselves. */
import { Header, type Opcode, Run } from "../assembly/abi.ts";
import { DEEP } from "../src/kernels/deep.wasm.ts";
import { embeddedModule, instantiate } from "../src/runtime/kernels.ts";
import { isBuffer, type Resolved } from "../src/tape/operands.ts";
import { encode, type Fields, formatOf, wordsOf } from "../src/tape/records.ts";

export interface LoadedRecord {
  readonly memory: WebAssembly.Memory;
  run(): void;
  /** The f32 contents of an operand. */
  view(operand: string): Float32Array;
  /** The f64 contents of an operand. */
  doubles(operand: string): Float64Array;
  /** Where an operand starts. */
  offset(operand: string): number;
}

const CACHE_LINE_BYTES = 64;
const align = (at: number) => Math.ceil(at / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;

/** Words of the run block that records of their own need. */
const RUN_WORDS = 64;

type Given = Readonly<Record<string, number | Float32Array | Float64Array | null | undefined>>;

/** A record, with numbers for dimensions, settings and the rate, arrays for what buffers hold, null for an absent one. */
export interface GivenRecord {
  readonly opcode: Opcode;
  readonly given: Given;
}

/**
 * Lays a record with its buffers into a memory of its own; buffers left out start as zeros.
 *
 * @param extraBytes room after the buffers, for instruments that want the same memory
 * @param build which kernels run it
 */
export const loadRecord = <K extends Opcode>(
  opcode: K,
  given: { [F in keyof Fields<K>]?: number | Float32Array | Float64Array | null },
  extraBytes = 0,
  build: WebAssembly.Module = embeddedModule(DEEP),
): LoadedRecord & { readonly end: number } =>
  loadRecords([{ opcode, given: given as Given }], extraBytes, build);

/** The same for records that run one after the other. Operands of one name are the same buffer, as large as the last asks for. */
export function loadRecords(
  records: readonly GivenRecord[],
  extraBytes = 0,
  build: WebAssembly.Module = embeddedModule(DEEP),
): LoadedRecord & { readonly end: number } {
  const fields: Record<string, number> = {};
  const program = 1 << 16; // above the kernels' constants, however many there are
  const run = align(program + Header.Count * 4);
  const rates = run + RUN_WORDS * 4;
  const tape = align(rates + 8);
  const buffers = tape + 256;
  let end = buffers;
  const sizes: Record<string, number> = {};
  const settings: number[] = [];
  let mirrored: string | undefined;
  let rate = 0;
  const listed = records.map(({ opcode, given }) => {
    const format = formatOf(opcode);
    if (!format) throw new Error(`no record has opcode ${opcode}`);
    const numbers = Object.entries(given).filter(([, v]) => typeof v === "number");
    return {
      opcode,
      given,
      format,
      operands: wordsOf(format),
      resolved: Object.fromEntries(numbers) as Resolved,
    };
  });
  // Of the last record first: its sizes count.
  for (const { given, format, operands, resolved } of [...listed].reverse())
    for (const [name, operand] of operands) {
      const value = given[name];
      if (operand.kind === "mirror") mirrored = name;
      else if (operand.kind === "rate") rate = value as number;
      else if (operand.kind === "setting") {
        fields[name] = Run.Settings + settings.length;
        settings.push(value as number);
      } else if (operand.kind === "scratch" || isBuffer(operand)) {
        if (value === null) fields[name] = 0;
        else if (!(name in fields)) {
          fields[name] = end;
          sizes[name] =
            operand.kind === "scratch"
              ? operand.bytes(resolved)
              : operand.elements(resolved) * operand.elementBytes;
          end = align(end + sizes[name]);
        }
      } else if (typeof value !== "number") throw new Error(`${format.name}: ${name} needs a value`);
    }
  if (mirrored !== undefined) {
    fields[mirrored] = end - buffers;
    end += end - buffers;
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil((end + extraBytes) / 65536) });
  const kernels = instantiate(build, memory);
  if (kernels.staticEnd() > program) throw new Error("the kernels' constants reach the program");
  const words = new Int32Array(memory.buffer);
  words[program / 4 + Header.Run] = run;
  words[run / 4 + Run.Rows] = 1;
  words[run / 4 + Run.Rates] = rates;
  words.set(settings, run / 4 + Run.Settings);
  new Float64Array(memory.buffer, rates, 1)[0] = rate;
  const tapeWords = listed.flatMap(({ opcode, given, operands }) => {
    const own = operands.map(([name, operand]) => {
      const { kind } = operand;
      const isNumber = kind === "dim" || kind === "int" || kind === "f32";
      return [name, isNumber ? given[name] : kind === "rate" ? 0 : fields[name]];
    });
    return encode(opcode, Object.fromEntries(own) as Fields<typeof opcode>);
  });
  words.set(tapeWords, tape / 4);
  for (const { given, operands } of listed)
    for (const [name, operand] of operands) {
      const value = given[name];
      if (!isBuffer(operand)) continue;
      if (value instanceof Float32Array)
        new Float32Array(memory.buffer, fields[name], value.length).set(value);
      else if (value instanceof Float64Array)
        new Float64Array(memory.buffer, fields[name], value.length).set(value);
    }
  const tapeEnd = tape + tapeWords.length * 4;
  return {
    memory,
    end,
    run: () => kernels.execute(program, tape, tapeEnd, 0, 1),
    view: (name) => new Float32Array(memory.buffer, fields[name], sizes[name] / 4),
    doubles: (name) => new Float64Array(memory.buffer, fields[name], sizes[name] / 8),
    offset: (name) => fields[name],
  };
}
