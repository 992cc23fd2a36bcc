/** Small generated sets to try models on: the same numbers for the same seed, on every engine. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import { log } from "../math/log.ts";
import { cos, sin } from "../math/trigonometric.ts";
import { COUNT, type Rule, readOptions, refuseMore } from "../options.ts";
import { Random } from "../random.ts";
import { SEED_RULE } from "./table/split.ts";

/** Points and their classes, as `fit` takes them. */
export interface ToyClasses {
  /** Shape [rows, columns]. */
  readonly x: { readonly data: Float64Array; readonly shape: readonly [number, number] };
  /** [rows] Classes from 0 on. */
  readonly y: Int32Array;
}

/** Points and a number for each, as `fit` takes them. */
export interface ToyNumbers {
  readonly x: ToyClasses["x"];
  /** [rows] */
  readonly y: Float64Array;
}

export interface ToyOptions {
  /** Default 200. */
  readonly rows?: number;
  /** Standard deviation of what is added to each coordinate, or to y; default 0.1. */
  readonly noise?: number;
  /** Default 0. */
  readonly seed?: number;
}

export interface BlobsOptions extends ToyOptions {
  /** Blobs, each a class; default 3. */
  readonly classes?: number;
  /** Coordinates of a point; default 2. */
  readonly columns?: number;
}

export interface SpiralsOptions extends ToyOptions {
  /** Arms, each a class; default 2. */
  readonly classes?: number;
  /** How often an arm goes round; default 1. */
  readonly turns?: number;
}

export interface RegressionOptions extends ToyOptions {
  /** Default 10. */
  readonly columns?: number;
  /** How many of the columns y depends on, the first ones; default 3. */
  readonly informative?: number;
}

export interface ParityOptions {
  /** Bits of a row; default 4. */
  readonly bits?: number;
}

const TWO_PI = 6.283185307179586;

const NOISE: Rule = ["a finite number >= 0", (n: number) => n >= 0 && n < Infinity];
const TURNS: Rule = ["a finite number > 0", (n: number) => n > 0 && n < Infinity];
const BITS: Rule = ["a whole number from 1 to 16", (n: number) => Number.isInteger(n) && n >= 1 && n <= 16];

const TABLE = { rows: [200, COUNT], noise: [0.1, NOISE], seed: [0, SEED_RULE] } as const;

/** Draws from the standard normal distribution (Box and Muller 1958), two at a time. */
class Normals {
  readonly #random: Random;
  #next: number | undefined;

  constructor(random: Random) {
    this.#random = random;
  }

  draw(): number {
    const kept = this.#next;
    this.#next = undefined;
    if (kept !== undefined) return kept;
    // In (0, 1]: the logarithm of 0 is none.
    const radius = Math.sqrt(-2 * log(1 - this.#random.uniform()));
    const angle = TWO_PI * this.#random.uniform();
    this.#next = radius * sin(angle);
    return radius * cos(angle);
  }
}

/** Points of a class each, with noise. */
function points(
  { rows, noise, seed }: { readonly rows: number; readonly noise: number; readonly seed: number },
  classes: number,
  place: (label: number, i: number, count: number) => readonly [number, number],
): ToyClasses {
  const normals = new Normals(new Random(seed, "toy"));
  const data = new Float64Array(2 * rows);
  const y = Int32Array.from({ length: rows }, (_, row) => row % classes);
  for (let row = 0; row < rows; row++) {
    const [a, b] = place(y[row], Math.floor(row / classes), Math.ceil((rows - y[row]) / classes));
    data[2 * row] = a + noise * normals.draw();
    data[2 * row + 1] = b + noise * normals.draw();
  }
  return { x: { data, shape: [rows, 2] }, y };
}

/**
 * Points around the corners of the unit square; those where both coordinates are on the same side are class 0.
 *
 * @example
 * const { x, y } = makeXor({ rows: 4, noise: 0 });
 * [...x.data]; // => [0, 0, 0, 1, 1, 0, 1, 1]
 * [...y]; // => [0, 1, 1, 0]
 */
export function makeXor(options: ToyOptions = {}): ToyClasses {
  refuseMore("makeXor", arguments, 1);
  const settings = readOptions("makeXor", options, TABLE);
  const { rows } = settings;
  const corners = points(settings, 4, (corner) => [corner >> 1, corner & 1]);
  return { x: corners.x, y: Int32Array.from({ length: rows }, (_, row) => ((row % 4) >> 1) ^ (row & 1)) };
}

/**
 * All rows of so many bits; the class is 1 where an odd number of them is.
 *
 * @example
 * const { x, y } = makeParity({ bits: 3 });
 * x.shape; // => [8, 3]
 * [...y]; // => [0, 1, 1, 0, 1, 0, 0, 1]
 */
export function makeParity(options: ParityOptions = {}): ToyClasses {
  refuseMore("makeParity", arguments, 1);
  const { bits } = readOptions("makeParity", options, { bits: [4, BITS] });
  const rows = 1 << bits;
  const data = new Float64Array(rows * bits);
  const y = new Int32Array(rows);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < bits; j++) {
      const bit = (row >> (bits - 1 - j)) & 1;
      data[row * bits + j] = bit;
      y[row] ^= bit;
    }
  return { x: { data, shape: [rows, bits] }, y };
}

/**
 * Two half circles that reach into each other, each a class.
 *
 * @example
 * const { x, y } = makeMoons({ rows: 100, noise: 0.1, seed: 1 });
 * x.shape; // => [100, 2]
 * y.reduce((sum, label) => sum + label); // => 50
 */
export function makeMoons(options: ToyOptions = {}): ToyClasses {
  refuseMore("makeMoons", arguments, 1);
  return points(readOptions("makeMoons", options, TABLE), 2, (label, i, count) => {
    const angle = ((TWO_PI / 2) * i) / Math.max(count - 1, 1);
    return label === 0 ? [cos(angle), sin(angle)] : [1 - cos(angle), 0.5 - sin(angle)];
  });
}

/**
 * A circle of radius 0.5 inside one of radius 1, each a class.
 *
 * @example
 * const { x } = makeCircles({ rows: 2, noise: 0 });
 * [...x.data]; // => [1, 0, 0.5, 0]
 */
export function makeCircles(options: ToyOptions = {}): ToyClasses {
  refuseMore("makeCircles", arguments, 1);
  return points(readOptions("makeCircles", options, TABLE), 2, (label, i, count) => {
    const angle = (TWO_PI * i) / count;
    const radius = label === 0 ? 1 : 0.5;
    return [radius * cos(angle), radius * sin(angle)];
  });
}

/**
 * Arms that wind round the middle, each a class.
 *
 * @example
 * const { x, y } = makeSpirals({ rows: 300, classes: 3, noise: 0.02 });
 * x.shape; // => [300, 2]
 * new Set(y).size; // => 3
 */
export function makeSpirals(options: SpiralsOptions = {}): ToyClasses {
  refuseMore("makeSpirals", arguments, 1);
  const { classes, turns, ...settings } = readOptions("makeSpirals", options, {
    ...TABLE,
    classes: [2, COUNT],
    turns: [1, TURNS],
  });
  return points(settings, classes, (label, i, count) => {
    const along = (i + 1) / count;
    const angle = TWO_PI * (turns * along + label / classes);
    return [along * cos(angle), along * sin(angle)];
  });
}

/**
 * Points around centres drawn from [-5, 5), each blob a class. `noise` is their deviation, by default 1.
 *
 * @example
 * const { x, y } = makeBlobs({ rows: 30, classes: 3, columns: 4, seed: 2 });
 * x.shape; // => [30, 4]
 * [...y.subarray(0, 4)]; // => [0, 1, 2, 0]
 */
export function makeBlobs(options: BlobsOptions = {}): ToyClasses {
  refuseMore("makeBlobs", arguments, 1);
  const { rows, noise, seed, classes, columns } = readOptions("makeBlobs", options, {
    ...TABLE,
    noise: [1, NOISE],
    classes: [3, COUNT],
    columns: [2, COUNT],
  });
  const random = new Random(seed, "toy");
  const centres = Float64Array.from({ length: classes * columns }, () => 10 * random.uniform() - 5);
  const normals = new Normals(random);
  const data = new Float64Array(rows * columns);
  const y = Int32Array.from({ length: rows }, (_, row) => row % classes);
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor(i / columns);
    data[i] = centres[y[row] * columns + (i % columns)] + noise * normals.draw();
  }
  return { x: { data, shape: [rows, columns] }, y };
}

/**
 * Points of the square [-1, 1)^2, and y = sin(pi a) cos(pi b) of their coordinates a and b, plus noise.
 *
 * @example
 * const { x, y } = makeWave({ rows: 100, noise: 0, seed: 1 });
 * x.shape; // => [100, 2]
 * y.every((height) => Math.abs(height) <= 1); // => true
 */
export function makeWave(options: ToyOptions = {}): ToyNumbers {
  refuseMore("makeWave", arguments, 1);
  const { rows, noise, seed } = readOptions("makeWave", options, TABLE);
  const random = new Random(seed, "toy");
  const data = Float64Array.from({ length: 2 * rows }, () => 2 * random.uniform() - 1);
  const normals = new Normals(random);
  const y = Float64Array.from(
    { length: rows },
    (_, row) =>
      sin((TWO_PI / 2) * data[2 * row]) * cos((TWO_PI / 2) * data[2 * row + 1]) + noise * normals.draw(),
  );
  return { x: { data, shape: [rows, 2] }, y };
}

/**
 * Columns of standard normal numbers, and y, a weighted sum of the first ones, whose weights are drawn from [1, 3) with either
 * sign, plus noise.
 *
 * @example
 * const { x, y } = makeRegression({ rows: 50, columns: 5, informative: 2, noise: 0 });
 * x.shape; // => [50, 5]
 * y.length; // => 50
 */
export function makeRegression(options: RegressionOptions = {}): ToyNumbers {
  refuseMore("makeRegression", arguments, 1);
  const { rows, noise, seed, columns, informative } = readOptions("makeRegression", options, {
    ...TABLE,
    columns: [10, COUNT],
    informative: [undefined, COUNT],
  });
  const used = informative ?? Math.min(3, columns);
  if (used > columns)
    throw new OptionError(
      `makeRegression: informative must be at most columns, ${columns}; got ${describe(informative)}`,
    );
  const random = new Random(seed, "toy");
  const weights = Float64Array.from({ length: used }, () => {
    const size = 1 + 2 * random.uniform();
    return random.below(2) ? size : -size;
  });
  const normals = new Normals(random);
  const data = new Float64Array(rows * columns);
  const y = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < columns; j++) {
      data[row * columns + j] = normals.draw();
      if (j < used) y[row] += weights[j] * data[row * columns + j];
    }
    y[row] += noise * normals.draw();
  }
  return { x: { data, shape: [rows, columns] }, y };
}
