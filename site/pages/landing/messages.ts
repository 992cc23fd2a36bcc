/** To the worker: whether to train. */
export interface ToWorker {
  readonly run: boolean;
}

/** From the worker, about once a second, or once: why it cannot. */
export type FromWorker =
  | {
      readonly kind: "trained";
      /** Networks since it began; the last had the seed `count - 1`. */
      readonly count: number;
      readonly medianMs: number;
      readonly digest: string;
      /** Of the last: its loss after each step. */
      readonly losses: readonly number[];
      /** Of the last: probabilities of a 1 over the square from -0.25 to 1.25, rows from the top. */
      readonly surface: Float32Array;
    }
  | { readonly kind: "failed"; readonly why: string };
