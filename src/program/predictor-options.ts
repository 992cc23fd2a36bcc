/** How calls of predictors and trainers read and write a program. */
import type { Result } from "../rows/data.ts";

/** How a call reads a program. */
export interface ReadOptions {
  /**
   * A state to read instead of the present one, as `state()` gives it: of a customer, say. It is changed over to and back
   * within the call. Default: the present one.
   */
  readonly state?: Uint8Array;
  /** Of a trainer with `averageWeights`: reads with their average in place of the present ones. Default: the present ones. */
  readonly weights?: "average";
}

export interface PredictOptions<O> extends ReadOptions {
  /**
   * Where results go: an array (or arrays by output name) with room for all rows. Nothing is allocated but a view to copy
   * by for each batch of more than 32 numbers, unless it shares memory with the rows and they take several batches.
   */
  readonly out?: O;
}

/** How `classify` reads a program, and what counts as yes. */
export interface ClassifyOptions extends ReadOptions {
  /**
   * The probability, in [0, 1], from which a sigmoid says yes: one number, or one for each output. Default: 0.5. With `top`, less
   * probable classes are left out. Default: none.
   */
  readonly threshold?: number | readonly number[];
}

/** How a call that yields to the event loop reads a program. */
export interface AsyncOptions extends ReadOptions {
  /** Ends the call between two batches; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

export interface StateOptions {
  /** Whether moments and counters belong to it, so that training goes on from it to the bit. Default: true. */
  readonly training?: boolean;
}

/** What a file holds. */
export interface FileOptions extends SaveOptions {
  /** Of a trainer with `averageWeights`: saves their average as the weights. Not with `training`. Default: the present ones. */
  readonly weights?: "average";
}

export interface SaveOptions {
  /** Whether moments and counters belong to it, so that training goes on from it to the bit. Default: false. */
  readonly training?: boolean;
}

export interface RestoreOptions {
  /**
   * Whether to take what fits by name and shape, and to leave the rest as it is; training then starts anew, with fresh
   * moments. Default: false, which refuses a state of another model.
   */
  readonly partial?: boolean;
}

/** What the option `out` of `predict` takes: an array, or arrays by output name. */
export type Out<P> = P extends Result ? Float32Array : { readonly [K in keyof P]: Float32Array };
