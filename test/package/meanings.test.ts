/** docs/meanings.md says what the package does: each default is read from it, each meaning found by a calculation. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { meanings, PAGE } from "../../scripts/meanings.mjs";
import * as main from "../../src/index.ts";

describe("docs/meanings.md", () => {
  it("is what scripts/meanings.mjs makes of the package", () => {
    expect(readFileSync(PAGE, "utf8")).toBe(meanings(main));
  });

  it("changes with a default", () => {
    const other = { ...main, rmsprop: (options: object) => main.rmsprop({ rho: 0.9, ...options }) };
    expect(meanings(other)).toContain("| rmsprop: learningRate, rho, epsilon | 0.01, 0.9, 1e-8 |");
    expect(meanings(main)).toContain("| rmsprop: learningRate, rho, epsilon | 0.01, 0.99, 1e-8 |");
  });

  it("fails where a meaning does not hold", () => {
    const other = { ...main, cosineSimilarity: main.meanSquaredError };
    expect(() => meanings(other)).toThrow("meanings: must hold: 1 - cos");
    const norm = (options: main.BatchNormOptions) => main.batchNorm({ epsilon: 1e-3, ...options });
    expect(meanings({ ...main, batchNorm: norm })).toContain("| batchNorm: epsilon | 0.001 |");
  });
});
