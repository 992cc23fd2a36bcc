/** Exported programs: they type-check strictly, run, and print the digests of their runs. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toCode } from "../pages/playground/run/code.ts";
import { DEFAULT_CONFIG } from "../pages/playground/run/config.ts";
import type { LinkContent, OwnData } from "../pages/playground/run/types.ts";
import { namedRuns, randomRun } from "./links/configurations.ts";
import { claimOf } from "./links/in-node.ts";

const path = (to: string) => fileURLToPath(new URL(to, import.meta.url));
const IRIS = readFileSync(path("../../examples/data/iris.csv"), "utf8");

/** Text that would end a string, a comment, a template or a script, and what spreadsheets compute. */
const EVIL = [
  "*/ process.exit(9) /*",
  "`$" + "{process.exit(9)}`",
  "a\\",
  '"; process.exit(9); "',
  "</script><script>",
  "<!--",
  "=1+1",
  "__proto__",
  "constructor",
];

const HOSTILE: OwnData = {
  kind: "own",
  columns: [
    { name: EVIL[0], kind: "number", cells: EVIL.map((_, i) => (i === 4 ? null : i / 10)) },
    { name: EVIL[1], kind: "category", cells: EVIL },
    { name: EVIL[2], kind: "category", cells: EVIL.map((_, i) => (i % 4 === 1 ? null : EVIL[3 + (i % 3)])) },
  ],
  target: { name: EVIL[4], kind: "category", cells: EVIL.map((_, i) => EVIL[5 + (i % 3)]) },
  axes: [EVIL[0], EVIL[0]],
  train: 70,
  seed: 1,
};

// Within the package, whose name a program imports.
const folder = mkdtempSync(join(path("../../build"), "code-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const contents = new Map<string, LinkContent>();
beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const runs = [
    ...(await namedRuns(IRIS)),
    ...[2, 5, 8, 11, 14].map(randomRun),
    { name: "hostile text", config: { ...DEFAULT_CONFIG, data: HOSTILE }, steps: 30 },
    { name: "no step", config: DEFAULT_CONFIG, steps: 0 },
  ];
  for (const run of runs) {
    const content = claimOf(run);
    contents.set(run.name, content);
    writeFileSync(join(folder, `${run.name}.ts`), toCode(content));
  }
});

it("type-checks strictly", () => {
  const options = {
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noUnusedLocals: true,
      target: "es2022",
      module: "nodenext",
      noEmit: true,
      types: ["node"],
    },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  const tsc = path("../../node_modules/typescript/bin/tsc");
  const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  expect(stdout).toBe("");
  expect(status).toBe(0);
});

describe("run", () => {
  it.each([
    "as the page opens",
    "no hidden layer",
    "regression",
    "rates, dropout and batches",
    "iris",
    "own regression",
    "classes 1, 2 and 3",
    "random 2",
    "random 5",
    "random 8",
    "random 11",
    "random 14",
    "hostile text",
  ])("%s: prints the digests that the run has", (name) => {
    const { claim } = contents.get(name) as LinkContent;
    const file = join(folder, `${name}.mjs`);
    writeFileSync(
      file,
      transformSync(readFileSync(join(folder, `${name}.ts`), "utf8"), { loader: "ts" }).code,
    );
    const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: "utf8" });
    expect([stderr, status]).toEqual(["", 0]);
    const printed = Object.fromEntries(
      [...stdout.matchAll(/^(data|parameters) ([0-9a-f]{64})$/gm)].map(([, what, digest]) => [what, digest]),
    );
    expect(printed).toEqual({ data: claim?.data, parameters: claim?.parameters });
  });
});

it("lets no text out of its string", () => {
  const code = toCode(contents.get("hostile text") as LinkContent);
  expect(code).not.toMatch(/<|\u2028|\u2029|\*\//);
  const line = { ...HOSTILE, target: { ...HOSTILE.target, name: "t\u2028" } } as OwnData;
  expect(toCode({ version: "0.1.0", config: { ...DEFAULT_CONFIG, data: line } })).not.toContain("\u2028");
});
