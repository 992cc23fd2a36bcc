import type { Browser, Served } from "./browsers.mjs";

export function printedBy(
  browser: Browser,
  program: string,
  pages: Readonly<Record<string, string>>,
  files: Readonly<Record<string, Served>>,
  headers?: Readonly<Record<string, string>>,
): Promise<Record<string, string>>;
