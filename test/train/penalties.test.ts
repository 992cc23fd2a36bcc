/** Penalties of weights and activations, and bounds of weights, against gradient descent by hand in f64. */
import { describe, expect, it } from "vitest";
import {
  activityPenalty,
  adam,
  adamW,
  batchNorm,
  compile,
  compileTogether,
  conv2d,
  dense,
  dropout,
  embedding,
  flatten,
  gradientCheck,
  l1,
  l2,
  load,
  loadTrainer,
  maxNorm,
  meanSquaredError,
  model,
  nested,
  type Penalty,
  sequential,
  sgd,
} from "../../src/index.ts";

const x = Array.from({ length: 10 }, (_, i) => [Math.sin(i), Math.cos(3 * i), i / 10]);
const y = x.map(([a, b]) => [3 * a - b, a * b]);
const data = { x, y };

const twoLayers = () =>
  sequential({ input: [3], seed: 2 }, [dense(5, { name: "first" }), dense(2, { name: "second" })]);

const make = (options: object, net = twoLayers()) =>
  compile(net, { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0.1 }), batchSize: 4, ...options });

type Values = Record<string, number[]>;

/** A penalty by its value and its slope. */
interface Term {
  readonly of: readonly string[];
  value(v: number): number;
  slope(v: number): number;
}
const square = (strength: number, ...of: string[]): Term => ({
  of,
  value: (v) => strength * v * v,
  slope: (v) => 2 * strength * v,
});
const magnitude = (strength: number, ...of: string[]): Term => ({
  of,
  value: (v) => strength * Math.abs(v),
  slope: (v) => strength * Math.sign(v),
});

/** One update of `twoLayers` by gradient descent: changes `p`, gives the loss. "hidden" stands for the first layer's outputs. */
function descend(p: Values, rows: readonly number[], terms: readonly Term[]): number {
  const gradients = Object.fromEntries(Object.entries(p).map(([name, w]) => [name, w.map(() => 0)]));
  const m = rows.length;
  let loss = 0;
  for (const r of rows) {
    const h = p["first.bias"].map((b, j) =>
      x[r].reduce((sum, v, i) => sum + v * p["first.weight"][i * 5 + j], b),
    );
    const out = p["second.bias"].map((b, j) =>
      h.reduce((sum, v, i) => sum + v * p["second.weight"][i * 2 + j], b),
    );
    const dout = out.map((v, j) => (2 * (v - y[r][j])) / (2 * m));
    loss += out.reduce((sum, v, j) => sum + (v - y[r][j]) ** 2, 0) / (2 * m);
    const dh = h.map((_, i) => dout.reduce((sum, d, j) => sum + d * p["second.weight"][i * 2 + j], 0));
    for (const { of, value, slope } of terms)
      if (of.includes("hidden"))
        h.forEach((v, i) => {
          loss += value(v) / m;
          dh[i] += slope(v) / m;
        });
    dout.forEach((d, j) => {
      gradients["second.bias"][j] += d;
      h.forEach((v, i) => {
        gradients["second.weight"][i * 2 + j] += v * d;
      });
    });
    dh.forEach((d, j) => {
      gradients["first.bias"][j] += d;
      x[r].forEach((v, i) => {
        gradients["first.weight"][i * 5 + j] += v * d;
      });
    });
  }
  for (const { of, value, slope } of terms)
    for (const name of of.filter((one) => one in p))
      p[name].forEach((w, i) => {
        loss += value(w);
        gradients[name][i] += slope(w);
      });
  for (const [name, g] of Object.entries(gradients))
    g.forEach((d, i) => {
      p[name][i] -= 0.1 * d;
    });
  return loss;
}

/** Compares losses and parameters of batches of 4, 4 and 2 rows, twice. */
function expectDescent(trainer: ReturnType<typeof make>, terms: readonly Term[]) {
  const p: Values = Object.fromEntries(
    Object.entries(trainer.parameters).map(([name, { data: w }]) => [name, [...w]]),
  );
  for (const from of [0, 4, 8, 0, 4, 8]) {
    const rows = [0, 1, 2, 3].map((i) => from + i).filter((i) => i < 10);
    const { loss } = trainer.step({ x: rows.map((r) => x[r]), y: rows.map((r) => y[r]) });
    const wanted = descend(p, rows, terms);
    expect(Math.abs(loss - wanted)).toBeLessThan(1e-5 * Math.max(1, wanted));
    for (const [name, w] of Object.entries(p))
      trainer.parameters[name].data.forEach((v, i) => {
        expect(Math.abs(v - w[i])).toBeLessThan(1e-5);
      });
  }
}

const WEIGHTS = ["first.weight", "second.weight"];

describe("penalties", () => {
  it("l2: strength times the sum of squares of weights, not of biases", () => {
    expectDescent(make({ penalties: [l2(0.03)] }), [square(0.03, ...WEIGHTS)]);
  });

  it("l1: strength times the sum of magnitudes", () => {
    expectDescent(make({ penalties: [l1(0.05)] }), [magnitude(0.05, ...WEIGHTS)]);
  });

  it("go together, each over its own parameters: weights of layers, others by their whole names", () => {
    const penalties = [
      l1(0.05, { parameters: ["first"] }),
      l2(0.02, { parameters: ["second.bias", "second"] }),
      l2(0.1, { parameters: ["first.weight"] }),
    ];
    expectDescent(make({ penalties }), [
      magnitude(0.05, "first.weight"),
      square(0.02, "second.bias", "second.weight"),
      square(0.1, "first.weight"),
    ]);
  });

  it("of activations: sums over elements, divided by rows, in short batches too", () => {
    const net = (options: { l1?: number; l2?: number }) =>
      sequential({ input: [3], seed: 2 }, [
        dense(5, { name: "first" }),
        activityPenalty(options),
        dense(2, { name: "second" }),
      ]);
    expectDescent(make({}, net({ l2: 0.04 })), [square(0.04, "hidden")]);
    expectDescent(make({}, net({ l1: 0.03, l2: 0.02 })), [magnitude(0.03, "hidden"), square(0.02, "hidden")]);
    expectDescent(make({ penalties: [l2(0.01)] }, net({ l1: 0.3 })), [
      magnitude(0.3, "hidden"),
      square(0.01, ...WEIGHTS),
    ]);
  });

  it("are those of one batch for batches that are accumulated", () => {
    const whole = make({ penalties: [l2(0.05)], batchSize: 10 });
    const parts = make({ penalties: [l2(0.05)], batchSize: 4, accumulate: 3 });
    for (const trainer of [whole, parts]) trainer.fitSync(data, { epochs: 4, shuffle: false });
    for (const [name, { data: w }] of Object.entries(whole.parameters))
      w.forEach((v, i) => {
        expect(Math.abs(v - parts.parameters[name].data[i])).toBeLessThan(1e-6);
      });
  });

  it("are in the losses of training, not in those of evaluations", () => {
    const trainer = make({ penalties: [l2(0.5)], batchSize: 10 });
    const measured = trainer.evaluate(data).loss;
    expect(measured).toBe(make({ batchSize: 10 }).evaluate(data).loss);
    const weights = WEIGHTS.flatMap((name) => [...trainer.parameters[name].data]);
    const penalty = 0.5 * weights.reduce((sum, w) => sum + w * w, 0);
    expect(penalty).toBeGreaterThan(0.5);
    expect(trainer.gradients(data).loss - measured).toBeCloseTo(penalty, 5);
    expect(trainer.fitSync(data, { epochs: 1 }).history.loss[0] - measured).toBeCloseTo(penalty, 5);
  });

  it("have the gradients that differences have, with several outputs, clipping and other optimizers", () => {
    const net = model({ inputs: { x: [3] }, seed: 3 }, ({ x: t }) => {
      const h = activityPenalty({ l1: 0.02, l2: 0.03 })(dense(6, { activation: "tanh" })(t));
      return { a: dense(2)(h), b: dense(1)(h) };
    });
    const trainer = compile(net, {
      loss: { a: meanSquaredError(), b: meanSquaredError() },
      optimizer: adam(),
      penalties: [l2(0.05), l1(0.03, { parameters: ["dense3"] })],
      clip: { globalNorm: 0.5 },
    });
    const both = { x: { x }, y: { a: y, b: y.map(([v]) => [v]) } };
    expect(gradientCheck(trainer, both as never).ok).toBe(true);
    trainer.fitSync(both as never, { epochs: 2 });
  });

  it("of half the weight decay of SGD have its steps", () => {
    const trainer = make({ penalties: [l2(0.05 / 2)], batchSize: 10 });
    const plain = make({ batchSize: 10 });
    const before = plain.parameters["first.weight"].data.slice();
    trainer.step(data);
    plain.step(data);
    plain.parameters["first.weight"].data.forEach((w, i) => {
      expect(trainer.parameters["first.weight"].data[i]).toBeCloseTo(w - 0.1 * 0.05 * before[i], 6);
    });
  });

  it("leave out what is no weight, what is frozen, and what no gradient reaches", () => {
    const net = model({ inputs: { ids: { shape: [2], dtype: "i32" } }, seed: 3 }, ({ ids }) => {
      const h = batchNorm()(flatten()(embedding(4, 3)(ids)));
      const trunk = dense(4, { name: "trunk" })(h).stopGradient();
      return dense(1, { name: "head" })(dense(4, { name: "frozen" })(trunk));
    });
    const given = { x: { ids: [[0, 1]] }, y: [[1]] };
    const by = (more: object) => {
      const trainer = compile(net, {
        loss: meanSquaredError(),
        optimizer: sgd(),
        freeze: ["frozen"],
        ...more,
      });
      return trainer.gradients(given as never);
    };
    const { loss } = by({ penalties: [l2(1)] });
    const head = compile(net).parameters["head.weight"].data;
    const squares = [...head].reduce((sum, w) => sum + w * w, 0);
    expect(loss - by({}).loss).toBeCloseTo(squares, 5);
  });

  it("of 0 have the bits of none", () => {
    const none = make({});
    const zero = make({ penalties: [l2(0), l1(0)], constraints: [] });
    for (const trainer of [none, zero]) trainer.fitSync(data, { epochs: 3 });
    expect(zero.digest()).toBe(none.digest());
  });

  it("of activations are nothing outside training", () => {
    const net = (...more: ReturnType<typeof activityPenalty>[]) =>
      sequential({ input: [3], seed: 2 }, [
        dense(5, { name: "first" }),
        ...more,
        dense(2, { name: "second" }),
      ]);
    const [plain, penal] = [net(), net(activityPenalty({ l1: 5 }))].map((one) => make({}, one as never));
    expect(penal.predict(x).data).toEqual(plain.predict(x).data);
    expect(penal.evaluate(data).loss).toBe(plain.evaluate(data).loss);
  });
});

/** Norms of the columns along all axes but the last. */
function normsOf(w: ArrayLike<number>, columns: number): number[] {
  const sums = new Array<number>(columns).fill(0);
  for (let i = 0; i < w.length; i++) sums[i % columns] += w[i] * w[i];
  return sums.map(Math.sqrt);
}

describe("maxNorm", () => {
  it("scales columns that are longer after an update, and leaves the bits of the others", () => {
    const most = 0.8;
    const bounded = make({ constraints: [maxNorm(most)] });
    let [scaled, kept] = [0, 0];
    for (let t = 0; t < 12; t++) {
      const free = make({});
      free.setParameters(
        Object.fromEntries(Object.entries(bounded.parameters).map(([name, p]) => [name, p.data.slice()])),
      );
      const batch = { x: x.slice(0, 4), y: y.slice(0, 4) };
      free.step(batch);
      bounded.step(batch);
      for (const [name, { data: w, shape }] of Object.entries(free.parameters)) {
        const got = bounded.parameters[name].data;
        const columns = shape[shape.length - 1];
        const norms = normsOf(w, columns);
        w.forEach((v, i) => {
          const norm = name.endsWith("weight") ? norms[i % columns] : 0;
          if (norm <= most) {
            kept++;
            expect(Object.is(got[i], v)).toBe(true);
          } else {
            scaled++;
            expect(Math.abs(got[i] - (v * most) / norm)).toBeLessThan(1e-6);
          }
        });
        if (name.endsWith("weight"))
          for (const norm of normsOf(got, columns)) expect(norm).toBeLessThanOrEqual(most * (1 + 1e-6));
      }
    }
    expect(Math.min(scaled, kept)).toBeGreaterThan(20);
  });

  it("bounds filters of convolutions, vectors that are named, each with its own bound, in every group", () => {
    const net = sequential({ input: [4, 4, 2], seed: 1 }, [
      conv2d(3, { kernel: 2, name: "conv" }),
      flatten(),
      dropout(0.2),
      dense(2, { name: "head" }),
    ]);
    const trainer = compile(net, {
      loss: meanSquaredError(),
      optimizer: adamW({ learningRate: 0.1, groups: [{ match: /head/, learningRate: 0.3 }] }),
      constraints: [
        maxNorm(0.3, { parameters: ["conv"] }),
        maxNorm(0.05, { parameters: ["head.bias"] }),
        maxNorm(0.7, { parameters: ["head"] }),
      ],
      averageWeights: { decay: 0.5 },
    });
    const rows = Array.from({ length: 6 }, (_, i) =>
      Float32Array.from({ length: 32 }, (_v, j) => Math.sin(i * j)),
    );
    const images = { data: Float32Array.from(rows.flatMap((row) => [...row])), shape: [6, 4, 4, 2] };
    trainer.fitSync({ x: images as never, y: y.slice(0, 6) }, { epochs: 5 });
    const { "conv.weight": conv, "head.weight": head, "head.bias": bias } = trainer.parameters;
    for (const norm of normsOf(conv.data, 3)) expect(norm).toBeLessThanOrEqual(0.3 * (1 + 1e-6));
    for (const norm of normsOf(head.data, 2)) expect(norm).toBeLessThanOrEqual(0.7 * (1 + 1e-6));
    const [norm] = normsOf(bias.data, 1);
    expect(norm).toBeLessThanOrEqual(0.05 * (1 + 1e-6));
    expect(norm).toBeGreaterThan(0.04);
    // The average is of what was bounded.
    const averaged = load(trainer.save({ weights: "average" }), { uses: [conv2d, dropout] });
    for (const one of normsOf(averaged.parameters["conv.weight"].data, 3))
      expect(one).toBeLessThanOrEqual(0.3 * (1 + 1e-6));
  });

  it("leaves what is not finite to the guard: the state stays", () => {
    const trainer = make({ constraints: [maxNorm(1)] });
    trainer.setParameters({ "second.weight": new Float32Array(10).fill(3e38) });
    const digest = trainer.digest();
    expect(() => trainer.fitSync(data, { epochs: 2 })).toThrow("every number must stay finite");
    expect(trainer.digest()).toBe(digest);
  });
});

const everything = () => ({
  penalties: [l2(0.01), l1(0.02, { parameters: ["first"] })],
  constraints: [maxNorm(0.9, { parameters: ["second"] })],
});
const penal = () =>
  sequential({ input: [3], seed: 2 }, [
    dense(5, { name: "first" }),
    activityPenalty({ l1: 0.01 }),
    dense(2, { name: "second" }),
  ]);
const uses = [activityPenalty, l1, l2, maxNorm];

describe("penalties and constraints", () => {
  it("have the bits of any slicing, of states and of files", async () => {
    const whole = make(everything(), penal());
    whole.fitSync(data, { epochs: 10 });
    const sliced = make(everything(), penal());
    await sliced.fit(data, { epochs: 5 });
    const again = make(everything(), penal());
    again.restore(sliced.state());
    const bytes = sliced.save({ training: true });
    const file = loadTrainer(bytes, { uses });
    const given = loadTrainer(bytes, { uses: [activityPenalty], ...everything() });
    const twice = loadTrainer(file.save({ training: true }), { uses });
    for (const one of [sliced, again, file, given, twice]) {
      await one.fit(data as never, { epochs: 5 });
      expect(one.digest({ training: true })).toBe(whole.digest({ training: true }));
    }
    expect(load(whole.save(), { uses }).predict(x).data).toEqual(whole.predict(x).data);
  });

  it("are named where a file needs them, and may be left out by name", () => {
    const bytes = make(everything(), penal()).save({ training: true });
    expect(() => loadTrainer(bytes)).toThrow(
      "the model needs ops that only pages with activityPenalty carry",
    );
    expect(() => loadTrainer(bytes, { uses: [activityPenalty, l2] })).toThrow(
      "loadTrainer: a file with penalties of l1 needs it in uses, or penalties in the options: uses: [l1]; got none: " +
        'import { l1 } from "wasmgrad"',
    );
    expect(() => loadTrainer(bytes, { uses: [activityPenalty], penalties: [] })).toThrow(
      "a file with constraints of maxNorm needs it in uses",
    );
    const without = loadTrainer(bytes, { uses: [activityPenalty], penalties: [], constraints: [] });
    const plain = make({}, penal());
    for (const one of [without, plain]) one.fitSync(data as never, { epochs: 2 });
    expect(without.digest()).toBe(plain.digest());
  });

  it("are each program's own where several have one space", () => {
    const critic = sequential({ input: [2], seed: 1 }, [dense(3), dense(1)]);
    const judge = () => nested(critic, { name: "critic" });
    const settings = () => ({
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.1 }),
      penalties: [l2(0.1)],
      constraints: [maxNorm(0.2)],
    });
    const { maker, judges } = compileTogether({
      maker: {
        ...settings(),
        model: sequential({ input: [2] }, [dense(2, { name: "maker" }), judge()]),
        freeze: ["critic"],
      },
      judges: { ...settings(), model: sequential({ input: [2] }, [judge()]) },
    });
    const rows = { x: [[1, 2]], y: [[1]] };
    const frozen = judges.digest();
    maker.step(rows);
    expect(judges.digest()).toBe(frozen);
    const { "maker.weight": w } = maker.parameters;
    for (const norm of normsOf(w.data, 2)) expect(norm).toBeLessThanOrEqual(0.2 * (1 + 1e-6));
    judges.step(rows);
    for (const norm of normsOf(judges.parameters["critic.dense1.weight"].data, 3))
      expect(norm).toBeLessThanOrEqual(0.2 * (1 + 1e-6));
  });

  it("say what is wrong with their settings", () => {
    expect(() => l2(-1)).toThrow("l2: strength, the first argument, must be a finite number >= 0");
    expect(() => l1(Number.NaN)).toThrow("l1: strength, the first argument, must be a finite number >= 0");
    expect(() => l2(Number.POSITIVE_INFINITY)).toThrow("must be a finite number >= 0");
    expect(() => maxNorm(0)).toThrow("maxNorm: most, the first argument, must be a finite number > 0");
    expect(() => l2(1, { parameters: [] })).toThrow(
      'l2: parameters must be an array of names, such as ["dense1"]; got an array of 0',
    );
    expect(() => l2(1, { parameters: "first" as never })).toThrow("l2: parameters must be an array of names");
    expect(() => activityPenalty({})).toThrow("activityPenalty: one of l1 and l2 must be above 0");
    expect(() => activityPenalty({ l1: -1, name: "small" })).toThrow("l1 must be a finite number >= 0");
  });

  it("say what is wrong with their parameters", () => {
    const named = (...parameters: string[]) =>
      make({ penalties: [l2(1, { parameters })], freeze: ["second"] });
    expect(() => named("firs")).toThrow(
      'compile: l2: parameters must name layers or parameters of the model; got "firs": did you mean "first"? ' +
        "it has first.weight, first.bias, second.weight, second.bias",
    );
    expect(() => named("first.wieght")).toThrow('did you mean "first.weight"?');
    expect(() => named("second")).toThrow(
      'compile: l2: parameters must name what trains; got "second", which is frozen',
    );
    expect(() => named("first", "second.bias")).toThrow('got "second.bias", which is frozen');
    const net = sequential({ input: [3] }, [batchNorm(), dense(2)]);
    expect(() => make({ constraints: [maxNorm(1, { parameters: ["batchNorm1"] })] }, net)).toThrow(
      'compile: maxNorm: parameters must name layers with weights, or other parameters by their whole names; got "batchNorm1", which has',
    );
    const mean = Object.keys(compile(net).parameters).find((name) => /mean/i.test(name)) as string;
    expect(() => make({ penalties: [l1(1, { parameters: [mean] })] }, net)).toThrow("which no loss trains");
  });

  it("are arrays of what their functions give, and need a trainer", () => {
    const rule = "compile: penalties must be an array of what l1() and l2() give, such as [l2(1e-4)]; got ";
    for (const penalties of [l2(1), [l2], [maxNorm(1)], ["l2"], 0.1])
      expect(() => make({ penalties: penalties as unknown as Penalty[] })).toThrow(rule);
    expect(() => make({ constraints: [l2(1)] as never })).toThrow(
      "compile: constraints must be an array of what maxNorm() gives, such as [maxNorm(3)]; got ",
    );
    expect(() => compile(twoLayers(), { penalties: [l2(1)] } as never)).toThrow(
      "compile: penalties needs loss and optimizer",
    );
  });
});
