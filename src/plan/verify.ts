/**
 * Checks a whole plan: its tapes record by record, and then as a flow of data: every operand must still hold, when it
 * is read, the value the graph says, and what is kept must survive to the end.
 */
import { Opcode } from "../../assembly/abi.ts";
import { TapeError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { RecordDraft } from "../graph/op.ts";
import { formatShape, resolve, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { LINKS } from "../tape/operands.ts";
import { formatOf, linkOf, wordsOf } from "../tape/records.ts";
import { type Buffer, readTape, type TapeRecord } from "../tape/verify.ts";
import { isValue, type LoweredRecord } from "./lower.ts";
import { boundsOf, type Plan, type PlannedTape, type TrainPlan } from "./planned.ts";

/** Who wrote each stretch of memory last. */
class Ownership {
  #stretches: { from: number; to: number; owner: ValueId | string }[] = [];

  write(from: number, to: number, owner: ValueId | string): void {
    this.#stretches = this.#stretches.filter((s) => s.to <= from || s.from >= to);
    this.#stretches.push({ from, to, owner });
  }

  holds(from: number, to: number, owner: ValueId): boolean {
    return from >= to || this.#stretches.some((s) => s.owner === owner && s.from <= from && s.to >= to);
  }
}

/**
 * @param rows rows of the pass; any count up to the batch must verify
 * @throws TapeError naming the record and the value
 */
export function verifyPlan(plan: Plan, rows = plan.batch): void {
  const bounds = boundsOf(plan, rows);
  const { predict, train, words } = plan;
  const read = ({ from, to }: { from: number; to: number }) => readTape(words, from, to, bounds);
  checkRegions(plan);
  flow(plan, predict, read(predict), rows, keptBy(predict));
  if (!train) return;
  const { evaluate } = train;
  if (evaluate)
    flow(plan, evaluate, read(evaluate), rows, [
      [evaluate.lowered.keeps[0], evaluate.loss],
      ...keptBy(evaluate, 1),
    ]);
  // What plans add to the records of the graph is their own affair.
  const own = train.sections.flatMap((section) =>
    read(section).filter((_, i) => lowered(train).has(section.records[i])),
  );
  const gradients = plan.variables.filter(({ gradient }) => gradient !== 0).map(({ gradient }) => gradient);
  const owned = flow(plan, train.tape, own, rows, [
    ...train.tape.lowered.keeps.map((id, i): Kept => [id, i === 0 ? train.loss : gradients[i - 1]]),
    ...train.tape.lowered.graph.updates.map(({ variable, value }): Kept => [value, offsetOf(plan, variable)]),
  ]);
  for (const v of plan.variables)
    if (v.role !== "state" && !owned.holds(v.offset, v.offset + v.elements * 4, v.value))
      throw new TapeError(`plan: variables must survive the step; got ${v.name} overwritten`);
}

const offsetOf = ({ variables }: Plan, value: ValueId): number =>
  variables.find((v) => v.value === value)?.offset ?? 0;

type Kept = readonly [value: ValueId, address: number];

const keptBy = ({ lowered, outputs }: PlannedTape, skip = 0): Kept[] =>
  outputs.map(({ offset }, i) => [lowered.keeps[i + skip], offset]);

/** Regions must follow each other, and hold what is said to lie in them. */
function checkRegions({ base, end, layout, variables }: Plan): void {
  let last = base;
  for (const { name, offset, bytes } of layout.regions) {
    if (offset < last)
      throw new TapeError(`plan: regions must not overlap; got ${name} at ${offset}, after ${last}`);
    last = offset + bytes;
  }
  if (last > end) throw new TapeError(`plan: regions must end with the program; got ${last} after ${end}`);
  for (const a of variables)
    for (const b of variables)
      if (a !== b && a.offset < b.offset + b.elements * 4 && b.offset < a.offset + a.elements * 4)
        throw new TapeError(`plan: variables must not overlap; got ${a.name} and ${b.name}`);
}

const lowered = ({ tape }: TrainPlan): ReadonlySet<RecordDraft> => new Set(tape.lowered.records);

function flow(
  plan: Plan,
  { lowered, ports }: PlannedTape,
  records: readonly TapeRecord[],
  rows: number,
  kept: readonly Kept[],
): Ownership {
  const { graph } = lowered;
  const owned = new Ownership();
  for (const v of plan.variables) owned.write(v.offset, v.offset + v.elements * 4, v.value);
  for (const { value, data } of graph.constants) {
    const { offset } = plan.constants.find((c) => c.data === data) as { offset: number };
    owned.write(offset, offset + data.length * 4, value);
  }
  for (const p of ports) owned.write(p.offset, p.offset + rows * p.rowElements * 4, p.value);
  const source = new Map<ValueId, ValueId>();
  for (const { rule, inputs, outputs } of graph.nodes)
    if (rule.alias !== undefined) source.set(outputs[0], inputs[rule.alias]);
  const originOf = (id: ValueId): ValueId => {
    const from = source.get(id);
    return from === undefined ? id : originOf(from);
  };
  if (records.length !== lowered.records.length)
    throw new TapeError(
      `plan: a tape must have a record for each lowered one; got ${records.length} for ${lowered.records.length}`,
    );
  const bytesOf = (id: ValueId) => resolve(sizeOf(graph.shape(id)), rows) * 4;
  records.forEach((record, i) => {
    checkRecord(plan, record, lowered.records[i], { graph, owned, originOf, bytesOf, rows });
  });
  for (const [id, address] of kept)
    if (!owned.holds(address, address + bytesOf(id), originOf(id)))
      throw new TapeError(
        `plan: kept values must stand at their addresses at the end; got ${graph.values[id].name} not at ${address}`,
      );
  return owned;
}

interface Flow {
  readonly graph: Graph;
  readonly owned: Ownership;
  readonly rows: number;
  originOf(id: ValueId): ValueId;
  bytesOf(id: ValueId): number;
}

function checkRecord(
  plan: Plan,
  record: TapeRecord,
  { fields, node }: LoweredRecord,
  { graph, owned, originOf, bytesOf, rows }: Flow,
): void {
  const { opcode, operands, buffers } = record;
  if (LINKS.indexOf(linkOf(opcode, operands)) > plan.kernels.level)
    throw new TapeError(`plan: its kernels must have every record; got ${Opcode[opcode]}`);
  const format = formatOf(opcode);
  const missing = format && wordsOf(format).find(([name]) => !(name in fields));
  if (missing)
    throw new TapeError(`plan: records must give every operand; got no ${missing[0]} in ${node.op}`);
  const firstWindow = plan.layout.regions.find(({ name }) => name.startsWith("window "))?.offset ?? plan.end;
  const valueAt = ({ name }: Buffer) => {
    const field = fields[name];
    return field !== undefined && isValue(field) ? field : undefined;
  };
  for (const b of buffers) {
    const ref = valueAt(b);
    if (!ref) continue;
    const { name, shape } = graph.values[ref.value];
    const from = (ref.from ?? 0) * 4;
    const whole = from === 0 && ref.from === undefined;
    if (whole ? b.to - b.from !== bytesOf(ref.value) : from + b.to - b.from > bytesOf(ref.value))
      throw new TapeError(
        `plan: operands must span their values; got ${b.to - b.from} bytes as ${b.name} of ${node.op} for ` +
          `${name} ${formatShape(shape)} with ${rows} rows`,
      );
    if (b.kind === "in" && !owned.holds(b.from, b.to, originOf(ref.value)))
      throw new TapeError(
        `plan: operands must hold their values; got ${b.name} of ${node.op} without ${name}`,
      );
  }
  for (const b of buffers) {
    if (b.kind === "in") continue;
    if (b.to > firstWindow)
      throw new TapeError(
        `plan: records must leave the windows alone; got ${b.name} of ${node.op} up to ${b.to}, from ${firstWindow} on`,
      );
    const over = plan.variables.find((v) => b.from < v.offset + v.elements * 4 && v.offset < b.to);
    if (over && node.phase !== "update")
      throw new TapeError(
        `plan: only updates may write variables; got ${b.name} of ${node.op} over ${over.name}`,
      );
    const ref = valueAt(b);
    if (!ref) {
      owned.write(b.from, b.to, b.name);
      continue;
    }
    const aliased = buffers.find((other) => other.kind === "in" && other.from === b.from);
    const input = aliased && valueAt(aliased);
    const allowed =
      !input || node.rule.inPlace?.some((j) => originOf(node.inputs[j]) === originOf(input.value));
    if (!allowed)
      throw new TapeError(`plan: ${node.op} must not work in place; got ${b.name} over ${aliased?.name}`);
    owned.write(b.from, b.to, ref.value);
  }
}
