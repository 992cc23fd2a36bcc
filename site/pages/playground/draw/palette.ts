/** The page's colours as canvases need them: read from the style sheet, again when the scheme changes. */
import { signal } from "@preact/signals";

export type Rgb = readonly [number, number, number];

export interface Palette {
  readonly text: string;
  readonly quiet: string;
  readonly ground: string;
  readonly panel: string;
  readonly line: string;
  readonly accent: string;
  /** By class, ten of them. The first also means positive numbers, the second negative ones. */
  readonly classes: readonly string[];
  readonly groundRgb: Rgb;
  readonly classRgb: readonly Rgb[];
}

/** Classes that have a colour and a shape of their own. */
export const CLASSES = 10;

function readPalette(): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.forcedColorAdjust = "none";
  document.body.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const classes = Array.from({ length: CLASSES }, (_, index) => read(`class-${index + 1}`));
  const ground = read("ground");
  const palette = {
    text: read("text"),
    quiet: read("quiet"),
    ground,
    panel: read("panel"),
    line: read("line"),
    accent: read("accent"),
    classes,
    groundRgb: toRgb(ground),
    classRgb: classes.map(toRgb),
  };
  probe.remove();
  return palette;
}

const toRgb = (color: string): Rgb => {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
};

export const palette = signal(readPalette());

for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
  matchMedia(query).addEventListener("change", () => {
    palette.value = readPalette();
  });

/** A pixel as `ImageData` holds it, on little-endian machines (all that run WebAssembly in browsers). */
export const pixel = (red: number, green: number, blue: number) =>
  ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;

export const SHADES = 256;

/**
 * Shades from `low` through the ground to `high`, as pixels.
 *
 * @param strength  0 to 1: how much of the colour the ends show
 */
export function shadesBetween(low: Rgb, ground: Rgb, high: Rgb, strength: number): Uint32Array {
  const shades = new Uint32Array(SHADES);
  for (let index = 0; index < SHADES; index++) {
    const value = (index / (SHADES - 1)) * 2 - 1;
    const end = value < 0 ? low : high;
    const share = Math.abs(value) * strength;
    const mixed = ground.map((channel, at) => channel + (end[at]! - channel) * share);
    shades[index] = pixel(mixed[0]!, mixed[1]!, mixed[2]!);
  }
  return shades;
}

/** The nearest of the shades for a value from 0 to 1. */
export const shadeOf = (shades: Uint32Array, value: number): number =>
  shades[Math.max(0, Math.min(SHADES - 1, Math.round(value * (SHADES - 1))))] ?? shades[SHADES >> 1]!;

/** A pixel as CSS writes it. */
export const cssOf = (value: number) => `rgb(${value & 255} ${(value >> 8) & 255} ${(value >> 16) & 255})`;
