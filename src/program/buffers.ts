/** Rows in the engine's own memory: what `run` and `stepBuffers` compute with, so that a call copies and allocates nothing. */
import { Run } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { PlannedPort } from "../plan/planned.ts";
import type { Result, Rows } from "../rows/data.ts";
import { type IdRules, readIds } from "../rows/ids.ts";
import type { Program } from "./program.ts";

/** The rows of one input or target, one after another: numbers, or as Int32Array ids and labels. */
export type RowView = Float32Array | Int32Array;

/** One view, or one by input name. */
export type InputViews<X> = X extends Rows ? RowView : { readonly [K in keyof X]: RowView };

/**
 * Views of the engine's memory with room for `batchSize` rows each, row-major. They are made once; hold them rather than copies.
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

export function viewsOf(program: Program, ports: readonly Port[], byName: boolean): Views {
  const views = ports.map((port) => [port.name, viewOf(program, port)] as const);
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
