/** Where variables and the operands of tapes are, when the regions are laid out. */
import { Run } from "../../assembly/abi.ts";
import { sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import type { Addresses } from "./encode.ts";
import type { LoweredGraph } from "./graphs.ts";
import type { Layout } from "./layout.ts";
import type { Parts } from "./parts.ts";
import type { PlannedVariable } from "./planned.ts";
import { ROWS_SETTING, type TapeName } from "./ports.ts";
import type { PlanRequest } from "./request.ts";

export function placeVariables(
  { foreign }: PlanRequest,
  { graphs, blocks }: Parts,
  { at }: Layout,
): PlannedVariable[] {
  return graphs.uses.map(({ variable, role, group }, i): PlannedVariable => {
    const location = blocks.locations[i];
    return {
      ...variable,
      role,
      group,
      elements: sizeOf(variable.shape),
      offset: location ? at(location.region) + location.bytes : (foreign?.get(variable.name) as number),
      gradient: location?.region === "trained" ? at("gradients") + location.bytes : 0,
      isForeign: !location,
    };
  });
}

/** Where the operands of one tape are. */
export function tapeAddresses(
  tape: TapeName,
  { train }: PlanRequest,
  { graphs, constants, counters, arenas, ports }: Parts,
  { at }: Layout,
  variables: readonly PlannedVariable[],
): Addresses {
  const graph = tape === "predict" ? graphs.predict : graphs.training?.[tape];
  const { lowered } = graph as LoweredGraph;
  const values = new Map<ValueId, number>();
  for (const { value, offset } of variables) values.set(value, offset);
  for (const { value, data } of lowered.graph.constants)
    values.set(value, at(`constant ${constants.indexOf(data)}`));
  for (const { value, region } of ports[tape]) values.set(value, at(region));
  lowered.storage.forEach((id, i) => {
    values.set(id, at("arena") + (arenas[tape]?.offsets[i] as number));
  });
  if (train && tape === "train") {
    values.set(lowered.rootOf(train.loss), at("loss"));
    graphs.uses.forEach(({ gradient }, i) => {
      if (gradient !== undefined) values.set(lowered.rootOf(gradient), variables[i].gradient);
    });
  }
  const evaluated = graphs.training?.evaluate;
  if (evaluated && tape === "evaluate") values.set(lowered.rootOf(evaluated.loss), at("evaluate loss"));
  return {
    value: (id) => values.get(lowered.rootOf(id)) as number,
    region: at,
    counter: (name) => at("counters") + counters.indexOf(name) * 8,
    // Of a value that comes from no port: rows of numbers, and no run leaves them out (a pass has rows).
    setting: (kind, of) =>
      ports[tape].find(({ value }) => value === of)?.[kind] ?? (kind === "targets" ? ROWS_SETTING : Run.Rows),
    scratch: { shared: at("shared scratch"), private: at("scratch") },
    mirror: at("mirror") - at("updated"),
  };
}
