/** What the page asks of `pagefind/pagefind.js`, which the build writes beside the pages. */
export interface Excerpt {
  readonly title: string;
  readonly url: string;
  /** Text with `<mark>` around what was found. */
  readonly excerpt: string;
}

export interface FoundPage extends Omit<Excerpt, "title"> {
  readonly meta: { readonly title?: string; readonly kind?: string };
  /** All of its text. */
  readonly content: string;
  readonly sub_results: readonly Excerpt[];
}

export interface Pagefind {
  options(options: {
    basePath: string;
    baseUrl: string;
    excerptLength: number;
    ranking: { pageLength: number };
  }): Promise<void>;
  search(words: string): Promise<{ results: readonly { data(): Promise<FoundPage> }[] }>;
}

/** How far short pages come before long ones, from 0 to 1: guides are longer than pages of the reference. */
const PAGE_LENGTH = 0.2;

let loading: Promise<Pagefind> | undefined;

/** Loads the index once; after a failure the next call tries again. */
export function loadPagefind(): Promise<Pagefind> {
  loading ??= (async () => {
    const top = new URL("../", location.href);
    const basePath = new URL("pagefind/", top).pathname;
    const pagefind: Pagefind = await import(/* @vite-ignore */ `${basePath}pagefind.js`);
    await pagefind.options({
      basePath,
      baseUrl: top.pathname,
      excerptLength: 28,
      ranking: { pageLength: PAGE_LENGTH },
    });
    return pagefind;
  })();
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}
