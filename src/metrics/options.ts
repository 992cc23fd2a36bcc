/** Rules of options that several metrics share. */
import { oneOf, readOptions } from "../options.ts";
import type { ClassOptions } from "./metric.ts";

export const AVERAGE = /* @__PURE__ */ oneOf("macro", "micro", "none");

/** The options that every metric of classes has. */
export const readClassOptions = (who: string, options: object): ClassOptions =>
  readOptions(who, options as ClassOptions, { labels: [], threshold: [] });
