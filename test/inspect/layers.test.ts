import { describe, expect, it } from "vitest";
import {
  adam,
  batchNorm,
  bidirectional,
  compile,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  gru,
  layersOf,
  lstm,
  maxPool2d,
  meanSquaredError,
  model,
  nested,
  sequential,
} from "../../src/index.ts";
import { layer, variable } from "../../src/model/layer.ts";

const trained = (net: ReturnType<typeof sequential>, freeze?: string[]) =>
  compile(net as never, { loss: meanSquaredError(), optimizer: adam(), freeze } as never);

describe("layersOf", () => {
  const net = sequential({ input: [4, 2] }, [
    dense(3, { activation: "relu" }),
    flatten(),
    batchNorm(),
    dropout(0.5),
    dense(1),
  ]);

  it("says what each layer gives and costs", () => {
    expect(layersOf(net)).toEqual([
      // 4 positions of 2 inputs and 3 units.
      {
        name: "dense1",
        outputShape: [-1, 4, 3],
        parameters: 9,
        trained: 9,
        state: 0,
        frozen: 0,
        multiplyAdds: 24,
        outputBytes: 48,
      },
      {
        name: "flatten1",
        outputShape: [-1, 12],
        parameters: 0,
        trained: 0,
        state: 0,
        frozen: 0,
        multiplyAdds: 0,
        outputBytes: 48,
      },
      {
        name: "batchNorm1",
        outputShape: [-1, 12],
        parameters: 48,
        trained: 24,
        state: 24,
        frozen: 0,
        multiplyAdds: 0,
        outputBytes: 48,
      },
      {
        name: "dropout1",
        outputShape: [-1, 12],
        parameters: 0,
        trained: 0,
        state: 0,
        frozen: 0,
        multiplyAdds: 0,
        outputBytes: 48,
      },
      {
        name: "dense2",
        outputShape: [-1, 1],
        parameters: 13,
        trained: 13,
        state: 0,
        frozen: 0,
        multiplyAdds: 12,
        outputBytes: 4,
      },
    ]);
  });

  it("knows what a trainer has frozen, and a predictor the same as its model", () => {
    const frozen = layersOf(trained(net as never, ["dense1", "batchNorm1"]));
    expect(frozen.map((of) => [of.trained, of.state, of.frozen])).toEqual([
      [0, 0, 9],
      [0, 0, 0],
      [0, 0, 48],
      [0, 0, 0],
      [13, 0, 0],
    ]);
    expect(layersOf(compile(net))).toEqual(layersOf(net));
  });

  it("names layers of nested models with the name around them", () => {
    const inner = sequential({ input: [2] }, [dense(5), dense(3)]);
    const outer = sequential({ input: [2] }, [nested(inner, { name: "encoder" }), dense(1)]);
    expect(layersOf(outer).map(({ name, parameters }) => [name, parameters])).toEqual([
      ["encoder.dense1", 15],
      ["encoder.dense2", 18],
      ["dense1", 4],
    ]);
  });

  it("shows of a recurrent layer what others read: the last state, or all", () => {
    const net = sequential({ input: [4, 2] }, [
      gru(5, { returnSequences: true }),
      bidirectional(lstm(3)),
      dense(1),
    ]);
    const shown = (of: typeof net) =>
      layersOf(of).map(({ name, outputShape, outputBytes }) => [name, outputShape, outputBytes]);
    expect(shown(net)).toEqual([
      ["gru1", [-1, 4, 5], 80],
      ["bidirectional1.forward", [-1, 3], 12],
      ["bidirectional1.backward", [-1, 3], 12],
      ["bidirectional1", [-1, 6], 24],
      ["dense1", [-1, 1], 4],
    ]);
    expect(shown(sequential({ input: [4, 4] }, [lstm(3)]) as never)).toEqual([["lstm1", [-1, 3], 12]]);
    expect(sequential({ input: [4, 4] }, [lstm(3)]).summary()).toMatch(/^lstm1 +\[rows, 3\] /m);
  });

  it("gives a layer the parameters of its parts, whose names begin with its own", () => {
    const parts = layer(
      "parts",
      [],
      "parts",
      (who, x) =>
        ["a", "b"].map((part) => variable(x, `${who}.${part}.bias`, [2], { kind: "constant", value: 0 })),
      (x, [a, b]) => x.add(a).mul(b),
    );
    const net = model({ inputs: { x: [2] } }, ({ x }) => parts(x));
    expect(layersOf(net).map(({ name, parameters }) => [name, parameters])).toEqual([["parts", 4]]);
  });

  it("counts a layer's multiply-adds in all its calls, and those of products that are no layer", () => {
    const net = model({ inputs: { a: [4], b: [4, 5] } }, ({ a, b }) => {
      const encode = dense(4);
      const row = encode(encode(a)).reshape([-1, 1, 4]);
      return row.matMul(b);
    });
    // Twice 4 x 4; a row of 4 times a matrix [4, 5].
    expect(layersOf(net).map(({ name, multiplyAdds }) => [name, multiplyAdds])).toEqual([
      ["dense1", 32],
      ["model", 20],
    ]);
  });

  it("counts those of products of matrices in each form", () => {
    const product = (transposeA: boolean, transposeB: boolean) => {
      const net = model({ inputs: { x: [6] } }, ({ x }) => {
        const a = x.reshape(transposeA ? [-1, 2, 3] : [-1, 3, 2]);
        const b = x.reshape(transposeB ? [-1, 3, 2] : [-1, 2, 3]);
        return a.matMul(b, { transposeA, transposeB });
      });
      return layersOf(net)[0].multiplyAdds;
    };
    expect([product(false, false), product(true, false), product(false, true)]).toEqual([18, 18, 18]);
  });

  it("counts those of convolutions: for each number of the output the numbers of a window that it is made of", () => {
    const net = sequential({ input: [8, 8, 4] }, [
      conv2d(6, { kernel: 3, groups: 2 }),
      depthwiseConv2d({ kernel: 3 }),
      conv2dTranspose(2, { kernel: 2, stride: 2 }),
      maxPool2d(2),
    ]);
    expect(
      layersOf(net).map(({ outputShape, multiplyAdds }) => [outputShape.slice(1), multiplyAdds]),
    ).toEqual([
      [[6, 6, 6], 6 * 6 * 6 * (3 * 3 * 2)],
      [[4, 4, 6], 4 * 4 * 6 * (3 * 3)],
      // Each number of the input goes to a window of each filter.
      [[8, 8, 2], 4 * 4 * 6 * (2 * 2 * 2)],
      [[4, 4, 2], 0],
    ]);
  });
});
