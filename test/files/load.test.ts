import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  dropout,
  inputColumns,
  load,
  loadTrainer,
  meanSquaredError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { readSafetensors } from "../../src/safetensors.ts";
import { NETWORKS } from "./networks.ts";

const all = Object.entries(NETWORKS);

describe.each(all)("a file of a network: %s", (_, { make, data, uses, trainerUses }) => {
  const trained = () => {
    const trainer = make();
    trainer.fitSync(data, { epochs: 3 });
    return trainer;
  };

  it("predicts as the trainer does, to the bit", () => {
    const trainer = trained();
    const predictor = load(trainer.save(), { uses });
    expect(predictor.digest()).toBe(trainer.digest());
    expect(predictor.predict(data.x)).toEqual(trainer.predict(data.x));
  });

  it("goes on to the bit, in the middle of an epoch too", () => {
    const trainer = trained();
    const batch = trainer.manifest().options as { batchSize: number };
    if (!Array.isArray(data.y)) expect(batch.batchSize).toBe(4);
    const again = loadTrainer(trainer.save({ training: true }), { uses: trainerUses });
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
    for (const one of [trainer, again]) {
      one.fitSync(data, { epochs: 4 });
      one.setLearningRate(0.003);
      one.fitSync(data, { epochs: 2 });
    }
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
    expect(again.steps).toBe(trainer.steps);
    expect(again.learningRate).toBe(0.003);
  });

  it("has states that the trainer takes, and takes those of the trainer", () => {
    const trainer = trained();
    const file = trainer.save({ training: true });
    for (const loaded of [load(file, { uses }), loadTrainer(file, { uses: trainerUses })]) {
      const fresh = make();
      loaded.restore(fresh.state());
      expect(loaded.digest()).toBe(fresh.digest());
      loaded.restore(trainer.state());
      expect(loaded.digest()).toBe(trainer.digest());
    }
    const again = make();
    again.restore(loadTrainer(file, { uses: trainerUses }).state());
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
  });

  it("starts anew from the parameters without what training keeps", () => {
    const trainer = trained();
    const again = loadTrainer(trainer.save(), { uses: trainerUses });
    const other = make();
    other.restore(trainer.state({ training: false }));
    for (const one of [again, other]) one.fitSync(data, { epochs: 2 });
    expect(again.digest({ training: true })).toBe(other.digest({ training: true }));
  });

  it("is written anew to the byte by what is loaded from it", () => {
    const trainer = trained();
    const bare = trainer.save();
    const whole = trainer.save({ training: true });
    expect(load(bare, { uses }).save()).toEqual(bare);
    expect(load(whole, { uses }).save()).toEqual(bare);
    expect(loadTrainer(whole, { uses: trainerUses }).save({ training: true })).toEqual(whole);
  });

  it("leads back to the start by reset", () => {
    const again = loadTrainer(trained().save({ training: true }), { uses: trainerUses });
    again.reset();
    expect(again.digest({ training: true })).toBe(make().digest({ training: true }));
  });

  it("keeps the names of layers", () => {
    const trainer = make();
    expect(load(trainer.save(), { uses }).summary().split("\n\n")[0]).toBe(
      trainer.summary().split("\n\n")[0],
    );
  });
});

describe("load", () => {
  const { make, data } = NETWORKS.xor;

  it("gives classes their names, those of the file or others", () => {
    const bytes = make().save();
    expect(load(bytes).classify([[0, 1]])[0].label).toMatch(/^(no|yes)$/);
    expect(load(bytes, { labels: ["0", "1"] }).classify([[0, 1]])[0].label).toMatch(/^[01]$/);
  });

  it("gives probabilities where the loss took logits", () => {
    const { make: makeLogits, data: rows, uses } = NETWORKS["logits, batchNorm, layerNorm"];
    const trainer = makeLogits();
    expect(load(trainer.save(), { uses }).classify(rows.x)).toEqual(trainer.classify(rows.x));
  });

  it("says what to import for ops that a page does not carry, all at once", () => {
    const one = NETWORKS["several inputs and outputs, ids, tensors"].make().save();
    expect(() => load(one)).toThrow(
      'load: the model needs ops that only pages with embedding, model carry; got uses without: import { embedding, model } from "wasmgrad" and write load(bytes, { uses: [embedding, model] })',
    );
    const other = NETWORKS["dropout, groups, short batches"].make().save();
    expect(() => loadTrainer(other)).toThrow('import { dropout } from "wasmgrad"');
    expect(() => load(other)).not.toThrow();
  });

  it("refuses what brings no ops", () => {
    expect(() => load(make().save(), { uses: [dropout(0.5)] as never })).toThrow("pass the function itself");
  });

  it("reads bytes that stand anywhere, and an ArrayBuffer", () => {
    const trainer = make();
    const bytes = trainer.save();
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(load(shifted.subarray(3)).digest()).toBe(trainer.digest());
    expect(load(bytes.buffer).digest()).toBe(trainer.digest());
    expect(() => load(new Response(bytes) as never)).toThrow("pass await .arrayBuffer() of it");
  });

  it("keeps nothing of the file", () => {
    const trainer = make();
    const bytes = trainer.save();
    const predictor = load(bytes);
    bytes.fill(0);
    expect(predictor.digest()).toBe(trainer.digest());
    expect(predictor.toModel().seed).toBe(42);
  });

  it("gives back a model that was made of given values", () => {
    const first = compile(sequential({ input: [2], seed: 7 }, [dense(3)])).toModel();
    const file = compile(first).save();
    const again = load(file).toModel();
    expect(compile(again).digest()).toBe(compile(first).digest());
  });

  it("gives back a model that was fitted from its start, also by a reset", () => {
    const { make: makeTable, data: table } = NETWORKS["columns of a table, standardized targets"];
    const trainer = makeTable();
    trainer.fitSync(table, { epochs: 2 });
    const options = { loss: meanSquaredError(), optimizer: adam() };
    const fitted = compile(trainer.toModel(), options);
    const again = loadTrainer(fitted.save());
    for (const one of [fitted, again]) {
      one.fitSync(table as never, { epochs: 1 });
      one.reset();
    }
    expect(again.digest({ training: true })).toBe(fitted.digest({ training: true }));
    expect(again.predict(table.x)).toEqual(trainer.predict(table.x));
  });

  it("says what rows must have, and the names of classes", () => {
    const columns = inputColumns([
      { name: "area", kind: "number" },
      { name: "town", kind: "category", categories: ["Bern", "Genf"] },
    ]);
    const labels = ["no", "yes"];
    const made = compile(sequential({ columns }, [dense(1, { activation: "sigmoid" })]), { labels });
    const loaded = load(made.save());
    expect([loaded.labels, loaded.columns]).toEqual([labels, made.columns]);
    expect(loaded.columns).toMatchObject(columns);
    const bare = load(compile(sequential({ input: [2] }, [dense(1)])).save());
    expect([bare.labels, bare.columns]).toEqual([undefined, undefined]);
  });

  it("reads a file whose page carries dropout for what trains from it", () => {
    const file = NETWORKS["dropout, groups, short batches"].make().save();
    const options = { loss: crossEntropy(), optimizer: adam() };
    expect(() => compile(load(file).toModel(), options)).toThrow("write load(bytes, { uses: [dropout] })");
    expect(() => compile(load(file, { uses: [dropout] }).toModel(), options)).not.toThrow();
  });

  it("takes the digest over metadata and tensors as docs/files.md says", () => {
    const { metadata } = readSafetensors("test", make().save());
    expect(metadata.get("digest")).toMatch(/^[0-9a-f]{64}$/);
    expect(metadata.get("format")).toBe("wasmgrad");
  });

  it("is the same file for the same training", () => {
    const [a, b] = [make(), make()];
    for (const one of [a, b]) one.fitSync(data, { epochs: 2 });
    expect(a.save({ training: true })).toEqual(b.save({ training: true }));
  });
});

describe("metrics", () => {
  const options = { loss: binaryCrossEntropy(), optimizer: adam() };
  const net = () => sequential({ input: [2] }, [dense(1, { activation: "sigmoid" })]);
  const { data } = NETWORKS.xor;

  it("that the core knows come with the file", () => {
    const trainer = compile(net(), { ...options, metrics: ["f1", "accuracy"] });
    const again = loadTrainer(trainer.save());
    expect(again.evaluate(data)).toEqual(trainer.evaluate(data));
    expect(again.evaluate(data)).toHaveProperty("f1");
  });

  it("that are functions are named, and passed again", () => {
    const own = (_truth: unknown, prediction: { readonly data: ArrayLike<number> }) => prediction.data[0];
    const file = compile(net(), { ...options, metrics: ["f1", own] }).save();
    const bare = loadTrainer(file).evaluate(data);
    expect(bare).toHaveProperty("f1");
    expect(bare).not.toHaveProperty("own");
    expect(loadTrainer(file, { metrics: ["f1", own] }).evaluate(data)).toHaveProperty("own");
    expect(loadTrainer(file, { metrics: [] }).evaluate(data)).not.toHaveProperty("f1");
    expect(load(file).predict([[0, 1]]).shape).toEqual([1, 1]);
  });
});

describe("loadTrainer", () => {
  const { make, data } = NETWORKS.xor;
  const trainer = make();
  trainer.fitSync(data, { epochs: 5 });
  const file = trainer.save({ training: true });

  it("starts anew under another rule, and goes on under another rate", () => {
    const other = loadTrainer(file, { optimizer: sgd({ learningRate: 0.1 }) });
    expect(other.steps).toBe(0);
    expect(other.learningRate).toBe(0.1);
    expect(other.digest()).toBe(trainer.digest());
    const slower = loadTrainer(file, { optimizer: adam({ learningRate: 0.001 }) });
    expect(slower.steps).toBe(5);
    expect(slower.learningRate).toBe(0.001);
  });

  it("needs loss and optimizer for the file of a predictor", () => {
    const predictor = compile(sequential({ input: [2] }, [dense(1)])).save();
    expect(() => loadTrainer(predictor)).toThrow(
      "loadTrainer: a file of a predictor needs loss in the options",
    );
    const made = loadTrainer(predictor, { loss: meanSquaredError(), optimizer: sgd() });
    expect(made.fitSync({ x: [[1, 2]], y: [3] }).steps).toBe(1);
  });

  it("goes on from a file that was saved in the middle of an epoch", async () => {
    const { make: makeMany, data: many, trainerUses } = NETWORKS["accumulated gradients, momentum, shapes"];
    const [a, b] = [makeMany(), makeMany()];
    for (const one of [a, b]) {
      one.fitSync(many, { epochs: 1 });
      one.step({ x: many.x.slice(0, 2), y: many.y.slice(0, 2) });
    }
    const again = loadTrainer(a.save({ training: true }), { uses: trainerUses });
    for (const one of [again, b]) {
      one.step({ x: many.x.slice(2, 4), y: many.y.slice(2, 4) });
      one.fitSync(many, { epochs: 2 });
    }
    expect(again.digest({ training: true })).toBe(b.digest({ training: true }));
  });
});
