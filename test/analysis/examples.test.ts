import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as analysis from "../../src/analysis/index.ts";

const folder = new URL("../../src/analysis/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const sources = files.map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

/** The examples of doc comments, as `expression; // => value` turned into comparisons. */
const examples = sources.flatMap(({ name, text }) =>
  Array.from(text.matchAll(/^ \* ```ts\n([\s\S]*?)^ \* ```/gm), ([, block]) => ({
    name,
    body: block!
      .replaceAll(/^ \* ?/gm, "")
      .replaceAll(/import \{([^}]*)\} from "wasmgrad\/analysis";/g, "const {$1} = analysis;")
      .replaceAll(/^(\s*(?:if \(.*?\) )?)([\w.]+[^;{]*); \/\/ => (.*)$/gm, "$1same($2, $3);"),
  })),
);

describe("the examples in the docs", () => {
  test.each(examples)("of $name give what they say", ({ body }) => {
    let compared = 0;
    const same = (got: unknown, expected: unknown) => {
      compared += 1;
      expect(got).toEqual(expected);
    };
    new Function("analysis", "same", body)(analysis, same);
    expect(compared).toBeGreaterThan(0);
    expect(compared).toBe(body.match(/same\(/g)?.length);
  });

  test("exist for every function that is exported", () => {
    for (const name of Object.keys(analysis)) {
      expect(
        examples.some(({ body }) => body.includes(`${name}(`)),
        name,
      ).toBe(true);
    }
  });
});

describe("the analysis entry point", () => {
  test("stands alone: it imports its own files, errors, checks, mathematics and ml-matrix", () => {
    for (const { name, text } of sources) {
      for (const [, from] of text.matchAll(/from "([^"]+)"/g)) {
        expect(from, name).toMatch(
          /^(\.\/[\w-]+\.ts|\.\.\/(errors|options|realm|math\/\w+)\.ts|ml-matrix|wasmgrad\/analysis)$/,
        );
      }
    }
  });

  test("uses only mathematics that every engine computes alike", () => {
    const allowed = ["sqrt", "fround", "imul", "floor", "ceil", "abs", "min", "max", "trunc", "clz32"];
    for (const { name, text } of sources) {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      for (const [, used] of code.matchAll(/Math\.(\w+)/g)) expect(allowed, name).toContain(used);
      expect(code, name).not.toContain("**");
    }
  });
});
