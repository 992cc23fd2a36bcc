/** The reference: nothing that the package exports is missing, and nothing that a signature names can be left unexported. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENTRIES, readSources } from "../builder/reference/read.mjs";
import { OUT } from "../builder/vite.mjs";

const dist = new URL("../../dist/", import.meta.url);

/** Names that the declarations of an entry point export. */
function exportsOf(entry: string): string[] {
  const file = `${entry === "wasmgrad" ? "index" : entry}.d.ts`;
  const lists = readFileSync(new URL(file, dist), "utf8").matchAll(/^export (?:type )?\{ ([^}]*) \};$/gm);
  return Array.from(lists, ([, names]) => names.split(", ")).flat();
}

describe("the reference", () => {
  it("has every entry point of the package", () => {
    expect(ENTRIES.map(({ importedFrom }) => importedFrom).sort()).toEqual(
      ["", "/analysis", "/data", "/metrics", "/node", "/plot", "/transform", "/worker"].map(
        (name) => `wasmgrad${name}`,
      ),
    );
  });

  it.each(ENTRIES.map(({ name }) => name))("has a place for every export of %s", (entry) => {
    const names = exportsOf(entry);
    expect(names.length).toBeGreaterThan(3);
    const folder = `docs/api/${entry}/`;
    const list = readFileSync(join(OUT, folder, "index.html"), "utf8");
    const links = new Map(
      Array.from(list.matchAll(/<a href="([^"#]*)(?:#([^"]*))?">([\w$]+)<\/a>/g), ([, to, anchor, name]) => [
        name,
        { to, anchor },
      ]),
    );
    const missing = names.filter((name) => {
      const link = links.get(name);
      const file = link && join(OUT, folder, link.to, "index.html");
      if (!link || !file || !existsSync(file)) return true;
      const html = readFileSync(file, "utf8");
      return link.anchor ? !html.includes(` id="${link.anchor}"`) : !html.includes(`<h1>${name}</h1>`);
    });
    expect(missing).toEqual([]);
  });

  it("shows how a function is called, what its options are, its errors, and an example in colours", () => {
    const html = readFileSync(join(OUT, "docs/api/wasmgrad/dense/index.html"), "utf8");
    expect(html).toContain('dense(units: <span class="t">number</span>');
    expect(html).toContain('<dl class="members" id="DenseOptions">');
    expect(html).toMatch(/<dt><code>activation\?: <a class="t"/);
    expect(html).toMatch(/<b>Throws<\/b> <a href="\.\.\/OptionError\/">/);
    expect(html).toContain('<span class="f">sequential</span>');
    expect(html).not.toContain("@param");
  });

  it("leads to guides that comments name", () => {
    const html = readFileSync(join(OUT, "docs/api/data/readCsv/index.html"), "utf8");
    expect(html).toContain('<a href="../../../data/">docs/data.md</a>');
  });

  it("finds the parameters of functions that are made by others", () => {
    const html = readFileSync(join(OUT, "docs/api/wasmgrad/lstm/index.html"), "utf8");
    expect(html).toContain(
      '<dt><code>units: <span class="t">number</span></code></dt><dd>a whole number &gt;= 1</dd>',
    );
    expect(html).toContain("returnSequences?: ");
  });
});

describe("sources with mistakes", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(root, "build/reference-test-"));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { strict: true }, include: ["*.ts"] }),
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const read = (source: string) => {
    writeFileSync(join(folder, "entry.ts"), source);
    return readSources({
      entryPoints: [join(folder, "entry.ts")],
      tsconfig: join(folder, "tsconfig.json"),
      logLevel: "None",
    });
  };

  it("are taken where there is no mistake", async () => {
    const project = await read(
      "/** A. */ export interface A { readonly a: number }\n/** F. */ export const f = (a: A): number => a.a;",
    );
    expect(project.children?.map(({ name }) => name)).toEqual(["A", "f"]);
  });

  it.each([
    [
      "a type that is not exported",
      "interface A { readonly a: number }\n/** F. */ export const f = (a: A): number => a.a;",
    ],
    ["a link that leads nowhere", "/** See {@link nowhere}. */ export const f = (): number => 1;"],
    [
      "a parameter that there is not",
      "/** F.\n * @param b no\n */ export function f(a: number): number { return a; }",
    ],
  ])("are refused for %s", async (_, source) => {
    await expect(read(source)).rejects.toThrow("without a warning");
  });
});
