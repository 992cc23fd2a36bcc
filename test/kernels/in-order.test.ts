import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** The products and sums of a function of a build, in order: `m` and `a`. */
function arithmetic(build: string, name: string): string {
  const text = readFileSync(new URL(`../../build/${build}.wat`, import.meta.url), "utf8");
  const body = text.split(`(func $${name} `)[1].split("\n (func ")[0];
  return [...body.matchAll(/f32x4\.(m|a)(?:ul|dd)/g)].map(([, op]) => op).join("");
}

describe("tiles", () => {
  for (const build of ["core", "release"])
    for (const [name, row] of [
      ["micro/tallMicro", "mmaa"],
      ["tiles/tallPackingTile", "mmaa"],
      ["tiles/packingTile", "mmaa"],
      ["tiles/rowsTile", "mmaa"],
      ["tiles/tile", "mmaa"],
      ["direct/wideStrip", "mmmaaa"],
    ])
      it(`take the products of a row before its sums: ${name} of ${build}`, () => {
        expect(arithmetic(build, `assembly/kernels/gemm/${name}`)).toMatch(new RegExp(`^(${row})+$`));
      });
});
