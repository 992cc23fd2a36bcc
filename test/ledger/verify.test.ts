import { describe, expect, it } from "vitest";
import {
  adam,
  batchNorm,
  compile,
  dense,
  type Ledger,
  meanSquaredError,
  OptionError,
  sequential,
  sgd,
  standardize,
  startLedger,
  type Trainer,
  verifyLedger,
} from "../../src/index.ts";
import { classifier, lineTrainer } from "../fixtures.ts";
import { asJson, data, flipped, ledgerOf, others, plain, rechained, verify } from "./runs.ts";

describe("verifyLedger", () => {
  it("finds a ledger equal, the whole and each stretch", async () => {
    expect(await verify(plain)).toEqual({ equal: true, entries: 6, from: 0, to: 12 });
    expect(await verify(plain, { from: 6 })).toEqual({ equal: true, entries: 4, from: 6, to: 12 });
    expect(await verify(plain, { from: 8, to: 9 })).toEqual({ equal: true, entries: 2, from: 6, to: 9 });
    expect(await verify(plain, { to: 3 })).toEqual({ equal: true, entries: 2, from: 0, to: 3 });
    expect(await verify(plain, { from: 0, to: 0 })).toEqual({ equal: true, entries: 1, from: 0, to: 0 });
    expect(await verify(plain, { from: 12 })).toEqual({ equal: true, entries: 2, from: 12, to: 12 });
    const { states, ...digests } = plain;
    expect(await verify(digests, { from: 7, to: 9 })).toEqual({ equal: true, entries: 4, from: 0, to: 9 });
  });

  it("finds a flipped digest at its place, by the chain", async () => {
    for (const [index, { epoch }] of plain.entries.entries()) {
      const found = await verify(flipped(plain, index));
      expect(found).toMatchObject({
        equal: false,
        at: `epoch ${epoch}`,
        why: expect.stringContaining("chain"),
      });
    }
    const end = asJson(plain);
    (end.end as { digest: string }).digest = plain.entries[0].digest;
    expect(await verify(end)).toMatchObject({ equal: false, at: "end" });
  });

  it("finds a flipped digest at its place by the states, where the chain was made anew", async () => {
    for (const [index, { epoch, digest }] of plain.entries.entries()) {
      const tampered = rechained(flipped(plain, index));
      expect(await verify(tampered)).toMatchObject({ equal: false, at: `epoch ${epoch}`, got: digest });
    }
    // What lies before the stretch is not replayed.
    expect(await verify(rechained(flipped(plain, 1)), { from: 6 })).toMatchObject({ equal: true });
    expect(await verify(rechained(flipped(plain, 4)), { from: 6 })).toMatchObject({
      equal: false,
      at: "epoch 12",
      why: "training from epoch 9 on gives another state",
    });
  });

  it.each<[string, (ledger: Ledger) => void, string]>([
    ["an entry taken out", ({ entries }) => (entries as unknown[]).splice(2, 1), "epoch 9"],
    [
      "entries exchanged",
      ({ entries }) => (entries as unknown[]).splice(1, 2, entries[2], entries[1]),
      "epoch 6",
    ],
    ["another epoch", ({ entries }) => Object.assign(entries[2], { epoch: 7 }), "epoch 7"],
    ["another step", ({ entries }) => Object.assign(entries[2], { step: 1 }), "epoch 6"],
    ["another link", ({ entries }) => Object.assign(entries[2], { chain: entries[1].chain }), "epoch 6"],
    ["another manifest", ({ manifest }) => Object.assign(manifest, { kernels: "relaxed" }), "epoch 0"],
    ["other data", ({ data: of }) => Object.assign(of, { rows: 44 }), "epoch 0"],
    ["another version", (ledger) => Object.assign(ledger, { version: "0.0.1" }), "epoch 0"],
    ["another end", ({ end }) => Object.assign(end as object, { rows: 3 }), "end"],
  ])("finds a changed ledger by its chain: %s", async (_, change, at) => {
    const ledger = asJson(plain);
    change(ledger);
    expect(await verify(ledger)).toMatchObject({ equal: false, at });
  });

  it.each<[string, (ledger: Ledger) => void, string]>([
    ["an entry taken out", ({ entries }) => (entries as unknown[]).splice(2, 1), "epoch 9"],
    ["the last entry taken out", ({ entries }) => (entries as unknown[]).pop(), "end"],
    [
      "entries exchanged",
      ({ entries }) => (entries as unknown[]).splice(1, 2, entries[2], entries[1]),
      "epoch 6",
    ],
    ["another epoch", ({ entries }) => Object.assign(entries[2], { epoch: 7 }), "epoch 7"],
    [
      "an entry between two",
      ({ entries }) => (entries as unknown[]).splice(2, 0, { ...entries[1], epoch: 4 }),
      "epoch 4",
    ],
    ["an entry twice", ({ entries }) => (entries as unknown[]).splice(2, 0, entries[1]), "epoch 3"],
    ["another step", ({ entries }) => Object.assign(entries[2], { step: 1 }), "epoch 6"],
    ["another step at the end", ({ end }) => Object.assign(end as object, { step: 1 }), "end"],
  ])("finds a changed ledger whose chain was made anew: %s", async (_, change, at) => {
    const ledger = asJson(plain);
    change(ledger);
    expect(await verify(rechained(ledger))).toMatchObject({ equal: false, at });
  });

  it("takes no bound from an end that no bound has made", async () => {
    const forged = asJson(plain);
    expect(forged.end?.rows).toBe(0);
    Object.assign(forged.end as object, { lossBelow: 0.5 });
    await expect(verify(rechained(forged))).rejects.toThrow("got one with end");
  });

  it("names itself, not the fit within", async () => {
    const bound = classifier().bind(data as never);
    await expect(verify(plain, {}, classifier, bound as never)).rejects.toThrow(
      /^verifyLedger: data must be bound/,
    );
    const forged = rechained({ ...asJson(plain), options: { epochs: 3 } });
    await expect(verify(forged)).rejects.toThrow(
      "verifyLedger: ledger must be a ledger, as the result of fit has it; got one with options",
    );
  });

  it("does not depend on the order of names, or on what its users add", async () => {
    const turned = Object.fromEntries(Object.entries(asJson(plain)).reverse());
    turned.manifest = Object.fromEntries(Object.entries(plain.manifest).reverse());
    expect(await verify({ ...turned, note: "of a paper" } as never)).toMatchObject({ equal: true });
  });

  it("names what is computed in another way", async () => {
    expect(await verify(plain, {}, () => classifier({ optimizer: adam({ learningRate: 0.02 }) }))).toEqual({
      equal: false,
      at: "manifest.options.optimizer.learningRate",
      expected: "0.01",
      got: "0.02",
      why: "the trainer that make gives computes something else",
    });
    expect(await verify(plain, {}, () => classifier({}, 8))).toMatchObject({ at: "manifest.seeds.seed" });
    expect(await verify(plain, {}, () => classifier({ shuffleSeed: 8 }))).toMatchObject({
      at: "manifest.seeds.shuffleSeed",
    });
    expect(await verify(plain, {}, () => classifier({ batchSize: 9 }))).toMatchObject({
      at: expect.stringContaining("manifest."),
    });
  });

  it("names a trainer that starts in another state", async () => {
    const flippedWeight = () => {
      const trainer = classifier();
      trainer.parameters["dense2.weight"].data[5] *= -1;
      return trainer;
    };
    expect(await verify(plain, {}, flippedWeight)).toMatchObject({
      equal: false,
      at: "epoch 0",
      why: "the trainer must start in another state: make must give it as it was when the ledger began",
    });
  });

  it("names other data: a number, a target, a weight, their order", async () => {
    const x = data.x.slice();
    x[17] += 2 ** -20;
    const y = data.y.slice();
    y[3] = y[3] === 0 ? 1 : 0;
    for (const rows of [
      { ...data, x },
      { ...data, y },
      { ...data, sampleWeight: data.y.map(() => 1) },
    ])
      expect(await verify(plain, {}, classifier, rows)).toMatchObject({
        equal: false,
        at: "data.digest",
        expected: plain.data.digest,
      });
    const turned = { x: new Float32Array(225), y: [...data.y].reverse() };
    for (let row = 0; row < 45; row++) turned.x.set(data.x.subarray(row * 5, row * 5 + 5), (44 - row) * 5);
    expect(await verify(plain, {}, classifier, turned)).toMatchObject({ at: "data.digest" });
    expect(await verify(plain, {}, classifier, others)).toMatchObject({
      at: "data.rows",
      expected: "45",
      got: "13",
    });
  });

  it("finds a kept state that was changed", async () => {
    const change = (change: (text: string) => string) => {
      const ledger = asJson(plain);
      const state = ledger.states?.[0] as { state: string };
      state.state = change(state.state);
      return verify(ledger, { from: 6 });
    };
    // A digit of the last weights before the directory.
    const { states } = plain;
    const bytes = classifier().state();
    const at = Math.floor(((32 + new Float64Array(bytes.slice(16, 24).buffer)[0] - 12) * 4) / 3);
    const turned = (text: string) => text.slice(0, at) + (text[at] === "B" ? "A" : "B") + text.slice(at + 1);
    expect(await change(turned)).toMatchObject({
      equal: false,
      at: "epoch 6",
      why: "the state that the ledger keeps is another one than its entry says",
    });
    expect(await change(() => states?.[1].state as string)).toMatchObject({ equal: false, at: "epoch 6" });
    expect(await change(() => "%")).toMatchObject({
      equal: false,
      at: "state of epoch 6",
      got: "a text that is none",
    });
    expect(await change((text) => text.slice(0, 400))).toMatchObject({
      equal: false,
      at: "state of epoch 6",
    });
  });

  it("needs validation rows that are data, and groups, once more", async () => {
    const groups = data.y.map((_, i) => `g${i % 7}`);
    for (const validation of [others, { groups, share: 0.3 }]) {
      const ledger = ledgerOf({ epochs: 4, validation, ledger: { every: 2 } });
      await expect(verify(ledger)).rejects.toThrow(
        /^verifyLedger: validation must be given as it was to fit/,
      );
      expect(await verify(asJson(ledger), { validation })).toMatchObject({ equal: true });
      expect(await verify(ledger, { validation: 0.2 })).toMatchObject({
        equal: false,
        at: expect.stringContaining("options.validation"),
      });
    }
    const ledger = ledgerOf({ epochs: 4, validation: { groups, share: 0.3 }, ledger: { every: 2 } });
    groups[0] = "another";
    expect(await verify(ledger, { validation: { groups, share: 0.3 } })).toMatchObject({
      equal: false,
      at: "options.validation.groups",
    });
  });

  it("replays callbacks that change the rate, where it is given them", async () => {
    const onEpoch = ({ epoch }: { epoch: number }, trainer: Trainer) => {
      trainer.setLearningRate(0.01 / (1 + epoch));
      return epoch === 6 ? "stop" : undefined;
    };
    const ledger = ledgerOf({ epochs: 8, onEpoch: onEpoch as never, ledger: { every: 2 } });
    expect(await verify(ledger)).toMatchObject({ equal: false, at: "epoch 2" });
    expect(await verify(ledger, { to: 4, onEpoch: onEpoch as never })).toMatchObject({
      equal: true,
      entries: 3,
    });
  });

  it("verifies preprocessing, with what is missing", async () => {
    const make = () =>
      compile(sequential({ input: [2], seed: 3 }, [standardize(), dense(4), batchNorm(), dense(1)]), {
        loss: meanSquaredError(),
        optimizer: adam(),
        targets: "standardize",
        batchSize: 4,
      });
    const rows = {
      x: [
        [1, 20],
        [2, 10],
        [3, 40],
        [4, 35],
        [5, 50],
        [9, 11],
      ],
      y: [1, 2, 3, 5, 8, 13],
    };
    const { ledger } = await make().fit(rows, { epochs: 6, ledger: { every: 2, keep: 2 } });
    expect(await verifyLedger(make, rows, asJson(ledger as Ledger))).toMatchObject({
      equal: true,
      entries: 5,
    });
    expect(await verifyLedger(make, rows, asJson(ledger as Ledger), { from: 4 })).toMatchObject({
      equal: true,
    });
    const moved = { ...rows, x: rows.x.map(([a, b]) => [a, b + 1]) };
    expect(await verifyLedger(make, moved, ledger as Ledger)).toMatchObject({
      equal: false,
      at: "data.digest",
    });
  });

  it("says where training diverges instead", async () => {
    const make = (learningRate: number) => () => lineTrainer({ optimizer: sgd({ learningRate }) });
    const rows = { x: [[1], [2]], y: [1, 2] };
    const { ledger } = make(0.1)().fitSync(rows, { epochs: 9, ledger: { every: 3 } });
    const forged = asJson(ledger as Ledger) as { manifest: unknown };
    // A ledger that claims a rate with which nobody gets its states, start included.
    const diverging = make(1e30);
    const started = diverging();
    forged.manifest = JSON.parse(
      JSON.stringify(
        ledgerOf({ epochs: 0 + 1, ledger: { every: 1 } }, make(1e-3) as never, rows).manifest,
      ).replace("0.001", "1e+30"),
    );
    (forged as unknown as { entries: { digest: string }[] }).entries[0].digest = started.digest({
      training: true,
    });
    expect(await verifyLedger(diverging, rows, rechained(forged as never))).toMatchObject({
      equal: false,
      at: "epoch 3",
      why: "training from epoch 0 on diverges",
    });
  });

  it("mentions another version where something differs", async () => {
    const old = rechained({ ...flipped(plain, 2), version: "0.0.1" });
    expect(await verify(old)).toMatchObject({
      at: "epoch 6",
      why: expect.stringMatching(/the ledger is of version 0\.0\.1, and this is \d/),
    });
    expect(await verify(rechained({ ...asJson(plain), version: "0.0.1" }))).toMatchObject({ equal: true });
  });

  it("tells of each entry, and ends on abort", async () => {
    const heard: number[] = [];
    await verify(plain, { onEntry: ({ epoch }) => heard.push(epoch) });
    expect(heard).toEqual([0, 3, 6, 9, 12, 12]);
    const controller = new AbortController();
    const onEntry = ({ epoch }: { epoch: number }) => epoch === 6 && controller.abort(new Error("enough"));
    await expect(verify(plain, { onEntry, signal: controller.signal })).rejects.toThrow("enough");
    await expect(verify(plain, { signal: AbortSignal.abort(new Error("no")) })).rejects.toThrow("no");
  });

  it("disposes the trainer that was made", async () => {
    const made: Trainer[] = [];
    const make = () => {
      const trainer = classifier();
      made.push(trainer);
      return trainer;
    };
    await verify(plain, {}, make);
    await verify(plain, {}, () => {
      const trainer = classifier({}, 8);
      made.push(trainer);
      return trainer;
    });
    for (const trainer of made) expect(() => trainer.digest()).toThrow("disposed");
  });

  it("refuses what is no ledger, no epoch of it, and no trainer", async () => {
    const refused = (ledger: unknown, options: object = {}) =>
      expect(verify(ledger as Ledger, options)).rejects;
    await refused(undefined).toThrow(
      "verifyLedger: ledger: must be a ledger, as the result of fit has it; got undefined",
    );
    await refused({ every: 3 }).toThrow(OptionError);
    await refused(startLedger({ every: 3 })).toThrow("must have at least one entry; got none");
    await refused(plain, { from: 13 }).toThrow("from must be an epoch of the ledger, from 0 to 12; got 13");
    await refused(plain, { to: 13 }).toThrow("to must be an epoch of the ledger, from 0 to 12; got 13");
    await refused(plain, { from: 9, to: 6 }).toThrow("from must be at most to, which is 6; got 9");
    await refused(plain, { until: 3 }).toThrow('unknown option "until"');
    await expect(verifyLedger((() => 3) as never, data as never, plain)).rejects.toThrow(
      "verifyLedger: make must return a fresh trainer; got 3",
    );
    await expect(verifyLedger(3 as never, data as never, plain)).rejects.toThrow("make, the first argument");
  });

  it("verifies a ledger that began in a trained state", async () => {
    const trained = classifier();
    trained.fitSync(data, { steps: 9 });
    const state = trained.state();
    const make = () => {
      const trainer = classifier();
      trainer.restore(state);
      return trainer;
    };
    const ledger = ledgerOf({ epochs: 4, ledger: { every: 2 } }, make);
    expect(ledger.entries.map(({ epoch, step }) => [epoch, step])).toEqual([
      [1, 9],
      [2, 12],
      [4, 24],
    ]);
    expect(await verify(ledger, {}, make)).toMatchObject({ equal: true, entries: 4, from: 1 });
    expect(await verify(ledger)).toMatchObject({ equal: false, at: "epoch 1" });
  });
});
