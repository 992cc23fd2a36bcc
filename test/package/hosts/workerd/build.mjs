/** Bundles the workers as Cloudflare's tools do: modules of WebAssembly stay imports, which the runtime resolves. */
import { cpSync } from "node:fs";
import { build } from "esbuild";

const options = {
  bundle: true,
  format: "esm",
  outdir: "build",
  outExtension: { ".js": ".mjs" },
  external: ["cloudflare:*"],
  loader: { ".wasm": "copy" },
  assetNames: "[name]",
  logLevel: "error",
};
// A copy, so that it imports the packed package.
cpSync("../../../../examples/workerd", "build/example", { recursive: true });
const entryPoints = { worker: "worker.mjs", customers: "build/example/worker.mjs" };
await build({ ...options, entryPoints, conditions: ["workerd", "worker", "browser"] });
await build({ ...options, entryPoints: ["plain.mjs"], conditions: ["worker", "browser"] });
