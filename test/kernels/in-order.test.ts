import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const text = readFileSync(new URL("../../build/release.wat", import.meta.url), "utf8");

/** The products and sums of a function, in order: `m` and `a`. */
function arithmetic(name: string): string {
  const body = text.split(`(func $${name} `)[1].split("\n (func ")[0];
  return [...body.matchAll(/f32x4\.(m|a)(?:ul|dd)/g)].map(([, op]) => op).join("");
}

describe("tiles", () => {
  it.each([
    ["micro/tallMicro", "mmaa"],
    ["tiles/tallPackingTile", "mmaa"],
    ["tiles/packingTile", "mmaa"],
    ["tiles/rowsTile", "mmaa"],
    ["tiles/tile", "mmaa"],
    ["direct/wideStrip", "mmmaaa"],
  ])("take the products of a row before its sums: %s", (name, row) => {
    expect(arithmetic(`assembly/kernels/gemm/${name}`)).toMatch(new RegExp(`^(${row})+$`));
  });
});
