/** Programs that share a memory and variables: who owns which, and where each begins. */
import { OptionError, ShapeError } from "../errors.ts";
import type { Variable } from "../graph/graph.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { placeVariables } from "./addresses.ts";
import { placeProgram, writeProgram } from "./plan.ts";
import type { Plan } from "./planned.ts";
import type { PlanRequest } from "./request.ts";
import { usesOf } from "./roles.ts";

export interface NamedRequest {
  readonly name: string;
  readonly request: Omit<PlanRequest, "base" | "foreign">;
}

/** What a program would do with a variable. */
interface Claim {
  readonly variable: Variable;
  /** Index of the program. */
  readonly program: number;
  /** By its optimizer or by update nodes. */
  readonly changes: boolean;
}

/**
 * Plans programs one behind the other. Variables of one name are one: the program that changes it owns it, or the first that
 * has it where none does; the others read it where the owner has it.
 *
 * @throws OptionError for a variable that two programs would change, ShapeError for one of two shapes
 */
export function planTogether(who: string, requests: readonly NamedRequest[], base: number): Plan[] {
  const owners = ownersOf(who, requests);
  const addresses = new Map<string, number>();
  let end = base;
  const placed = requests.map(({ request: given }, i) => {
    const names = given.graph.variables.map(({ name }) => name).filter((name) => owners.get(name) !== i);
    const foreign = new Map(names.map((name) => [name, 0]));
    const request = { ...fresh(given), base: end, foreign };
    const place = placeProgram(request);
    for (const { name, offset, isForeign } of placeVariables(request, place.parts, place.layout))
      if (!isForeign) addresses.set(name, offset);
    end = place.layout.end;
    return { request, place };
  });
  return placed.map(({ request, place }) => {
    for (const name of request.foreign.keys()) request.foreign.set(name, addresses.get(name) as number);
    return writeProgram(request, place);
  });
}

/** Planning adds gradients to the graph that it is given. */
const fresh = ({ train, ...request }: NamedRequest["request"]): NamedRequest["request"] => ({
  ...request,
  train: train && { ...train, graph: train.graph.copy() },
});

/** Index of the program that owns each variable, by name. */
function ownersOf(who: string, requests: readonly NamedRequest[]): ReadonlyMap<string, number> {
  const claims = new Map<string, Claim>();
  requests.forEach(({ name, request }, program) => {
    const { graph, train, batch, frozen = new Set() } = fresh(request);
    const updates = new Set(train?.graph.updates.map(({ variable }) => variable));
    const uses = train ? train.planner.lower(train, batch, frozen).uses : usesOf(graph, frozen);
    for (const { variable, role } of uses) {
      const changes = role === "trained" || (role === "state" && updates.has(variable.value));
      const first = claims.get(variable.name);
      if (first) checkPair(who, first, variable, [requests[first.program].name, name], changes);
      if (!first || changes) claims.set(variable.name, { variable, program, changes });
    }
  });
  return new Map([...claims].map(([name, { program }]) => [name, program]));
}

function checkPair(
  who: string,
  first: Claim,
  { name, shape, dtype }: Variable,
  programs: readonly [string, string],
  changes: boolean,
): void {
  const { variable } = first;
  const [a, b] = programs.map((program) => JSON.stringify(program));
  if (!(sameShape(variable.shape, shape) && variable.dtype === dtype))
    throw new ShapeError(
      `${who}: ${name} must have one shape in all programs that share it; ` +
        `got ${formatShape(variable.shape)} in ${a} and ${formatShape(shape)} in ${b}: ` +
        "name the layers apart if they are not the same",
    );
  if (first.changes && changes)
    throw new OptionError(
      `${who}: ${name} must be changed by one program; got ${a} and ${b}: ` +
        "freeze it in one of them, or name the layers apart if they are not the same",
    );
}
