/** The guides: Markdown files of the repository, the pages they become, and where links between them lead. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { renderMarkdown } from "./markdown.mjs";
import { fromTo } from "./shell.mjs";

const root = new URL("../../", import.meta.url);
const read = (file) => readFileSync(new URL(file, root), "utf8");

/** Guides in the order of the navigation, by name: `docs/<name>.md`, or one of OTHER_SOURCES. */
export const GROUPS = [
  ["Start", ["start", "recipes", "coming-from", "compared", "cli"]],
  ["Networks", ["models", "convolution", "recurrence", "several-programs"]],
  ["Training", ["training", "optimizers", "inspecting", "meanings", "many-models"]],
  ["Data and results", ["data", "metrics", "plots", "files"]],
  ["Where it runs", ["hosts", "workers", "threads", "loops", "performance"]],
  ["To rely on", ["determinism", "errors", "site"]],
  ["The project", ["architecture", "changelog"]],
];

/** The part of a file from a heading of the second level to the next one. */
function section(text, heading) {
  const [, part] = text.split(`\n## ${heading}\n`);
  if (part === undefined) throw new Error(`README.md: no section "${heading}"`);
  return part.split("\n## ")[0];
}

/** Guides that are no file of `docs/`: what their text is made of, and what the index says of them. */
const OTHER_SOURCES = {
  start: {
    file: "README.md",
    about: "what to install, a first network, what to expect",
    text(readme) {
      const [intro] = readme.replace(/^# .*\n/, "# Getting started\n").split("\n## ");
      return `${intro}\n## What runs it\n${section(readme, "What runs it")}`;
    },
  },
  recipes: {
    file: "README.md",
    about: "from a table to predictions, names of classes, numbers, saving, services, pages",
    text: (readme) => `# Recipes\n${section(readme, "Recipes").replaceAll(/^###/gm, "##")}`,
  },
  changelog: { file: "CHANGELOG.md", about: "what changed, and whose bits", text: (text) => text },
};

const names = GROUPS.flatMap(([, group]) => group);

/** Files that are pages elsewhere in the site. */
const ELSEWHERE = { "docs/course.md": "course/" };

for (const file of readdirSync(new URL("docs/", root))) {
  const name = file.slice(0, -".md".length);
  if (!names.includes(name) && !(`docs/${file}` in ELSEWHERE))
    throw new Error(`docs/${file}: must be in one of the groups of site/builder/guides.mjs`);
}

/** What the README's table says of each guide. */
function aboutGuides() {
  const rows = section(read("README.md"), "More").matchAll(
    /^\| \[[^\]]*\]\(docs\/([\w-]+)\.md\)([^|]*)\| (.*) \|$/gm,
  );
  return new Map(
    Array.from(rows, ([, name, rest, about]) => [name, [rest.trim(), about].filter(Boolean).join(": ")]),
  );
}

/** @returns {{ name: string, path: string, file: string, text: string, title: string, about: string }[]} */
function readGuides() {
  const listed = aboutGuides();
  return names.map((name) => {
    const other = OTHER_SOURCES[name];
    const file = other?.file ?? `docs/${name}.md`;
    const text = other ? other.text(read(file)) : read(file);
    const [, title] = /^# (.*)$/m.exec(text);
    const about = other?.about ?? listed.get(name);
    if (!about) throw new Error(`${file}: must have a row in the table "More" of README.md`);
    return { name, path: `docs/${name}/`, file, text, title, about };
  });
}

/**
 * All guides with their HTML.
 *
 * @returns {{ name: string, path: string, title: string, about: string, html: string,
 *   headings: { depth: number, text: string, id: string }[] }[]}
 */
export function allGuides() {
  const guides = readGuides();
  const anchorsOf = new Map(
    guides.map(({ name, text }) => [name, new Set(renderMarkdown(text).headings.map(({ id }) => id))]),
  );
  /** The page of a file, and of its parts where several pages are made of it. */
  const pageOf = (file, anchor) => {
    const made = guides.filter((guide) => guide.file === file);
    return (made.find(({ name }) => anchorsOf.get(name).has(anchor)) ?? made[0])?.path ?? ELSEWHERE[file];
  };
  return guides.map((guide) => {
    const rewriteLink = (href) => {
      if (/^(https?:|#)/.test(href)) return href;
      const [to, anchor] = href.split("#");
      const file = posix.join(posix.dirname(guide.file), to);
      const path = pageOf(file, anchor);
      if (!path) throw new Error(`${guide.file}: the site has no page for ${href}`);
      return fromTo(guide.path, path) + (anchor === undefined ? "" : `#${anchor}`);
    };
    return { ...guide, ...renderMarkdown(guide.text, { rewriteLink }) };
  });
}

/** What is said of a guide, as HTML of one line. */
export const lineOf = (text) => renderMarkdown(text, { html: false }).html.replaceAll(/<\/?p>|\n$/g, "");

/** HTML of one line as plain text with a capital letter and a full stop. */
export function sentenceOf(html) {
  const entities = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };
  const text = html
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/&(amp|lt|gt|quot);/g, (entity) => entities[entity]);
  return `${text[0].toUpperCase()}${text.slice(1).replace(/[.:]?$/, ".")}`;
}
