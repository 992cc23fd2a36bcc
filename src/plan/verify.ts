/**
 * Checks a whole plan: its tapes record by record, and then as a flow of data: every operand must still hold, when it
 * is read, the value the graph says, and what is kept must survive to the end.
 */
import { Fn, Opcode } from "../../assembly/abi.ts";
import { TapeError } from "../errors.ts";
import { formatShape, resolve, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
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
  const outputs = plan.predictOutputs.map((p) => p.offset);
  flow(
    plan,
    predict.lowered,
    readTape(plan.words, predict.from, predict.to, bounds),
    plan.predictInputs,
    { atEnd: outputs, afterForward: [] },
    rows,
  );
  if (!train) return;
  const records = readTape(plan.words, train.tape.from, train.tape.to, bounds);
  // Gathers before, the optimizer after, what was lowered from the graph between.
  const gathers = train.inputs.length + train.targets.length;
  const between = records.slice(gathers, records.length - 1);
  const gradients = plan.parameters.map((p) => train.gradients.offset + p.offset - plan.parameters[0].offset);
  const owned = flow(
    plan,
    train.tape.lowered,
    between,
    [...train.inputs, ...train.targets],
    { atEnd: [train.loss, ...gradients], afterForward: train.predictions.map((p) => p.offset) },
    rows,
  );
  for (const p of plan.parameters)
    if (!owned.holds(p.offset, p.offset + p.elements * 4, p.value))
      throw new TapeError(`plan: parameters must survive the step; got ${p.name} overwritten`);
}

/** Whether the core kernels lack a record, or the function in it. */
const needsExtended = ({ opcode, operands: { fn } }: TapeRecord) =>
  opcode >= Opcode.FirstExtended || (opcode !== Opcode.Loss && fn >= Fn.Exp);

/** Addresses of the kept values, in the order of `Keeps`. */
interface Places {
  readonly atEnd: readonly number[];
  readonly afterForward: readonly number[];
}

function flow(
  plan: Plan,
  lowered: LoweredTape,
  records: readonly TapeRecord[],
  ports: readonly PlannedPort[],
  places: Places,
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
  const bytesOf = (id: ValueId) => resolve(sizeOf(graph.shape(id)), rows) * 4;
  const checkKept = (kept: keyof Places, until: string) => {
    lowered.keeps[kept].forEach((id, i) => {
      const at = places[kept][i];
      if (!owned.holds(at, at + bytesOf(id), originOf(id)))
        throw new TapeError(
          `plan: kept values must stand at their addresses ${until}; got ${graph.values[id].name} not at ${at}`,
        );
    });
  };
  const windows = plan.end - plan.bytes.window;
  let phase = "forward";
  records.forEach((record, i) => {
    if (plan.kernels === CORE && needsExtended(record))
      throw new TapeError(`plan: the core kernels must have every record; got ${Opcode[record.opcode]}`);
    const { fields, node } = lowered.records[i];
    if (Object.keys(fields).join() !== Object.keys(record.operands).join())
      throw new TapeError(
        `plan: fields must be listed in the order of the record's operands; got ${Object.keys(fields)} in ${node.op}`,
      );
    if (phase === "forward" && node.phase === "backward")
      checkKept("afterForward", "before the backward section");
    phase = node.phase;
    const valueAt = ({ name }: Buffer) => (fields[name] as { value: ValueId }).value;
    for (const b of record.buffers) {
      if (b.kind === "scratch" || b.to - b.from === bytesOf(valueAt(b))) continue;
      const { name, shape } = graph.values[valueAt(b)];
      throw new TapeError(
        `plan: operands must span their values; got ${b.to - b.from} bytes as ${b.name} of ${node.op} for ` +
          `${name} ${formatShape(shape)} with ${rows} rows`,
      );
    }
    for (const b of record.buffers) {
      if (b.kind !== "in" || owned.holds(b.from, b.to, originOf(valueAt(b)))) continue;
      const { name } = graph.values[valueAt(b)];
      throw new TapeError(
        `plan: operands must hold their values; got ${b.name} of ${node.op} without ${name}`,
      );
    }
    for (const b of record.buffers) {
      if (b.kind !== "in" && b.to > windows)
        throw new TapeError(
          `plan: records must leave the windows alone; got ${b.name} of ${node.op} up to ${b.to}, from ${windows} on`,
        );
      if (b.kind === "scratch") owned.write(b.from, b.to, "scratch");
      if (b.kind === "out") {
        const aliased = record.buffers.find((other) => other.kind === "in" && other.from === b.from);
        const allowed =
          !aliased || node.rule.inPlace?.some((j) => originOf(node.inputs[j]) === originOf(valueAt(aliased)));
        if (!allowed)
          throw new TapeError(`plan: ${node.op} must not work in place; got ${b.name} over ${aliased?.name}`);
        owned.write(b.from, b.to, valueAt(b));
      }
    }
  });
  checkKept("atEnd", "at the end");
  return owned;
}
