import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { Predictor } from "../program/predictor.ts";
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
    predictor.program.states.load("update", from.state(), false);
  };
  update(source);
  return Object.assign(predictor, { update });
}
