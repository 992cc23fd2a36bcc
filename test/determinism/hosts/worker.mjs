/** The part of workerd, which compiles no bytes: the kernels are a module of the worker's own. */
import wasm from "wasmgrad.wasm";
import * as wasmgrad from "../../../dist/index.js";
import { report } from "../report.mjs";

export default {
  async fetch() {
    return Response.json(await report(wasmgrad, { threads: 1, wasm }));
  },
};
