/** Shapes that the page draws by itself, for whoever cannot or would not draw: each number another drawing, as by a hand. */
import type { Drawing, Stroke } from "./teach.ts";

/** An arc of an ellipse, in turns; y points down. */
const arc = (x: number, y: number, rx: number, ry: number, from: number, to: number): Stroke =>
  Array.from({ length: 33 }, (_, i) => {
    const angle = 2 * Math.PI * (from + ((to - from) * i) / 32);
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });

const star: Stroke = Array.from({ length: 6 }, (_, i) => {
  const angle = 2 * Math.PI * (0.25 + 0.4 * i);
  return [Math.cos(angle), -Math.sin(angle)];
});

/** Within -1 to 1 each. */
const OUTLINES = {
  circle: [arc(0, 0, 1, 1, -0.25, 0.75)],
  square: [
    [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
      [-1, -1],
    ],
  ],
  triangle: [
    [
      [0, -1],
      [1, 0.8],
      [-1, 0.8],
      [0, -1],
    ],
  ],
  star: [star],
  zigzag: [
    [
      [-1, 0.5],
      [-0.6, -0.5],
      [-0.2, 0.5],
      [0.2, -0.5],
      [0.6, 0.5],
      [1, -0.5],
    ],
  ],
  "check mark": [
    [
      [-0.8, 0.1],
      [-0.3, 0.8],
      [0.9, -0.8],
    ],
  ],
  cross: [
    [
      [-0.8, -0.8],
      [0.8, 0.8],
    ],
    [
      [0.8, -0.8],
      [-0.8, 0.8],
    ],
  ],
  arrow: [
    [
      [-1, 0],
      [1, 0],
    ],
    [
      [0.4, -0.6],
      [1, 0],
      [0.4, 0.6],
    ],
  ],
  house: [
    [
      [-0.8, 1],
      [-0.8, -0.1],
      [0.8, -0.1],
      [0.8, 1],
      [-0.8, 1],
    ],
    [
      [-1, -0.1],
      [0, -1],
      [1, -0.1],
    ],
  ],
  face: [
    arc(0, 0, 1, 1, -0.25, 0.75),
    arc(-0.35, -0.3, 0.08, 0.12, 0, 1),
    arc(0.35, -0.3, 0.08, 0.12, 0, 1),
    arc(0, 0.1, 0.5, 0.4, 0.02, 0.48),
  ],
} satisfies Record<string, Drawing>;

export type ReadyName = keyof typeof OUTLINES;
export const READY = Object.keys(OUTLINES) as ReadyName[];

/** Numbers in [-1, 1), the same ones for a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

const distance = ([x1, y1]: readonly number[], [x2, y2]: readonly number[]) => Math.hypot(x2 - x1, y2 - y1);

const onSheet = (at: number) => Math.min(1000, Math.max(0, Math.round(at)));

/** Points along a line at unequal distances: a hand slows down and speeds up. */
function paced(line: Stroke, random: () => number): [number, number][] {
  const points: [number, number][] = [[...line[0]]];
  for (let i = 1; i < line.length; i++) {
    const [[x1, y1], [x2, y2]] = [line[i - 1], line[i]];
    const count = Math.ceil(distance(line[i - 1], line[i]) / 0.16);
    for (let k = 1; k <= count; k++) {
      const at = (k + (k < count ? 0.3 * random() : 0)) / count;
      points.push([x1 + at * (x2 - x1), y1 + at * (y2 - y1)]);
    }
  }
  return points;
}

/** A closed line that starts elsewhere. */
function startedElsewhere(points: [number, number][], random: () => number): [number, number][] {
  if (distance(points[0], points[points.length - 1]) > 1e-6) return points;
  const start = Math.floor(((random() + 1) / 2) * (points.length - 1));
  return [...points.slice(start), ...points.slice(1, start + 1)];
}

/**
 * A drawing of a shape in a field of 1,000 x 1,000, in whole numbers: turned, stretched, placed, begun and wobbled by chance.
 *
 * @param seed    which one
 * @param messy   how far chance goes; 1: as quick hands do
 */
export function readyDrawing(name: ReadyName, seed: number, messy = 1): Drawing {
  const random = randomNumbers(1 + seed + 1000 * READY.indexOf(name));
  const turn = 0.2 * messy * random();
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const size = 270 * (1 + 0.25 * messy * random());
  const [width, height] = [size * (1 + 0.15 * messy * random()), size * (1 + 0.15 * messy * random())];
  const [left, top] = [500 + 60 * messy * random(), 500 + 60 * messy * random()];
  const waves = Array.from({ length: 4 }, () => ({
    amount: 0.05 * messy * random(),
    across: 3 * random(),
    down: 3 * random(),
    phase: Math.PI * random(),
  }));
  const wobble = (x: number, y: number, from: number) =>
    waves
      .slice(from, from + 2)
      .reduce(
        (sum, { amount, across, down, phase }) => sum + amount * Math.sin(across * x + down * y + phase),
        0,
      );
  return OUTLINES[name].map((line: Stroke) => {
    let points = startedElsewhere(paced(line, random), random);
    if (random() > 0.4) points = points.reverse();
    // The end of a closed line misses its start; strokes shift against each other.
    const [slipX, slipY, shiftX, shiftY] = [0.12, 0.12, 0.06, 0.06].map(
      (amount) => amount * messy * random(),
    );
    return points.map(([x, y], i) => {
      const end = (i / points.length) ** 3;
      const u = x + wobble(x, y, 0) + shiftX + slipX * end + 0.012 * messy * random();
      const v = y + wobble(x, y, 2) + shiftY + slipY * end + 0.012 * messy * random();
      return [
        onSheet(left + width * u * cos - height * v * sin),
        onSheet(top + width * u * sin + height * v * cos),
      ];
    });
  });
}
