/**
 * All pages of the site. Each folder of `pages/` has a `page.mjs` whose default export is its pages, or a function (also async)
 * that makes them.
 *
 * @typedef {object} Page
 * @property {string} path         folder of the page, "" or "playground/" or "docs/training/": it becomes `path + "index.html"`
 * @property {string} title        without the site's name
 * @property {string} description  a sentence, for search engines and links
 * @property {string} body         HTML of `<main>`, or with `bare` of the whole `<body>`
 * @property {string} [script]     module in `pages/` that runs in the page, e.g. "playground/main.tsx"; none: no JavaScript
 * @property {string[]} [styles]   files of `public/` beside site.css, e.g. ["text.css"] for text with code
 * @property {string} [section]    which entry of the navigation it belongs to: "playground/", "course/", ..
 * @property {string} [aside]      HTML of navigation beside the text
 * @property {string} [policy]     content policy in place of the usual one
 * @property {boolean} [bare]      no header, no footer: for frames
 * @property {boolean} [indexed]   whether the search finds its text; default: pages without a script
 */
import { readdirSync } from "node:fs";

const folder = new URL("../pages/", import.meta.url);

/** Pages of all folders, or of those named. */
export async function allPages() {
  const pages = [];
  for (const name of readdirSync(folder).sort()) {
    let made;
    try {
      made = (await import(new URL(`${name}/page.mjs`, folder).href)).default;
    } catch (error) {
      if (error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(`${name}/page.mjs`)) continue;
      throw error;
    }
    pages.push(...(typeof made === "function" ? await made() : made));
  }
  const paths = new Set();
  for (const { path } of pages) {
    if (!/^([\w.-]+\/)*$/.test(path))
      throw new Error(`page ${JSON.stringify(path)}: must be "" or end with a slash`);
    if (paths.has(path)) throw new Error(`page ${JSON.stringify(path)}: made twice`);
    paths.add(path);
  }
  return pages;
}
