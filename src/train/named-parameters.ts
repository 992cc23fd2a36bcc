/** Parameters that an option names. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { nearest } from "../suggest.ts";

/** Biases, what norms scale and shift by, tables of embeddings: what is not meant where weights are. */
export const NO_WEIGHTS = /\.(bias|recurrentBias|gamma|beta|table)$/;

/** A parameter by its whole name, or all parameters of what it begins with: of a layer, of a nested model. */
export const parametersUnder = ({ variables }: Graph, name: string): string[] =>
  variables.flatMap(({ name: one }) => (one === name || one.startsWith(`${name}.`) ? one : []));

/** @param option who asks, such as "compile: freeze" */
export function unknownParameter(option: string, { variables }: Graph, given: unknown): OptionError {
  const names = variables.map(({ name }) => name);
  const layers = names.map((name) => name.slice(0, name.lastIndexOf(".")));
  const meant = typeof given === "string" ? nearest(given, [...new Set([...layers, ...names])]) : undefined;
  return new OptionError(
    `${option} must name layers or parameters of the model; got ${describe(given)}: ` +
      `${meant ? `did you mean ${describe(meant)}? ` : ""}it has ${names.join(", ")}`,
  );
}
