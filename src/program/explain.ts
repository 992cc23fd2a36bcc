/** A program as text: its regions, and its tapes record by record. */
import { Section } from "../../assembly/abi.ts";
import { formatTable } from "../model/model.ts";
import type { Plan } from "../plan/planned.ts";
import { disassemble } from "../tape/disassemble.ts";

export function explain({ layout, words, base, predict, train }: Plan): string {
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
