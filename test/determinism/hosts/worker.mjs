/** The part of workerd, on the files that a bundler for it takes: the kernels are a module of the worker's own. */
import * as wasmgrad from "../../../dist/workerd/index.js";
import { report } from "../report.mjs";

export default {
  async fetch() {
    return Response.json(await report(wasmgrad, { threads: 1 }));
  },
};
