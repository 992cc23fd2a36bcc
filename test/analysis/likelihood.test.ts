import { describe, expect, test } from "vitest";
import { crossEntropy, logLikelihood, type MatrixLike } from "../../src/analysis/index.ts";
import { DataError, ShapeError } from "../../src/errors.ts";
import { between, seededRandom } from "./random.ts";

function randomRows(random: () => number, m: number, k: number): number[][] {
  return Array.from({ length: m }, () => {
    const row = Array.from({ length: k }, () => random() + 0.01);
    const sum = row.reduce((a, b) => a + b);
    return row.map((value) => value / sum);
  });
}

describe("logLikelihood and crossEntropy", () => {
  test("are negatives of each other, bit for bit (Q4.3)", () => {
    const random = seededRandom(7);
    for (let run = 0; run < 500; run++) {
      const [m, k] = [between(random, 1, 20), between(random, 2, 8)];
      const yhat = randomRows(random, m, k);
      const y =
        run % 2 ? randomRows(random, m, k) : Array.from({ length: m }, () => between(random, 0, k - 1));
      expect(crossEntropy(yhat, y)).toBe(-logLikelihood(yhat, y));
    }
  });

  test("sum y log yhat over rows and columns", () => {
    const random = seededRandom(8);
    const yhat = randomRows(random, 30, 5);
    const y = randomRows(random, 30, 5);
    const sum = yhat
      .flatMap((row, i) => row.map((q, j) => y[i]![j]! * Math.log(q)))
      .reduce((a, b) => a + b, 0);
    expect(logLikelihood(yhat, y)).toBeCloseTo(sum, 12);
  });

  test("are the log of the probability of independent draws", () => {
    expect(
      logLikelihood(
        [
          [0.2, 0.8],
          [0.5, 0.5],
          [0.9, 0.1],
        ],
        [1, 0, 0],
      ),
    ).toBeCloseTo(Math.log(0.8 * 0.5 * 0.9), 14);
  });

  test("take labels, one-hot rows and a column of labels as the same targets", () => {
    const yhat = randomRows(seededRandom(9), 4, 3);
    const labels = [2, 0, 1, 2];
    const oneHot = labels.map((label) => [0, 1, 2].map((j) => (j === label ? 1 : 0)));
    const expected = logLikelihood(yhat, labels);
    expect(logLikelihood(yhat, oneHot)).toBe(expected);
    expect(logLikelihood(yhat, Int32Array.from(labels))).toBe(expected);
    expect(
      logLikelihood(
        yhat,
        labels.map((label) => [label]),
      ),
    ).toBe(expected);
    expect(logLikelihood(yhat, { data: Int32Array.from(labels), shape: [4] })).toBe(expected);
    expect(logLikelihood({ data: Float64Array.from(yhat.flat()), shape: [4, 3] }, labels)).toBe(expected);
  });

  test("read one column as the probability of class 1", () => {
    const two = [
      [0.25, 0.75],
      [0.5, 0.5],
      [0.875, 0.125],
    ];
    const one = two.map((row) => row[1]!);
    expect(logLikelihood(one, [1, 0, 0])).toBeCloseTo(logLikelihood(two, [1, 0, 0]), 15);
    expect(logLikelihood({ data: Float32Array.from(one), shape: [3, 1] }, [[1], [0], [0]])).toBe(
      logLikelihood(one, [1, 0, 0]),
    );
    expect(crossEntropy([0.25], [0.5])).toBeCloseTo(-0.5 * Math.log(0.25) - 0.5 * Math.log(0.75), 15);
  });

  test("are least, over predictions, at the targets' own distribution: the entropy", () => {
    const random = seededRandom(10);
    const y = randomRows(random, 1, 4);
    const entropy = crossEntropy(y, y);
    for (let run = 0; run < 200; run++)
      expect(crossEntropy(randomRows(random, 1, 4), y)).toBeGreaterThan(entropy);
  });

  test("give 0 for certain predictions and infinity for what was called impossible", () => {
    const certain = [
      [1, 0],
      [0, 1],
    ];
    expect(Object.is(logLikelihood(certain, [0, 1]), 0)).toBe(true);
    expect(Object.is(crossEntropy(certain, [0, 1]), 0)).toBe(true);
    expect(logLikelihood(certain, [1, 1])).toBe(-Infinity);
    expect(crossEntropy(certain, [1, 1])).toBe(Infinity);
    expect(crossEntropy([1, 0], [1, 0])).toBe(0);
  });

  test.each([
    [
      "no rows",
      [],
      [],
      ShapeError,
      "crossEntropy: probabilities must have at least one row and one column; got [0, 0]",
    ],
    [
      "no values",
      { data: [], shape: [0] },
      [],
      ShapeError,
      "crossEntropy: probabilities must have at least one row; got none",
    ],
    [
      "fewer targets than rows",
      [
        [0.5, 0.5],
        [0.5, 0.5],
      ],
      [1],
      ShapeError,
      "crossEntropy: targets must have one row per row of probabilities; got 1 for 2",
    ],
    [
      "rows of another width",
      [[0.5, 0.5]],
      [[1, 0, 0]],
      ShapeError,
      "crossEntropy: targets must be labels or have 2 columns; got [1, 3]",
    ],
    ["logits", [[2, -1]], [0], DataError, "crossEntropy: probabilities must be in [0, 1]; got 2 at [0, 0]"],
    [
      "rows that are no distribution",
      [[0.5, 0.25]],
      [0],
      DataError,
      "crossEntropy: a row of probabilities must sum to 1; got 0.75 in row 0",
    ],
    [
      "targets that are no distribution",
      [[0.5, 0.5]],
      [[1, 1]],
      DataError,
      "crossEntropy: a row of targets must sum to 1; got 2 in row 0",
    ],
    [
      "a label out of range",
      [[0.5, 0.5]],
      [2],
      DataError,
      "crossEntropy: labels must be integers in [0, 2); got 2 at [0]",
    ],
    [
      "a fractional label",
      [[0.5, 0.5]],
      [0.5],
      DataError,
      "crossEntropy: labels must be integers in [0, 2); got 0.5 at [0]",
    ],
    [
      "a binary target of 2",
      [0.5],
      [2],
      DataError,
      "crossEntropy: targets must be in [0, 1]; got 2 at [0, 0]",
    ],
    [
      "NaN",
      [[NaN, 1]],
      [0],
      DataError,
      "crossEntropy: probabilities must hold finite numbers; got NaN at [0, 0]",
    ],
  ])("refuse %s", (_, probabilities, targets, type, message) => {
    const call = () => crossEntropy(probabilities as MatrixLike, targets as MatrixLike);
    expect(call).toThrow(type);
    expect(call).toThrow(message);
  });
});
