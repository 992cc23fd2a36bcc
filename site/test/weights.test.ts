/**
 * What pages load at start, gzipped: a limit for every page. Figures are bytes of the built files, with the icon of the tab. Limits are
 * what the heaviest page of the kind weighs and about 3 % more: compressors of other versions, and bundlers, give other bytes. Goals, and
 * where they are missed, are in docs/site.md.
 */
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { allPages } from "../builder/pages.mjs";
import { isModule, weightOf } from "./weight.mjs";

interface Limit {
  readonly what: string;
  readonly pages: RegExp;
  /** Of what the document brings. */
  readonly atStart: number;
  /** Of a worker that is started later, with all that it imports. */
  readonly later?: readonly [worker: RegExp, bytes: number];
  /** Whether the page has no JavaScript at all. */
  readonly isStatic?: boolean;
}

/** The first row that fits a page holds. */
const LIMITS: readonly Limit[] = [
  // The goal is 60 KB in all. The engine that trains XOR takes more by itself (docs/performance.md, "Small pages"), so it comes when
  // the page is idle, and not where motion is unwanted or bytes are saved.
  { what: "landing", pages: /^$/, atStart: 8_980, later: [/xor-worker/, 78_400] },
  { what: "check", pages: /^check\/$/, atStart: 6_900, later: [/check-worker/, 181_500] },
  { what: "benchmark", pages: /^benchmark\/$/, atStart: 10_200, later: [/bench-worker/, 82_300] },
  { what: "search", pages: /^search\/$/, atStart: 5_800 },
  // Their weight, 12 KB but for a few long guides, is in docs.test.ts.
  { what: "docs", pages: /^docs\//, atStart: Number.POSITIVE_INFINITY, isStatic: true },
  { what: "lesson", pages: /^course\//, atStart: 15_000 },
  // The engine comes with the first click or key.
  {
    what: "playground",
    pages: /^playground\/$/,
    atStart: 41_800,
    later: [/session-worker-(?!full)/, 99_000],
  },
  { what: "teach", pages: /^teach\//, atStart: 108_500 },
];

const pages = await allPages();

describe("pages at start", () => {
  it("have one limit each, and every limit has pages", () => {
    const limitOf = (path: string) => LIMITS.find((limit) => limit.pages.test(path));
    expect(pages.filter(({ path }) => !limitOf(path)).map(({ path }) => path)).toEqual([]);
  });

  it.each(pages.map(({ path }) => path))("/%s weighs no more than its limit", (path) => {
    const limit = LIMITS.find((one) => one.pages.test(path))!;
    const { bytes, files, workers } = weightOf(path);
    expect(bytes).toBeLessThanOrEqual(limit.atStart);
    if (limit.isStatic) expect(files.filter(isModule)).toEqual([]);
    if (!limit.later) return;
    const [name, most] = limit.later;
    const [, later] = Object.entries(workers).find(([file]) => name.test(file)) ?? [];
    expect(later).toBeGreaterThan(0);
    expect(later).toBeLessThanOrEqual(most);
  });
});

describe("measuring", () => {
  const site: Record<string, string> = {
    "a/index.html": `<link rel="icon" href="../i.svg"><link rel="stylesheet" href="../s.css"><script type="module" crossorigin src="../x/m.js"></script><link rel="modulepreload" href="../x/n.js"><a href="../never.html">`,
    "i.svg": "icon",
    "s.css": '@import "./t.css";',
    "t.css": "b{}",
    "x/m.js":
      'import{a}from"./n.js";import"./o.js";const l=()=>import("./lazy.js");new Worker(new URL(new URL(`w.js`,import.meta.url).href))',
    "x/n.js": 'export{a}from"./p.js"',
    "x/o.js": "1",
    "x/p.js": "2",
    "x/w.js": 'import"./p.js";import"./q.js"',
    "x/q.js": "3",
  };
  const { bytes, files, workers } = weightOf("a/", (file: string) => Buffer.from(site[file]));
  const gzipped = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + gzipSync(site[name], { level: 9 }).length, 0);

  it("follows links, scripts, imports of styles and of modules, each file once, and nothing that is loaded on demand", () => {
    const expected = ["a/index.html", "i.svg", "s.css", "t.css", "x/m.js", "x/n.js", "x/o.js", "x/p.js"];
    expect([...files].sort()).toEqual(expected);
    expect(bytes).toBe(gzipped(expected));
  });

  it("counts of workers what the page has not brought", () => {
    expect(workers).toEqual({ "x/w.js": gzipped(["x/w.js", "x/q.js"]) });
  });
});
