/** Pages of the reference: one for the list of entry points, one for each of them, one for each export that has its own. */
import { docsAside } from "../docs-aside.mjs";
import { anchorLink } from "../markdown.mjs";
import { escapeHtml, fromTo } from "../shell.mjs";
import { callableOf } from "./callable.mjs";
import { commentWriter, firstSentence } from "./comments.mjs";
import { declarationWriter } from "./declaration.mjs";
import { KIND, placesOf } from "./places.mjs";
import { readReference } from "./read.mjs";
import { byTopic } from "./topics.mjs";

/** What each entry point is for. */
const ABOUT = {
  wasmgrad: "Models, layers, training, predicting, files, gradients of functions.",
  data: "Tables, files, images, sequences and streams of rows.",
  metrics: "How good predictions are.",
  plot: "Curves, boundaries, matrices and histograms: on a terminal, as SVG, on a canvas.",
  worker: "Trainers off the main thread, many trainings side by side.",
  node: "Files and checkpoints in Node.",
  transform: "Models rewritten without changing what they compute.",
  analysis: "Ranks, singular values, separability and likelihood, with proofs.",
};

const page = { section: "docs/", styles: ["text.css"] };
const commentOf = (one) =>
  one.comment ?? one.signatures?.[0].comment ?? one.type?.declaration?.signatures?.[0].comment;
const isType = ({ kind }) => kind === KIND.interface || kind === KIND.alias;
/** What a reader calls it. */
function kindOf(one, byId) {
  if (one.kind === KIND.class) return "Class";
  if (isType(one)) return "Type";
  return one.kind === KIND.function || callableOf(one.type, byId) ? "Function" : "Constant";
}
const idOfTopic = (title) => title.toLowerCase().replaceAll(" ", "-");
/** Values before types, then by name. */
const compare = (a, b) =>
  Number(isType(a)) - Number(isType(b)) || (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1);

/** Names of parameters and members: in code they rarely mean an export of the same name. */
function commonNames(part, found = new Set(), isMember = false) {
  if (Array.isArray(part)) for (const one of part) commonNames(one, found, isMember);
  else if (part !== null && typeof part === "object") {
    if (isMember && typeof part.name === "string") found.add(part.name);
    for (const [key, value] of Object.entries(part))
      if (key !== "comment")
        commonNames(
          value,
          found,
          key === "parameters" ||
            key === "typeParameters" ||
            (key === "children" && "kind" in part && part.kind !== 2),
        );
  }
  return found;
}

export async function referencePages() {
  const project = await readReference();
  const { entries, places } = placesOf(project);
  const byId = new Map(entries.flatMap(({ exports }) => exports.map((one) => [one.id, one])));
  const common = commonNames(project.children.flatMap(({ children }) => children));
  /** Exports by name; of entry points that have the same name, the page's own comes first. */
  const idsOf = new Map(
    entries.map((entry) => {
      const exports = [...entries.filter((other) => other !== entry).reverse(), entry].flatMap(
        (each) => each.exports,
      );
      return [entry, new Map(exports.map(({ name, id }) => [name, id]))];
    }),
  );
  const addressFrom = (path) => (id) => {
    const place = places.get(id);
    if (!place) return undefined;
    const anchor = place.anchor ? `#${place.anchor}` : "";
    return place.path === path ? anchor || "#main" : fromTo(path, place.path) + anchor;
  };

  /** All that one page needs to write declarations. */
  function writersFor(path, entry, own) {
    const addressOf = addressFrom(path);
    const names = {
      link(id, name) {
        const to = addressOf(id);
        return to
          ? `<a class="t" href="${to}">${escapeHtml(name)}</a>`
          : `<span class="t">${escapeHtml(name)}</span>`;
      },
    };
    const addressOfName = (name) => (name === own ? undefined : addressOf(idsOf.get(entry).get(name)));
    const write = commentWriter(
      addressOfName,
      (name) => common.has(name),
      (name) => fromTo(path, `docs/${name}/`),
    );
    const isHere = (id) => places.get(id)?.path === path;
    return { write, ...declarationWriter({ byId, names, write, addressOf, isHere }) };
  }

  const entryLinks = {
    title: "Reference",
    links: entries.map(({ name, importedFrom }) => ({ path: `docs/api/${name}/`, title: importedFrom })),
  };
  const guideLinks = { title: "Guides", links: [{ path: "docs/", title: "All guides" }] };
  /** The address of a path that may have an anchor. */
  const address = (from, to) => {
    const [path, anchor] = to.split("#");
    return fromTo(from, path) + (anchor ? `#${anchor}` : "");
  };
  const crumbs = (path, ...steps) =>
    `<p class="crumbs quiet">${steps.map(([to, text]) => `<a href="${address(path, to)}">${escapeHtml(text)}</a>`).join(" / ")}</p>\n`;

  const hosted = new Map();
  for (const [id, { host }] of places) hosted.set(host, [...(hosted.get(host) ?? []), byId.get(id)]);

  const pages = [];
  for (const entry of entries) {
    const topics = byTopic(entry);
    const entryPath = `docs/api/${entry.name}/`;
    for (const [topic, members] of topics) {
      const withPages = members.filter(({ id }) => !places.get(id).anchor).sort(compare);
      const siblings = {
        title: topic || "Exports",
        links: withPages.map(({ id, name }) => ({ path: places.get(id).path, title: name })),
      };
      for (const one of withPages) {
        const { path } = places.get(one.id);
        const { write, declaration, placed } = writersFor(path, entry, one.name);
        const body = declaration(one, 1);
        const sections = [];
        for (const other of hosted.get(one).sort(compare)) {
          if (other === one || placed.has(other.id)) continue;
          placed.add(other.id);
          sections.push(
            `<h2 id="${other.name}">${other.name} ${anchorLink(other.name, other.name)}</h2>\n${declaration(other, 2)}`,
          );
        }
        const kind = kindOf(one, byId);
        const from = [
          ["docs/api/", "Reference"],
          [entryPath, entry.importedFrom],
        ];
        if (topic) from.push([`${entryPath}#${idOfTopic(topic)}`, topic]);
        const described = firstSentence(commentOf(one)) || `${kind} of ${entry.importedFrom}.`;
        pages.push({
          ...page,
          path,
          title: one.name,
          description: write.line(described).replaceAll(/<[^>]*>/g, ""),
          exports: hosted.get(one).map(({ name }) => name),
          aside: docsAside(path, [entryLinks, siblings, guideLinks]),
          body: `<article class="prose">\n${crumbs(path, ...from)}<h1>${escapeHtml(one.name)}</h1>\n<p class="kind quiet">${kind} of <code>${entry.importedFrom}</code></p>\n${body}${sections.join("")}</article>`,
        });
      }
    }
    pages.push(entryPage(entry, topics));
  }

  function entryPage(entry, topics) {
    const path = `docs/api/${entry.name}/`;
    const { write } = writersFor(path, entry);
    const addressOf = addressFrom(path);
    const link = (one) => `<a href="${addressOf(one.id)}">${escapeHtml(one.name)}</a>`;
    const lists = topics.map(([title, members]) => {
      const values = members.filter((one) => !isType(one)).sort(compare);
      const types = members.filter(isType).sort(compare);
      const listed = values
        .map((one) => `<dt>${link(one)}</dt><dd>${write.line(firstSentence(commentOf(one)))}</dd>`)
        .join("\n");
      const id = idOfTopic(title);
      return `${title ? `<h2 id="${id}">${title}</h2>\n` : ""}${listed ? `<dl class="exports">${listed}</dl>\n` : ""}${types.length > 0 ? `<p>Types: ${types.map(link).join(", ")}</p>\n` : ""}`;
    });
    const again = entry.all.filter(({ kind }) => kind === KIND.reference);
    const more =
      again.length > 0
        ? `<p>Exported here, too: ${again.map((one) => link({ id: one.target, name: one.name })).join(", ")}</p>\n`
        : "";
    const headings = topics
      .filter(([title]) => title)
      .map(([title]) => ({ id: idOfTopic(title), text: title }));
    return {
      ...page,
      path,
      title: entry.importedFrom,
      description: ABOUT[entry.name],
      aside: docsAside(path, [entryLinks, guideLinks], headings),
      body: `<article class="prose">\n${crumbs(path, ["docs/api/", "Reference"])}<h1>${entry.importedFrom}</h1>\n<p>${ABOUT[entry.name]}</p>\n${lists.join("")}${more}</article>`,
    };
  }

  const indexPath = "docs/api/";
  const list = entries
    .map(({ name, importedFrom, exports }) => {
      const counted = exports.filter((one) => !isType(one)).length;
      return `<dt><a href="./${name}/"><code>${importedFrom}</code></a></dt><dd>${ABOUT[name]} <span class="quiet">${counted} exports, and types</span></dd>`;
    })
    .join("\n");
  return [
    {
      ...page,
      path: indexPath,
      title: "Reference",
      description: "Every function, class and type that wasmgrad exports, from the comments of its sources.",
      aside: docsAside(indexPath, [entryLinks, guideLinks]),
      body: `<article class="prose">\n<h1>Reference</h1>\n<p>Every export, from the comments of the sources. Examples are run by a test. To find a name, search.</p>\n<dl class="exports">${list}</dl>\n</article>`,
    },
    ...pages,
  ];
}
