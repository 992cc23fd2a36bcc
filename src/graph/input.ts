/**
 * What becomes of the rows of an input before they reach the graph: steps in f64, at the border. The graph knows their
 * result alone; steps and columns are plain data that belong to the model, and their code comes with the layers that
 * make them, so that pages without them do not carry it.
 */
import type { Jobs } from "../steps.ts";
import type { Shape } from "./shape.ts";
import type { ValueId } from "./type.ts";

export interface Port {
  readonly name: string;
  readonly value: ValueId;
}

/** The part that all columns have. */
export interface ColumnName {
  /** The key of the column in row objects. */
  readonly name: string;
}

/** What becomes of a column of numbers. */
export interface NumberSettings {
  /** What takes the place of missing values: a statistic of the column, or this number. Default: `"mean"`. */
  readonly with?: "mean" | "median" | number;
  /** Whether another column says where values were missing: 1 there, else 0. Default: false. */
  readonly indicator?: boolean;
  /** How the column is scaled. Default: `"standardize"`. */
  readonly scale?: "standardize" | "minMax" | "none";
}

/** A column of a table that a model reads: plain data for JSON. */
export type Column =
  | (ColumnName & { readonly kind: "number" } & NumberSettings)
  | (ColumnName & {
      /** One of a list of names; what is missing or not in the list has a place of its own, the last. */
      readonly kind: "category";
      readonly categories: readonly string[];
    })
  | (ColumnName & {
      /** ISO 8601 text, read as milliseconds since 1970 in UTC. */
      readonly kind: "date";
    } & NumberSettings);

/** A preprocessing layer as plain data: its name, what it does, and to which columns as they stand there. */
export interface InputStep {
  readonly name: string;
  readonly kind: "standardize" | "minMax" | "impute" | "oneHot";
  readonly columns: readonly number[] | "all";
  /** Of `impute`. */
  readonly with?: "mean" | "median" | number;
  readonly indicator?: boolean;
  /** Of `oneHot`: how many categories each of the columns has. */
  readonly categories?: readonly number[];
  readonly unseen?: boolean;
}

/** Numbers that a step learns from rows: f64 counters of the state. */
export interface FittedEntry {
  /** `standardize1.mean`; the flag of a step is `standardize1.fitted`, and stands before its numbers. */
  readonly name: string;
  readonly kind: "flag" | "fitted" | "spread";
  readonly length: number;
}

/** What the flag of a step says. */
export enum Fitted {
  Not = 0,
  ByFit = 1,
  /** Stays when a trainer is reset. */
  ByAdapt = 2,
}

/** The code of an input's steps. `numbers` are what the state has fitted for this input, in the order of `fitted`. */
export interface Preprocessing {
  /** One row as it is given, and its numbers. */
  readonly shape: Shape;
  readonly rowElements: number;
  /** The last axis behind each step; that of the last one reaches the graph. */
  readonly widths: readonly number[];
  readonly fitted: readonly FittedEntry[];
  /** @throws ShapeError where the data cannot be rows of this input */
  countRows(what: string, given: unknown): number;
  /** Reads rows `from .. from + count - 1` into `into` at `at`; every number is checked. */
  read(what: string, given: unknown, from: number, count: number, into: Float64Array, at: number): void;
  /**
   * Does all steps for `count` raw rows, the first of which is row `from` in errors.
   *
   * @param checked whether numbers that are not finite in single precision are refused
   */
  transform(
    what: string,
    raw: Float64Array,
    rawAt: number,
    from: number,
    count: number,
    numbers: Float64Array,
    into: Float32Array,
    at: number,
    checked: boolean,
  ): void;
  /** The name of the first step that must be fitted and is not; the numbers of this input begin at `from`. */
  unfitted(numbers: Float64Array, from: number): string | undefined;
  /**
   * Fits the steps to all raw rows, once the jobs are done: those that are not fitted, or all of them by `adapt`.
   * Absent where the steps came from a file for predicting alone.
   */
  fit?(what: string, raw: Float64Array, numbers: Float64Array, by: Fitted, jobs: Jobs): void;
}

export interface InputPort extends Port {
  /** Of an input made of columns: what each is. */
  readonly columns?: readonly Column[];
  readonly steps?: readonly InputStep[];
  readonly preprocessing?: Preprocessing;
  /** What the fitted numbers are in a fresh program; none: the steps are not fitted. */
  readonly initial?: readonly number[];
}

export interface OutputPort extends Port {
  /** Targets are standardized before they meet the loss, and predictions brought back. */
  readonly targets?: "standardize";
  readonly initial?: readonly number[];
}

/** The fitted numbers of an output whose targets are standardized. */
export const targetEntries = (output: string, rowElements: number): readonly FittedEntry[] => [
  { name: `targets.${output}.fitted`, kind: "flag", length: 1 },
  { name: `targets.${output}.mean`, kind: "fitted", length: rowElements },
  { name: `targets.${output}.spread`, kind: "spread", length: rowElements },
];
