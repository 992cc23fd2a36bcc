/** The examples of docs/files.md, on the built package. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readTensors } from "../../src/index.ts";
import { NETWORKS } from "../files/networks.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-example-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (name: string, epochs: number) =>
  execFileSync(process.execPath, ["examples/files/checkpoints.mjs", join(folder, name), `${epochs}`], {
    cwd: root,
    encoding: "utf8",
  });

describe("the example of checkpoints", () => {
  it("goes on to the digest of a run that was never interrupted", () => {
    const whole = run("whole", 90);
    expect(whole).toMatch(/^starts anew\nepoch 90, accuracy 0\.\d+\ndigest [0-9a-f]{64}\n$/);
    expect(run("parts", 50)).toMatch(/^starts anew\nepoch 50,/);
    expect(readdirSync(join(folder, "parts"))).toHaveLength(2);
    expect(run("parts", 90)).toBe(whole.replace("starts anew", "goes on from epoch 40"));
  });
});

describe("the recipes for pages", () => {
  it("are those of the example, which runs in browsers", () => {
    const page = readFileSync(join(root, "docs/files.md"), "utf8");
    const example = readFileSync(join(root, "examples/files/browser.mjs"), "utf8");
    const blocks = [...page.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code);
    expect(blocks.length).toBeGreaterThan(3);
    for (const block of blocks) expect(example).toContain(block);
  });
});

describe("the tables of the format", () => {
  const page = readFileSync(join(root, "docs/files.md"), "utf8");

  it("have all metadata that files have, and no others", () => {
    const [, table] = /\| metadata \| text \|\n\|---\|---\|\n([\s\S]*?)\n\n/.exec(page) as RegExpExecArray;
    const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const found = new Set<string>();
    for (const { make } of Object.values(NETWORKS))
      for (const name of Object.keys(readTensors(make().save({ training: true })).metadata)) found.add(name);
    const rest = ["metrics", "earlyStopping"];
    expect(explained.filter((name) => !rest.includes(name)).sort()).toEqual(
      [...found].filter((name) => !rest.includes(name)).sort(),
    );
    expect(explained).toEqual(expect.arrayContaining(rest));
  });
});
