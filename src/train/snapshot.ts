import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { sameShape } from "../graph/shape.ts";
import { Predictor } from "../program/predictor.ts";
import type { Program } from "../program/program.ts";
import type { Result, Rows } from "../rows/data.ts";

/** A Predictor that can take over a trainer's parameters again. */
export type Snapshot<X = Rows, P = Result> = Predictor<X, P> & {
  update(source: Predictor<X, P>): void;
};

/** Makes a snapshot of a predictor, with the parameters of `source`. */
export function snapshotOf<X, P>(predictor: Predictor<X, P>, source: Predictor<X, P>): Snapshot<X, P> {
  const update = (from: Predictor<X, P>) => {
    predictor.program.checkAlive("update");
    if (!(from instanceof Predictor))
      throw new OptionError(`update: needs a trainer or a predictor; got ${describe(from)}`);
    takeOver(predictor.program, from.program, () =>
      predictor.program.states.load("update", from.state(), false),
    );
  };
  update(source);
  return Object.assign(predictor, { update });
}

/** States leave out what is frozen and what another program owns: it goes by itself, before the state does. */
function takeOver(program: Program, source: Program, load: () => void): void {
  const pairs = source.plan.variables.flatMap((from) => {
    const to = program.plan.variables.find(({ name }) => name === from.name);
    return from.role === "frozen" && to && sameShape(from.shape, to.shape)
      ? [{ values: source.values(from), own: program.values(to), before: program.values(to).slice() }]
      : [];
  });
  for (const { own, values } of pairs) own.set(values);
  try {
    load();
  } catch (error) {
    for (const { own, before } of pairs) own.set(before);
    throw error;
  }
}
