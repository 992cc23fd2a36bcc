/** Images of a page as rows of numbers. */
import { describe } from "../../describe.ts";
import { DataError, OptionError } from "../../errors.ts";
import { type Rule, readOptions, refuseMore } from "../../options.ts";

/** Bytes of an image: red, green, blue and opacity of each pixel, row by row. What `getImageData` gives. */
export interface PixelBytes {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** `ImageData`, a canvas, an `ImageBitmap`, an `<img>`, or bytes of the same form. */
export type PixelSource =
  | PixelBytes
  | ImageData
  | HTMLCanvasElement
  | OffscreenCanvas
  | ImageBitmap
  | HTMLImageElement;

export interface PixelOptions {
  /** Height and width of the result; by default those of the image. */
  readonly size?: readonly [height: number, width: number];
  /** 1 is grey, 3 (default) red, green and blue, 4 these and opacity. */
  readonly channels?: 1 | 3 | 4;
  /** What black and white become; default [0, 1]. */
  readonly range?: readonly [black: number, white: number];
  /** The grey behind what is not opaque, from 0 to 255; default 255, white. With 4 channels colours stay as they are. */
  readonly background?: number;
}

/** Images, row-major: [1, height, width, channels]. */
export interface Pixels {
  readonly data: Float32Array;
  readonly shape: readonly [1, number, number, number];
}

const CHANNELS: Rule = ["1, 3 or 4", (n: number) => n === 1 || n === 3 || n === 4];
const BYTE: Rule = ["a number from 0 to 255", (n: number) => n >= 0 && n <= 255];
const SIZE: Rule = [
  "[height, width], whole numbers >= 1",
  (size: unknown) => isPair(size) && size.every((n) => Number.isSafeInteger(n) && n >= 1),
  "object",
];
const RANGE: Rule = [
  "[black, white], finite numbers",
  (range: unknown) => isPair(range) && range.every((n) => Number.isFinite(n)),
  "object",
];

const isPair = (value: unknown): value is [number, number] => Array.isArray(value) && value.length === 2;

/**
 * An image as one row for `predict`, or for `fit` with others. Where the size changes, a smaller result takes the mean of the area
 * that a pixel covers, a larger one goes evenly from pixel to pixel: the same numbers in every browser, which `drawImage`
 * does not give.
 *
 * @returns numbers in `range`, shape [1, height, width, channels]
 * @throws DataError for what is no image or has no pixels yet, OptionError for wrong options
 * @example
 * const image = { data: Uint8ClampedArray.of(0, 0, 0, 255, 255, 255, 255, 255), width: 2, height: 1 };
 * const { data, shape } = fromPixels(image, { channels: 1 });
 * [...data]; // => [0, 1]
 * shape; // => [1, 1, 2, 1]
 */
export function fromPixels(source: PixelSource, options: PixelOptions = {}): Pixels {
  refuseMore("fromPixels", arguments, 2, "write fromPixels(source, options)");
  const settings = readOptions("fromPixels", options, {
    size: [undefined, SIZE],
    channels: [3, CHANNELS],
    range: [[0, 1], RANGE],
    background: [255, BYTE],
  });
  const { channels, background } = settings;
  const [black, white] = settings.range as readonly [number, number];
  const image = bytesOf(source);
  const [height, width] = (settings.size as readonly [number, number] | undefined) ?? [
    image.height,
    image.width,
  ];
  const planes = planesOf(image, channels as number, background as number);
  const data = new Float32Array(height * width * (channels as number));
  planes.forEach((plane, c) => {
    const wide = resize(plane, image.height, 1, image.width, width);
    const resized = resize(wide, 1, width, image.height, height);
    const scale = (white - black) / 255;
    resized.forEach((value, i) => {
      data[i * planes.length + c] = black + value * scale;
    });
  });
  return { data, shape: [1, height, width, channels as number] };
}

function bytesOf(source: PixelSource): PixelBytes {
  if (typeof source !== "object" || source === null) throw refuse(source);
  const { data, width, height } = source as Partial<PixelBytes>;
  if (data !== undefined && ArrayBuffer.isView(data)) {
    if (
      !(Number.isSafeInteger(width) && Number.isSafeInteger(height)) ||
      data.length !== 4 * width! * height!
    )
      throw new DataError(
        `fromPixels: an image must have 4 bytes for each pixel; got ${describe(data)} for ${width} x ${height}`,
        "type",
      );
    if (data.length === 0) throw noPixels();
    return source as PixelBytes;
  }
  const { naturalWidth, naturalHeight } = source as Partial<HTMLImageElement>;
  const size = [naturalWidth ?? width, naturalHeight ?? height] as const;
  if (typeof size[0] !== "number" || typeof size[1] !== "number") throw refuse(source);
  if (size[0] === 0 || size[1] === 0) throw noPixels();
  const own = "getContext" in source ? contextOf(source) : undefined;
  const context = own ?? drawn(source as ImageBitmap, size[0], size[1]);
  return context.getImageData(0, 0, size[0], size[1]);
}

const refuse = (source: unknown) =>
  new DataError(
    `fromPixels: takes ImageData, a canvas, an ImageBitmap or an <img>; got ${describe(source)}`,
    "type",
  );

const noPixels = () =>
  new DataError(
    "fromPixels: an image must have pixels; got none (an <img> that is not loaded? await img.decode())",
    "missing",
  );

interface Context {
  getImageData(x: number, y: number, width: number, height: number): PixelBytes;
  drawImage(image: unknown, x: number, y: number): void;
}

const contextOf = (canvas: unknown) =>
  (canvas as { getContext(kind: "2d", options: object): Context | null }).getContext("2d", {
    willReadFrequently: true,
  }) ?? undefined;

/** A canvas of the image's size with the image on it. */
function drawn(image: unknown, width: number, height: number): Context {
  const canvas =
    typeof OffscreenCanvas === "function"
      ? new OffscreenCanvas(width, height)
      : typeof document === "object"
        ? Object.assign(document.createElement("canvas"), { width, height })
        : undefined;
  const context = canvas && contextOf(canvas);
  if (!context)
    throw new OptionError(
      "fromPixels: needs a canvas to read this image from; got an engine without: pass ImageData",
    );
  context.drawImage(image, 0, 0);
  return context;
}

/** What red, green and blue count in grey (Rec. ITU-R BT.601). */
const RED = 0.299;
const GREEN = 0.587;
const BLUE = 0.114;

/** One list of numbers from 0 to 255 for each channel. */
function planesOf({ data, width, height }: PixelBytes, channels: number, background: number): Float64Array[] {
  const planes = Array.from({ length: channels }, () => new Float64Array(width * height));
  for (let i = 0; i < width * height; i++) {
    const opacity = data[4 * i + 3] / 255;
    const over = (value: number) => (channels === 4 ? value : value * opacity + background * (1 - opacity));
    const red = over(data[4 * i]);
    const green = over(data[4 * i + 1]);
    const blue = over(data[4 * i + 2]);
    if (channels === 1) planes[0][i] = RED * red + GREEN * green + BLUE * blue;
    else {
      planes[0][i] = red;
      planes[1][i] = green;
      planes[2][i] = blue;
      if (channels === 4) planes[3][i] = data[4 * i + 3];
    }
  }
  return planes;
}

/**
 * One axis from n to m numbers.
 *
 * @param outer lists before the axis, `inner` numbers behind it: the axis has a stride of `inner`
 */
function resize(from: Float64Array, outer: number, inner: number, n: number, m: number): Float64Array {
  if (n === m) return from;
  const to = new Float64Array(outer * m * inner);
  for (let i = 0; i < m; i++) {
    const [first, weights] = m < n ? coverage(i, n, m) : between(i, n, m);
    for (let o = 0; o < outer; o++)
      for (let k = 0; k < inner; k++) {
        let sum = 0;
        for (let w = 0; w < weights.length; w++) sum += weights[w] * from[(o * n + first + w) * inner + k];
        to[(o * m + i) * inner + k] = sum;
      }
  }
  return to;
}

/** The pixels that result i of m covers of n, and which share each has in it. */
function coverage(i: number, n: number, m: number): [first: number, weights: number[]] {
  const start = (i * n) / m;
  const end = ((i + 1) * n) / m;
  const first = Math.floor(start);
  const last = Math.min(Math.ceil(end), n);
  const weights: number[] = [];
  for (let p = first; p < last; p++) weights.push(((Math.min(end, p + 1) - Math.max(start, p)) * m) / n);
  return [first, weights];
}

/** The two pixels whose middles result i of m lies between, and their shares; at the edge one counts twice. */
function between(i: number, n: number, m: number): [first: number, weights: number[]] {
  const middle = Math.min(Math.max(((i + 0.5) * n) / m - 0.5, 0), n - 1);
  const first = Math.min(Math.floor(middle), Math.max(n - 2, 0));
  return n === 1 ? [0, [1]] : [first, [1 - (middle - first), middle - first]];
}
