import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as transform from "../../src/transform/index.ts";

const folder = new URL("../../src/transform/", import.meta.url);
const sources = readdirSync(folder).map((name) => ({
  name,
  text: readFileSync(new URL(name, folder), "utf8"),
}));

describe("the transform entry point", () => {
  it("shows an example of every function; all examples are run by test/package/examples.test.ts", () => {
    for (const name of Object.keys(transform)) {
      const example = new RegExp(`@example\\n(?: \\* .*\\n)*? \\* .*\\b${name}\\(`);
      expect(
        sources.some(({ text }) => example.test(text)),
        name,
      ).toBe(true);
    }
  });

  it("uses only mathematics that every engine computes alike", () => {
    const allowed = ["sqrt", "fround", "imul", "floor", "ceil", "abs", "min", "max", "trunc", "clz32"];
    for (const { name, text } of sources) {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      for (const [, used] of code.matchAll(/Math\.(\w+)/g)) expect(allowed, name).toContain(used);
      expect(code, name).not.toContain("**");
    }
  });

  it("imports from model, train, graph, and what words errors only", () => {
    for (const { name, text } of sources)
      for (const [, from] of text.matchAll(/from "([^"]+)"/g))
        expect(from, name).toMatch(/^(\.\/|\.\.\/(model|train|graph)\/|\.\.\/(describe|options|errors)\.ts)/);
  });
});
