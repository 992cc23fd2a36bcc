/** Rows in the engine's own memory: what `run` and `stepBuffers` compute with, so that a call copies and allocates nothing. */
import { Run } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { TableRows } from "../model/model.ts";
import type { PlannedPort } from "../plan/planned.ts";
import type { Result, Rows } from "../rows/data.ts";
import { type IdRules, readIds } from "../rows/ids.ts";
import { type Border, inUnitsOfY, numbersOf } from "./border.ts";
import type { Program } from "./program.ts";
import type { RawRows } from "./raw-rows.ts";

/**
 * The rows of one input or target, one after another: numbers, as Int32Array ids and labels, as Float64Array rows of an input
 * with preprocessing (those of a table encoded: categories by index, NaN for what is missing) or targets that are standardized.
 */
export type RowView = Float32Array | Float64Array | Int32Array;

/** One view, or one by input name. */
export type InputViews<X> = [X] extends [TableRows] ? RowView : { readonly [K in keyof X]: RowView };

/**
 * Views of the engine's memory with room for `batchSize` rows each, row-major; rows before preprocessing, and predictions that are
 * brought back to units of y, lie beside it. They are made once; hold them rather than copies.
 * After `dispose()` they belong to nobody: do not use them.
 */
export interface Buffers<X = Rows, P = Result> {
  /** What `run` reads. `predict` and `classify` overwrite it. */
  readonly x: InputViews<X>;
  /** What `run` writes, by output name where outputs have names. Any other call of the program may overwrite it. */
  readonly out: P extends Result ? Float32Array : { readonly [K in keyof P]: Float32Array };
}

export type Views = RowView | Readonly<Record<string, RowView>>;
type Port = Pick<PlannedPort, "name" | "offset" | "rowElements"> & Partial<PlannedPort>;

const viewOf = ({ i32, f32, plan }: Program, { offset, rowElements, dtype }: Port): RowView =>
  (dtype === "i32" ? i32 : f32).subarray(offset >>> 2, (offset >>> 2) + plan.batch * rowElements);

/** @param others views to give instead, by the order of the ports */
export function viewsOf(
  program: Program,
  ports: readonly Port[],
  byName: boolean,
  others: readonly (RowView | undefined)[] = [],
): Views {
  const views = ports.map((port, i) => [port.name, others[i] ?? viewOf(program, port)] as const);
  return byName ? Object.fromEntries(views) : views[0][1];
}

/** @throws OptionError unless the views have so many rows */
export function checkRows(who: string, { plan: { batch } }: Program, rows: number): void {
  if (!(Number.isInteger(rows) && rows >= 1 && rows <= batch))
    throw new OptionError(
      `${who}: rows must be a whole number from 1 to ${batch} (batchSize); got ${describe(rows)}`,
    );
}

/**
 * Says what the kernels found, and takes their guard down.
 *
 * @param what names the rows in errors: `run: x`
 * @throws DataError for the first id or label that is out of range
 */
export function checkIds(
  what: string,
  program: Program,
  ports: readonly (PlannedPort & IdRules)[],
  rows: number,
  byName: boolean,
): void {
  program.setRun(Run.Guard, 0);
  for (const port of ports) {
    const view = viewOf(program, port);
    if (port.dtype === "i32")
      readIds(byName ? `${what}.${port.name}` : what, view, port, 0, rows, view as Int32Array, 0);
  }
}

export function rawRowsOf(program: Program, { inputs, outputs }: Border, byName: boolean): RawRows {
  const { f32, plan } = program;
  const { batch, predict } = plan;
  const x = inputs.map((input) => input && new Float64Array(batch * input.preprocessing.rowElements));
  const out = outputs.map((place, i) => place && new Float32Array(batch * predict.outputs[i].rowElements));
  const numbers = [...inputs, ...outputs].map((place) => place && numbersOf(program, place));
  const names = inputs.map((input) => (byName ? `run: x.${input?.name}` : "run: x"));
  return {
    x,
    out,
    load: (rows) => {
      for (let i = 0; i < x.length; i++)
        inputs[i]?.preprocessing.transform(
          names[i],
          x[i] as Float64Array,
          0,
          0,
          rows,
          numbers[i] as Float64Array,
          f32,
          predict.ports[i].offset >>> 2,
          false,
        );
    },
    give: (rows) => {
      for (let i = 0; i < out.length; i++) {
        const { offset, rowElements } = predict.outputs[i];
        const own = numbers[inputs.length + i];
        if (own) inUnitsOfY(own, f32, offset >>> 2, out[i] as Float32Array, 0, rows, rowElements);
      }
    },
  };
}
