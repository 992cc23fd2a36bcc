/** The packed package in a project that uses Jest and configures nothing. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { projectWithPackage } from "./tarball.ts";

it("runs in Jest without configuration, with the bits of everywhere", { timeout: 300_000 }, () => {
  const folder = projectWithPackage("jest");
  const digests = JSON.parse(readFileSync(new URL("../determinism/digests.json", import.meta.url), "utf8"));
  const report = execFileSync("node_modules/.bin/jest", ["--json", "--silent"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, EXPECTED_DIGEST: digests["xor to loss 0.01"] },
  });
  expect(JSON.parse(report)).toMatchObject({ success: true, numPassedTests: 3, numTotalTests: 3 });
});
