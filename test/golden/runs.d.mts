import type * as Wasmgrad from "../../src/index.ts";

type Trainer = Wasmgrad.Trainer;

/** A program, what trained it, and how it goes on. */
export interface Run {
  /** @param seed other than that of the run: everything must come from the state */
  compile(seed?: number): Trainer;
  train(program: Trainer): unknown;
  goOn(program: Trainer): unknown;
}

export declare const runs: (wasmgrad: typeof Wasmgrad) => Readonly<Record<string, Run>>;
