import type { Timing } from "./results.ts";

/** What the worker says: progress, then one of the others. */
export type FromWorker =
  | { readonly kind: "progress"; readonly done: number; readonly of: number; readonly what: string }
  | { readonly kind: "done"; readonly version: string; readonly workloads: readonly Timing[] }
  | { readonly kind: "failed"; readonly why: string };
