import { describe } from "../describe.ts";
import { DataError } from "../errors.ts";
import { COUNT, refuseMore } from "../options.ts";
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

/** Numbers: a list, an array with its shape, as a parameter is, or numbers that were counted already. */
export type HistogramNumbers = ArrayLike<number> | { readonly data: ArrayLike<number> } | HistogramCounts;

/** Numbers that were counted already, as those of `inspect` are: in intervals of equal width from `min` to `max`. */
export interface HistogramCounts {
  readonly histogram: readonly number[];
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Root of the mean square. */
  readonly rms: number;
}

/** Numbers, or numbers by name, such as `trainer.parameters` and `inspect(trainer, data).gradients`. */
export type HistogramValues = HistogramNumbers | { readonly [name: string]: HistogramNumbers };

export interface HistogramOptions<T extends PlotTarget = PlotTarget> extends PlotOptions<T> {
  /** Intervals of equal width from the least number to the greatest. Default: 20, in text 12; of counted numbers those they have. */
  readonly bins?: number;
}

/** How many of the numbers fall into each interval. */
interface Bins {
  readonly name: string;
  readonly low: number;
  readonly width: number;
  readonly counts: readonly number[];
  readonly mean: number;
  readonly deviation: number;
}

const TEXT_BINS = 12;
const CHART_BINS = 20;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/**
 * How numbers are distributed: the weights of a layer, of all layers, or any others.
 *
 * @param values a list, a parameter, or several by name, such as `trainer.parameters` and what `inspect` found, of which each gets a
 *   plot of its own
 * @returns a text or the text of an SVG, or the canvas it was drawn on
 * @throws DataError for an empty list, or a number that is not finite
 * @example
 * ```ts
 * import { histogram } from "wasmgrad/plot";
 *
 * const predictor = compile(sequential({ input: [4] }, [dense(32), dense(2)]));
 * console.log(histogram(predictor.parameters["dense1.weight"]));
 * const svg = histogram(predictor.parameters, { to: "svg", height: 600 });
 * ```
 */
export function histogram<T extends PlotTarget = "text">(
  values: HistogramValues,
  options: HistogramOptions<T> = {},
): Plotted<T> {
  refuseMore("histogram", arguments, 2);
  const read = readPlotOptions("histogram", options, {
    bins: [undefined, COUNT],
  }) as HistogramOptions<T>;
  const bins = read.bins ?? ((read.to ?? "text") === "text" ? (read.height ?? TEXT_BINS) : CHART_BINS);
  const all = readValues(values).map(([name, numbers]) =>
    isCounted(numbers) ? binsOfCounts(name, numbers) : binsOf(name, numbers, bins),
  );
  const drawing: Drawing = {
    title: all.length === 1 ? all[0].name || "histogram" : "parameters",
    text: (canvas) => all.flatMap((one) => textOf(one, all.length > 1, canvas)),
    chart: (size) => chartOf(all, size),
  };
  return draw(drawing, read);
}

const isList = (value: unknown): value is ArrayLike<number> => Array.isArray(value) || isTypedArray(value);
const isCounted = (value: unknown): value is HistogramCounts =>
  isList((value as HistogramCounts | null)?.histogram);
const dataOf = (value: unknown): unknown =>
  isList(value) || isCounted(value) ? value : (value as { data?: unknown } | null)?.data;

function readValues(given: HistogramValues): [name: string, numbers: ArrayLike<number> | HistogramCounts][] {
  const own = dataOf(given);
  const entries: [string, unknown][] =
    isList(own) || isCounted(own)
      ? [["", own]]
      : Object.entries(Object(given)).map(([name, value]) => [name, dataOf(value)]);
  if (entries.length === 0 || !entries.every(([, numbers]) => isList(numbers) || isCounted(numbers)))
    throw new DataError(
      `histogram: takes numbers, a parameter, or trainer.parameters; got ${describe(given)}`,
      "type",
    );
  return entries.map(([name, numbers]) => {
    const of = name ? `${name}: ` : "";
    if (isCounted(numbers)) {
      if (numbers.histogram.every((count) => count === 0))
        throw new DataError(`histogram: ${of}needs finite numbers; got none`, "missing");
      return [name, numbers];
    }
    const list = numbers as ArrayLike<number>;
    if (list.length === 0) throw new DataError(`histogram: ${of}needs numbers; got none`, "missing");
    for (let i = 0; i < list.length; i++)
      if (!Number.isFinite(list[i]))
        throw new DataError(
          `histogram: ${of}numbers must be finite; got ${describe(list[i])} at ${i}`,
          "not-finite",
        );
    return [name, list];
  });
}

function binsOf(name: string, numbers: ArrayLike<number>, bins: number): Bins {
  let low = Infinity;
  let high = -Infinity;
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) {
    low = Math.min(low, numbers[i]);
    high = Math.max(high, numbers[i]);
    sum += numbers[i];
  }
  const mean = sum / numbers.length;
  let squares = 0;
  for (let i = 0; i < numbers.length; i++) squares += (numbers[i] - mean) * (numbers[i] - mean);
  const width = (high - low) / bins;
  const counts = new Array<number>(width > 0 ? bins : 1).fill(0);
  for (let i = 0; i < numbers.length; i++)
    counts[width > 0 ? Math.min(bins - 1, Math.floor((numbers[i] - low) / width)) : 0]++;
  return { name, low, width, counts, mean, deviation: Math.sqrt(squares / numbers.length) };
}

function binsOfCounts(name: string, { histogram: counts, min, max, mean, rms }: HistogramCounts): Bins {
  const width = (max - min) / counts.length;
  const deviation = Math.sqrt(Math.max(0, rms * rms - mean * mean));
  return { name, low: min, width, counts: width > 0 ? counts : counts.slice(0, 1), mean, deviation };
}

const summary = ({ counts, mean, deviation }: Bins) =>
  `${counts.reduce((a, b) => a + b, 0)} numbers, mean ${formatNumber(mean)}, ` +
  `standard deviation ${formatNumber(deviation)}`;

function textOf(bins: Bins, isNamed: boolean, canvas: TextCanvas): string[] {
  const { low, width, counts } = bins;
  const most = Math.max(...counts);
  const from = counts.map((_, i) => formatEdge(low + i * width, width).padStart(10));
  const room = Math.max(4, canvas.width - 10 - 2 - `${most}`.length - 1);
  const rows = counts.map((count, i) => {
    const eighths = Math.floor((count / most) * room * 8 + 0.5);
    const bar = "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
    return `${from[i]} ┤${canvas.paint(0, bar)} ${count}`;
  });
  return [...(isNamed ? [canvas.bold(bins.name)] : []), ...rows, `${" ".repeat(11)}${summary(bins)}`];
}

/** An edge of an interval with as many decimals as tell it from the next one. */
function formatEdge(value: number, width: number): string {
  if (width === 0) return formatNumber(value);
  let decimals = 0;
  for (let step = width; step < 10 && decimals < 8; step *= 10) decimals++;
  const text = value.toFixed(decimals).replace(/^-(?=[0.]*$)/, "");
  return text.length > 10 ? formatNumber(value) : text;
}

function chartOf(all: readonly Bins[], { width, height }: { width: number; height: number }): Chart {
  const across = Math.min(all.length, Math.max(1, Math.min(2, Math.floor(width / 300))));
  const down = Math.ceil(all.length / across);
  const [cellWidth, cellHeight] = [width / across, (height - 40) / down];
  const index = all.map((_, i) => i);
  const place = (i: number) => ({
    left: (i % across) * cellWidth + 54,
    top: 40 + Math.floor(i / across) * cellHeight + 24,
    width: Math.max(20, cellWidth - 74),
    height: Math.max(20, cellHeight - 64),
  });
  return {
    grid: index.map(place),
    xAxis: all.map(({ low, width: step, counts }, gridIndex) => {
      const high = low + (step || 0) * counts.length;
      const range = step > 0 ? { min: low, max: high } : { min: low - 1, max: low + 1 };
      return {
        type: "value",
        gridIndex,
        ...range,
        splitLine: { show: false },
        axisLine: { onZero: false },
        axisLabel: { formatter: formatNumber, showMinLabel: false, showMaxLabel: false, hideOverlap: true },
        name: all.length === 1 ? summary(all[0]) : all[gridIndex].name,
        nameLocation: "middle",
        nameGap: 24,
      };
    }),
    yAxis: index.map((gridIndex) => ({
      type: "value",
      gridIndex,
      minInterval: 1,
      splitNumber: 3,
      axisLine: { onZero: false },
    })),
    series: all.map(({ low, width: step, counts }, i) => ({
      type: "custom",
      xAxisIndex: i,
      yAxisIndex: i,
      data: counts.map((count, bin) => [low + bin * step, count, step || 1]),
      encode: { x: 0, y: 1 },
      renderItem: (_: unknown, api: BarApi) => {
        const [from, count, span] = [api.value(0), api.value(1), api.value(2)];
        const start = step > 0 ? from : from - 0.5;
        const [x, y] = api.coord([start, count]);
        const [right, bottom] = api.coord([start + span, 0]);
        const gap = right - x > 4 ? 1 : 0;
        return {
          type: "rect",
          shape: { x, y, width: right - x - gap, height: bottom - y },
          style: { fill: "#0072b2" },
        };
      },
    })),
  };
}

/** What ECharts gives to whoever draws the bars. */
interface BarApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}
