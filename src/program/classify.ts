/** From probabilities to classes and labels: what `classify` gives. */
import { describe } from "../describe.ts";
import { NonFiniteError, OptionError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { summarize } from "../model/summary.ts";
import { COUNT, check } from "../options.ts";
import type { Result } from "../rows/data.ts";

/** A class of a row, or a label. */
export interface Classification {
  /** The name of the class, or its index as text where the program has no labels. */
  readonly label: string;
  readonly index: number;
  readonly probability: number;
  /** Of several sigmoids, whose labels do not exclude each other: all of them, by index. */
  readonly labels?: readonly LabelProbability[];
}

/** One of several labels that a row may have at once. */
export interface LabelProbability {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
  /** Whether the probability reaches the threshold. */
  readonly isOver: boolean;
}

/** How many classes of each row are wanted, and from which probability on. */
export interface Choice {
  readonly top?: number;
  readonly threshold?: number | readonly number[];
}

/** What the outputs are: classes of which one is true, or labels each of which may be. */
export type Ending = "sigmoid" | "softmax";

const isThreshold = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;

/** @throws OptionError for options that are wrong, or that do not go with what the outputs are */
function checkChoice({ top, threshold }: Choice, outputs: number, ending: Ending): void {
  if (top !== undefined) check("classify", "top", top, COUNT);
  if (threshold === undefined) return;
  const list: readonly unknown[] = Array.isArray(threshold) ? threshold : [threshold];
  const bad = list.findIndex((value) => !isThreshold(value));
  if (bad >= 0)
    throw new OptionError(
      `classify: threshold must be in [0, 1], or an array of such; got ${describe(list[bad])}`,
    );
  if (Array.isArray(threshold) && threshold.length !== outputs)
    throw new OptionError(
      `classify: threshold must be one number, or one for each of ${outputs} outputs; got ${threshold.length}`,
    );
  if (ending === "softmax" && top === undefined)
    throw new OptionError(
      "classify: threshold of a softmax leaves classes out of the top ones, as in { top: 3, threshold: 0.1 }; got no top",
    );
}

/**
 * @param labels names of the classes, by index
 * @returns a class for each row, or with `top` the most probable ones of each
 */
export function classify(
  graph: Graph,
  labels: readonly string[] | undefined,
  { data, shape }: Result,
  ending: Ending,
  choice: Choice,
): Classification[] | Classification[][] {
  const outputs = shape[shape.length - 1];
  if (shape.length > 2)
    throw new OptionError(
      `classify: needs one class a row; got [${shape.join(", ")}]: take the largest of each position of what predict gives`,
    );
  checkChoice(choice, outputs, ending);
  const bad = data.findIndex((p) => p - p !== 0);
  if (bad >= 0)
    throw new NonFiniteError(
      `classify: probabilities must be finite; got ${data[bad]} for row ${Math.floor(bad / outputs)}; ` +
        "good parameters or scaled inputs may help",
      {
        step: 0,
        layer: summarize(graph).slice(-1)[0].name,
        tensor: graph.outputs[0].name,
        phase: "forward",
      },
    );
  const { top, threshold = top === undefined ? 0.5 : 0 } = choice;
  const nameOf = (index: number) => labels?.[index] ?? `${index}`;
  const isOver = (p: number, index: number) =>
    p >= (typeof threshold === "number" ? threshold : threshold[outputs === 1 ? 0 : index]);
  const classOf = (index: number, probability: number) => ({ label: nameOf(index), index, probability });
  /** The classes of a row by index; of one sigmoid no and yes. */
  const all = (row: number) => {
    if (outputs === 1) return [classOf(0, 1 - data[row]), classOf(1, data[row])];
    return Array.from({ length: outputs }, (_, j) => classOf(j, data[row * outputs + j]));
  };
  const rows = Array.from({ length: data.length / outputs }, (_, row) => row);
  if (top !== undefined)
    return rows.map((row) =>
      all(row)
        // The first of equals first: sorting is stable.
        .sort((p, q) => q.probability - p.probability)
        .slice(0, top)
        .filter(({ index, probability }) => isOver(probability, index)),
    );
  if (outputs === 1) return rows.map((row) => all(row)[isOver(data[row], 0) ? 1 : 0]);
  return rows.map((row) => {
    const at = row * outputs;
    let best = 0;
    for (let j = 1; j < outputs; j++) if (data[at + j] > data[at + best]) best = j;
    const found = classOf(best, data[at + best]);
    if (ending === "softmax") return found;
    return {
      ...found,
      labels: all(row).map((label) => ({ ...label, isOver: isOver(label.probability, label.index) })),
    };
  });
}
