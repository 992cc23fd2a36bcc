export interface Report {
  readonly version?: string;
  readonly engine?: string;
  readonly threads?: number;
  readonly why?: string;
  readonly digests?: Readonly<Record<string, string>>;
  readonly error?: string;
}
/** One way to run: how a runtime compiles, and a number of threads. */
export interface Way {
  readonly how?: string;
  readonly threads: number;
  run(): Promise<Report>;
}
export interface Runtime {
  readonly name: string;
  find(): Promise<
    { readonly missing: string; readonly ways?: undefined } | { readonly ways: readonly Way[] }
  >;
}
export interface Result {
  readonly name: string;
  readonly missing?: string;
  readonly equal?: number;
  readonly failures?: readonly string[];
}
export function runAllIn(
  runtimes: readonly Runtime[],
  expected: Readonly<Record<string, string>>,
  say?: (line: string) => void,
): Promise<readonly Result[]>;
export function count(results: readonly Result[]): { passed: number; failed: number };
export function tableOf(results: readonly Result[], date: string): string;
export function writeTable(page: string, results: readonly Result[], date: string): string;
