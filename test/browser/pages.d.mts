import type { Browser, Served } from "./browsers.mjs";

export function printedBy(
  browser: Browser,
  program: string,
  pages: Readonly<Record<string, string>>,
  files: Readonly<Record<string, Served>>,
  options?: { readonly headers?: Readonly<Record<string, string>>; readonly isolated?: boolean },
): Promise<Record<string, string>>;
