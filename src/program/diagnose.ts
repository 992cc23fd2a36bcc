/** Finds where a NaN or infinity began, by running the failed pass again record by record. */
import { Run, Section } from "../../assembly/abi.ts";
import { NonFiniteError, type NonFiniteOrigin } from "../errors.ts";
import { resolve, sizeOf } from "../graph/shape.ts";
import { layerOf } from "../model/summary.ts";
import type { LoweredRecord } from "../plan/lower.ts";
import { besideVariable, type TrainPlan } from "../plan/planned.ts";
import { wordToF32 } from "../tape/float-word.ts";
import type { Program } from "./program.ts";
import { addressOf, runRecords } from "./records.ts";

/**
 * Bits of 2^24. From there on neighbouring f32 numbers are 2 apart: updates below 1 are lost in rounding, so no learning
 * rate leads a parameter back.
 */
const PAST_USE = 0x4b800000;

type Origin = Pick<NonFiniteOrigin, "layer" | "tensor" | "phase">;

/** The state must be that of before the pass, and the batch of the pass still loaded. */
export function nonFinite(program: Program, train: TrainPlan, step: number): NonFiniteError {
  const { variables } = program.plan;
  const bad = variables.find((v) => program.hasNonFinite(v.offset, v.elements * 4));
  const origin: Origin = bad
    ? { layer: layerOf(bad.name), tensor: bad.name, phase: "forward" }
    : firstNonFinite(program, train);
  let largest = 0;
  for (const { role, offset, elements } of variables)
    if (role === "trained") largest = Math.max(largest, program.kernels.maxMagnitude(offset, elements));
  const usable = !bad && largest < PAST_USE;
  const { layer, tensor, phase } = origin;
  const after = usable
    ? "a smaller learning rate or scaled inputs may help"
    : `they are past use (${bad ? "not finite" : `up to ${wordToF32(largest).toPrecision(2)}`}): call reset(), ` +
      "then train with scaled data or a smaller learning rate";
  return new NonFiniteError(
    `training: every number must stay finite; got ${bad ? "a parameter that was set so before" : "NaN or infinity"} ` +
      `in ${tensor} (layer ${layer}, ${phase} of step ${step}); the parameters are those of the step before; ${after}`,
    { step, ...origin, usable },
  );
}

function firstNonFinite(program: Program, train: TrainPlan): Origin {
  const rows = program.run(Run.Rows);
  // Only rows that stand in the engine's memory were not checked before.
  for (const { value, dtype, offset, rowElements } of train.tape.ports)
    if (dtype === "f32" && program.hasNonFinite(offset, rows * rowElements * 4)) {
      const { name } = train.tape.lowered.graph.values[value];
      return { layer: name, tensor: name, phase: "forward" };
    }
  for (const section of [Section.Forward, Section.Backward]) {
    const { from, records } = program.section(section);
    for (const [record, at] of runRecords(program, from, records as readonly LoweredRecord[], rows)) {
      const found = nonFiniteOutput(program, train, record, at, rows);
      if (found) return found;
    }
  }
  return nonFiniteUpdate(program, train, rows);
}

/** Which of the values that a record made is not finite, if one is. */
function nonFiniteOutput(
  program: Program,
  { tape }: TrainPlan,
  record: LoweredRecord,
  at: number,
  rows: number,
): Origin | undefined {
  const { values } = tape.lowered.graph;
  const { node } = record;
  for (const id of node.outputs) {
    const address = addressOf(program, record, at, id);
    if (address === 0 || values[id].dtype !== "f32") continue;
    if (!program.hasNonFinite(address, resolve(sizeOf(values[id].shape), rows) * 4)) continue;
    const variable = program.plan.variables.find(({ gradient }) => gradient === address);
    const tensor = variable ? `gradient of ${variable.name}` : values[id].name;
    const phase = node.phase === "backward" ? "backward" : "forward";
    return { layer: node.scope || node.op, tensor, phase };
  }
  return undefined;
}

/** Gradients are finite: which variable is not after the update; the state is put back afterwards. */
function nonFiniteUpdate(program: Program, train: TrainPlan, rows: number): Origin {
  const { layout, variables } = program.plan;
  const updated = layout.at("updated");
  const end = layout.at("frozen");
  const before = program.u8.slice(updated, end);
  for (const section of [Section.Accumulate, Section.Update]) program.execute(program.section(section), rows);
  const blocks = [...train.slots.map(({ offset }) => offset), layout.at("sums")];
  const bad = variables.find(
    (v) =>
      v.role !== "frozen" &&
      (program.hasNonFinite(v.offset, v.elements * 4) ||
        (v.role === "trained" &&
          blocks.some(
            (at) => at < end && program.hasNonFinite(besideVariable(program.plan, at, v), v.elements * 4),
          ))),
  );
  program.u8.set(before, updated);
  program.setRun(Run.Guard, 0);
  if (!bad) return { layer: "loss", tensor: "loss", phase: "forward" };
  return { layer: layerOf(bad.name), tensor: bad.name, phase: "update" };
}
