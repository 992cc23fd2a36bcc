/** Training images that are a little different in each epoch. */
import { describe } from "../../describe.ts";
import { DataError } from "../../errors.ts";
import { cos, sin } from "../../math/trigonometric.ts";
import { BOOLEAN, type Rule, readOptions, refuseMore } from "../../options.ts";
import { Random } from "../../random.ts";
import { isTypedArray } from "../../realm.ts";
import type { RowPlace } from "../stream/stream-rows.ts";
import { SEED_RULE } from "../table/split.ts";

export interface AugmentOptions {
  /** Whether every second image is mirrored, left to right; default false. */
  readonly flip?: boolean;
  /** The most pixels that an image is moved, up or down and to a side; default 0. */
  readonly shift?: number;
  /** The most degrees that an image is turned round its middle, either way; default 0. */
  readonly rotate?: number;
  /** What comes in at the edges; default 0. */
  readonly fill?: number;
  /** Default 0. */
  readonly seed?: number;
}

/** Images, row-major: [rows, height, width, channels], or without the last for grey ones. */
export interface Images {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

const PIXELS: Rule = ["a whole number >= 0", (n: number) => Number.isSafeInteger(n) && n >= 0];
const DEGREES: Rule = ["from 0 to 180", (n: number) => n >= 0 && n <= 180];
const FINITE: Rule = ["a finite number", (n: number) => Number.isFinite(n)];

interface Settings {
  readonly flip: boolean;
  readonly shift: number;
  readonly rotate: number;
  readonly fill: number;
  readonly seed: number;
}

/** Changes images by the seed, the epoch and the row: the same ones always change alike. */
export class Augmentation {
  readonly #settings: Settings;

  /** @internal */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * All training images as they are in one epoch; those given stay as they are.
   *
   * @throws DataError for what is no `{ data, shape }` of images
   */
  images(x: Images, epoch: number): { readonly data: Float32Array; readonly shape: readonly number[] } {
    refuseMore("images", arguments, 2, "write images(x, epoch)");
    const { shape, data } = checkedImages("images", x);
    const [rows] = shape;
    const elements = data.length / rows;
    const changed = new Float32Array(data.length);
    const [, height, width] = shape;
    for (let row = 0; row < rows; row++)
      this.#change(
        data,
        row * elements,
        changed,
        row * elements,
        height,
        width,
        elements / (height * width),
        {
          epoch,
          index: row,
        },
      );
    return { data: changed, shape };
  }

  /**
   * One training image, for the option `map` of `streamRows`.
   *
   * @param shape [height, width] or [height, width, channels]
   */
  image(image: ArrayLike<number>, shape: readonly number[], place: RowPlace): Float32Array {
    refuseMore("image", arguments, 3, "write image(image, shape, { epoch, index })");
    const { data } = checkedImages("image", { data: image, shape: [1, ...shape] });
    const changed = new Float32Array(data.length);
    const [height, width] = shape;
    this.#change(data, 0, changed, 0, height, width, data.length / (height * width), place);
    return changed;
  }

  #change(
    from: ArrayLike<number>,
    at: number,
    to: Float32Array,
    into: number,
    height: number,
    width: number,
    channels: number,
    { epoch, index }: RowPlace,
  ): void {
    const { flip, shift, rotate, fill, seed } = this.#settings;
    const random = new Random(seed, "augment", index, epoch);
    // All are drawn, needed or not: an option does not change what another one draws.
    const isFlipped = random.below(2) === 1 && flip;
    const down = random.below(2 * shift + 1) - shift;
    const right = random.below(2 * shift + 1) - shift;
    const angle = ((2 * random.uniform() - 1) * rotate * TWO_PI) / 360;
    const [c, s] = rotate === 0 ? [1, 0] : [cos(angle), sin(angle)];
    const middleY = (height - 1) / 2;
    const middleX = (width - 1) / 2;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        // Where this pixel comes from: moved back, turned back, mirrored back.
        const dy = y - down - middleY;
        const dx = x - right - middleX;
        const sourceY = middleY + c * dy - s * dx;
        const turnedX = middleX + s * dy + c * dx;
        const sourceX = isFlipped ? width - 1 - turnedX : turnedX;
        const y0 = Math.floor(sourceY);
        const x0 = Math.floor(sourceX);
        const fy = sourceY - y0;
        const fx = sourceX - x0;
        for (let k = 0; k < channels; k++) {
          const pixel = (i: number, j: number) =>
            i >= 0 && i < height && j >= 0 && j < width ? from[at + (i * width + j) * channels + k] : fill;
          const top = fx === 0 ? pixel(y0, x0) : pixel(y0, x0) * (1 - fx) + pixel(y0, x0 + 1) * fx;
          const value =
            fy === 0
              ? top
              : top * (1 - fy) +
                (fx === 0 ? pixel(y0 + 1, x0) : pixel(y0 + 1, x0) * (1 - fx) + pixel(y0 + 1, x0 + 1) * fx) *
                  fy;
          to[into + (y * width + x) * channels + k] = value;
        }
      }
  }
}

const TWO_PI = 6.283185307179586;

function checkedImages(who: string, x: unknown): Images {
  const { data, shape } = Object(x) as Partial<Images>;
  const isImages =
    (Array.isArray(data) || isTypedArray(data)) &&
    Array.isArray(shape) &&
    (shape.length === 3 || shape.length === 4) &&
    shape.every((length) => Number.isSafeInteger(length) && length >= 1) &&
    shape.reduce((product, length) => product * length, 1) === data.length;
  if (!isImages)
    throw new DataError(
      `${who}: images must be as many numbers as [rows, height, width, channels] says; got ${describe(data)} for the shape ${
        Array.isArray(shape) ? `[${shape.join(", ")}]` : describe(shape)
      }`,
      "type",
    );
  return x as Images;
}

/**
 * Mirrors, moves and turns training images by chance, anew in each epoch. What is drawn follows from the seed, the epoch and the
 * row. Only what is passed to it is changed: give it training rows, and the images of validation and tests as they are.
 *
 * @example
 * const x = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] };
 * const changes = augment({ flip: true, shift: 1, seed: 1 });
 * changes.images(x, 0).shape; // => [1, 2, 2]
 */
export function augment(options: AugmentOptions): Augmentation {
  refuseMore("augment", arguments, 1);
  return new Augmentation(
    readOptions("augment", options, {
      flip: [false, BOOLEAN],
      shift: [0, PIXELS],
      rotate: [0, DEGREES],
      fill: [0, FINITE],
      seed: [0, SEED_RULE],
    }),
  );
}
