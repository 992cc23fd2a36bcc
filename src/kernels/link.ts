/**
 * The embedded kernels are one binary, cut into links that each need those before them: what predicts, what else trains, and
 * the rest. A page carries the links that its programs need. `scripts/slice.mjs` writes them, beside this file; everything in
 * them is in hexadecimal, because gzip finds repetitions in that which base64 hides.
 */

/** Neighbouring entries of a section. */
export interface Entries {
  readonly count: number;
  readonly hex: string;
}

export interface KernelLink {
  /** How many links are before it: an index of `LINKS`. */
  readonly level: number;
  readonly before?: KernelLink;
  /** Entries of the sections of functions and exports, after those of the links before. */
  readonly functions: Entries;
  readonly exports: Entries;
  /** Bodies of functions: of the first link, its own; of the others, those that it calls of them, then the rest. */
  readonly code: string;
  /** Of `extended`: bodies of what the first link calls of it. They stand before those that it calls of `train`. */
  readonly early?: string;
  /** Of the first link: how many functions it calls of each later one. */
  readonly later?: { readonly extended: number; readonly train: number };
  /** Of the first link: what stands before the section of functions, before that of exports, before the code, and after it. */
  readonly head?: string;
  readonly globals?: string;
  readonly elements?: string;
  readonly data?: string;
}
