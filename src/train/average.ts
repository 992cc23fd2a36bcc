/** Readings with the average of weights. */
import { OptionError } from "../errors.ts";
import { check, oneOf } from "../options.ts";
import { AVERAGE, AVERAGE_POWER } from "../plan/average.ts";
import type { Program } from "../program/program.ts";

const AVERAGED = /* @__PURE__ */ oneOf("average");

/** Reads while the average stands in the place of the trained weights, if that is asked for; before the first update it is what they are. */
export function withAverage<T>(who: string, program: Program, weights: unknown, read: () => T): T {
  if (weights === undefined) return read();
  check(who, "weights", weights, AVERAGED);
  const { layout, counters, train } = program.plan;
  const block = train?.blocks.find(({ name }) => name === AVERAGE);
  if (!block)
    throw new OptionError(
      `${who}: weights: "average" needs a trainer with averageWeights, as in compile(model, { .., averageWeights: { decay: 0.999 } }); got one without`,
    );
  if (program.counter(counters.indexOf(AVERAGE_POWER)) === 1) return read();
  const { offset, bytes } = layout.regions.find(
    ({ name }) => name === "trained",
  ) as (typeof layout.regions)[0];
  const kept = program.u8.slice(offset, offset + bytes);
  program.u8.copyWithin(offset, block.offset, block.offset + bytes);
  try {
    return read();
  } finally {
    program.u8.set(kept, offset);
  }
}
