/** The packed package, as npm would publish it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { installInto, tarball } from "./tarball.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-packed-"));
afterAll(() => rmSync(folder, { recursive: true }));
installInto(folder);
const packed = join(folder, "node_modules/wasmgrad");
const paths = readdirSync(packed, { recursive: true, encoding: "utf8" }).filter((path) =>
  statSync(join(packed, path)).isFile(),
);
const manifest = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));

/** A command of a package that is installed for development; what it prints goes into the failure. */
const tool = (name: string, ...args: string[]) =>
  execFileSync(join(root, "node_modules/.bin", name), args, { encoding: "utf8" });

/** The paths in a value of package.json's, `./dist/index.js`, at any depth. */
const pathsIn = (value: unknown): string[] =>
  typeof value === "string" ? [value] : Object.values(value as object).flatMap(pathsIn);

describe("the tarball", () => {
  it("has what package.json names, the licence, the readme, the changelog and the docs", () => {
    const { exports, main, module, types, typesVersions, unpkg, jsdelivr } = manifest;
    const named = pathsIn([exports, main, module, types, typesVersions, unpkg, jsdelivr]);
    expect(named.length).toBeGreaterThan(10);
    expect(paths).toEqual(expect.arrayContaining(named.map((path) => path.slice(2))));
    expect(paths).toEqual(
      expect.arrayContaining(["CHANGELOG.md", "LICENSE", "README.md", "docs/architecture.md"]),
    );
  });

  it("has neither sources, tests nor measurements", () => {
    expect(paths.filter((path) => /^(test|bench|src|assembly|examples|scripts)\b/.test(path))).toEqual([]);
  });

  it("needs no other package", async () => {
    expect(Object.keys(manifest).filter((key) => /dependencies/i.test(key))).toEqual(["devDependencies"]);
    // There is nothing around the folder that an import could find.
    const entryPoints = paths.filter((path) => /\.c?js$/.test(path));
    expect(entryPoints).toContain("dist/analysis.cjs");
    await build({
      absWorkingDir: packed,
      // Names with their endings, because files differ in those alone.
      entryPoints: Object.fromEntries(entryPoints.map((path) => [path, path])),
      bundle: true,
      platform: "node",
      format: "esm",
      outdir: "out",
      write: false,
      // A file of the package, which workerd takes as a module.
      external: ["../wasmgrad.wasm"],
      logLevel: "silent",
    });
  });

  it("brings the licences of the packages whose code it contains", () => {
    const text = readFileSync(join(packed, "dist/LICENSES.txt"), "utf8");
    for (const name of ["ansis", "cli-progress", "comlink", "commander", "echarts", "zrender"])
      expect(text).toMatch(new RegExp(`^${name} [\\d.]+$`, "m"));
    // The Apache licence asks for the notice, too.
    expect(text).toMatch(/^Apache ECharts\nCopyright /m);
    for (const name of ["ml-matrix", "asciichart", "papaparse", "fflate"])
      expect(text).toMatch(new RegExp(`^${name} [\\d.]+\n\n.*MIT License`, "m"));
  });

  it("is what npm would publish", () => {
    const report = execFileSync("npm", ["publish", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const parsed = JSON.parse(report);
    // npm 11 gives reports by name.
    const { files } = (parsed.wasmgrad ?? parsed) as { files: { path: string }[] };
    expect(files.map(({ path }) => path).sort()).toEqual(paths.sort());
  });

  it("is what publint approves", () => {
    tool("publint", tarball(), "--strict");
  });

  it("has types that agree with its files, in every way to resolve them", () => {
    // Node loads no kernels by import; bundlers do, with types for them. Files of workers export nothing.
    const kernels = ["wasmgrad.wasm", "wasmgrad-relaxed.wasm", "wasmgrad-threads.wasm"];
    tool("attw", tarball(), "--exclude-entrypoints", ...kernels, "worker-host.js", "thread.js");
  });

  it("has every file and every heading that its pages link to", () => {
    const pages = [
      "README.md",
      "CHANGELOG.md",
      ...readdirSync(join(packed, "docs")).map((name) => `docs/${name}`),
    ];
    const links = pages.flatMap((page) =>
      Array.from(
        textOf(page).matchAll(/\]\((?!https:)([^)\s#]*)(?:#([^)\s]*))?\)/g),
        ([, path, heading]) => ({
          page,
          target: path ? join(dirname(page), path) : page,
          heading,
        }),
      ),
    );
    expect(links.length).toBeGreaterThan(20);
    const broken = links.filter(
      ({ target, heading }) =>
        !existsSync(join(packed, target)) || (heading && !headingsOf(textOf(target)).includes(heading)),
    );
    expect(broken).toEqual([]);
    const linked = links.filter(({ page }) => page === "README.md").map(({ target }) => target);
    expect(linked).toEqual(expect.arrayContaining(pages.slice(1)));
  });
});

const textOf = (page: string) => readFileSync(join(packed, page), "utf8");

/** As GitHub makes anchors of them: lower case, without punctuation, hyphens for spaces. */
const headingsOf = (text: string) =>
  Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
