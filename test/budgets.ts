/** What pages may carry, and bundlers add: the one place where these limits stand. */

/** Bytes after gzip of the pages of `test/package/bundlers/pages`, as esbuild makes them: they carry a little less. */
const LIMITS = {
  trains: 51_500,
  predicts: 34_600,
  computes: 53_500,
  transforms: 36_000,
  analyses: 30_000,
} as const;

export type Kind = keyof typeof LIMITS;

/** Bytes that a bundler may take beside. */
const ALLOWANCES = {
  esbuild: 0,
  rollup: 200,
  vite: 0,
  webpack: 0,
} as const;

/** The most that a page may carry. */
export const budgetOf = (bundler: keyof typeof ALLOWANCES, kind: Kind) => LIMITS[kind] + ALLOWANCES[bundler];

export const KINDS = Object.keys(LIMITS) as Kind[];
