import { describe, expect, it } from "vitest";
import {
  adam,
  compile,
  createEngine,
  crossEntropy,
  dense,
  type Engine,
  embedding,
  explain,
  meanSquaredError,
  model,
  type Predictor,
  sequential,
  sgd,
  valueAndGrad,
} from "../../src/index.ts";

const classifier = () => sequential({ input: [2] }, [dense(3, { activation: "softmax" })]);
const trainer = () => compile(classifier(), { loss: crossEntropy(), optimizer: adam() });
const wrong = <T>(value: unknown): T => value as T;

/** What a slip says, named after the slip. */
const SLIPS: { readonly [slip: string]: readonly [() => unknown, string] } = {
  "an engine without await": [
    () => compile(classifier(), { engine: wrong<Engine>(createEngine()) }),
    "OptionError: compile: engine must come from await createEngine(); got a promise: await it",
  ],
  "no targets": [
    () => trainer().fitSync({ x: [[0, 1]], y: wrong(null) }),
    "DataError: fitSync: y: targets must be rows, class indices or class names; got null",
  ],
  "a misspelt stop condition": [
    () => trainer().fitSync({ x: [[0, 1]], y: [0] }, { stopWhen: wrong({ lossbelow: 1 }) }),
    'OptionError: fitSync: stopWhen: unknown option "lossbelow"; did you mean lossBelow? Options: lossBelow',
  ],
  "a number as the target of a loss": [
    () => valueAndGrad<[number]>((p) => meanSquaredError()(p, wrong(3)))(1),
    "TraceError: meanSquaredError: needs two tensors of one function; got 3",
  ],
  "valueAndGrad of no function": [
    () => valueAndGrad(wrong<() => never>(3)),
    "TraceError: valueAndGrad: needs a function of tensors; got 3",
  ],
  "an initializer of no kind": [
    () => sequential({ input: [2] }, [dense(1, { weightInitializer: wrong({ kind: "foo" }) })]),
    'OptionError: dense1: an initializer must be of kind constant, uniform, normal, orthogonal or values, and its numbers finite; got {"kind":"foo"}',
  ],
  "an initializer named like a method of objects": [
    () => sequential({ input: [2] }, [dense(1, { weightInitializer: wrong("toString") })]),
    'OptionError: dense1: unknown initializer "toString"; initializers: glorotUniform, ',
  ],
  "initial values that are not numbers": [
    () =>
      sequential({ input: [2] }, [
        dense(1, { weightInitializer: { kind: "values", data: Float32Array.of(Number.NaN, 1) } }),
      ]),
    "ShapeError: dense1: initial values must be a Float32Array of 2 finite numbers; got NaN or infinity in it",
  ],
  "a learning rate that single precision rounds to 0": [
    () => trainer().setLearningRate(1e-46),
    "OptionError: setLearningRate: learningRate must be 0, or a finite number > 0 in single precision; got 1e-46",
  ],
  "a slope beyond single precision": [
    () => dense(1, { activation: { name: "leakyRelu", alpha: 1e300 } }),
    "OptionError: dense: alpha of leakyRelu must be a finite number >= 0 in single precision; got 1e+300",
  ],
  "ids as an output": [
    () => model({ inputs: { ids: { shape: [3], dtype: "i32" } } }, ({ ids }) => ({ out: ids })),
    "TraceError: model: output out must be f32; got i32 [rows, 3]: whole numbers go to an embedding",
  ],
  "an embedding of numbers": [
    () => sequential({ input: [3] }, [embedding(5, 2)]),
    'needs i32 as input 0; got f32 [rows, 3]: make the input { shape, dtype: "i32" }',
  ],
  "a signal for fitSync": [
    () => trainer().fitSync({ x: [[0, 1]], y: [0] }, wrong({ signal: AbortSignal.abort() })),
    'OptionError: fitSync: unknown option "signal"; signal belongs to fit. Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  "accumulate without a loss": [
    () => compile(classifier(), wrong<never>({ accumulate: 4 })),
    "OptionError: compile: accumulate needs loss and optimizer; got accumulate 4 without them",
  ],
  "a shuffle seed without a loss": [
    () => compile(classifier(), wrong<never>({ shuffleSeed: "x" })),
    'OptionError: compile: shuffleSeed needs loss and optimizer; got shuffleSeed "x" without them',
  ],
  "window rows without a loss": [
    () => compile(classifier(), wrong<never>({ windowRows: -1 })),
    "OptionError: compile: windowRows needs loss and optimizer; got windowRows -1 without them",
  ],
  "explain of nothing": [
    () => explain(wrong<Predictor>(null)),
    "OptionError: explain: needs a predictor or a trainer; got null",
  ],
  "explain of another object": [
    () => explain(wrong<Predictor>({})),
    "OptionError: explain: needs a predictor or a trainer; got {}",
  ],
  "a snapshot of another model": [
    () =>
      trainer()
        .snapshot()
        .update(wrong(compile(sequential({ input: [3] }, [dense(1)])))),
    "StateError: update: the state must be of this model",
  ],
  "a snapshot of no program": [
    () => trainer().snapshot().update(wrong({})),
    "OptionError: update: needs a trainer or a predictor; got {}",
  ],
  "a learning rate for some parameters": [
    () => wrong<(...given: unknown[]) => void>(trainer().setLearningRate.bind(trainer()))(0.1, "bias"),
    'OptionError: setLearningRate: takes no argument 2; got "bias"',
  ],
  "a word for a flag": [
    () => adam({ biasCorrection: wrong("no") }),
    'OptionError: adam: biasCorrection must be a boolean; got "no"',
  ],
  "labels for several outputs": [
    () =>
      compile(
        model({ inputs: { x: [2] } }, ({ x }) => ({
          a: dense(1)(x),
          b: dense(3, { activation: "softmax" })(x),
        })),
        { loss: { b: crossEntropy() }, optimizer: sgd(), labels: ["p", "q", "r"] },
      ),
    "OptionError: compile: labels need a model with one output; got outputs a, b",
  ],
};

describe("a slip is answered with what to do:", () => {
  for (const [slip, [make, message]] of Object.entries(SLIPS))
    it(slip, () => {
      let said = "";
      try {
        make();
      } catch (error) {
        said = String(error);
      }
      expect(said).toContain(message);
    });
});

describe("summary", () => {
  it("counts the parameters of a layer whose name starts another's", () => {
    const layers = [dense(2, { name: "a" }), dense(2, { name: "a.b" })];
    expect(sequential({ input: [2] }, layers).summary()).toMatch(
      /^a +\[rows, 2\] +6 +4 +8$[\s\S]*^total +12 +8 +16$/m,
    );
  });
});

describe("valueAndGrad", () => {
  it("keeps no more than 32 programs alive on an engine, however many functions and shapes there are", async () => {
    const engine = await createEngine();
    for (let i = 0; i < 8; i++) {
      const f = valueAndGrad((x) => x.sum(), { engine });
      for (let n = 1; n <= 16; n++) expect(f(wrong(new Float32Array(n).fill(1))).value).toBe(n);
    }
    expect(engine.livePrograms).toBe(32);
  });
});
