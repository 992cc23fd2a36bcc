/** Nodes to records, and values to buffers with live ranges. Addresses come later, when the arena is packed. */
import { TraceError } from "../errors.ts";
import type { Graph, Node, Phase } from "../graph/graph.ts";
import type { OperandRef, RecordDraft } from "../graph/op.ts";
import { resolve, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { listsOf } from "../tape/lists.ts";
import type { LiveRange } from "./arena.ts";

export interface LoweredRecord extends RecordDraft {
  readonly node: Node;
}

export interface LoweredTape {
  readonly graph: Graph;
  readonly records: readonly LoweredRecord[];
  /** Values that need a buffer in the arena, with the live range of each, in records. */
  readonly storage: readonly ValueId[];
  readonly ranges: readonly LiveRange[];
  /** The value whose buffer holds `id`: itself, or what it is a reshape of or was computed in place of. */
  rootOf(id: ValueId): ValueId;
  readonly scratch: ScratchBytes;
  /** Values read after the tape has run. */
  readonly keeps: readonly ValueId[];
}

/** What the hungriest record asks for. */
export interface ScratchBytes {
  readonly shared: number;
  /** Of each part. */
  readonly private: number;
}

export interface Keeps {
  /** Values read after the tape has run. */
  readonly atEnd: readonly ValueId[];
  /** Those of them whose buffer lies outside the arena. */
  readonly pinned: ReadonlySet<ValueId>;
}

export const isValue = (
  field: number | OperandRef,
): field is { readonly value: ValueId; readonly from?: number } =>
  typeof field === "object" && "value" in field;

/** Lowers the nodes in their order, those of the update phase last. */
export function lower(graph: Graph, batch: number, { atEnd, pinned: kept }: Keeps): LoweredTape {
  const parent = new Map<ValueId, ValueId>();
  const rootOf = (id: ValueId): ValueId => {
    let root = id;
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up;
    return root;
  };
  for (const { rule, inputs, outputs } of graph.nodes)
    if (rule.alias !== undefined) parent.set(outputs[0], inputs[rule.alias]);
  // The next content of a variable is computed in its own buffer.
  for (const { variable, value } of graph.updates) {
    const root = rootOf(value);
    if (!graph.nodes.some(({ phase, outputs }) => phase === "update" && outputs.includes(root)))
      throw new TraceError(
        `${graph.values[variable].name}: its next content must be made by an update node, for it alone; ` +
          `got ${graph.values[value].name}`,
      );
    parent.set(root, variable);
  }
  const variables = new Set(graph.variables.map(({ value }) => value));
  // A pinned value that is a reshape of another pins the other.
  const pinned = new Set([...kept].map(rootOf));

  const withRecords = graph.nodes.filter((node) => node.rule.alias === undefined);
  const isLast = (node: Node) => node.phase === "update";
  const nodes = [...withRecords.filter((node) => !isLast(node)), ...withRecords.filter(isLast)];
  const read = new Set<ValueId>(atEnd);
  const lastUse = new Map<ValueId, Node>();
  for (const node of nodes)
    for (const id of node.inputs) {
      lastUse.set(rootOf(id), node);
      read.add(id);
    }
  for (const { value } of graph.updates) read.add(value);
  // From the last to the first: a reshape may be one of a reshape.
  for (const { inputs, outputs, rule } of [...graph.nodes].reverse())
    if (rule.alias !== undefined && read.has(outputs[0])) read.add(inputs[rule.alias]);
  for (const id of atEnd) lastUse.delete(rootOf(id));

  const records: LoweredRecord[] = [];
  const first = new Map<ValueId, number>();
  const last = new Map<ValueId, number>();
  const scratch = { shared: 0, private: 0 };
  const bytesOf = (id: ValueId) => resolve(sizeOf(graph.shape(id)), batch) * 4;
  const type = (id: ValueId) => graph.values[id];
  const isRead = (id: ValueId) => read.has(id);
  const buffers = { parent, rootOf, first, lastUse, pinned, bytesOf };
  for (const node of nodes) {
    takeOver(node, buffers);
    const { attrs, inputs, outputs } = node;
    for (const made of node.rule.lower({ attrs, inputs, outputs, batch, type, isRead })) {
      const at = records.length;
      records.push({ ...made, node });
      askForScratch(made, batch, scratch);
      for (const name of listsOf(made.format).buffers) {
        const field = made.fields[name];
        if (!isValue(field)) continue;
        const root = rootOf(field.value);
        if (!first.has(root) && outputs.includes(field.value) && !variables.has(root)) first.set(root, at);
        last.set(root, at);
      }
    }
  }
  for (const id of atEnd) last.set(rootOf(id), records.length);

  const storage = [...first.keys()].filter((id) => !pinned.has(id));
  return {
    graph,
    records,
    storage,
    ranges: storage.map((id) => ({
      bytes: bytesOf(id),
      from: first.get(id) as number,
      to: last.get(id) as number,
    })),
    rootOf,
    scratch,
    keeps: atEnd,
  };
}

interface Buffers {
  readonly parent: Map<ValueId, ValueId>;
  readonly first: ReadonlyMap<ValueId, number>;
  readonly lastUse: Map<ValueId, Node>;
  readonly pinned: ReadonlySet<ValueId>;
  rootOf(id: ValueId): ValueId;
  bytesOf(id: ValueId): number;
}

/** Gives the first output of a node the buffer of an input that nobody reads after it, where the op can. */
function takeOver(node: Node, { parent, first, lastUse, pinned, rootOf, bytesOf }: Buffers): void {
  const [output] = node.outputs;
  if (pinned.has(output) || parent.has(output)) return;
  const over = node.rule.inPlace?.find((i) => {
    const root = rootOf(node.inputs[i]);
    return first.has(root) && lastUse.get(root) === node && bytesOf(root) === bytesOf(output);
  });
  if (over === undefined) return;
  const root = rootOf(node.inputs[over]);
  parent.set(output, root);
  const later = lastUse.get(output);
  if (later) lastUse.set(root, later);
  else lastUse.delete(root);
}

/** Raises `scratch` to what a record asks for with a full batch. */
export function askForScratch(
  { format, fields }: RecordDraft,
  batch: number,
  scratch: { shared: number; private: number },
): void {
  const { scratch: areas, dims, ints } = listsOf(format);
  for (const name of areas) {
    const operand = format.operands[name];
    if (operand.kind !== "scratch" || fields[name] === 0) continue;
    const resolved: Record<string, number> = {};
    for (const dim of dims) resolved[dim] = resolve(fields[dim] as number, batch);
    for (const int of ints) resolved[int] = fields[int] as number;
    const which = operand.shared ? "shared" : "private";
    scratch[which] = Math.max(scratch[which], operand.bytes(resolved));
  }
}

/** Where the records of a phase start and end. */
export function recordsOf(tape: LoweredTape, phase: Phase): readonly LoweredRecord[] {
  return tape.records.filter(({ node }) => node.phase === phase);
}
