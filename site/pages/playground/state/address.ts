/** What an address asks for: a run, parts that are hidden, and whether the page stands in a frame of another one. */
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

/** The address of a run on a page, with what is hidden in it. */
export function addressWith(
  page: string,
  link: string,
  { hide = [] as readonly string[], embed = false } = {},
): string {
  const options = [...(hide.length > 0 ? [`hide=${hide.join(",")}`] : []), ...(embed ? ["embed"] : [])];
  return options.length === 0 ? page + link : `${page}${link || "#"}${link ? "&" : ""}${options.join("&")}`;
}
