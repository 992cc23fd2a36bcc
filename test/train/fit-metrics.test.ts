/** Metrics of `compile`, where a fit calls them: events, history, monitor and result. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  compile,
  dense,
  type EpochEvent,
  type MetricFunction,
  meanSquaredError,
  OptionError,
  type Result,
  sequential,
  sgd,
  type TrainOptions,
} from "../../src/index.ts";
import { classes, classifier, noise, slowClock, stateDigest, thrownBy } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const data = classes(40);
const other = classes(20, 9);

/** The share of rows that the first class is predicted for: a function of the user's own. */
function firstClass(truth: unknown, { data: p, shape }: Result): number {
  expect(truth).toBeInstanceOf(Int32Array);
  let count = 0;
  for (let row = 0; row < shape[0]; row++)
    if (p[3 * row] > p[3 * row + 1] && p[3 * row] > p[3 * row + 2]) count++;
  return count / shape[0];
}

const make = (metrics: TrainOptions["metrics"] = ["f1", firstClass]) => classifier({ metrics });

describe("metrics of a fit", () => {
  it("are those of the validation rows, in events, history and result", () => {
    const heard: EpochEvent[] = [];
    const trainer = make();
    const result = trainer.fitSync(data, {
      epochs: 3,
      validation: other,
      onEpoch: (event) => heard.push(event),
    });
    expect(Object.keys(result.history)).toEqual(["loss", "validationLoss", "accuracy", "f1", "firstClass"]);
    const again = make();
    for (let epoch = 0; epoch < 3; epoch++) {
      again.fitSync(data, { epochs: 1, validation: other });
      const evaluation = again.evaluate(other);
      expect(Object.keys(evaluation)).toEqual(["loss", "accuracy", "f1", "firstClass"]);
      const { loss, ...values } = evaluation;
      expect(heard[epoch]).toMatchObject({ ...values, validation: evaluation });
      expect(heard[epoch].loss).not.toBe(loss);
      for (const name in values) expect(result.history[name]![epoch]).toBe(values[name]);
    }
    const { loss, ...values } = again.evaluate(other);
    expect(result).toMatchObject({ ...values, validation: { loss, ...values } });
  });

  it("are those of the training rows where no others are kept apart", () => {
    const trainer = make();
    const { history, accuracy, f1, validation } = trainer.fitSync(data, { epochs: 3 });
    expect(validation).toBeUndefined();
    expect(Object.keys(history)).toEqual(["loss", "accuracy", "f1", "firstClass"]);
    expect(history.f1).toHaveLength(3);
    const evaluation = trainer.evaluate(data);
    expect({ accuracy, f1 }).toEqual({ accuracy: evaluation.accuracy, f1: evaluation.f1 });
    expect(history.firstClass!.at(-1)).toBe(evaluation.firstClass);
  });

  it("change no bit of the training", () => {
    const [measured, plain] = [make(), classifier()];
    const { history } = measured.fitSync(data, { epochs: 4 });
    expect(plain.fitSync(data, { epochs: 4 }).history.loss).toEqual(history.loss);
    expect(stateDigest(measured)).toBe(stateDigest(plain));
  });

  it("are the same when sliced after every step", async () => {
    const [a, b] = [make(), make()];
    const options = { epochs: 4, validation: 0.3 };
    const expected = a.fitSync(data, options);
    slowClock();
    expect(await b.fit(data, options)).toEqual(expected);
  });

  it("are watched by early stopping: those with a name know their direction", () => {
    const { history } = make().fitSync(data, { epochs: 60, validation: other });
    const best = (values: readonly number[]) => values.indexOf(Math.max(...values)) + 1;
    const run = (monitor: string, mode?: "min" | "max") =>
      make().fitSync(data, {
        epochs: 60,
        validation: other,
        earlyStopping: { patience: 60, monitor, ...(mode && { mode }) },
      });
    const result = run("f1");
    expect(result.best!.epoch).toBe(best(history.f1!));
    expect(result.f1).toBe(Math.max(...history.f1!));
    expect(run("firstClass", "max").best!.epoch).toBe(best(history.firstClass!));
    expect(run("firstClass", "min").best!.epoch).toBe(best(history.firstClass!.map((value) => -value)));
    const error = thrownBy(() => run("firstClass"));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toBe(
      'fitSync: earlyStopping: mode must say whether firstClass is best at its "min" or "max", because it is a function of your own; got none',
    );
    expect(thrownBy(() => run("f2")).message).toContain(
      'monitor: unknown column "f2"; columns: loss, validationLoss, accuracy, f1, firstClass',
    );
  });

  it("that are NaN or infinite are never the best", () => {
    let calls = 0;
    const sometimes: MetricFunction = Object.assign(
      () => [Number.NaN, Number.POSITIVE_INFINITY, 3, 1, Number.NEGATIVE_INFINITY][calls++] ?? 9,
      {
        metricName: "sometimes",
        better: "lower" as const,
      },
    );
    const trainer = make([sometimes]);
    const result = trainer.fitSync(data, {
      epochs: 5,
      validation: other,
      earlyStopping: { patience: 9, monitor: "sometimes" },
    });
    expect(result.best!.epoch).toBe(4);
    calls = 0;
    const never = make([Object.assign(() => Number.NaN, { metricName: "never", better: "lower" as const })]);
    const none = never.fitSync(data, { validation: other, earlyStopping: { patience: 3, monitor: "never" } });
    expect(none).toMatchObject({ reason: "patience", epochs: 3 });
    expect(none.best).toBeUndefined();
    expect(never.epochs).toBe(3);
  });

  it("of a regression have truth and predictions in units of y", () => {
    const seen: unknown[] = [];
    function largestError(truth: { data: ArrayLike<number>; shape: readonly number[] }, p: Result): number {
      seen.push([truth.shape, p.shape]);
      return Math.max(...Array.from(truth.data, (y, i) => Math.abs(y - p.data[i])));
    }
    const x = Array.from(noise(40), (v) => [v]);
    const y = x.map(([v]) => 1000 + 200 * v);
    for (const targets of [undefined, "standardize"] as const) {
      const trainer = compile(sequential({ input: [1] }, [dense(1)]), {
        loss: meanSquaredError(),
        optimizer: sgd({ learningRate: targets ? 0.1 : 1e-4 }),
        metrics: ["mae", largestError as MetricFunction],
        ...(targets && { targets }),
      });
      const { mae, history } = trainer.fitSync({ x, y }, { epochs: 20, validation: { last: 0.25 } });
      const errors = Array.from(trainer.predict(x.slice(30)).data, (p, i) => Math.abs(p - y[30 + i]));
      expect(mae).toBeCloseTo(errors.reduce((sum, e) => sum + e, 0) / 10, 3);
      expect(history.largestError!.at(-1)).toBeCloseTo(Math.max(...errors), 3);
    }
    expect(seen[0]).toEqual([
      [10, 1],
      [10, 1],
    ]);
  });

  it("that give no number end the fit with an error that names them", () => {
    function wrong() {
      return "0.5" as never;
    }
    const trainer = make([wrong]);
    expect(thrownBy(() => trainer.fitSync(data)).message).toBe(
      'fitSync: metric wrong must give a number; got "0.5"',
    );
    expect(thrownBy(() => trainer.evaluate(data)).message).toBe(
      'evaluate: metric wrong must give a number; got "0.5"',
    );
  });

  it("that throw end the fit with their error, and the epoch is judged by the next one", () => {
    const options = { validation: 0.4, earlyStopping: { patience: 4 } };
    const whole = classifier();
    const expected = whole.fitSync(data, options);
    const last = expected.best!.epoch + 1;
    let calls = 0;
    function fails(): number {
      if (++calls === last) throw new Error("no metric today");
      return calls;
    }
    const trainer = make([fails]);
    expect(() => trainer.fitSync(data, options)).toThrow("no metric today");
    expect(trainer.epochs).toBe(last);
    const heard: number[] = [];
    const result = trainer.fitSync(data, { ...options, onEpoch: ({ epoch }) => heard.push(epoch) });
    expect(result).toMatchObject({ epochs: expected.epochs - last, reason: "patience" });
    expect(heard[0]).toBe(last);
    expect(result.best!.epoch).toBe(expected.best!.epoch);
    expect(stateDigest(trainer)).toBe(stateDigest(whole));
  });
});
