/** The packed package as servers give it to pages, in the folder `wasmgrad` beside `xor.js`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Served } from "../../browser/browsers.mjs";
import { installInto } from "../tarball.ts";

/** @param headers  of each file */
export function packedFiles(headers: Readonly<Record<string, string>> = {}): Record<string, Served> {
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-served-"));
  try {
    installInto(folder);
    const dist = join(folder, "node_modules/wasmgrad/dist");
    const scripts = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".js"),
    );
    return {
      "/xor.js": { body: readFileSync(new URL("xor.js", import.meta.url), "utf8"), headers },
      ...Object.fromEntries(
        scripts.map((name) => [`/wasmgrad/${name}`, { body: readFileSync(join(dist, name)), headers }]),
      ),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
