/** Rows of views that are not those of the kernels: raw rows of inputs with preprocessing, and predictions in units of y. */

export interface RawRows {
  /** By the order of inputs and of outputs; undefined where the view is one of the engine's memory. */
  readonly x: readonly (Float64Array | undefined)[];
  readonly out: readonly (Float32Array | undefined)[];
  /** Brings the first rows of `x` to the kernels. */
  load(rows: number): void;
  /** Brings the first predictions to `out`. */
  give(rows: number): void;
  /** Of a trainer: what `stepBuffers` reads, by the order of inputs and of losses. */
  readonly step?: {
    readonly x: readonly (Float64Array | undefined)[];
    readonly y: readonly (Float64Array | undefined)[];
    load(rows: number): void;
  };
}
