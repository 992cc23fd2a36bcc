import type { Variant } from "./measure.ts";

/** One line of a table: the engine, plain loops, and what bounds both. */
export interface Workload {
  readonly name: string;
  /** What a unit is: "step", "product". */
  readonly unit: string;
  /** Multiplications and additions of the products in one unit: what has to be done, not what happens to be done. */
  readonly flops?: number;
  /** Bytes that one unit must read and write, where memory is the bound. */
  readonly bytes?: number;
  /** Things one unit treats, where a time per thing says more: "parameter". */
  readonly items?: { readonly count: number; readonly name: string };
  readonly engine: Variant;
  readonly plain: Variant;
  /** The instrument that shows the bound; without one, arithmetic is the bound if `flops` is given. */
  readonly copy?: Variant;
}

export interface Suite {
  /** What a filter matches. */
  readonly name: string;
  readonly title: string;
  readonly workloads: readonly {
    readonly name: string;
    /** Prepares a workload and verifies its results. @throws VerificationError */
    readonly make: () => Workload;
  }[];
}
