import { afterEach, describe, expect, it, vi } from "vitest";
import {
  adam,
  compileTogether,
  dense,
  type FitOptions,
  type Ledger,
  meanSquaredError,
  reduceOnPlateau,
  sequential,
  sgd,
  startLedger,
  type Trainer,
} from "../../src/index.ts";
import { digestOfData } from "../../src/ledger/digest.ts";
import { finish } from "../../src/steps.ts";
import { classifier, slowClock } from "../fixtures.ts";
import { threaded } from "../threads/engines.ts";
import { asJson, data, flipped, ledgerOf, others, plain, rechained, verify } from "./runs.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("fit with a ledger", () => {
  const CASES: Record<string, readonly [() => Trainer, FitOptions]> = {
    plain: [classifier, { epochs: 7 }],
    "in order": [classifier, { epochs: 7, shuffle: false }],
    validation: [classifier, { epochs: 7, validation: 0.25 }],
    "early stopping": [
      () => classifier({ optimizer: adam({ learningRate: 0.1 }) }),
      { validation: 0.3, earlyStopping: { patience: 3 } },
    ],
    "a plateau": [
      () => classifier({ optimizer: sgd({ learningRate: reduceOnPlateau({ initial: 0.5, patience: 1 }) }) }),
      { epochs: 12, validation: 0.25 },
    ],
    "class weights": [classifier, { epochs: 5, classWeight: { 0: 2, 2: 0.5 } }],
    steps: [classifier, { steps: 16 }],
    "a loss": [classifier, { stopWhen: { lossBelow: 0.9 } }],
    "accumulated gradients": [() => classifier({ accumulate: 4 }), { epochs: 6 }],
    "accumulated gradients and steps": [() => classifier({ accumulate: 4 }), { steps: 5 }],
    "accumulated gradients and a loss": [
      () => classifier({ accumulate: 4 }),
      { stopWhen: { lossBelow: 0.9 } },
    ],
    "one batch": [() => classifier({ batchSize: 64 }), { epochs: 9 }],
    "one batch and a loss": [() => classifier({ batchSize: 64 }), { stopWhen: { lossBelow: 1 } }],
    averages: [() => classifier({ averageWeights: { decay: 0.9 }, clip: { globalNorm: 1 } }), { epochs: 5 }],
    windows: [() => classifier({ windowRows: 16 }), { epochs: 5 }],
  };

  it.each(Object.entries(CASES))("changes no bit, and can be verified: %s", async (_, [make, options]) => {
    const without = make();
    const { ledger: none, ...expected } = without.fitSync(data, options);
    const trainer = make();
    const { ledger, ...result } = trainer.fitSync(data, { ...options, ledger: { every: 2, keep: 2 } });
    expect(none).toBeUndefined();
    expect(result).toEqual(expected);
    expect(trainer.digest({ training: true })).toBe(without.digest({ training: true }));
    expect(ledger?.end?.digest).toBe(trainer.digest({ training: true }));
    expect(ledger?.end).toMatchObject({ epoch: trainer.epochs, step: trainer.steps });

    slowClock();
    const sliced = make();
    expect((await sliced.fit(data, { ...options, ledger: { every: 2, keep: 2 } })).ledger).toEqual(ledger);
    vi.restoreAllMocks();

    const count = (ledger as Ledger).entries.length + 1;
    const whole = await verify(ledger as Ledger, {}, make);
    expect(whole).toEqual({ equal: true, entries: count, from: 0, to: expect.any(Number) });
    const kept = (ledger as Ledger).states?.at(-1)?.epoch ?? 0;
    const stretch = await verify(asJson(ledger as Ledger), { from: kept }, make);
    expect(stretch).toMatchObject({ equal: true, from: kept });
  });

  it("has an entry for every so many epochs of the trainer's life", () => {
    expect(plain.entries.map(({ epoch }) => epoch)).toEqual([0, 3, 6, 9, 12]);
    expect(plain.states?.map(({ epoch }) => epoch)).toEqual([6, 12]);
    const trainer = classifier();
    for (const [i, { digest, step }] of plain.entries.entries()) {
      if (i > 0) trainer.fitSync(data, { epochs: 3 });
      expect([step, digest]).toEqual([trainer.steps, trainer.digest({ training: true })]);
    }
  });

  it("is a few kilobytes of JSON without states", () => {
    const { states, ...digests } = ledgerOf({ epochs: 12, ledger: { every: 3 } });
    expect(states).toBeUndefined();
    expect(JSON.stringify(digests).length).toBeLessThan(4096);
    expect(structuredClone(digests)).toEqual(digests);
  });

  it("chains as the documentation says", () => {
    expect(rechained(plain)).toEqual(asJson(plain));
  });

  it("goes on with a ledger: two fits write what one does", async () => {
    const trainer = classifier();
    const { ledger } = await trainer.fit(data, { epochs: 5, ledger: { every: 3, keep: 6 } });
    expect(ledger?.entries.map(({ epoch }) => epoch)).toEqual([0, 3]);
    const { ledger: whole } = await trainer.fit(data, { epochs: 7, ledger: ledger as Ledger });
    expect(whole).toBe(ledger);
    expect(whole).toEqual(plain);
  });

  it("goes on from JSON, in another process as it were", () => {
    const first = classifier();
    const { ledger } = first.fitSync(data, { steps: 20, ledger: { every: 3, keep: 6 } });
    const second = classifier();
    second.restore(first.state());
    const { ledger: whole } = second.fitSync(data, { untilEpoch: 12, ledger: asJson(ledger as Ledger) });
    expect(whole).toEqual(plain);
  });

  it("keeps what was written before an abort, and goes on from there", async () => {
    const trainer = classifier();
    const ledger = startLedger({ every: 3, keep: 6 });
    for (const [at, epoch] of [
      [4, 3],
      [9, 9],
    ]) {
      const controller = new AbortController();
      const onEpoch = ({ epoch }: { epoch: number }) => epoch === at && controller.abort();
      await expect(
        trainer.fit(data, { untilEpoch: 12, ledger, onEpoch, signal: controller.signal }),
      ).rejects.toThrow();
      expect(ledger.end).toBeUndefined();
      expect(ledger.entries.at(-1)?.epoch).toBe(epoch);
    }
    await trainer.fit(data, { untilEpoch: 12, ledger });
    expect(ledger).toEqual(plain);
  });

  it("goes on after an abort within an epoch", async () => {
    const trainer = classifier();
    const ledger = startLedger({ every: 3, keep: 6 });
    const controller = new AbortController();
    slowClock();
    const onProgress = () => trainer.steps === 10 && controller.abort();
    await expect(
      trainer.fit(data, { epochs: 9, ledger, onProgress, signal: controller.signal }),
    ).rejects.toThrow();
    expect(trainer.steps % 6).not.toBe(0);
    trainer.fitSync(data, { untilEpoch: 12, ledger });
    expect(ledger).toEqual(plain);
  });

  it("goes on from a checkpoint, and drops what came after it", () => {
    const trainer = classifier();
    const ledger = startLedger({ every: 3, keep: 6 });
    let saved: Uint8Array | undefined;
    const onEpoch = ({ epoch }: { epoch: number }, own: Trainer) => {
      if (epoch === 7) saved = own.state();
      if (epoch === 10) throw new Error("a crash");
    };
    expect(() => trainer.fitSync(data, { epochs: 12, ledger, onEpoch })).toThrow("a crash");
    expect(ledger.entries.at(-1)?.epoch).toBe(9);
    trainer.restore(saved as Uint8Array);
    trainer.fitSync(data, { untilEpoch: 12, ledger });
    expect(ledger).toEqual(plain);
  });

  it("goes on from the best epoch that an early stopping handed back", async () => {
    const make = () => classifier({ optimizer: adam({ learningRate: 0.1 }) });
    const trainer = make();
    const ledger = startLedger({ every: 1 });
    trainer.fitSync(data, { validation: 0.3, earlyStopping: { patience: 3 }, ledger });
    const { epochs } = trainer;
    expect(ledger.end?.epoch).toBe(epochs);
    expect(ledger.entries.at(-1)?.epoch).toBe(epochs + 3);
    trainer.fitSync(data, { validation: 0.3, epochs: 1, ledger });
    expect(ledger.entries.at(-1)?.epoch).toBe(epochs + 1);
    expect(await verify(ledger, {}, make)).toMatchObject({ equal: true, entries: epochs + 3 });
  });

  it("takes bound data, and other forms of the same numbers, for the same", () => {
    const trainer = classifier();
    const bound = trainer.bind(data);
    const { ledger } = trainer.fitSync(bound, { epochs: 12, ledger: { every: 3, keep: 6 } });
    expect(ledger).toEqual(plain);
    const rows = Array.from({ length: 45 }, (_, i) => Array.from(data.x.subarray(i * 5, i * 5 + 5)));
    expect(
      ledgerOf({ epochs: 12, ledger: { every: 3, keep: 6 } }, classifier, {
        x: rows,
        y: Int32Array.from(data.y),
      }),
    ).toEqual(plain);
  });

  it("writes the same with threads", async () => {
    using engine = await threaded(3);
    const trainer = classifier({ engine });
    const { ledger } = await trainer.fit(data, { epochs: 12, ledger: { every: 3, keep: 6 } });
    expect(ledger).toEqual(plain);
    const { equal } = await verify(plain, { from: 6 }, () => classifier({ engine }));
    expect(equal).toBe(true);
  });

  it("records a withState too", async () => {
    const trainer = classifier();
    let ledger: Ledger | undefined;
    await trainer.withState(trainer.state(), async (own) => {
      ({ ledger } = await own.fit(data, { epochs: 12, ledger: { every: 3, keep: 6 } }));
    });
    expect(ledger).toEqual(plain);
  });

  it("says what it needs", () => {
    const trainer = classifier();
    const writing = (ledger: unknown, options: FitOptions = {}) =>
      trainer.fitSync(data, { epochs: 1, ...options, ledger: ledger as Ledger });
    const before = trainer.digest({ training: true });
    expect(() => writing({})).toThrow("fitSync: ledger: every must be a whole number >= 1; got undefined");
    expect(() => writing({ every: 0 })).toThrow("fitSync: ledger: every must be a whole number >= 1; got 0");
    expect(() => writing({ every: 2, keep: 3 })).toThrow(
      "fitSync: ledger: keep must be a multiple of every, which is 2; got 3",
    );
    expect(() => writing({ every: 2, evry: 3 })).toThrow('fitSync: ledger: unknown option "evry"');
    expect(() => writing(3)).toThrow("fitSync: ledger: options must be an object");
    expect(() => writing({ ...plain, format: 2 })).toThrow(
      "must have format 1; install a newer version; got 2",
    );
    expect(() => writing({ ...plain, entries: [{}] })).toThrow(
      "fitSync: ledger must be a ledger, as the result of fit has it; got one with entries",
    );
    expect(() => startLedger({ every: 1.5 })).toThrow(
      "startLedger: every must be a whole number >= 1; got 1.5",
    );
    expect(trainer.digest({ training: true })).toBe(before);
  });

  it("refuses to go on with a ledger of something else, which then stays as it was", () => {
    const copy = asJson(plain);
    const trained = () => {
      const trainer = classifier();
      trainer.fitSync(data, { epochs: 12 });
      return trainer;
    };
    const go = (trainer: Trainer, rows: object = data, options: FitOptions = {}, ledger = copy) =>
      trainer.fitSync(rows as never, { epochs: 3, ...options, ledger });
    expect(() => go(classifier())).toThrow(
      "the trainer must stand where the ledger ended to go on, at epoch 12; got epoch 0: restore such a state, or start a new ledger",
    );
    expect(() => go(trained(), others)).toThrow(/must be of this training to go on, whose data\.rows is 13/);
    expect(() => go(trained(), data, { shuffle: false })).toThrow(
      "whose options.shuffle is false; got a ledger with nothing",
    );
    expect(() => go(trained(), data, { validation: 0.2 })).toThrow("whose options.validation is 0.2");
    expect(() => go(classifier({ optimizer: sgd() }))).toThrow("whose manifest.");
    expect(() => go(trained(), data, {}, flipped(copy, 1))).toThrow(
      "its chain must be whole to go on; got another one at epoch 3",
    );
    const other = trained();
    other.setLearningRate(0.5);
    expect(() => go(other)).toThrow(
      "must be in the state of the ledger to go on; got another state at epoch 12",
    );
    const further = trained();
    further.fitSync(data, { epochs: 2 });
    expect(() => go(further)).toThrow("at epoch 12; got epoch 14");
    const { end, ...open } = copy;
    expect(end).toBeDefined();
    expect(() => go(further, data, { steps: 1 }, open)).not.toThrow();
    expect(() =>
      go(further, data, {}, { ...open, end: undefined, entries: open.entries.slice(0, 3) }),
    ).toThrow("where the ledger was left to go on, between epochs 0 and 9; got epoch 14, row 8");
    expect(() => go(trained(), data, { earlyStopping: { patience: 1, monitor: "losses" } })).toThrow(
      "unknown column",
    );
    expect(copy).toEqual(plain);
    go(trained());
    expect(copy.entries.at(-1)?.epoch).toBe(15);
  });

  it("refuses programs of one memory", () => {
    const { a } = compileTogether({
      a: { model: sequential({ input: [1] }, [dense(1)]), loss: meanSquaredError(), optimizer: sgd() },
      b: { model: sequential({ input: [1] }, [dense(1)]) },
    });
    expect(() => a.fitSync({ x: [[1]], y: [1] }, { ledger: { every: 1 } })).toThrow(
      "fitSync: ledger: needs a trainer of its own memory; got one of compileTogether",
    );
  });

  it("digests data whatever payload their NaN have, long ones too", () => {
    const column = (word: number, length = 3) => {
      const numbers = Float64Array.from({ length }, (_, i) => i / 7);
      new Uint32Array(numbers.buffer).set([word, 0xfff80000], 2);
      return { rows: length, columns: [{ words: 1, data: numbers }] };
    };
    for (const length of [3, 100_000]) {
      const digest = finish(digestOfData(column(0, length)));
      expect(finish(digestOfData(column(0xff, length)))).toEqual(digest);
      const other = column(0, length);
      other.columns[0].data[length - 1] += 1;
      expect(finish(digestOfData(other))).not.toEqual(digest);
    }
  });
});

describe("a ledger that fits write into", () => {
  it("is refused where it is frozen, before anything is trained", async () => {
    const trainer = classifier();
    const ledger = Object.freeze(startLedger({ every: 2 }));
    await expect(trainer.fit(data, { epochs: 3, ledger })).rejects.toThrow(
      "fit: ledger: must be an object that fit can write into; got a frozen one: give a copy",
    );
    expect(trainer.epochs).toBe(0);
    await trainer.fit(data);
  });

  it("is written by one at a time", async () => {
    const ledger = startLedger({ every: 1 });
    const train = (trainer: Trainer) =>
      trainer.fit(data, { epochs: 40, ledger, onEpoch: () => new Promise(setImmediate) });
    const results = await Promise.allSettled([train(classifier()), train(classifier({ batchSize: 7 }))]);
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(1);
    expect(refused[0].reason.message).toContain("must be written by one fit at a time");
  });
});
