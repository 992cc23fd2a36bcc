/** What a page of the built site loads at start, gzipped: its HTML and whatever that, and the modules it names, bring. */
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { gzipSync } from "node:zlib";
import { OUT } from "../builder/vite.mjs";

const LINKS = /<link\b[^>]*\brel="(stylesheet|modulepreload|icon|preload)"[^>]*\bhref="([^"]+)"/g;
const SCRIPTS = /<script\b[^>]*\bsrc="([^"]+)"/g;
const STATIC_IMPORT = /\b(?:import|from)\s*["'](\.[^"']+)["']/g;
const WORKER = /\bnew Worker\(\s*(?:new URL\(\s*)+["'`]([^"'`]+)["'`]/g;
const STYLE_IMPORT = /@import\s+(?:url\()?["']([^"']+)["']/g;

const found = (text, pattern, group = 1) => [...text.matchAll(pattern)].map((match) => match[group]);

export const isModule = (file) => /\.m?js$/.test(file);

/** Adds a file and all that it brings. */
function follow(file, read, seen) {
  if (seen.has(file)) return;
  seen.add(file);
  const beside = (address) => normalize(join(dirname(file), address));
  const text = read(file).toString("utf8");
  const next = isModule(file)
    ? found(text, STATIC_IMPORT)
    : /\.css$/.test(file)
      ? found(text, STYLE_IMPORT)
      : /\.html$/.test(file)
        ? [...found(text, LINKS, 2), ...found(text, SCRIPTS)]
        : [];
  for (const address of next) follow(beside(address), read, seen);
}

/**
 * Bytes after gzip that a page loads.
 *
 * @param {string} path  of the page, "" or "docs/training/"
 * @param {(file: string) => Buffer} [read]  of files by their path in the site
 * @returns {{ bytes: number, files: string[], workers: Record<string, number> }} what the document brings; by file, each worker that
 *   its modules name, with those of its imports that the document does not bring, whether it is started at once or later
 */
export function weightOf(path, read = (file) => readFileSync(join(OUT, file))) {
  const sum = (files) => files.reduce((bytes, file) => bytes + gzipSync(read(file), { level: 9 }).length, 0);
  const seen = new Set();
  follow(`${path}index.html`, read, seen);
  const files = [...seen];
  const workers = {};
  for (const file of files.filter(isModule))
    for (const address of found(read(file).toString("utf8"), WORKER)) {
      const worker = normalize(join(dirname(file), address));
      const brought = new Set(files);
      follow(worker, read, brought);
      workers[worker] = sum([...brought].filter((name) => !seen.has(name)));
    }
  return { bytes: sum(files), files, workers };
}
