/** What pages may carry, and bundlers add: the one place where these limits stand. */

/** Bytes after gzip of the pages of `test/package/bundlers/pages`, as esbuild makes them: they carry a little less. */
const LIMITS = {
  trains: 78_400,
  predicts: 43_100,
  /** 1.4 KB of it are the file. */
  loads: 54_050,
  computes: 59_800,
  transforms: 44_450,
  analyses: 24_400,
} as const;

export type Kind = keyof typeof LIMITS;

/** Bytes that a bundler may take beside. */
const ALLOWANCES = {
  esbuild: 0,
  rollup: 200,
  vite: 0,
  webpack: 0,
  next: 0,
  /** Vite 7 writes for older browsers than Vite 8. */
  sveltekit: 600,
} as const;

/** The most that a page may carry. */
export const budgetOf = (bundler: keyof typeof ALLOWANCES, kind: Kind) => LIMITS[kind] + ALLOWANCES[bundler];

export const KINDS = Object.keys(LIMITS) as Kind[];
