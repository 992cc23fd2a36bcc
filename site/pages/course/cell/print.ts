/** `examples/lessons/print.ts` for a page: the same functions, which say what to show instead of printing it. */
import { show } from "../../../../examples/lessons/show.ts";
import { bringPlots } from "./plots.ts";
import { say as tell } from "./say.ts";

export { show };

/** Pixels at the top of a plot that its title would take. */
const TITLE = 34;

/** The heading of a lesson: its title, what it claims, and its problem's number in the problem set where it has one. */
export function lesson(title: string, claim: string, problem?: string): void {
  tell({ kind: "heading", title: problem ? `${title} (${problem})` : `${title}`, claim: `${claim}` });
}

export const say = (text = ""): void => tell({ kind: "text", text: `${text}` });

/** Rows in columns: the first to the left, the others to the right; numbers with six digits. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cell = (c: string | number) => (typeof c === "number" ? show(c) : `${c}`);
  tell({ kind: "table", head: head.map(String), rows: rows.map((row) => row.map(cell)) });
}

/** States a result that was computed, and ends the lesson where it does not hold. */
export function check(what: string, holds: boolean): void {
  tell({ kind: "check", what: `${what}`, holds });
  if (!holds) throw new Error(`the lesson's claim must hold; got a failure of: ${what}`);
}

/** One or more curves over their index. */
export function curve(
  series: readonly (readonly number[])[],
  { names = [] }: { width?: number; height?: number; names?: readonly string[] } = {},
): void {
  const { lossCurve, width } = bringPlots();
  const length = Math.max(...series.map((s) => s.length));
  // Columns of a history are equally long: a curve that ends earlier keeps its last value.
  const column = (s: readonly number[]) => Array.from({ length }, (_, t) => s[Math.min(t, s.length - 1)]);
  const nameOf = (i: number) => names[i] ?? (series.length > 1 ? `curve ${i + 1}` : "value");
  const named = Object.fromEntries(series.map((s, i) => [nameOf(i), column(s)]));
  const columns = Object.keys(named);
  const svg = lossCurve(named, { to: "svg", width, height: 260, title: " ", columns });
  // What is plotted need not be a loss, nor its index an epoch.
  const drawing = svg.replace(/<text[^>]*>epoch<\/text>/, "");
  tell({ kind: "plot", svg: drawing, label: `Plot of ${columns.join(", ")}`, cut: TITLE });
}

/** Values from 0 up as bars. */
export function bars(values: readonly number[]): void {
  const most = Math.max(...values);
  tell({ kind: "bars", bars: values.map((v) => ({ text: show(v, 3), share: v / most })) });
}

/** A function from the square around the unit square to [0, 1]; the corners of the unit square carry their labels. */
export function square(
  f: (points: [number, number][]) => ArrayLike<number>,
  corners: readonly string[],
  _size: { columns?: number; lines?: number } = {},
): void {
  const { decisionBoundary, width } = bringPlots();
  const valuesOf = ({ data }: { data: ArrayLike<number> }) =>
    f(Array.from({ length: data.length / 2 }, (_, i): [number, number] => [data[2 * i], data[2 * i + 1]]));
  const labels = [...new Set(corners)].sort();
  const answers = (x: never) =>
    Array.from(valuesOf(x), (v) => {
      const index = v >= 0.5 ? 1 : 0;
      return { index, label: labels[index], probability: index === 1 ? v : 1 - v };
    });
  const model = {
    predict: (x: never) => ({ data: valuesOf(x), shape: [(x as { shape: number[] }).shape[0], 1] }),
    classify: answers,
    manifest: () => ({ options: { labels } }),
  };
  const data = {
    x: [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ],
    y: corners,
    columns: [{ name: "x1" }, { name: "x2" }],
  };
  const options = {
    to: "svg",
    width: Math.min(width, 420),
    height: 360,
    resolution: 64,
    title: " ",
  } as const;
  const label = `Plane of x1 and x2 in the colours of the answers; the corners are ${corners.join(", ")}`;
  tell({ kind: "plot", svg: decisionBoundary(model, data, options), label, cut: TITLE });
}
