/** Bundles the worker as Cloudflare's tools do: modules of WebAssembly stay imports, which the runtime resolves. */
import { build } from "esbuild";

await build({
  entryPoints: ["worker.mjs"],
  bundle: true,
  format: "esm",
  conditions: ["workerd", "worker", "browser"],
  external: ["*.wasm"],
  outfile: "build/worker.mjs",
  logLevel: "error",
});
