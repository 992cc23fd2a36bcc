/** A fit of so many updates, which leaves off within an epoch and is gone on with. */
import { describe, expect, it, vi } from "vitest";
import { type FitOptions, OptionError } from "../../src/index.ts";
import { classes, classifier, slowClock, stateDigest, thrownBy } from "../fixtures.ts";

/** Five batches of 8, the last one short: 3 rows. */
const data = classes(35);

describe("steps", () => {
  it("are the updates of the call", () => {
    const trainer = classifier();
    expect(trainer.fitSync(data, { steps: 3 })).toMatchObject({ reason: "steps", steps: 3, epochs: 0 });
    expect(trainer.fitSync(data, { steps: 3 })).toMatchObject({ reason: "steps", steps: 3, epochs: 1 });
    expect(trainer.steps).toBe(6);
  });

  it("go on within the epoch and across its end: any parts give the bits of the whole", () => {
    for (const options of [{}, { shuffle: false }, { validation: 0.2 }] as FitOptions[]) {
      const whole = classifier();
      const { history } = whole.fitSync(data, { ...options, steps: 23 });
      for (const parts of [[3, 20], [5, 5, 5, 5, 3], Array(23).fill(1), [22, 1]] as number[][]) {
        const trainer = classifier();
        const losses = parts.flatMap((steps) => {
          const result = trainer.fitSync(data, { ...options, steps });
          expect(result).toMatchObject({ reason: "steps", steps });
          return result.history.loss;
        });
        expect(losses).toEqual(history.loss);
        expect(stateDigest(trainer)).toBe(stateDigest(whole));
      }
    }
  });

  it("that fill epochs are those epochs", () => {
    const [steps, epochs] = [classifier(), classifier()];
    const result = steps.fitSync(data, { steps: 15 });
    const { history, loss } = epochs.fitSync(data, { epochs: 3 });
    expect(result).toMatchObject({ reason: "steps", epochs: 3, loss, history });
    expect(stateDigest(steps)).toBe(stateDigest(epochs));
  });

  it("give way to epochs, whichever comes first, and to a loss that is met", () => {
    expect(classifier().fitSync(data, { steps: 12, epochs: 2 })).toMatchObject({
      reason: "epochs",
      steps: 10,
    });
    expect(classifier().fitSync(data, { steps: 9, epochs: 2 })).toMatchObject({ reason: "steps", epochs: 1 });
    expect(classifier().fitSync(data, { steps: 10, epochs: 2 })).toMatchObject({
      reason: "epochs",
      steps: 10,
    });
    expect(classifier().fitSync(data, { steps: 9, stopWhen: { lossBelow: 1e9 } })).toMatchObject({
      reason: "lossBelow",
      steps: 4,
    });
  });

  it("have the bits of fitSync when sliced after every step", async () => {
    const [a, b] = [classifier(), classifier()];
    const expected = a.fitSync(data, { steps: 13 });
    slowClock();
    const result = await b.fit(data, { steps: 13 });
    vi.restoreAllMocks();
    expect(result).toEqual(expected);
    expect(stateDigest(b)).toBe(stateDigest(a));
  });

  it("count updates, not the batches that make one", () => {
    // Batches of 8, groups of 2: an epoch is 3 updates, the last one of the short batch alone.
    const [whole, parts] = [classifier({ accumulate: 2 }), classifier({ accumulate: 2 })];
    whole.fitSync(data, { epochs: 4 });
    for (const steps of [1, 2, 4, 5]) {
      const before = parts.steps;
      expect(parts.fitSync(data, { steps })).toMatchObject({ reason: "steps", steps });
      expect(parts.steps - before).toBe(steps);
    }
    expect(parts.steps).toBe(whole.steps);
    expect(stateDigest(parts)).toBe(stateDigest(whole));
  });

  it("stream through a small window", () => {
    const [wide, narrow] = [classifier(), classifier({ windowRows: 8 })];
    for (const steps of [1, 4, 7]) {
      wide.fitSync(data, { steps });
      narrow.fitSync(data, { steps });
      expect(narrow.digest()).toBe(wide.digest());
    }
  });

  it("measure the parameters handed back, in the middle of an epoch too", () => {
    const trainer = classifier();
    const { validation, accuracy, history } = trainer.fitSync(data, { steps: 7, validation: classes(16, 4) });
    expect(validation).toEqual(trainer.evaluate(classes(16, 4)));
    expect(accuracy).toBe(validation!.accuracy);
    expect(history.validationLoss).toHaveLength(1);
    expect(validation!.loss).not.toBe(history.validationLoss![0]);
  });

  it("give the loss of the last batch before an epoch is complete", () => {
    const [fit, step] = [classifier(), classifier()];
    const { loss } = fit.fitSync(data, { steps: 1, shuffle: false });
    expect(loss).toBe(step.step({ x: data.x.slice(0, 40), y: data.y.slice(0, 8) }).loss);
  });

  it.each([0, -1, 1.5, Number.NaN, "3"])("are refused where they are %s", (steps) => {
    const error = thrownBy(() => classifier().fitSync(data, { steps } as FitOptions));
    expect(error).toBeInstanceOf(OptionError);
    expect(error.message).toContain("fitSync: steps must be a whole number >= 1, or Infinity; got");
  });
});

describe("untilEpoch", () => {
  it("counts over the life of the trainer", () => {
    const [a, b] = [classifier(), classifier()];
    a.fitSync(data, { epochs: 7 });
    b.fitSync(data, { steps: 12 });
    expect(b.fitSync(data, { untilEpoch: 7 })).toMatchObject({ reason: "epochs", epochs: 5 });
    expect(stateDigest(b)).toBe(stateDigest(a));
    expect(b.fitSync(data, { untilEpoch: 20, epochs: 2 }).epochs).toBe(2);
    expect(b.fitSync(data, { untilEpoch: 10, epochs: 20 }).epochs).toBe(1);
  });

  it("that is reached already does nothing, whatever the data", async () => {
    const trainer = classifier();
    trainer.fitSync(data, { steps: 12 });
    const before = stateDigest(trainer);
    const over = { reason: "epochs", epochs: 0, steps: 0, loss: Number.NaN, history: { loss: [] } };
    for (const untilEpoch of [1, 2]) {
      expect(trainer.fitSync(classes(20), { untilEpoch })).toMatchObject(over);
      expect(await trainer.fit(classes(20), { untilEpoch })).toMatchObject(over);
      expect(trainer.fitSync(data, { untilEpoch, onEpoch: () => expect.unreachable() })).toMatchObject(over);
    }
    expect(stateDigest(trainer)).toBe(before);
  });

  it("that is reached already hands back the best state that an aborted fit remembers", async () => {
    const options = { validation: 0.2, earlyStopping: { patience: 50 } } as const;
    const whole = classifier();
    const { best } = whole.fitSync(data, { ...options, epochs: 30 });
    const trainer = classifier();
    const abort = new AbortController();
    await trainer
      .fit(data, {
        ...options,
        signal: abort.signal,
        onEpoch: ({ epochs }) => epochs === 30 && abort.abort(),
      })
      .catch(() => {});
    expect(trainer.epochs).toBe(30);
    expect(await trainer.fit(data, { ...options, untilEpoch: 30 })).toMatchObject({ reason: "epochs", best });
    expect(stateDigest(trainer)).toBe(stateDigest(whole));
  });

  it("must be a whole number", () => {
    expect(thrownBy(() => classifier().fitSync(data, { untilEpoch: 0 }))).toBeInstanceOf(OptionError);
  });
});
