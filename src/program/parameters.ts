/** Variables of a program from outside: live views of them, and setting them by name. */
import { describe } from "../describe.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { checkObject } from "../options.ts";
import type { PlannedVariable } from "../plan/planned.ts";
import { countRows, isNumericArray, type Rows, readRows } from "../rows/data.ts";
import { unknownName } from "../suggest.ts";
import type { Program } from "./program.ts";
import { readOnly } from "./read-only.ts";

/** One parameter of a program. */
export interface ParameterView {
  readonly shape: readonly number[];
  /**
   * The values, row-major: a view of the engine's memory, not a copy. It changes as training goes on, writing to it
   * changes the program, and holding it keeps the memory alive.
   */
  readonly data: Float32Array;
}

export type ParameterViews = { readonly [name: string]: ParameterView };

export function parameterViews(program: Program): ParameterViews {
  const views: Record<string, ParameterView> = {};
  for (const v of program.plan.variables) views[v.name] = { shape: v.shape, data: program.values(v) };
  return readOnly("parameters", views);
}

/** Sets variables by name, all or none. */
export function setParameters(program: Program, values: { readonly [name: string]: Rows | number }): void {
  checkObject("setParameters", values, "values must be an object, such as { name: values }");
  const { variables } = program.plan;
  const ready: [PlannedVariable, Float32Array][] = Object.entries(values).map(([name, value]) => {
    const v = variables.find((known) => known.name === name);
    if (!v) {
      const names = variables.map((known) => known.name);
      throw new OptionError(unknownName("setParameters", "parameter", name, names), "unknown");
    }
    return [v, readVariable(v, value)];
  });
  for (const [v, data] of ready) program.values(v).set(data);
  if (ready.some(([{ role }]) => role === "frozen")) program.states.refresh();
}

function readVariable(
  { name, shape, elements, nonNegative }: PlannedVariable,
  value: Rows | number,
): Float32Array {
  const what = `setParameters: ${name}`;
  const given = typeof value === "number" ? [value] : value;
  const isFlat = isNumericArray(given) || (Array.isArray(given) && typeof given[0] === "number");
  const rowElements = isFlat ? elements : elements / (shape[0] ?? 1);
  const differs = isFlat && (given as ArrayLike<number>).length !== elements;
  const rows = differs ? 0 : countRows(what, given, rowElements);
  if (rows * rowElements !== elements)
    throw new ShapeError(
      `${what}: must have the shape [${shape.join(", ")}], ${elements} numbers; got ${describe(given)}`,
      "rows",
    );
  const data = new Float32Array(elements);
  readRows(what, given, rowElements, 0, rows, data, 0);
  const negative = nonNegative ? data.findIndex((number) => number < 0) : -1;
  if (negative >= 0)
    throw new DataError(`${what}: numbers must be >= 0; got ${data[negative]} at index ${negative}`);
  return data;
}
