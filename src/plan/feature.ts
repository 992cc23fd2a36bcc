/** What accompanies a training beside its optimizer, such as clipping or an average of weights. */
import type { OperandRef, RecordDraft } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import type { KernelLink } from "../kernels/link.ts";
import type { Stretch } from "./blocks.ts";
import type { CounterEntry } from "./counters.ts";

/** What accompanies the training: what it keeps in the state of a program, and its records around those of the optimizer. */
export interface Feature {
  readonly counters?: readonly CounterEntry[];
  /** Names of blocks laid out as the trained variables, a number for each of theirs; they start as zeros. */
  readonly blocks?: readonly string[];
  /** f64 numbers that its records read, at most `Hyper.Count`. */
  readonly constants?: readonly number[];
  /** What changes the gradients of an update. */
  beforeUpdate?(context: FeatureContext): RecordDraft[];
  /** What changes trained variables after the optimizer, which has kept what they were. */
  afterUpdate?(context: FeatureContext): RecordDraft[];
  /** What writes its blocks and counters, after an update was found finite. */
  commit?(context: FeatureContext): RecordDraft[];
  /** Those that its records need. Default: those that train. */
  readonly kernels?: KernelLink;
}

/** Where what a feature works on is. */
export interface FeatureContext {
  /** Elements of the regions `trained` and `gradients`. */
  readonly trained: number;
  /** The part of these regions that each trained variable has, with its padding. */
  readonly variables: ReadonlyMap<string, VariableStretch>;
  /** Its constants. */
  readonly constants: OperandRef;
}

export interface VariableStretch extends Stretch {
  readonly shape: Shape;
}

/** Region of a feature's block. */
export const blockOf = (name: string): string => `block ${name}`;
