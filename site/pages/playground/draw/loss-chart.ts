/** The chart of the loss, drawn by uPlot. A module of its own: uPlot throws at import where the browser's language is no valid one. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { History } from "../state/history.ts";
import { shortNumber } from "../state/text.ts";
import type { Palette } from "./palette.ts";

const HEIGHT = 176;

export class LossChart {
  readonly #history: History;
  readonly #place: HTMLElement;
  readonly #observer: ResizeObserver;
  #plot: uPlot | undefined;

  constructor(place: HTMLElement, history: History) {
    this.#place = place;
    this.#history = history;
    this.#observer = new ResizeObserver(() => {
      if (place.clientWidth > 0) this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT });
    });
    this.#observer.observe(place);
  }

  /** In the given colours. */
  paint({ classes, quiet, line }: Palette): void {
    this.#plot?.destroy();
    const font = "13px system-ui, sans-serif";
    const axis = { stroke: quiet, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    this.#plot = new uPlot(
      {
        width: Math.max(120, this.#place.clientWidth),
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false }, y: { distr: 3, log: 10 } },
        axes: [
          { ...axis, size: 32, space: 70, values: (_, steps) => steps.map(shortSteps) },
          {
            ...axis,
            grid: {
              ...axis.grid,
              filter: (_, losses) => losses.map((loss) => (isPowerOfTen(loss) ? loss : null)),
            },
            size: 48,
            space: 26,
            values: (_, losses) =>
              losses.map((loss) =>
                loss === null ? "" : loss < 0.001 ? loss.toExponential(0) : shortNumber(loss),
              ),
          },
        ],
        series: [
          {},
          { stroke: classes[0]!, width: 2, points: { show: false } },
          { stroke: classes[1]!, width: 2, dash: [6, 4], points: { show: false } },
        ],
      },
      this.#history.columns(),
      this.#place,
    );
  }

  draw(): void {
    this.#plot?.setData(this.#history.columns());
  }

  close(): void {
    this.#observer.disconnect();
    this.#plot?.destroy();
  }
}

const shortSteps = (steps: number): string =>
  steps >= 1e6
    ? `${shortNumber(steps / 1e6)}M`
    : steps >= 1e4
      ? `${shortNumber(steps / 1e3)}k`
      : String(steps);

const isPowerOfTen = (value: number): boolean => /^1e[+-]\d+$/.test(value.toExponential());
