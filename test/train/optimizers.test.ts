import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type Activation,
  adadelta,
  adagrad,
  adam,
  adamW,
  amsgrad,
  compile,
  dense,
  embedding,
  flatten,
  gru,
  layerNorm,
  lion,
  loadTrainer,
  meanSquaredError,
  nadam,
  type Optimizer,
  OptionError,
  rmsprop,
  rprop,
  sequential,
  sgd,
} from "../../src/index.ts";
import { lineTrainer, thrownBy } from "../fixtures.ts";

interface Run {
  readonly name: string;
  readonly optimizer: "sgd" | "adam" | "adamw" | keyof typeof OTHERS;
  readonly options: {
    readonly learningRate: number;
    readonly momentum?: number;
    readonly nesterov?: boolean;
    readonly beta1?: number;
    readonly beta2?: number;
    readonly epsilon?: number;
    readonly epsilonInsideRoot?: boolean;
    readonly biasCorrection?: boolean;
    readonly weightDecay?: number;
    readonly amsgrad?: boolean;
    readonly groups?: readonly { match: string; learningRate: number; weightDecay: number }[];
  };
  readonly losses: number[];
  readonly parameters: Record<string, number[]>[];
}
const recorded = JSON.parse(readFileSync(new URL("../vectors/optimizers.json", import.meta.url), "utf8")) as {
  inputs: number;
  layers: { name: string; units: number; activation: Activation }[];
  shapes: Record<string, number[]>;
  x: number[][];
  y: number[][];
  initial: Record<string, number[]>;
  loss: number;
  gradients: Record<string, number[]>;
  runs: Run[];
};
const data = { x: recorded.x, y: recorded.y };

const OTHERS = { rmsprop, adagrad, adadelta, nadam, lion, rprop };

function optimizerOf({ optimizer, options }: Run): Optimizer {
  if (optimizer === "sgd") return sgd(options);
  if (optimizer !== "adam" && optimizer !== "adamw") return OTHERS[optimizer](options);
  const { epsilonInsideRoot, groups = [], amsgrad: isAmsgrad, ...rest } = options;
  const settings = {
    ...rest,
    epsilonMode: epsilonInsideRoot ? ("inside" as const) : ("outside" as const),
    ...(isAmsgrad ? { amsgrad } : {}),
  };
  if (optimizer === "adam") return adam(settings);
  return adamW({
    ...settings,
    groups: groups.map((group) => ({ ...group, match: new RegExp(group.match) })),
  });
}

function trainerOf(optimizer: Optimizer, options: { batchSize?: number; accumulate?: number } = {}) {
  const trainer = compile(
    sequential(
      { input: [recorded.inputs] },
      recorded.layers.map(({ name, units, activation }) => dense(units, { name, activation })),
    ),
    { loss: meanSquaredError(), optimizer, ...options },
  );
  trainer.setParameters(
    Object.fromEntries(
      Object.entries(recorded.initial).map(([name, values]) => [
        name,
        { data: values, shape: recorded.shapes[name] },
      ]),
    ),
  );
  return trainer;
}

const follows = (got: Float32Array, reference: readonly number[], where: string) => {
  expect(got).toHaveLength(reference.length);
  got.forEach((w, i) => {
    const ref = reference[i];
    expect(Math.abs(w - ref), `${where}[${i}]: ${w} for ${ref}`).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(ref)),
    );
  });
};

describe("ten steps follow the trajectory recorded in double precision", () => {
  for (const run of recorded.runs) {
    it(`${run.name}, by step`, () => {
      const trainer = trainerOf(optimizerOf(run));
      run.parameters.forEach((after, t) => {
        expect(trainer.step(data).loss).toBeCloseTo(run.losses[t], 5);
        for (const [name, values] of Object.entries(after))
          follows(trainer.parameters[name].data, values, `${name} after step ${t + 1}`);
      });
    });

    it(`${run.name}, by one fitSync of ten epochs, with the bits of ten steps`, () => {
      const fitted = trainerOf(optimizerOf(run));
      const stepped = trainerOf(optimizerOf(run));
      const { history } = fitted.fitSync(data, { epochs: 10 });
      const losses = run.losses.map(() => stepped.step(data).loss);
      expect(history.loss).toEqual(losses);
      expect(fitted.digest()).toBe(stepped.digest());
    });
  }

  it("starts from the recorded loss and gradients", () => {
    const { loss, gradients } = trainerOf(sgd()).gradients(data);
    expect(loss).toBeCloseTo(recorded.loss, 6);
    for (const [name, values] of Object.entries(recorded.gradients))
      follows(gradients[name].data, values, `gradient of ${name}`);
  });
});

describe("each optimizer goes on to the bit", () => {
  const made: Record<string, () => Optimizer> = {
    rmsprop: () => rmsprop({ momentum: 0.9, centered: true }),
    adagrad,
    adadelta,
    nadam,
    "adam amsgrad": () => adam({ amsgrad }),
    "adamW amsgrad": () => adamW({ amsgrad, groups: [{ match: /bias$/, weightDecay: 0 }] }),
    lion: () => lion({ weightDecay: 0.1 }),
    rprop,
  };
  const uses = [rmsprop, adagrad, adadelta, nadam, amsgrad, lion, rprop];
  for (const [name, make] of Object.entries(made))
    it(`${name}: from a state, from a file, in groups of passes`, () => {
      for (const accumulate of [1, 2]) {
        const of = () => trainerOf(make(), { batchSize: 3, accumulate });
        const whole = of();
        whole.fitSync(data, { epochs: 9 });
        const first = of();
        first.fitSync(data, { epochs: 4 });
        const restored = of();
        restored.restore(first.state());
        const file = first.save({ training: true });
        const loaded = [loadTrainer(file, { uses }), loadTrainer(file, { optimizer: make() })];
        for (const trainer of [restored, ...loaded]) {
          expect(trainer.steps).toBe(first.steps);
          trainer.fitSync(data as never, { epochs: 5 });
          expect(trainer.digest({ training: true })).toBe(whole.digest({ training: true }));
        }
      }
    });

  it("is refused by a file's trainer without it, by name", () => {
    const file = trainerOf(nadam()).save({ training: true });
    expect(thrownBy(() => loadTrainer(file)).message).toContain("uses: [nadam]");
    expect(
      thrownBy(() => loadTrainer(trainerOf(adam({ amsgrad })).save({ training: true }))).message,
    ).toContain("uses: [amsgrad]");
  });

  it("is told from one with other settings, whose moments it does not take", () => {
    const saved = trainerOf(rmsprop()).state();
    expect(() => trainerOf(rmsprop({ rho: 0.9 })).restore(saved)).toThrow("same optimizer");
    expect(() => trainerOf(adadelta()).restore(saved)).toThrow("same optimizer");
    expect(() => trainerOf(adam()).restore(trainerOf(adam({ amsgrad })).state())).toThrow("same optimizer");
  });
});

describe('adamW({ decay: "weights" })', () => {
  const net = () =>
    sequential({ input: { shape: [3], dtype: "i32" }, seed: 5 }, [
      embedding(7, 4),
      layerNorm(),
      flatten(),
      dense(5, { activation: "tanh" }),
      dense(2),
    ]);
  const rows = {
    x: [
      [0, 1, 2],
      [3, 4, 5],
    ],
    y: [
      [1, 2],
      [3, 4],
    ],
  };
  const of = (optimizer: Optimizer) => compile(net(), { loss: meanSquaredError(), optimizer });
  const rates = { learningRate: 0.01, weightDecay: 0.3 };

  it("decays weights alone: the bits of groups that say so by name", () => {
    const short = of(adamW({ ...rates, decay: "weights" }));
    const long = of(adamW({ ...rates, groups: [{ match: /bias$|layerNorm1|embedding1/, weightDecay: 0 }] }));
    const all = of(adamW(rates));
    for (const trainer of [short, long, all]) trainer.fitSync(rows, { epochs: 20 });
    expect(short.digest()).toBe(long.digest());
    expect(short.digest()).not.toBe(all.digest());
    for (const name of Object.keys(short.parameters))
      expect(short.parameters[name].data).toEqual(long.parameters[name].data);
  });

  it("leaves recurrent biases without decay", () => {
    const trainer = compile(sequential({ input: [4, 2] }, [gru(3), dense(1)]), {
      loss: meanSquaredError(),
      optimizer: adamW({ learningRate: 0, weightDecay: 0.3, decay: "weights" }),
    });
    const groups = trainer.program.plan.variables.map(({ name, group }) => [name, group]);
    expect(Object.fromEntries(groups)).toEqual({
      "gru1.weight": 1,
      "gru1.recurrentWeight": 1,
      "gru1.bias": 0,
      "gru1.recurrentBias": 0,
      "dense1.weight": 1,
      "dense1.bias": 0,
    });
  });

  it("is the default's bits where everything is a weight, keeps own groups first, and goes through files", () => {
    const plain = (optimizer: Optimizer) =>
      compile(sequential({ input: [3] }, [dense(2, { bias: false })]), {
        loss: meanSquaredError(),
        optimizer,
      });
    const numbers = { x: [[1, 2, 3]], y: [[1, 2]] };
    const [weights, all] = [plain(adamW({ ...rates, decay: "weights" })), plain(adamW(rates))];
    for (const trainer of [weights, all]) trainer.fitSync(numbers, { epochs: 5 });
    expect(weights.digest()).toBe(all.digest());

    const own = { match: /dense1.bias/, weightDecay: 0.9 };
    const grouped = of(adamW({ ...rates, decay: "weights", groups: [own] }));
    const same = of(
      adamW({ ...rates, groups: [own, { match: /bias$|layerNorm1|embedding1/, weightDecay: 0 }] }),
    );
    for (const trainer of [grouped, same]) trainer.fitSync(rows, { epochs: 5 });
    expect(grouped.digest()).toBe(same.digest());
    const loaded = loadTrainer(grouped.save({ training: true }), { uses: [embedding, layerNorm] });
    for (const trainer of [grouped, loaded]) trainer.fitSync(rows as never, { epochs: 5 });
    expect(loaded.digest({ training: true })).toBe(grouped.digest({ training: true }));
  });

  it("refuses another word", () => {
    expect(thrownBy(() => adamW({ decay: "biases" as never })).message).toBe(
      'adamW: decay must be "all" or "weights"; got "biases"',
    );
  });
});

describe("settings at the ends of their ranges", () => {
  // 1 - beta2 is the least there is, and what it makes of small squares of gradients is a denormal: it becomes 0.
  for (const options of [
    { epsilon: 1.2e-38, beta2: 1 - 2 ** -53 },
    { epsilon: 1.2e-38, beta2: 1 - 2 ** -53, epsilonMode: "inside" as const },
    { epsilon: 1.2e-38, beta1: 0, beta2: 0 },
    { epsilon: 1.2e-38, beta1: 1 - 2 ** -53, beta2: 1 - 2 ** -53 },
    { epsilon: 1.2e-38, beta2: 1 - 2 ** -53, biasCorrection: false },
  ])
    it(`train finitely: ${JSON.stringify(options)}`, () => {
      const trainer = trainerOf(adam(options));
      const before = trainer.digest();
      const { history } = trainer.fitSync(data, { epochs: 200 });
      expect(history.loss.every(Number.isFinite)).toBe(true);
      for (const { data: w } of Object.values(trainer.parameters))
        expect(w.every(Number.isFinite)).toBe(true);
      expect(trainer.digest()).not.toBe(before);
    });

  it("leave alone what has gradients of 0", () => {
    const trainer = trainerOf(adam({ epsilon: 1.2e-38, beta2: 1 - 2 ** -53 }));
    const zero = { x: [[0, 0, 0]], y: [[0, 0]] };
    const before = trainer.parameters["dense1.weight"].data.slice();
    for (let step = 0; step < 5; step++) trainer.step(zero);
    expect(trainer.parameters["dense1.weight"].data).toEqual(before);
  });
});

describe("options of optimizers", () => {
  for (const make of [sgd, adam, adamW, rmsprop, adagrad, adadelta, nadam, lion, rprop]) {
    for (const learningRate of [-0.1, Number.NaN, Number.POSITIVE_INFINITY])
      it(`${make.name} refuses learningRate ${learningRate}`, () => {
        const error = thrownBy(() => make({ learningRate }));
        expect(error).toBeInstanceOf(OptionError);
        expect(error.message).toBe(
          `${make.name}: learningRate must be 0, or a finite number > 0 in single precision; got ${learningRate}`,
        );
      });
    it(`${make.name} refuses a learningRate that is no number`, () => {
      expect(() => make({ learningRate: "0.1" as never })).toThrow(OptionError);
    });
  }

  const wrong: [string, () => unknown, string][] = [
    ["momentum 1", () => sgd({ momentum: 1 }), "sgd: momentum must be in [0, 1); got 1"],
    ["rho of 1", () => rmsprop({ rho: 1 }), "rmsprop: rho must be in [0, 1); got 1"],
    ["a negative start", () => adagrad({ initialAccumulator: -1 }), "adagrad: initialAccumulator must be"],
    ["etaPlus 1", () => rprop({ etaPlus: 1 }), "rprop: etaPlus must be a finite number > 1; got 1"],
    [
      "steps that cross",
      () => rprop({ minStep: 1, maxStep: 0.5 }),
      "rprop: maxStep must be at least minStep, 1; got 0.5",
    ],
    [
      "amsgrad true",
      () => adam({ amsgrad: true as never }),
      "adam: amsgrad must be the function amsgrad of this package",
    ],
    ["a call of amsgrad", () => amsgrad(), "amsgrad: must be given to an optimizer itself"],
    ["negative momentum", () => sgd({ momentum: -0.5 }), "sgd: momentum must be in [0, 1); got -0.5"],
    ["nesterov without momentum", () => sgd({ nesterov: true }), "sgd: nesterov needs momentum > 0"],
    ["beta1 of 1", () => adam({ beta1: 1 }), "adam: beta1 must be in [0, 1); got 1"],
    ["beta2 of NaN", () => adamW({ beta2: Number.NaN }), "adamW: beta2 must be in [0, 1); got NaN"],
    [
      "epsilon 0",
      () => adam({ epsilon: 0 }),
      "adam: epsilon must be a finite number >= 1.2e-38 in single precision; got 0",
    ],
    [
      "an unknown epsilonMode",
      () => adam({ epsilonMode: "under" as never }),
      'adam: epsilonMode must be "outside" or "inside"; got "under"',
    ],
    [
      "negative weightDecay",
      () => adamW({ weightDecay: -1 }),
      "adamW: weightDecay must be a finite number >= 0 in single precision; got -1",
    ],
  ];
  for (const [name, act, message] of wrong)
    it(`${name} is refused`, () => {
      const error = thrownBy(act);
      expect(error).toBeInstanceOf(OptionError);
      expect(error.message).toContain(message);
    });
});

describe("setLearningRate", () => {
  const line = { x: [[1]], y: [1] };

  it("counts from the next step on, and steps as an optimizer made with it", () => {
    const changed = lineTrainer({ optimizer: sgd({ learningRate: 0.1 }) });
    const made = lineTrainer({ optimizer: sgd({ learningRate: 0.25 }) });
    changed.setLearningRate(0.25);
    changed.fitSync(line, { epochs: 5 });
    made.fitSync(line, { epochs: 5 });
    expect(changed.digest()).toBe(made.digest());
  });

  it("belongs to the state, and reset takes it back", () => {
    const trainer = lineTrainer();
    const fresh = trainer.state();
    trainer.setLearningRate(0.5);
    const changed = trainer.state();
    trainer.reset();
    expect(trainer.state()).toEqual(fresh);
    trainer.restore(changed);
    expect(trainer.manifest()).toMatchObject({ options: { learningRate: 0.5 } });
  });

  for (const rate of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    it(`refuses ${rate} and changes nothing`, () => {
      const trainer = lineTrainer();
      const before = trainer.state();
      expect(() => trainer.setLearningRate(rate)).toThrow(
        `setLearningRate: learningRate must be 0, or a finite number > 0 in single precision; got ${rate}`,
      );
      expect(trainer.state()).toEqual(before);
    });
});
