import { expect, it } from "vitest";
import { documentOf, escapeHtml, toTop } from "../builder/shell.mjs";

it("escapes what stands in text and in attributes", () => {
  expect(escapeHtml(`<a b="c">&`)).toBe("&lt;a b=&quot;c&quot;&gt;&amp;");
});

it("leads from any depth to the top of the site", () => {
  expect(["", "docs/", "docs/training/"].map(toTop)).toEqual(["./", "../", "../../"]);
});

it("puts no code and no style into a page", () => {
  const page = { path: "docs/", title: "<T>", description: "d", body: "<p>b</p>" };
  const html = documentOf(page);
  expect(html).toContain("<title>&lt;T&gt; · wasmgrad</title>");
  expect(html).not.toMatch(/<script|<style| style=| on\w+=/);
});
