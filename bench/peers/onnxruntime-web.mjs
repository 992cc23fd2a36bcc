/** onnxruntime-web: inference only, one thread. */
import { env, InferenceSession, Tensor } from "onnxruntime-web";
import { serve } from "./child.mjs";
import { onnxModel } from "./onnx.mjs";
import { readArray, readLayers, versionOf } from "./workloads.mjs";

env.wasm.numThreads = 1;
env.logLevel = "error";

await serve({
  version: versionOf("onnxruntime-web"),
  prepare: async (workload, folder) => {
    if (workload.kind !== "predict") return { missing: "inference only" };
    const { layers, batch, hidden } = workload;
    const session = await InferenceSession.create(onnxModel(readLayers(folder, workload), batch, hidden), {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
    const x = readArray(folder, "x");
    const once = async () => {
      const { y } = await session.run({ x: new Tensor("float32", x, [batch, layers[0]]) });
      return y.data;
    };
    return {
      check: [...(await once())],
      run: async (units) => {
        for (let i = 0; i < units; i++) await once();
      },
      dispose: () => session.release(),
    };
  },
});
