/**
 * Nodes to records, and values to buffers with live ranges. Addresses come later, when the arena is packed.
 */
import type { Graph, Node } from "../graph/graph.ts";
import type { RecordDraft } from "../graph/op.ts";
import { resolve, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { formatOf } from "../tape/records.ts";
import type { LiveRange } from "./arena.ts";

export interface LoweredRecord extends RecordDraft {
  readonly node: Node;
}

export interface LoweredTape {
  readonly graph: Graph;
  readonly records: readonly LoweredRecord[];
  readonly words: number;
  /** Values that need a buffer in the arena, with the live range of each, in records. */
  readonly storage: readonly ValueId[];
  readonly ranges: readonly LiveRange[];
  /** The value whose buffer holds `id`: itself, or what it is a reshape of or was computed in place of. */
  rootOf(id: ValueId): ValueId;
  readonly scratchBytes: number;
  readonly keeps: Keeps;
}

export interface Keeps {
  /** Values read after the tape has run. */
  readonly atEnd: readonly ValueId[];
  /** Values read after the forward section has run. */
  readonly afterForward: readonly ValueId[];
  /** Values of `atEnd` whose buffer lies outside the arena. */
  readonly pinned: ReadonlySet<ValueId>;
}

export function lower(graph: Graph, batch: number, keeps: Keeps): LoweredTape {
  const parent = new Map<ValueId, ValueId>();
  const rootOf = (id: ValueId): ValueId => {
    let root = id;
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up;
    return root;
  };
  for (const node of graph.nodes) {
    const { alias } = node.rule;
    if (alias !== undefined) parent.set(node.outputs[0], node.inputs[alias]);
  }
  // A pinned value that is a reshape of another pins the other.
  const pinned = new Set([...keeps.pinned].map(rootOf));

  const records: LoweredRecord[] = [];
  const first = new Map<ValueId, number>();
  const last = new Map<ValueId, number>();
  const nodesWithRecords = graph.nodes.filter((node) => node.rule.alias === undefined);
  const lastUse = new Map<ValueId, Node>();
  for (const node of nodesWithRecords) for (const id of node.inputs) lastUse.set(rootOf(id), node);
  for (const id of [...keeps.atEnd, ...keeps.afterForward]) lastUse.delete(rootOf(id));

  let words = 0;
  let scratchBytes = 0;
  let forwardEnd = 0;
  const bytesOf = (id: ValueId) => resolve(sizeOf(graph.shape(id)), batch) * 4;
  for (const node of nodesWithRecords) {
    const op = node.rule;
    const [output] = node.outputs;
    const over = pinned.has(output)
      ? undefined
      : op.inPlace?.find((i) => {
          const root = rootOf(node.inputs[i]);
          return first.has(root) && lastUse.get(root) === node && bytesOf(root) === bytesOf(output);
        });
    if (over !== undefined) {
      const root = rootOf(node.inputs[over]);
      parent.set(output, root);
      const later = lastUse.get(output);
      if (later) lastUse.set(root, later);
      else lastUse.delete(root);
    }
    const drafts = op.lower({
      attrs: node.attrs,
      inputs: node.inputs,
      outputs: node.outputs,
      batch,
      type: (id) => graph.values[id],
    });
    for (const made of drafts) {
      const { opcode, fields } = made;
      const at = records.length;
      records.push({ opcode, fields, node });
      words += recordWords(made);
      if ("scratch" in fields) scratchBytes = Math.max(scratchBytes, scratchOf(made, batch));
      for (const id of node.inputs) last.set(rootOf(id), at);
      for (const id of node.outputs) {
        const root = rootOf(id);
        if (!first.has(root)) first.set(root, at);
        last.set(root, at);
      }
    }
    if (node.phase === "forward") forwardEnd = records.length;
  }
  const extend = (id: ValueId, to: number) => {
    last.set(id, Math.max(last.get(id) ?? 0, to));
  };
  for (const id of keeps.afterForward) extend(rootOf(id), forwardEnd);
  for (const id of keeps.atEnd) extend(rootOf(id), records.length);

  const storage = [...first.keys()].filter((id) => !pinned.has(id));
  return {
    graph,
    records,
    words,
    storage,
    ranges: storage.map((id) => ({
      bytes: bytesOf(id),
      from: first.get(id) as number,
      to: last.get(id) as number,
    })),
    rootOf,
    scratchBytes,
    keeps,
  };
}

/** Opcode and operands. */
export const recordWords = ({ fields }: RecordDraft): number => 1 + Object.keys(fields).length;

function scratchOf({ opcode, fields }: RecordDraft, batch: number): number {
  const operand = formatOf(opcode)?.operands.scratch;
  const resolved: Record<string, number> = {};
  for (const [name, field] of Object.entries(fields))
    if (typeof field === "number") resolved[name] = resolve(field, batch);
  return operand?.kind === "scratch" ? operand.bytes(resolved) : 0;
}
