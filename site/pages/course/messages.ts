/**
 * What a program in a cell says. It runs where it can say anything, so whoever hears it, the frame and the page, takes a message apart and
 * makes a new one of what it knows: text, numbers, nothing else, and not too much of it.
 */

/** Something to show. */
export type Block =
  | { readonly kind: "heading"; readonly title: string; readonly claim: string }
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: "check"; readonly what: string; readonly holds: boolean }
  | { readonly kind: "bars"; readonly bars: readonly Bar[] }
  /** The text of an SVG, as `wasmgrad/plot` writes it, without so many pixels at its top. */
  | { readonly kind: "plot"; readonly svg: string; readonly label: string; readonly cut: number };
export interface Bar {
  readonly text: string;
  /** Of the longest one. */
  readonly share: number;
}

export type Message =
  | Block
  /** What comes from here on is not shown. */
  | { readonly kind: "cut"; readonly why: string }
  /** The program ended. */
  | { readonly kind: "end"; readonly seconds: number }
  | { readonly kind: "failed"; readonly what: string; readonly line: number };

/** Code to run, and what it needs. */
export interface Order {
  /** The program as a classic script that calls `wasmgradCell.run`. */
  readonly code: string;
  /** Texts of `cell/modules/`, by name. */
  readonly modules: Readonly<Record<string, string>>;
  /** Width of plots in pixels. */
  readonly width: number;
}

export const MOST = { text: 20_000, columns: 40, rows: 1000, bars: 200, svg: 2_000_000 };

const textOf = (value: unknown, most = MOST.text): string =>
  typeof value === "string" ? value.slice(0, most) : "";
const listOf = (value: unknown, most: number): unknown[] =>
  Array.isArray(value) ? value.slice(0, most) : [];
const numberOf = (value: unknown): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

/** A message made of what is known of the given thing; undefined for what is no message. */
export function readMessage(given: unknown): Message | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const { kind, ...said } = given as Record<string, unknown>;
  switch (kind) {
    case "heading":
      return { kind, title: textOf(said.title), claim: textOf(said.claim) };
    case "text":
      return { kind, text: textOf(said.text) };
    case "table": {
      const cells = (row: unknown) => listOf(row, MOST.columns).map((cell) => textOf(cell, 1000));
      return { kind, head: cells(said.head), rows: listOf(said.rows, MOST.rows).map(cells) };
    }
    case "check":
      return { kind, what: textOf(said.what), holds: said.holds === true };
    case "bars":
      return {
        kind,
        bars: listOf(said.bars, MOST.bars).map((bar) => {
          const { text, share } = Object(bar) as Record<string, unknown>;
          return { text: textOf(text, 100), share: Math.min(1, Math.max(0, numberOf(share))) };
        }),
      };
    case "plot":
      return {
        kind,
        svg: textOf(said.svg, MOST.svg),
        label: textOf(said.label, 300),
        cut: numberOf(said.cut),
      };
    case "cut":
      return { kind, why: textOf(said.why, 300) };
    case "end":
      return { kind, seconds: Math.max(0, numberOf(said.seconds)) };
    case "failed":
      return { kind, what: textOf(said.what, 2000), line: Math.max(0, Math.floor(numberOf(said.line))) };
    default:
      return undefined;
  }
}

/** Characters of a message, about. */
export function sizeOf(message: Message): number {
  let size = 20;
  const add = (value: unknown): void => {
    if (typeof value === "string") size += value.length + 1;
    else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) add(part);
  };
  add(message);
  return size;
}
