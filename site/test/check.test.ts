/** The check of a browser: what counts as different, what the report says, where its tables come from. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tableOfRuntimes } from "../pages/check/page.mjs";
import { differing, reportOf, sentenceOf } from "../pages/check/verdict.ts";

const expected = { a: "11", b: "22", c: "33" };
const outcome = (digests: Record<string, string>) => ({ version: "1.2.3", milliseconds: 1234, digests });

describe("the verdict", () => {
  it("says that all are equal, and how long it took", () => {
    expect(differing(expected, expected)).toEqual([]);
    expect(sentenceOf(outcome(expected), expected)).toBe(
      "3 of 3 equal: this browser gives the same bits as every other, in 1.2 s.",
    );
  });

  it("names a digest that is other, one that is missing, and one that nobody expected", () => {
    const digests = { a: "11", b: "23", d: "44" };
    expect(differing(digests, expected)).toEqual(["b", "c", "d"]);
    expect(sentenceOf(outcome(digests), expected)).toBe("0 of 3 equal. Different: b; c; d.");
  });

  it("does not list hundreds", () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`run ${at}`, "1"]));
    expect(sentenceOf(outcome({}), many)).toBe(
      "0 of 200 equal. Different: run 0; run 1; run 2 and 197 more.",
    );
  });
});

describe("the report", () => {
  it("has version, date, browser, and each run with its digest", () => {
    const report = reportOf(outcome({ ...expected, b: "23" }), expected, "Browser/1", new Date(0));
    expect(report.split("\n")).toEqual([
      "wasmgrad 1.2.3: named runs",
      "1970-01-01T00:00:00.000Z",
      "Browser/1",
      "2 of 3 equal. Different: b.",
      "",
      "equal      11  a",
      "DIFFERENT  23  b  (expected 22)",
      "equal      33  c",
      "",
    ]);
  });
});

describe("the table of runtimes", () => {
  const guide = readFileSync(new URL("../../docs/determinism.md", import.meta.url), "utf8");

  it("is that of the guide, row by row", () => {
    const html = tableOfRuntimes(guide);
    expect(html.match(/<tr>/g)?.length).toBe((guide.match(/^\| .+ of \d+ \| [\d-]+ \|$/gm)?.length ?? 0) + 1);
    expect(html).toContain("<td>Firefox</td>");
  });

  it("must be there", () => {
    expect(() => tableOfRuntimes("# Other")).toThrow("has no table of runtimes");
  });
});
