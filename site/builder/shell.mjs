/** The HTML around every page. */
import { posix } from "node:path";

/** Pages in the navigation: folder and name. */
export const SECTIONS = [
  ["playground/", "Playground"],
  ["course/", "Course"],
  ["teach/", "Teach"],
  ["docs/", "Docs"],
  ["check/", "Check"],
  ["benchmark/", "Benchmark"],
];

/** Scripts and workers of this site, WebAssembly, nothing inline, nothing from elsewhere. */
export const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as HTML, also within double quotes. */
export const escapeHtml = (text) => String(text).replace(/[&<>"]/g, (character) => ENTITIES[character]);

/** From a page to the top of the site: "./", "../", "../../". */
export const toTop = (path) => "../".repeat(path.split("/").length - 1) || "./";

/** From one page to another. */
export const fromTo = (from, to) => (to === "" ? toTop(from) : `${posix.relative(from, to) || "."}/`);

/**
 * The whole document.
 *
 * @param {import("./pages.mjs").Page} page
 * @param {string} [src]  address of its script
 */
export function documentOf(page, src) {
  const { path, title, description, body, section, aside, bare, styles = [], policy = POLICY } = page;
  const top = toTop(path);
  const links = SECTIONS.map(
    ([to, name]) => `<a href="${top}${to}"${to === section ? ' aria-current="page"' : ""}>${name}</a>`,
  );
  const head = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(path === "" ? title : `${title} · wasmgrad`)}</title>
<meta name="description" content="${escapeHtml(description)}">
<link rel="icon" href="${top}favicon.svg" type="image/svg+xml">
${["site.css", ...styles].map((file) => `<link rel="stylesheet" href="${top}${file}">\n`).join("")}${src ? `<script type="module" src="${escapeHtml(src)}"></script>\n` : ""}</head>`;
  if (bare) return `${head}\n<body class="bare">\n${body}\n</body>\n</html>\n`;
  return `${head}
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="${top}">wasmgrad</a>
<nav aria-label="Site">${links.join("")}</nav>
<form role="search" action="${top}search/" method="get"><input type="search" name="q" aria-label="Search the docs" placeholder="Search"></form>
</header>
<div class="${aside ? "page with-aside" : "page"}">
${aside ? `<nav class="aside" aria-label="Section">${aside}</nav>\n` : ""}<main id="main" tabindex="-1">
${body}
</main>
</div>
<footer class="bottom"><p>wasmgrad trains neural networks on the CPU, with the same bits everywhere. Everything on this site runs in your browser and nothing is sent anywhere. MIT licence.</p></footer>
</body>
</html>
`;
}
