import type { Model } from "../model/model.ts";
import { makeResult } from "../rows/data.ts";

/** What a pass computes: one array, or one per named output. */
export type Arrays = Float32Array | ByName;

type ByName = Readonly<Record<string, Float32Array>>;

export const arrayOf = (arrays: Arrays, name: string, byName: boolean): Float32Array =>
  byName ? (arrays as ByName)?.[name] : (arrays as Float32Array);

/** What `predict` gives, of what was computed. */
export function resultsOf({ graph, named }: Model, rows: number, computed: Arrays): unknown {
  const results = graph.outputs.map(({ name, value }) => {
    const data = arrayOf(computed, name, named.outputs);
    return [name, makeResult(data, [rows, ...graph.shape(value).slice(1)])] as const;
  });
  return named.outputs ? Object.fromEntries(results) : results[0][1];
}
