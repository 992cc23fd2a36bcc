/**
 * The start of the configuration that the page opens with, made when the site is built: the page shows it before it loads the engine,
 * which is most of its weight. Numbers are whole ones of `1 / SCALE`, each less the one before it, which deflates well.
 */
import { DEFAULT_CONFIG } from "./config.ts";
import type { Config, Start, View } from "./types.ts";

/** The view that it is made for. */
export const FIRST_VIEW: View = { grid: 64, tile: 14, weights: true };

const SCALE = 10_000;

interface Packed {
  readonly deltas: readonly number[];
}

function packNumbers(numbers: Float32Array): Packed {
  let before = 0;
  const deltas = Array.from(numbers, (value) => {
    const whole = Math.round(value * SCALE);
    const delta = whole - before;
    before = whole;
    return delta;
  });
  return { deltas };
}

function unpackNumbers({ deltas }: Packed): Float32Array {
  let sum = 0;
  return Float32Array.from(deltas, (delta) => {
    sum += delta;
    return sum / SCALE;
  });
}

/** As the file of the site has it. */
export const packStart = (start: Start): string =>
  JSON.stringify(start, (_, value) => (value instanceof Float32Array ? packNumbers(value) : value));

/** What `packStart` wrote. */
export const unpackStart = (text: string): Start =>
  JSON.parse(text, (_, value) =>
    Array.isArray((Object(value) as Partial<Packed>).deltas) ? unpackNumbers(value) : value,
  );

/** Whether a start is the one that the site has. */
export const isFirst = (config: Config, view: View): boolean =>
  view.grid === FIRST_VIEW.grid &&
  view.tile === FIRST_VIEW.tile &&
  view.weights === FIRST_VIEW.weights &&
  JSON.stringify(config) === JSON.stringify(DEFAULT_CONFIG);

/** The file of the site; undefined where there is none, as while the site is developed. */
export async function loadFirstStart(): Promise<Start | undefined> {
  try {
    const response = await fetch(new URL("start.json", document.baseURI));
    return response.ok ? unpackStart(await response.text()) : undefined;
  } catch {
    return undefined;
  }
}
