/** The search page: results while one types, the words in the address. */
import "./search.css";
import { type Excerpt, type FoundPage, loadPagefind } from "./pagefind.ts";

const AT_ONCE = 10;
/** Sections of a page that are shown below it. */
const SECTIONS = 3;
const PAUSE_MS = 150;

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const form = byId<HTMLFormElement>("search");
const input = byId<HTMLInputElement>("query");
const status = byId("status");
const list = byId("results");
const more = byId<HTMLButtonElement>("more");

/** Counts searches: what an earlier one finds late is not shown. */
let turn = 0;
let found: readonly { data(): Promise<FoundPage> }[] = [];
let shown = 0;

/** The text of an excerpt with its marks, and nothing else that its HTML may hold. */
function excerptOf(html: string): HTMLElement {
  const to = document.createElement("p");
  const copy = (from: Node, into: Node) => {
    for (const node of from.childNodes)
      if (node.nodeType === Node.TEXT_NODE) into.appendChild(document.createTextNode(node.nodeValue ?? ""));
      else if (node.nodeName === "MARK") copy(node, into.appendChild(document.createElement("mark")));
      else copy(node, into);
  };
  copy(new DOMParser().parseFromString(html, "text/html").body, to);
  return to;
}

function linkTo({ title, url }: Pick<Excerpt, "title" | "url">): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = url;
  link.textContent = title;
  return link;
}

function itemOf({ meta, url, excerpt, sub_results }: FoundPage): HTMLLIElement {
  const item = document.createElement("li");
  const heading = document.createElement("h2");
  heading.append(linkTo({ title: meta.title ?? url, url }));
  const kind = document.createElement("span");
  kind.className = "quiet kind";
  kind.textContent = meta.kind ?? "";
  heading.append(" ", kind);
  item.append(heading, excerptOf(excerpt));
  const sections = sub_results.filter((section) => section.url !== url).slice(0, SECTIONS);
  if (sections.length > 0) {
    const links = document.createElement("ul");
    for (const section of sections) {
      const place = document.createElement("li");
      place.append(linkTo(section));
      links.append(place);
    }
    item.append(links);
  }
  return item;
}

/** Letters of a word that a page must have: for words that it lacks, Pagefind finds ever shorter beginnings. */
const BEGINNING = 4;

/** Results, a page of that very name first; none where even the best have nothing of the words. */
async function resultsFor(words: string): Promise<typeof found> {
  const { results } = await (await loadPagefind()).search(words);
  const beginnings = (words.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map((word) =>
    word.slice(0, BEGINNING),
  );
  const best = await Promise.all(results.slice(0, AT_ONCE).map((one) => one.data()));
  const isNear = best.some(({ meta, content }) =>
    beginnings.some((beginning) => `${meta.title} ${content}`.toLowerCase().includes(beginning)),
  );
  const named = best.findIndex(({ meta }) => meta.title?.toLowerCase() === words.toLowerCase());
  if (named > 0) return [results[named], ...results.slice(0, named), ...results.slice(named + 1)];
  return isNear ? results : [];
}

async function showMore(mine: number): Promise<void> {
  const pages = await Promise.all(found.slice(shown, shown + AT_ONCE).map((one) => one.data()));
  if (mine !== turn) return;
  shown += pages.length;
  list.append(...pages.map(itemOf));
  more.hidden = shown >= found.length;
}

function say(text: string): void {
  status.textContent = text;
}

async function search(): Promise<void> {
  const mine = ++turn;
  const words = input.value.trim();
  const address = new URL(location.href);
  if (words === "") address.searchParams.delete("q");
  else address.searchParams.set("q", words);
  history.replaceState(null, "", address);
  document.title = `${words === "" ? "Search" : `${words} – search`} · wasmgrad`;
  try {
    const results = words === "" ? [] : await resultsFor(words);
    if (mine !== turn) return;
    found = results;
    shown = 0;
    list.replaceChildren();
    await showMore(mine);
    if (mine !== turn) return;
    if (words === "") say("Type a word, such as dropout or standardize.");
    else if (found.length === 0)
      say(
        `Nothing was found for “${words}”. Try another word, or fewer of them; names of functions work, too.`,
      );
    else say(`${found.length === 1 ? "1 page" : `${found.length} pages`} for “${words}”`);
  } catch {
    if (mine !== turn) return;
    list.replaceChildren();
    more.hidden = true;
    say("The index of the search could not be loaded. Check the connection, and search again.");
  }
}

let pause: ReturnType<typeof setTimeout> | undefined;
input.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(search, PAUSE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(pause);
  search();
});
more.addEventListener("click", async () => {
  const first = shown;
  await showMore(turn);
  // The button may be gone now: focus goes to the first of what is new.
  list.children[first]?.querySelector("a")?.focus();
});

input.value = (new URLSearchParams(location.search).get("q") ?? "").slice(0, input.maxLength);
if (input.value === "") input.focus();
search();
