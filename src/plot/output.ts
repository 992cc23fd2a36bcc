/** Where a plot goes: the options all plots share, and the way from a plot to a text, an SVG or a canvas. */
import { Ansis } from "ansis";
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { BOOLEAN, check, type Rule, readOptions, STRING } from "../options.ts";
import { type Chart, drawOnCanvas, renderSvg } from "./echarts.ts";

/** A canvas of a page, an OffscreenCanvas, or one of a package for Node. */
export interface CanvasLike {
  width: number;
  height: number;
  getContext(type: "2d"): unknown;
}

/** Where a plot can go: text for a terminal, the text of an SVG, or a canvas. */
export type PlotTarget = "text" | "svg" | CanvasLike;

/** What every plot takes. */
export interface PlotOptions<T extends PlotTarget = PlotTarget> {
  /** `"text"` for a terminal, `"svg"`, or a canvas to draw on, which is given back. Default: `"text"`. */
  readonly to?: T;
  /** Pixels, or columns of text. Default: 640 pixels, the canvas' own, or 80 columns. */
  readonly width?: number;
  /** Pixels, or lines of the drawing itself. Default: 400 pixels, the canvas' own, or what suits the plot. */
  readonly height?: number;
  /** Of text: whether it has ANSI colours. Default: whether stdout is a terminal that shows them. */
  readonly color?: boolean;
  /** The line above the plot. Default: what it shows. */
  readonly title?: string;
}

/** What a plot gives: a string, or the canvas it was given. */
export type Plotted<T extends PlotTarget> = T extends string ? string : T;

const PIXELS = { width: 640, height: 400 };
const COLUMNS = 80;

const LENGTH: Rule = [
  "a whole number from 16 to 16384",
  (n: number) => Number.isSafeInteger(n) && n >= 16 && n <= 16384,
];
const LINES: Rule = [
  "a whole number from 2 to 16384",
  (n: number) => Number.isSafeInteger(n) && n >= 2 && n <= 16384,
];

/** The table of `readOptions` for what every plot takes. */
export const PLOT_OPTIONS = {
  to: ["text" as PlotTarget] as const,
  width: [undefined as number | undefined, LENGTH] as const,
  height: [undefined as number | undefined, LINES] as const,
  color: [undefined as boolean | undefined, BOOLEAN] as const,
  title: [undefined as string | undefined, STRING] as const,
} as const;

/** How a plot draws itself in each way. */
export interface Drawing {
  readonly title: string;
  /** Lines of text without the title. */
  text(canvas: TextCanvas): string[];
  /** What ECharts draws; title, colours and fonts are added. */
  chart(size: { readonly width: number; readonly height: number }): Chart;
}

/** What a plot of text may use. */
export interface TextCanvas {
  /** Columns. */
  readonly width: number;
  /** Lines that were asked for. */
  readonly height: number | undefined;
  readonly hasColor: boolean;
  /** Writes a text in the colour of a series. */
  paint(series: number, text: string): string;
  /** Writes a text in dark letters on a colour. */
  mark(color: string, text: string): string;
  bold(text: string): string;
}

/** Okabe and Ito, Color Universal Design, 2008: told apart by colour-blind people too. Black is last and grey here. */
export const PALETTE = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#d55e00",
  "#cc79a7",
  "#56b4e9",
  "#f0e442",
  "#999999",
] as const;

export const colorOf = (series: number): string => PALETTE[series % PALETTE.length];

/** `from` and `to` as `#rrggbb`; share 0 gives the first, 1 the second. */
export function mix(from: string, to: string, share: number): string {
  const channel = (color: string, i: number) => Number.parseInt(color.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mixed = [0, 1, 2].map((i) => {
    const value = channel(from, i) + (channel(to, i) - channel(from, i)) * share;
    return Math.floor(value + 0.5)
      .toString(16)
      .padStart(2, "0");
  });
  return `#${mixed.join("")}`;
}

const isCanvas = (to: unknown): to is CanvasLike =>
  typeof to === "object" && to !== null && typeof (to as CanvasLike).getContext === "function";

/** Options of a plot beside those that all have, in the form of `readOptions`. */
type More = Record<string, readonly [unknown?, Rule?]>;

/** The options of a plot, read and checked before anything is drawn. */
export function readPlotOptions<T extends PlotTarget>(
  who: string,
  options: PlotOptions<T>,
  more: More = {},
): PlotOptions<T> & Record<string, unknown> {
  const read = readOptions(who, options as object, { ...PLOT_OPTIONS, ...more } as never) as PlotOptions<T>;
  const { to } = read;
  if (to !== "text" && to !== "svg" && !isCanvas(to))
    throw new OptionError(`${who}: to must be "text", "svg" or a canvas; got ${describe(to)}`);
  if (to !== "text" && read.height !== undefined) check(who, "height", read.height, LENGTH);
  return read as PlotOptions<T> & Record<string, unknown>;
}

/** Draws to where the options say. */
export function draw<T extends PlotTarget>(drawing: Drawing, options: PlotOptions<T>): Plotted<T> {
  const { to = "text", title = drawing.title, color, width, height } = options;
  if (to === "text") {
    const canvas = textCanvas(width ?? COLUMNS, height, color);
    const lines = [...(title ? [canvas.bold(title)] : []), ...drawing.text(canvas)];
    return lines.map((line) => line.trimEnd()).join("\n") as Plotted<T>;
  }
  const own = isCanvas(to) ? to : PIXELS;
  const size = { width: width ?? own.width, height: height ?? own.height };
  const chart = { ...FRAME, title: { ...TITLE, text: title }, ...drawing.chart(size) };
  if (!isCanvas(to)) return named(renderSvg(chart, size), title) as Plotted<T>;
  drawOnCanvas(chart, to, size);
  return to as unknown as Plotted<T>;
}

function textCanvas(width: number, height: number | undefined, color: boolean | undefined): TextCanvas {
  const level = color === undefined ? levelOfTerminal() : color ? 3 : 0;
  const ansi = new Ansis(level);
  return {
    width,
    height,
    hasColor: level > 0,
    paint: (series, text) => (text.trim() === "" ? text : ansi.hex(colorOf(series))(text)),
    mark: (hex, text) => ansi.hex("#000000").bgHex(hex)(text),
    bold: (text) => ansi.bold(text),
  };
}

/** Colours that stdout shows, 0 for none; a page has no stdout. */
function levelOfTerminal(): number {
  const { process } = globalThis as { process?: { stdout?: { isTTY?: boolean } } };
  return process?.stdout?.isTTY ? new Ansis().level : 0;
}

const FRAME: Chart = {
  animation: false,
  backgroundColor: "#ffffff",
  color: PALETTE,
  textStyle: { fontFamily: "sans-serif" },
};
const TITLE = { left: "center", top: 8, textStyle: { fontSize: 15, color: "#222222" } };

/**
 * The SVG with a name for screen readers, and with ids of its own: ECharts numbers them by the charts a process has drawn,
 * which would make the same plot differ, and two plots of one page may not share ids.
 */
function named(svg: string, title: string): string {
  const plain = svg.replaceAll(/\bzr\d+-/g, "plot-");
  const escaped = title.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  return plain
    .replaceAll("plot-", `plot-${checksum(plain)}-`)
    .replace("<svg ", `<svg role="img" aria-label="${escaped}" `);
}

/** FNV-1a over the characters of a text, as eight hexadecimal digits. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A number in few characters: four digits, without trailing zeros. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace(/\.?0+e/, "e");
  return String(Number(value.toPrecision(4)));
}
