/** The model's answers over the plane of two columns, as colours and lines between them. */
import type { Frame, Start } from "../run/types.ts";
import { traceZero } from "./contours.ts";
import { type Palette, pixel, shadeOf, shadesBetween } from "./palette.ts";

/** Share of a class's colour where the model is certain: points of the same colour still stand out. */
const STRENGTH = 0.5;
/** Lines of equal height of a regression surface. */
const LEVELS = 5;

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Numbers that the colours of a regression span: those of the rows. */
export function scaleOf({ train, test }: Start): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of [train.values, test.values])
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  return high > low ? { low, high } : { low: low - 1, high: low + 1 };
}

/** Shades of numbers from low to high, at the given strength. */
export const numberShades = ({ classRgb, groundRgb }: Palette, strength: number) =>
  shadesBetween(classRgb[1]!, groundRgb, classRgb[0]!, strength);

/** How many values the surface has for each cell. */
const depthOf = ({ task, outputs }: Start) => (task === "classes" && outputs.length > 2 ? outputs.length : 1);

/** Draws surfaces; keeps its canvas and its arrays, so that a frame allocates nothing. */
export class SurfacePainter {
  readonly #canvas = document.createElement("canvas");
  readonly #context = this.#canvas.getContext("2d")!;
  #image = this.#context.createImageData(1, 1);
  #pixels = new Uint32Array(this.#image.data.buffer);
  #field = new Float32Array(1);
  #shades: Uint32Array | undefined;
  #of: [Palette, Start] | undefined;

  #prepare(grid: number, start: Start, palette: Palette): void {
    if (this.#canvas.width !== grid || this.#field.length !== grid * grid) {
      this.#canvas.width = this.#canvas.height = grid;
      this.#image = this.#context.createImageData(grid, grid);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
      this.#field = new Float32Array(grid * grid);
    }
    if (this.#of?.[0] === palette && this.#of[1] === start) return;
    this.#of = [palette, start];
    const { classRgb, groundRgb } = palette;
    this.#shades =
      start.task === "numbers"
        ? numberShades(palette, STRENGTH)
        : shadesBetween(classRgb[0]!, groundRgb, classRgb[1]!, STRENGTH);
  }

  /** Fills the context's `width` x `height` from its origin. */
  paint(
    context: CanvasRenderingContext2D,
    width: number,
    height: number,
    { surface }: Frame,
    start: Start,
    palette: Palette,
  ): void {
    const depth = depthOf(start);
    const grid = Math.round(Math.sqrt(surface.length / depth));
    if (grid < 1) return;
    this.#prepare(grid, start, palette);
    const lines = depth > 1 ? this.#mix(surface, grid, depth, palette) : this.#shade(surface, grid, start);
    this.#context.putImageData(this.#image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(this.#canvas, 0, 0, width, height);
    context.strokeStyle = palette.text;
    context.lineWidth = 1.25;
    context.globalAlpha = start.task === "classes" ? 0.75 : 0.3;
    context.beginPath();
    for (const fill of lines) {
      fill(this.#field);
      traceZero(context, this.#field, grid, width, height);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  /** Colours by one value a cell; returns what fills the field for each line. */
  #shade(surface: Float32Array, grid: number, start: Start): ((field: Float32Array) => void)[] {
    const { low, high } = start.task === "numbers" ? scaleOf(start) : { low: 0, high: 1 };
    const span = high - low;
    for (let row = 0; row < grid; row++)
      for (let column = 0; column < grid; column++) {
        const value = surface[row * grid + column]!;
        this.#pixels[(grid - 1 - row) * grid + column] = shadeOf(this.#shades!, (value - low) / span);
      }
    const levels = start.task === "numbers" ? LEVELS : 1;
    return Array.from({ length: levels }, (_, index) => {
      const level = low + (span * (index + 1)) / (levels + 1);
      return (field: Float32Array) => {
        for (let cell = 0; cell < field.length; cell++) field[cell] = surface[cell]! - level;
      };
    });
  }

  /** Colours by the share of each class. */
  #mix(
    surface: Float32Array,
    grid: number,
    depth: number,
    { classRgb, groundRgb }: Palette,
  ): ((field: Float32Array) => void)[] {
    const [groundRed, groundGreen, groundBlue] = groundRgb;
    for (let row = 0; row < grid; row++)
      for (let column = 0; column < grid; column++) {
        const at = (row * grid + column) * depth;
        let red = 0;
        let green = 0;
        let blue = 0;
        for (let index = 0; index < depth; index++) {
          const share = surface[at + index]!;
          const color = classRgb[index % classRgb.length]!;
          red += share * color[0];
          green += share * color[1];
          blue += share * color[2];
        }
        this.#pixels[(grid - 1 - row) * grid + column] = pixel(
          groundRed + (red - groundRed) * STRENGTH,
          groundGreen + (green - groundGreen) * STRENGTH,
          groundBlue + (blue - groundBlue) * STRENGTH,
        );
      }
    return Array.from({ length: depth }, (_, index) => (field: Float32Array) => {
      for (let cell = 0; cell < field.length; cell++) {
        const own = surface[cell * depth + index]!;
        let other = 0;
        for (let at = 0; at < depth; at++)
          if (at !== index) other = Math.max(other, surface[cell * depth + at]!);
        field[cell] = own - other;
      }
    });
  }
}
