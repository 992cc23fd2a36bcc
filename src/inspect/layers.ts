import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import type { Model } from "../model/model.ts";
import { type LayerSummary, ownerOf, summarize } from "../model/summary.ts";
import { refuseMore } from "../options.ts";
import type { Plan } from "../plan/planned.ts";
import type { Role } from "../plan/roles.ts";
import type { Predictor } from "../program/predictor.ts";

/** A layer with what a program does with its parameters. */
export interface LayerDescription extends LayerSummary {
  /** Numbers that the optimizer changes; of a model, and of a predictor, those that it would change. */
  readonly trained: number;
  /** Numbers that change by themselves, such as running statistics. */
  readonly state: number;
  /** Numbers that stay: what `freeze` of `compile` names. */
  readonly frozen: number;
}

/**
 * The layers of a model, a predictor or a trainer in order of use, as data: what `summary()` shows as a table, and how many of the
 * parameters are trained.
 *
 * @example
 * const model = sequential({ input: [2] }, [dense(8, { activation: "tanh" }), batchNorm(), dense(1)]);
 * const [first, second] = layersOf(model);
 * first.multiplyAdds; // => 16
 * [second.name, second.trained, second.state]; // => ["batchNorm1", 16, 16]
 */
export function layersOf<X, P>(of: Model<X, P> | Predictor<X, P>): readonly LayerDescription[] {
  refuseMore("layersOf", arguments, 1);
  const plan = (of as Predictor | undefined)?.program?.plan as Plan | undefined;
  const graph = plan?.model ?? (of as Model | undefined)?.graph;
  if (!graph) throw new OptionError(`layersOf: needs a model, a predictor or a trainer; got ${describe(of)}`);
  const updated = new Set(graph.updates.map(({ variable }) => variable));
  const layers = summarize(graph);
  const names = new Set(layers.map(({ name }) => name));
  return layers.map((layer) => {
    const numbers: Record<Role, number> = { trained: 0, state: 0, frozen: 0 };
    graph.variables.forEach(({ name, shape, value }, i) => {
      if (ownerOf(name, (scope) => names.has(scope)) !== layer.name) return;
      const role = plan?.train ? plan.variables[i].role : updated.has(value) ? "state" : "trained";
      numbers[role] += sizeOf(shape);
    });
    return { ...layer, ...numbers };
  });
}
