/** Numbers and names as the page writes them. */
import type { Task } from "../run/types.ts";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (value: number): string => whole.format(value);

/** Three significant digits. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "none" : value > 0 ? "infinite" : "-infinite";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? count(value) : String(Number(value.toPrecision(3)));
}

/** With as many digits as tell the ends of a range apart. */
export const shortNumber = (value: number): string => String(Number(value.toPrecision(3)));

export function score(value: number, task: Task): string {
  if (!Number.isFinite(value)) return "none";
  return task === "classes" ? `${(value * 100).toFixed(1)} %` : value.toFixed(3);
}

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** Milliseconds, or seconds where they are many. */
export const duration = (milliseconds: number): string =>
  milliseconds < 1000
    ? `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;

/** Names from strangers: no line ends, no marks that turn the text around, not too long. */
export function shortName(name: string, most = 24): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ").trim();
  const characters = [...plain];
  return characters.length > most ? `${characters.slice(0, most - 1).join("")}…` : plain || "(no name)";
}
