import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as main from "../../src/index.ts";
import * as transform from "../../src/transform/index.ts";

const source = (path: string) => readFileSync(new URL(`../../src/${path}`, import.meta.url), "utf8");
const paths = readdirSync(new URL("../../src/transform/", import.meta.url)).map(
  (name) => `transform/${name}`,
);
const sources = [...paths, "api/perceptron.ts", "api/logic-gate.ts"].map((path) => ({
  path,
  text: source(path),
}));

/** The examples of doc comments, as `expression; // => value` turned into comparisons. */
const examples = sources.flatMap(({ path, text }) =>
  Array.from(text.matchAll(/^ \* @example\n((?: \* .*\n)+?) \*\//gm), ([, block]) => ({
    path,
    body: block.replaceAll(/^ \* /gm, "").replaceAll(/^(.*); \/\/ => (.*)$/gm, "expect($1).toEqual($2);"),
  })),
);

describe("the examples in the docs", () => {
  it.each(examples)("of $path give what they say", ({ body }) => {
    const scope = { ...main, ...transform };
    expect(body).toContain(".toEqual(");
    new Function(...Object.keys(scope), "expect", `{ ${body} }`)(...Object.values(scope), expect);
  });

  it("exist for every function that is exported", () => {
    for (const name of [...Object.keys(transform), "perceptron", "logicGate", "parity"])
      expect(
        examples.some(({ body }) => body.includes(`${name}(`)),
        name,
      ).toBe(true);
  });
});

describe("the transform entry point", () => {
  it("uses only mathematics that every engine computes alike", () => {
    const allowed = ["sqrt", "fround", "imul", "floor", "ceil", "abs", "min", "max", "trunc", "clz32"];
    for (const { path, text } of sources) {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      for (const [, used] of code.matchAll(/Math\.(\w+)/g)) expect(allowed, path).toContain(used);
      expect(code, path).not.toContain("**");
    }
  });

  it("imports from api, graph and the errors only", () => {
    for (const { path, text } of sources.filter((file) => file.path.startsWith("transform/")))
      for (const [, from] of text.matchAll(/from "([^"]+)"/g))
        expect(from, path).toMatch(/^(\.\/|\.\.\/api\/|\.\.\/graph\/|\.\.\/errors\.ts)/);
  });
});
