/** A picture of the network: each unit as a tile over the plane, weights as lines between. */
import type { Frame, Start } from "../run/types.ts";
import { shortName } from "../state/text.ts";
import { type Palette, shadeOf, shadesBetween } from "./palette.ts";
import { type Place, placeNetwork } from "./places.ts";

/** Lines drawn in all; of more weights, the largest. */
const MOST_LINES = 400;
/** Lines of one stroke: many lines that cross are slow to fill in one go. */
const STROKE = 24;
/** Weights between two layers from which on lines are thin. */
const DENSE = 150;
/** Widths of lines, by size of the weight. */
const WIDTHS = 5;
const BINS = 64;
const bins = new Int32Array(BINS);

/** The size from which on at most `most` of the weights are drawn, and the largest size. */
function sizesOf(weight: Float32Array, most: number): { least: number; largest: number } {
  let largest = 0;
  for (const value of weight) largest = Math.max(largest, Math.abs(value));
  if (weight.length <= most || !(largest > 0)) return { least: 0, largest };
  bins.fill(0);
  for (const value of weight) bins[Math.min(BINS - 1, Math.floor((Math.abs(value) / largest) * BINS))]!++;
  let count = 0;
  let bin = BINS;
  while (bin > 0 && count + bins[bin - 1]! <= most) count += bins[--bin]!;
  return { least: (bin / BINS) * largest, largest };
}

export class NetworkPainter {
  readonly #canvas = document.createElement("canvas");
  readonly #context = this.#canvas.getContext("2d")!;
  #image = this.#context.createImageData(1, 1);
  #pixels = new Uint32Array(this.#image.data.buffer);
  #shades: Uint32Array | undefined;
  #palette: Palette | undefined;
  /** Whether lines were left out in the last picture. */
  leftOut = false;

  /** Fills `width` x `height` from the context's origin. */
  paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    frame: Frame,
    start: Start | undefined,
    palette: Palette,
  ): void {
    if (palette !== this.#palette) {
      this.#palette = palette;
      this.#shades = shadesBetween(palette.classRgb[1]!, palette.groundRgb, palette.classRgb[0]!, 0.9);
    }
    const [first] = frame.weights;
    if (!first) return;
    const counts = [first.weight.length / first.bias.length, ...frame.weights.map(({ bias }) => bias.length)];
    const columns = placeNetwork(counts, width, height);
    this.#lines(context, frame, columns, palette);
    for (const [layer, tiles] of frame.units.entries())
      this.#tiles(context, tiles, columns[layer + 1]!, palette);
    this.#end(context, columns[0]!, palette, palette.quiet);
    this.#end(context, columns.at(-1)!, palette, palette.text);
    if (start) writeNames(context, columns, start, palette);
  }

  #lines(context: CanvasRenderingContext2D, { weights }: Frame, columns: Place[][], palette: Palette): void {
    const most = Math.floor(MOST_LINES / weights.length);
    this.leftOut = false;
    for (const [layer, { weight, bias }] of weights.entries()) {
      const from = columns[layer]!;
      const to = columns[layer + 1]!;
      const { least, largest } = sizesOf(weight, most);
      if (weight.length > most) this.leftOut = true;
      if (!(largest > 0)) continue;
      const isDense = weight.length > DENSE;
      for (const isPositive of [false, true]) {
        context.strokeStyle = palette.classes[isPositive ? 0 : 1]!;
        context.setLineDash(isPositive ? [] : [5, 3]);
        for (let width = 0; width < WIDTHS; width++) {
          context.globalAlpha = (0.35 + (0.6 * width) / (WIDTHS - 1)) * (isDense ? 0.6 : 1);
          context.lineWidth = 0.6 + width * (isDense ? 0.4 : 0.7);
          context.beginPath();
          let lines = 0;
          for (let at = 0; at < weight.length; at++) {
            const value = weight[at]!;
            const size = Math.abs(value);
            if (value > 0 !== isPositive || size < least || size === 0) continue;
            if (Math.min(WIDTHS - 1, Math.floor((size / largest) * WIDTHS)) !== width) continue;
            const start = from[Math.floor(at / bias.length)]!;
            const end = to[at % bias.length]!;
            const x0 = start.x + start.size / 2;
            const x1 = end.x - end.size / 2;
            const middle = (x0 + x1) / 2;
            context.moveTo(x0, start.y);
            if (isDense) context.lineTo(x1, end.y);
            else context.bezierCurveTo(middle, start.y, middle, end.y, x1, end.y);
            if (++lines % STROKE > 0) continue;
            context.stroke();
            context.beginPath();
          }
          context.stroke();
        }
      }
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  #tiles(context: CanvasRenderingContext2D, values: Float32Array, places: Place[], palette: Palette): void {
    const side = Math.round(Math.sqrt(values.length / places.length));
    if (side < 1) return;
    if (this.#canvas.width !== side || this.#canvas.height !== side * places.length) {
      this.#canvas.width = side;
      this.#canvas.height = side * places.length;
      this.#image = this.#context.createImageData(side, side * places.length);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    }
    const cells = side * side;
    for (let unit = 0; unit < places.length; unit++) {
      let largest = 0;
      for (let cell = 0; cell < cells; cell++)
        largest = Math.max(largest, Math.abs(values[unit * cells + cell]!));
      for (let row = 0; row < side; row++)
        for (let column = 0; column < side; column++) {
          const value = values[unit * cells + row * side + column]!;
          this.#pixels[unit * cells + (side - 1 - row) * side + column] = shadeOf(
            this.#shades!,
            largest > 0 ? 0.5 + value / largest / 2 : 0.5,
          );
        }
    }
    this.#context.putImageData(this.#image, 0, 0);
    context.lineWidth = 1;
    context.strokeStyle = palette.quiet;
    for (const [unit, { x, y, size }] of places.entries()) {
      const [left, top] = [x - size / 2, y - size / 2];
      context.drawImage(this.#canvas, 0, unit * side, side, side, left, top, size, size);
      if (size >= 6) context.strokeRect(left, top, size, size);
    }
  }

  #end(context: CanvasRenderingContext2D, places: Place[], palette: Palette, color: string): void {
    context.fillStyle = palette.ground;
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    for (const { x, y, size } of places) {
      context.beginPath();
      context.arc(x, y, Math.max(1.5, size / 2), 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }
}

/** Columns of more nodes than these have no names beside them. */
const MOST_NAMES = 12;

/** Names of the inputs on the left of their nodes, of the outputs on the right. */
function writeNames(
  context: CanvasRenderingContext2D,
  columns: readonly Place[][],
  { inputs, outputs, task }: Start,
  palette: Palette,
): void {
  const last = columns.length - 1;
  const slot = 2 * columns[0]![0]!.x;
  context.font = "13px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = palette.text;
  const write = (name: string, { x, y, size }: Place, side: -1 | 1) => {
    context.textAlign = side < 0 ? "right" : "left";
    const fitting = Math.floor((slot / 2 - size / 2 - 6) / 7);
    if (fitting > 1) context.fillText(shortName(name, fitting), x + side * (size / 2 + 5), y);
  };
  const first = columns[0]!;
  if (first.length === inputs.length && first.length <= MOST_NAMES)
    for (const [index, place] of first.entries()) write(inputs[index]!, place, -1);
  const ends = columns[last]!;
  // Two classes have one output: the probability of the second.
  const names = task === "classes" && ends.length === 1 ? outputs.slice(1) : outputs;
  if (ends.length === names.length && ends.length <= MOST_NAMES)
    for (const [index, place] of ends.entries()) write(names[index]!, place, 1);
}
