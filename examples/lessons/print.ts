/** What the lessons print with: headings, aligned numbers, checks, and plots made of characters. */
import { plot } from "asciichart";
import { show } from "./show.ts";

export { show };

/** The heading of a lesson: its title, what it claims, and its problem's number in the problem set where it has one. */
export function lesson(title: string, claim: string, problem?: string): void {
  const lines = claim.match(/.{1,88}(?:\s|$)/g) ?? [];
  const heading = problem ? `${title} (${problem})` : title;
  console.log(`\n${heading}\n${"─".repeat(heading.length)}`);
  console.log(`${lines.map((line) => line.trimEnd()).join("\n")}\n`);
}

export const say = (text = ""): void => console.log(text);

/** Rows in columns: the first to the left, the others to the right; numbers with six digits. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const cells = [head, ...rows.map((row) => row.map((c) => (typeof c === "number" ? show(c) : c)))];
  const widths = head.map((_, j) => Math.max(...cells.map((row) => row[j].length)));
  const line = (row: readonly string[]) =>
    `  ${row.map((c, j) => (j === 0 ? c.padEnd(widths[j]) : c.padStart(widths[j]))).join("   ")}`.trimEnd();
  console.log(line(cells[0]));
  console.log(`  ${widths.map((w) => "─".repeat(w)).join("───")}`);
  for (const row of cells.slice(1)) console.log(line(row));
  console.log();
}

/** States a result that was computed, and ends the lesson where it does not hold. */
export function check(what: string, holds: boolean): void {
  console.log(`  ${holds ? "✓" : "✗"} ${what}`);
  if (!holds) throw new Error(`the lesson's claim must hold; got a failure of: ${what}`);
}

/** One or more curves over their index, at most `width` columns wide; names are listed in the order of the right ends. */
export function curve(
  series: readonly (readonly number[])[],
  {
    width = 72,
    height = 10,
    names = [],
  }: { width?: number; height?: number; names?: readonly string[] } = {},
): void {
  const length = Math.max(...series.map((s) => s.length));
  const columns = Math.min(width, length);
  const pick = (s: readonly number[]) =>
    Array.from({ length: columns }, (_, i) => s[Math.round((i * (s.length - 1)) / Math.max(1, columns - 1))]);
  console.log(`${plot(series.map(pick), { height, format: (y) => show(y, 3).padStart(9) })}`);
  const end = (i: number) => series[i][series[i].length - 1];
  const order = names.map((_, i) => i).sort((i, j) => end(j) - end(i));
  if (names.length > 1) console.log(`  at the right, from the top: ${order.map((i) => names[i]).join(", ")}`);
  console.log();
}

/** Values from 0 up as bars, the largest `width` long. */
export function bars(values: readonly number[], width = 40): void {
  const most = Math.max(...values);
  values.forEach((v, i) => {
    const length = Math.round((v / most) * width);
    console.log(`  ${`${i + 1}`.padStart(3)} ${"█".repeat(length)}${length ? " " : ""}${show(v, 3)}`);
  });
  console.log();
}

const SHADES = [" ", "░", "▒", "▓", "█"];

/** A function from the square [-0.5, 1.5]^2 to [0, 1], shaded; the corners of the unit square carry their labels. */
export function square(
  f: (points: [number, number][]) => ArrayLike<number>,
  corners: readonly string[],
  { columns = 41, lines = 21 } = {},
): void {
  const at = (i: number, n: number) => -0.5 + (2 * i) / (n - 1);
  const points = Array.from({ length: lines }, (_, r) =>
    Array.from({ length: columns }, (_, c): [number, number] => [at(c, columns), -at(r, lines) + 1]),
  ).flat();
  const values = f(points);
  for (let r = 0; r < lines; r++) {
    let line = "";
    for (let c = 0; c < columns; c++) {
      const [x1, x2] = points[r * columns + c];
      const shade = SHADES[Math.min(4, Math.floor(values[r * columns + c] * 5))];
      const corner = corners[2 * x1 + x2];
      line += (x1 === 0 || x1 === 1) && (x2 === 0 || x2 === 1) ? corner : shade;
    }
    console.log(`  │${line}│`);
  }
  console.log("  x1 to the right and x2 upwards, from -0.5 to 1.5\n");
}
