/** The packed package, as npm would publish it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { installInto } from "./tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-packed-"));
afterAll(() => rmSync(folder, { recursive: true }));
installInto(folder);
const packed = join(folder, "node_modules/wasmgrad");

describe("the tarball", () => {
  it("has the licence, the readme and the changelog", () => {
    expect(readdirSync(packed)).toEqual(expect.arrayContaining(["CHANGELOG.md", "LICENSE", "README.md"]));
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
