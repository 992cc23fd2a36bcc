/** Rules of options that several metrics share. */
import { oneOf } from "../options.ts";

export const AVERAGE = /* @__PURE__ */ oneOf("macro", "micro", "none");
