/** Finds where a NaN or infinity began, by running the failed step again record by record. */
import { Guard, Header } from "../../assembly/abi.ts";
import { NonFiniteError, type NonFiniteOrigin } from "../errors.ts";
import { resolve, sizeOf } from "../graph/shape.ts";
import { layerOf } from "../model/model.ts";
import { recordWords } from "../plan/lower.ts";
import type { TrainPlan } from "../plan/plan.ts";
import type { Program } from "./program.ts";

/** The state must be that of before the step, and the batch of the step still loaded. */
export const nonFinite = (program: Program, train: TrainPlan, step: number): NonFiniteError =>
  nonFiniteParameter(program, step) ?? errorAt(firstNonFinite(program, train, step));

/** The error of a parameter that is not finite before the step, if there is one. */
function nonFiniteParameter(program: Program, step: number): NonFiniteError | undefined {
  const bad = program.plan.parameters.find((p) => program.reaches(p.offset, p.elements * 4));
  if (!bad) return undefined;
  const layer = layerOf(bad.name);
  return errorAt({ step, layer, tensor: bad.name, phase: "forward" }, "a parameter that was set so before");
}

/** The update of `step` made a parameter or moment overflow; the state is already put back. */
export const overflow = (program: Program, step: number, parameter: string): NonFiniteError =>
  nonFiniteParameter(program, step) ??
  errorAt({ step, layer: layerOf(parameter), tensor: parameter, phase: "update" });

function firstNonFinite(program: Program, train: TrainPlan, step: number): NonFiniteOrigin {
  const { lowered } = train.tape;
  const { values } = lowered.graph;
  const rows = program.header(Header.Rows);
  let at = program.header(Header.Forward);
  for (const record of lowered.records) {
    const { node } = record;
    const next = at + recordWords(record) * 4;
    program.kernels.execute(program.plan.base, at, next);
    const fields = Object.values(record.fields);
    for (const id of node.outputs) {
      const word = fields.findIndex(
        (field) => typeof field === "object" && "value" in field && field.value === id,
      );
      const address = program.i32[(at >>> 2) + 1 + word] >>> 0;
      const elements = resolve(sizeOf(values[id].shape), rows);
      if (program.kernels.maxMagnitude(address, elements) < Guard.NonFinite) continue;
      const parameter = program.plan.parameters.find(
        (p) => address === train.gradients.offset + p.offset - program.plan.parameters[0].offset,
      );
      const tensor = parameter ? `gradient of ${parameter.name}` : values[id].name;
      return { step, layer: node.scope || node.op, tensor, phase: node.phase };
    }
    at = next;
  }
  return { step, layer: "loss", tensor: "loss", phase: "forward" };
}

function errorAt(origin: NonFiniteOrigin, why = "NaN or infinity"): NonFiniteError {
  const { step, layer, tensor, phase } = origin;
  return new NonFiniteError(
    `training: every number must stay finite; got ${why} in ${tensor} (layer ${layer}, ${phase} of step ${step}); ` +
      "the parameters are those of the step before; a smaller learning rate or scaled inputs may help",
    origin,
  );
}
