/**
 * The named runs whose digests are checked in. Plain JavaScript without imports and without anything of Node, so that
 * the same file runs in every engine, on the sources or on the built package.
 *
 * What a run yields is put into the weights of a layer, whose `digest()` then stands for it: numbers must be finite,
 * and a loss of 53 bits goes in as three numbers of 24.
 */

/** Numbers in [-1, 1) that look random and are the same everywhere: a linear congruential generator. */
function noise(count, seed = 1) {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 8388608 - 1;
  });
}

const xor = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [0, 1, 1, 0],
};

/** The package whose programs are all made on this engine: the runs ask for none themselves. */
export function onEngine(wasmgrad, engine) {
  const { compile, compileTogether, loadTrainer, valueAndGrad } = wasmgrad;
  return {
    ...wasmgrad,
    compile: (model, options) => compile(model, { ...options, engine }),
    compileTogether: (programs) => compileTogether(programs, { engine }),
    loadTrainer: (bytes, options) => loadTrainer(bytes, { ...options, engine }),
    valueAndGrad: (f) => valueAndGrad(f, { engine }),
  };
}

/**
 * @param {typeof import("../../src/index.ts")} wasmgrad
 * @param {(name: string, digest: string) => void} [onRun]  is told of each digest when it is there
 * @returns {Promise<Record<string, string>>} digests by name of the run
 */
export async function runAll(wasmgrad, onRun) {
  const { compile, dense, model, sequential, valueAndGrad } = wasmgrad;
  const { adam, adamW, sgd, binaryCrossEntropy, crossEntropy, huber } = wasmgrad;
  const { meanAbsoluteError, meanSquaredError } = wasmgrad;
  const { categoricalFocal, categoricalHinge, cosineSimilarity, focal, hinge, klDivergence } = wasmgrad;
  const { logCosh, poisson, quantile, squaredHinge } = wasmgrad;
  const { hardSigmoid, hardSwish, mish, relu6 } = wasmgrad;
  const { embedding, learnedPositions, multiHeadAttention, sinusoidalPositions, transformerBlock } = wasmgrad;
  const { activation, flatten, groupNorm, prelu, reshape, rmsNorm, spatialDropout } = wasmgrad;
  const { averagePool2d, depthwiseConv2d, maxPool2d, separableConv2d, upsample2d, zeroPadding2d } = wasmgrad;
  const all = {};
  const digests = new Proxy(all, {
    set(target, name, digest) {
      target[name] = digest;
      onRun?.(name, digest);
      return true;
    },
  });

  function digestOf(values) {
    const parts = Array.from(values, (v) => {
      const high = Math.fround(v);
      const middle = Math.fround(v - high);
      return [high, middle, v - high - middle];
    }).flat();
    const holder = compile(sequential({ input: [parts.length] }, [dense(1, { bias: false })]), {
      batchSize: 1,
    });
    holder.setParameters({ "dense1.weight": parts });
    const digest = holder.digest();
    holder.dispose();
    return digest;
  }

  function xorTrainer(seed = 42) {
    const net = sequential({ input: [2], seed }, [
      dense(8, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ]);
    return compile(net, { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.05 }) });
  }

  // The main job.
  {
    const trainer = xorTrainer();
    const { history, loss } = trainer.fitSync(xor, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
    digests["xor to loss 0.01"] = trainer.digest();
    // The loss that met the bound is no entry of the history.
    digests["xor losses"] = digestOf([...history.loss, loss]);
    digests["xor predictions"] = digestOf(trainer.predict(xor.x).data);
    trainer.reset({ seed: 0 });
    trainer.fitSync(xor, { epochs: 2000 });
    digests["xor seed 0, 2,000 steps"] = trainer.digest();
  }

  // Three layers, mini-batches of 16 in random order, the last one short.
  const rows = 16 * 9 + 5;
  const features = 11;
  const data = { x: noise(rows * features), y: Array.from(noise(rows, 2), (v) => Math.floor((v + 1) * 2)) };
  const mlp = (options = {}) =>
    compile(
      sequential({ input: [features], seed: 7 }, [
        dense(24, { activation: "relu" }),
        dense(17, { activation: "tanh" }),
        dense(4, { activation: "softmax" }),
      ]),
      { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), batchSize: 16, ...options },
    );
  {
    const trainer = mlp();
    const { history } = trainer.fitSync(data, { epochs: 10 });
    digests.mlp = trainer.digest();
    digests["mlp losses"] = digestOf(history.loss);
    digests["mlp predictions"] = digestOf(trainer.predict(data.x).data);
    digests["mlp evaluation"] = digestOf([trainer.evaluate(data).loss, trainer.evaluate(data).accuracy]);
  }
  {
    const trainer = mlp({ shuffleSeed: 8 });
    trainer.fitSync(data, { epochs: 10 });
    digests["mlp, another shuffle seed"] = trainer.digest();
    trainer.reset();
    trainer.fitSync(data, { epochs: 10, shuffle: false });
    digests["mlp, in order"] = trainer.digest();
  }

  // Rows held back, drawn by class, and the best of the epochs: in one piece, and sliced, aborted and gone on with.
  {
    const options = { validation: 0.3, earlyStopping: { patience: 8 } };
    const trainer = mlp({ optimizer: adam({ learningRate: 0.05 }) });
    const { history, best } = trainer.fitSync(data, options);
    digests["early stopping"] = trainer.digest();
    digests["early stopping, validation losses"] = digestOf([...history.validationLoss, best.epoch]);
    const parts = mlp({ optimizer: adam({ learningRate: 0.05 }) });
    for (let round = 0; round < 3; round++) {
      const abort = new AbortController();
      const onEpoch = ({ epochs }) => epochs === 2 && abort.abort();
      await parts.fit(data, { ...options, onEpoch, signal: abort.signal }).catch(() => {});
    }
    await parts.fit(data, options);
    digests["early stopping = aborted three times"] = parts.digest();
  }

  // Ways to run the same thing: each must give the digest of `mlp`.
  {
    const trainer = mlp();
    for (let i = 0; i < 2; i++) trainer.fitSync(data, { epochs: 5 });
    digests["mlp = fit(5) twice"] = trainer.digest();
  }
  {
    // A clock on which every slice has room for one step.
    const real = Date.now;
    let now = 0;
    Date.now = () => {
      now += 12;
      return now;
    };
    const trainer = mlp();
    const states = [trainer.state()];
    try {
      await trainer.fit(data, { epochs: 10, onProgress: () => states.push(trainer.state()) });
    } finally {
      Date.now = real;
    }
    digests["mlp = sliced after every step"] = trainer.digest();
    for (const at of [0, 1, 7, 10, 42, 99]) {
      const resumed = mlp({ shuffleSeed: 1 });
      resumed.restore(states[at]);
      const { epochs } = resumed.manifest().options;
      resumed.fitSync(data, { epochs: 10 - epochs });
      digests[`mlp = resumed from step ${at}`] = resumed.digest();
    }
  }
  {
    const trainer = mlp();
    for (let epoch = 0; epoch < 10; epoch++) {
      trainer.fitSync(data);
      trainer.predict(data.x);
      trainer.evaluate(data);
      trainer.gradients({ x: data.x.slice(0, 3 * features), y: data.y.slice(0, 3) });
      trainer.snapshot().dispose();
    }
    digests["mlp = predictions in between"] = trainer.digest();
  }
  for (const windowRows of [16, 48, 144]) {
    const trainer = mlp({ windowRows });
    trainer.fitSync(data, { epochs: 10 });
    digests[`mlp = streamed through ${windowRows} rows`] = trainer.digest();
  }

  // Every optimizer.
  const optimizers = {
    sgd: sgd({ learningRate: 0.1 }),
    "sgd with momentum": sgd({ learningRate: 0.1, momentum: 0.9 }),
    "sgd with nesterov": sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
    adam: adam(),
    "adam, epsilon inside": adam({ epsilonMode: "inside" }),
    "adam without bias correction": adam({ biasCorrection: false }),
    adamW: adamW({ weightDecay: 0.1 }),
  };
  const { adadelta, adagrad, amsgrad, lion, nadam, rmsprop, rprop } = wasmgrad;
  const {
    cosineDecay,
    cosineRestarts,
    exponentialDecay,
    oneCycle,
    polynomialDecay,
    reduceOnPlateau,
    stepDecay,
  } = wasmgrad;
  const scheduled = (learningRate) => sgd({ learningRate, momentum: 0.9 });
  Object.assign(optimizers, {
    rmsprop: rmsprop(),
    "rmsprop, centered, with momentum": rmsprop({ centered: true, momentum: 0.9, learningRate: 0.001 }),
    adagrad: adagrad({ initialAccumulator: 0.1 }),
    adadelta: adadelta(),
    nadam: nadam(),
    amsgrad: adam({ amsgrad, beta2: 0.9 }),
    lion: lion({ learningRate: 0.001, weightDecay: 0.1 }),
    rprop: rprop(),
    "at a cosine": scheduled(cosineDecay({ initial: 0.1, steps: 30, warmup: 5, final: 0.001 })),
    "at cosines": scheduled(cosineRestarts({ initial: 0.1, steps: 7, growth: 2, decay: 0.9 })),
    "at steps": scheduled(stepDecay({ initial: 0.1, every: 9, factor: 0.3 })),
    "at an exponential": scheduled(exponentialDecay({ initial: 0.1, factor: 0.5, steps: 10 })),
    "at a polynomial": scheduled(polynomialDecay({ initial: 0.1, steps: 40, power: 1.5 })),
    "at one cycle": scheduled(oneCycle({ maximum: 0.2, steps: 50 })),
    "at plateaus": scheduled(reduceOnPlateau({ initial: 0.1, patience: 0, minDelta: 10 })),
  });
  for (const [name, optimizer] of Object.entries(optimizers)) {
    const trainer = mlp({ optimizer });
    trainer.fitSync(data, { epochs: 5 });
    digests[`optimizer ${name}`] = trainer.digest();
  }

  // Every activation and every loss, forward and backward.
  const targets = { x: data.x, y: noise(rows * 5, 3) };
  const activations = ["linear", "relu", "leakyRelu", "elu", "selu", "gelu", "geluTanh", "silu"];
  for (const activation of [
    ...activations,
    "softplus",
    "sigmoid",
    "tanh",
    "hardSigmoid",
    "sign",
    "softmax",
  ]) {
    const trainer = compile(
      sequential({ input: [features], seed: 3 }, [dense(13, { activation }), dense(5)]),
      { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.05 }), batchSize: 32 },
    );
    trainer.fitSync(targets, { epochs: 4 });
    digests[`activation ${activation}`] = trainer.digest();
  }
  const losses = {
    meanSquaredError: meanSquaredError(),
    meanAbsoluteError: meanAbsoluteError(),
    huber: huber({ delta: 0.5 }),
    binaryCrossEntropy: binaryCrossEntropy({ fromLogits: true }),
    "crossEntropy of probabilities": crossEntropy({ fromLogits: true }),
    "binaryCrossEntropy, smoothed": binaryCrossEntropy({ fromLogits: true, labelSmoothing: 0.1 }),
    "crossEntropy, smoothed": crossEntropy({ fromLogits: true, labelSmoothing: 0.1 }),
    categoricalHinge: categoricalHinge(),
    "crossEntropy of probabilities = klDivergence": klDivergence({ fromLogits: true }),
    categoricalFocal: categoricalFocal({ fromLogits: true }),
    cosineSimilarity: cosineSimilarity(),
    hinge: hinge(),
    squaredHinge: squaredHinge(),
    "poisson of logarithms": poisson(),
    poisson: poisson({ logInput: false }),
    logCosh: logCosh(),
    quantile: quantile({ q: 0.75 }),
    focal: focal({ fromLogits: true, alpha: 0.25 }),
  };
  const ofClasses = /^(crossEntropy|categorical)/;
  for (const [name, loss] of Object.entries(losses)) {
    const y = targets.y.map((v) => (v + 1) / 2);
    if (/inge$/.test(name) && name !== "categoricalHinge")
      for (let at = 0; at < y.length; at++) y[at] = y[at] < 0.5 ? -1 : 1;
    if (ofClasses.test(name))
      for (let at = 0; at < y.length; at += 5) {
        const sum = y.subarray(at, at + 5).reduce((p, q) => p + q, 0);
        for (let j = at; j < at + 5; j++) y[j] /= sum;
      }
    const trainer = compile(
      sequential({ input: [features], seed: 4 }, [
        dense(13, { activation: "tanh" }),
        dense(5, name === "poisson" ? { activation: "softplus" } : {}),
      ]),
      {
        loss,
        optimizer: sgd({ learningRate: 0.05 }),
        batchSize: 32,
      },
    );
    trainer.fitSync({ x: data.x, y }, { epochs: 4 });
    digests[`loss ${name}`] = trainer.digest();
  }

  // Norms, noise and learned slopes.
  {
    const trainer = compile(
      sequential({ input: [features], seed: 5 }, [
        dense(24),
        rmsNorm(),
        prelu(),
        reshape([4, 6]),
        spatialDropout(0.25),
        groupNorm(3),
        activation("tanh"),
        flatten(),
        dense(5),
      ]),
      { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.02 }), batchSize: 32 },
    );
    trainer.fitSync(targets, { epochs: 4 });
    digests["rmsNorm, prelu, spatialDropout, groupNorm"] = trainer.digest();
  }

  // Images: depthwise convolutions, pooling, sizes.
  {
    const trainer = compile(
      sequential({ input: [features], seed: 6 }, [
        dense(90, { activation: "tanh" }),
        reshape([5, 6, 3]),
        depthwiseConv2d({ kernel: 3, multiplier: 2, padding: "same", activation: "relu" }),
        maxPool2d(2, { stride: 1 }),
        upsample2d(2, { mode: "bilinear" }),
        separableConv2d(7, { kernel: [3, 2], stride: 2, dilation: 2, activation: "tanh" }),
        zeroPadding2d(1),
        averagePool2d(2),
        flatten(),
        dense(5),
      ]),
      { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }), batchSize: 32 },
    );
    trainer.fitSync(targets, { epochs: 3 });
    digests["depthwise, separable, pooling, upsampling"] = trainer.digest();
  }

  for (const [name, layer] of Object.entries({ relu6, hardSwish, mish, hardSigmoid })) {
    const trainer = compile(sequential({ input: [features], seed: 3 }, [dense(13), layer(), dense(5)]), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.05 }),
      batchSize: 32,
    });
    trainer.fitSync(targets, { epochs: 4 });
    digests[`layer ${name}`] = trainer.digest();
  }

  // Noise, random tensors and a loss function.
  {
    const { gaussianNoise, randomNormal, randomUniform } = wasmgrad;
    const net = wasmgrad.model({ inputs: { x: [features] }, seed: 6 }, ({ x }) => {
      const h = dense(12, { activation: "tanh" })(gaussianNoise(0.25)(x));
      return dense(5)(h.add(randomNormal(h, { std: 0.125 })).mul(randomUniform(h, { low: 0.5, high: 1.5 })));
    });
    const trainer = compile(net, {
      loss: wasmgrad.customLoss((p, t) => p.sub(t).abs().pow(1.5).mean(1)),
      optimizer: adam({ learningRate: 0.02 }),
      batchSize: 32,
    });
    trainer.fitSync({ x: { x: targets.x }, y: targets.y }, { epochs: 4 });
    digests["gaussianNoise, random tensors, a loss function"] = trainer.digest();
  }

  // What tensors compute.
  {
    const { concat, stack } = wasmgrad;
    const net = wasmgrad.model({ inputs: { x: [features] }, seed: 8 }, ({ x }) => {
      const h = dense(12)(x);
      const [a, b] = h.split(2);
      const places = a.argMax({ dtype: "i32", keepDims: true });
      const parts = [
        a.sin().mul(b.cos()),
        a.clamp(-1, 1).expm1(),
        b.abs().log1p().pow(1.25),
        a.erf().maximum(b.minimum(0.5)),
        a.square().add(1).rsqrt().sub(b.square().add(1).reciprocal()),
        a.greater(b).where(a, b.mul(0.5)),
        a.cumSum({ reverse: true }),
        a.gather(places).add(b),
        a
          .sub(a.mean(1, { keepDims: true }))
          .div(a.variance(1, { keepDims: true, correction: 0 }).add(1).sqrt()),
        b.logSumExp(1).reshape([-1, 1]).add(a.floor()).add(b.round()).add(a.stopGradient()),
        b.slice(1, 5).pad(1, 1, { value: 0.5 }),
      ];
      const pair = stack([a, b], { axis: 1 });
      const inner = pair.matMul(pair, { transposeB: true }).reshape([-1, 4]);
      return dense(5)(concat([...parts, inner, pair.min(1), pair.max(1)]));
    });
    const trainer = compile(net, {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: 32,
    });
    trainer.fitSync({ x: { x: targets.x }, y: targets.y }, { epochs: 4 });
    digests["tensor methods"] = trainer.digest();
  }

  // Every distribution that parameters start from.
  const initializers = [
    "glorotUniform",
    "glorotNormal",
    "heUniform",
    "heNormal",
    "lecunUniform",
    "lecunNormal",
    "orthogonal",
  ];
  for (const weightInitializer of initializers)
    digests[`initializer ${weightInitializer}`] = compile(
      sequential({ input: [37], seed: 2 ** 40 + 5 }, [dense(53, { weightInitializer })]),
    ).digest();

  // Products too large for one tile: blocked in every dimension, with ragged edges.
  {
    const wide = 530;
    const trainer = compile(
      sequential({ input: [wide], seed: 9 }, [
        dense(301, { activation: "relu" }),
        dense(129, { activation: "gelu" }),
        dense(10, { activation: "softmax" }),
      ]),
      { loss: crossEntropy(), optimizer: adam(), batchSize: 150 },
    );
    const x = noise(wide * 310, 5);
    const y = Array.from({ length: 310 }, (_, i) => (i * 7) % 10);
    trainer.fitSync({ x, y }, { epochs: 2 });
    digests["wide layers"] = trainer.digest();
    digests["wide layers, predictions"] = digestOf(trainer.predict(x.slice(0, wide * 33)).data);
  }

  // A shared layer, a skip connection, two inputs and two outputs.
  {
    const net = model({ inputs: { a: [6], b: [2, 3] }, seed: 11 }, ({ a, b }) => {
      const shared = dense(6, { activation: "silu" });
      const h = shared(shared(a))
        .add(shared(b.reshape([-1, 6])))
        .mul(a);
      return {
        size: dense(2)(h),
        kind: dense(3, { activation: "softmax" })(h.sub(h.mean(1).reshape([-1, 1]))),
      };
    });
    const trainer = compile(net, {
      loss: { size: huber(), kind: crossEntropy() },
      optimizer: adamW({ learningRate: 0.01 }),
      batchSize: 8,
    });
    const count = 29;
    trainer.fitSync(
      {
        x: { a: noise(count * 6, 6), b: noise(count * 6, 7) },
        y: { size: noise(count * 2, 8), kind: Array.from({ length: count }, (_, i) => i % 3) },
      },
      { epochs: 10 },
    );
    digests["several inputs and outputs"] = trainer.digest();
  }

  // Layers that draw, keep statistics or look up, with groups of an optimizer and gradients of several batches.
  {
    const { batchNorm, dropout, embedding, flatten, layerNorm } = wasmgrad;
    const ids = Int32Array.from(noise(rows * 6, 12), (v) => Math.floor((v + 1) * 15));
    const layered = (options = {}) =>
      compile(
        sequential({ input: { shape: [6], dtype: "i32" }, seed: 13 }, [
          embedding(30, 5),
          flatten(),
          dense(17, { activation: "relu" }),
          batchNorm(),
          dropout(0.25),
          dense(12, { activation: "gelu" }),
          layerNorm(),
          dropout(0.1),
          dense(4, { activation: "softmax" }),
        ]),
        {
          loss: crossEntropy(),
          optimizer: adamW({
            learningRate: 0.01,
            groups: [{ match: /gamma|beta|bias/, learningRate: 0.02, weightDecay: 0 }],
          }),
          batchSize: 16,
          ...options,
        },
      );
    const words = { x: ids, y: data.y };
    const trainer = layered();
    trainer.fitSync(words, { epochs: 6 });
    digests.layers = trainer.digest();
    digests["layers, predictions"] = digestOf(trainer.predict(ids).data);
    const resumed = layered();
    resumed.fitSync(words, { epochs: 2 });
    const state = resumed.state();
    resumed.reset({ seed: 1 });
    resumed.restore(state);
    resumed.fitSync(words, { epochs: 4 });
    digests["layers = resumed after 2 epochs"] = resumed.digest();
    const saved = layered();
    saved.fitSync(words, { epochs: 2 });
    const names = ["batchNorm", "dropout", "embedding", "layerNorm", "model"];
    const uses = names.map((name) => wasmgrad[name]);
    const loaded = wasmgrad.loadTrainer(saved.save({ training: true }), { uses });
    loaded.fitSync(words, { epochs: 4 });
    digests["layers = from a file after 2 epochs"] = loaded.digest();
    const grouped = layered({ accumulate: 3 });
    grouped.fitSync(words, { epochs: 6 });
    digests["layers, 3 batches an update"] = grouped.digest();
  }

  // Rows far from 0, with holes and categories, fitted in double precision; targets in units of their own.
  {
    const { impute, minMax, oneHot, standardize } = wasmgrad;
    const count = 700;
    const numbers = noise(count * 4, 15);
    const x = Float64Array.from(numbers, (v, i) => {
      const row = Math.floor(i / 4);
      if (i % 4 === 0) return 1.7e12 + Math.floor(v * 1e9);
      if (i % 4 === 1) return row % 9 === 4 ? NaN : v * v * 1000;
      return i % 4 === 2 ? v : Math.floor((v + 1) * 2);
    });
    const rows = {
      x,
      y: Float64Array.from({ length: count }, (_, i) => 250 + 40 * numbers[i * 4] * numbers[i * 4 + 2]),
    };
    const prepared = (options = {}) =>
      compile(
        sequential({ input: [4], seed: 17 }, [
          impute({ columns: [1], with: "median", indicator: true }),
          standardize({ columns: [0, 1] }),
          minMax({ columns: [2] }),
          oneHot({ columns: [3], categories: 4 }),
          dense(11, { activation: "tanh" }),
          dense(1),
        ]),
        {
          loss: huber(),
          optimizer: adam({ learningRate: 0.01 }),
          batchSize: 32,
          targets: "standardize",
          ...options,
        },
      );
    const trainer = prepared();
    trainer.fitSync(rows, { epochs: 6 });
    digests.preprocessing = trainer.digest();
    digests["preprocessing, what is fitted"] = digestOf(
      Object.values(trainer.preprocessing).flatMap((statistics) => Object.values(statistics).flat()),
    );
    digests["preprocessing, predictions"] = digestOf(trainer.predict(x).data);
    const resumed = prepared({ windowRows: 64 });
    await resumed.adaptAsync(x, rows.y);
    resumed.fitSync(rows, { epochs: 2 });
    const state = resumed.state();
    resumed.reset({ seed: 1 });
    resumed.restore(state);
    await resumed.fit(rows, { epochs: 4 });
    digests["preprocessing = adapted, streamed, resumed after 2 epochs"] = resumed.digest();
  }

  // A class for each position of sequences, of which some do not count.
  {
    const x = { data: noise(30 * 5 * 2, 31), shape: [30, 5, 2] };
    const y = {
      data: noise(30 * 5, 32).map((v) => (v < -0.3 ? -1 : Math.floor(Math.abs(v) * 3))),
      shape: [30, 5],
    };
    const net = sequential({ input: [5, 2], seed: 6 }, [
      dense(7, { activation: "tanh" }),
      dense(3, { activation: "softmax" }),
    ]);
    const loss = crossEntropy({ ignoreIndex: -1, labelSmoothing: 0.1 });
    const trainer = compile(net, { loss, optimizer: adam({ learningRate: 0.02 }), batchSize: 8 });
    const { history } = trainer.fitSync({ x, y }, { epochs: 6 });
    digests.sequences = trainer.digest();
    const { loss: all, accuracy } = trainer.evaluate({ x, y });
    digests["sequences, losses"] = digestOf([...history.loss, all, accuracy]);
  }

  // Rows and classes that weigh differently, for every loss; metrics stand in the history.
  {
    const rows = 75;
    const x = { data: noise(rows * 3, 21), shape: [rows, 3] };
    const sampleWeight = noise(rows, 22).map((v, i) => (i % 7 === 0 ? 0 : Math.abs(v) * 2));
    const labels = Array.from({ length: rows }, (_, i) => (i * i) % 3);
    const numbers = { data: noise(rows * 2, 23), shape: [rows, 2] };
    const classes = {
      units: 3,
      activation: "softmax",
      y: labels,
      metrics: ["accuracy", "balancedAccuracy", "f1"],
    };
    const bits = { units: 1, activation: "sigmoid", y: labels.map((label) => label % 2), metrics: ["f1"] };
    const values = { units: 2, activation: "linear", y: numbers, metrics: ["mae", "rmse", "r2"] };
    for (const [name, loss, { units, activation, y, metrics }] of [
      ["crossEntropy", crossEntropy(), classes],
      ["binaryCrossEntropy", binaryCrossEntropy(), bits],
      ["meanSquaredError", meanSquaredError(), values],
      ["meanAbsoluteError", meanAbsoluteError(), values],
      ["huber", huber(), values],
    ]) {
      const net = () =>
        sequential({ input: [3], seed: 3 }, [dense(6, { activation: "tanh" }), dense(units, { activation })]);
      const make = (more) => compile(net(), { loss, optimizer: adam(), batchSize: 8, ...more });
      const options = activation === "linear" ? {} : { classWeight: "balanced" };
      const trainer = make({ metrics });
      const { history } = trainer.fitSync(
        { x, y, sampleWeight },
        { epochs: 5, validation: { last: 0.2 }, ...options },
      );
      digests[`weights ${name}`] = trainer.digest();
      digests[`weights ${name}, history`] = digestOf(Object.values(history).flat());
      const streamed = make({ windowRows: 16 });
      const half = { epochs: 1, validation: { last: 0.2 }, ...options };
      for (let epoch = 0; epoch < 5; epoch++) await streamed.fit({ x, y, sampleWeight }, half);
      digests[`weights ${name} = streamed, sliced`] = streamed.digest();
    }
  }

  // Recurrent layers of every kind: odd sizes, masks, states to start from, both directions, more than one group of sequences.
  {
    const { bidirectional, gru, lstm, simpleRnn } = wasmgrad;
    const inputs = { x: [7, 3], mask: [7], h: [5] };
    const mask = Float32Array.from({ length: 21 * 7 }, (_, i) => (i % 7 < 1 + (i % 5) || i < 28 ? 1 : 0));
    for (const [name, of] of [
      ["lstm", (x, call, h) => lstm(5, { returnSequences: true })(x, { ...call, initialState: [h, h] })],
      ["gru", (x, call, h) => gru(5, { returnSequences: true })(x, { ...call, initialState: h })],
      ["gru, reset before", (x, call) => gru(9, { returnSequences: true, resetAfter: false })(x, call)],
      ["simpleRnn", (x, call) => simpleRnn(8, { returnSequences: true, activation: "relu" })(x, call)],
    ]) {
      const net = model({ inputs, seed: 9 }, (given) => {
        const steps = of(given.x, { mask: given.mask }, given.h);
        const last = bidirectional(name === "lstm" ? lstm(4) : name === "simpleRnn" ? simpleRnn(4) : gru(4));
        return dense(2)(last(steps, { mask: given.mask }));
      });
      const make = () =>
        compile(net, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }), batchSize: 18 });
      const data = {
        x: {
          x: { data: noise(21 * 21, 41), shape: [21, 7, 3] },
          mask: { data: mask, shape: [21, 7] },
          h: { data: noise(105, 42), shape: [21, 5] },
        },
        y: { data: noise(42, 43), shape: [21, 2] },
      };
      const trainer = make();
      trainer.fitSync(data, { epochs: 6 });
      digests[`recurrence ${name}`] = trainer.digest();
      digests[`recurrence ${name}, predictions`] = digestOf(trainer.predict(data.x).data);
      const sliced = make();
      for (let epoch = 0; epoch < 6; epoch++) await sliced.fit(data, { epochs: 1 });
      digests[`recurrence ${name} = sliced`] = sliced.digest();
    }
  }

  // Convolutions of every kind, and their transposes: odd sizes, padding, strides, dilation, groups.
  {
    const { conv1d, conv1dTranspose, conv2d, conv2dTranspose } = wasmgrad;
    const images = sequential({ input: [9, 8, 2], seed: 4 }, [
      conv2d(5, { kernel: 3, padding: "same", activation: "relu" }),
      conv2d(12, { kernel: [3, 2], stride: [2, 1], padding: 1, activation: "gelu" }),
      conv2d(8, { kernel: 2, dilation: 2, groups: 4, activation: "tanh" }),
      conv2dTranspose(9, { kernel: 3, stride: 2, padding: 1, outputPadding: 1 }),
      conv2dTranspose(3, { kernel: 2, activation: "silu" }),
      flatten(),
      dense(3),
    ]);
    const sequences = sequential({ input: [24, 3], seed: 5 }, [
      conv1d(10, { kernel: 5, stride: 2, padding: [4, 0], activation: "relu" }),
      conv1d(4, { kernel: 3, dilation: 3, groups: 2 }),
      conv1dTranspose(6, { kernel: 4, stride: 2, padding: "same", activation: "elu" }),
      flatten(),
      dense(3),
    ]);
    for (const [name, net, shape] of [
      ["convolution of images", images, [13, 9, 8, 2]],
      ["convolution of sequences", sequences, [13, 24, 3]],
    ]) {
      const make = () =>
        compile(net, { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.01 }), batchSize: 5 });
      const size = shape.reduce((p, q) => p * q, 1);
      const x = { data: noise(size, 31), shape };
      const y = { data: noise(39, 32), shape: [13, 3] };
      const trainer = make();
      const { history } = trainer.fitSync({ x, y }, { epochs: 6 });
      digests[name] = trainer.digest();
      digests[`${name}, history`] = digestOf(history.loss);
      digests[`${name}, predictions`] = digestOf(trainer.predict(x).data);
      const sliced = make();
      for (let epoch = 0; epoch < 6; epoch++) await sliced.fit({ x, y }, { epochs: 1 });
      digests[`${name} = sliced`] = sliced.digest();
    }
  }

  // Two programs of one memory in turn, and a follower.
  {
    const { compileTogether, copyParameters, nested } = wasmgrad;
    const critic = sequential({ input: [2] }, [dense(16, { activation: "tanh" }), dense(1)]);
    const maker = sequential({ input: [4] }, [dense(16, { activation: "relu" }), dense(2)]);
    const loss = binaryCrossEntropy({ fromLogits: true });
    const judge = () => nested(critic, { name: "critic" });
    const make = () => nested(maker, { name: "maker" });
    const programs = compileTogether({
      generator: {
        model: sequential({ input: [4], seed: 1 }, [make(), judge()]),
        loss,
        optimizer: adam({ learningRate: 0.01 }),
        freeze: ["critic"],
      },
      discriminator: {
        model: sequential({ input: [2], seed: 2 }, [judge()]),
        loss,
        optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }),
      },
      sampler: { model: sequential({ input: [4] }, [make()]) },
    });
    const { generator, discriminator, sampler } = programs;
    const average = compile(maker);
    copyParameters(sampler, average, { from: "maker" });
    const half = new Float32Array(32).fill(1, 0, 16);
    for (let i = 0; i < 100; i++) {
      const made = sampler.predict(noise(64, 2 * i + 1)).data;
      discriminator.step({ x: { data: [...noise(32, i + 500), ...made], shape: [32, 2] }, y: half });
      generator.step({ x: noise(64, 2 * i), y: new Float32Array(16).fill(1) });
      copyParameters(sampler, average, { mix: 0.1, from: "maker" });
    }
    digests["adversarial pair"] = generator.digest({ training: true });
    digests["adversarial pair, discriminator"] = discriminator.digest({ training: true });
    digests["adversarial pair, follower"] = average.digest();
  }

  // Attention: blocks, positions, masks, across sequences; heads and lengths that fill no tile.
  {
    const ids = { shape: [11], dtype: "i32" };
    const net = model({ inputs: { x: ids, mask: [11], other: [6, 5] }, seed: 4 }, ({ x, mask, other }) => {
      const h = sinusoidalPositions()(learnedPositions(12)(embedding(17, 12)(x)));
      const first = transformerBlock({ heads: 4, causal: true, dropout: 0.2 })(h);
      const second = transformerBlock({ heads: 3, normFirst: false, activation: "relu", hidden: 9 })(first, {
        mask,
      });
      return dense(5)(
        multiHeadAttention({ heads: 2, keySize: 5, dropout: 0.1 })(second, { context: other }).mean(1),
      );
    });
    const trainer = compile(net, {
      loss: crossEntropy({ fromLogits: true }),
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: 8,
    });
    const x = {
      data: Int32Array.from(noise(20 * 11, 5), (v) => Math.abs(Math.floor(v * 17)) % 17),
      shape: [20, 11],
    };
    const mask = { data: Float32Array.from(noise(20 * 11, 6), (v) => (v > -0.4 ? 1 : 0)), shape: [20, 11] };
    const other = { data: noise(20 * 30, 7), shape: [20, 6, 5] };
    const y = Array.from({ length: 20 }, (_, i) => (i * 3) % 5);
    const { history } = await trainer.fit({ x: { x, mask, other }, y }, { epochs: 10 });
    digests.attention = trainer.digest();
    digests["attention, history"] = digestOf(Object.values(history).flat());
    digests["attention, predictions"] = digestOf(trainer.predict({ x, mask, other }).data);
  }

  // Penalties of weights and activations, a bound of columns; short batches, groups of them, clipping.
  {
    const { activityPenalty, l1, l2, maxNorm } = wasmgrad;
    const net = sequential({ input: [5], seed: 6 }, [
      dense(33, { activation: "tanh" }),
      activityPenalty({ l1: 0.001, l2: 0.002 }),
      dense(3),
    ]);
    const trainer = compile(net, {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: 0.02 }),
      batchSize: 8,
      accumulate: 2,
      penalties: [l2(0.001), l1(0.002, { parameters: ["dense1", "dense2.bias"] })],
      constraints: [maxNorm(0.5)],
      clip: { globalNorm: 0.5 },
    });
    const x = { data: noise(30 * 5, 11), shape: [30, 5] };
    const { history } = await trainer.fit({ x, y: { data: noise(90, 12), shape: [30, 3] } }, { epochs: 10 });
    digests.penalties = digestOf([...Object.values(history).flat(), ...trainer.state()]);
  }

  // Each way to bound gradients and weights alone, and the average of weights: in one piece, and resumed in a new trainer.
  {
    const { activityPenalty, l1, l2, maxNorm } = wasmgrad;
    const groups = [{ match: /bias/, learningRate: 0.02, weightDecay: 0 }];
    for (const [name, options] of Object.entries({
      "clip globalNorm": { clip: { globalNorm: 0.3 }, optimizer: adamW({ learningRate: 0.01, groups }) },
      "clip norm": { clip: { norm: 0.1 }, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }) },
      "clip value": { clip: { value: 0.01 }, optimizer: sgd({ learningRate: 0.5 }), accumulate: 3 },
      "penalty l1": { penalties: [l1(0.003)] },
      "penalty l2": { penalties: [l2(0.02, { parameters: ["dense1", "dense3.bias"] })], accumulate: 2 },
      "constraint maxNorm": { constraints: [maxNorm(0.7)], optimizer: adam({ learningRate: 0.05 }) },
      "average of weights": { averageWeights: { decay: 0.9 }, clip: { globalNorm: 1 } },
    })) {
      const trainer = mlp(options);
      const { history } = trainer.fitSync(data, { epochs: 6 });
      digests[name] = trainer.digest();
      digests[`${name}, losses`] = digestOf(history.loss);
      const before = mlp(options);
      await before.fit(data, { epochs: 2 });
      const resumed = mlp({ ...options, shuffleSeed: 1 });
      resumed.restore(before.state());
      await resumed.fit(data, { epochs: 4 });
      digests[`${name} = resumed after 2 epochs`] = resumed.digest();
      if (!options.averageWeights) continue;
      const weights = { weights: "average" };
      digests[`${name}, by the average`] = digestOf(trainer.predict(data.x, weights).data);
      digests[`${name}, by the average = resumed after 2 epochs`] = digestOf(
        resumed.predict(data.x, weights).data,
      );
    }
    const trainer = compile(
      sequential({ input: [features], seed: 12 }, [
        dense(19, { activation: "relu" }),
        activityPenalty({ l1: 0.01, l2: 0.02 }),
        dense(5),
      ]),
      { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.05 }), batchSize: 32 },
    );
    trainer.fitSync(targets, { epochs: 4 });
    digests["penalty of activations"] = trainer.digest();
  }

  // Gradient descent by hand on every method of a tensor.
  {
    const f = valueAndGrad((w, v, s) => {
      const h = w
        .matMul(v)
        .tanh()
        .add(w.sum(1).reshape([5, 1]).sigmoid());
      const t = h
        .transpose()
        .softmax()
        .mul(s.exp())
        .div(s.square().add(1))
        .add(h.transpose().logSoftmax().mul(0.01));
      return t
        .maximum(0.1)
        .minimum(0.9)
        .sub(v.mean())
        .abs()
        .add(0.5)
        .sqrt()
        .add(w.max().relu().neg())
        .mean()
        .add(v.square().add(1).log().max(0).sum().mul(0.1));
    });
    const w = { data: noise(20, 9), shape: [5, 4] };
    const v = { data: noise(12, 10), shape: [4, 3] };
    let s = 0.3;
    const values = [];
    for (let i = 0; i < 50; i++) {
      const { value, gradients } = f(w, v, s);
      values.push(value);
      for (const [p, g] of [
        [w, gradients[0]],
        [v, gradients[1]],
      ])
        for (let j = 0; j < p.data.length; j++) p.data[j] -= Math.fround(0.1 * g.data[j]);
      s = Math.fround(s - Math.fround(0.1 * gradients[2]));
    }
    digests["valueAndGrad values"] = digestOf(values);
    digests["valueAndGrad arguments"] = digestOf([...w.data, ...v.data, s]);
    const { value, gradients } = valueAndGrad((w1, w2, w3) => w1.add(w2).mul(w3))(1, 2.3, 5.7);
    digests["(w1 + w2) * w3"] = digestOf([value, ...gradients]);
  }
  return all;
}

/** Names of runs that must give what another gives: `a = how` stands for `a`. */
export const equalRuns = (digests) =>
  Object.keys(digests)
    .filter((name) => name.includes(" = "))
    .map((name) => [name, name.split(" = ")[0]]);
