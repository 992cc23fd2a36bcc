/** Bundled without the condition `workerd`: the kernels have to be given. */
import { createEngine, isSupported } from "wasmgrad";
import wasm from "wasmgrad/wasmgrad.wasm";
import { train } from "./xor.mjs";

export default {
  async fetch() {
    return Response.json({
      digest: await train({ engine: await createEngine({ wasm }) }),
      why: isSupported.why(),
      embedded: await train().catch(String),
    });
  },
};
