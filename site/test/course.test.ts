/** What the course is built of: formulas, programs as scripts, messages of cells. */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import type * as inNode from "../../examples/lessons/print.ts";
import { lessons } from "../../scripts/lessons.mjs";
import { formula, withFormulas } from "../builder/formulas.mjs";
import { renderMarkdown } from "../builder/markdown.mjs";
import { OUT } from "../builder/vite.mjs";
import { textOf } from "../pages/course/cell/console-text.ts";
import type * as inPages from "../pages/course/cell/print.ts";
import { type Message, MOST, readMessage, sizeOf } from "../pages/course/messages.ts";
import { TextError, transpile } from "../pages/course/transpile.ts";

const pageOf = (topic: string) => readFileSync(`${OUT}/course/${topic}/index.html`, "utf8");

describe("formulas", () => {
  const html = (text: string) => renderMarkdown(text, { use: withFormulas }).html;

  it("become MathML without styles and classes, in a line and by themselves", () => {
    expect(html("a $x_1$ b")).toBe("<p>a <math><msub><mi>x</mi><mn>1</mn></msub></math> b</p>\n");
    expect(html("$$\nx\n$$")).toBe('<div class="formula"><math display="block"><mi>x</mi></math></div>\n');
    expect(formula("\\hat y = \\Bigl(\\frac{a}{b}\\Bigr)", true)).not.toMatch(/style=|class=/);
  });

  it("end a paragraph, and may have several lines", () => {
    expect(html("so that\n$$x =\ny$$\nholds")).toMatch(
      /^<p>so that<\/p>\n<div class="formula"><math.*<\/div>\n<p>holds<\/p>/,
    );
  });

  it("are none where money, code or a single sign is meant", () => {
    for (const text of ["5 $ and 6 $ more", "`$x$`", "a $ b", "it costs $5 and $6"])
      expect(html(text), text).not.toContain("<math");
  });

  it("that LaTeX does not know are errors of the build", () => {
    expect(() => formula("\\frac{")).toThrow();
    expect(() => formula("\\nosuch")).toThrow();
  });
});

describe("pages of lessons", () => {
  it("hold derivation and program without any script", () => {
    for (const { topic, heading, code } of lessons()) {
      const page = pageOf(topic);
      expect(page, topic).toContain(`<h1>${heading}</h1>`);
      const text = page
        .replace(/[\s\S]*<pre[^>]*><code>/, "")
        .replace(/<\/code>[\s\S]*/, "")
        .replaceAll(/<[^>]*>/g, "")
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&amp;", "&");
      expect(text, topic).toBe(code.trimEnd());
    }
  });

  it("have no LaTeX left, and formulas where the course has them", () => {
    for (const { topic, derivation } of lessons()) {
      const page = pageOf(topic);
      const text = page.replace(/<pre[\s\S]*/, "").replaceAll(/<[^>]*>/g, "");
      expect(text, topic).not.toMatch(/\$|\\[a-z]/);
      expect(page.includes("<math"), topic).toBe(derivation.includes("$"));
    }
  });

  it("lead to each other, in the order of the course", () => {
    const topics = lessons().map(({ topic }) => topic);
    topics.forEach((topic, i) => {
      const links = Array.from(
        pageOf(topic).matchAll(/rel="(prev|next)" href="\.\.\/([\w-]+)\/"/g),
        ([, rel, to]) => [rel, to],
      );
      expect(Object.fromEntries(links), topic).toEqual({
        ...(i > 0 && { prev: topics[i - 1] }),
        ...(i < topics.length - 1 && { next: topics[i + 1] }),
      });
      expect(existsSync(`${OUT}/course/${topic}/index.html`)).toBe(true);
    });
  });

  it("link derivations of others by their topic", () => {
    expect(pageOf("parity")).toContain('<a href="../xor-is-not-linear/">XOR block</a>');
  });
});

describe("programs", () => {
  it("lose types and imports, and keep their lines", () => {
    const { code, modules } = transpile(
      'import { rank, type Rank } from "wasmgrad/analysis";\nconst x: number = await 1;\nthrow rank(x);',
    );
    expect(code.split("\n")[1]).toBe("const x = await 1;");
    expect(code.split("\n")[2]).toContain("throw ");
    expect(modules).toEqual(["core", "analysis"]);
  });

  it("bring plots where they draw, and nothing that they do not ask for", () => {
    const modulesOf = (text: string) => transpile(text).modules;
    expect(modulesOf('import { curve } from "./print.ts"; curve([[1, 2]]);')).toEqual(["core", "plot"]);
    expect(modulesOf('import { say } from "./print.ts"; say("a");')).toEqual(["core"]);
    expect(modulesOf('const { makeMoons } = await import("wasmgrad/data"); makeMoons();')).toEqual([
      "core",
      "data",
    ]);
  });

  it("with a mistake say in which line", () => {
    let error: unknown;
    try {
      transpile("const a = 1;\nconst b = = 2;");
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(TextError);
    expect(error).toMatchObject({ line: 2, message: "Unexpected token" });
  });

  it("print by the same functions in Node and in pages", () => {
    expectTypeOf<typeof inPages>().toExtend<Pick<typeof inNode, keyof typeof inPages>>();
    expectTypeOf<keyof typeof inPages>().toEqualTypeOf<keyof typeof inNode>();
  });

  it("log values as short text", () => {
    expect(textOf("a")).toBe("a");
    expect(textOf(-0)).toBe("-0");
    expect(textOf([1, "b", null])).toBe('[1, "b", null]');
    expect(textOf({ a: { b: [1] }, f() {} })).toBe("{ a: { b: [1] }, f: [function f] }");
    expect(textOf(new Float32Array(1000))).toMatch(/^Float32Array\(1000\) \[(0, ){50}\.\.\]$/);
    expect(textOf(new RangeError("no"))).toBe("RangeError: no");
    const round: Record<string, unknown> = {};
    round.self = round;
    expect(textOf(round)).toBe("{ self: { self: { self: { self: .. } } } }");
  });
});

describe("messages of a cell", () => {
  it("are none for what is no message", () => {
    for (const given of [undefined, null, 1, "text", [], {}, { kind: "script" }, { kind: "__proto__" }])
      expect(readMessage(given)).toBeUndefined();
  });

  it("are made anew, of text and numbers alone", () => {
    expect(readMessage({ kind: "text", text: { toString: () => "no" }, html: "<b>" })).toEqual({
      kind: "text",
      text: "",
    });
    expect(readMessage({ kind: "check", what: "a", holds: "yes" })).toEqual({
      kind: "check",
      what: "a",
      holds: false,
    });
    expect(readMessage({ kind: "table", head: "ab", rows: [["c", 1, {}], "d"] })).toEqual({
      kind: "table",
      head: [],
      rows: [["c", "", ""], []],
    });
    expect(
      readMessage({ kind: "bars", bars: [{ text: "a", share: 1e9 }, null, { share: Number.NaN }] }),
    ).toEqual({
      kind: "bars",
      bars: [
        { text: "a", share: 1 },
        { text: "", share: 0 },
        { text: "", share: 0 },
      ],
    });
    expect(readMessage({ kind: "plot", svg: 1, label: "a", cut: "9" })).toEqual({
      kind: "plot",
      svg: "",
      label: "a",
      cut: 0,
    });
    expect(readMessage({ kind: "failed", what: "x", line: -3.5 })).toEqual({
      kind: "failed",
      what: "x",
      line: 0,
    });
    expect(readMessage({ kind: "end", seconds: "1" })).toEqual({ kind: "end", seconds: 0 });
  });

  it("are cut to what a page can show", () => {
    const rows = Array.from({ length: 1100 }, () => Array(50).fill("x".repeat(1100)));
    const table = readMessage({ kind: "table", head: [], rows }) as Extract<Message, { kind: "table" }>;
    expect([table.rows.length, table.rows[0].length, table.rows[0][0].length]).toEqual([
      MOST.rows,
      MOST.columns,
      1000,
    ]);
    expect(sizeOf(readMessage({ kind: "text", text: "y".repeat(1e6) })!)).toBeLessThan(MOST.text + 100);
  });
});
