/** Every metric against what scikit-learn gives, ties and degenerate cases included. */
import { describe, expect, it } from "vitest";
import {
  accuracy,
  balancedAccuracy,
  brier,
  confusionMatrix,
  f1,
  logLoss,
  mae,
  matthews,
  prAuc,
  precision,
  r2,
  recall,
  rmse,
  rocAuc,
  topK,
} from "../../src/metrics/index.ts";
import { makeResult } from "../../src/rows/data.ts";
import recorded from "../vectors/metrics.json" with { type: "json" };

const AVERAGED = { precision, recall, f1 };

/** Equal up to the rounding of a few sums; null stands for what is not defined. */
function near(got: number | readonly number[], expected: number | null | readonly (number | null)[]) {
  if (typeof got !== "number") {
    expect(got).toHaveLength((expected as number[]).length);
    got.forEach((value, i) => {
      near(value, (expected as (number | null)[])[i]);
    });
  } else if (expected === null) expect(got).toBeNaN();
  else
    expect(Math.abs(got - (expected as number)), `${got} for ${expected}`).toBeLessThanOrEqual(
      1e-13 * Math.max(1, Math.abs(expected as number)),
    );
}

/** The same rows in the other forms that fit takes. */
const formsOf = (truth: readonly number[], count: number) => ({
  indices: truth as number[],
  "[rows, 1]": truth.map((label) => [label]),
  "one-hot": truth.map((label) => Array.from({ length: count }, (_, j) => (j === label ? 1 : 0))),
  "a typed array": Uint8Array.from(truth),
  "data and shape": { data: Float32Array.from(truth), shape: [truth.length] },
  names: truth.map((label) => `class ${label}`),
});

describe.each(recorded.classes)("classes: $name", (c) => {
  const labels = Array.from({ length: c.count }, (_, i) => `class ${i}`);
  const metrics = { accuracy, balancedAccuracy, matthews };

  it("has the recorded values, in every form of truth", () => {
    for (const [form, truth] of Object.entries(formsOf(c.truth, c.count)))
      for (const [name, metric] of Object.entries(metrics)) {
        const options = { labels };
        const got = metric(truth, form === "names" ? labelsOf(c.prediction) : c.prediction, options);
        near(got, c[name as keyof typeof metrics]);
      }
  });

  it("has the recorded confusion matrix, precision, recall and f1 for each average", () => {
    expect(confusionMatrix(c.truth, c.prediction, { labels })).toEqual(c.confusionMatrix);
    for (const [name, metric] of Object.entries(AVERAGED)) {
      const expected = c[name as keyof typeof AVERAGED] as Record<string, number | number[]>;
      for (const average of ["macro", "micro"] as const)
        near(metric(c.truth, c.prediction, { average, labels }), expected[average]);
      near(metric(c.truth, c.prediction, { average: "none", labels }), expected.none);
      near(metric(c.truth, c.prediction, { labels }), expected.default ?? expected.macro);
    }
  });

  it("has them of what predict and classify would give", () => {
    const rows = c.prediction.length;
    const scores = makeResult(
      Float32Array.from({ length: rows * c.count }, (_, i) =>
        c.prediction[Math.floor(i / c.count)] === i % c.count ? 0.75 : 0.25 / (c.count - 1),
      ),
      [rows, c.count],
    );
    const classified = c.prediction.map((index) => ({ label: labels[index], index, probability: 0.75 }));
    const named = c.truth.map((label) => labels[label]);
    for (const [name, metric] of Object.entries(metrics)) {
      near(metric(c.truth, scores), c[name as keyof typeof metrics]);
      near(metric(c.truth, scores.toArray() as number[][]), c[name as keyof typeof metrics]);
      near(metric(c.truth, classified), c[name as keyof typeof metrics]);
      near(metric(named, classified), c[name as keyof typeof metrics]);
      near(metric(named, scores, { labels }), c[name as keyof typeof metrics]);
      near(
        metric(
          c.truth,
          classified.map((one) => [one]),
        ),
        c[name as keyof typeof metrics],
      );
    }
  });
});

const labelsOf = (indices: readonly number[]) => indices.map((index) => `class ${index}`);

describe.each(recorded.probabilities)("probabilities: $name", (c) => {
  const several = Array.isArray(c.probabilities[0]);
  const given = c.probabilities as number[] | number[][];
  const forms: Record<string, number[] | number[][] | Float64Array> = several
    ? { rows: given }
    : {
        list: given,
        "[rows, 1]": (given as number[]).map((p) => [p]),
        "two columns": (given as number[]).map((p) => [1 - p, p]),
        "a typed array": Float64Array.from(given as number[]),
      };

  it("has the recorded values, in every form of truth and prediction", () => {
    for (const [truthForm, truth] of Object.entries(formsOf(c.truth, c.count)))
      for (const probabilities of Object.values(forms)) {
        const labels = truthForm === "names" ? { labels: labelsOf([...Array(c.count).keys()]) } : {};
        // 0 and 1 alone look like decisions.
        const isHard = c.name === "two classes, sure and wrong";
        const p = isHard
          ? {
              data: Float64Array.from(Array.from(probabilities as number[]).flat()),
              shape: [3, Array.isArray(probabilities[0]) ? probabilities[0].length : 1],
            }
          : probabilities;
        near(rocAuc(truth, p, labels), c.rocAuc ?? null);
        near(prAuc(truth, p, labels), c.prAuc ?? null);
        near(logLoss(truth, p, labels), c.logLoss);
        near(brier(truth, p, labels), c.brier);
      }
  });

  it("has the recorded averages of several classes", () => {
    if (!several)
      return near(rocAuc(c.truth, forms["a typed array"], { average: "none" }), [c.rocAuc ?? null]);
    near(rocAuc(c.truth, given, { average: "none" }), c.rocAucNone as number[]);
    near(prAuc(c.truth, given, { average: "none" }), c.prAucNone as number[]);
    near(rocAuc(c.truth, given, { average: "micro" }), c.rocAucMicro as number);
    near(prAuc(c.truth, given, { average: "micro" }), c.prAucMicro as number);
    c.topK?.forEach((expected, i) => {
      near(topK(i + 1)(c.truth, given), expected);
    });
  });

  it("is the same of what classify gives with all classes", () => {
    if (!several) {
      const classified = (given as number[]).map((p) => ({
        label: "",
        index: p >= 0.5 ? 1 : 0,
        probability: p >= 0.5 ? p : 1 - p,
      }));
      near(brier(c.truth, classified), c.brier);
      return;
    }
    const ranked = (given as number[][]).map((row) =>
      row
        .map((probability, index) => ({ label: `${index}`, index, probability }))
        .sort((a, b) => b.probability - a.probability),
    );
    near(prAuc(c.truth, ranked), c.prAuc as number);
    near(logLoss(c.truth, ranked), c.logLoss);
  });
});

describe.each(recorded.labels)("labels: $name", (c) => {
  const { truth, probabilities, thresholds } = c;

  it("has the recorded values, by numbers and by what classify gives", () => {
    const classified = probabilities.map((row) => ({
      ...{ label: "0", index: 0, probability: row[0] },
      labels: row.map((probability, index) => ({
        label: `${index}`,
        index,
        probability,
        isOver: probability >= thresholds[index],
      })),
    }));
    for (const [prediction, options] of [
      [probabilities, { threshold: thresholds }],
      [classified, {}],
    ] as const) {
      near(accuracy(truth, prediction, options), c.accuracy);
      for (const [name, metric] of Object.entries(AVERAGED)) {
        const expected = c[name as keyof typeof AVERAGED];
        for (const average of ["macro", "micro"] as const)
          near(metric(truth, prediction, { ...options, average }), expected[average]);
        near(metric(truth, prediction, options), expected.macro);
        near(metric(truth, prediction, { ...options, average: "none" }), expected.none);
      }
      near(rocAuc(truth, prediction), c.rocAuc);
      near(rocAuc(truth, prediction, { average: "micro" }), c.rocAucMicro);
      near(prAuc(truth, prediction), c.prAuc);
      near(prAuc(truth, prediction, { average: "micro" }), c.prAucMicro);
    }
  });
});

describe.each(recorded.numbers)("numbers: $name", ({ truth, prediction, ...expected }) => {
  it("has the recorded values", () => {
    const metrics = { mae, rmse, r2 };
    const asRows = (list: number[] | number[][]) =>
      (Array.isArray(list[0]) ? list : (list as number[]).map((v) => [v])) as number[][];
    for (const [name, metric] of Object.entries(metrics)) {
      near(metric(truth, prediction), expected[name as keyof typeof metrics]);
      near(metric(asRows(truth), asRows(prediction)), expected[name as keyof typeof metrics]);
    }
  });
});

describe("the comparison", () => {
  it("catches a wrong denominator and a wrong tie", () => {
    const [c] = recorded.numbers;
    expect(() => near(mae(c.truth, c.prediction) * (29 / 30), c.mae)).toThrow();
    const tied = recorded.probabilities.find(({ name }) => name.includes("ties"))!;
    const shifted = (tied.probabilities as number[]).map((p, i) => p + 1e-9 * i);
    expect(() => near(rocAuc(tied.truth, shifted), tied.rocAuc as number)).toThrow();
  });
});
