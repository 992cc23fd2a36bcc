/** What the children of wasmgrad and of the plain loops, and `layers.mjs`, need beyond the package; bundled by `run.mjs`. */
export { Form, Hyper, Opcode, OptimizerFlag, RecordWord, Section } from "../../assembly/abi.ts";
export { loadInstruments } from "../instruments.ts";
export { median, timeOf } from "../measure.ts";
export { PlainNetwork } from "../plain/network.ts";
export { adamUpdate } from "../plain/optimizers.ts";
export { productNN, productTN } from "../plain/products.ts";
export { loadRecord } from "../record.ts";
