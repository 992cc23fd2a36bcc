/** Draws what a model says of each cell of a plane, and the points it learned from. */
import type { Chart } from "./echarts.ts";
import { colorOf, formatNumber, mix, type TextCanvas } from "./output.ts";

interface Plane {
  /** Cells of a row, and rows of cells. */
  readonly across: number;
  readonly down: number;
  /** What the cells cover: of x, and of y. */
  readonly extents: readonly [readonly [number, number], readonly [number, number]];
  readonly names: readonly [string, string];
  readonly points: readonly (readonly [number, number])[];
}

/** A class and its probability for each cell. */
interface ClassAreas extends Plane {
  readonly kind: "classes";
  readonly labels: readonly string[];
  /** [down, across], the first row on top. */
  readonly classes: Int32Array;
  readonly probabilities: Float64Array;
  /** Of each point. */
  readonly truth: Int32Array;
}

/** A number for each cell. */
interface ValueAreas extends Plane {
  readonly kind: "values";
  /** [down, across], the first row on top. */
  readonly values: Float32Array;
  /** Of each point. */
  readonly truth: Float64Array;
}

export type Areas = ClassAreas | ValueAreas;
export type AreasOf = (across: number, down: number) => Areas;

const LINES = 20;
/** Without colours: an area's symbol by class; its points are letters. */
const AREAS = ["·", "░", "▒", "▓", "+", "=", "~", "^", '"', ","];
const RAMP = " .:-=+*#%@";
const LEVELS = 12;
/** Dark blue over green to yellow, as viridis. */
const STOPS = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];

export function rampColor(share: number): string {
  const at = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const stop = Math.min(Math.floor(at), STOPS.length - 2);
  return mix(STOPS[stop], STOPS[stop + 1], at - stop);
}

/** How sure an answer is, in steps: 0 where the most probable class is as good as any other. */
function sureness({ labels }: ClassAreas, probability: number): number {
  const least = 1 / labels.length;
  const share = Math.min(1, Math.max(0, (probability - least) / (1 - least)));
  return Math.floor(share * LEVELS + 0.5) / LEVELS;
}

const letterOf = (index: number) => String.fromCharCode(65 + (index % 26));

export function boundaryText(areasOf: AreasOf, canvas: TextCanvas): string[] {
  const labels = 10;
  const down = canvas.height ?? LINES;
  // Cells of a terminal are twice as high as wide.
  const areas = areasOf(Math.min(canvas.width - labels - 1, down * 3), down);
  const [[left, right], [bottom, top]] = areas.extents;
  const range = areas.kind === "values" ? rangeOf(areas) : undefined;
  const points = new Map(
    areas.points.map(([x, y], i) => {
      const column = Math.min(areas.across - 1, Math.floor(((x - left) / (right - left)) * areas.across));
      const row = Math.min(down - 1, Math.floor(((top - y) / (top - bottom)) * down));
      return [row * areas.across + column, i];
    }),
  );
  const rows = Array.from({ length: down }, (_, row) => {
    let line = "";
    for (let column = 0; column < areas.across; column++) {
      const cell = row * areas.across + column;
      line += cellText(areas, cell, points.get(cell), range, canvas);
    }
    const label = row === 0 ? top : row === down - 1 ? bottom : undefined;
    return `${(label === undefined ? "" : formatNumber(label)).padStart(labels)}│${line}`;
  });
  const [low, high] = [formatNumber(left), formatNumber(right)];
  const middle = ` ${areas.names[0]} `;
  const space = Math.max(0, areas.across - low.length - high.length - middle.length);
  const axis = `${low}${" ".repeat(space >> 1)}${middle}${" ".repeat(space - (space >> 1))}${high}`;
  return [
    areas.names[1].slice(0, canvas.width).padStart(labels),
    ...rows,
    `${" ".repeat(labels + 1)}${axis}`,
    ...legendOf(areas, range, canvas).map((line) => `${" ".repeat(labels + 1)}${line}`),
  ];
}

function cellText(
  areas: Areas,
  cell: number,
  point: number | undefined,
  range: readonly [number, number] | undefined,
  canvas: TextCanvas,
): string {
  if (areas.kind === "classes") {
    const index = areas.classes[cell];
    const text = point === undefined ? " " : letterOf(areas.truth[point]);
    if (!canvas.hasColor) return point === undefined ? AREAS[index % AREAS.length] : text;
    return canvas.mark(
      mix("#ffffff", colorOf(index), 0.35 + 0.5 * sureness(areas, areas.probabilities[cell])),
      text,
    );
  }
  const [low, high] = range as readonly [number, number];
  const share = (value: number) => Math.min(1, Math.max(0, (value - low) / (high - low)));
  const value = areas.values[cell];
  if (canvas.hasColor) return canvas.mark(rampColor(share(value)), point === undefined ? " " : "o");
  return point === undefined ? RAMP[Math.min(RAMP.length - 1, Math.floor(share(value) * RAMP.length))] : "o";
}

function legendOf(areas: Areas, range: readonly [number, number] | undefined, canvas: TextCanvas): string[] {
  if (areas.kind === "values") {
    const [low, high] = range as readonly [number, number];
    const ramp = canvas.hasColor
      ? Array.from({ length: 10 }, (_, i) => canvas.mark(rampColor(i / 9), " ")).join("")
      : RAMP;
    return [`${formatNumber(low)} ${ramp} ${formatNumber(high)}   o: a row of the data`];
  }
  const present = new Set([...areas.truth, ...areas.classes]);
  const lines: string[] = [];
  let column = 0;
  areas.labels.forEach((label, i) => {
    if (!present.has(i)) return;
    const area = canvas.hasColor
      ? canvas.mark(mix("#ffffff", colorOf(i), 0.85), " ")
      : AREAS[i % AREAS.length];
    const entry = `${area} ${letterOf(i)} ${label}`;
    const width = label.length + 4;
    if (lines.length > 0 && column + 3 + width <= canvas.width - 12) {
      lines[lines.length - 1] += `   ${entry}`;
      column += 3 + width;
    } else {
      lines.push(entry);
      column = width;
    }
  });
  return lines;
}

function rangeOf({ values, truth }: ValueAreas): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of [...values, ...truth]) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high > low ? high : low + 1];
}

/** Cells of one row beside each other that have one colour. */
interface Run {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly color: string;
}

function runsOf(areas: Areas, colorOfCell: (cell: number) => string): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < areas.down; row++)
    for (let from = 0; from < areas.across; ) {
      const color = colorOfCell(row * areas.across + from);
      let to = from + 1;
      while (to < areas.across && colorOfCell(row * areas.across + to) === color) to++;
      runs.push({ row, from, to, color });
      from = to;
    }
  return runs;
}

export function boundaryChart(
  areasOf: AreasOf,
  across: number,
  size: { readonly width: number; readonly height: number },
): Chart {
  const down = Math.max(2, Math.floor((across * (size.height - 110)) / Math.max(1, size.width - 110)));
  const areas = areasOf(across, down);
  const [[left, right], [bottom, top]] = areas.extents;
  const range = areas.kind === "values" ? rangeOf(areas) : ([0, 1] as const);
  const level = (value: number) => {
    const share = (value - range[0]) / (range[1] - range[0]);
    return rampColor(Math.floor(share * 2 * LEVELS + 0.5) / (2 * LEVELS));
  };
  const colorOfCell = (cell: number) =>
    areas.kind === "values"
      ? level(areas.values[cell])
      : mix("#ffffff", colorOf(areas.classes[cell]), 0.1 + 0.45 * sureness(areas, areas.probabilities[cell]));
  const runs = runsOf(areas, colorOfCell);
  const xAt = (column: number) => left + ((right - left) * column) / across;
  const yAt = (row: number) => top - ((top - bottom) * row) / down;
  const axis = {
    type: "value",
    nameLocation: "middle",
    splitLine: { show: false },
    axisLine: { onZero: false },
    axisLabel: { formatter: formatNumber, showMinLabel: false, showMaxLabel: false },
  };
  const background = {
    type: "custom",
    silent: true,
    progressive: 0,
    data: runs.map(({ row, from, to }) => [xAt(from), yAt(row), xAt(to), yAt(row + 1)]),
    encode: { x: [0, 2], y: [1, 3] },
    renderItem: (params: { dataIndex: number }, api: CellApi) => {
      // Whole pixels: anti-aliased edges would leave a line between two cells.
      const [x, y] = api.coord([api.value(0), api.value(1)]).map(Math.floor);
      const [x2, y2] = api.coord([api.value(2), api.value(3)]).map(Math.floor);
      const shape = { x, y, width: x2 - x, height: y2 - y };
      return { type: "rect", shape, style: { fill: runs[params.dataIndex].color } };
    },
  };
  const point = { type: "scatter", progressive: 0, symbolSize: areas.points.length > 500 ? 4 : 7 };
  const border = { borderColor: areas.kind === "values" ? "#000000" : "#ffffff", borderWidth: 1 };
  const shared = {
    grid: { left: 64, right: areas.kind === "values" ? 96 : 28, top: 44, bottom: 72 },
    xAxis: { ...axis, min: left, max: right, name: areas.names[0], nameGap: 26 },
    yAxis: { ...axis, min: bottom, max: top, name: areas.names[1], nameGap: 46 },
  };
  if (areas.kind === "values")
    return {
      ...shared,
      visualMap: {
        type: "continuous",
        min: range[0],
        max: range[1],
        right: 8,
        top: "middle",
        formatter: formatNumber,
        inRange: { color: STOPS },
        calculable: false,
        text: [formatNumber(range[1]), formatNumber(range[0])],
        seriesIndex: 1,
        dimension: 2,
      },
      series: [
        background,
        {
          ...point,
          data: areas.points.map(([x, y], i) => [x, y, areas.truth[i]]),
          itemStyle: border,
        },
      ],
    };
  return {
    ...shared,
    legend: { data: areas.labels, bottom: 6, itemGap: 22 },
    series: [
      background,
      ...areas.labels.map((name, index) => ({
        ...point,
        name,
        itemStyle: { ...border, color: colorOf(index) },
        data: areas.points.filter((_, i) => areas.truth[i] === index),
      })),
    ],
  };
}

/** What ECharts gives to whoever draws the cells. */
interface CellApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}
