/** ECharts with what the plots use and nothing else: in the package this is a file of its own, `dist/chunks/echarts.js`. */
import { BarChart, CustomChart, LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent, VisualMapComponent } from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

/** A chart as ECharts describes it. */
export type Chart = Readonly<Record<string, unknown>>;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** What `renderToSVGString` calls, which has fewer options. */
interface SvgPainter {
  renderToString(options: Readonly<Record<string, boolean>>): string;
}

let isReady = false;

function prepare(): void {
  if (isReady) return;
  use([BarChart, CustomChart, LineChart, ScatterChart]);
  use([GridComponent, LegendComponent, TitleComponent, VisualMapComponent, CanvasRenderer, SVGRenderer]);
  // Without a canvas to measure on, the width of a text comes from a table, so that it is the same in every engine.
  setPlatformAPI({ createCanvas: () => null as unknown as HTMLCanvasElement });
  isReady = true;
}

/** The chart as the text of an SVG. */
export function renderSvg(chart: Chart, { width, height }: Size): string {
  prepare();
  const instance = init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    instance.setOption(chart);
    const { painter } = instance.getZr() as unknown as { painter: SvgPainter };
    // A picture: styles for a pointer above it would change its colours, and are numbered by all charts of a process.
    const text = painter.renderToString({ cssEmphasis: false, cssAnimation: false, useViewBox: true });
    return text.replaceAll(/ ecmeta_\w+="[^"]*"/g, "");
  } finally {
    instance.dispose();
  }
}

/** Draws the chart on a canvas, at once. */
export function drawOnCanvas(chart: Chart, canvas: object, { width, height }: Size): void {
  prepare();
  const settings = { renderer: "canvas", width, height, devicePixelRatio: 1 } as const;
  const instance = init(canvas as HTMLCanvasElement, null, settings);
  try {
    instance.setOption(chart);
    const zr = instance.getZr();
    zr.flush();
    // The picture stays when what drew it goes.
    Object.assign(zr.painter, { clear() {} });
  } finally {
    instance.dispose();
  }
}
