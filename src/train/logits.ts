/** Probabilities of a model whose loss takes logits, for `classify`. */
import { activation } from "../model/layers/core.ts";
import { type Model, sequential } from "../model/model.ts";
import type { Predictor } from "../program/predictor.ts";
import type { Result, Rows } from "../rows/data.ts";
import type { LossTraits } from "./losses.ts";

/** What the models of losses of probabilities end in. */
export const ENDINGS: Readonly<Partial<Record<LossTraits["kind"], "sigmoid" | "softmax">>> = {
  binaryCrossEntropy: "sigmoid",
  focal: "sigmoid",
  crossEntropy: "softmax",
  categoricalFocal: "softmax",
  klDivergence: "softmax",
};

/** Makes a predictor with the settings of a program. */
export type MakePredictor = <X, P>(model: Model<X, P>) => Predictor<X, P>;

/** What a predictor of the model is given beside the model; nothing where the loss takes probabilities. */
export function fromLogits(
  { kind, fromLogits }: Pick<LossTraits, "kind" | "fromLogits">,
  makePredictor: MakePredictor,
): { readonly probabilities?: (logits: Result) => Result; readonly ending?: "sigmoid" | "softmax" } {
  const ending = ENDINGS[kind];
  if (!fromLogits || !ending) return {};
  let last: Predictor<Rows, Result> | undefined;
  return {
    ending,
    probabilities: (logits) => {
      const layer = activation(ending);
      last ??= makePredictor(sequential({ input: logits.shape.slice(1) }, [layer]));
      return last.predict(logits);
    },
  };
}
