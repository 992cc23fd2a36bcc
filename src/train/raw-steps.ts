/** Rows of `buffers.step` before preprocessing, and targets in units of y: beside the engine's memory. */
import { type Border, numbersOf } from "../program/border.ts";
import type { Program } from "../program/program.ts";
import type { RawRows } from "../program/raw-rows.ts";
import type { DataRules } from "./training-data.ts";

export type RawStep = NonNullable<RawRows["step"]>;

export function rawStepOf(
  program: Program,
  { train, losses }: DataRules,
  border: Border,
  byName: boolean,
): RawStep {
  const { f32, plan } = program;
  const inputs = train.tape.ports.filter(({ kind }) => kind === "input");
  const targets = train.tape.ports.filter(({ kind }) => kind === "target");
  const places = losses.map(({ output }) => border.outputs.find((place) => place?.name === output));
  const x = border.inputs.map(
    (input) => input && new Float64Array(plan.batch * input.preprocessing.rowElements),
  );
  const y = places.map((place, i) => place && new Float64Array(plan.batch * losses[i].rowElements));
  const ofInputs = border.inputs.map((place) => place && numbersOf(program, place));
  const ofTargets = places.map((place) => place && numbersOf(program, place));
  const names = inputs.map(({ name }) => (byName ? `stepBuffers: x.${name}` : "stepBuffers: x"));
  return {
    x,
    y,
    load: (rows) => {
      for (let i = 0; i < x.length; i++) {
        const numbers = ofInputs[i] as Float64Array;
        const at = inputs[i].offset >>> 2;
        border.inputs[i]?.preprocessing.transform(
          names[i],
          x[i] as Float64Array,
          0,
          0,
          rows,
          numbers,
          f32,
          at,
          false,
        );
      }
      for (let i = 0; i < y.length; i++)
        if (y[i])
          losses[i].loss.scaling?.transform(
            y[i] as Float64Array,
            losses[i].rowElements,
            ofTargets[i] as Float64Array,
            0,
            rows * losses[i].rowElements,
            f32,
            targets[i].offset >>> 2,
          );
    },
  };
}
