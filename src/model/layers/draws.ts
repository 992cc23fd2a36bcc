import { OptionError } from "../../errors.ts";
import type { AttentionAttrs } from "../../graph/op.ts";
import type { Tensor } from "../tensor.ts";

/** More dropouts than this in one model would share their draws. */
const MOST_STREAMS = 0x10000;

/** The number of the next dropout of a model, by which its draws differ from those of the others. */
export function nextStream(who: string, x: Tensor): number {
  const stream = x.builder.graph.nodes.filter(
    ({ op, attrs }) => op === "dropout" || (op === "attention" && (attrs as AttentionAttrs).rate > 0),
  ).length;
  if (stream >= MOST_STREAMS)
    throw new OptionError(`${who}: a model may draw at ${MOST_STREAMS} places; got one more`);
  return stream;
}
