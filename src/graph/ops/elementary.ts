import { EXTENDED } from "../../kernels/extended.wasm.ts";
import type { Op } from "../op.ts";
import { unary } from "./unary.ts";

/**
 * `unary` for every function: from `Fn.Exp` on they are in the extended kernels only. Said to be pure, so that bundlers
 * drop it, and those kernels, from pages that do not use it.
 */
export const elementary: Op<"unary"> = /* @__PURE__ */ Object.assign({ kernels: EXTENDED }, unary);
