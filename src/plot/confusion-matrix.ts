import { describe } from "../describe.ts";
import { DataError, OptionError, ShapeError } from "../errors.ts";
import { refuseMore } from "../options.ts";
import type { Chart } from "./echarts.ts";
import {
  type Drawing,
  draw,
  mix,
  type PlotOptions,
  type PlotTarget,
  type Plotted,
  readPlotOptions,
  type TextCanvas,
} from "./output.ts";
import {
  type Classifier,
  checkClassifier,
  checkPlotData,
  classesOf,
  countClasses,
  flatten,
  labelsOf,
  type PlotData,
} from "./trainers.ts";

/** Counts by class: rows are the truth, columns what was predicted. With names of classes, or without. */
export type ConfusionCounts =
  | readonly ArrayLike<number>[]
  | { readonly matrix: readonly ArrayLike<number>[]; readonly labels?: readonly string[] }
  | {
      readonly data: ArrayLike<number>;
      readonly shape: readonly number[];
      readonly labels?: readonly string[];
    };

export interface ConfusionMatrixOptions<T extends PlotTarget = PlotTarget> extends PlotOptions<T> {
  /** Names of the classes, by index. Default: those of the trainer, or the indices. */
  readonly labels?: readonly string[];
}

/** A square of counts. */
interface Counts {
  readonly labels: readonly string[];
  /** [truth, predicted], row-major. */
  readonly cells: readonly number[];
}

const LABELS = [
  "a list of names",
  (names: unknown) => Array.isArray(names) && names.every((name) => typeof name === "string"),
  "object",
] as const;

/**
 * How often each class was taken for each: a row for each true class, a column for each predicted one, with recall at the
 * end of each row and precision below each column.
 *
 * @param trainer a trainer or predictor of classes
 * @param data `{ x, y }` as `fit` takes them: names, indices or one-hot rows
 * @returns a text or the text of an SVG, or the canvas it was drawn on
 * @throws ShapeError for what is no square, DataError for what is no count or no class of the model
 * @example
 * ```ts
 * import { confusionMatrix } from "wasmgrad/plot";
 *
 * console.log(confusionMatrix([[9, 1], [2, 8]], { labels: ["cat", "dog"] }));
 * const svg = confusionMatrix([[9, 1], [2, 8]], { to: "svg" });
 * ```
 */
export function confusionMatrix<T extends PlotTarget = "text">(
  trainer: Classifier,
  data: PlotData,
  options?: ConfusionMatrixOptions<T>,
): Plotted<T>;
/**
 * The same of counts.
 *
 * @param matrix counts, as rows of truth
 * @returns a text or the text of an SVG, or the canvas it was drawn on
 * @throws ShapeError for what is no square, DataError for what is no count
 */
export function confusionMatrix<T extends PlotTarget = "text">(
  matrix: ConfusionCounts,
  options?: ConfusionMatrixOptions<T>,
): Plotted<T>;
export function confusionMatrix(
  given: ConfusionCounts | Classifier,
  second: PlotData | ConfusionMatrixOptions = {},
  third: ConfusionMatrixOptions = {},
): unknown {
  const isTrainer = typeof (given as Partial<Classifier> | undefined)?.classify === "function";
  refuseMore("confusionMatrix", arguments, isTrainer ? 3 : 2);
  const options = readPlotOptions("confusionMatrix", isTrainer ? third : (second as object), {
    labels: [undefined, LABELS],
  }) as ConfusionMatrixOptions;
  const counts = isTrainer
    ? countOf(given as Classifier, second, options.labels)
    : readCounts(given as ConfusionCounts, options.labels);
  const drawing: Drawing = {
    title: "confusion matrix",
    text: (canvas) => textOf(counts, canvas),
    chart: (size) => chartOf(counts, size),
  };
  return draw(drawing, options);
}

function countOf(trainer: Classifier, data: unknown, names: readonly string[] | undefined): Counts {
  checkClassifier("confusionMatrix", trainer);
  checkPlotData("confusionMatrix", data);
  const predicted = trainer.classify(data.x as never);
  if (predicted.length === 0)
    throw new DataError("confusionMatrix: data must have rows; got none", "missing");
  const classes = countClasses(trainer.predict(data.x as never) as { shape: readonly number[] });
  const labels = labelsOf(trainer, classes);
  const truth = classesOf("confusionMatrix", data.y, predicted.length, labels);
  const cells = new Array<number>(classes * classes).fill(0);
  predicted.forEach(({ index }, row) => {
    cells[truth[row] * classes + index]++;
  });
  return { cells, labels: checkNames(names, classes) ?? labels };
}

function checkNames(names: readonly string[] | undefined, classes: number): readonly string[] | undefined {
  if (names && names.length !== classes)
    throw new OptionError(
      `confusionMatrix: labels must be ${classes} names, one a class; got ${names.length}`,
    );
  return names;
}

function readCounts(given: ConfusionCounts, names: readonly string[] | undefined): Counts {
  const { matrix, labels } = Object(given) as { matrix?: unknown; labels?: readonly string[] };
  const cells = Array.from(flatten(matrix ?? given)) as number[];
  const classes = Math.floor(Math.sqrt(cells.length) + 0.5);
  const rows = (matrix ?? given) as ArrayLike<ArrayLike<number>>;
  const isSquare =
    classes > 0 &&
    cells.length === classes * classes &&
    (!Array.isArray(rows) || (rows.length === classes && rows.every((row) => row.length === classes)));
  if (!isSquare)
    throw new ShapeError(
      `confusionMatrix: takes a square of counts, or a trainer and { x, y }; got ${describe(given)}`,
    );
  cells.forEach((count, i) => {
    if (!(Number.isFinite(count) && count >= 0))
      throw new DataError(
        `confusionMatrix: counts must be numbers >= 0; got ${describe(count)} ` +
          `at row ${Math.floor(i / classes)}, column ${i % classes}`,
      );
  });
  const own = checkNames(names ?? labels, classes);
  return { cells, labels: own ?? Array.from({ length: classes }, (_, i) => `${i}`) };
}

const RIGHT = "#009e73";
const WRONG = "#d55e00";

const percent = (part: number, whole: number, sign = " %") =>
  whole > 0 ? `${Math.floor((100 * part) / whole + 0.5)}${sign}` : "-";

const shorten = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function textOf({ cells, labels }: Counts, canvas: TextCanvas): string[] {
  const classes = labels.length;
  const at = (i: number, j: number) => cells[i * classes + j];
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const indices = labels.map((_, i) => i);
  const numbers = Math.max(...cells.map((count) => formatCount(count).length), "100 %".length);
  const first = Math.min(Math.max(...labels.map((name) => name.length), "precision".length), 20);
  const room = Math.floor((canvas.width - first - 8) / classes) - 2;
  const cell = Math.max(numbers, Math.min(room, Math.max(...labels.map((name) => name.length))));
  // Where names do not fit, columns have the indices that stand before the names of the rows.
  const hasIndices = cell > room || labels.some((name) => name.length > 2 * cell);
  const isTight = hasIndices && 24 + 8 + classes * (Math.max(numbers, 3) + 2) > canvas.width;
  const counted = Math.max(...cells.map((count) => formatCount(count).length), `${classes}`.length, 3);
  const column = isTight ? counted : hasIndices ? Math.max(numbers, 3) : cell;
  const gap = isTight ? " " : "  ";
  const rowNames = labels.map((name, i) => (hasIndices && name !== `${i}` ? `${i} ${name}` : name));
  const left = hasIndices
    ? Math.min(Math.max(...rowNames.map((n) => n.length), 9), isTight ? 16 : 24)
    : first;
  const line = (name: string, texts: readonly string[], end: string) =>
    `${shorten(name, left).padEnd(left)}${texts.join("")}${end.padStart(8)}`;
  const head = indices.map(
    (j) => `${gap}${shorten(hasIndices ? `${j}` : labels[j], column).padStart(column)}`,
  );
  const most = Math.max(...cells, 1);
  const body = indices.map((i) => {
    const texts = indices.map((j) => {
      const count = at(i, j);
      const text = formatCount(count).padStart(column);
      if (!canvas.hasColor || count === 0) return gap + text;
      return `${gap}${canvas.mark(mix("#ffffff", i === j ? RIGHT : WRONG, 0.25 + (0.75 * count) / most), text)}`;
    });
    return line(rowNames[i], texts, percent(at(i, i), sum(indices.map((j) => at(i, j)))));
  });
  const precision = indices.map(
    (j) => gap + percent(at(j, j), sum(indices.map((i) => at(i, j))), isTight ? "" : " %").padStart(column),
  );
  const right = sum(indices.map((i) => at(i, i)));
  const all = sum(cells);
  return [
    `${" ".repeat(left)}  predicted`,
    line("truth", head, "recall"),
    ...body,
    line(isTight ? "precision, %" : "precision", precision, ""),
    `${formatCount(right)} of ${formatCount(all)} right: ${percent(right, all)}`,
  ];
}

/** Weighted counts need not be whole. */
const formatCount = (count: number) => String(Math.floor(count * 10 + 0.5) / 10);

function chartOf({ cells, labels }: Counts, size: { width: number; height: number }): Chart {
  const classes = labels.length;
  const most = Math.max(...cells, 1);
  const longest = Math.min(Math.max(...labels.map((name) => name.length)), 16);
  const names = labels.map((name) => shorten(name, 16));
  const isTurned = longest * 7 > (size.width - 80 - longest * 7) / classes;
  // Room for names that stand aslant.
  const down = isTurned ? longest * 4 : 0;
  const side = Math.max(1, Math.min(size.width - 80 - longest * 7, size.height - 100 - down) / classes);
  const fontSize = Math.max(7, Math.min(14, Math.floor(side / 2.6)));
  return {
    grid: { left: 50 + longest * 7, right: 30, top: 44, bottom: 56 + down },
    xAxis: {
      type: "category",
      data: names,
      name: "predicted",
      nameLocation: "middle",
      nameGap: 30 + down,
      axisTick: { show: false },
      axisLabel: { interval: 0, rotate: isTurned ? 40 : 0 },
    },
    yAxis: {
      type: "category",
      data: names,
      inverse: true,
      name: "truth",
      nameLocation: "middle",
      nameGap: 22 + longest * 7,
      axisTick: { show: false },
    },
    series: [
      {
        type: "custom",
        progressive: 0,
        data: cells.map((count, i) => [i % classes, Math.floor(i / classes), count]),
        renderItem: (_: unknown, api: SquareApi) => {
          const [predicted, truth, count] = [api.value(0), api.value(1), api.value(2)];
          const [width, height] = api.size([1, 1]);
          const [x, y] = api.coord([predicted, truth]);
          const share = count === 0 ? 0 : 0.15 + (0.85 * count) / most;
          return {
            type: "rect",
            shape: { x: x - width / 2, y: y - height / 2, width, height },
            style: { fill: mix("#ffffff", predicted === truth ? RIGHT : WRONG, share), stroke: "#dddddd" },
            textContent: {
              type: "text",
              style: { text: formatCount(count), fontSize, fill: share > 0.6 ? "#ffffff" : "#222222" },
              invisible: side < 12,
            },
            textConfig: { position: "inside" },
          };
        },
      },
    ],
  };
}

/** What ECharts gives to whoever draws the squares. */
interface SquareApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
  size(extent: readonly [number, number]): [number, number];
}
