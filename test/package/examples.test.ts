/**
 * Every `@example` in the sources and every ts block of README and docs: type-checked, then run, each as a module of
 * its own against the built package. Names of the package that an example uses without declaring or importing them are
 * imported for it. `expression; // => value` is also compared, printed or not, and so is all that an example prints with
 * the text block that follows it.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { transformSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as analysis from "../../src/analysis/index.ts";
import * as data from "../../src/data/index.ts";
import * as main from "../../src/index.ts";
import * as metrics from "../../src/metrics/index.ts";
import * as node from "../../src/node/index.ts";
import * as plot from "../../src/plot/index.ts";
import * as transform from "../../src/transform/index.ts";
import * as worker from "../../src/worker/index.ts";

const root = new URL("../../", import.meta.url);
// Inside the package, so that it can import itself by name.
const folder = new URL("build/examples/", root);

interface Example {
  readonly where: string;
  readonly code: string;
  /** What it prints, where the docs say so. */
  readonly prints?: string;
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(new URL(file, root), "utf8");
  const lineAt = (index: number) => text.slice(0, index).split("\n").length;
  if (file.endsWith(".md"))
    return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```(?:\s+```text\n([\s\S]*?)^```)?/gm), (m) => ({
      where: `${file}:${lineAt(m.index)}`,
      code: m[1],
      prints: m[2],
    }));
  return Array.from(text.matchAll(/^ *\* @example\n((?: *\*(?! @|\/).*\n)*)/gm), (m) => {
    const lines = m[1].replaceAll(/^ *\* ?/gm, "");
    return {
      where: `${file}:${lineAt(m.index)}`,
      code: /^```ts\n([\s\S]*?)^```/m.exec(lines)?.[1] ?? lines,
    };
  });
}

/** Imports for names of the package that are used and neither declared nor imported. */
function importsFor(code: string): string {
  const declared = new Set(
    Array.from(code.matchAll(/\b(?:const|let|function|class)\s+(?:(\w+)|[{[]([^}\]=]*)[}\]])/g), (m) =>
      (m[1] ?? m[2]).split(/[\s,:]+/),
    ).flat(),
  );
  for (const [, names] of code.matchAll(/import\s*{([^}]*)}/g))
    for (const name of names.split(/[\s,]+/)) declared.add(name);
  const free = (names: object) =>
    Object.keys(names).filter(
      (name) => !declared.has(name) && new RegExp(`(?<![.\\w])${name}\\b`).test(code),
    );
  const taken = new Set<string>();
  return Object.entries({
    wasmgrad: main,
    "wasmgrad/transform": transform,
    "wasmgrad/analysis": analysis,
    "wasmgrad/data": data,
    "wasmgrad/metrics": metrics,
    "wasmgrad/plot": plot,
    "wasmgrad/node": node,
    "wasmgrad/worker": worker,
  })
    .map(([from, module]) => {
      const names = free(module).filter((name) => !taken.has(name));
      for (const name of names) taken.add(name);
      return names.length > 0 ? `import { ${names.join(", ")} } from "${from}";\n` : "";
    })
    .join("");
}

/** `a; // => b` as a comparison, `console.log(a); // => b` likewise. */
const compared = (code: string) =>
  code
    .replaceAll(/^(\s*)console\.log\((.*)\); *\/\/ => /gm, "$1$2; // => ")
    .replaceAll(/^(\s*(?:if \(.*?\) )?)([\w.([][^;\n]*); *\/\/ => (.*)$/gm, "$1mustBe($2, $3);");

const sources = readdirSync(new URL("src/", root), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".wasm.ts"))
  .map((name) => `src/${name}`);
const pages = ["README.md", ...readdirSync(new URL("docs/", root)).map((name) => `docs/${name}`)];
const examples = [...sources, ...pages].flatMap(examplesOf);
const path = (name: string) => fileURLToPath(new URL(name, folder));

/**
 * Code that is run elsewhere or cannot be run by itself: the page, how the block begins, and what is with it. Any other block of JavaScript,
 * JSON or HTML is a fault: what runs is written as a ts block.
 */
const NOT_RUN_HERE = [
  ["README.md", '<script src="wasmgrad.global.js">', "run below, as classic scripts"],
  ["docs/coming-from.md", "import * as tf", "code of another library"],
  ["docs/coming-from.md", "import brain", "code of another library"],
  ["docs/files.md", "export async function keepInOpfs", "test/package/files.test.ts"],
  ["docs/files.md", "export async function fromOpfs", "test/package/files.test.ts"],
  ["docs/files.md", "export async function keepInIndexedDb", "test/package/files.test.ts"],
  ["docs/files.md", "export async function fromIndexedDb", "test/package/files.test.ts"],
  ["docs/files.md", "function openDatabase", "test/package/files.test.ts"],
  ["docs/files.md", "export function download", "test/package/files.test.ts"],
  ["docs/files.md", "export async function fromUrl", "test/package/files.test.ts"],
  ["docs/hosts.md", "// isolate.js", "test/package/hosts/isolation.test.ts"],
  ["docs/hosts.md", '{\n  "manifest_version": 3', "a manifest, not code"],
  ["docs/site.md", '<iframe src="https://your.site/', "a page of the reader's: site/test has frames"],
  ["docs/threads.md", "const engine = await createEngine", "names a file of a server"],
  ["docs/workers.md", "const remote = await inWorker(() =>", "names files of a server"],
  ["docs/workers.md", "// my-worker.js", "a worker's file: test/package/bundlers has such"],
  ["docs/workers.md", "const worker = () => new Worker", "names the file before it"],
  ["docs/workers.md", "const folds = splits.map", "two fragments that share names with the code before"],
] as const;

describe("the examples in the docs", () => {
  let types = "";
  let outcomes: { error?: string; printed: string }[] = [];

  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // A table that readers have at hand, too.
    copyFileSync(new URL("test/data/iris.csv", root), path("iris.csv"));
    examples.forEach(({ code }, i) => {
      const text = `${importsFor(code)}${code}\nexport {};\n`;
      writeFileSync(path(`example${i}.ts`), text);
      const mustBe = 'import { deepStrictEqual as mustBe } from "node:assert";\n';
      writeFileSync(path(`example${i}.mjs`), transformSync(mustBe + compared(text), { loader: "ts" }).code);
    });
    const options = {
      target: "ES2022",
      lib: ["ES2022", "ESNext.Disposable", "DOM"],
      module: "ESNext",
      moduleResolution: "Bundler",
      strict: true,
      noEmit: true,
      types: ["node"],
    };
    writeFileSync(path("tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.ts"] }));
    const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", root));
    try {
      execFileSync(process.execPath, [tsc, "-p", path("tsconfig.json"), "--pretty", "false"], {
        encoding: "utf8",
      });
    } catch (error) {
      types = (error as { stdout: string }).stdout;
    }
    writeFileSync(
      path("run.mjs"),
      `import { format } from "node:util";
       const outcomes = [];
       for (let i = 0; i < ${examples.length}; i++) {
         let printed = "";
         console.log = (...args) => { printed += format(...args) + "\\n"; };
         const error = await import(\`./example\${i}.mjs\`).then(() => undefined, (e) => String(e.stack));
         outcomes.push({ error, printed });
       }
       process.stdout.write(JSON.stringify(outcomes), () => process.exit());`,
    );
    outcomes = JSON.parse(
      execFileSync(process.execPath, [path("run.mjs")], { cwd: path("."), encoding: "utf8" }),
    );
  }, 120_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  examples.forEach(({ where, prints }, i) => {
    it(`${where} is sound TypeScript`, () => {
      expect(types.split("\n").filter((line) => line.includes(`example${i}.ts`))).toEqual([]);
    });
    it(`${where} runs`, () => {
      expect(outcomes[i].error).toBeUndefined();
    });
    if (prints !== undefined)
      it(`${where} prints what is said`, () => {
        expect(outcomes[i].printed).toBe(prints);
      });
  });

  it("include a page without a bundler, whose scripts run as classic ones", async () => {
    const read = (file: string) => readFileSync(new URL(file, root), "utf8");
    const [, html] = /^```html\n([\s\S]*?)^```/m.exec(read("README.md")) as RegExpExecArray;
    const body = { textContent: "" };
    const page = createContext({ document: { body }, setTimeout, MessageChannel });
    for (const [, src, script] of html.matchAll(/<script(?: src="(.*?)")?>([\s\S]*?)<\/script>/g))
      runInContext(src ? read(`dist/${src}`) : script, page);
    await expect.poll(() => body.textContent, { timeout: 20_000 }).toBe("2 x + 1 at x = 5: 11.00");
  });

  it("are all of them", () => {
    for (const page of pages) {
      const written = readFileSync(new URL(page, root), "utf8").match(/^ *```ts/gm) ?? [];
      expect(examples.filter(({ where }) => where.startsWith(page)).length, page).toBe(written.length);
    }
    expect(examples.filter(({ prints }) => prints !== undefined).length).toBeGreaterThan(5);
    const written = sources.flatMap(
      (file) => readFileSync(new URL(file, root), "utf8").match(/^ *\* @example/gm) ?? [],
    );
    expect(examples.filter(({ where }) => where.startsWith("src/")).length).toBe(written.length);
    for (const { where, code } of examples) expect(code.trim(), where).not.toBe("");
  });

  it("are all that is written in a language of pages, but for what is listed with a reason", () => {
    const others = pages.flatMap((page) => {
      const text = readFileSync(new URL(page, root), "utf8");
      const blocks = Array.from(text.matchAll(/^ *```(\w*)[^\n]*\n([\s\S]*?)^ *```$/gm));
      return blocks
        .filter(([, language]) => !["", "ts", "text", "sh", "py"].includes(language))
        .map(([, , code]) => [page, code] as const);
    });
    const isListed = ([page, code]: readonly [string, string]) =>
      NOT_RUN_HERE.some(([where, start]) => where === page && code.startsWith(start));
    expect(others.filter((other) => !isListed(other))).toEqual([]);
    expect(others.length).toBe(NOT_RUN_HERE.length);
  });

  it("would be caught if they were wrong", () => {
    expect(compared("console.log(a); // => 1")).toBe("mustBe(a, 1);");
    expect(compared('reason; // => "x"\nf([1]).data; // => Float32Array.of(1)\nconst a = 1;')).toBe(
      'mustBe(reason, "x");\nmustBe(f([1]).data, Float32Array.of(1));\nconst a = 1;',
    );
    expect(importsFor("const model = sequential({}, [dense(1)]); x.adam();")).toBe(
      'import { sequential, dense } from "wasmgrad";\n',
    );
  });
});

describe("the reference", () => {
  it("has an example for every function a newcomer meets first", () => {
    for (const name of [
      "sequential",
      "compile",
      "dense",
      "adam",
      "sgd",
      "valueAndGrad",
      "model",
      "createEngine",
    ])
      expect(
        examples.some(({ code }) => code.includes(`${name}(`)),
        name,
      ).toBe(true);
  });
});
