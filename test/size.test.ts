/** What pages carry, gzipped, and that they do after bundling what they are made for: in Node, and in a browser. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { rank } from "../src/analysis/index.ts";
import { compile, dense, sequential } from "../src/index.ts";
import { BROWSERS, find, type Served } from "./browser/browsers.mjs";
import { printedBy } from "./browser/pages.mjs";
import { budgetOf, KINDS, type Kind } from "./budgets.ts";
import { BUNDLERS, bundlePages } from "./bundles.ts";

/** What each page must print. */
const PRINTED: Readonly<Record<Kind, string>> = {
  trains: JSON.parse(readFileSync(new URL("determinism/digests.json", import.meta.url), "utf8"))[
    "xor to loss 0.01"
  ],
  predicts: compile(
    sequential({ input: [2], seed: 42 }, [
      dense(8, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ]),
  )
    .predict([
      [0, 1],
      [1, 1],
    ])
    .data.join(),
  loads: "no 0.5339162945747375,no 0.6932775676250458",
  computes: "2,0",
  transforms: "dense2.weight,dense2.bias",
  analyses: `${rank([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])},false`,
};

/** What a page prints in Node; webpack's looks for a window, and for where it is. */
const run = (page: URL): string =>
  execFileSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `globalThis.self = globalThis; globalThis.location = new URL("${page}"); await import("${page}");`,
    ],
    { encoding: "utf8" },
  ).trim();

/** A text of each part that only training needs, and of those that only people ask for. */
const MARKERS: Readonly<Record<string, string>> = {
  "graph/ops/unary: gradients": "unaryGrad needs dy and s alike",
  "model/tensor": "has a number only when the program runs",
  "plan/differentiate": "has no gradient rule",
  "plan/optimizer": "of the optimizer must match a trained parameter",
  "program/diagnose": "the parameters are those of the step before",
  "rows/targets": "targets of a cross-entropy must",
  "tape/disassemble": "unknown opcode",
  "train/fit": "a whole number >= 1, or Infinity",
  "train/losses": "fromLogits",
  "train/make-trainer": "loss must name at least one output",
  "train/optimizers": "a regular expression without g and y",
  "train/trainer": "needs a trainer at rest",
};

/** The links of the kernels that a page carries, by their number. */
const linksIn = (page: string) =>
  [...page.matchAll(/\blevel:(\d)/g)].map(([, level]) => Number(level)).sort();

const folders = new Map<string, URL>();
beforeAll(() => {
  for (const bundler of BUNDLERS) folders.set(bundler, bundlePages(bundler));
}, 600_000);

describe.each(BUNDLERS)("a page made by %s", (bundler) => {
  let folder: URL;
  const page = (kind: Kind) => new URL(`${kind}.js`, folder);
  const textOf = (kind: Kind) => readFileSync(page(kind), "utf8");

  beforeAll(() => {
    folder = folders.get(bundler)!;
  });

  it.each(KINDS)("that %s carries few bytes", (kind) => {
    expect(gzipSync(textOf(kind), { level: 9 }).length).toBeLessThan(budgetOf(bundler, kind));
  });

  it.each(KINDS)("that %s does what the sources do, with the bits of everywhere", (kind) => {
    expect(run(page(kind))).toBe(PRINTED[kind]);
  });

  it("carries the links of the kernels that it needs", () => {
    expect(KINDS.map((kind) => linksIn(textOf(kind)))).toEqual([[0, 1], [0], [0], [0, 1, 2], [0], []]);
  });

  it.each(Object.entries(MARKERS))("that predicts does without %s", (_part, text) => {
    expect(textOf("predicts")).not.toContain(text);
  });
});

/** Every page of every bundler, and what it must print in each browser: what it prints in Node. */
const PAGES: readonly { name: string; body: string; printed: string }[] = BUNDLERS.flatMap((bundler) =>
  KINDS.map((kind) => ({
    name: `${bundler}/${kind}`,
    body: `<script type="module" src="/${bundler}/${kind}.js"></script>`,
    printed: PRINTED[kind],
  })),
);

describe.each([...BROWSERS])("in $name", (browser) => {
  const program = find(browser);

  it.skipIf(!program).each([true, false])(
    `pages of all bundlers do what they do in Node, isolated: %s (${browser.install})`,
    async (isolated) => {
      const files: Record<string, Served> = {};
      for (const [bundler, folder] of folders)
        for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }))
          if (name.endsWith(".js"))
            files[`/${bundler}/${name}`] = { body: readFileSync(new URL(name, folder)) };
      const table = [
        ...PAGES,
        {
          name: "isolated",
          body: "<script>console.log(crossOriginIsolated)</script>",
          printed: `${isolated}`,
        },
      ];
      const pages = Object.fromEntries(table.map(({ name, body }) => [name, body]));
      expect(await printedBy(browser, program!, pages, files, { isolated })).toEqual(
        Object.fromEntries(table.map(({ name, printed }) => [name, printed])),
      );
    },
    120_000,
  );
});

describe("the texts by which parts are found", () => {
  const core = readFileSync(new URL("../dist/core.js", import.meta.url), "utf8");

  it.each(Object.entries(MARKERS))("stand in the package: %s", (_part, text) => {
    expect(core).toContain(text);
  });
});
