/**
 * Checks a whole plan: its tapes record by record, and then as a flow of data: every operand must still hold, when it
 * is read, the value the graph says, and what is kept must survive to the end.
 */
import { Opcode } from "../../assembly/abi.ts";
import { TapeError } from "../errors.ts";
import type { ValueId } from "../graph/graph.ts";
import { CORE } from "../kernels/core.wasm.ts";
import { type Buffer, readTape, type TapeRecord } from "../tape/verify.ts";
import type { LoweredTape } from "./lower.ts";
import type { Plan, PlannedPort } from "./plan.ts";

/** Who wrote each stretch of memory last. */
class Ownership {
  #stretches: { from: number; to: number; owner: ValueId | "scratch" }[] = [];

  write(from: number, to: number, owner: ValueId | "scratch"): void {
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
  const bounds = { base: plan.base, end: plan.end, rows };
  const { predict, train } = plan;
  flow(
    plan,
    predict.lowered,
    readTape(plan.words, predict.from, predict.to, bounds),
    plan.predictInputs,
    rows,
  );
  if (!train) return;
  const records = readTape(plan.words, train.tape.from, train.tape.to, bounds);
  // Gathers before, the optimizer after, what was lowered from the graph between.
  const gathers = train.inputs.length + train.targets.length;
  const between = records.slice(gathers, records.length - 1);
  const owned = flow(plan, train.tape.lowered, between, [...train.inputs, ...train.targets], rows);
  for (const p of plan.parameters)
    if (!owned.holds(p.offset, p.offset + p.elements * 4, p.value))
      throw new TapeError(`plan: parameters must survive the step; got ${p.name} overwritten`);
}

function flow(
  plan: Plan,
  lowered: LoweredTape,
  records: readonly TapeRecord[],
  ports: readonly PlannedPort[],
  rows: number,
): Ownership {
  const { graph } = lowered;
  const owned = new Ownership();
  for (const p of plan.parameters) owned.write(p.offset, p.offset + p.elements * 4, p.value);
  for (const c of plan.constants) owned.write(c.offset, c.offset + c.data.length * 4, c.value);
  for (const p of ports) owned.write(p.offset, p.offset + rows * p.rowElements * 4, p.value);
  const source = new Map<ValueId, ValueId>();
  for (const node of graph.nodes) {
    const { alias } = node.rule;
    if (alias !== undefined) source.set(node.outputs[0], node.inputs[alias]);
  }
  const originOf = (id: ValueId): ValueId => {
    const from = source.get(id);
    return from === undefined ? id : originOf(from);
  };

  if (records.length !== lowered.records.length)
    throw new TapeError(
      `plan: a tape must have a record for each lowered one; got ${records.length} for ${lowered.records.length}`,
    );
  const places = new Map<ValueId, Buffer>();
  const checkKept = (ids: readonly ValueId[], until: string) => {
    for (const id of ids) {
      const place = places.get(originOf(id));
      if (place && !owned.holds(place.from, place.to, originOf(id)))
        throw new TapeError(
          `plan: kept values must survive to ${until}; got ${graph.values[id].name} overwritten`,
        );
    }
  };
  let phase = "forward";
  records.forEach((record, i) => {
    if (record.opcode >= Opcode.FirstExtended && plan.kernels === CORE)
      throw new TapeError(`plan: the core kernels must have every record; got ${Opcode[record.opcode]}`);
    const { fields, node } = lowered.records[i];
    if (Object.keys(fields).join() !== Object.keys(record.operands).join())
      throw new TapeError(
        `plan: fields must be listed in the order of the record's operands; got ${Object.keys(fields)} in ${node.op}`,
      );
    if (phase === "forward" && node.phase === "backward")
      checkKept(lowered.keeps.afterForward, "the backward section");
    phase = node.phase;
    const valueAt = ({ name }: Buffer) => (fields[name] as { value: ValueId }).value;
    for (const b of record.buffers) {
      if (b.kind !== "in" || owned.holds(b.from, b.to, originOf(valueAt(b)))) continue;
      const { name } = graph.values[valueAt(b)];
      throw new TapeError(
        `plan: operands must hold their values; got ${b.name} of ${node.op} without ${name}`,
      );
    }
    for (const b of record.buffers) {
      if (b.kind === "scratch") owned.write(b.from, b.to, "scratch");
      if (b.kind === "out") {
        const aliased = record.buffers.find((other) => other.kind === "in" && other.from === b.from);
        const allowed =
          !aliased || node.rule.inPlace?.some((j) => originOf(node.inputs[j]) === originOf(valueAt(aliased)));
        if (!allowed)
          throw new TapeError(`plan: ${node.op} must not work in place; got ${b.name} over ${aliased?.name}`);
        owned.write(b.from, b.to, valueAt(b));
        places.set(valueAt(b), b);
      }
    }
  });
  checkKept(lowered.keeps.atEnd, "the end");
  return owned;
}
