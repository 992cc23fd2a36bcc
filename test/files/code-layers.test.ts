/** Every layer comes back from code: the model that it builds is the one it was written from. */
import { describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.ts";
import * as wasmgrad from "../../src/index.ts";
import { compile, type Layer, load, type Model, model, modelToCode, sequential } from "../../src/index.ts";
import { describeModel } from "../../src/model/describe-model.ts";
import * as attention from "../../src/model/layers/attention.ts";
import * as convolution from "../../src/model/layers/convolution.ts";
import * as core from "../../src/model/layers/core.ts";
import * as depthwise from "../../src/model/layers/depthwise.ts";
import * as norms from "../../src/model/layers/noise-and-norms.ts";
import * as pooling from "../../src/model/layers/pooling.ts";
import * as positions from "../../src/model/layers/positions.ts";
import * as recurrent from "../../src/model/layers/recurrent.ts";
import { convertActivations } from "../../src/transform/index.ts";
import { runCode } from "./run-code.ts";

const fresh = (net: Model) => compile(net).digest();

/** Code, run: it must build the model to the last name and bit. */
function expectBack<X, P>(made: Model<X, P>): string {
  const net = made as unknown as Model;
  const code = modelToCode(net);
  const again = runCode(code).model as unknown as Model;
  expect(describeModel(again), code).toEqual(describeModel(net));
  expect(fresh(again)).toBe(fresh(net));
  const predictor = compile(net);
  if (net.graph.variables.length > 0)
    expect(runCode(modelToCode(predictor)).predictor?.digest()).toBe(predictor.digest());
  expect(modelToCode(again)).toBe(code);
  return code;
}

const ids = { shape: [6], dtype: "i32" } as const;
const image = [6, 6, 4];
const sequence = [6, 4];
const { sequential: _, ...w } = wasmgrad;

/** By layer: the shape of a row, and the layers as they are usually made, and with all options. */
const LAYERS: Readonly<Record<string, readonly [unknown, readonly unknown[]]>> = {
  activation: [[4], [w.activation("relu"), w.activation({ name: "elu", alpha: 0.5 }, { name: "e" })]],
  activityPenalty: [[4], [w.activityPenalty({ l1: 0.1 }), w.activityPenalty({ l2: 0.1, name: "p" })]],
  averagePool1d: [
    sequence,
    [w.averagePool1d(), w.averagePool1d(3, { stride: 1, padding: "same", countPadding: false })],
  ],
  averagePool2d: [
    image,
    [w.averagePool2d(), w.averagePool2d([2, 3], { padding: [1, 1], countPadding: false })],
  ],
  batchNorm: [[4], [w.batchNorm(), w.batchNorm({ momentum: 0.5, epsilon: 0.1, name: "b" })]],
  bidirectional: [
    sequence,
    [
      w.bidirectional(w.lstm(3, { returnSequences: true, name: "both" }) as never),
      w.bidirectional(w.gru(3, { resetAfter: false }) as never, { merge: "sum" }),
    ],
  ],
  conv1d: [
    sequence,
    [w.conv1d(2, { kernel: 3 }), w.conv1d(4, { kernel: 2, stride: 2, groups: 2, padding: [1, 0] })],
  ],
  conv1dTranspose: [sequence, [w.conv1dTranspose(2, { kernel: 3, stride: 2, outputPadding: 1 })]],
  conv2d: [
    image,
    [
      w.conv2d(2, { kernel: 3, activation: "relu", padding: "same", weightInitializer: "zeros" }),
      w.conv2d(3, { kernel: [2, 1], stride: [1, 2], dilation: 2, bias: false, name: "c" }),
    ],
  ],
  conv2dTranspose: [image, [w.conv2dTranspose(2, { kernel: 4, stride: 2, padding: "same" })]],
  dense: [
    [4],
    [
      w.dense(3),
      w.dense(2, {
        activation: "tanh",
        bias: false,
        weightInitializer: { kind: "uniform", low: -1, high: 1 },
        name: "dense7",
      }),
    ],
  ],
  depthwiseConv1d: [
    sequence,
    [w.depthwiseConv1d(), w.depthwiseConv1d({ multiplier: 2, activation: "relu" })],
  ],
  depthwiseConv2d: [image, [w.depthwiseConv2d(), w.depthwiseConv2d({ kernel: [1, 2], bias: false })]],
  dropout: [[4], [w.dropout(0.5), w.dropout(0), w.dropout(0.1, { name: "d" })]],
  embedding: [ids, [w.embedding(9, 2, { tableInitializer: "ones" })]],
  flatten: [
    [2, 3],
    [w.flatten(), w.flatten({ name: "flat" })],
  ],
  gaussianNoise: [[4], [w.gaussianNoise(0.1), w.gaussianNoise(0)]],
  globalAveragePool1d: [sequence, [w.globalAveragePool1d()]],
  globalAveragePool2d: [image, [w.globalAveragePool2d({ name: "g" })]],
  globalMaxPool1d: [sequence, [w.globalMaxPool1d()]],
  globalMaxPool2d: [image, [w.globalMaxPool2d()]],
  groupNorm: [image, [w.groupNorm(2), w.groupNorm(4, { epsilon: 0.1 })]],
  gru: [
    sequence,
    [w.gru(3, { returnSequences: true }), w.gru(2, { reverse: true, resetAfter: false } as never)],
  ],
  hardSigmoid: [[4], [w.hardSigmoid(), w.hardSigmoid({ alpha: 0.3, beta: 0.4, name: "h" })]],
  hardSwish: [[4], [w.hardSwish()]],
  layerNorm: [[4], [w.layerNorm(), w.layerNorm({ epsilon: 0.1 })]],
  learnedPositions: [sequence, [w.learnedPositions(6), w.learnedPositions(8, { tableInitializer: "zeros" })]],
  lstm: [sequence, [w.lstm(3, { returnSequences: true }), w.lstm(2, { bias: false } as never)]],
  maxPool1d: [sequence, [w.maxPool1d(), w.maxPool1d(2, { stride: 1 })]],
  maxPool2d: [image, [w.maxPool2d(undefined, { name: "m" }), w.maxPool2d([1, 2])]],
  mish: [[4], [w.mish()]],
  multiHeadAttention: [
    sequence,
    [
      w.multiHeadAttention({ heads: 2 }),
      w.multiHeadAttention({ heads: 1, causal: true, keySize: 3, dropout: 0.1 }),
    ],
  ],
  prelu: [[4], [w.prelu(), w.prelu({ alpha: 0.1 })]],
  relu6: [[4], [w.relu6({ name: 'six"\u2028' })]],
  reshape: [
    [2, 3],
    [w.reshape([3, 2]), w.reshape([6])],
  ],
  rmsNorm: [[4], [w.rmsNorm(), w.rmsNorm({ epsilon: 0.1 })]],
  separableConv1d: [
    sequence,
    [w.separableConv1d(3), w.separableConv1d(2, { padding: "same", activation: "gelu" })],
  ],
  separableConv2d: [image, [w.separableConv2d(3), w.separableConv2d(2, { multiplier: 2, kernel: 1 })]],
  simpleRnn: [sequence, [w.simpleRnn(3, { activation: "relu", returnSequences: true }), w.simpleRnn(2)]],
  sinusoidalPositions: [sequence, [w.sinusoidalPositions()]],
  spatialDropout: [image, [w.spatialDropout(0.5), w.spatialDropout(0)]],
  transformerBlock: [
    sequence,
    [
      w.transformerBlock({ heads: 2 }),
      w.transformerBlock({ heads: 1, hidden: 5, dropout: 0.2, normFirst: false }),
    ],
  ],
  upsample1d: [sequence, [w.upsample1d(), w.upsample1d(3, { mode: "linear" })]],
  upsample2d: [image, [w.upsample2d([2, 1]), w.upsample2d(2, { mode: "bilinear" })]],
  zeroPadding1d: [sequence, [w.zeroPadding1d(), w.zeroPadding1d([0, 2])]],
  zeroPadding2d: [image, [w.zeroPadding2d(2), w.zeroPadding2d(0)]],
};

describe.each(Object.entries(LAYERS))("%s", (name, [input, layers]) => {
  it("comes back from code", () => {
    const code = expectBack(sequential({ input: input as number[], seed: 3 }, layers as Layer[]));
    expect(code).toContain(`${name}(`);
    expect(code).not.toContain("lambda");
  });
});

it("is tested for each layer there is", () => {
  const exported = [attention, convolution, core, depthwise, norms, pooling, positions, recurrent].flatMap(
    Object.keys,
  );
  const ofTensors = ["randomNormal", "randomUniform", "scaledDotProductAttention"];
  expect(Object.keys(LAYERS).sort()).toEqual(exported.filter((name) => !ofTensors.includes(name)).sort());
});

describe("what is put together", () => {
  it("in a list, by residual and concatenate", () => {
    const code = expectBack(
      sequential({ input: [4], seed: 1 }, [
        w.standardize(),
        w.residual(w.dense(4, { activation: "relu" }), w.dense(4)),
        w.concatenate(w.dense(2), w.layerNorm()),
        w.lambda((x) => x.mul(x.sigmoid())),
        w.dense(1),
      ]),
    );
    expect(code).toContain("  standardize(),\n  lambda((x) => {\n    const t1 = dense(4, ");
  });

  it("of layers called twice", () => {
    const twice = w.dense(4, { activation: "tanh" });
    expect(expectBack(sequential({ input: [4] }, [twice, twice]))).toContain("const layer1 = dense(4");
    expectBack(
      model({ inputs: { a: [4], b: [4] } }, ({ a, b }) => {
        const norm = w.batchNorm();
        return { both: w.concat([norm(twice(a)), norm(twice(b))]), difference: twice(a).sub(b) };
      }),
    );
  });

  it("with masks, contexts and states", () => {
    const code = expectBack(
      model(
        { inputs: { x: [5, 4], mask: [5], context: [3, 4], start: [2] } },
        ({ x, mask, context, start }) => {
          const [all, state] = w.gru(2, { returnSequences: true, returnState: true })(x, {
            mask,
            initialState: start,
          });
          const seen = w.multiHeadAttention({ heads: 2 })(x, { context });
          const [, h, c] = w.lstm(2, { returnState: true })(w.transformerBlock({ heads: 2 })(seen, { mask }));
          const last = w.bidirectional(w.lstm(2))(all, { initialState: [h, c, state, state] });
          return w.dense(1)(last);
        },
      ),
    );
    expect(code).toMatch(
      /gru\(2, .*\)\(inputs\["x"\], \{ mask: inputs\["mask"\], initialState: inputs\["start"\] \}\)/,
    );
  });

  it("of models in models", () => {
    const encoder = sequential({ input: [4], seed: 5 }, [w.dense(3, { activation: "relu" }), w.batchNorm()]);
    expectBack(sequential({ input: [4] }, [w.nested(encoder, { name: "encoder" }), w.dense(1)]));
    const parts = model({ inputs: { a: [4], b: [3] } }, ({ a, b }) => ({
      sum: w.dense(3)(a).add(b),
      other: w.relu6()(b),
    }));
    expectBack(
      model({ inputs: { p: [4] } }, ({ p }) => {
        const encode = w.nested(encoder);
        const made = w.nested(parts)({ a: p, b: encode(p) }) as never as { sum: never; other: never };
        return w.dense(1)(w.concat([made.sum, made.other, encode(p)]));
      }),
    );
  });
});

it("is not what a transform changed", () => {
  const net = sequential({ input: [2], seed: 1 }, [w.dense(3, { activation: "tanh" }), w.dense(1)]);
  const changed = convertActivations(compile(net).toModel(), "tanh", "sigmoid");
  const code = modelToCode(changed);
  expect(code).toContain('dense(3, { activation: "sigmoid" })');
  const built = runCode(code).predictor;
  expect(built?.predict([[0, 1]] as never)).toEqual(compile(changed).predict([[0, 1]]));
});

it("says that it leaves out what preprocessing was fitted to", () => {
  const trainer = compile(sequential({ input: [1] }, [w.standardize(), w.dense(1)]), {
    loss: w.meanSquaredError(),
    optimizer: w.sgd({ learningRate: 0.1 }),
  });
  const note = "// What preprocessing was fitted to is no part of code";
  expect(modelToCode(trainer)).not.toContain(note);
  trainer.fitSync({ x: [[1], [2]], y: [1, 2] });
  expect(modelToCode(trainer)).toContain(note);
  expect(runCode(modelToCode(trainer)).predictor?.digest()).toBe(trainer.digest());
});

it("knows no layers of files by more than their nodes", () => {
  const bytes = compile(sequential({ input: [4] }, [w.rmsNorm(), w.dense(1)])).save();
  expect(() => modelToCode(load(bytes, { uses: [w.rmsNorm] }))).toThrow(FileError);
});
