/** Extents of operands that several kinds of records share. */
import { type Resolved, type Span, scratch } from "../operands.ts";
import { productScratchBytes } from "../product-scratch.ts";

export const mn: Span = (r) => r.m * r.n;
export const mk: Span = (r) => r.m * r.k;
export const nk: Span = (r) => r.n * r.k;
export const n: Span = (r) => r.n;

export const productScratch = (form: (r: Resolved) => number) =>
  scratch((r) => productScratchBytes(form(r), r.m, r.n, r.k));
