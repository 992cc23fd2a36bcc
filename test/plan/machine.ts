/** Runs a graph as it is, every node of it, in a memory of its own: no differentiation, and no fusion but what was done. */
import { Abi, Header, Run, Targets } from "../../assembly/abi.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { resolve, sizeOf } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { packArena } from "../../src/plan/arena.ts";
import { encodeRecords } from "../../src/plan/encode.ts";
import { lower } from "../../src/plan/lower.ts";
import { recordWords } from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";
import { instantiate } from "../kernels/harness.ts";
import type { Feeds } from "../oracle/graph.ts";

const BASE = 4096;
const align = (bytes: number) => Math.ceil(bytes / Abi.Alignment) * Abi.Alignment;

/**
 * @param wanted values to read afterwards
 * @param feeds  elements of each input, target and parameter
 * @param batch  rows that the memory is made for, at least `rows`
 */
export function runGraph(
  graph: Graph,
  wanted: readonly ValueId[],
  feeds: Feeds,
  rows: number,
  batch = rows,
): Map<ValueId, Float32Array> {
  const lowered = lower(graph, batch, { atEnd: wanted, pinned: new Set() });
  let end = BASE;
  const allocate = (bytes: number) => {
    const at = end;
    end += align(bytes);
    return at;
  };
  const bytesOf = (id: ValueId) => resolve(sizeOf(graph.shape(id)), batch) * 4;
  // Each value has a word of the run block, for where it is the target of a loss.
  const runWords = Run.Settings + graph.values.length;
  const tapeWords = lowered.records.reduce((sum, { format }) => sum + recordWords(format.opcode), 0);
  const words = new Int32Array(Header.Count + runWords + tapeWords);
  const program = allocate(words.length * 4);
  const addresses = new Map<ValueId, number>();
  const given = new Map<ValueId, ArrayLike<number>>(feeds);
  for (const { value, data } of graph.constants) given.set(value, data);
  for (const id of given.keys()) addresses.set(id, allocate(bytesOf(id)));
  const packing = packArena(lowered.ranges, Abi.Alignment);
  const arena = allocate(packing.bytes);
  lowered.storage.forEach((id, i) => {
    addresses.set(id, arena + packing.offsets[i]);
  });
  const scratch = { shared: allocate(lowered.scratch.shared), private: allocate(lowered.scratch.private) };
  const unplaced = (name: string): never => {
    throw new Error(`machine: has values only; got ${name}`);
  };
  // The counters of a fresh program, all 0.
  const counters = allocate(8);
  encodeRecords(words, Header.Count + runWords, lowered.records, {
    value: (id) => addresses.get(lowered.rootOf(id)) as number,
    region: unplaced,
    counter: () => counters,
    setting: (kind, of) => (kind === "words" ? Run.Rows : Run.Settings + of),
    scratch,
    mirror: 0,
  });
  const run = Header.Count;
  const tape = BASE + (run + runWords) * 4;
  const tapeEnd = BASE + words.length * 4;
  words[Header.Run] = BASE + run * 4;
  words[run + Run.Rows] = rows;
  graph.values.forEach(({ dtype }, id) => {
    words[run + Run.Settings + id] = dtype === "i32" ? Targets.Labels : Targets.Rows;
  });
  readTape(words, tape, tapeEnd, { base: BASE, end, rows });

  const { kernels, memory } = instantiate(end);
  new Int32Array(memory.buffer).set(words, program / 4);
  // Whatever is read before it is written must show.
  new Float32Array(memory.buffer, arena, packing.bytes / 4).fill(Number.NaN);
  for (const [id, data] of given) {
    const at = addresses.get(id) as number;
    if (graph.values[id].dtype === "i32") new Int32Array(memory.buffer).set(data, at / 4);
    else new Float32Array(memory.buffer).set(data, at / 4);
  }
  kernels.execute(program, tape, tapeEnd, 0, 1);
  return new Map(
    wanted.map((id) => {
      const at = addresses.get(lowered.rootOf(id)) as number;
      const elements = resolve(sizeOf(graph.shape(id)), rows);
      return [id, new Float32Array(memory.buffer.slice(at, at + elements * 4))];
    }),
  );
}
