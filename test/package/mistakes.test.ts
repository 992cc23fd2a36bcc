/** What a newcomer does wrong, and what the package says: whoever reads a message alone must know what to change. */
import { readFileSync } from "node:fs";
import { MessageChannel, Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import * as tables from "../../src/data/index.ts";
import * as main from "../../src/index.ts";
import * as transform from "../../src/transform/index.ts";
import { xor } from "../fixtures.ts";

// biome-ignore lint/suspicious/noExplicitAny: the package as JavaScript sees it, without types that would refuse the mistakes
type Any = any;
const js: Any = { ...main, ...transform };

const {
  adam,
  adamW,
  sgd,
  binaryCrossEntropy,
  crossEntropy,
  meanSquaredError,
  compile,
  createEngine,
  dense,
  dropout,
  embedding,
  flatten,
  logicGate,
  model,
  perceptron,
  sequential,
  valueAndGrad,
  collapseLinear,
} = js;

const net = (units = 3) =>
  sequential({ input: [2] }, [dense(units, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]);
const trainer = (units = 3) => compile(net(units), { loss: binaryCrossEntropy(), optimizer: adam() });
const classes = (labels?: string[]) =>
  compile(sequential({ input: [2] }, [dense(3, { activation: "softmax" })]), {
    loss: crossEntropy(),
    optimizer: sgd(),
    labels,
  });
const two = () =>
  compile(
    model({ inputs: { a: [1], b: [1] } }, ({ a, b }: Any) => ({ p: dense(1)(a), q: dense(1)(b) })),
    { loss: { p: meanSquaredError(), q: meanSquaredError() }, optimizer: sgd() },
  );
const grad = (f: (...tensors: Any[]) => unknown, ...given: unknown[]) => valueAndGrad(f)(...given);
const disposed = () => {
  const made = trainer();
  made.dispose();
  return made;
};
const fitting = () => {
  const made = trainer();
  void made.fit(xor, { epochs: 1_000_000, signal: AbortSignal.timeout(1) }).catch(() => {});
  return made;
};
const diverging = () =>
  compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
const shared = () =>
  model({ inputs: { x: [2] } }, ({ x }: Any) => {
    const twice = dense(2);
    return dense(1)(twice(twice(x)));
  });

/** Mistakes, each with its code, class and message. */
const MISTAKES: readonly (readonly [mistake: string, make: () => unknown, says: string])[] = [
  // Names
  [
    "Keras' name of the learning rate",
    () => adam({ learning_rate: 0.1 }),
    'option-unknown OptionError: adam: unknown option "learning_rate"; did you mean learningRate? Options: learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection, amsgrad',
  ],
  [
    "PyTorch's name of the learning rate",
    () => adam({ lr: 0.1 }),
    'option-unknown OptionError: adam: unknown option "lr"; did you mean learningRate? Options: learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection, amsgrad',
  ],
  [
    "PyTorch's pair of betas",
    () => adam({ betas: [0.9, 0.999] }),
    'option-unknown OptionError: adam: unknown option "betas"; did you mean beta1? Options: learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection, amsgrad',
  ],
  [
    "PyTorch's name of epsilon",
    () => adam({ eps: 1e-7 }),
    'option-unknown OptionError: adam: unknown option "eps"; did you mean epsilon? Options: learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection, amsgrad',
  ],
  [
    "a weight decay for adam, which has none",
    () => adam({ weight_decay: 0.01 }),
    'option-unknown OptionError: adam: unknown option "weight_decay"; weightDecay belongs to adamW. Options: learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection, amsgrad',
  ],
  [
    "a misspelt momentum",
    () => sgd({ momentun: 0.9 }),
    'option-unknown OptionError: sgd: unknown option "momentun"; did you mean momentum? Options: learningRate, momentum, nesterov',
  ],
  [
    "a misspelt setting of a group",
    () => adamW({ groups: [{ mach: /bias/ }] }),
    'option-unknown OptionError: adamW: groups[0]: unknown option "mach"; did you mean match? Options: match, learningRate, weightDecay',
  ],
  [
    "an option that nobody knows",
    () => adam({ warmup: 100 }),
    'option-unknown OptionError: adam: unknown option "warmup"; options: learningRate, beta1, beta2, epsilon, epsilonMode, biasCorrection, amsgrad',
  ],
  [
    "batch_size in compile",
    () => compile(net(), { batch_size: 16 }),
    'option-unknown OptionError: compile: unknown option "batch_size"; did you mean batchSize? Options: loss, optimizer, batchSize, labels, targets, accumulate, freeze, clip, averageWeights, penalties, constraints, shuffleSeed, windowRows, metrics, engine',
  ],
  [
    "a learning rate in compile",
    () => compile(net(), { learningRate: 0.1 }),
    'option-unknown OptionError: compile: unknown option "learningRate"; learningRate belongs to sgd, adam and adamW. Options: loss, optimizer, batchSize, labels, targets, accumulate, freeze, clip, averageWeights, penalties, constraints, shuffleSeed, windowRows, metrics, engine',
  ],
  [
    "epochs in compile",
    () => compile(net(), { epochs: 10 }),
    'option-unknown OptionError: compile: unknown option "epochs"; epochs belongs to fit. Options: loss, optimizer, batchSize, labels, targets, accumulate, freeze, clip, averageWeights, penalties, constraints, shuffleSeed, windowRows, metrics, engine',
  ],
  [
    "a regularizer of weights in a layer, as Keras has it",
    () => dense(2, { kernel_regularizer: "l2" }),
    'option-unknown OptionError: dense: unknown option "kernel_regularizer"; penalties belongs to compile. Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "a regularizer of activations in a layer",
    () => dense(2, { activityRegularizer: "l1" }),
    'option-unknown OptionError: dense: unknown option "activityRegularizer"; activityPenalty is a layer of its own, as in activityPenalty({ l1: 1e-4 }). Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "a constraint in a layer",
    () => dense(2, { kernelConstraint: "maxNorm" }),
    'option-unknown OptionError: dense: unknown option "kernelConstraint"; constraints belongs to compile. Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "metrics of a predictor",
    () => compile(net(), { metrics: ["accuracy"] }),
    "option OptionError: compile: metrics needs loss and optimizer; got metrics an array of 1 without them",
  ],
  [
    "a metric that does not fit the loss",
    () => compile(net(), { loss: binaryCrossEntropy(), optimizer: adam(), metrics: ["mae"] }),
    "option OptionError: compile: metrics: mae measures numbers, which binaryCrossEntropy does not have; try accuracy, balancedAccuracy or f1",
  ],
  [
    "a metric by name that is a function",
    () => compile(net(), { loss: binaryCrossEntropy(), optimizer: adam(), metrics: ["rocAuc"] }),
    'option-unknown OptionError: compile: metrics: "rocAuc" is given as a function: import { rocAuc } from "wasmgrad/metrics"; got its name. By name: accuracy, balancedAccuracy, f1, mae, rmse, r2',
  ],
  [
    "PyTorch's name of a loss",
    () => compile(net(), { criterion: binaryCrossEntropy(), optimizer: adam() }),
    'option-unknown OptionError: compile: unknown option "criterion"; did you mean loss? Options: loss, optimizer, batchSize, labels, targets, accumulate, freeze, clip, averageWeights, penalties, constraints, shuffleSeed, windowRows, metrics, engine',
  ],
  [
    "a batch size in fit",
    () => trainer().fitSync(xor, { batchSize: 16 }),
    'option-unknown OptionError: fitSync: unknown option "batchSize"; batchSize belongs to compile. Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "a learning rate in fit, as brain.js has it",
    () => trainer().fitSync(xor, { learningRate: 0.1 }),
    'option-unknown OptionError: fitSync: unknown option "learningRate"; learningRate belongs to sgd, adam and adamW. Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "iterations, as brain.js has them",
    () => trainer().fitSync(xor, { iterations: 100 }),
    'option-unknown OptionError: fitSync: unknown option "iterations"; did you mean epochs? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "an error threshold, as brain.js has it",
    () => trainer().fitSync(xor, { errorThresh: 0.01 }),
    'option-unknown OptionError: fitSync: unknown option "errorThresh"; did you mean stopWhen? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "Keras' validation split",
    () => trainer().fitSync(xor, { validation_split: 0.2 }),
    'option-unknown OptionError: fitSync: unknown option "validation_split"; did you mean validation? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "tfjs' validation data",
    () => trainer().fitSync(xor, { validationData: xor }),
    'option-unknown OptionError: fitSync: unknown option "validationData"; did you mean validation? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "callbacks",
    () => trainer().fitSync(xor, { callbacks: [] }),
    'option-unknown OptionError: fitSync: unknown option "callbacks"; did you mean onEpoch? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "verbose",
    () => trainer().fitSync(xor, { verbose: 1 }),
    'option-unknown OptionError: fitSync: unknown option "verbose"; did you mean onProgress? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "one epoch too few letters",
    () => trainer().fitSync(xor, { epoch: 5 }),
    'option-unknown OptionError: fitSync: unknown option "epoch"; did you mean epochs? Options: epochs, untilEpoch, steps, stopWhen, validation, earlyStopping, shuffle, classWeight, ledger, onEpoch, onProgress',
  ],
  [
    "a misspelt stop condition",
    () => trainer().fitSync(xor, { stopWhen: { lossbelow: 0.1 } }),
    'option-unknown OptionError: fitSync: stopWhen: unknown option "lossbelow"; did you mean lossBelow? Options: lossBelow',
  ],
  [
    "Keras' initializer",
    () => dense(4, { kernel_initializer: "he_normal" }),
    'option-unknown OptionError: dense: unknown option "kernel_initializer"; did you mean weightInitializer? Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "Keras' use_bias",
    () => dense(4, { use_bias: false }),
    'option-unknown OptionError: dense: unknown option "use_bias"; did you mean bias? Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "Keras' input shape in a layer",
    () => dense(4, { inputShape: [2] }),
    'option-unknown OptionError: dense: unknown option "inputShape"; input belongs to sequential. Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "Keras' input shape in the model",
    () => sequential({ inputShape: [2] }, [dense(1)]),
    'option-unknown OptionError: sequential: unknown option "inputShape"; did you mean input? Options: input, columns, seed',
  ],
  [
    "layers among the options",
    () => sequential({ input: [2], layers: [dense(1)] }),
    'option-unknown OptionError: sequential: unknown option "layers"; layers is the second argument of sequential. Options: input, columns, seed',
  ],
  [
    "hidden layers, as brain.js has them",
    () => sequential({ input: [2], hiddenLayers: [3] }, [dense(1)]),
    'option-unknown OptionError: sequential: unknown option "hiddenLayers"; layers is the second argument of sequential. Options: input, columns, seed',
  ],
  [
    "PyTorch's dim of softmax",
    () => grad((x) => x.softmax({ dim: 0 }).sum(), [[1, 2]]),
    'option-unknown OptionError: softmax: unknown option "dim"; did you mean axis? Options: axis',
  ],
  [
    "from_logits",
    () => crossEntropy({ from_logits: true }),
    'option-unknown OptionError: crossEntropy: unknown option "from_logits"; did you mean fromLogits? Options: fromLogits, labelSmoothing, ignoreIndex',
  ],
  [
    "random_state",
    () => sequential({ input: [2], random_state: 1 }, [dense(1)]),
    'option-unknown OptionError: sequential: unknown option "random_state"; did you mean seed? Options: input, columns, seed',
  ],
  [
    "an option of a layer with a name",
    () => dense(4, { name: "head", activaton: "relu" }),
    'option-unknown OptionError: head: unknown option "activaton"; did you mean activation? Options: activation, bias, weightInitializer, biasInitializer, name',
  ],
  [
    "a capital letter in an activation",
    () => dense(4, { activation: "ReLU" }),
    'option-unknown OptionError: dense: unknown activation "ReLU"; did you mean relu? Activations: linear, relu, leakyRelu, elu, selu, gelu, geluTanh, silu, softplus, sigmoid, tanh, hardSigmoid, sign, softsign, softmax',
  ],
  [
    "another name of an activation",
    () => dense(4, { activation: "swish" }),
    'option-unknown OptionError: dense: unknown activation "swish"; did you mean silu? Activations: linear, relu, leakyRelu, elu, selu, gelu, geluTanh, silu, softplus, sigmoid, tanh, hardSigmoid, sign, softsign, softmax',
  ],
  [
    "an activation that there is not",
    () => dense(4, { activation: "maxout" }),
    'option-unknown OptionError: dense: unknown activation "maxout"; activations: linear, relu, leakyRelu, elu, selu, gelu, geluTanh, silu, softplus, sigmoid, tanh, hardSigmoid, sign, softsign, softmax',
  ],
  [
    "Keras' name of an initializer's value",
    () => sequential({ input: [2] }, [dense(1, { weightInitializer: "he_normal" })]),
    'option-unknown OptionError: dense1: unknown initializer "he_normal"; did you mean heNormal? Initializers: glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, orthogonal, zeros, ones',
  ],
  [
    "PyTorch's name of an initializer",
    () => sequential({ input: [2] }, [dense(1, { weightInitializer: "xavier" })]),
    'option-unknown OptionError: dense1: unknown initializer "xavier"; did you mean glorotUniform? Initializers: glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, orthogonal, zeros, ones',
  ],
  [
    "a gate in capitals",
    () => logicGate("XOR"),
    'option-unknown OptionError: logicGate: unknown gate "XOR"; did you mean xor? Gates: and, or, nand, nor, not, xor, xnor',
  ],
  [
    "an option of predict that is compile's",
    () => trainer().predict(xor.x, { batchSize: 2 }),
    'option-unknown OptionError: predict: unknown option "batchSize"; batchSize belongs to compile. Options: out, state, weights',
  ],
  [
    "a parameter by the name of its layer",
    () => trainer().setParameters({ dense1: [1] }),
    'option-unknown OptionError: setParameters: unknown parameter "dense1"; did you mean dense1.weight? Parameters: dense1.weight, dense1.bias, dense2.weight, dense2.bias',
  ],
  // Kinds
  [
    "a learning rate by position",
    () => adam(0.01),
    "option OptionError: adam: options must be an object, such as { learningRate: .. }; got 0.01",
  ],
  [
    "a learning rate as text",
    () => adam({ learningRate: "0.01" }),
    'option OptionError: adam: learningRate must be 0, or a finite number > 0 in single precision; got "0.01": write it without quotes',
  ],
  [
    "epochs as text",
    () => trainer().fitSync(xor, { epochs: "10" }),
    'option OptionError: fitSync: epochs must be a whole number >= 1, or Infinity; got "10": write it without quotes',
  ],
  [
    "epochs by position",
    () => trainer().fitSync(xor, 10),
    "option OptionError: fitSync: options must be an object, such as { epochs: .. }; got 10",
  ],
  [
    "a batch size as text",
    () => compile(net(), { batchSize: "32" }),
    'option OptionError: compile: batchSize must be a whole number >= 1; got "32": write it without quotes',
  ],
  [
    "a loss by name",
    () => compile(net(), { loss: "mse", optimizer: adam() }),
    'option OptionError: compile: loss must be what crossEntropy(), binaryCrossEntropy(), meanSquaredError(), meanAbsoluteError() or huber() gives; got "mse"',
  ],
  [
    "a loss that was not called",
    () => compile(net(), { loss: binaryCrossEntropy, optimizer: adam() }),
    "option OptionError: compile: loss must be what crossEntropy(), binaryCrossEntropy(), meanSquaredError(), meanAbsoluteError() or huber() gives; got a function: call it, or let it take (prediction, target)",
  ],
  [
    "a loss of one's own",
    () => compile(net(), { loss: (p: Any, t: Any) => p.sub(t).square(), optimizer: adam() }),
    'shape ShapeError: compile: the loss of output "output": the function must return one value a row, [rows], or a scalar; got [rows, 1] for predictions [rows, 1]: take the mean over the other axes, such as .mean(1)',
  ],
  [
    "an optimizer by name",
    () => compile(net(), { loss: binaryCrossEntropy(), optimizer: "adam" }),
    'option OptionError: compile: optimizer must be what adam(), adamW() or sgd() gives; got "adam"',
  ],
  [
    "an optimizer that was not called",
    () => compile(net(), { loss: binaryCrossEntropy(), optimizer: adam }),
    "option OptionError: compile: optimizer must be what adam(), adamW() or sgd() gives; got a function: call it",
  ],
  [
    "a loss without an optimizer",
    () => compile(net(), { loss: binaryCrossEntropy() }),
    "option OptionError: compile: a trainer needs loss and optimizer; got no optimizer: add one, such as adam()",
  ],
  [
    "an optimizer without a loss",
    () => compile(net(), { optimizer: adam() }),
    "option OptionError: compile: a trainer needs loss and optimizer; got no loss: add one, such as meanSquaredError()",
  ],
  [
    "layers in place of a model",
    () => compile([dense(1)], {}),
    "option OptionError: compile: model, the first argument, must be what sequential() or model() gives; got an array of 1",
  ],
  [
    "arguments of compile in the other order",
    () => compile({ loss: binaryCrossEntropy(), optimizer: adam() }, net()),
    "option OptionError: compile: model, the first argument, must be what sequential() or model() gives; got { loss: .., optimizer: .. }",
  ],
  [
    "an engine without await",
    () => compile(net(), { engine: createEngine() }),
    "option OptionError: compile: engine must come from await createEngine(); got a promise: await it",
  ],
  [
    "a number as the shape of the input",
    () => sequential({ input: 2 }, [dense(1)]),
    "option OptionError: sequential: input: the shape of one row, without the batch, must be an array of whole numbers >= 1, such as [2]; got 2",
  ],
  [
    "a batch axis in the shape of the input",
    () => sequential({ input: [null, 2] }, [dense(1)]),
    "option OptionError: sequential: input: the shape of one row, without the batch, must be an array of whole numbers >= 1, such as [2]; got [null,2]",
  ],
  [
    "a model without options",
    () => sequential([dense(1)]),
    "option OptionError: sequential: options must be an object, such as { input: .. }; got an array of 1",
  ],
  [
    "one layer without an array",
    () => sequential({ input: [2] }, dense(1)),
    "option OptionError: sequential: layers, the second argument, must be an array of layers, such as [dense(1)]; got a function",
  ],
  [
    "a layer that was not called",
    () => sequential({ input: [2] }, [flatten, dense(1)]),
    "option OptionError: sequential: layers must be what dense(), flatten() and the like give; got a function as layer 0: call it, or write lambda(fn) for a function of tensors",
  ],
  [
    "a layer by name",
    () => sequential({ input: [2] }, ["dense"]),
    'option OptionError: sequential: layers must be what dense(), flatten() and the like give; got "dense" as layer 0',
  ],
  [
    "units by name",
    () => dense({ units: 4 }),
    "option OptionError: dense: units, the first argument, must be a whole number >= 1; got { units: 4 }",
  ],
  [
    "units as text",
    () => dense("4"),
    'option OptionError: dense: units, the first argument, must be a whole number >= 1; got "4": write it without quotes',
  ],
  [
    "an activation by position",
    () => dense(4, "relu"),
    'option OptionError: dense: options must be an object, such as { activation: .. }; got "relu"',
  ],
  [
    "a dropout in percent",
    () => dropout(50),
    "option OptionError: dropout: rate, the first argument, must be in [0, 1); got 50",
  ],
  [
    "a dtype of another library",
    () => sequential({ input: { shape: [2], dtype: "int32" } }, [dense(1)]),
    'option OptionError: sequential: input: dtype must be "f32" or "i32"; got "int32"',
  ],
  [
    "a group that matches by text",
    () => adamW({ groups: [{ match: "bias" }] }),
    'option OptionError: adamW: groups[0]: match must be a regular expression without g and y, such as /bias$/; got "bias"',
  ],
  [
    "a stop condition that is a number",
    () => trainer().fitSync(xor, { stopWhen: 0.1 }),
    "option OptionError: fitSync: stopWhen: options must be an object, such as { lossBelow: .. }; got 0.1",
  ],
  [
    "an abort controller as signal",
    () => trainer().fit(xor, { signal: new AbortController() }),
    "option OptionError: fit: signal must be an AbortSignal, such as controller.signal; got an AbortController",
  ],
  [
    "labels as one text",
    () => compile(net(), { labels: "no" }),
    'option OptionError: compile: labels must be an array of strings, such as ["no", "yes"]; got "no"',
  ],
  [
    "three labels for two classes",
    () => compile(net(), { labels: ["a", "b", "c"] }),
    "option OptionError: compile: labels must name all 2 classes of a model that ends in 1 unit; got 3 labels",
  ],
  [
    "a learning rate in an object",
    () => trainer().setLearningRate({ learningRate: 0.1 }),
    "option OptionError: setLearningRate: learningRate must be 0, or a finite number > 0 in single precision; got { learningRate: 0.1 }",
  ],
  [
    "a seed by position",
    () => trainer().reset(42),
    "option OptionError: reset: options must be an object, such as { seed: .. }; got 42",
  ],
  // Models
  [
    "an async model function",
    () => model({ inputs: { x: [2] } }, async ({ x }: Any) => dense(1)(x)),
    "trace TraceError: model: the function must return a tensor that it computed, or such tensors by name; got a promise: make it a plain function instead of an async one",
  ],
  [
    "a model function without return",
    () => model({ inputs: { x: [2] } }, ({ x }: Any) => void dense(1)(x)),
    "trace TraceError: model: the function must return a tensor that it computed, or such tensors by name; got undefined",
  ],
  [
    "a layer in place of its output",
    () => model({ inputs: { x: [2] } }, () => dense(1)),
    "trace TraceError: model: the function must return a tensor that it computed, or such tensors by name; got a function",
  ],
  [
    "an input by another name",
    () => model({ inputs: { x: [2] } }, ({ y }: Any) => dense(1)(y)),
    "trace TraceError: dense: needs a tensor of a model; got undefined: does an input have this name?",
  ],
  [
    "inputs without names",
    () => model({ inputs: [2] }, ({ x }: Any) => dense(1)(x)),
    "option OptionError: model: inputs must be shapes by name, such as { x: [2] }; got an array of 1",
  ],
  [
    "images without flatten",
    () =>
      compile(sequential({ input: [28, 28] }, [dense(10, { activation: "softmax" })]), {
        loss: crossEntropy(),
        optimizer: adam(),
      }).fitSync({ x: new Float32Array(2 * 784), y: [3, 5] }),
    "shape-rows ShapeError: fitSync: y: a row must have 28 labels, because the model gives classes for 28 positions; got one label a row: put flatten() before the last dense layer, or write rows as arrays of labels",
  ],
  [
    "crossEntropy with a sigmoid",
    () => compile(net(), { loss: crossEntropy(), optimizer: adam() }),
    'option OptionError: crossEntropy: the model must end in softmax; got output "output", which ends in sigmoid: set activation: "softmax" on the last layer, or crossEntropy({ fromLogits: true })',
  ],
  [
    "crossEntropy with one class",
    () =>
      compile(sequential({ input: [2] }, [dense(1, { activation: "softmax" })]), {
        loss: crossEntropy(),
        optimizer: adam(),
      }),
    'option OptionError: crossEntropy: the model must give [rows, classes], or [rows, T, classes], with at least two classes; got output "output" [rows, 1]: use binaryCrossEntropy() with a sigmoid for yes-or-no outputs',
  ],
  [
    "a sigmoid with fromLogits",
    () => compile(net(), { loss: binaryCrossEntropy({ fromLogits: true }), optimizer: adam() }),
    'option OptionError: binaryCrossEntropy: with fromLogits the model must end in logits; got output "output", which ends in sigmoid: drop the sigmoid or fromLogits',
  ],
  [
    "a loss for an output that is not there",
    () => compile(net(), { loss: { out: binaryCrossEntropy() }, optimizer: adam() }),
    'option-unknown OptionError: compile: loss: unknown output "out"; did you mean output? Outputs: output',
  ],
  [
    "a model called with numbers",
    () => dense(3)([[1, 2]]),
    "trace TraceError: dense: needs a tensor of a model; got an array of 1: data go to predict or fit",
  ],
  [
    "a tensor in arithmetic",
    () => model({ inputs: { x: [2] } }, ({ x }: Any) => +x + 1),
    "trace TraceError: Tensor: has a number only when the program runs, so it cannot be used as a number, string or condition while it is traced; got [rows, 2] in such a place: use its methods, for example a.add(b)",
  ],
  [
    "a product of a list",
    () => grad((a, b) => a.matMul(b).sum(), [1, 2, 3], [[1], [2], [3]]),
    "shape ShapeError: tensor: matMul needs A [.., k] and B [k, n]; got A [3], B [3, 1]: reshape a list to [1, k] as A, to [k, 1] as B",
  ],
  [
    "a product with swapped shapes",
    () => grad((a, b) => a.matMul(b).sum(), [[1, 2]], [[3, 4]]),
    "shape ShapeError: tensor: matMul needs A [.., k] and B [k, n]; got A [1, 2], B [1, 2]",
  ],
  [
    "axes one by one",
    () => grad((a) => a.transpose(1, 0).sum(), [[1, 2]]),
    "option-surplus OptionError: transpose: takes no argument 2; got 0: write the axes as an array, such as transpose([1, 0])",
  ],
  [
    "a shape number by number",
    () => grad((a) => a.reshape(2, 1).sum(), [[1, 2]]),
    "option-surplus OptionError: reshape: takes no argument 2; got 1: write the shape as an array, such as reshape([3, 2])",
  ],
  [
    "null as axes",
    () => grad((a) => a.sum(null), [[1, 2]]),
    "shape ShapeError: sum: axes must be an array, such as [0, 1], or one number, with options behind; got null",
  ],
  [
    "an axis too far",
    () => grad((a) => a.sum(2), [[1, 2]]),
    "shape ShapeError: sum: axes must be whole numbers from -2 to 1 for [1, 2]; got 2",
  ],
  [
    "a column beside a list",
    () => grad((p, t) => p.sub(t).square().mean(), [[1], [2], [3]], [1, 2, 3]),
    "shape ShapeError: sub: shapes must not differ by a last axis of length 1 alone; got [3, 1], [3]: reshape [3, 1] to [3], or [3] to [1, 3] if every entry is meant with every other",
  ],
  [
    "an empty array as argument",
    () => grad((a) => a.sum(), []),
    "data DataError: valueAndGrad: argument 0 must be a number, an array that is not empty, or { data, shape }; got shape [0]",
  ],
  [
    "a function without a scalar",
    () => grad((a) => a, [[1, 2]]),
    "shape ShapeError: valueAndGrad: the function must return a scalar; got [1, 2]: use .sum() or .mean()",
  ],
  [
    "fit of a model",
    () => net().fit(xor),
    "option OptionError: fit: a model is compiled first, as in const trainer = compile(model, { loss, optimizer }); got a call on the model",
  ],
  [
    "fit of a predictor",
    () => compile(net()).fit(xor),
    "option OptionError: fit: needs a trainer, which compile(model, { loss, optimizer }) makes; got a predictor, made without them",
  ],
  // Data
  [
    "x and y as two arguments",
    () => trainer().fitSync(xor.x, xor.y),
    "data-missing DataError: fitSync: data must be { x: .., y: .. }; got an array of 4",
  ],
  [
    "x, y and options as three arguments",
    () => trainer().fitSync(xor.x, xor.y, { epochs: 5 }),
    "option-surplus OptionError: fitSync: takes no argument 3; got { epochs: 5 }: write fitSync({ x, y }, options)",
  ],
  [
    "pairs, as brain.js has them",
    () => trainer().fitSync([{ input: [0, 0], output: [1] }]),
    "data-missing DataError: fitSync: data must be { x: .., y: .. }; got an array of 1",
  ],
  [
    "no targets",
    () => trainer().fitSync({ x: xor.x }),
    "data-missing DataError: fitSync: data must be { x: .., y: .. }; got { x: .. }",
  ],
  [
    "X in capitals",
    () => trainer().fitSync({ X: xor.x, y: xor.y }),
    'data-unknown DataError: fitSync: data: unknown key "X"; did you mean x? Keys: x, y, sampleWeight',
  ],
  [
    "weights of rows, as scikit-learn has them",
    () => trainer().fitSync({ ...xor, sample_weight: [1, 1, 1, 1] }),
    'data-unknown DataError: fitSync: data: unknown key "sample_weight"; did you mean sampleWeight? Keys: x, y, sampleWeight',
  ],
  [
    "weights of classes in compile",
    () => compile(net(), { loss: binaryCrossEntropy(), optimizer: adam(), classWeight: "balanced" }),
    'option-unknown OptionError: compile: unknown option "classWeight"; classWeight belongs to fit and evaluate. Options: loss, optimizer, batchSize, labels, targets, accumulate, freeze, clip, averageWeights, penalties, constraints, shuffleSeed, windowRows, metrics, engine',
  ],
  [
    "too few weights",
    () => trainer().fitSync({ ...xor, sampleWeight: [1, 1, 1] }),
    "shape-rows ShapeError: fitSync: sampleWeight must have a weight for each row; got 3 for 4 rows",
  ],
  [
    "a weight below 0",
    () => trainer().fitSync({ ...xor, sampleWeight: [1, 1, -0.5, 1] }),
    "data DataError: fitSync: sampleWeight: weights must be >= 0; got -0.5 at row 2",
  ],
  [
    "a weight that is missing",
    () => trainer().fitSync({ ...xor, sampleWeight: [1, NaN, 1, 1] }),
    "data-not-finite DataError: fitSync: sampleWeight: numbers must be finite in single precision; got NaN at row 1, column 0 (a missing value? impute it or drop the row)",
  ],
  [
    "weights of 0 alone",
    () => trainer().fitSync({ ...xor, sampleWeight: [0, 0, 0, 0] }),
    "data DataError: fitSync: sampleWeight: one weight at least must be above 0; got 4 times 0",
  ],
  [
    "class weights in a list",
    () => trainer().fitSync(xor, { classWeight: [1, 2] }),
    'option OptionError: fitSync: classWeight: must be "balanced" or weights by label, such as { yes: 10 }; got an array of 2',
  ],
  [
    "another word for balanced",
    () => trainer().fitSync(xor, { classWeight: "balance" }),
    'option OptionError: fitSync: classWeight: must be "balanced" or weights by label, such as { yes: 10 }; got "balance"',
  ],
  [
    "a class weight below 0",
    () => trainer().fitSync(xor, { classWeight: { 1: -2 } }),
    'option OptionError: fitSync: classWeight: weights must be finite numbers >= 0; got -2 for "1"',
  ],
  [
    "the weight of a class that the model does not have",
    () => trainer().fitSync(xor, { classWeight: { 2: 5 } }),
    'option-unknown OptionError: fitSync: classWeight: unknown label "2"; labels: 0, 1',
  ],
  [
    "class weights of a regression",
    () =>
      compile(net(), { loss: meanSquaredError(), optimizer: sgd() }).fitSync(xor, {
        classWeight: "balanced",
      }),
    "option OptionError: fitSync: classWeight needs one loss of classes: crossEntropy, or binaryCrossEntropy of one output; got meanSquaredError: give sampleWeight, a weight for each row",
  ],
  [
    "class weights of probabilities",
    () => trainer().fitSync({ x: xor.x, y: [0.5, 1, 1, 0] }, { classWeight: "balanced" }),
    "data-label DataError: fitSync: classWeight needs rows of one class each; got a row of probabilities at row 0",
  ],
  [
    "data without await",
    () => trainer().fitSync(Promise.resolve(xor)),
    "data-missing DataError: fitSync: data must be { x: .., y: .. }; got a promise: await it",
  ],
  [
    "rows without await",
    () => trainer().fitSync({ x: Promise.resolve(xor.x), y: xor.y }),
    "shape-rows ShapeError: fitSync: x: rows must be an array of arrays of numbers, a typed array or { data, shape }; got a promise: await it",
  ],
  [
    "a missing number",
    () =>
      trainer().fitSync({
        x: [
          [0, 1],
          [1, undefined],
        ],
        y: [0, 1],
      }),
    "data-type DataError: fitSync: x: numbers only; got undefined at row 1, column 1 (a missing value? impute it or drop the row)",
  ],
  [
    "null for a number",
    () =>
      trainer().fitSync({
        x: [
          [0, null],
          [1, 1],
        ],
        y: [0, 1],
      }),
    "data-type DataError: fitSync: x: numbers only; got null at row 0, column 1 (a missing value? impute it or drop the row)",
  ],
  [
    "NaN",
    () =>
      trainer().fitSync({
        x: [
          [0, Number.NaN],
          [1, 1],
        ],
        y: [0, 1],
      }),
    "data-not-finite DataError: fitSync: x: numbers must be finite in single precision; got NaN at row 0, column 1 (a missing value? impute it or drop the row)",
  ],
  [
    "a number as text",
    () =>
      trainer().fitSync({
        x: [
          [0, "1"],
          [1, 1],
        ],
        y: [0, 1],
      }),
    'data-type DataError: fitSync: x: numbers only; got "1" at row 0, column 1 (convert it with Number)',
  ],
  [
    "a word",
    () =>
      trainer().fitSync({
        x: [
          [0, "red"],
          [1, 1],
        ],
        y: [0, 1],
      }),
    'data-type DataError: fitSync: x: numbers only; got "red" at row 0, column 1 (encode words as numbers, such as one column for each word)',
  ],
  [
    "a boolean",
    () =>
      trainer().fitSync({
        x: [
          [0, true],
          [1, 1],
        ],
        y: [0, 1],
      }),
    "data-type DataError: fitSync: x: numbers only; got true at row 0, column 1 (write 1 or 0)",
  ],
  [
    "a number too large",
    () =>
      trainer().fitSync({
        x: [
          [0, 1e300],
          [1, 1],
        ],
        y: [0, 1],
      }),
    "data-not-finite DataError: fitSync: x: numbers must be finite in single precision; got 1e+300 at row 0, column 1 (scale the column)",
  ],
  [
    "rows as objects",
    () => trainer().fitSync({ x: [{ age: 1, size: 2 }], y: [0] }),
    "data-type DataError: fitSync: x: numbers only; got { age: 1, size: 2 } at row 0, column 0 (list its numbers in a fixed order)",
  ],
  [
    "a row too short",
    () => trainer().fitSync({ x: [[0, 1], [1]], y: [0, 1] }),
    "shape-rows ShapeError: fitSync: x: row 1 must have 2 numbers; got 1",
  ],
  [
    "a hole in the rows",
    () => trainer().fitSync({ x: Object.assign([[0, 1]], { 2: [1, 1] }), y: [0, 1, 1] }),
    "data-type DataError: fitSync: x: numbers only; got undefined at row 1, column 0 (a missing value? impute it or drop the row)",
  ],
  [
    "rows in a flat array",
    () => trainer().fitSync({ x: [0, 1, 1, 0], y: [0, 1] }),
    "shape-rows ShapeError: fitSync: x: rows must have 2 numbers; got a flat array of 4: write each row as an array, as in [[..], [..]], or pass { data, shape }",
  ],
  [
    "a typed array of another length",
    () => trainer().fitSync({ x: new Float32Array(3), y: [0] }),
    "shape-rows ShapeError: fitSync: x: rows must have 2 numbers; got a Float32Array of 3, which is no multiple of it",
  ],
  [
    "big integers",
    () => trainer().fitSync({ x: new BigInt64Array(4), y: [0, 1] }),
    "shape-rows ShapeError: fitSync: x: rows must be an array of arrays of numbers, a typed array or { data, shape }; got a BigInt64Array of 4",
  ],
  [
    "a shape that says another count",
    () => trainer().fitSync({ x: { data: [1, 2], shape: [2, 2] }, y: [0, 1] }),
    "shape-rows ShapeError: fitSync: x: data must be a list of as many numbers as its shape says; got an array of 2 for the shape [2,2]",
  ],
  [
    "more targets than rows",
    () => trainer().fitSync({ x: xor.x, y: [0, 1, 1, 0, 0] }),
    "shape-rows ShapeError: fitSync: inputs and targets must have as many rows; got 4 in x, 5 in y",
  ],
  [
    "no rows",
    () => trainer().fitSync({ x: [], y: [] }),
    "data-missing DataError: fitSync: data must have at least one row; got none",
  ],
  [
    "labels -1 and 1 for a sigmoid",
    () => trainer().fitSync({ x: xor.x, y: [-1, 1, 1, -1] }),
    "data-label DataError: fitSync: y: targets of a cross-entropy must lie in [0, 1]; got -1 at row 0, column 0 (write 0 for no, 1 for yes)",
  ],
  [
    "three classes for a sigmoid",
    () => trainer().fitSync({ x: xor.x, y: [0, 1, 2, 1] }),
    "data-label DataError: fitSync: y: targets of a cross-entropy must lie in [0, 1]; got 2 at row 2, column 0 (more than two classes need crossEntropy and a softmax)",
  ],
  [
    "a class beyond the outputs",
    () => classes().fitSync({ x: xor.x, y: [0, 1, 2, 3] }),
    "data-label DataError: fitSync: y: class labels must be whole numbers from 0 to 2; got 3 at row 3 (they count from 0, and the model has 3 outputs)",
  ],
  [
    "a fractional class",
    () => classes().fitSync({ x: xor.x, y: [0.5, 1, 2, 0] }),
    "data-label DataError: fitSync: y: class labels must be whole numbers from 0 to 2; got 0.5 at row 0",
  ],
  [
    "one-hot rows of another width",
    () =>
      classes().fitSync({
        x: xor.x,
        y: [
          [1, 0],
          [0, 1],
          [0, 1],
          [1, 0],
        ],
      }),
    "shape-rows ShapeError: fitSync: y: row 0 must have 3 numbers; got 2",
  ],
  [
    "two ones in a one-hot row",
    () =>
      classes().fitSync({
        x: xor.x,
        y: [
          [1, 1, 0],
          [0, 1, 0],
          [0, 1, 0],
          [1, 0, 0],
        ],
      }),
    "data-label DataError: fitSync: y: probabilities of a row must sum to 1; got 2 at row 0 (several classes at once need binaryCrossEntropy and a sigmoid)",
  ],
  [
    "class names without labels",
    () => classes().fitSync({ x: xor.x, y: ["ant", "bee", "cat", "bee"] }),
    'data-label DataError: fitSync: y: class names need labels in compile, such as labels: ["ant", ..]; got none',
  ],
  [
    "a class name in capitals",
    () => classes(["ant", "bee", "cat"]).fitSync({ x: xor.x, y: ["ant", "bee", "Cat", "bee"] }),
    'data-label DataError: fitSync: y: unknown label "Cat"; did you mean cat? Labels: ant, bee, cat; it is at row 2',
  ],
  [
    "an unnamed input of several",
    () => two().fitSync({ x: [[1]], y: { p: [1], q: [1] } }),
    "data-missing DataError: fitSync: x must be { a: .., b: .. }; got an array of 1",
  ],
  [
    "an input left out",
    () => two().predict({ a: [[1]] }),
    "data-missing DataError: predict: x must be { a: .., b: .. }; got { a: .. }",
  ],
  [
    "an input of another name",
    () => two().predict({ a: [[1]], b: [[1]], bb: [[1]] }),
    'data-unknown DataError: predict: x: unknown input "bb"; inputs: a, b',
  ],
  [
    "targets of an output left out",
    () => two().fitSync({ x: { a: [[1]], b: [[1]] }, y: { p: [1] } }),
    "data-missing DataError: fitSync: y must be { p: .., q: .. }; got { p: .. }",
  ],
  [
    "an id beyond its table",
    () =>
      compile(
        sequential({ input: { shape: [1], dtype: "i32" } }, [embedding(3, 2), flatten(), dense(1)]),
      ).predict([[3]]),
    "data-label DataError: predict: x: ids must be whole numbers from 0 to 2; got 3 at row 0, column 0 (ids count from 0)",
  ],
  // Programs
  [
    "nothing to predict",
    () => trainer().predict(),
    "shape-rows ShapeError: predict: x: rows must be an array of arrays of numbers, a typed array or { data, shape }; got undefined",
  ],
  [
    "rows of another width",
    () => trainer().predict([[1, 2, 3]]),
    "shape-rows ShapeError: predict: x: row 0 must have 2 numbers; got 3",
  ],
  [
    "an array for results that is no Float32Array",
    () => trainer().predict(xor.x, { out: [] }),
    "shape ShapeError: predict: out must be a Float32Array of at least 4 numbers; got an array of 0",
  ],
  [
    "classify of a regression",
    () => compile(sequential({ input: [2] }, [dense(1)])).classify(xor.x),
    'option OptionError: classify: the model must end in softmax or sigmoid; got another output: numbers come from predict, and a classifier has activation: "softmax" in its last layer',
  ],
  [
    "a batch size in evaluate",
    () => trainer().evaluate(xor, { batchSize: 2 }),
    'option-unknown OptionError: evaluate: unknown option "batchSize"; batchSize belongs to compile. Options: state, classWeight, weights',
  ],
  [
    "more rows than a batch in step",
    () => trainer().step({ x: new Float32Array(80), y: new Float32Array(40) }),
    "shape-rows ShapeError: step: takes at most 32 rows, the batchSize of compile; got 40",
  ],
  [
    "the state of another size",
    () => trainer().restore(trainer(9).state()),
    "state-mismatch StateError: restore: the state must be of this model, where dense1.weight is [2,3]; got [2,9]",
  ],
  [
    "the state of another model",
    () => trainer().restore(classes().state()),
    "state-mismatch StateError: restore: the state must be of this model, which has dense2.weight [3,1]; got a state without it",
  ],
  [
    "the state of another optimizer",
    () => trainer().restore(compile(net(), { loss: binaryCrossEntropy(), optimizer: sgd() }).state()),
    "state-mismatch StateError: restore: the state must be of a trainer with the same optimizer, adam; got sgd",
  ],
  [
    "a state cut short",
    () => trainer().restore(trainer().state().slice(0, -8)),
    "state StateError: restore: a state of 1620 bytes must be whole; got 1612 bytes",
  ],
  [
    "a state as text",
    () => trainer().restore("WGS2"),
    'state StateError: restore: a state must be the Uint8Array that state() gives, or its ArrayBuffer; got "WGS2"',
  ],
  [
    "a bias of another length",
    () => trainer().setParameters({ "dense1.bias": [1, 2] }),
    "shape-rows ShapeError: setParameters: dense1.bias: must have the shape [3], 3 numbers; got an array of 2",
  ],
  [
    "an assignment to a parameter",
    () => Object.assign(trainer().parameters["dense1.bias"], { data: [1, 2, 3] }),
    "option OptionError: parameters.dense1.bias.data: must not be assigned; use setParameters",
  ],
  [
    "use after dispose",
    () => disposed().predict(xor.x),
    "disposed DisposedError: predict: the program must not be disposed; got a call after dispose()",
  ],
  [
    "a file that is none",
    () => js.load(new TextEncoder().encode("<!doctype html>")),
    "file FileError: load: a safetensors file must begin with the length of a header that lies in it; got 15 bytes that do not: another format, or not the whole file",
  ],
  [
    "a state in place of a file",
    () => js.load(trainer().state()),
    "file FileError: load: a file must be one that save() wrote; got a state: compile the model and write restore(state)",
  ],
  [
    "a file that was not awaited",
    () => js.load(Promise.resolve(trainer().save())),
    "file FileError: load: a file must be the Uint8Array that save() gives, or its ArrayBuffer; got a promise: await it",
  ],
  [
    "a file with another number in it",
    () => {
      const bytes = trainer().save();
      bytes[bytes.length - 1] ^= 1;
      return js.load(bytes);
    },
    "file-digest FileError: load: the content of a file must have the digest that it was saved with; got another one: damaged, or edited",
  ],
  [
    "a line of a CSV with a cell too many",
    () => tables.readCsv("a,b\n1,2,3\n"),
    "data-format DataError: readCsv: line 2: rows must have 2 cells, one for each column; got 3 (an unquoted delimiter in a cell?)",
  ],
  [
    "a CSV without line breaks",
    () => tables.readCsv(`a\n${"x".repeat(1 << 21)}`, { maxRowLength: 1000 }),
    "data-limit DataError: readCsv: line 2: a row must have at most 1000 characters; got more (a quote that is not closed? maxRowLength sets the limit)",
  ],
  [
    "a file whose ops the page does not carry",
    () => js.load(compile(sequential({ input: [2] }, [js.layerNorm(), dense(1)])).save()),
    'file-uses FileError: load: the model needs ops that only pages with layerNorm carry; got uses without: import { layerNorm } from "wasmgrad" and write load(bytes, { uses: [layerNorm] })',
  ],
  [
    "a layer that was called, in uses",
    () => js.load(trainer().save(), { uses: [js.layerNorm()] }),
    "file-uses FileError: load: uses must be functions of this package that bring ops, such as [batchNorm]; got a function: pass the function itself, without a call",
  ],
  [
    "a change while a fit is under way",
    () => fitting().reset(),
    "busy BusyError: reset: needs a trainer at rest; got a call while a fit is under way: await or abort it first",
  ],
  [
    "a customer that takes too long",
    () => trainer().withState(trainer().state(), () => new Promise(() => {}), { timeout: 1 }),
    "timeout TimeoutError: withState: must be done within its timeout; got 1 ms without an end",
  ],
  [
    "kernels that are none",
    () => createEngine({ wasm: 5 }),
    "option OptionError: createEngine: wasm must be the kernels, or a URL to read them from (pathToFileURL of a path); got 5",
  ],
  [
    "kernels of something else",
    () => createEngine({ wasm: new Uint8Array(8) }),
    "abi AbiError: kernels: must be those of this package; got CompileError: WebAssembly.compile(): expected magic word 00 61 73 6d, found 00 00 00 00 @+0",
  ],
  [
    "a perceptron with labels 0 and 1",
    () => perceptron({ inputs: 2 }).fit(xor),
    "data-label DataError: perceptron: labels must be -1 or 1; got 0 at row 0 (write -1 for it)",
  ],
  [
    "training that diverges",
    () => diverging().fitSync({ x: [[1e30]], y: [0] }, { epochs: 100 }),
    "non-finite NonFiniteError: training: every number must stay finite; got NaN or infinity in loss (layer meanSquaredError, forward of step 1); the parameters are those of the step before; a smaller learning rate or scaled inputs may help",
  ],
  [
    "a prediction before anything is fitted",
    () => compile(sequential({ input: [2] }, [main.standardize(), dense(1)])).predict([[1, 2]]),
    "not-fitted NotFittedError: predict: standardize1 must be fitted to rows first; got a call before that: call fit, or adapt(x)",
  ],
  [
    "Keras' normalization of a layer behind another",
    () => sequential({ input: [2] }, [dense(1), main.standardize()]),
    "trace TraceError: standardize1: preprocessing must come first, on an input or on other preprocessing, and nothing else may read what it is given; got dense1.dense [rows, 1]",
  ],
  [
    "scikit-learn's strategy of an imputer",
    () => main.impute({ strategy: "median" } as never),
    'option-unknown OptionError: impute: unknown option "strategy"; did you mean with? Options: columns, name, with, indicator',
  ],
  [
    "standardized targets of classes",
    () => compile(net(), { loss: binaryCrossEntropy(), optimizer: adam(), targets: "standardize" }),
    'option OptionError: compile: targets: "standardize" needs a loss of numbers, such as meanSquaredError(); got binaryCrossEntropy for "output"',
  ],
  [
    "a gradient of a linear run that cannot be kept",
    () => collapseLinear(shared()),
    "transform TransformError: collapseLinear: a layer between others must be used once, so that one layer can take its place; got dense1.weight read 2 times",
  ],
  [
    "a reduction of a loss",
    () => meanSquaredError({ reduction: "sum" }),
    'option-surplus OptionError: meanSquaredError: takes no argument 1; got { reduction: "sum" }: it is the mean over all elements; to train on a sum, multiply the learning rate by their number',
  ],
];

const errorOf = async (make: () => unknown): Promise<main.WasmgradError> => {
  try {
    await make();
  } catch (error) {
    return error as main.WasmgradError;
  }
  throw new Error("expected an error; got none");
};

describe("a mistake is answered:", () => {
  it.each(MISTAKES)("%s", async (_, make, says) => {
    const error = await errorOf(make);
    expect(`${error.code} ${error}`).toBe(says);
    expect(error).toBeInstanceOf(main.WasmgradError);
    expect(error.code.startsWith(error.name.replace("Error", "").toLowerCase().slice(0, 3))).toBe(true);
  });
});

describe("the code of an error", () => {
  const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const known = [...text("src/errors.ts").matchAll(/^ {2}\| "([\w-]+)"/gm)].map(([, code]) => code);

  it("is one that docs/errors.md explains, in the order of the type", () => {
    const explained = [...text("docs/errors.md").matchAll(/^\| `([\w-]+)` \| \w+Error \|/gm)].map(
      ([, code]) => code,
    );
    expect(known.length).toBeGreaterThan(20);
    expect(explained).toEqual(known);
  });

  it("is told by a mistake, but for those that machines and defects make", () => {
    const told = new Set(MISTAKES.map(([, , says]) => says.split(" ")[0]));
    expect(known.filter((code) => !told.has(code))).toEqual([
      "file-system",
      "memory",
      "tape",
      "unsupported-engine",
      "wasmgrad",
      "worker",
      "worker-job",
      "worker-start",
    ]);
  });

  it("is known of a clone", async () => {
    for (const [, make, says] of MISTAKES) {
      const error = await errorOf(make);
      const clone = structuredClone(error);
      expect(clone).not.toBeInstanceOf(main.WasmgradError);
      expect(clone.message).toBe(error.message);
      expect(main.errorCode(clone)).toBe(says.split(" ")[0]);
    }
  });

  it("is known of an error that comes through a channel, with its fields", async () => {
    const { port1, port2 } = new MessageChannel();
    const received = new Promise<main.NonFiniteError>((resolve) => port2.once("message", resolve));
    const sent = (await errorOf(() => diverging().fitSync({ x: [[1e30]], y: [0] }))) as main.NonFiniteError;
    port1.postMessage(sent);
    const { cause } = await received;
    port2.close();
    expect(main.errorCode({ cause })).toBe("non-finite");
    const { step, layer, tensor, phase, usable } = sent;
    expect(cause).toEqual({
      name: "NonFiniteError",
      code: "non-finite",
      ...{ step, layer, tensor, phase, usable },
    });
    expect(step).toBe(1);
  });

  it("is known of an error that a worker posts", async () => {
    const library = new URL("../../dist/index.js", import.meta.url);
    const worker = new Worker(
      `import(${JSON.stringify(library)}).then(({ adam }) => {
        try {
          adam({ lr: 0.1 });
        } catch (error) {
          require("node:worker_threads").parentPort.postMessage(error);
        }
      });`,
      { eval: true },
    );
    const error = await new Promise<Error>((resolve, reject) =>
      worker.once("message", resolve).once("error", reject),
    );
    await worker.terminate();
    expect(main.errorCode(error)).toBe("option-unknown");
    expect(error.message).toMatch(/^adam: unknown option "lr"; did you mean learningRate\?/);
  });

  it("is undefined of what is no error of this package", () => {
    const foreign = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    const wrapped = new Error("x", { cause: { name: "AxiosError", code: "ERR_NETWORK" } });
    for (const value of [
      undefined,
      null,
      5,
      "option",
      {},
      new Error("x"),
      foreign,
      wrapped,
      new Error("x", { cause: null }),
    ])
      expect(main.errorCode(value)).toBeUndefined();
  });
});

describe("an option that belongs elsewhere", () => {
  /** Options of each API, as the refusal of an unknown one lists them. */
  const optionsOf = async (take: (options: object) => unknown): Promise<string[]> => {
    const { message } = await errorOf(() => take({ unheardOf: 1 }));
    return (message.match(/options: (.*)$/)?.[1] ?? "").split(", ");
  };
  const APIS: Readonly<Record<string, (options: object) => unknown>> = {
    adam,
    adamW,
    batchNorm: main.batchNorm as never,
    compile: (options) => compile(net(), options),
    dense: (options) => dense(1, options),
    embedding: (options) => embedding(2, 2, options),
    fit: (options) => trainer().fit(xor, options),
    layerNorm: main.layerNorm as never,
    model: (options) => model(options, () => 0),
    sequential: (options) => sequential(options, []),
    sgd,
    stopWhen: (stopWhen) => trainer().fit(xor, { stopWhen }),
  };

  it.each(Object.entries(APIS))("is sent to %s", async (api, take) => {
    for (const name of await optionsOf(take)) {
      if (name === "name") continue;
      const { message } = await errorOf(() => main.huber({ [name]: 1 } as never));
      expect(message, message).toMatch(
        new RegExp(
          `^huber: unknown option "${name}"; ${name} belongs to .*\\b${api}\\b.*\\. Options: delta$`,
        ),
      );
    }
  });
});
