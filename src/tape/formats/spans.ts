/** Extents of operands that several kinds of records share. */
import { dim, type Resolved, type Span, scratch } from "../operands.ts";
import { productScratchBytes } from "../product-scratch.ts";

export const mn: Span = (r) => r.m * r.n;
export const mk: Span = (r) => r.m * r.k;
export const nk: Span = (r) => r.n * r.k;
export const n: Span = (r) => r.n;

export const productScratch = (form: (r: Resolved) => number) =>
  scratch((r) => productScratchBytes(form(r), r.m, r.n, r.k));

export const reduction = { outer: dim, n: dim, inner: dim } as const;
export const reduced: Span = (r) => r.outer * r.inner;
export const unreduced: Span = (r) => r.outer * r.n * r.inner;
export const loops: Span = (r) => r.d0 * r.d1 * r.d2 * r.d3;

/** Elements from the first to the last that four nested strided loops touch. */
export const strided =
  (s: string): Span =>
  (r) => {
    if (loops(r) === 0) return 0;
    let last = 0;
    for (let i = 0; i < 4; i++) last += (r[`d${i}`] - 1) * r[`${s}${i}`];
    return last + 1;
  };

export const fourLoops = { d0: dim, d1: dim, d2: dim, d3: dim } as const;
export const fourStrides = { s0: dim, s1: dim, s2: dim, s3: dim } as const;
