/** The links of `fixtures/links.json` give their digests in this Node, and in each one that the suite of determinism has installed. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const path = (to: string) => fileURLToPath(new URL(to, import.meta.url));
const RUNTIMES = path("../../test/determinism/node_modules");

const installed = existsSync(RUNTIMES)
  ? readdirSync(RUNTIMES)
      .filter((name) => /^node-\d+-/.test(name))
      .map((name): [name: string, program: string] => [name, join(RUNTIMES, name, "bin/node")])
  : [];

it.each([["this Node", process.execPath] as const, ...installed])(
  "%s replays all links to the last bit",
  (_, program) => {
    const { stdout, stderr } = spawnSync(program, [path("links/links.mjs"), "replay"], { encoding: "utf8" });
    expect(stderr + stdout).toMatch(/^Node v[\d.]+ \w+: all links are equal\n$/);
  },
  60_000,
);
