/** From probabilities to classes. */
import { NonFiniteError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { layersOf } from "../model/model.ts";
import type { Result } from "../rows/data.ts";

export interface Classification {
  /** The name of the class, or its index as text where the program has no labels. */
  readonly label: string;
  readonly index: number;
  readonly probability: number;
}

/** The most probable class of each row; for one column the classes are 0 and 1, by the threshold 1/2. */
export function classify(
  graph: Graph,
  labels: readonly string[] | undefined,
  { data, shape }: Result,
): Classification[] {
  const classes = shape[shape.length - 1];
  const label = (index: number) => labels?.[index] ?? `${index}`;
  const bad = data.findIndex((p) => p - p !== 0);
  if (bad >= 0)
    throw new NonFiniteError(
      `classify: probabilities must be finite; got ${data[bad]} for row ${Math.floor(bad / classes)}; ` +
        "good parameters or scaled inputs may help",
      {
        step: 0,
        layer: layersOf(graph).slice(-1)[0].name,
        tensor: graph.outputs[0].name,
        phase: "forward",
      },
    );
  if (classes === 1)
    return Array.from(data, (p) => {
      const index = p >= 0.5 ? 1 : 0;
      return { label: label(index), index, probability: index ? p : 1 - p };
    });
  return Array.from({ length: data.length / classes }, (_, row) => {
    let index = 0;
    for (let j = 1; j < classes; j++) if (data[row * classes + j] > data[row * classes + index]) index = j;
    return { label: label(index), index, probability: data[row * classes + index] };
  });
}
