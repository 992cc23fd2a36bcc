/** The examples about data, run as their users run them. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const run = (name: string) =>
  execFileSync(process.execPath, [`examples/${name}.mjs`], { cwd: root, encoding: "utf8" });

describe("examples", () => {
  it("iris: a classifier from a CSV file", () => {
    const printed = run("iris");
    expect(Number(/test accuracy ([\d.]+) %/.exec(printed)?.[1])).toBeGreaterThan(90);
    expect(Number(/cross-validated ([\d.]+) /.exec(printed)?.[1])).toBeGreaterThan(90);
    expect(printed).toMatch(/most important: petal (width|length)/);
    expect(printed).toContain("a flower without a sepal width: setosa");
    expect(run("iris")).toBe(printed);
  });

  it("house prices: a regression with holes, categories and dates", () => {
    const printed = run("house-prices");
    expect(printed).toContain('column "id" is left out: it numbers the rows');
    expect(Number(/median error of 80 houses: ([\d.]+) %/.exec(printed)?.[1])).toBeLessThan(8);
    expect(printed).toMatch(/in order of importance: (area, district|district, area)/);
  });

  // Debian's package dataset-fashion-mnist, which .ci/run installs where it can.
  it.skipIf(!existsSync("/usr/share/datasets/fashion-mnist"))(
    "Fashion-MNIST: 784-128-10 to more than 87 %, with the bits of everywhere",
    () => {
      const printed = run("fashion-mnist");
      expect(Number(/test accuracy ([\d.]+) %/.exec(printed)?.[1])).toBeGreaterThanOrEqual(87);
      expect(printed).toContain("digest 0a5dd960541e9fe73248fbbbd8d9b0a03a0ae4d70fcc4e162ae93458a77f086b");
    },
    300_000,
  );
});
