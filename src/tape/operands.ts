/** The kinds of operands that records are made of, and how each is written in a format (`formats/`). */
import type { Opcode } from "../../assembly/abi.ts";

/** Operand values of one record by name, dimensions and settings resolved. */
export type Resolved = Readonly<Record<string, number>>;

export type Span = (r: Resolved) => number;

/** A numbered list of names, as TypeScript compiles an enum. */
export type EnumObject = Readonly<Record<string, string | number>>;

export interface BufferOperand {
  readonly kind: "in" | "out" | "inout";
  readonly elements: Span;
  readonly elementBytes: 4 | 8;
  /** Offset 0 stands for none. */
  readonly optional: boolean;
  /** What its address must be a multiple of. */
  readonly alignment: 4 | 8 | 16;
  /** Dtype of the value behind it; `any`: 32-bit words that are only moved. */
  readonly dtype: "f32" | "i32" | "f64" | "any";
}

export type Operand =
  | BufferOperand
  /** A working area whose content means nothing before or after the records of one node; private: one for each part. */
  | { readonly kind: "scratch"; readonly bytes: Span; readonly shared: boolean }
  /** A dimension or stride: `d < 0` stands for `-d` times the rows of the pass. */
  | { readonly kind: "dim" }
  | { readonly kind: "int"; readonly of?: EnumObject }
  | { readonly kind: "f32" }
  /** A word of the run block, given by its index: what a run may change without writing to the tape. */
  | { readonly kind: "setting"; readonly of?: EnumObject }
  /** A column of the table of rates; the kernel gets the f64 of the current row. */
  | { readonly kind: "rate" }
  /** Bytes from each `inout` buffer of the record to where its old content is kept, for undoing an update. */
  | { readonly kind: "mirror" }
  /** Address of the word that every writer of state folds what is not finite into. Takes no word of the tape. */
  | { readonly kind: "guard" }
  /** Address of the run block. Takes no word of the tape. */
  | { readonly kind: "run" };

type BufferKind = BufferOperand["kind"];
type BufferOptions = Partial<Omit<BufferOperand, "kind" | "elements">>;

const buffer = (kind: BufferKind, elements: Span, options: BufferOptions = {}): BufferOperand => ({
  kind,
  elements,
  elementBytes: 4,
  optional: false,
  alignment: 16,
  dtype: "f32",
  ...options,
});
export const input = (elements: Span, options?: BufferOptions) => buffer("in", elements, options);
export const output = (elements: Span, options?: BufferOptions) => buffer("out", elements, options);
export const inout = (elements: Span, options?: BufferOptions) => buffer("inout", elements, options);
export const optional = { optional: true } as const;
/** A list of f64 outside the state: constants of an optimizer. */
export const doubles = (count: number) =>
  buffer("in", () => count, { elementBytes: 8, alignment: 8, dtype: "f64" });
/** One f64 of the state, by name. */
export const counter = (kind: "in" | "inout" = "in") =>
  buffer(kind, () => 1, { elementBytes: 8, alignment: 8, dtype: "f64" });

/** @param bytes may depend on dimensions, and must not grow when a pass has fewer rows */
export const scratch = (bytes: Span) => ({ kind: "scratch", bytes, shared: false }) as const;
export const sharedScratch = (bytes: Span) => ({ kind: "scratch", bytes, shared: true }) as const;
export const dim = { kind: "dim" } as const;
export const int = { kind: "int" } as const;
export const f32 = { kind: "f32" } as const;
export const oneOf = (of: EnumObject) => ({ kind: "int", of }) as const;
export const setting = (of?: EnumObject) => ({ kind: "setting", of }) as const;
export const rate = { kind: "rate" } as const;
export const mirror = { kind: "mirror" } as const;
export const guard = { kind: "guard" } as const;
export const run = { kind: "run" } as const;

export const isBuffer = (operand: Operand): operand is BufferOperand =>
  operand.kind === "in" || operand.kind === "out" || operand.kind === "inout";

/** Whether an operand has a word on the tape. */
export const hasWord = ({ kind }: Operand): boolean => kind !== "guard" && kind !== "run";

/** The links of the kernels, in their order: each needs all of those before it. */
export const LINKS = ["predict", "train", "extended", "deep"] as const;
export type Link = (typeof LINKS)[number];

/** One kind of record. */
export interface RecordFormat {
  readonly opcode: Opcode;
  /** The kernel's function. */
  readonly name: string;
  /** Its file in `assembly/kernels`. */
  readonly file: string;
  /** The link that has it. */
  readonly link: Link;
  /** In the order of the kernel's parameters; `part` and `parts` follow them. */
  readonly operands: Readonly<Record<string, Operand>>;
}

/**
 * The format of a kind of record. A call of it is marked as pure: bundlers drop what no op of a page writes.
 *
 * @param operands as a function, which is dropped with it, whatever it calls
 */
export const record = <K extends Opcode, O extends RecordFormat["operands"]>(
  opcode: K,
  name: string,
  file: string,
  link: Link,
  operands: () => O,
) => ({ opcode, name, file, link, operands: operands() });

/** The operands of a record that have a word on the tape. */
export type FieldsOf<F extends RecordFormat> = {
  [N in keyof F["operands"] as F["operands"][N] extends { readonly kind: "guard" | "run" }
    ? never
    : N]: number;
};
