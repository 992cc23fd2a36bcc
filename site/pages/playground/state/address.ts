/** What the page's address asks for: a run, parts that are hidden, and whether the page stands in a frame of another one. */
import { signal } from "@preact/signals";

/** Parts of the page that `hide=` can name. */
export const PARTS = [
  "data",
  "network",
  "training",
  "chart",
  "figures",
  "tables",
  "time",
  "speed",
  "examples",
  "link",
  "code",
  "model",
  "picture",
] as const;
export type Part = (typeof PARTS)[number];

export interface Address {
  /** `#1.` and what follows, without the options. */
  readonly link: string | undefined;
  readonly hide: ReadonlySet<Part>;
  readonly embed: boolean;
}

/** Options stand in the query, or behind the link: `?hide=data&embed`, `#1.abc&hide=data&embed`. Unknown names are passed over. */
export function readAddress(search: string, hash: string): Address {
  const text = hash.replace(/^#/, "");
  const isLink = /^\d/.test(text);
  const end = isLink ? text.indexOf("&") : 0;
  const link = isLink ? `#${end < 0 ? text : text.slice(0, end)}` : undefined;
  const behind = isLink ? (end < 0 ? "" : text.slice(end + 1)) : text;
  const all = [new URLSearchParams(search), new URLSearchParams(behind)];
  const named = new Set(all.flatMap((options) => options.getAll("hide")).flatMap((list) => list.split(",")));
  return {
    link,
    hide: new Set(PARTS.filter((part) => named.has(part))),
    embed: all.some((options) => options.has("embed") && options.get("embed") !== "0"),
  };
}

export const address = signal(readAddress(location.search, location.hash));

addEventListener("hashchange", () => {
  address.value = readAddress(location.search, location.hash);
});

export const isShown = (part: Part): boolean => !address.value.hide.has(part);

/** The address of a run, with what is hidden in it. */
export function addressWith(link: string, { hide = [] as readonly string[], embed = false } = {}): string {
  const options = [...(hide.length > 0 ? [`hide=${hide.join(",")}`] : []), ...(embed ? ["embed"] : [])];
  return [`${location.origin}${location.pathname}${link}`, ...options].join("&");
}
