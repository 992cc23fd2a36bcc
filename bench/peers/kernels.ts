/** What the children of wasmgrad and of the plain loops need beyond the package; bundled by `run.mjs`. */
export { Form, Hyper, Opcode, OptimizerFlag } from "../../assembly/abi.ts";
export { PlainNetwork } from "../plain/network.ts";
export { adamUpdate } from "../plain/optimizers.ts";
export { productNN, productTN } from "../plain/products.ts";
export { loadRecord } from "../record.ts";
