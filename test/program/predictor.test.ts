import { describe, expect, it } from "vitest";
import {
  activation,
  adamW,
  binaryCrossEntropy,
  compile,
  DataError,
  dense,
  l2,
  maxNorm,
  model,
  OptionError,
  ShapeError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, classifier, noise, thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

describe("predict", () => {
  it("needs no training", () => {
    const { data } = xorTrainer().predict(xor.x);
    expect(data.every((p) => p > 0 && p < 1)).toBe(true);
  });

  it("gives a row the same bits whatever rows accompany it", () => {
    const { x } = classes(37);
    const predictor = compile(
      sequential({ input: [5], seed: 7 }, [
        dense(16, { activation: "gelu" }),
        dense(3, { activation: "softmax" }),
      ]),
      { batchSize: 16 },
    );
    const together = predictor.predict(x).data;
    for (let row = 0; row < 37; row++)
      expect(predictor.predict(x.slice(row * 5, row * 5 + 5)).data).toEqual(
        together.slice(row * 3, row * 3 + 3),
      );
  });

  it("writes into the caller's array and returns it", () => {
    const predictor = compile(xorModel());
    const out = new Float32Array(4);
    expect(predictor.predict(xor.x, { out })).toBe(out);
    expect(out).toEqual(predictor.predict(xor.x).data);
  });

  it("leaves what lies beyond the rows in a larger array", () => {
    const out = new Float32Array(6).fill(9);
    compile(xorModel()).predict(xor.x, { out });
    expect([...out.slice(4)]).toEqual([9, 9]);
  });

  it("writes results of any length, batch by batch, and nothing behind them", () => {
    for (const units of [1, 8, 9, 20]) {
      const predictor = compile(sequential({ input: [3], seed: 2 }, [dense(units)]), { batchSize: 4 });
      const x = noise(10 * 3);
      const out = new Float32Array(10 * units + 2).fill(9);
      predictor.predict(x, { out });
      const rows = Array.from({ length: 10 }, (_, i) => [
        ...predictor.predict(x.subarray(i * 3, i * 3 + 3)).data,
      ]);
      expect([...out]).toEqual([...rows.flat(), 9, 9]);
    }
  });

  it("writes arrays by output name", () => {
    const net = compile(
      model({ inputs: { x: [2] } }, ({ x }) => ({ a: dense(1)(x), b: dense(3)(x) })),
      { batchSize: 3 },
    );
    const out = { a: new Float32Array(4), b: new Float32Array(12) };
    net.predict({ x: xor.x }, { out });
    const { a, b } = net.predict({ x: xor.x });
    expect(out).toEqual({ a: a.data, b: b.data });
  });

  for (const [name, out] of [
    ["too short an array", new Float32Array(3)],
    ["an array of another type", new Float64Array(4)],
    ["nothing", null],
  ] as const)
    it(`refuses ${name} as out`, () => {
      expect(() => compile(xorModel()).predict(xor.x, { out: out as unknown as Float32Array })).toThrow(
        "predict: out must be a Float32Array of at least 4 numbers",
      );
    });
});

describe("classify", () => {
  it("names the most probable class with its probability", () => {
    const predictor = compile(sequential({ input: [2], seed: 1 }, [dense(3, { activation: "softmax" })]), {
      labels: ["ant", "bee", "cat"],
    });
    predictor.setParameters({
      "dense1.weight": [
        [5, 0, 0],
        [0, 5, 0],
      ],
    });
    const [first, second] = predictor.classify([
      [1, 0],
      [0, 1],
    ]);
    expect(first).toEqual({ label: "ant", index: 0, probability: predictor.predict([1, 0]).data[0] });
    expect(second.label).toBe("bee");
    expect(second.probability).toBeGreaterThan(0.9);
  });

  it("splits one sigmoid at 1/2 into two classes", () => {
    const predictor = compile(
      sequential({ input: [1] }, [dense(1, { activation: "sigmoid", weightInitializer: "ones" })]),
      { labels: ["cold", "warm"] },
    );
    const [cold, warm, even] = predictor.classify([-2, 3, 0]);
    expect(cold.label).toBe("cold");
    expect(cold.probability).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    expect(warm).toMatchObject({ label: "warm", index: 1 });
    expect(even).toEqual({ label: "warm", index: 1, probability: 0.5 });
  });

  it("gives the index as text without labels", () => {
    expect(compile(xorModel()).classify([[0, 0]])[0].label).toMatch(/^[01]$/);
  });

  it("works with the one output of a model that names it", () => {
    const net = compile(
      model({ inputs: { x: [2] } }, ({ x }) => ({ kind: activation("softmax")(dense(3)(x)) })),
    );
    expect(net.classify({ x: [[1, 2]] })).toHaveLength(1);
  });

  it("refuses a model that ends in no probability, and one with several outputs", () => {
    expect(() => compile(sequential({ input: [2] }, [dense(3)])).classify([[0, 0]])).toThrow(
      "classify: the model must end in softmax or sigmoid; got another output",
    );
    const two = compile(model({ inputs: { x: [2] } }, ({ x }) => ({ a: dense(1)(x), b: dense(1)(x) })));
    expect(() => two.classify({ x: [[0, 0]] })).toThrow(OptionError);
  });

  it("after training gives the classes it was taught", () => {
    const trainer = classifier({ labels: ["low", "mid", "high"] });
    const { x, y } = classes(60);
    const names = y.map((i) => ["low", "mid", "high"][i]);
    trainer.fitSync({ x, y: names }, { epochs: 400 });
    const { accuracy } = trainer.evaluate({ x, y: names });
    const right = trainer.classify(x).filter(({ label }, i) => label === names[i]).length;
    expect(accuracy).toBeGreaterThan(0.9);
    expect(right / 60).toBe(accuracy);
  });
});

describe("parameters", () => {
  it("are named by layer, in the order of declaration, weights [in, units]", () => {
    const { parameters } = compile(xorModel());
    expect(Object.entries(parameters).map(([name, { shape }]) => [name, ...shape])).toEqual([
      ["dense1.weight", 2, 8],
      ["dense1.bias", 8],
      ["dense2.weight", 8, 1],
      ["dense2.bias", 1],
    ]);
  });

  it("are views: training shows in them and writing to them shows in predictions", () => {
    const trainer = xorTrainer();
    const { data } = trainer.parameters["dense2.bias"];
    const before = data[0];
    trainer.fitSync(xor);
    expect(data[0]).not.toBe(before);
    data[0] = 100;
    expect(trainer.predict([0, 0]).data[0]).toBe(1);
  });
});

describe("setParameters", () => {
  const from = compile(xorModel(1));
  const { parameters } = from;
  const nested = Object.fromEntries(
    Object.entries(parameters).map(([name, { data, shape }]) => [
      name,
      shape.length === 1
        ? [...data]
        : Array.from({ length: shape[0] }, (_, i) => [...data.slice(i * shape[1], (i + 1) * shape[1])]),
    ]),
  );
  const forms: Record<string, Parameters<typeof from.setParameters>[0]> = {
    "the parameters of another program": parameters,
    "flat typed arrays": Object.fromEntries(Object.entries(parameters).map(([name, p]) => [name, p.data])),
    "flat plain arrays": Object.fromEntries(
      Object.entries(parameters).map(([name, p]) => [name, [...p.data]]),
    ),
    "nested arrays": nested,
    "a number where there is one": { ...parameters, "dense2.bias": 0 },
  };
  for (const [name, values] of Object.entries(forms))
    it(`takes ${name}`, () => {
      const predictor = compile(xorModel(2));
      predictor.setParameters(values);
      expect(predictor.digest()).toBe(from.digest());
    });

  it("leaves parameters that are not named", () => {
    const predictor = compile(xorModel(2));
    const kept = predictor.parameters["dense2.weight"].data.slice();
    predictor.setParameters({ "dense1.bias": new Float32Array(8).fill(1) });
    expect(predictor.parameters["dense2.weight"].data).toEqual(kept);
  });

  const wrong: [string, Record<string, unknown>, unknown, string][] = [
    [
      "an unknown name",
      { "dense3.bias": [1] },
      OptionError,
      'setParameters: unknown parameter "dense3.bias"; did you mean dense1.bias? Parameters: dense1.weight, dense1.bias, dense2.weight, dense2.bias',
    ],
    [
      "too few numbers",
      { "dense1.bias": [1, 2] },
      ShapeError,
      "setParameters: dense1.bias: must have the shape [8], 8 numbers; got an array of 2",
    ],
    [
      "weights transposed",
      { "dense1.weight": Array.from({ length: 8 }, () => [1, 2]) },
      ShapeError,
      "setParameters: dense1.weight: ",
    ],
    [
      "weights of a transposed shape",
      { "dense1.weight": { data: new Float32Array(16), shape: [8, 2] } },
      ShapeError,
      "",
    ],
    [
      "no numbers",
      { "dense1.weight": [] },
      ShapeError,
      "setParameters: dense1.weight: must have the shape [2, 8], 16 numbers; got an array of 0",
    ],
    ["NaN", { "dense2.bias": Number.NaN }, DataError, "setParameters: dense2.bias: numbers must be finite"],
    ["one good and one bad value", { "dense2.bias": [7], "dense1.bias": [1] }, ShapeError, "dense1.bias"],
  ];
  for (const [name, values, Class, message] of wrong)
    it(`refuses ${name} and sets nothing`, () => {
      const predictor = compile(xorModel(2));
      const before = predictor.digest();
      const error = thrownBy(() => predictor.setParameters(values as never));
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(Class);
      expect(predictor.digest()).toBe(before);
    });
});

describe("toModel", () => {
  it("carries the current values into a new program, and compiling the old model does not", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 10 });
    const carried = trainer.toModel();
    const digest = trainer.digest();
    trainer.fitSync(xor, { epochs: 10 });
    expect(compile(carried).digest()).toBe(digest);
    expect(compile(xorModel()).digest()).not.toBe(digest);
  });

  it("gives a model that trains on, with an optimizer of its own", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 10 });
    const next = compile(trainer.toModel(), { loss: binaryCrossEntropy(), optimizer: sgd() });
    const start = next.digest();
    next.fitSync(xor, { epochs: 3 });
    next.reset();
    expect(next.digest()).toBe(start);
    expect(start).toBe(trainer.digest());
  });
});

describe("manifest", () => {
  const trainer = classifier({ labels: ["a", "b", "c"], shuffleSeed: 9 });
  trainer.fitSync(classes(20), { epochs: 2 });
  const manifest = trainer.manifest();

  it("says which computation this was", () => {
    expect(manifest).toMatchObject({
      package: "wasmgrad",
      version: "0.1.0",
      model: {
        inputs: [{ name: "input", shape: [5], dtype: "f32" }],
        outputs: [{ name: "output", shape: [3], dtype: "f32" }],
        parameters: [{ name: "dense1.weight", shape: [5, 16] }, ...new Array(5).fill(expect.anything())],
      },
      options: {
        batchSize: 8,
        labels: ["a", "b", "c"],
        loss: { output: { kind: "crossEntropy" } },
        optimizer: { kind: "adam", learningRate: 0.01, beta1: 0.9, biasCorrection: true },
        steps: 6,
        epochs: 2,
      },
      seeds: { seed: 7, shuffleSeed: 9 },
      digests: { parameters: trainer.digest() },
    });
  });

  it("tells trainers apart that give other bits", () => {
    const groups = [{ match: /^dense1/, learningRate: 0.5 }];
    const grouped = classifier({ accumulate: 4, optimizer: adamW({ groups }) });
    const options = { learningRate: 0.001, groupLearningRates: [0.5], accumulate: 4 };
    expect(grouped.manifest()).toMatchObject({ options });
    grouped.setLearningRate(0.25);
    const changed = { learningRate: 0.25, groupLearningRates: [0.25], accumulate: 4 };
    expect(grouped.manifest()).toMatchObject({ options: changed });
    expect(trainer.manifest()).toMatchObject({ options: { learningRate: 0.01, accumulate: 1 } });
  });

  it("says what accompanies the optimizer, where it does", () => {
    const more = {
      clip: { norm: 1 },
      freeze: ["dense1"],
      penalties: [l2(0.5, { parameters: ["dense2"] })],
      constraints: [maxNorm(3)],
    };
    const { options } = JSON.parse(JSON.stringify(classifier({ ...more, averageWeights: {} })));
    expect(options).toMatchObject({
      clip: { norm: 1 },
      averageWeights: { decay: 0.999 },
      freeze: ["dense1.weight", "dense1.bias"],
      penalties: [{ kind: "l2", given: [0.5, { parameters: ["dense2"] }] }],
      constraints: [{ kind: "maxNorm", given: [3, {}] }],
    });
    expect(Object.keys(manifest.options as object)).toEqual([
      ...["batchSize", "labels", "loss", "optimizer", "learningRate", "accumulate", "steps", "epochs"],
    ]);
  });

  it("survives a round trip through JSON unchanged", () => {
    expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
  });

  it("of a predictor has no optimizer", () => {
    expect(compile(xorModel()).manifest()).toMatchObject({ options: { batchSize: 32 } });
    expect(compile(xorModel()).manifest().options).not.toHaveProperty("optimizer");
  });
});

describe("digest", () => {
  it("is 64 hex digits, the same for the same parameters, another for others", () => {
    const a = compile(xorModel());
    expect(a.digest()).toMatch(/^[0-9a-f]{64}$/);
    expect(compile(xorModel()).digest()).toBe(a.digest());
    a.parameters["dense2.bias"].data[0] = 1e-30;
    expect(compile(xorModel()).digest()).not.toBe(a.digest());
  });

  it("is SHA-256 over name, zero byte, rank, dimensions and little-endian values of each parameter", async () => {
    const predictor = compile(sequential({ input: [3] }, [dense(2, { name: "first" }), dense(7)]));
    const parts = Object.entries(predictor.parameters).flatMap(([name, { shape, data }]) => [
      new TextEncoder().encode(`${name}\0`),
      new Uint8Array(Uint32Array.of(shape.length, ...shape).buffer),
      new Uint8Array(data.slice().buffer),
    ]);
    const hash = await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
    expect(predictor.digest()).toBe(Buffer.from(hash).toString("hex"));
  });

  it("changes with the name and with the shape of a parameter", () => {
    const digests = [
      sequential({ input: [2] }, [dense(2, { weightInitializer: "zeros" })]),
      sequential({ input: [2] }, [dense(2, { weightInitializer: "zeros", name: "other" })]),
      sequential({ input: [1] }, [dense(2, { weightInitializer: "zeros", bias: false })]),
      sequential({ input: [2] }, [dense(1, { weightInitializer: "zeros", bias: false })]),
    ].map((m) => compile(m).digest());
    expect(new Set(digests).size).toBe(4);
  });
});

describe("initializers", () => {
  it("draw with the variance their name says", () => {
    for (const [name, variance] of [
      ["glorotUniform", 2 / 500],
      ["glorotNormal", 2 / 500],
      ["heUniform", 2 / 300],
      ["heNormal", 2 / 300],
      ["lecunUniform", 1 / 300],
      ["lecunNormal", 1 / 300],
    ] as const) {
      const { data } = compile(sequential({ input: [300] }, [dense(200, { weightInitializer: name })]))
        .parameters["dense1.weight"];
      const mean = data.reduce((p, q) => p + q, 0) / data.length;
      const found = data.reduce((p, q) => p + (q - mean) ** 2, 0) / data.length;
      expect(found / variance, name).toBeCloseTo(1, 1);
      expect(Math.abs(mean), name).toBeLessThan(4 * Math.sqrt(variance / data.length));
    }
  });

  it("take constants and given values", () => {
    const data = noise(6);
    const { parameters } = compile(
      sequential({ input: [2] }, [
        dense(3, {
          weightInitializer: { kind: "values", data },
          biasInitializer: { kind: "constant", value: 0.5 },
        }),
      ]),
    );
    expect(parameters["dense1.weight"].data).toEqual(data);
    expect([...parameters["dense1.bias"].data]).toEqual([0.5, 0.5, 0.5]);
  });

  it("refuse given values of another count", () => {
    expect(() =>
      sequential({ input: [2] }, [
        dense(3, { weightInitializer: { kind: "values", data: new Float32Array(5) } }),
      ]),
    ).toThrow(ShapeError);
  });

  it("refuse numbers that are not finite", () => {
    expect(() =>
      sequential({ input: [2] }, [
        dense(3, { weightInitializer: { kind: "normal", mean: 0, std: Number.NaN } }),
      ]),
    ).toThrow(
      "dense1: an initializer must be of kind constant, uniform, normal, orthogonal or values, and its numbers finite; got",
    );
  });

  it("refuse an unknown name", () => {
    expect(() => sequential({ input: [2] }, [dense(3, { weightInitializer: "xavier" as never })])).toThrow(
      'dense1: unknown initializer "xavier"; did you mean glorotUniform? Initializers: glorotUniform, glorotNormal, heUniform, heNormal, lecunUniform, lecunNormal, orthogonal, zeros, ones',
    );
  });
});
