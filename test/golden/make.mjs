/**
 * Writes the golden states of the current format: `node test/golden/make.mjs`, after a build. By hand, once for each format
 * and each run that is new: what is checked in is never written again, because it must load for ever.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as wasmgrad from "../../dist/index.js";
import { runs } from "./runs.mjs";

const FORMAT = 1;
const folder = new URL(`state-${FORMAT}/`, import.meta.url);
const table = new URL("expected.json", folder);

mkdirSync(folder, { recursive: true });
const expected = existsSync(table) ? JSON.parse(readFileSync(table, "utf8")) : {};
for (const [name, { compile, train, goOn }] of Object.entries(runs(wasmgrad))) {
  if (name in expected) continue;
  const program = compile();
  train(program);
  const state = program.state();
  const digest = program.digest();
  goOn(program);
  writeFileSync(new URL(`${name}.bin`, folder), state);
  expected[name] = { bytes: state.length, digest, after: program.digest() };
}
writeFileSync(table, `${JSON.stringify(expected, null, 2)}\n`);
