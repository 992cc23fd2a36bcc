/**
 * The embedded kernels are one binary, cut into links that each need those before them: what predicts, what else trains, and
 * the rest. A page carries the links that its programs need. `scripts/slice.mjs` writes them, beside this file, as text that
 * gzip makes small, and `assembly/unpack` puts the binary together from them.
 */
export interface KernelLink {
  /** How many links are before it: an index of `LINKS`. */
  readonly level: number;
  readonly before?: KernelLink;
  /** See `scripts/kernel-text.mjs`. */
  readonly text: string;
}
