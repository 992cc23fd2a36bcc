/** Layers that know training from its use: what they do in a fit, beside one, and across a resumed one. */
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  activation,
  adam,
  batchNorm,
  compile,
  crossEntropy,
  DataError,
  dense,
  dropout,
  embedding,
  flatten,
  type Layer,
  layerNorm,
  meanSquaredError,
  model,
  NonFiniteError,
  OptionError,
  type Result,
  StateError,
  sequential,
  sgd,
  TraceError,
  type TrainOptions,
} from "../../src/index.ts";
import { directoryOf, firstDifference } from "../../src/program/directory.ts";
import { classes, noise, slowClock, stateDigest } from "../fixtures.ts";

const net = (layers: readonly Layer[], seed = 3) =>
  sequential({ input: [5], seed }, [dense(8), ...layers, dense(3, { activation: "softmax" })]);
const trainerWith = (layers: readonly Layer[], options: Partial<TrainOptions> = {}, seed?: number) =>
  compile(net(layers, seed), {
    loss: crossEntropy(),
    optimizer: adam({ learningRate: 0.01 }),
    batchSize: 8,
    ...options,
  });

const data = classes(37);
type Trainer = ReturnType<typeof trainerWith>;
const of = ({ parameters }: Pick<Trainer, "parameters">, name: string) => [...parameters[name].data];
const numbers = (result: Result) => [...result.data];

afterEach(() => {
  vi.restoreAllMocks();
});

const kinds: Record<string, () => Layer[]> = {
  dropout: () => [dropout(0.3)],
  batchNorm: () => [batchNorm(), activation("relu")],
  layerNorm: () => [layerNorm(), activation("relu")],
  "all of them": () => [batchNorm(), dropout(0.3), dense(8), layerNorm(), dropout(0.1)],
};

describe.each(Object.entries(kinds))("training with %s", (_, layers) => {
  it("lowers the loss", () => {
    const trainer = trainerWith(layers());
    const before = trainer.evaluate(data).loss;
    trainer.fitSync(data, { epochs: 60 });
    expect(trainer.evaluate(data).loss).toBeLessThan(before * 0.7);
  });

  it("has the same bits in one fit, in slices, and resumed elsewhere from a state in the middle of an epoch", () => {
    for (const options of [{}, { accumulate: 2 }]) {
      const whole = trainerWith(layers(), options);
      whole.fitSync(data, { epochs: 4 });
      const expected = stateDigest(whole);

      slowClock();
      const sliced = trainerWith(layers(), options);
      const states: { state: Uint8Array; epochs: number }[] = [];
      sliced.fitSync(data, {
        epochs: 4,
        onProgress: ({ epochs }) => states.push({ state: sliced.state(), epochs }),
      });
      vi.restoreAllMocks();
      expect(stateDigest(sliced)).toBe(expected);
      expect(states.length).toBeGreaterThan(10);

      for (const { state, epochs } of states.slice(0, -1)) {
        const resumed = trainerWith(layers(), options, 99);
        resumed.restore(state);
        resumed.fitSync(data, { epochs: 4 - epochs });
        expect(stateDigest(resumed)).toBe(expected);
      }
    }
  });

  it("is left alone by predict, evaluate and snapshots between its slices", () => {
    const plain = trainerWith(layers());
    plain.fitSync(data, { epochs: 3 });
    slowClock();
    const watched = trainerWith(layers());
    let looks = 0;
    watched.fitSync(data, {
      epochs: 3,
      onProgress: () => {
        looks++;
        const before = stateDigest(watched);
        const scores = numbers(watched.predict(data.x));
        watched.evaluate(data);
        watched.snapshot().dispose();
        expect(numbers(watched.predict(data.x))).toEqual(scores);
        expect(stateDigest(watched)).toBe(before);
      },
    });
    vi.restoreAllMocks();
    expect(looks).toBeGreaterThan(10);
    expect(stateDigest(watched)).toBe(stateDigest(plain));
  });

  it("predicts the same in a trainer, a snapshot and a predictor of the state, whatever the batch", () => {
    const trainer = trainerWith(layers());
    trainer.fitSync(data, { epochs: 3 });
    const scores = numbers(trainer.predict(data.x));
    expect(numbers(trainer.snapshot().predict(data.x))).toEqual(scores);
    const predictor = compile(net(layers(), 5), { batchSize: 64 });
    predictor.restore(trainer.state());
    expect(numbers(predictor.predict(data.x))).toEqual(scores);
  });
});

describe("dropout", () => {
  it("does nothing outside training", () => {
    const [plain, dropping] = [[], [dropout(0.9)]].map((layers) => trainerWith(layers));
    expect(numbers(dropping.predict(data.x))).toEqual(numbers(plain.predict(data.x)));
    expect(dropping.evaluate(data)).toEqual(plain.evaluate(data));
  });

  it("drops other elements in each step, and of each of two dropouts", () => {
    const losses = (layers: Layer[]) => {
      const trainer = trainerWith(layers, { optimizer: sgd({ learningRate: 0 }) });
      return [0, 1, 2, 3].map(() => trainer.step({ x: data.x.subarray(0, 40), y: data.y.slice(0, 8) }).loss);
    };
    expect(new Set(losses([dropout(0.5)])).size).toBe(4);
    expect(new Set(losses([])).size).toBe(1);
    // The second one would drop what the first one has dropped already.
    expect(losses([dropout(0.5), dropout(0.5)])).not.toEqual(losses([dropout(0.5)]));
  });

  it("draws the same whatever else the model holds", () => {
    const made = (unused: boolean) =>
      compile(
        model({ inputs: { x: [5] }, seed: 3 }, ({ x }) => {
          if (unused) dropout(0.4)(x);
          return dense(3, { name: "last" })(dropout(0.5, { name: "used" })(x));
        }),
        { loss: crossEntropy({ fromLogits: true }), optimizer: adam(), batchSize: 8 },
      );
    const [plain, extra] = [made(false), made(true)];
    for (const trainer of [plain, extra]) trainer.fitSync({ x: { x: data.x }, y: data.y }, { epochs: 2 });
    expect(extra.digest()).toBe(plain.digest());
    extra.restore(plain.state());
  });

  it.each([1, -0.1, Number.NaN, "half"])("refuses a rate of %s", (rate) => {
    expect(() => dropout(rate as number)).toThrow(OptionError);
  });
});

describe("batchNorm", () => {
  const one = (options: Partial<TrainOptions> = {}, momentum = 0.75) =>
    compile(sequential({ input: [2] }, [batchNorm({ momentum, name: "norm" }), dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0 }),
      batchSize: 4,
      ...options,
    });
  const x = [
    [1, 10],
    [2, 30],
    [4, 20],
    [9, 40],
  ];
  const y = [0, 0, 0, 0];

  it("moves its statistics once a step, by the mean and the variance of m - 1", () => {
    const trainer = one();
    trainer.step({ x, y });
    // Means 4 and 25; sums of squared distances 38 and 500.
    expect(of(trainer, "norm.runningMean")).toEqual([1, 6.25]);
    const expected = [38, 500].map((sum) => 1 + 0.25 * (sum / 3 - 1));
    of(trainer, "norm.runningVariance").forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 4);
    });
    trainer.step({ x, y });
    expect(of(trainer, "norm.runningMean")).toEqual([1.75, 10.9375]);
  });

  it("leaves them alone in gradients", () => {
    const trainer = one();
    trainer.step({ x, y });
    const before = stateDigest(trainer);
    trainer.gradients({ x, y });
    expect(stateDigest(trainer)).toBe(before);
  });

  it("moves them once a group with accumulate", () => {
    const trainer = one({ accumulate: 2 });
    trainer.fitSync({ x: [...x, ...x], y: [...y, ...y] }, { epochs: 1, shuffle: false });
    expect(of(trainer, "norm.runningMean")).toEqual([1, 6.25]);
  });

  it("predicts by the running statistics", () => {
    const trainer = one({}, 0);
    trainer.step({ x, y });
    const { data: w } = trainer.parameters["dense1.weight"];
    const expected = x.map(
      ([a, b]) => ((a - 4) / Math.sqrt(38 / 3 + 1e-5)) * w[0] + ((b - 25) / Math.sqrt(500 / 3 + 1e-5)) * w[1],
    );
    numbers(trainer.predict(x)).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 5);
    });
  });

  it("may be used twice, and each use moves the statistics", () => {
    const norm = batchNorm({ momentum: 0.75, name: "norm" });
    const shared = compile(
      model({ inputs: { a: [2], b: [2] } }, ({ a, b }) => ({ y: dense(1)(norm(a).add(norm(b))) })),
      { loss: meanSquaredError(), optimizer: sgd({ learningRate: 0 }), batchSize: 4 },
    );
    const other = x.map(([a, b]) => [a + 4, b]);
    shared.step({ x: { a: x, b: other }, y });
    expect(of(shared, "norm.runningMean")).toEqual([1 * 0.75 + 0.25 * 8, 6.25 * 0.75 + 6.25]);
  });

  it("keeps its variance where a batch has one row, which has none: a short last batch does not pull it to 0", () => {
    const trainer = one();
    trainer.step({ x, y });
    const [mean, variance] = ["norm.runningMean", "norm.runningVariance"].map((name) => of(trainer, name));
    trainer.step({ x: [[9, 10]], y: [0] });
    expect(of(trainer, "norm.runningVariance")).toEqual(variance);
    expect(of(trainer, "norm.runningMean")).toEqual(mean.map((m, i) => m + 0.25 * ([9, 10][i] - m)));
  });

  it("is told from one with another momentum by its state", () => {
    expect(() => one({}, 0.5).restore(one({}, 0.25).state())).toThrow(StateError);
    one({}, 0.5).restore(one({}, 0.5).state());
  });

  it("says in its state which statistic is which average's", () => {
    const { plan, u8 } = one().program;
    const own = directoryOf(plan, {}, u8);
    const { updates = {} } = own.computation;
    expect(Object.keys(updates)).toEqual(["norm.runningMean", "norm.runningVariance"]);
    const swapped = {
      "norm.runningMean": updates["norm.runningVariance"],
      "norm.runningVariance": updates["norm.runningMean"],
    };
    const other = { ...own, computation: { ...own.computation, updates: swapped } };
    expect(firstDifference(own, own, true)).toBeUndefined();
    expect(firstDifference(own, other, true)?.[0]).toMatch(
      /^the state must be of this model, whose updates are /,
    );
  });

  it("is shown with its output, not with its statistics", () => {
    expect(sequential({ input: [4] }, [batchNorm()]).summary()).toMatch(/batchNorm1 +\[rows, 4\]/);
  });

  it("gives the statistics back when a step is undone", () => {
    const trainer = one();
    trainer.step({ x, y });
    const before = stateDigest(trainer);
    // Its variance overflows, the loss does not: numbers normalized by it are 0.
    const huge = x.map(([a, b]) => [a * 3e37, b]);
    expect(() => trainer.step({ x: huge, y })).toThrow(NonFiniteError);
    expect(stateDigest(trainer)).toBe(before);
  });

  it("is no parameter of the optimizer where it holds statistics", () => {
    const trainer = trainerWith([batchNorm({ name: "norm" })]);
    const grouped = trainer.program.plan.variables.filter(({ name }) => name.startsWith("norm."));
    expect(grouped.map(({ name, role }) => [name, role])).toEqual([
      ["norm.gamma", "trained"],
      ["norm.beta", "trained"],
      ["norm.runningMean", "state"],
      ["norm.runningVariance", "state"],
    ]);
  });
});

describe("a negative running variance", () => {
  const name = "norm.runningVariance";
  const normed = () =>
    compile(sequential({ input: [2] }, [batchNorm({ name: "norm" })]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });

  it("cannot be set, of a trainer or a predictor", () => {
    const trainer = normed();
    for (const program of [trainer, trainer.snapshot()]) {
      expect(() => program.setParameters({ "norm.runningMean": [-1, 1], [name]: [1, -1] })).toThrow(
        new DataError(`setParameters: ${name}: numbers must be >= 0; got -1 at index 1`),
      );
      expect(of(program, "norm.runningMean")).toEqual([0, 0]);
      program.setParameters({ "norm.runningMean": [-1, 1], [name]: [0, 2] });
      expect(of(program, name)).toEqual([0, 2]);
    }
  });

  it("is refused in states, by a trainer and a predictor", () => {
    const broken = normed();
    broken.parameters[name].data[1] = -1;
    const state = broken.state();
    const trainer = normed();
    for (const program of [trainer, trainer.snapshot(), compile(trainer.toModel())]) {
      const before = program.digest();
      expect(() => program.restore(state)).toThrow(
        new StateError(`restore: ${name} of a state must not be negative; got -1`),
      );
      expect(program.digest()).toBe(before);
    }
  });
});

describe("embedding", () => {
  const sentences = Int32Array.from({ length: 60 }, (_, i) => (i * 7 + (i >> 2)) % 11);
  const y = Array.from({ length: 20 }, (_, row) => (sentences[row * 3] > 5 ? 1 : 0));
  const words = () =>
    compile(
      sequential({ input: { shape: [3], dtype: "i32" }, seed: 2 }, [
        embedding(11, 4, { name: "words" }),
        flatten(),
        dense(2, { activation: "softmax" }),
      ]),
      { loss: crossEntropy(), optimizer: adam({ learningRate: 0.05 }), batchSize: 8 },
    );
  const rows = Array.from({ length: 20 }, (_, row) => [...sentences.subarray(row * 3, row * 3 + 3)]);

  it("learns, with the same bits from rows and from typed arrays, shuffled or not", () => {
    const flat = words();
    flat.fitSync({ x: sentences, y }, { epochs: 40 });
    expect(flat.evaluate({ x: sentences, y }).accuracy).toBe(1);
    const nested = words();
    nested.fitSync({ x: rows, y }, { epochs: 40 });
    expect(stateDigest(nested)).toBe(stateDigest(flat));
    expect(numbers(nested.predict(rows))).toEqual(numbers(flat.predict(sentences)));
  });

  it("looks rows of its table up", () => {
    const table = compile(
      sequential({ input: { shape: [2], dtype: "i32" } }, [embedding(5, 3, { name: "t" })]),
    );
    const { data: t } = table.parameters["t.table"];
    const found = numbers(table.predict([[4, 1]]));
    expect(found).toEqual([...t.subarray(12, 15), ...t.subarray(3, 6)]);
  });

  it("starts its table by the name of an initializer", () => {
    const input = { shape: [2], dtype: "i32" } as const;
    const { parameters } = compile(
      sequential({ input }, [embedding(2, 3, { name: "t", tableInitializer: "ones" })]),
    );
    expect([...parameters["t.table"].data]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("refuses ids that the table does not have, and stays as it was", () => {
    const trainer = words();
    const before = stateDigest(trainer);
    const said = new DataError(
      "predict: x: ids must be whole numbers from 0 to 10; got 11 at row 1, column 2 (ids count from 0)",
      "label",
    );
    const bad = [
      [0, 1, 2],
      [3, 4, 11],
    ];
    expect(() => trainer.fitSync({ x: bad, y: [0, 1] })).toThrow(DataError);
    expect(() => trainer.step({ x: bad, y: [0, 1] })).toThrow(DataError);
    expect(() => trainer.evaluate({ x: bad, y: [0, 1] })).toThrow(DataError);
    expect(() => trainer.predict(bad)).toThrow(said);
    expect(stateDigest(trainer)).toBe(before);
  });

  it("refuses ids that the table does not have where the loss does not reach the lookup", () => {
    const twoOutputs = model({ inputs: { x: [1], ids: { shape: [1], dtype: "i32" } } }, ({ x, ids }) => ({
      a: dense(1)(x),
      e: flatten()(embedding(3, 2)(ids)),
    }));
    const trainer = compile(twoOutputs, { loss: { a: meanSquaredError() }, optimizer: sgd() });
    const data = { x: { x: [[1]], ids: [[99]] }, y: { a: [[1]] } };
    const rule = "x.ids: ids must be whole numbers from 0 to 2; got 99 at row 0, column 0";
    expect(() => trainer.step(data)).toThrow(new DataError(`step: ${rule}`, "label"));
    expect(() => trainer.evaluate(data)).toThrow(new DataError(`evaluate: ${rule}`, "label"));
    expect(() => trainer.predict(data.x)).toThrow(new DataError(`predict: ${rule}`, "label"));
  });

  it("refuses ids that i32 cannot hold, even if nobody looks them up", () => {
    const unread = model({ inputs: { x: [1], ids: { shape: [1], dtype: "i32" } } }, ({ x }) => dense(1)(x));
    const predictor = compile(unread);
    expect(() => predictor.predict({ x: [[1]], ids: [[2 ** 31]] })).toThrow(
      new DataError(
        "predict: x.ids: ids must be whole numbers from 0 to 2147483647; got 2147483648 at row 0, column 0 (ids count from 0)",
        "label",
      ),
    );
    expect(predictor.predict({ x: [[1]], ids: [[2 ** 31 - 1]] }).shape).toEqual([1, 1]);
  });

  it("needs ids, and nothing else takes them", () => {
    expect(() => sequential({ input: [3] }, [embedding(5, 2)])).toThrow(TraceError);
    expect(() => sequential({ input: { shape: [3], dtype: "i32" } }, [dense(2)])).toThrow(TraceError);
    expect(() => sequential({ input: { shape: [3], dtype: "f64" as never } }, [dense(2)])).toThrow(
      OptionError,
    );
  });
});

describe("layerNorm", () => {
  it("gives each row mean 0 and variance 1, alone or in a batch", () => {
    const predictor = compile(sequential({ input: [33] }, [layerNorm()]), { batchSize: 8 });
    const rows = noise(33 * 8);
    const whole = predictor.predict(rows).data;
    for (let row = 0; row < 8; row++) {
      const y = whole.subarray(row * 33, row * 33 + 33);
      expect(y.reduce((sum, v) => sum + v, 0) / 33).toBeCloseTo(0, 5);
      expect(y.reduce((sum, v) => sum + v * v, 0) / 33).toBeCloseTo(1, 3);
      expect(predictor.predict(rows.subarray(row * 33, row * 33 + 33)).data).toEqual(y);
    }
  });
});
