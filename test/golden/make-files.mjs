/**
 * Writes the golden files of the current format: `node test/golden/make-files.mjs`, after a build. By hand, once for each format and
 * each run that is new: what is checked in is never written again, because it must load for ever.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as wasmgrad from "../../dist/index.js";
import { fileRuns } from "./file-runs.mjs";

const FORMAT = 1;
const folder = new URL(`file-${FORMAT}/`, import.meta.url);
const table = new URL("expected.json", folder);

mkdirSync(folder, { recursive: true });
const expected = existsSync(table) ? JSON.parse(readFileSync(table, "utf8")) : {};
for (const [name, { compile, train, goOn }] of Object.entries(fileRuns(wasmgrad))) {
  if (name in expected) continue;
  const program = compile();
  train(program);
  const file = program.save({ training: true });
  const digest = program.digest();
  goOn(program);
  writeFileSync(new URL(`${name}.safetensors`, folder), file);
  expected[name] = { bytes: file.length, digest, after: program.digest() };
}
writeFileSync(table, `${JSON.stringify(expected, null, 2)}\n`);
