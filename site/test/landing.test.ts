/** The landing page says what the README and the guide on performance say, and fails to build where they say it no more. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import pages from "../pages/landing/page.mjs";
import { figures, fromReadme, rewriteLink } from "../pages/landing/sources.mjs";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const readme = read("README.md");
const guide = read("docs/performance.md");

describe("what is taken from the README", () => {
  it("is the line that installs, the first program, what it prints, four points", () => {
    const { install, code, output, points, audience } = fromReadme(readme);
    expect(install).toBe("npm install wasmgrad");
    const text = code.replaceAll(/<[^>]+>/g, "").replaceAll("&lt;", "<");
    expect(readme).toContain(`\`\`\`ts\n${text.trimEnd()}\n\`\`\``);
    expect(output).toContain("71 0.009716091677546501");
    expect(points.match(/<li>/g)?.length).toBe(4);
    expect(audience).toContain("It is for people");
  });

  it("has links to pages, not to files", () => {
    const { points, audience } = fromReadme(readme);
    expect(points + audience).not.toMatch(/href="[^"]*\.md/);
    expect(rewriteLink("docs/training.md#notes")).toBe("docs/training/#notes");
    expect(rewriteLink("docs/course.md")).toBe("course/");
    expect(rewriteLink("https://a.example/b.md")).toBe("https://a.example/b.md");
  });

  it("must be there", () => {
    expect(() => fromReadme(readme.replace("npm install", "npm remove"))).toThrow("no line that installs");
    expect(() => fromReadme("# A\n\nb\n")).toThrow("landing page: README.md");
  });
});

describe("figures", () => {
  it("are those of the guide", () => {
    const { rows, slower } = figures(guide);
    for (const [figure] of rows) expect(guide).toContain(figure.replace(" times", ""));
    expect(rows.map(([figure]) => figure)).toEqual([
      expect.stringMatching(/^0\.0\d+ ms$/),
      expect.stringMatching(/^\d\.\d ms$/),
      expect.stringMatching(/^\d\d %$/),
      expect.stringMatching(/^\d\.\d times$/),
    ]);
    expect(guide).toContain(`PyTorch with OpenBLAS ${slower} times`);
  });

  it("change with it, and must be there", () => {
    expect(figures(guide.replace("| 0.021 ms |", "| 0.5 ms |")).rows[0][0]).toBe("0.5 ms");
    expect(() => figures(guide.replace("| XOR, cold,", "| XOR,"))).toThrow('no figure in the row "XOR, cold');
  });
});

it("the page begins with what a visitor came for", () => {
  const [{ body }] = pages();
  expect(body.indexOf("<h1>")).toBeLessThan(body.indexOf("npm install wasmgrad"));
  expect(body).not.toMatch(/ style=|<script/);
});
