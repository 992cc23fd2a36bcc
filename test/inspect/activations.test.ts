import { describe, expect, it } from "vitest";
import {
  activation,
  activations,
  adam,
  batchNorm,
  bidirectional,
  compile,
  createEngine,
  dense,
  dropout,
  embedding,
  flatten,
  inspect,
  lstm,
  meanSquaredError,
  model,
  nested,
  OptionError,
  residual,
  ShapeError,
  sequential,
  standardize,
  type Tensor,
} from "../../src/index.ts";
import { noise, stateDigest, thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

/** `max(x W + b, 0)` of rows, in f64. */
function reluOf(rows: number[][], weight: Float32Array, bias: Float32Array): number[][] {
  const units = bias.length;
  return rows.map((row) =>
    Array.from({ length: units }, (_, j) => {
      const sum = row.reduce((s, x, k) => s + x * weight[k * units + j], bias[j]);
      return Math.max(0, sum);
    }),
  );
}

describe("activations", () => {
  it("gives what layers make of rows, with their activation, though it is fused", () => {
    const net = sequential({ input: [2], seed: 3 }, [dense(8, { activation: "relu" }), dense(1)]);
    const predictor = compile(net);
    const { dense1, dense2 } = activations(predictor, xor.x, ["dense1", "dense2"]);
    const { parameters } = predictor;
    const expected = reluOf(xor.x, parameters["dense1.weight"].data, parameters["dense1.bias"].data);
    expect(dense1.shape).toEqual([4, 8]);
    expected.flat().forEach((value, i) => {
      expect(dense1.data[i]).toBeCloseTo(value, 6);
    });
    expect(dense2.data).toEqual(predictor.predict(xor.x).data);
  });

  it("gives of a recurrent layer what its call returned", () => {
    const last = compile(sequential({ input: [4, 2], seed: 1 }, [lstm(3)]));
    const steps = compile(sequential({ input: [4, 2], seed: 1 }, [lstm(3, { returnSequences: true })]));
    const x = noise(2 * 8);
    for (const predictor of [last, steps as never as typeof last]) {
      const { lstm1 } = activations(predictor, x);
      expect(lstm1).toEqual(predictor.predict(x));
    }
    const trainer = compile(sequential({ input: [4, 2], seed: 1 }, [lstm(3)]), {
      loss: meanSquaredError(),
      optimizer: adam(),
    });
    const { outputs } = inspect(trainer, { x, y: noise(2 * 3) } as never);
    expect([outputs.lstm1.count, outputs.lstm1.units]).toEqual([6, 3]);
    const net = model({ inputs: { x: [4, 2] } }, ({ x: input }) => {
      const [y, h, c] = bidirectional(lstm(3, { returnState: true }))(input) as never as Tensor[];
      return { y, h, c };
    });
    const both = compile(net);
    const all = activations(both, { x });
    expect(all.bidirectional1.data).toEqual(both.predict({ x }).y.data);
    expect(all["bidirectional1.forward"].data).toEqual(both.predict({ x }).h.data);
  });

  it("gives all layers where none is named, and of more rows than a batch", () => {
    const predictor = compile(xorModel(), { batchSize: 3 });
    const x = noise(2 * 20);
    const all = activations(predictor, x);
    expect(Object.entries(all).map(([name, { shape }]) => [name, shape])).toEqual([
      ["dense1", [20, 8]],
      ["dense2", [20, 1]],
    ]);
    expect(all.dense2.data).toEqual(predictor.predict(x).data);
  });

  it("is in the present state of a trainer, and changes nothing of it", () => {
    const trainer = xorTrainer();
    const before = activations(trainer, xor.x, ["dense1"]).dense1.data;
    trainer.fitSync(xor, { epochs: 5 });
    const state = stateDigest(trainer);
    const after = activations(trainer, xor.x, ["dense1"]).dense1.data;
    expect(after).not.toEqual(before);
    expect(stateDigest(trainer)).toBe(state);
    const copy = compile(trainer.toModel());
    expect(activations(copy, xor.x, ["dense1"]).dense1.data).toEqual(after);
  });

  it("computes as predict does: without dropout, with running statistics and fitted preprocessing", () => {
    const net = sequential({ input: [2], seed: 1 }, [
      standardize(),
      dense(4),
      batchNorm(),
      dropout(0.5),
      activation("relu"),
      dense(1),
    ]);
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: adam() });
    trainer.fitSync(xor, { epochs: 3 });
    const { batchNorm1, dropout1, activation1, dense2 } = activations(trainer, xor.x);
    expect(dropout1.data).toEqual(batchNorm1.data);
    expect(activation1.data).toEqual(batchNorm1.data.map((x) => Math.max(0, x)));
    expect(dense2.data).toEqual(trainer.predict(xor.x).data);
  });

  it("names layers of nested models, and what the whole of one gives", () => {
    const inner = sequential({ input: [2] }, [dense(5, { activation: "tanh" }), dense(3)]);
    const net = sequential({ input: [2] }, [
      nested(inner, { name: "encoder" }),
      activation("relu"),
      dense(1),
    ]);
    const found = activations(compile(net), xor.x, ["encoder.dense1", "encoder", "encoder.dense2"]);
    expect(found["encoder.dense1"].shape).toEqual([4, 5]);
    expect(found.encoder.data).toEqual(found["encoder.dense2"].data);
  });

  it("tells the calls of a layer apart", () => {
    const net = model({ inputs: { a: [2], b: [2] } }, ({ a, b }) => {
      const encode = dense(3, { activation: "tanh", name: "encode" });
      return encode(a).sub(encode(b)).square();
    });
    const predictor = compile(net);
    const x = { a: xor.x, b: [...xor.x].reverse() };
    const found = activations(predictor, x);
    expect(Object.keys(found)).toEqual(["encode#1", "encode#2"]);
    expect(found["encode#1"].toArray()).toEqual((found["encode#2"].toArray() as number[][]).reverse());
    expect(activations(predictor, x, ["encode#2"])["encode#2"].data).toEqual(found["encode#2"].data);
    const error = thrownBy(() => activations(predictor, x, ["encode"]));
    expect(error.message).toBe(
      'activations: encode gives 2 values, one for each call; got no call: write "encode#1", "encode#2"',
    );
    expect(error).toBeInstanceOf(OptionError);
    expect(thrownBy(() => activations(predictor, x, ["encode#3"])).message).toContain(
      '"encode#3"; did you mean',
    );
  });

  it("gives what is computed around other layers, and ids through an embedding", () => {
    const net = sequential({ input: { shape: [3], dtype: "i32" }, seed: 1 }, [
      embedding(5, 2),
      flatten(),
      residual(dense(6, { activation: "relu" })),
      dense(1),
    ]);
    const found = activations(compile(net), [[0, 1, 4]]);
    expect(Object.entries(found).map(([name, { shape }]) => [name, shape])).toEqual([
      ["embedding1", [1, 3, 2]],
      ["flatten1", [1, 6]],
      ["dense1", [1, 6]],
      ["dense2", [1, 1]],
    ]);
  });

  it("gives what no output depends on", () => {
    const net = model({ inputs: { x: [2] } }, ({ x }) => {
      dense(7, { name: "aside" })(x);
      return dense(1)(x);
    });
    expect(activations(compile(net), { x: xor.x }, ["aside"]).aside.shape).toEqual([4, 7]);
  });

  it("refuses names of no layer, with the one that was meant, and layers without rows", () => {
    const predictor = compile(xorModel());
    const unknown = thrownBy(() => activations(predictor, xor.x, ["dense3"]));
    expect(unknown.message).toBe(
      'activations: unknown layer "dense3"; did you mean dense1? Layers: dense1, dense2',
    );
    expect(unknown).toBeInstanceOf(OptionError);
    expect(() => activations(predictor, xor.x, "dense1" as never)).toThrow(
      'activations: names must be layers, such as ["dense1"]; got "dense1"',
    );
    expect(() => activations(null as never, xor.x)).toThrow(
      "activations: needs a predictor or a trainer; got null",
    );
    const turned = model({ inputs: { x: [2, 3] } }, ({ x }) => {
      dense(4, { name: "turned" })(x.transpose([1, 0, 2]));
      return dense(1)(x);
    });
    const error = thrownBy(() => activations(compile(turned), { x: noise(12) }, ["turned"]));
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toBe("activations: turned must give rows of numbers; got f32 [2, rows, 4]");
    expect(Object.keys(activations(compile(turned), { x: noise(12) }))).toEqual(["dense2"]);
  });

  it("lets go of the program it makes", async () => {
    const engine = await createEngine();
    const predictor = compile(xorModel(), { engine });
    activations(predictor, xor.x);
    expect(() => activations(predictor, [[1]] as never)).toThrow(ShapeError);
    expect(engine.livePrograms).toBe(1);
  });
});
