/** Model files as the command reads them. */
import type { Column, Predictor } from "../index.ts";
import { Failure } from "./failures.ts";

/** What a model that was made of a table reads. */
export function columnsOf({ columns }: Predictor, path: string): readonly Column[] {
  if (columns) return columns;
  throw new Failure(
    `${path}: must be a model of a table, such as wasmgrad train writes; got one without names of columns`,
  );
}
