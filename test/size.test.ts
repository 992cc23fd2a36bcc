/** What pages carry, gzipped, and that they do after bundling what they are made for. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { compile, dense, sequential } from "../src/index.ts";
import { BUNDLERS } from "./bundles.ts";

/** Bytes after gzip; what the larger page of the two bundlers carries is a little less. */
const LIMITS = { trains: 49_800, predicts: 33_700 } as const;

const NETWORK = `sequential({ input: [2], seed: 42 }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
])`;

const PAGES = {
  trains: `
    import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
    const trainer = compile(${NETWORK}, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
    const data = { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] };
    trainer.fitSync(data, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    console.log(trainer.digest());`,
  predicts: `
    import { compile, dense, sequential } from "wasmgrad";
    console.log(compile(${NETWORK}).predict([[0, 1], [1, 1]]).data.join());`,
  computes: `
    import { valueAndGrad } from "wasmgrad";
    console.log(valueAndGrad((a, b) => a.mul(b).exp())(0, 2).gradients.join());`,
} as const;

type Kind = keyof typeof PAGES;
const KINDS = Object.keys(PAGES) as Kind[];

/** What a page prints; webpack's looks for a window. */
const run = (page: string): string =>
  execFileSync(process.execPath, ["--input-type=module"], {
    input: `globalThis.self = globalThis;\n${page}`,
    encoding: "utf8",
  }).trim();

/** A text of each part that only training needs, and of those that only people ask for. */
const MARKERS: Readonly<Record<string, string>> = {
  "model/tensor": "has a number only when the program runs",
  "plan/differentiate": "has no gradient rule",
  "plan/optimizer": "of the optimizer must match a trained parameter",
  "program/diagnose": "the parameters are those of the step before",
  "rows/targets": "targets of a cross-entropy must",
  "tape/disassemble": "unknown opcode",
  "train/fit": "stopWhen.lossBelow",
  "train/losses": "fromLogits",
  "train/make-trainer": "accumulate must be a whole number",
  "train/optimizers": "epsilonMode",
  "train/trainer": "needs a trainer at rest",
};

/** The links of the kernels that a page carries, by their number. */
const linksIn = (page: string) =>
  [...page.matchAll(/\blevel:(\d)/g)].map(([, level]) => Number(level)).sort();

describe.each(BUNDLERS)("a page made by %s", (_, bundle) => {
  const pages = {} as Record<Kind, string>;

  beforeAll(async () => {
    for (const kind of KINDS) pages[kind] = await bundle(PAGES[kind]);
  }, 120_000);

  it.each(Object.keys(LIMITS) as (keyof typeof LIMITS)[])("that %s carries few bytes", (kind) => {
    expect(gzipSync(pages[kind], { level: 9 }).length).toBeLessThan(LIMITS[kind]);
  });

  it("that trains learns XOR, with the bits of everywhere", () => {
    const digests = JSON.parse(readFileSync(new URL("determinism/digests.json", import.meta.url), "utf8"));
    expect(run(pages.trains)).toBe(digests["xor to loss 0.01"]);
  });

  it("that predicts computes what the sources compute", () => {
    const model = sequential({ input: [2], seed: 42 }, [
      dense(8, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ]);
    const { data } = compile(model).predict([
      [0, 1],
      [1, 1],
    ]);
    expect(run(pages.predicts)).toBe(data.join());
  });

  it("that computes with tensors has their functions", () => {
    expect(run(pages.computes)).toBe("2,0");
  });

  it("carries the links of the kernels that it needs", () => {
    expect(KINDS.map((kind) => linksIn(pages[kind]))).toEqual([[0, 1], [0], [0, 1, 2]]);
  });

  it.each(Object.entries(MARKERS))("that predicts does without %s", (_part, text) => {
    expect(pages.predicts).not.toContain(text);
  });
});

describe("the texts by which parts are found", () => {
  it.each(Object.entries(MARKERS))("stand in the package: %s", (_part, text) => {
    const files = ["index.js", "chunks/chunk.js"].map((name) => new URL(`../dist/${name}`, import.meta.url));
    expect(files.map((file) => readFileSync(file, "utf8")).join()).toContain(text);
  });
});
