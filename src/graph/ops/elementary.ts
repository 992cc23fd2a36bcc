import { EXTENDED } from "../../kernels/extended.wasm.ts";
import type { Op } from "../op.ts";
import { unary } from "./unary.ts";

/** `unary` for every function: from `Fn.Exp` on they are in the extended kernels only. */
export const elementary: Op<"unary"> = { ...unary, kernels: EXTENDED };
