import { expect, it } from "vitest";
import { codeBlock, highlight } from "../builder/highlight.mjs";
import { renderMarkdown, slugOf } from "../builder/markdown.mjs";

it("gives headings the anchors that GitHub gives them", () => {
  expect(slugOf("XOR in milliseconds (the goal)")).toBe("xor-in-milliseconds-the-goal");
  expect(slugOf("`fit({ steps })`, and more")).toBe("fit-steps--and-more");
  const { html, headings } = renderMarkdown("# A `b`\n\n## Same\n\n## Same\n");
  expect(headings).toEqual([
    { depth: 1, text: "A b", id: "a-b" },
    { depth: 2, text: "Same", id: "same" },
    { depth: 2, text: "Same", id: "same-1" },
  ]);
  expect(html).toContain(
    '<h2 id="same-1">Same <a class="to" href="#same-1" aria-label="Link to “Same”"></a></h2>',
  );
});

it("colours code by classes and loses none of it", () => {
  const code = 'const a: number = f("<b>", 1); // why & how\nreturn [a > 2];';
  const html = highlight(code, "ts");
  expect(
    html
      .replaceAll(/<[^>]*>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  ).toBe(code);
  for (const [name, text] of [
    ["k", "const"],
    ["t", "number"],
    ["f", "f"],
    ["s", '"&lt;b&gt;"'],
    ["n", "1"],
    ["c", "// why &amp; how"],
  ])
    expect(html).toContain(`<span class="${name}">${text}`);
  expect(html).not.toContain("style");
});

it("escapes code of languages it does not know, and of none", () => {
  expect(highlight("<a>&", "text")).toBe("&lt;a&gt;&amp;");
  expect(codeBlock("<script>\n", "brainfuck")).toBe("<pre><code>&lt;script&gt;</code></pre>\n");
});

it("makes wide code scroll by keyboard, and narrow code no stop", () => {
  expect(codeBlock("x\n", "text")).toBe("<pre><code>x</code></pre>\n");
  expect(codeBlock("x".repeat(90), "text")).toMatch(/^<pre tabindex="0">/);
});

it("rewrites links, and drops those without a target", () => {
  const rewriteLink = (href: string) => (href === "no.md" ? null : href.replace(".md", "/"));
  const { html } = renderMarkdown("[a](a.md#b), [n](no.md) and [`c`](c.md)", { rewriteLink });
  expect(html).toBe('<p><a href="a/#b">a</a>, n and <a href="c/"><code>c</code></a></p>\n');
});

it("makes tables without inline styles and without empty headings", () => {
  expect(renderMarkdown("| a | b |\n|---|--:|\n| 1 | 2 |").html).toMatch(/<th class="right">b<\/th>/);
  expect(renderMarkdown("| | b |\n|---|---|\n| 1 | 2 |").html).toContain(
    "<tr>\n<td></td>\n<th>b</th>\n</tr>",
  );
  expect(renderMarkdown("| | |\n|---|---|\n| 1 | 2 |").html).not.toContain("<th");
  expect(renderMarkdown("| a | b | c |\n|---|---|---|\n").html).toContain('class="wide" tabindex="0"');
});

it("takes tags as text where they are no tags", () => {
  expect(renderMarkdown("a <img src=x onerror=y>", { html: false }).html).toBe(
    "<p>a &lt;img src=x onerror=y&gt;</p>\n",
  );
  expect(renderMarkdown("a <b>c</b>").html).toBe("<p>a <b>c</b></p>\n");
});
