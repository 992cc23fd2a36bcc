import type { Outcome } from "./verdict.ts";

/** What the worker says, in this order: runs, then one of the others. */
export type FromWorker =
  | { readonly kind: "run"; readonly name: string; readonly digest: string }
  | ({ readonly kind: "done" } & Outcome)
  | { readonly kind: "failed"; readonly why: string };
