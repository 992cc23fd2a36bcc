/** A program as text: its regions, and its tapes record by record. */
import { Section } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { formatTable } from "../model/summary.ts";
import { refuseMore } from "../options.ts";
import { disassemble } from "../tape/disassemble.ts";
import type { Predictor } from "./predictor.ts";

/**
 * The whole program of a predictor or a trainer as text: what lies where in its memory, and every record that it runs. For
 * the curious.
 *
 * @example
 * const predictor = compile(sequential({ input: [2] }, [dense(1)]), { batchSize: 1 });
 * explain(predictor).includes("dense y="); // => true
 */
export function explain<X, P>(predictor: Predictor<X, P>): string {
  refuseMore("explain", arguments, 1);
  const plan = predictor?.program?.plan;
  if (!plan) throw new OptionError(`explain: needs a predictor or a trainer; got ${describe(predictor)}`);
  const { layout, words, base, predict, train } = plan;
  const regions = layout.regions
    .filter(({ bytes }) => bytes > 0)
    .map(({ name, offset, bytes }) => [name, `@${offset}`, `${bytes}`]);
  const show = (title: string, { from, to }: { readonly from: number; readonly to: number }) =>
    from === to ? [] : [`\n${title}`, disassemble(words, from, to, base)];
  const when = (every: number) => (every === 1 ? "" : `, last of ${every} passes`);
  return [
    formatTable([["region", "at", "bytes"], ...regions]),
    ...(train?.sections ?? []).flatMap((section) =>
      show(`train: ${Section[section.section].toLowerCase()}${when(section.every)}`, section),
    ),
    ...(train?.evaluate ? show("evaluate", train.evaluate) : []),
    ...show("predict", predict),
  ].join("\n");
}
