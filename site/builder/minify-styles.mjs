import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "esbuild";

/** Takes comments and white space out of the style sheets of `public/`; Vite does it to those it bundles. */
export function minifyStyles(_pages, out) {
  for (const name of readdirSync(out).filter((file) => file.endsWith(".css"))) {
    const file = join(out, name);
    const { code } = transformSync(readFileSync(file, "utf8"), {
      loader: "css",
      minify: true,
      target: "esnext",
    });
    writeFileSync(file, code);
  }
}
