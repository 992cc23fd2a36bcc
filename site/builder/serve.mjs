/** Serves `build/site`, or with `--dev` the sources. `--port N`; default 4173. */
import { createServer, preview } from "vite";
import { allPages } from "./pages.mjs";
import { OUT, viteConfig, writeSources } from "./vite.mjs";

const args = process.argv.slice(2);
const at = args.indexOf("--port");
const port = at < 0 ? 4173 : Number(args[at + 1]);
if (!Number.isInteger(port) || port < 0 || port > 65535)
  throw new RangeError(`site: --port must be a port from 0 to 65535; got ${args[at + 1]}`);
if (args.includes("--dev")) {
  const config = viteConfig(writeSources(await allPages(), { isServed: true }));
  const server = await createServer({ ...config, server: { ...config.server, port } });
  await server.listen();
  server.printUrls();
} else {
  const server = await preview({ configFile: false, build: { outDir: OUT }, preview: { port } });
  server.printUrls();
}
