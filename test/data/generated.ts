/** Tables that are made of a seed, for tests of whole trainings. */
import { noise } from "../fixtures.ts";

/** Sums of several uniform numbers are close to normal ones. */
function normals(count: number, seed: number): Float64Array {
  const uniform = noise(count * 6, seed);
  return Float64Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < 6; j++) sum += uniform[i * 6 + j];
    return sum / Math.SQRT2;
  });
}

/**
 * A CSV as people have them: numbers, categories, codes with leading zeros and dates, with holes in each, of which four decide. Two rows
 * of a hundred are positive.
 */
export function mixedCsv(rows: number, seed: number): string {
  const plans = ["basic", "family", "business", "trial"];
  const [age, income, visits, noiseA, noiseB, chance] = [0, 1, 2, 3, 4, 5].map((i) =>
    normals(rows, seed + i),
  );
  const pick = noise(rows * 3, seed + 100);
  const index = (at: number, count: number) => Math.floor(((pick[at] + 1) / 2) * count);
  const scores = Array.from({ length: rows }, (_, i) => {
    const plan = index(3 * i, plans.length);
    const month = index(3 * i + 1, 48);
    return 1.5 * visits[i] - age[i] * 0.8 + [0, 0.5, 1.5, -0.5][plan] + (month - 24) / 16 + 0.25 * chance[i];
  });
  const bar = [...scores].sort((a, b) => b - a)[Math.floor(rows * 0.02)];
  const holes = noise(rows * 6, seed + 200);
  const isHole = (row: number, column: number) => holes[row * 6 + column] > 0.9;
  const lines = scores.map((score, i) => {
    const month = index(3 * i + 1, 48);
    const date = `${2020 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}-15`;
    const cells = [
      `${i + 1}`,
      (45 + 12 * age[i]).toFixed(1),
      isHole(i, 1) ? "" : (52000 + 9000 * income[i]).toFixed(0),
      isHole(i, 2) ? "NA" : plans[index(3 * i, plans.length)],
      isHole(i, 3) ? "" : date,
      (10 + 3 * visits[i]).toFixed(2),
      isHole(i, 4) ? "" : noiseA[i].toFixed(4),
      noiseB[i].toFixed(4),
      `0${index(3 * i + 2, 9)}${index(3 * i, 4)}`,
      score > bar ? "yes" : "no",
    ];
    return cells.join(",");
  });
  return `id,age,income,plan,joined,visits,a,b,region,churned\n${lines.join("\n")}\n`;
}

/** Ten columns of noise, of which the three named first decide over the class. */
export function tenColumns(
  rows: number,
  seed: number,
): { readonly csv: string; readonly informative: string[] } {
  const values = Array.from({ length: 10 }, (_, j) => normals(rows, seed * 10 + j));
  // Which three it is changes with the seed.
  const order = Array.from({ length: 10 }, (_, j) => (j * 3 + seed) % 10);
  const [p, q, r] = order;
  const names = values.map((_, j) => `c${j}`);
  const lines = Array.from({ length: rows }, (_, i) => {
    const score = 1.2 * values[p][i] - values[q][i] + 0.9 * values[r][i];
    return [...values.map((column) => column[i].toFixed(4)), score > 0 ? "up" : "down"].join(",");
  });
  return {
    csv: `${names.join(",")},side\n${lines.join("\n")}\n`,
    informative: [p, q, r].map((j) => names[j]),
  };
}
