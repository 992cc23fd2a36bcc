/** The built pages of docs, and links of all pages. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";
import { GROUPS } from "../builder/guides.mjs";
import { SECTIONS } from "../builder/shell.mjs";
import { OUT } from "../builder/vite.mjs";
import { weightOf } from "./weight.mjs";

const files = readdirSync(OUT, { recursive: true, encoding: "utf8" });
const pages = files
  .filter((file) => file.endsWith("index.html"))
  .map((file) => file.slice(0, -"index.html".length));
const read = (file: string) => readFileSync(join(OUT, file), "utf8");
const htmlOf = (path: string) => read(`${path}index.html`);
const docs = pages.filter((path) => path.startsWith("docs/"));
const decoded = (text: string) => decodeURIComponent(text.replaceAll("&amp;", "&"));

/** Sections of the navigation that nobody has written. */
const unwritten = SECTIONS.map(([path]) => path).filter((path) => !existsSync(join(OUT, path, "index.html")));

/** Links of a page that lead nowhere, for anything that answers whether a file is there, and which anchors it has. */
function deadLinks(
  html: string,
  path: string,
  has: (file: string) => boolean,
  anchorsOf: (file: string) => Set<string>,
) {
  const links = Array.from(
    html.matchAll(/<(?:a|link|script|img|form)\b[^>]*?\b(?:href|src|action)="([^"]*)"/g),
    ([, to]) => to,
  );
  return links.filter((to) => {
    if (/^(https?|mailto|data):/.test(to)) return false;
    const [address, anchor] = to.split("#");
    if (address.startsWith("/")) return true;
    const target =
      address === "" ? path : posix.join(path, address.split("?")[0] || ".").replace(/^\.\//, "");
    if (target.startsWith("..")) return true;
    if (unwritten.includes(target)) return false;
    const file =
      target === "" || target === "." || target.endsWith("/")
        ? `${target.replace(/^\.$/, "")}index.html`
        : target;
    return (
      !has(file) || (anchor !== undefined && file.endsWith(".html") && !anchorsOf(file).has(decoded(anchor)))
    );
  });
}

const anchors = new Map<string, Set<string>>();
function anchorsOf(file: string) {
  const known =
    anchors.get(file) ?? new Set(Array.from(read(file).matchAll(/\bid="([^"]*)"/g), ([, id]) => decoded(id)));
  anchors.set(file, known);
  return known;
}

describe("links", () => {
  it("of all pages lead to pages and anchors that are there", () => {
    const dead = pages.flatMap((path) =>
      deadLinks(htmlOf(path), path, (file) => existsSync(join(OUT, file)), anchorsOf).map(
        (to) => `${path}: ${to}`,
      ),
    );
    expect(dead).toEqual([]);
  });

  it("that lead nowhere would be found", () => {
    const html =
      '<a href="#no">a</a><a class="b" href="../gone/">b</a><a href="/docs/">c</a><a href="../../../">d</a><a href="#yes">e</a>';
    const found = deadLinks(
      html,
      "docs/x/",
      (file) => file === "docs/x/index.html",
      () => new Set(["yes"]),
    );
    expect(found).toEqual(["#no", "../gone/", "/docs/", "../../../"]);
  });
});

describe("pages of docs", () => {
  it("are all guides", () => {
    expect(docs).toEqual(
      expect.arrayContaining(GROUPS.flatMap(([, names]) => names).map((name) => `docs/${name}/`)),
    );
  });

  it("need no JavaScript, and carry no style that the content policy refuses", () => {
    for (const path of docs) expect(htmlOf(path), path).not.toMatch(/<script|<style|<[^>]* (?:style|on\w+)=/);
  });

  it("have anchors that are used once", () => {
    for (const path of docs) {
      const ids = Array.from(htmlOf(path).matchAll(/\bid="([^"]*)"/g), ([, id]) => id);
      expect(
        ids.filter((id, i) => ids.indexOf(id) !== i),
        path,
      ).toEqual([]);
    }
  });
});

/** KB of HTML and CSS, gzipped, that a page may weigh: 12, but for those where a reader would rather have one page than two. */
const LIMITS: Record<string, number> = {
  "docs/api/wasmgrad/": 15,
  "docs/architecture/": 15,
  "docs/changelog/": 18,
  "docs/models/": 15,
  "docs/training/": 15,
};

describe("weight", () => {
  const kilobytes = (path: string) => weightOf(path).bytes / 1000;

  it("of each page of docs is within its limit", () => {
    for (const path of docs) expect(kilobytes(path), path).toBeLessThanOrEqual(LIMITS[path] ?? 12);
  });

  it("needs the exceptions that it has", () => {
    for (const path of Object.keys(LIMITS)) expect(kilobytes(path), path).toBeGreaterThan(12);
  });
});
