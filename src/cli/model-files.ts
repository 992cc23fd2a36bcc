/** Model files as the command reads them. */
import type { Predictor } from "../index.ts";
import { Failure } from "./failures.ts";

/** A column that a model reads. */
export interface ModelColumn {
  readonly name: string;
  readonly kind: "number" | "category" | "date";
  readonly categories?: readonly string[];
}

const inputsOf = (predictor: Predictor) =>
  (predictor as unknown as { readonly model: { readonly graph: ModelGraph } }).model.graph.inputs;

/** Whether a model was made of a table, so that it knows names of columns. */
export const isOfTable = (predictor: Predictor): boolean => {
  const inputs = inputsOf(predictor);
  return inputs.length === 1 && inputs[0].columns !== undefined;
};

/** What a model that was made of a table reads. */
export function columnsOf(predictor: Predictor, path: string): readonly ModelColumn[] {
  if (!isOfTable(predictor))
    throw new Failure(
      `${path}: must be a model of a table, such as wasmgrad train writes; got one without names of columns`,
    );
  return inputsOf(predictor)[0].columns as readonly ModelColumn[];
}

interface ModelGraph {
  readonly inputs: readonly { readonly name: string; readonly columns?: readonly ModelColumn[] }[];
}

/** Names of the classes; undefined for a regression. */
export const labelsOf = (predictor: Predictor): readonly string[] | undefined =>
  (predictor as unknown as { readonly labels?: readonly string[] }).labels;
