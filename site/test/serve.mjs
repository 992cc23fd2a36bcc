/** The built site as a server of the tests: under a folder, as a host of projects has it, with nothing but its files. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { serve } from "../../test/browser/browsers.mjs";
import { OUT } from "../builder/vite.mjs";

/** The folder of the server that the site is in: pages must work in any. */
export const BASE = "/some/folder/";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/**
 * Files for `serve` by their address.
 *
 * @param script  module that every page runs, too: what a check does within a page
 */
export function siteFiles({ script } = {}) {
  const files = {};
  for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath ?? entry.path, entry.name);
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    let body = readFileSync(file);
    if (script && extname(file) === ".html" && body.includes("</head>"))
      body = body
        .toString("utf8")
        .replace("</head>", `<script type="module" src="${BASE}in-page-check.js"></script></head>`);
    const address = BASE + relative(OUT, file).split(sep).join("/");
    files[address] = { body, headers: { "content-type": type } };
    if (entry.name === "index.html") files[address.slice(0, -"index.html".length)] = files[address];
  }
  if (script) files[`${BASE}in-page-check.js`] = { body: script, headers: { "content-type": TYPES[".js"] } };
  return files;
}

/** A server of the site without isolation, as static hosts are. */
export const serveSite = (options) => serve(siteFiles(options), { isolated: false });
