export interface Browser {
  readonly name: string;
  /** What brings it on Debian and Ubuntu. */
  readonly install: string;
  /** Arguments that open a page with a fresh profile. */
  args(profile: string, url: string): readonly string[];
}
export const BROWSERS: readonly Browser[];
export function find(browser: Browser): string | undefined;

export interface Served {
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Server {
  readonly url: string;
  report(): Promise<unknown>;
  close(): void;
}
export function serve(
  files: Readonly<Record<string, Served>>,
  options?: { readonly isolated?: boolean },
): Promise<Server>;
export function visit(
  browser: Browser,
  program: string,
  server: Pick<Server, "url" | "report">,
  page: string,
  seconds: number,
): Promise<unknown>;
