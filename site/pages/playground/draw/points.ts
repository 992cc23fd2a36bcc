/** Rows as points: classes by colour and shape, training rows filled, test rows hollow. */
import type { Start } from "../run/types.ts";
import { cssOf, type Palette, shadeOf } from "./palette.ts";
import { numberShades, scaleOf } from "./surface.ts";

export const SHAPES = [
  "circle",
  "square",
  "triangle",
  "diamond",
  "cross",
  "down",
  "plus",
  "pentagon",
  "bar",
  "hexagon",
] as const;

/** Corners of each shape around (0, 0) in units of its radius; a circle has none. */
const corners = (count: number, turn: number, size = 1): [number, number][] =>
  Array.from({ length: count }, (_, index) => {
    const angle = turn + (index / count) * 2 * Math.PI;
    return [Math.cos(angle) * size, Math.sin(angle) * size];
  });
const plus = (arm: number): [number, number][] => {
  const end = 1.15;
  return [
    [-arm, -end],
    [arm, -end],
    [arm, -arm],
    [end, -arm],
    [end, arm],
    [arm, arm],
    [arm, end],
    [-arm, end],
    [-arm, arm],
    [-end, arm],
    [-end, -arm],
    [-arm, -arm],
  ];
};
const turned = (points: [number, number][]): [number, number][] =>
  points.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
const OUTLINES: Readonly<Record<(typeof SHAPES)[number], [number, number][]>> = {
  circle: [],
  square: corners(4, Math.PI / 4, 1.2),
  triangle: corners(3, -Math.PI / 2, 1.3),
  diamond: corners(4, 0, 1.3),
  cross: turned(plus(0.4)),
  down: corners(3, Math.PI / 2, 1.3),
  plus: plus(0.4),
  pentagon: corners(5, -Math.PI / 2, 1.15),
  bar: [
    [-1.3, -0.5],
    [1.3, -0.5],
    [1.3, 0.5],
    [-1.3, 0.5],
  ],
  hexagon: corners(6, 0, 1.15),
};

/** Outline of a class's shape as an SVG path around (0, 0). */
export function shapePath(index: number, radius: number): string {
  const outline = OUTLINES[SHAPES[index % SHAPES.length]!];
  if (outline.length === 0)
    return `M${-radius} 0a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;
  return `M${outline.map(([x, y]) => `${(x * radius).toFixed(2)} ${(y * radius).toFixed(2)}`).join("L")}z`;
}

/** The point's place in a square of [0, 1]: from the lower left. */
export interface Ranges {
  readonly x: { readonly min: number; readonly max: number };
  readonly y: { readonly min: number; readonly max: number };
}

/** Draws all rows over a surface of `width` x `height`. */
export function paintPoints(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  start: Start,
  palette: Palette,
): void {
  const [x, y = x] = start.axes;
  if (!x || !y) return;
  const count = (start.train.points.length + start.test.points.length) / 2;
  const radius = count <= 400 ? 4.2 : count <= 1200 ? 3.2 : 2.4;
  const paths = SHAPES.map((_, index) => new Path2D(shapePath(index, radius)));
  const shades = numberShades(palette, 1);
  const { low, high } = scaleOf(start);
  const spanX = x.max - x.min || 1;
  const spanY = y.max - y.min || 1;
  for (const [rows, isFilled] of [
    [start.train, true],
    [start.test, false],
  ] as const)
    for (let row = 0; row < rows.values.length; row++) {
      const value = rows.values[row]!;
      const isNumber = start.task === "numbers";
      const path = paths[isNumber ? 0 : value % paths.length];
      if (!path) continue;
      const color = isNumber
        ? cssOf(shadeOf(shades, (value - low) / (high - low)))
        : palette.classes[value % palette.classes.length]!;
      context.save();
      context.translate(
        ((rows.points[2 * row]! - x.min) / spanX) * width,
        height - ((rows.points[2 * row + 1]! - y.min) / spanY) * height,
      );
      if (isFilled) {
        context.fillStyle = color;
        context.fill(path);
        context.strokeStyle = isNumber ? palette.quiet : palette.ground;
        context.lineWidth = 1;
        context.stroke(path);
      } else {
        // Where the model is right, the surface has the colour of the number: within the ring it would look filled.
        if (isNumber) {
          context.fillStyle = palette.ground;
          context.fill(path);
        }
        context.strokeStyle = isNumber ? palette.quiet : palette.ground;
        context.lineWidth = 3.6;
        context.stroke(path);
        context.strokeStyle = color;
        context.lineWidth = isNumber ? 2.4 : 1.8;
        context.stroke(path);
      }
      context.restore();
    }
}
