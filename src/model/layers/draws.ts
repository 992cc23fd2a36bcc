import { OptionError } from "../../errors.ts";
import type { Tensor } from "../tensor.ts";

/** More nodes that draw than this would share their draws. */
const MOST_STREAMS = 0x10000;

/** The number of the next node of a model that draws, by which its draws differ from those of the others. */
export function nextStream(who: string, x: Tensor): number {
  const stream = x.builder.graph.nodes.filter(({ attrs }) => "stream" in attrs).length;
  if (stream >= MOST_STREAMS)
    throw new OptionError(`${who}: a model may draw at ${MOST_STREAMS} places; got one more`);
  return stream;
}
