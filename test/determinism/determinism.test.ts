import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import { equalRuns, runAll } from "./runs.mjs";

const expected: Record<string, string> = JSON.parse(
  readFileSync(new URL("digests.json", import.meta.url), "utf8"),
);
const digests = await runAll(wasmgrad);

describe("parameter digests after named runs", () => {
  for (const name of Object.keys(expected))
    it(`${name}: as checked in`, () => {
      expect(digests[name]).toBe(expected[name]);
    });

  it("are checked in for every run", () => {
    expect(Object.keys(digests)).toEqual(Object.keys(expected));
  });

  it("are the same when a run is sliced, resumed, streamed, continued, or interrupted by predictions", () => {
    const pairs = equalRuns(digests);
    expect(pairs.length).toBeGreaterThan(10);
    for (const [name, like] of pairs) expect(digests[name], name).toBe(digests[like]);
  });

  it("tell a run whose arithmetic changed in the last digit of one setting, and only that", async () => {
    const adamW: typeof wasmgrad.adamW = (options = {}) =>
      wasmgrad.adamW({ ...options, beta2: 0.999 - Number.EPSILON * 2 ** 30 });
    const changed = await runAll({ ...wasmgrad, adamW });
    const names = Object.keys(changed).filter((name) => changed[name] !== digests[name]);
    const others = Object.keys(digests).filter((name) => /^(layers|clip globalNorm)/.test(name));
    expect(names).toEqual(["optimizer adamW", "several inputs and outputs", ...others]);
  });

  it("differ between runs that should differ", () => {
    const others = Object.keys(digests).filter((name) => !name.includes(" = "));
    expect(new Set(others.map((name) => digests[name])).size).toBe(others.length);
  });
});
