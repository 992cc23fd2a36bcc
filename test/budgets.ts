/** What pages may carry, and bundlers add: the one place where these limits stand. */

/** Bytes after gzip of the pages of `test/package/bundlers/pages`, as esbuild makes them: they carry a little less. */
const LIMITS = {
  trains: 78_250,
  predicts: 43_000,
  /** 1.4 KB of it are the file. */
  loads: 53_900,
  computes: 59_600,
  transforms: 44_300,
  analyses: 24_300,
} as const;

export type Kind = keyof typeof LIMITS;

/** Bytes that a bundler may take beside. */
const ALLOWANCES = {
  esbuild: 0,
  rollup: 0,
  vite: 0,
  webpack: 0,
  /** Its minifier makes less of the same page. */
  next: -600,
  /** Vite 7 writes for older browsers than Vite 8. */
  sveltekit: 350,
} as const;

/** The most that a page may carry. */
export const budgetOf = (bundler: keyof typeof ALLOWANCES, kind: Kind) => LIMITS[kind] + ALLOWANCES[bundler];

export const KINDS = Object.keys(LIMITS) as Kind[];
