/** The rules of the layout, read from the sources: who may import whom, and what the determinism contract forbids. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BinaryFn, Fn, LossFn, Opcode, ReduceFn } from "../assembly/abi.ts";
import { RECORDS } from "../src/tape/records.ts";
import { VERSION } from "../src/version.ts";
import { BINARY } from "./oracle/binary.ts";
import { LOSS } from "./oracle/loss.ts";
import { UNARY } from "./oracle/unary.ts";

type Sources = ReadonlyMap<string, string>;

const root = new URL("..", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(new URL(folder, root), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesIn(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

/** What each part of `src` may import besides itself; files at the top are parts of their own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  version: [],
  math: [],
  realm: [],
  steps: [],
  random: [],
  "iso-date": [],
  describe: ["realm"],
  suggest: ["describe", "errors"],
  options: ["describe", "errors", "suggest"],
  safetensors: ["describe", "errors"],
  /** Generated: the embedded kernels as data. */
  kernels: [],
  tape: ["errors"],
  graph: ["errors", "steps", "tape", "kernels"],
  plan: ["errors", "tape", "kernels", "graph"],
  runtime: ["describe", "errors", "options", "realm", "steps", "kernels", "threads"],
  threads: ["describe", "errors", "realm", "tape", "plan", "kernels", "runtime"],
  rows: ["describe", "errors", "suggest", "realm", "steps", "graph"],
  preprocess: ["describe", "errors", "suggest", "realm", "steps", "iso-date", "graph", "rows"],
  model: ["describe", "errors", "suggest", "options", "realm", "graph", "rows", "math", "preprocess"],
  program: [
    "describe",
    "errors",
    "suggest",
    "options",
    "realm",
    "steps",
    "version",
    "safetensors",
    "tape",
    "graph",
    "plan",
    "runtime",
    "model",
    "rows",
  ],
  train: [
    "describe",
    "errors",
    "suggest",
    "options",
    "realm",
    "steps",
    "graph",
    "plan",
    "runtime",
    "model",
    "rows",
    "preprocess",
    "program",
    "math",
  ],
  files: [
    "describe",
    "errors",
    "suggest",
    "options",
    "realm",
    "safetensors",
    "graph",
    "plan",
    "runtime",
    "model",
    "rows",
    "preprocess",
    "program",
    "train",
  ],
  ledger: [
    "describe",
    "errors",
    "options",
    "steps",
    "version",
    "graph",
    "runtime",
    "rows",
    "program",
    "train",
    "files",
  ],
  inspect: [
    "describe",
    "errors",
    "suggest",
    "options",
    "graph",
    "plan",
    "runtime",
    "model",
    "rows",
    "program",
    "train",
  ],
  transform: ["describe", "errors", "options", "graph", "model", "train"],
  analysis: ["errors", "options", "realm", "graph", "rows", "train", "math"],
  metrics: ["describe", "errors", "options", "realm", "suggest", "math", "rows", "program", "train"],
  plot: ["describe", "errors", "options", "realm"],
  node: [
    "describe",
    "errors",
    "options",
    "safetensors",
    "model",
    "rows",
    "program",
    "train",
    "files",
    "index",
    "bringing",
  ],
  data: [
    "describe",
    "errors",
    "suggest",
    "options",
    "realm",
    "random",
    "iso-date",
    "math",
    "graph",
    "rows",
    "model",
    "train",
    "metrics",
  ],
  index: [
    "errors",
    "version",
    "runtime",
    "model",
    "rows",
    "program",
    "train",
    "files",
    "inspect",
    "ledger",
    "safetensors",
  ],
  /** Of all that `uses` takes, for where nobody counts bytes. */
  bringing: ["model", "index"],
  worker: [
    "describe",
    "errors",
    "options",
    "realm",
    "version",
    "safetensors",
    "graph",
    "runtime",
    "model",
    "rows",
    "program",
    "train",
    "index",
    "bringing",
  ],
  cli: ["index", "data", "math", "metrics", "node", "plot"],
};

/** Files of a part that others may not reach into at will. */
const NARROW: readonly { readonly from: RegExp; readonly into: RegExp; readonly only: RegExp }[] = [
  // Ops know the names of operands; verifying and disassembling are for plans.
  { from: /^src\/graph\//, into: /^src\/tape\//, only: /\/(blocks|operands|formats\/\w+)\.ts$/ },
  // The table of all ops would carry them all into every page.
  { from: /^src\//, into: /^src\/graph\/ops\/index\.ts$/, only: /never/ },
];

/** Packages and built-in modules, by part: everything else runs anywhere. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  analysis: ["ml-matrix"],
  plot: ["ansis", "asciichart", "echarts/charts", "echarts/components", "echarts/core", "echarts/renderers"],
  data: ["papaparse", "fflate"],
  node: ["node:fs/promises", "node:path", "node:url"],
  worker: ["comlink"],
  cli: ["node:os", "node:util", "node:fs", "node:path", "asciichart", "cli-progress", "commander"],
};

/** Who may know the contract with the kernels; `program`, `train` and `inspect` drive the machine, so they name words of header and state. */
const MAY_READ_ABI = /^src\/(graph\/op\.ts|tape\/|plan\/|runtime\/|threads\/|program\/|train\/|inspect\/)/;
const DRIVES_THE_MACHINE = /^(program|train|inspect)$/;
const WORDS_OF_THE_MACHINE = /^(Counter|Distribution|Guard|Hyper|Run|Section|Status|Targets|Window)$/;

/** Exact in every engine. */
const MATH = /^(sqrt|fround|imul|floor|ceil|abs|min|max|trunc|clz32)$/;
/** Where numbers are only shown to people. */
const SHOWS_NUMBERS = /^src\/cli\//;

/** Without comments: examples and rules beside a public method are no reason to split its file. */
const MOST_LINES = 400;
/** One function after another, none of them long; or generated from a table. */
const MAY_BE_LONGER = /^(assembly\/kernels\/unary\.ts|assembly\/decode\.ts|src\/kernels\/.*)$/;

interface Import {
  readonly path: string;
  readonly names: readonly string[];
}

const withoutComments = (source: string) => source.replace(/\/\*[\s\S]*?\*\/|(?<![:"])\/\/.*/g, "");

function importsOf(source: string): Import[] {
  const pattern =
    /\b(?:import|export)\s+(?:type\s+)?(?:([\w*\s{},]*?)\s*from\s*)?"([^"]+)"|\bimport\("([^"]+)"\)/g;
  return [...withoutComments(source).matchAll(pattern)].map(([, names = "", path, dynamic]) => ({
    path: path ?? dynamic,
    names: names
      .replace(/[{}]/g, "")
      .split(",")
      .map(
        (name) =>
          name
            .trim()
            .replace(/^type\s+/, "")
            .split(/\s+as\s+/)[0],
      )
      .filter((name) => name !== ""),
  }));
}

/** `./b.ts` as `src/a/c.ts` means it; undefined for packages. */
function resolveImport(from: string, { path }: Import): string | undefined {
  if (!path.startsWith(".")) return undefined;
  const resolved = new URL(path, `file:///${from}`).pathname.slice(1);
  return resolved.endsWith(".ts") ? resolved : `${resolved}.ts`;
}

const partOf = (path: string) => path.split("/")[1].replace(/\.ts$/, "");

function importRules(path: string, source: string): string[] {
  const broken: string[] = [];
  for (const found of importsOf(source)) {
    const target = resolveImport(path, found);
    const say = (rule: string) => broken.push(`${path} imports ${target ?? found.path}: ${rule}`);
    const part = partOf(path);
    if (path.startsWith("assembly/")) {
      if (!target?.startsWith("assembly/")) say("the kernels import nothing from outside");
    } else if (target === undefined) {
      if (!PACKAGES[part]?.includes(found.path)) say(`${part} has no use for this package`);
    } else if (target === "assembly/abi.ts") {
      if (!MAY_READ_ABI.test(path)) say(`${part} does not know the kernels' contract`);
      if (DRIVES_THE_MACHINE.test(part) && !found.names.every((name) => WORDS_OF_THE_MACHINE.test(name)))
        say(`${part} names words of header and state only`);
    } else if (!target.startsWith("src/")) {
      say("of assembly/ there is only abi.ts");
    } else {
      if (partOf(target) !== part && !MAY_IMPORT[part]?.includes(partOf(target)))
        say(`${part} stands below ${partOf(target)}, or beside it`);
      for (const { from, into, only } of NARROW)
        if (from.test(path) && into.test(target) && !only.test(target)) say("these are not for it");
    }
  }
  return broken;
}

/** The first cycle of imports, of types too: files that need each other are one thing in two places. */
function findCycle(sources: Sources): string | undefined {
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (path: string): string | undefined => {
    if (open.includes(path)) return [...open.slice(open.indexOf(path)), path].join(" -> ");
    if (done.has(path)) return undefined;
    open.push(path);
    for (const found of importsOf(sources.get(path) ?? "")) {
      const target = resolveImport(path, found);
      const cycle = target === undefined ? undefined : visit(target);
      if (cycle) return cycle;
    }
    open.pop();
    done.add(path);
    return undefined;
  };
  for (const path of sources.keys()) {
    const cycle = visit(path);
    if (cycle) return cycle;
  }
  return undefined;
}

function violations(sources: Sources): string[] {
  const broken: string[] = [];
  for (const [path, source] of sources) {
    broken.push(...importRules(path, source));
    const code = withoutComments(source);
    const lines = code.split("\n").filter((line) => line.trim()).length;
    if (lines > MOST_LINES && !MAY_BE_LONGER.test(path)) broken.push(`${path} has ${lines} lines`);
    if (!path.startsWith("src/") || SHOWS_NUMBERS.test(path)) continue;
    if (partOf(path) === "kernels") continue;
    for (const [, name] of code.matchAll(/\bMath\.(\w+)/g))
      if (!MATH.test(name)) broken.push(`${path} uses Math.${name}: engines differ in it`);
    if (/\*\*/.test(code)) broken.push(`${path} uses **: engines differ in it`);
  }
  const cycle = findCycle(sources);
  if (cycle) broken.push(`a cycle: ${cycle}`);
  return broken;
}

describe("the sources", () => {
  const paths = [...filesIn("src"), ...filesIn("assembly")];
  const sources = new Map(paths.map((path) => [path, read(path)]));

  it("keep every rule", () => {
    expect(violations(sources)).toEqual([]);
  });

  it("are parts that the rules know", () => {
    const parts = new Set(paths.filter((path) => path.startsWith("src/")).map(partOf));
    expect([...parts].filter((part) => !(part in MAY_IMPORT))).toEqual([]);
  });

  it("are read: the picture has these arrows", () => {
    const arrows = new Set<string>();
    for (const [path, source] of sources)
      for (const found of importsOf(source)) {
        const target = resolveImport(path, found);
        if (path.startsWith("src/") && target?.startsWith("src/") && partOf(path) !== partOf(target))
          arrows.add(`${partOf(path)} -> ${partOf(target)}`);
      }
    for (const arrow of [
      "train -> program",
      "train -> model",
      "program -> plan",
      "program -> runtime",
      "model -> graph",
      "plan -> graph",
      "plan -> tape",
    ])
      expect(arrows).toContain(arrow);
  });
});

describe("a source that breaks a rule is found:", () => {
  const FILES = {
    "src/graph/graph.ts": "export const graph = 1;",
    "src/plan/plan.ts": 'import { graph } from "../graph/graph.ts";',
    "src/train/a.ts": 'import { graph } from "../graph/graph.ts";',
    "src/train/b.ts": 'import { a } from "./a.ts";',
    "assembly/abi.ts": "export enum Opcode {}",
    "assembly/kernels/k.ts": 'import { Opcode } from "../abi";',
  };
  const withFile = (path: string, source: string) =>
    violations(new Map(Object.entries({ ...FILES, [path]: source })));

  it("none in those that break none", () => {
    expect(violations(new Map(Object.entries(FILES)))).toEqual([]);
  });

  it.each([
    ["src/graph/x.ts", 'import { plan } from "../plan/plan.ts";'],
    ["src/graph/x.ts", 'import type { Space } from "../runtime/space.ts";'],
    ["src/graph/x.ts", 'export * from "../train/a.ts";'],
    ["src/graph/x.ts", 'import { verify } from "../tape/verify.ts";'],
    ["src/runtime/x.ts", 'import { graph } from "../graph/graph.ts";'],
    ["src/tape/x.ts", 'import { graph } from "../graph/graph.ts";'],
    ["src/plan/x.ts", 'const a = await import("../train/a.ts");'],
    ["src/plan/x.ts", 'import { OPS } from "../graph/ops/index.ts";'],
    ["src/transform/x.ts", 'import { plan } from "../plan/plan.ts";'],
    ["src/analysis/x.ts", 'import { Abi } from "../../assembly/abi.ts";'],
    ["src/graph/x.ts", 'import { Abi } from "../../assembly/abi.ts";'],
    ["src/train/x.ts", 'import { Header, Opcode } from "../../assembly/abi.ts";'],
    ["src/train/x.ts", 'import { run } from "../../assembly/interpreter.ts";'],
    ["src/train/x.ts", 'import { readFileSync } from "node:fs";'],
    ["src/new-part/x.ts", 'import { graph } from "../graph/graph.ts";'],
    ["assembly/kernels/x.ts", 'import { graph } from "../../src/graph/graph";'],
    ["src/train/a.ts", 'import { B } from "./b.ts";'],
    ["src/train/a.ts", 'import type { B } from "./b.ts";'],
    ["src/model/x.ts", 'import { a } from "../train/a.ts";'],
    ["src/rows/x.ts", 'import type { a } from "../train/a.ts";'],
    ["src/train/x.ts", "export const y = Math.exp(1);"],
    ["src/train/x.ts", "export const y = Math.random();"],
    ["src/train/x.ts", "export const y = 2 ** 3;"],
    ["src/train/x.ts", "x;\n".repeat(401)],
  ])("%s: %s", (path, source) => {
    expect(withFile(path, source)).toHaveLength(1);
  });

  it("not in comments", () => {
    expect(withFile("src/train/x.ts", '/** import { x } from "y"; Math.exp 2 ** 3 */ // Math.pow')).toEqual(
      [],
    );
  });
});

describe("the version", () => {
  it("is that of the package", () => {
    expect(VERSION).toBe(JSON.parse(read("package.json")).version);
  });
});

describe("every kernel", () => {
  const tests = [...filesIn("test/kernels")].map(read).join("\n");
  const opcodes = Object.keys(RECORDS).map(Number);

  it.each(opcodes.map((opcode) => Opcode[opcode]))("has a test of its record: %s", (name) => {
    expect(tests).toContain(`Opcode.${name}`);
  });

  it("has an oracle for every function it knows", () => {
    const valuesOf = (functions: object) => Object.values(functions).filter((v) => typeof v === "number");
    const keysOf = (oracle: object) => Object.keys(oracle).map(Number);
    expect(keysOf(UNARY)).toEqual(valuesOf(Fn));
    expect(keysOf(BINARY)).toEqual(valuesOf(BinaryFn));
    expect(keysOf(LOSS)).toEqual(valuesOf(LossFn));
    expect(valuesOf(ReduceFn)).toEqual([0, 1, 2]);
  });
});
