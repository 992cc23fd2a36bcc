/** Functions of tensors in the places of layers and activations. */
import { describe, expect, it } from "vitest";
import {
  activation,
  adam,
  compile,
  concatenate,
  dense,
  flatten,
  lambda,
  load,
  meanSquaredError,
  mish,
  model,
  prelu,
  residual,
  sequential,
} from "../../src/index.ts";

const x = [
  [0, 1],
  [2, -1],
  [-0.5, 0.25],
];
const predict = (net: Parameters<typeof compile>[0]) =>
  Array.from(Object(compile(net).predict(x as never)).data);

describe("a function of a tensor", () => {
  it("is a layer of sequential, as lambda makes one", () => {
    const net = (fn: Parameters<typeof lambda>[0] | ReturnType<typeof lambda>) =>
      sequential({ input: [2], seed: 5 }, [dense(4), fn as never, dense(1)]);
    const wave = sequential({ input: [2], seed: 5 }, [dense(4), (t) => t.sin().mul(0.5), dense(1)]);
    expect(predict(wave)).toEqual(predict(net(lambda((t) => t.sin().mul(0.5)))));
  });

  it("is a branch of residual and concatenate", () => {
    const plain = sequential({ input: [2], seed: 5 }, [
      residual(dense(2), (t) => t.tanh()),
      concatenate(dense(2), (t) => t.square()),
    ]);
    const wrapped = sequential({ input: [2], seed: 5 }, [
      residual(
        dense(2),
        lambda((t) => t.tanh()),
      ),
      concatenate(
        dense(2),
        lambda((t) => t.square()),
      ),
    ]);
    expect(predict(plain)).toEqual(predict(wrapped));
  });

  it("may call layers, whose parameters the model has", () => {
    const inner = dense(3, { name: "inner" });
    const net = sequential({ input: [2] }, [(t) => inner(t).relu(), dense(1)]);
    expect(Object.keys(compile(net).parameters)).toEqual([
      "inner.weight",
      "inner.bias",
      "dense2.weight",
      "dense2.bias",
    ]);
  });

  it("throws what it throws", () => {
    expect(() =>
      sequential({ input: [2] }, [
        () => {
          throw new RangeError("mine");
        },
      ]),
    ).toThrow(new RangeError("mine"));
    expect(() => sequential({ input: [2] }, [(t) => t.add([1] as never)])).toThrow(
      "add: operands must be tensors or numbers",
    );
    expect(() => sequential({ input: [2] }, [(() => 3) as never])).toThrow(
      "sequential: layer 0: the function must return a tensor that it computed; got 3",
    );
  });

  it("that is a layer's and was not called is refused so", () => {
    for (const layer of [flatten, dense, prelu])
      expect(() => sequential({ input: [2] }, [layer as never])).toThrow(
        "as layer 0: call it, or write lambda(fn) for a function of tensors",
      );
  });
});

describe("an activation", () => {
  it("may be a layer, with the weights of the relu family", () => {
    const inside = sequential({ input: [2], seed: 7 }, [dense(4, { activation: mish() }), dense(1)]);
    const after = sequential({ input: [2], seed: 7 }, [
      dense(4, { weightInitializer: "heNormal" }),
      mish(),
      dense(1),
    ]);
    expect(predict(inside)).toEqual(predict(after));
  });

  it("may be a layer with parameters, shared where the layer is", () => {
    const net = model({ inputs: { x: [2] } }, ({ x: rows }) => {
      const twice = dense(2, { activation: prelu() });
      return twice(twice(rows));
    });
    expect(Object.keys(compile(net).parameters)).toEqual(["dense1.weight", "dense1.bias", "prelu1.alpha"]);
  });

  it("may be a function", () => {
    const net = sequential({ input: [2], seed: 7 }, [activation((t) => t.mul(t.sigmoid()))]);
    const silu = sequential({ input: [2], seed: 7 }, [activation("silu")]);
    predict(net).forEach((value, i) => {
      expect(value).toBeCloseTo(predict(silu)[i] as number, 6);
    });
    const trainer = compile(
      sequential({ input: [2] }, [dense(3, { activation: (t) => t.erf() }), dense(1)]),
      {
        loss: meanSquaredError(),
        optimizer: adam({ learningRate: 0.05 }),
      },
    );
    const { history } = trainer.fitSync({ x, y: [1, 2, 3] }, { epochs: 100 });
    expect(history.loss[99]).toBeLessThan(history.loss[0] / 4);
    const loaded = load(trainer.save(), { uses: [model] });
    expect(Array.from(loaded.predict(x).data)).toEqual(Array.from(trainer.predict(x).data));
  });
});
