/** Every family of layers as JSON: it gives a model back, to the bit. */
import { describe, expect, it } from "vitest";
import * as w from "../../src/index.ts";
import { describeModel } from "../../src/model/describe-model.ts";
import type { BringsOps, Layer } from "../../src/model/layer.ts";
import { noise } from "../fixtures.ts";

const relu = { activation: "relu" } as const;
const slope = { activation: { name: "leakyRelu", alpha: 0.2 } } as const;

/** The row that a layer takes, and layers that its function makes; what else they need. */
const FAMILIES: Readonly<Record<string, readonly [number[], readonly unknown[], ...unknown[]]>> = {
  conv1d: [
    [6, 4],
    [w.conv1d(2, { kernel: 3 }), w.conv1d(4, { kernel: 2, groups: 2, ...relu })],
  ],
  conv2d: [
    [6, 6, 2],
    [
      w.conv2d(2, { kernel: 3 }),
      w.conv2d(2, { kernel: 2, ...slope }),
      w.conv2d(1, { kernel: 1, bias: false }),
    ],
  ],
  conv1dTranspose: [[4, 2], [w.conv1dTranspose(3, { kernel: 3, stride: 2 })]],
  conv2dTranspose: [[4, 4, 2], [w.conv2dTranspose(3, { kernel: 3, stride: 2, ...relu })]],
  depthwiseConv1d: [[6, 2], [w.depthwiseConv1d({ kernel: 3, multiplier: 2 })]],
  depthwiseConv2d: [[6, 6, 2], [w.depthwiseConv2d({ kernel: 3, ...relu })]],
  separableConv1d: [[6, 2], [w.separableConv1d(3, { kernel: 3 })]],
  separableConv2d: [[6, 6, 2], [w.separableConv2d(3, { kernel: 3, padding: "same" })]],
  maxPool1d: [[6, 2], [w.maxPool1d(2)]],
  maxPool2d: [[6, 6, 2], [w.maxPool2d(3, { stride: 2, padding: 1 })]],
  averagePool1d: [[6, 2], [w.averagePool1d(2)]],
  averagePool2d: [[6, 6, 2], [w.averagePool2d(3, { padding: "same", countPadding: false })]],
  globalMaxPool2d: [[6, 6, 2], [w.globalMaxPool2d()]],
  globalAveragePool2d: [[6, 6, 2], [w.globalAveragePool2d()]],
  upsample1d: [[4, 2], [w.upsample1d(3, { mode: "linear" })]],
  upsample2d: [[4, 4, 2], [w.upsample2d()]],
  zeroPadding2d: [
    [4, 4, 2],
    [
      w.zeroPadding2d([
        [0, 1],
        [2, 3],
      ]),
    ],
  ],
  simpleRnn: [[4, 2], [w.simpleRnn(3, relu)]],
  lstm: [
    [4, 2],
    [w.lstm(3, { returnSequences: true }), w.lstm(2, { reverse: true, bias: false })],
  ],
  gru: [
    [4, 2],
    [w.gru(3, { returnSequences: true }), w.gru(2, { resetAfter: false })],
  ],
  bidirectional: [[4, 2], [w.bidirectional(w.lstm(3))], w.lstm],
  multiHeadAttention: [[4, 4], [w.multiHeadAttention({ heads: 2, causal: true })]],
  transformerBlock: [[4, 4], [w.transformerBlock({ heads: 2, hidden: 6 })]],
  sinusoidalPositions: [[4, 4], [w.sinusoidalPositions()]],
  learnedPositions: [[4, 4], [w.learnedPositions(4)]],
  gaussianNoise: [[4], [w.gaussianNoise(0.1)]],
  spatialDropout: [[4, 4], [w.spatialDropout(0.5)]],
  rmsNorm: [[4], [w.rmsNorm()]],
  groupNorm: [[4, 4], [w.groupNorm(2)]],
  prelu: [[4], [w.prelu()]],
  mish: [[4], [w.mish()]],
  hardSwish: [[4], [w.hardSwish()]],
  relu6: [[4], [w.relu6()]],
  activityPenalty: [[4], [w.activityPenalty({ l1: 1e-4 })]],
  residual: [[4], [w.residual(w.dense(4, relu))]],
  concatenate: [[4], [w.concatenate(w.dense(4), w.dense(2))]],
};

describe.each(Object.entries(FAMILIES))("%s", (kind, [input, layers, ...more]) => {
  const uses = [(w as never as Record<string, BringsOps>)[kind], w.model, ...(more as BringsOps[])];
  const net = w.sequential({ input, seed: 3 }, layers as Layer[]);

  it("comes back from JSON as it was made", () => {
    const again = w.modelFromJSON(JSON.stringify(w.modelToJSON(net)), { uses });
    expect(describeModel(again as never)).toEqual(describeModel(net as never));
  });

  it("comes back with its parameters", () => {
    const predictor = w.compile(net);
    const again = w.compile(w.modelFromJSON(w.modelToJSON(predictor), { uses }));
    const x = noise(2 * input.reduce((size, d) => size * d, 1));
    expect(again.predict(x as never).data).toEqual(predictor.predict(x as never).data);
    expect(again.digest()).toBe(predictor.digest());
  });
});

it("products of many matrices come back from JSON", () => {
  const net = w.model({ inputs: { a: [3, 2], b: [3, 2] } }, ({ a, b }) =>
    a.matMul(b, { transposeB: true }).matMul(b),
  );
  const again = w.modelFromJSON(w.modelToJSON(net), { uses: [w.model] });
  expect(describeModel(again as never)).toEqual(describeModel(net as never));
});

it("an op by the name of a method of objects is refused", () => {
  const json = w.modelToJSON(w.sequential({ input: [2] }, [w.dense(1)]));
  const odd = { ...json, nodes: [["constructor", [-1]]] };
  expect(() => w.modelFromJSON(odd)).toThrow(w.FileError);
});
