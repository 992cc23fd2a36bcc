/** The guides, the page that lists them, and the reference. */
import { docsAside } from "../../builder/docs-aside.mjs";
import { allGuides, GROUPS, lineOf, sentenceOf } from "../../builder/guides.mjs";
import { referencePages } from "../../builder/reference/pages.mjs";
import { escapeHtml } from "../../builder/shell.mjs";

const page = { section: "docs/", styles: ["text.css"] };

export default async function docs() {
  const guides = allGuides();
  const byName = new Map(guides.map((guide) => [guide.name, guide]));
  const groups = GROUPS.map(([title, names]) => ({ title, links: names.map((name) => byName.get(name)) }));
  const reference = await referencePages();
  const referenceLinks = { title: "Reference", links: reference.filter(({ path }) => path === "docs/api/") };
  const pages = guides.map(({ path, title, about, html, headings }) => ({
    ...page,
    path,
    title,
    description: sentenceOf(lineOf(about)),
    body: `<article class="prose">\n${html}</article>`,
    aside: docsAside(
      path,
      [...groups, referenceLinks],
      headings.filter(({ depth }) => depth === 2),
    ),
  }));
  const lists = groups.map(
    ({ title, links }) =>
      `<section>\n<h2>${escapeHtml(title)}</h2>\n<dl>${links
        .map(
          (guide) =>
            `<dt><a href="../${guide.path}">${escapeHtml(guide.title)}</a></dt><dd>${lineOf(guide.about)}</dd>`,
        )
        .join("\n")}</dl>\n</section>`,
  );
  return [
    {
      ...page,
      path: "docs/",
      title: "Docs",
      description:
        "Guides, recipes and the reference of wasmgrad, a neural network engine for Node and browsers.",
      body: `<h1>Docs</h1>\n<p>New here: <a href="start/">getting started</a>. Looking for a function: the <a href="api/">reference</a>, made from the sources.</p>\n<div class="lists">\n${lists.join("\n")}\n</div>`,
    },
    ...pages,
    ...reference,
  ];
}
