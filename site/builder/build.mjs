/** Writes the site into `build/site`. Needs the built package (`npm run build`). */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "vite";
import { AFTER } from "./after.mjs";
import { allPages } from "./pages.mjs";
import { documentOf } from "./shell.mjs";
import { OUT, SOURCES, viteConfig, writeSources } from "./vite.mjs";

const pages = await allPages();
rmSync(OUT, { recursive: true, force: true });
const withScript = writeSources(pages);
await build(viteConfig(withScript));
for (const page of pages.filter(({ script }) => !script)) {
  const file = join(OUT, page.path, "index.html");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, documentOf(page));
}
for (const step of AFTER) await step(pages, OUT);
rmSync(SOURCES, { recursive: true, force: true });
if (!existsSync(join(OUT, "index.html"))) throw new Error("the site has no index.html");
console.log(`site: ${pages.length} pages in ${OUT}`);
