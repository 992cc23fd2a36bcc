/** The options that layers with windows share: size or kernel, stride, dilation and padding, for one or two axes. */
import { describe } from "../../describe.ts";
import { OptionError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import { extentOf, needsSpatial, type Windows, windowCounts } from "../../graph/windows.ts";
import { COUNT, type Rule } from "../../options.ts";

/** A number for both axes of an image, or one for each: `[height, width]`. */
export type PerAxis = number | readonly [height: number, width: number];

/**
 * What stands around an image before windows move over it. `"valid"`: nothing. `"same"`: as much as gives `ceil(n / stride)` windows,
 * of an odd number the larger half behind, as in Keras and PyTorch. A number: so many places on every side; `[height, width]`: along each
 * axis, before and behind; `[[top, bottom], [left, right]]`: each side by itself.
 */
export type Padding =
  | "valid"
  | "same"
  | PerAxis
  | readonly [height: readonly [top: number, bottom: number], width: readonly [left: number, right: number]];

/** `Padding` along the one axis of a sequence; two numbers: in front and behind. */
export type Padding1d = "valid" | "same" | number | readonly [before: number, after: number];

const PLACES: Rule = ["a whole number >= 0", (n: number) => Number.isSafeInteger(n) && n >= 0];

const holds = (value: unknown, [, test, type = "number"]: Rule) => typeof value === type && test(value);

/**
 * One number for each axis.
 *
 * @param rule COUNT by default
 * @throws OptionError for anything but a number, or one for each of two axes
 */
export function perAxis(
  who: string,
  name: string,
  value: unknown,
  axes: number,
  rule: Rule = COUNT,
): number[] {
  if (holds(value, rule)) return new Array(axes).fill(value);
  if (axes > 1 && Array.isArray(value) && value.length === axes && value.every((one) => holds(one, rule)))
    return [...value];
  throw new OptionError(
    `${who}: ${name} must be ${rule[0]}${axes > 1 ? ", or [height, width] of such" : ""}; got ${describe(value)}`,
  );
}

/** Places of padding in front of each axis, and behind it. */
export interface Sides {
  readonly paddingBefore: readonly number[];
  readonly paddingAfter: readonly number[];
}

/**
 * Padding as numbers, or `"same"`, which needs the length of the axes.
 *
 * @param numbersOnly of an argument that takes no words
 * @throws OptionError for anything but the forms of `Padding`, or of `Padding1d` for one axis
 */
export function readPadding(who: string, value: unknown, axes: number, numbersOnly: true): Sides;
export function readPadding(who: string, value: unknown, axes: number): "same" | Sides;
export function readPadding(who: string, value: unknown, axes: number, numbersOnly = false): "same" | Sides {
  if (value === "same" && !numbersOnly) return value;
  const given = value === "valid" && !numbersOnly ? 0 : value;
  const sides = axes === 1 && Array.isArray(given) ? [given] : given;
  const pairs = holds(sides, PLACES) ? new Array(axes).fill(sides) : sides;
  if (Array.isArray(pairs) && pairs.length === axes) {
    const both = pairs.map((side) => (Array.isArray(side) ? side : [side, side]));
    if (both.every((side) => side.length === 2 && side.every((n) => holds(n, PLACES))))
      return { paddingBefore: both.map(([n]) => n), paddingAfter: both.map(([, n]) => n) };
  }
  const forms = axes === 1 ? "[before, after]" : "[height, width], or [[top, bottom], [left, right]]";
  const rule = numbersOnly ? "padding, the first argument, must be" : 'padding must be "valid", "same",';
  throw new OptionError(`${who}: ${rule} a whole number >= 0, or ${forms}; got ${describe(value)}`);
}

/**
 * The windows of a layer on an input of a known shape, and how many there are along each axis.
 *
 * @throws ShapeError for an input of another rank, and for a window that is larger than the padded input
 */
export function windowsOn(
  who: string,
  kind: string,
  shape: Shape,
  { size, stride, dilation }: Pick<Windows, "size" | "stride" | "dilation">,
  padding: "same" | Sides,
): Windows & { readonly counts: readonly number[] } {
  needsSpatial(who, kind, shape, size.length);
  const sides = padding === "same" ? sameSides(shape, size, stride, dilation) : padding;
  const windows = { size, stride, dilation, ...sides };
  return { ...windows, counts: windowCounts(who, kind, shape, windows) };
}

function sameSides(
  shape: Shape,
  size: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): Sides {
  const missing = size.map((k, i) => {
    const n = shape[i + 1];
    const steps = Math.ceil(n / stride[i]) - 1;
    return Math.max(0, steps * stride[i] + extentOf(k, dilation[i]) - n);
  });
  const paddingBefore = missing.map((n) => Math.floor(n / 2));
  return { paddingBefore, paddingAfter: missing.map((n, i) => n - paddingBefore[i]) };
}
