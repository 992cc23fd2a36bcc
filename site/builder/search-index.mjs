/** The index that the search page reads: texts of guides, reference and course, in `pagefind/`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { close, createIndex } from "pagefind";

/** What pages are called in the results, by their path: the first that fits. */
export const KINDS = [
  ["docs/api/", "Reference"],
  ["docs/", "Guide"],
  ["course/", "Course"],
];

/** Guides and lessons explain, and come before the reference where both have a word as often. */
const WEIGHTS = { Reference: 1, Guide: 2, Course: 2, Page: 1 };

/** Files of Pagefind's own interface, which the page does without. */
const UNUSED = /pagefind-(?:ui|modular-ui|component-ui|highlight)\.|playground/;

/** Lines of a page that say where it is, not what is in it. */
const ASIDE = /<p(?= class="(?:crumbs|kind) quiet")/g;

const isIndexed = ({ path, script, indexed = !script }) => indexed && path !== "docs/";

export async function indexForSearch(pages, out) {
  const { index, errors } = await createIndex({ forceLanguage: "en" });
  if (!index) throw new Error(`the search: ${errors.join("; ")}`);
  for (const { path, body } of pages.filter(isIndexed)) {
    const kind = KINDS.find(([start]) => path.startsWith(start))?.[1] ?? "Page";
    const content = `<html lang="en"><body><main data-pagefind-body data-pagefind-weight="${WEIGHTS[kind]}" data-pagefind-meta="kind:${kind}">${body.replaceAll(ASIDE, "<p data-pagefind-ignore")}</main></body></html>`;
    const added = await index.addHTMLFile({ url: path, content });
    if (added.errors.length > 0) throw new Error(`the search: ${path}: ${added.errors.join("; ")}`);
  }
  const written = await index.getFiles();
  if (written.errors.length > 0) throw new Error(`the search: ${written.errors.join("; ")}`);
  for (const { path, content } of written.files.filter((file) => !UNUSED.test(file.path))) {
    const file = join(out, "pagefind", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  await close();
}
