/**
 * Writes docs/meanings.md: what settings mean and what they are unless told otherwise, beside Keras 3 and PyTorch. What stands there of
 * this package is read from it as it runs, so a changed default changes the page; a test compares. Run it after a build:
 * `node scripts/meanings.mjs`.
 */
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export const PAGE = new URL("../docs/meanings.md", import.meta.url);

const SAME = "the same";
const NONE = "has none";

/** The text, after what it says was found to hold. */
function found(text, holds) {
  if (!holds) throw new Error(`meanings: must hold: ${text}`);
  return text;
}

const near = (a, b) => Math.abs(a - b) < 1e-6;

/** Small numbers as people write them: 1e-5. */
const number = (x) => (typeof x === "number" && x < 1e-4 && x > 0 ? x.toExponential() : `${x}`);

/** Ways to find out how the package `w` behaves. */
function probes(w) {
  const graphOf = (layers, input = [8]) => w.sequential({ input }, layers).graph;
  const variable = (graph, name) => graph.variables.find((v) => v.name.endsWith(name));
  const attrs = (graph, op) => graph.nodes.find((node) => node.op === op).attrs;
  return {
    graphOf,
    variable,
    attrs,
    constants: (graph) => graph.constants.map(({ data }) => Number(data[0].toPrecision(6))),
    /** The layer of one number. */
    at: (layer, x) => w.compile(w.sequential({ input: [1] }, [layer])).predict([[x]]).data[0],
    /** A loss of predictions and targets, both in rows. */
    loss: (loss, p, t) => w.valueAndGrad((a, b) => loss(a, b))(p, t).value,
    settings: (of, ...names) => names.map((name) => number(of.settings[name])).join(", "),
  };
}

/** The shares of two starting distributions, for layers of 8 inputs and 8 units. */
const GLOROT_UNIFORM = Math.sqrt(6 / 16);
const HE_NORMAL = Math.sqrt(2 / 8);

/** `[what, ours, Keras 3, PyTorch, why]` */
const GROUPS = (w) => {
  const { graphOf, variable, attrs, constants, at, loss, settings } = probes(w);
  const batch = graphOf([w.batchNorm()]);
  const share = attrs(batch, "approach").share;
  const dense = (activation) => variable(graphOf([w.dense(8, { activation })]), "weight").init;
  const convolution = (options) =>
    graphOf([w.conv2d(6, { kernel: [3, 2], groups: 2, ...options })], [9, 9, 4]);
  const transposed = (options) => graphOf([w.conv2dTranspose(6, { kernel: [3, 2], ...options })], [5, 5, 4]);
  const outputOf = (graph) => graph.shape(graph.outputs[0].value).slice(1);
  return {
    Layers: [
      [
        "dense: how weights start",
        found(
          "He normal for relu and the like, else Glorot uniform; biases 0",
          near(dense("relu").std, HE_NORMAL) &&
            near(dense("linear").high, GLOROT_UNIFORM) &&
            variable(graphOf([w.dense(8)]), "bias").init.value === 0,
        ),
        "Glorot uniform; biases 0",
        "uniform on ±1/sqrt(in), biases too",
        "keeps the variance from layer to layer; PyTorch's makes it smaller",
      ],
      [
        "embedding: how the table starts",
        `uniform on ±${variable(graphOf([w.embedding(5, 2)], { shape: [3], dtype: "i32" }), "table").init.high}`,
        "uniform on ±0.05",
        "normal, deviation 1",
        "Keras': small vectors do not drown what is added to them",
      ],
      [
        "batchNorm: momentum",
        `${1 - share}, what stays of the running statistics`,
        "0.99, what stays",
        "0.1, what is new",
        "PyTorch's value; the name has Keras' sense",
      ],
      ["batchNorm: epsilon", number(attrs(batch, "batchNorm").epsilon), "0.001", "1e-5", ""],
      [
        "batchNorm: variance",
        found("divided by m for the batch, by m - 1 for the running one", runningVariance(w) === 2),
        "by m for both",
        "by m, by m - 1",
        "",
      ],
      [
        "layerNorm, groupNorm: epsilon",
        found(
          number(attrs(graphOf([w.layerNorm()]), "layerNorm").epsilon),
          attrs(graphOf([w.groupNorm(2)]), "layerNorm").epsilon === 1e-5,
        ),
        "0.001",
        "1e-5",
        "",
      ],
      [
        "rmsNorm: epsilon",
        number(constants(graphOf([w.rmsNorm()]))[0]),
        "1e-6",
        "1.19e-7, of f32",
        "that of our other norms",
      ],
      [
        "prelu: slopes",
        found(
          `one a column, from ${variable(graphOf([w.prelu()]), "alpha").init.value}`,
          variable(graphOf([w.prelu()]), "alpha").shape[0] === 8,
        ),
        "one an element, from 0; `shared_axes`",
        "one in all, from 0.25",
        "He et al.: one a channel",
      ],
    ],
    Activations: [
      [
        "leakyRelu: slope",
        `${attrs(graphOf([w.activation("leakyRelu")]), "unary").alpha}`,
        "0.2; of the layer 0.3",
        "0.01",
        "",
      ],
      ["elu: alpha", `${attrs(graphOf([w.activation("elu")]), "unary").alpha}`, "1", "1", ""],
      [
        "gelu",
        found(
          "exact, with erf; `geluTanh` is the approximation",
          near(at(w.activation("gelu"), 1), 0.8413447),
        ),
        "exact; `keras.ops.gelu` approximates",
        "exact",
        "",
      ],
      [
        '`"hardSigmoid"`',
        found("relu6(x + 3) / 6", near(at(w.activation("hardSigmoid"), 1.5), 0.75)),
        SAME,
        SAME,
        "",
      ],
      [
        "`hardSigmoid()`",
        found(
          `clip(${constants(graphOf([w.hardSigmoid()]))
            .slice(0, 2)
            .join(" x + ")}, 0, 1)`,
          near(at(w.hardSigmoid(), 1), 0.7),
        ),
        "none; Keras 2 had this",
        "none",
        "for models from Keras 2, tfjs and ONNX",
      ],
      [
        "softplus",
        found("log(1 + e^x) everywhere", near(at(w.activation("softplus"), 1), 1.3132616)),
        SAME,
        "x above 20",
        "the same numbers in f32",
      ],
    ],
    "Convolution and pooling": [
      [
        "layout of images",
        found(
          "[rows, height, width, channels]",
          outputOf(graphOf([w.conv2d(6, { kernel: [3, 2] })], [9, 8, 4])).join() === "7,7,6",
        ),
        "the same; `data_format` for others",
        "[rows, channels, height, width]",
        "that of canvases; the channels of a place lie side by side for SIMD",
      ],
      ["padding", found("none", outputOf(convolution({})).join() === "7,8,6"), '`"valid"`, none', "0", ""],
      [
        '`padding: "same"` with a stride',
        found(
          "ceil(n / stride) places, the larger half behind",
          outputOf(convolution({ padding: "same", stride: 2 })).join() === "5,5,6",
        ),
        SAME,
        "refused",
        "models of Keras and TensorFlow need it",
      ],
      [
        "weight of a convolution",
        found(
          "[kh, kw, in / groups, filters]",
          variable(convolution({}), "weight").shape.join() === "3,2,2,6",
        ),
        SAME,
        "[filters, in / groups, kh, kw]",
        "images are NHWC; importers transpose",
      ],
      [
        "weight of a transposed convolution",
        found(
          "[kh, kw, filters / groups, in]",
          variable(transposed({}), "weight").shape.join() === "3,2,6,4",
        ),
        SAME,
        "[in, filters / groups, kh, kw]",
        "that of the convolution whose transpose it is",
      ],
      [
        "transposed, no padding, kernel less than stride",
        found("(n - 1) stride + kernel", outputOf(transposed({ stride: 4 })).join() === "19,18,6"),
        "n stride",
        "(n - 1) stride + kernel",
        '`padding: "same"` gives n stride',
      ],
      [
        "convolution: how weights start",
        found(
          "as those of dense: He normal for relu and the like, else Glorot uniform; biases 0",
          near(variable(convolution({ activation: "relu" }), "weight").init.std, Math.sqrt(2 / 12)) &&
            variable(convolution({}), "bias").init.value === 0,
        ),
        "Glorot uniform; biases 0",
        "uniform on ±1/sqrt(fan in), biases too",
        "",
      ],
      [
        "transposed convolution: fan in, by which weights start",
        found(
          "inputs of an output, kh kw in / (groups sh sw)",
          near(
            variable(transposed({ activation: "relu", stride: 2 }), "weight").init.std,
            Math.sqrt(2 / ((3 * 2 * 4) / 4)),
          ),
        ),
        "kh kw filters",
        "kh kw filters / groups",
        "keeps the variance, whatever the stride",
      ],
      ...(w.averagePool2d ? pooling(w, graphOf) : []),
    ],
    ...(w.transformerBlock ? { Attention: attentionRows(w, graphOf, variable) } : {}),
    ...(w.lstm ? { Recurrence: recurrence(w, graphOf) } : {}),
    Losses: [
      [
        "crossEntropy, binaryCrossEntropy",
        found(
          "from the model's softmax or sigmoid, which is fused; `fromLogits` for logits",
          w.crossEntropy().fromLogits === false,
        ),
        "from probabilities, clipped to 1e-7; `from_logits`",
        "`CrossEntropyLoss`: logits; `BCELoss`: probabilities",
        "stable without clipping, and `predict` gives probabilities",
      ],
      [
        "crossEntropy: mean",
        found(
          "over rows",
          near(
            loss(
              w.crossEntropy(),
              [
                [0, 0],
                [0, 0],
              ],
              [
                [1, 0],
                [0, 1],
              ],
            ),
            Math.log(2),
          ),
        ),
        SAME,
        SAME,
        "",
      ],
      [
        "sample weights: mean",
        "sum(w l) / rows",
        "sum(w l) / rows",
        "weights of classes: sum(w l) / sum(w)",
        "weights that sum to the rows change no learning rate",
      ],
      [
        "labelSmoothing",
        `${w.crossEntropy().parameter}; mixed with 1 / classes, of binary targets with 1 / 2`,
        SAME,
        SAME,
        "",
      ],
      ["huber: delta", settings(w.huber(), "delta"), "1", "1", ""],
      [
        "hinge: targets",
        found("-1 and 1", loss(w.hinge(), [[0.5]], [[-1]]) === 1.5),
        "-1 and 1; 0 counts as -1",
        NONE,
        "",
      ],
      [
        "klDivergence",
        found(
          "of probabilities, the mean over rows of the sum",
          near(loss(w.klDivergence(), [[0, 0]], [[1, 0]]), Math.log(2)),
        ),
        "the same, clipped to 1e-7",
        'of log-probabilities, the mean over all elements; `"batchmean"` is ours',
        "the divergence's own value",
      ],
      [
        "poisson",
        found(
          `of logarithms of rates: exp(p) - t p (\`logInput: ${settings(w.poisson(), "logInput")}\`)`,
          near(loss(w.poisson(), [[0]], [[2]]), 1),
        ),
        "of rates: p - t log(p + 1e-7)",
        "of logarithms",
        "",
      ],
      [
        "cosineSimilarity",
        found(
          "1 - cos, from 0 to 2",
          near(loss(w.cosineSimilarity(), [[2, 0]], [[1, 0]]), 0) &&
            near(loss(w.cosineSimilarity(), [[-1, 0]], [[1, 0]]), 2),
        ),
        "-cos, from -1 to 1",
        "1 - cos (`cosine_embedding_loss`)",
        "0 is the best, as with other losses",
      ],
      [
        "focal: gamma, alpha",
        `${settings(w.focal(), "gamma")}, ${w.focal().settings.alpha ?? "none"}`,
        "2, none; 0.25 with `apply_class_balancing`",
        "2, 0.25 (torchvision)",
        "",
      ],
    ],
    Optimizers: [
      ["sgd: learningRate", settings(w.sgd(), "learningRate"), "0.01", "0.001 from 2.3 on, none before", ""],
      [
        "adam: learningRate, beta1, beta2, epsilon",
        settings(w.adam(), "learningRate", "beta1", "beta2", "epsilon"),
        "0.001, 0.9, 0.999, 1e-7",
        "0.001, 0.9, 0.999, 1e-8",
        "",
      ],
      [
        "adam: where epsilon stands",
        found(
          "sqrt(vHat) + epsilon, after bias correction",
          near(firstStep(w, w.adam({ learningRate: 1, epsilon: 1 })), 0.5),
        ),
        "sqrt(v) + epsilon, before it",
        "after it",
        '`epsilonMode: "inside"` puts it under the root',
      ],
      [
        "adamW: weightDecay",
        `${settings(w.adamW(), "weightDecay")}, of all parameters; \`decay: "weights"\` of weights alone`,
        "0.004, of all",
        "0.01, of all",
        "",
      ],
      [
        "l2: what is added to the loss",
        "strength times the sum of squares, in training; not in `evaluate`",
        "the same, in `evaluate` too",
        "`weight_decay` adds weight_decay w to the gradient: twice the strength",
        "an evaluation is of the data",
      ],
      [
        "activityPenalty: what is added to the loss",
        "sums over elements divided by rows",
        "sums (Keras 2: divided by rows)",
        "no module",
        "the loss does not depend on the size of batches",
      ],
      [
        "maxNorm: columns, epsilon",
        "all axes but the last; w most / norm where the norm is above",
        "`axis` 0; w min(norm, most) / (norm + 1e-7) everywhere",
        "`renorm_`, divides by norm + 1e-7",
        "what is within the bound keeps its bits",
      ],
      [
        "nadam: learningRate, epsilon, momentumDecay",
        settings(w.nadam(), "learningRate", "epsilon", "momentumDecay"),
        "0.001, 1e-7, 0.004 in effect",
        "0.002, 1e-8, 0.004",
        "",
      ],
      [
        "rmsprop: learningRate, rho, epsilon",
        settings(w.rmsprop(), "learningRate", "rho", "epsilon"),
        "0.001, 0.9, 1e-7",
        "0.01, 0.99 (`alpha`), 1e-8",
        "",
      ],
      [
        "rmsprop: where epsilon stands",
        found(
          "outside the root",
          near(firstStep(w, w.rmsprop({ learningRate: 1, rho: 0, epsilon: 1 })), 0.5),
        ),
        "inside",
        "outside",
        "",
      ],
      [
        "adagrad: learningRate, initialAccumulator, epsilon",
        settings(w.adagrad(), "learningRate", "initialAccumulator", "epsilon"),
        "0.001, 0.1, 1e-7",
        "0.01, 0, 1e-10",
        "",
      ],
      [
        "adagrad: where epsilon stands",
        found("outside the root", near(firstStep(w, w.adagrad({ learningRate: 1, epsilon: 1 })), 0.5)),
        "inside",
        "outside",
        "",
      ],
      [
        "adadelta: learningRate, rho, epsilon",
        settings(w.adadelta(), "learningRate", "rho", "epsilon"),
        "0.001, 0.95, 1e-7",
        "1, 0.9, 1e-6",
        "",
      ],
      [
        "lion: learningRate, beta1, beta2",
        settings(w.lion(), "learningRate", "beta1", "beta2"),
        "0.001, 0.9, 0.99",
        NONE,
        "the paper's",
      ],
      [
        "rprop: first step, etaMinus, etaPlus, minStep, maxStep",
        settings(w.rprop(), "learningRate", "etaMinus", "etaPlus", "minStep", "maxStep"),
        NONE,
        "0.01, 0.5, 1.2, 1e-6, 50",
        "",
      ],
    ],
  };
};

function pooling(w, graphOf) {
  const corner = (options) => {
    const layer = w.averagePool2d(3, { stride: 1, padding: "same", ...options });
    return w.compile(w.sequential({ input: [2, 2, 1] }, [layer])).predict([1, 1, 1, 1]).data[0];
  };
  const ties = w.valueAndGrad((x) => w.maxPool2d(2)(x).sum());
  const image = { data: [1, 1, 1, 1], shape: [1, 2, 2, 1] };
  return [
    [
      "averagePool2d: padding",
      found(
        "counts as zeros; `countPadding: false` leaves it out",
        near(corner({}), 4 / 9) && near(corner({ countPadding: false }), 1),
      ),
      "left out",
      "counts (`count_include_pad=True`)",
      "",
    ],
    [
      "maxPool2d: gradient of equal numbers",
      found("to the first", ties(image).gradients[0].data.join() === "1,0,0,0"),
      "to the first, on CPUs",
      "to the first",
      "`tensor.max` shares it",
    ],
    [
      "windows that do not fit",
      found("left out", graphOf([w.maxPool2d(2)], [5, 5, 1]).outputs.length === 1),
      "left out",
      "left out (`ceil_mode=False`)",
      "",
    ],
  ];
}

function attentionRows(w, graphOf, variable) {
  const graph = graphOf([w.transformerBlock({ heads: 2 })], [4, 8]);
  return [
    [
      "multiHeadAttention: how weights start",
      found(
        "Glorot uniform, each projection by itself; biases 0",
        near(variable(graph, "query.weight").init.high, GLOROT_UNIFORM) &&
          variable(graph, "query.bias").init.value === 0,
      ),
      "Glorot uniform; biases 0",
      "Glorot uniform of the three stacked; the last one as `Linear`",
      "each projection is a matrix of its own",
    ],
    [
      "mask",
      "1 is real, 0 is padding",
      "1 is real",
      "`key_padding_mask`: true is padding",
      "one sense in all layers",
    ],
    [
      "a query that may see no key",
      "gives 0",
      "the mean of the values",
      "NaN",
      "rows of padding stay finite",
    ],
    [
      "transformerBlock: norms",
      found("before attention and dense layers", graph.nodes[0].op === "layerNorm"),
      "behind (KerasHub)",
      "behind",
      "trains without warm-up (Xiong et al. 2020)",
    ],
    [
      "transformerBlock: activation",
      found("gelu", isGelu(w, graph)),
      "relu (KerasHub)",
      "relu",
      "as GPT-2 and BERT",
    ],
  ];
}

/** Whether the hidden layer of a block has the activation that `activation("gelu")` makes. */
function isGelu(w, { nodes }) {
  const [{ attrs }] = w.sequential({ input: [1] }, [w.activation("gelu")]).graph.nodes;
  return nodes.some(({ op, attrs: own }) => op === "unary" && own.fn === attrs.fn);
}

function recurrence(w, graphOf) {
  const parametersOf = (layer) => w.compile(w.sequential({ input: [4, 3] }, [layer])).parameters;
  const one = parametersOf(w.lstm(2));
  const largest = (of) => Math.max(...of.data.map(Math.abs));
  const names = (layer) => graphOf([layer], [4, 3]).variables.map((v) => v.name.split(".").pop());
  return [
    [
      "lstm: order of the gates, bias of the forget gate",
      found("i, f, g, o; 1", one["lstm1.bias"].data.join() === "0,0,1,1,0,0,0,0"),
      "i, f, c, o, the same order; 1",
      "i, f, g, o; uniform on ±1/sqrt(units), twice",
      "forgets little at first (Jozefowicz et al. 2015)",
    ],
    [
      "gru: order of the gates, reset",
      found(
        "r, z, n; behind the product, `resetAfter: false` before it",
        names(w.gru(2)).includes("recurrentBias") &&
          !names(w.gru(2, { resetAfter: false })).includes("recurrentBias"),
      ),
      "z, r, h; `reset_after=True`",
      "r, z, n; behind the product",
      "",
    ],
    [
      "biases",
      found(
        "one; of gru another within the reset of n",
        names(w.lstm(2)).join() === "weight,recurrentWeight,bias",
      ),
      "one; of GRU two",
      "two, of input and state",
      "two terms of one sum are one parameter",
    ],
    [
      "how weights start",
      found(
        "uniform on ±1/sqrt(units)",
        largest(one["lstm1.weight"]) <= Math.SQRT1_2 && largest(one["lstm1.recurrentWeight"]) <= Math.SQRT1_2,
      ),
      "Glorot uniform; orthogonal for the state",
      "uniform on ±1/sqrt(units)",
      "",
    ],
    [
      "output of a masked step",
      "the state before it",
      "the output before it; `zero_output_for_mask` gives 0",
      "0, of packed sequences",
      "the last output is the state after the last real step, for every length",
    ],
    ["how lengths are told", "`mask` of the call", "`mask`", "packed sequences", ""],
  ];
}

/** How far the first update moves a parameter whose gradient is 1. */
function firstStep(w, optimizer) {
  const init = { kind: "constant", value: 0 };
  const model = w.sequential({ input: [1] }, [w.dense(1, { bias: false, weightInitializer: init })]);
  const trainer = w.compile(model, { loss: w.meanSquaredError(), optimizer });
  // The gradient of (w x - y)^2 at w = 0 is -2 x y.
  trainer.step({ x: [[1]], y: [-0.5] });
  return -trainer.parameters["dense1.weight"].data[0];
}

/** The running variance of 0 and 2 after one update that keeps nothing: 2 if divided by m - 1, 1 by m. */
function runningVariance(w) {
  const model = w.sequential({ input: [1] }, [w.batchNorm({ momentum: 0 }), w.dense(1)]);
  const trainer = w.compile(model, { loss: w.meanSquaredError(), optimizer: w.sgd() });
  trainer.step({ x: [[0], [2]], y: [0, 0] });
  return trainer.parameters["batchNorm1.runningVariance"].data[0];
}

const HEAD = `# Meanings and defaults

What layers, losses and optimizers mean and what their settings are unless told otherwise, beside Keras 3 and PyTorch. Ours are PyTorch's
unless the last column says why. The column of this package is made by \`scripts/meanings.mjs\`, which asks the package as it runs.
`;

const FOOT = `Sources: [Keras 3](https://keras.io/api/) and its code, [keras-team/keras](https://github.com/keras-team/keras/tree/master/keras/src), such as
[batch_normalization.py](https://github.com/keras-team/keras/blob/master/keras/src/layers/normalization/batch_normalization.py),
[rmsprop.py](https://github.com/keras-team/keras/blob/master/keras/src/optimizers/rmsprop.py) and
[adam.py](https://github.com/keras-team/keras/blob/master/keras/src/optimizers/adam.py); [torch.nn](https://docs.pytorch.org/docs/stable/nn.html), such as
[KLDivLoss](https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html) and
[AvgPool2d](https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html), and [torch.optim](https://docs.pytorch.org/docs/stable/optim.html). Formulas
and papers stand with the functions: [models](models.md), [convolution](convolution.md), [training](training.md), [optimizers](optimizers.md).
`;

/** The page, of the package given as a module. */
export function meanings(w) {
  const sections = Object.entries(GROUPS(w)).map(([title, rows]) => {
    const lines = [["what", "wasmgrad", "Keras 3", "PyTorch", "why"], Array(5).fill("---"), ...rows];
    const table = lines.map((cells) =>
      `| ${cells.map((cell) => cell || " ").join(" | ")} |`.replace(/ {3}\|/g, " |"),
    );
    return `## ${title}\n\n${table.join("\n")}\n`;
  });
  return [HEAD, ...sections, FOOT].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(PAGE, meanings(await import("../dist/index.js")));
