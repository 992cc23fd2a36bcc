/**
 * The links of `fixtures/links.json`:
 *
 *   node site/test/links/links.mjs write     makes them anew: after a change of what runs compute
 *   node site/test/links/links.mjs replay    replays them in this Node, whichever it is, and says what differs
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const path = (to) => fileURLToPath(new URL(to, import.meta.url));
const LINKS = path("../fixtures/links.json");

const outfile = path("../../../build/site-links.mjs");
await build({
  entryPoints: [path("in-node.ts")],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  // In `build/` it means the package around it.
  external: ["wasmgrad", "wasmgrad/*"],
  logLevel: "error",
});
const { makeLinks, replayLinks } = await import(pathToFileURL(outfile).href);
const [command] = process.argv.slice(2);
if (command === "write") {
  mkdirSync(path("../fixtures"), { recursive: true });
  await makeLinks(path("../../../examples/data/iris.csv"), LINKS);
} else if (command === "replay") {
  const differing = await replayLinks(LINKS);
  console.log(
    `Node ${process.version} ${process.arch}: ${differing.length === 0 ? "all links are equal" : differing.join("\n")}`,
  );
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  console.error(`links: must be write or replay; got ${JSON.stringify(command)}`);
  process.exitCode = 2;
}
