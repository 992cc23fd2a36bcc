/** The table of docs/hosts.md names tests that are there, and versions that they run. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
const rows = read("docs/hosts.md")
  .split("\n")
  .filter((line) => line.startsWith("| ") && line.includes(".test.ts"));

/** The major version that a project of the tests asks for. */
function majorOf(project: string, name: string): string | undefined {
  const { dependencies, devDependencies } = JSON.parse(read(`test/package/${project}/package.json`));
  return /\d+/.exec({ ...dependencies, ...devDependencies }[name])?.[0];
}

describe("the table of hosts", () => {
  it("names tests that exist", () => {
    const named = rows.flatMap((row) =>
      Array.from(row.matchAll(/`([\w/-]+\.test\.ts)`/g), ([, path]) => path),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
  });

  it.each([
    ["Jest", "jest", "jest"],
    ["Vite", "bundlers", "vite"],
    ["webpack", "bundlers", "webpack"],
    ["Rollup", "bundlers", "rollup"],
    ["Next.js", "next", "next"],
    ["SvelteKit", "sveltekit", "@sveltejs/kit"],
    ["wrangler", "hosts/workerd", "wrangler"],
  ])("says which %s they run", (host, project, name) => {
    const said = rows.flatMap((row) =>
      Array.from(row.matchAll(new RegExp(`${host} (\\d+)`, "g")), ([, n]) => n),
    );
    expect(said[0]).toBe(majorOf(project, name));
  });
});
