import { plot } from "asciichart";
import { describe } from "../describe.ts";
import { DataError, OptionError } from "../errors.ts";
import { oneOf, refuseMore } from "../options.ts";
import { isTypedArray } from "../realm.ts";
import type { Chart } from "./echarts.ts";
import {
  type Drawing,
  draw,
  formatNumber,
  type PlotOptions,
  type PlotTarget,
  type Plotted,
  readPlotOptions,
  type TextCanvas,
} from "./output.ts";

/** Columns of numbers by name, as `history` of a `fit`: one number an entry, all equally long. */
export interface CurveColumns {
  readonly [name: string]: ArrayLike<number> | undefined;
}

/** What `fit` resolves to, as far as a curve needs it. */
export interface CurveResult {
  readonly history: ArrayLike<number> | object;
  /** Epochs (or steps) from one entry to the next. */
  readonly historyEvery?: number;
  readonly best?: { readonly epoch: number };
}

export interface LossCurveOptions<T extends PlotTarget = PlotTarget> extends PlotOptions<T> {
  /** Columns of the history to draw. Default: the loss, and that of validation. */
  readonly columns?: readonly string[];
  /** `"log"` shows how a loss falls over several powers of ten; SVG and canvas only. Default: `"linear"`. */
  readonly scale?: "linear" | "log";
}

/** A column to draw. */
interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

const LINES = 12;
const LABEL_COLUMNS = 9;
/** Columns that a short history is stretched to. */
const SHORTEST = 50;
/** Symbols of asciichart; without colours the second series is dashed. */
const SOLID = ["┼", "┤", "╶", "╴", "─", "╰", "╭", "╮", "╯", "│"];
const DASHED = ["┼", "┤", "╶", "╴", "╌", "╰", "╭", "╮", "╯", "╎"];
const DEFAULT_COLUMNS = ["loss", "validationLoss"];

/**
 * The loss over the epochs of a `fit`, and the loss of its validation rows where it had some.
 *
 * @param history what `fit` resolves to, its `history`, or one list of losses
 * @param options `to`, `width`, `height`, `color`, `title`, `columns`, `scale`
 * @returns a text or the text of an SVG, or the canvas it was drawn on
 * @throws DataError for a history without entries or with a number that is not finite, OptionError for a column that it has not
 * @example
 * ```ts
 * import { lossCurve } from "wasmgrad/plot";
 *
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * const result = trainer.fitSync({ x: [[0], [1]], y: [1, 3] }, { epochs: 200 });
 * console.log(lossCurve(result));
 * const svg = lossCurve(result, { to: "svg", title: "A line" });
 * ```
 */
export function lossCurve<T extends PlotTarget = "text">(
  history: CurveResult | CurveColumns | ArrayLike<number>,
  options: LossCurveOptions<T> = {},
): Plotted<T> {
  refuseMore("lossCurve", arguments, 2);
  const read = readPlotOptions("lossCurve", options, {
    columns: [undefined, LIST],
    scale: ["linear", oneOf("linear", "log")],
  }) as LossCurveOptions<T>;
  const { series, every, best } = readHistory(history, read.columns);
  if (read.scale === "log") {
    if ((read.to ?? "text") === "text")
      throw new OptionError('lossCurve: scale "log" is for SVG and canvas; got it for text');
    for (const { name, values } of series)
      if (values.some((value) => value <= 0))
        throw new DataError(`lossCurve: a log scale needs numbers > 0; got another in ${describe(name)}`);
  }
  const drawing: Drawing = {
    title: series.map(({ name }) => titleOf(name)).join(" and "),
    text: (canvas) => textOf(series, every, canvas),
    chart: () => chartOf(series, every, best, read.scale ?? "linear"),
  };
  return draw(drawing, read);
}

const LIST = [
  "a list of names of columns",
  (names: unknown) => Array.isArray(names) && names.length > 0 && names.every((n) => typeof n === "string"),
  "object",
] as const;

/** `validationLoss` as people write it. */
const titleOf = (name: string) => name.replaceAll(/\B[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const isList = (value: unknown): value is ArrayLike<number> => Array.isArray(value) || isTypedArray(value);

function readHistory(
  given: CurveResult | CurveColumns | ArrayLike<number>,
  names: readonly string[] | undefined,
): { readonly series: Series[]; readonly every: number; readonly best: number | undefined } {
  if (typeof given !== "object" || given === null)
    throw new DataError(
      `lossCurve: takes what fit resolves to, or its history; got ${describe(given)}`,
      "type",
    );
  const result = "history" in given ? (given as CurveResult) : undefined;
  const history = result ? result.history : given;
  const columns = (isList(history) ? { loss: history } : history) as CurveColumns;
  const known = Object.keys(columns).filter((name) => isList(columns[name]));
  const wanted = names ?? DEFAULT_COLUMNS.filter((name) => known.includes(name));
  for (const name of wanted)
    if (!known.includes(name))
      throw new OptionError(
        `lossCurve: columns must be of the history; got ${describe(name)}. It has: ${known.join(", ")}`,
        "unknown",
      );
  const series = wanted.map((name) => ({ name, values: Array.from(columns[name] as ArrayLike<number>) }));
  if (series.every(({ values }) => values.length === 0))
    throw new DataError("lossCurve: a history must have entries; got none", "missing");
  for (const { name, values } of series) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new DataError(
        `lossCurve: ${name} must be finite numbers; got ${describe(values[bad])} at entry ${bad}`,
        "not-finite",
      );
  }
  return { series, every: result?.historyEvery ?? 1, best: result?.best?.epoch };
}

function textOf(series: readonly Series[], every: number, canvas: TextCanvas): string[] {
  const { width, height = LINES } = canvas;
  const places = width - LABEL_COLUMNS - 3;
  const all = series.flatMap(({ values }) => values);
  const [min, max] = extentOf(all);
  const longest = Math.max(...series.map(({ values }) => values.length));
  const columns = Math.max(2, Math.min(places, Math.max(longest, SHORTEST)));
  const format = (value: number) => formatNumber(value).padStart(LABEL_COLUMNS);
  const grids = series.map(({ values }, i) => {
    const symbols = canvas.hasColor || i === 0 ? SOLID : DASHED;
    const last = Math.max(1, Math.floor(((values.length - 1) * (columns - 1)) / Math.max(1, longest - 1)));
    const shown = resample(values, Math.max(2, last + 1));
    return plot(shown, { height, min, max, format, symbols } as never).split("\n");
  });
  const first = LABEL_COLUMNS + 2;
  const rows = grids[0].map((line, row) => {
    let text = line.slice(0, first);
    for (let at = first; at < first + columns; at++) {
      // The first series is on top: what is trained on is what one looks for.
      const top = grids.findIndex((grid) => (grid[row][at] ?? " ") !== " ");
      text += top < 0 ? " " : canvas.paint(top, grids[top][row][at]);
    }
    return text;
  });
  const from = "1";
  const to = `${longest * every}`;
  const axis = `${" ".repeat(first)}${from}${to.padStart(Math.max(to.length + 1, columns - from.length))}`;
  const legend = series.map(({ name }, i) => {
    const line = canvas.hasColor || i === 0 ? "──" : "╌╌";
    return `${canvas.paint(i, line)} ${titleOf(name)}`;
  });
  return [...rows, axis, `${" ".repeat(first)}${legend.join("   ")}`];
}

/** The least and the greatest, apart by something. */
function extentOf(values: readonly number[]): [number, number] {
  let min = Infinity;
  let max = -Infinity;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return [min, max > min ? max : min + (Math.abs(min) || 1)];
}

/** As many values as there are places, from the first to the last; between two of them on the line that joins them. */
function resample(values: readonly number[], places: number): number[] {
  const last = values.length - 1;
  return Array.from({ length: places }, (_, i) => {
    const at = (i * last) / (places - 1);
    const before = Math.floor(at);
    const after = Math.min(before + 1, last);
    return values[before] + (values[after] - values[before]) * (at - before);
  });
}

function chartOf(
  series: readonly Series[],
  every: number,
  best: number | undefined,
  scale: "linear" | "log",
): Chart {
  const titles = series.map(({ name }) => titleOf(name));
  return {
    legend: {
      data: [...titles, ...(best === undefined ? [] : [BEST])],
      bottom: 6,
      icon: "roundRect",
      itemHeight: 3,
      itemGap: 22,
    },
    grid: { left: 64, right: 28, top: 44, bottom: 72 },
    xAxis: {
      type: "value",
      min: every,
      max: "dataMax",
      name: "epoch",
      nameLocation: "middle",
      nameGap: 26,
      axisLabel: { hideOverlap: true },
    },
    yAxis: { type: scale === "log" ? "log" : "value", scale: true, axisLabel: { formatter: formatNumber } },
    series: [
      ...series.map(({ values }, i) => ({
        type: "line",
        name: titles[i],
        showSymbol: values.length === 1,
        lineStyle: { width: 2 },
        data: values.map((value, entry) => [(entry + 1) * every, value]),
      })),
      ...(best === undefined ? [] : [verticalLine(best, extentOf(series.flatMap(({ values }) => values)))]),
    ],
  };
}

const BEST = "best epoch";

const verticalLine = (at: number, [low, high]: readonly [number, number]) => ({
  type: "line",
  name: BEST,
  showSymbol: false,
  lineStyle: { width: 1.5, type: "dashed", color: "#666666" },
  itemStyle: { color: "#666666" },
  data: [
    [at, low],
    [at, high],
  ],
});
