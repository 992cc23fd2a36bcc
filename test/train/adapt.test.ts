import { afterEach, describe, expect, it, vi } from "vitest";
import {
  adam,
  BusyError,
  compile,
  crossEntropy,
  DataError,
  dense,
  flatten,
  huber,
  impute,
  inputColumns,
  meanSquaredError,
  minMax,
  model,
  NonFiniteError,
  NotFittedError,
  OptionError,
  oneHot,
  ShapeError,
  StateError,
  sequential,
  sgd,
  standardize,
  type TrainOptions,
} from "../../src/index.ts";
import { noise, slowClock, stateDigest, thrownBy } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const layers = () => [impute(), standardize(), dense(6, { activation: "tanh" }), dense(1)];

const make = (options: Partial<TrainOptions> = {}) =>
  compile(sequential({ input: [3], seed: 4 }, layers()), {
    loss: meanSquaredError(),
    optimizer: adam({ learningRate: 0.01 }),
    batchSize: 8,
    ...options,
  });

/** Rows far from 0, some of them with a hole, and what they should give. */
function rowsOf(rows: number, seed = 1) {
  const numbers = noise(rows * 3, seed);
  const x = Array.from({ length: rows }, (_, i) => [
    1000 + numbers[i * 3],
    i % 11 === 3 ? NaN : 50 * numbers[i * 3 + 1],
    numbers[i * 3 + 2] - 3,
  ]);
  const y = Array.from({ length: rows }, (_, i) => 200 + 30 * numbers[i * 3] * numbers[i * 3 + 2]);
  return { x, y };
}

const data = rowsOf(60);

/** The mean of a column, as the first block of a sum adds it. */
const meanOf = (rows: readonly number[][], column: number) => {
  const values = rows.map((row) => row[column]).filter((value) => !Number.isNaN(value));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

describe("preprocessing", () => {
  const calls: Record<string, (trainer: ReturnType<typeof make>) => unknown> = {
    predict: (trainer) => trainer.predict(data.x),
    predictAsync: (trainer) => trainer.predictAsync(data.x),
    "predict of a state": (trainer) => trainer.predict(data.x, { state: trainer.state() }),
    run: (trainer) => trainer.run(1),
    evaluate: (trainer) => trainer.evaluate(data),
    evaluateAsync: (trainer) => trainer.evaluateAsync(data),
    gradients: (trainer) => trainer.gradients({ x: [data.x[0]], y: [1] }),
    step: (trainer) => trainer.step({ x: [data.x[0]], y: [1] }),
    stepBuffers: (trainer) => trainer.stepBuffers(1),
  };
  it.each(Object.entries(calls))("must be fitted before %s", async (name, call) => {
    const trainer = make();
    const before = stateDigest(trainer);
    const error = await (async () => call(trainer))().then(
      () => undefined,
      (reason: unknown) => reason as NotFittedError,
    );
    expect(error).toBeInstanceOf(NotFittedError);
    expect(error?.code).toBe("not-fitted");
    expect(error?.message).toBe(
      `${name.split(" ")[0]}: impute1 must be fitted to rows first; got a call before that: call fit, or adapt(x)`,
    );
    expect(stateDigest(trainer)).toBe(before);
    trainer.adapt(data.x);
    await call(trainer);
  });

  it("is fitted by the first fit, to all rows, and then fixed", async () => {
    const trainer = make();
    expect(trainer.preprocessing).toEqual({});
    await trainer.fit(data, { epochs: 2 });
    const fitted = trainer.preprocessing;
    expect(fitted.impute1.value).toEqual([0, 1, 2].map((column) => meanOf(data.x, column)));
    await trainer.fit(rowsOf(40, 9), { epochs: 2 });
    trainer.step({ x: [[0, 0, 0]], y: [1] });
    expect(trainer.preprocessing).toEqual(fitted);
  });

  it("is fitted to the training rows alone where some are held back", async () => {
    const trainer = make();
    await trainer.fit(data, { validation: { last: 0.25 }, epochs: 2 });
    const training = data.x.slice(0, 45);
    expect(trainer.preprocessing.impute1.value).toEqual([0, 1, 2].map((column) => meanOf(training, column)));
    const other = make();
    await other.fit({ x: training, y: data.y.slice(0, 45) }, { epochs: 2 });
    expect(stateDigest(trainer)).toBe(stateDigest(other));
  });

  it("of rows beside the data is that of the training rows", async () => {
    const trainer = make();
    const held = rowsOf(20, 8);
    const { validation } = await trainer.fit(data, { validation: held, epochs: 3 });
    expect(validation?.loss).toBe(trainer.evaluate(held).loss);
  });

  it("gives the bits of rows that were scaled beforehand", () => {
    const trainer = make();
    trainer.fitSync(data, { epochs: 5 });
    const { impute1, standardize1 } = trainer.preprocessing;
    const scaled = data.x.map((row) =>
      row.map((value, j) => {
        const filled = Number.isNaN(value) ? impute1.value[j] : value;
        return (filled - standardize1.mean[j]) / standardize1.spread[j];
      }),
    );
    const plain = compile(sequential({ input: [3], seed: 4 }, layers().slice(2)), {
      loss: meanSquaredError(),
      optimizer: adam({ learningRate: 0.01 }),
      batchSize: 8,
    });
    plain.fitSync({ x: scaled, y: data.y }, { epochs: 5 });
    expect(trainer.digest()).toBe(plain.digest());
    expect(trainer.predict(data.x).data).toEqual(plain.predict(scaled).data);
    expect(trainer.evaluate(data)).toEqual(plain.evaluate({ x: scaled, y: data.y }));
    expect(trainer.gradients({ x: data.x.slice(0, 8), y: data.y.slice(0, 8) })).toEqual(
      plain.gradients({ x: scaled.slice(0, 8), y: data.y.slice(0, 8) }),
    );
  });

  it("has the same bits in slices, in one piece, and resumed", async () => {
    const many = rowsOf(4000, 3);
    const whole = make({ targets: "standardize" });
    whole.fitSync(many, { epochs: 2 });
    const sliced = make({ targets: "standardize" });
    const half = make({ targets: "standardize" });
    slowClock();
    await sliced.fit(many, { epochs: 2 });
    await half.fit(many, { epochs: 1 });
    const resumed = make({ targets: "standardize" });
    resumed.restore(half.state());
    await resumed.fit(many, { epochs: 1 });
    expect(stateDigest(sliced)).toBe(stateDigest(whole));
    expect(stateDigest(resumed)).toBe(stateDigest(whole));
    const adapted = make();
    const inOnePiece = make();
    await adapted.adaptAsync(many.x);
    inOnePiece.adapt(many.x);
    expect(stateDigest(adapted)).toBe(stateDigest(inOnePiece));
  });

  describe("stays unfitted after a fit that", () => {
    const fails: Record<string, [(trainer: ReturnType<typeof make>) => Promise<unknown>, unknown]> = {
      "has bad rows": [
        (trainer) => trainer.fit({ x: [...data.x, [1, Infinity, 2]], y: [...data.y, 1] }),
        DataError,
      ],
      "has bad targets": [(trainer) => trainer.fit({ x: data.x, y: data.y.slice(1) }), ShapeError],
      "has a column without values": [(trainer) => trainer.fit({ x: [[1, NaN, 2]], y: [1] }), DataError],
      "is aborted while it reads": [
        (trainer) => {
          slowClock();
          const controller = new AbortController();
          const run = trainer.fit(rowsOf(100_000), { signal: controller.signal });
          controller.abort(new Error("no more"));
          return run;
        },
        Error,
      ],
      "diverges in its first step": [
        (trainer) => {
          trainer.setParameters({ "dense2.weight": [[1e38], [1e38], [1e38], [1e38], [1e38], [1e38]] });
          return trainer.fit(data);
        },
        NonFiniteError,
      ],
      "has bad rows for validation": [
        (trainer) =>
          trainer.fit(data, {
            epochs: 3,
            validation: { x: [[1, Infinity, 2]], y: [0] },
          }),
        DataError,
      ],
    };
    it.each(Object.entries(fails))("%s", async (_name, [attempt, Kind]) => {
      const trainer = make();
      await expect(attempt(trainer)).rejects.toBeInstanceOf(Kind);
      expect(trainer.steps).toBe(0);
      expect(trainer.preprocessing).toEqual({});
      vi.restoreAllMocks();
      trainer.reset();
      trainer.fitSync(data);
      const fresh = make();
      fresh.fitSync(data);
      expect(stateDigest(trainer)).toBe(stateDigest(fresh));
    });
  });

  it("stays fitted after a fit that fails later", async () => {
    const trainer = make();
    const stop = new Error("enough");
    const onEpoch = () => {
      throw stop;
    };
    await expect(trainer.fit(data, { epochs: 3, onEpoch })).rejects.toBe(stop);
    expect(Object.keys(trainer.preprocessing)).toEqual(["impute1", "standardize1"]);
  });

  it("is forgotten by reset where fit has fitted it, and kept where adapt has", () => {
    const trainer = make();
    const fresh = stateDigest(trainer);
    trainer.fitSync(data);
    trainer.reset();
    expect(stateDigest(trainer)).toBe(fresh);
    trainer.adapt(data.x);
    const adapted = trainer.state();
    const { preprocessing } = trainer;
    trainer.fitSync(rowsOf(30, 7), { epochs: 3 });
    trainer.reset();
    expect(trainer.state()).toEqual(adapted);
    expect(trainer.preprocessing).toEqual(preprocessing);
  });
});

describe("adapt", () => {
  it("fits what fit would fit", () => {
    const adapted = make();
    const trained = make();
    adapted.adapt(data.x);
    trained.fitSync(data, { epochs: 2 });
    expect(adapted.preprocessing).toEqual(trained.preprocessing);
    adapted.fitSync(data, { epochs: 2 });
    expect(adapted.digest()).toBe(trained.digest());
  });

  it("fits anew what was fitted before", () => {
    const trainer = make();
    trainer.adapt([
      [1, 2, 3],
      [3, 2, 1],
    ]);
    trainer.adapt([
      [10, 20, 30],
      [30, 20, 10],
    ]);
    expect(trainer.preprocessing.standardize1).toEqual({ mean: [20, 20, 20], spread: [10, 0, 10] });
  });

  it("fits targets too, where they are given", () => {
    const trainer = make({ targets: "standardize" });
    trainer.adapt(data.x);
    expect(() => trainer.step({ x: [data.x[0]], y: [1] })).toThrow(
      "step: targets.output must be fitted to rows first; got a call before that: call fit, or adapt(x, y)",
    );
    trainer.adapt(data.x, data.y);
    expect(trainer.preprocessing["targets.output"].mean).toEqual([
      meanOf(
        data.y.map((y) => [y]),
        0,
      ),
    ]);
    trainer.step({ x: [data.x[0]], y: [1] });
  });

  it("changes nothing when it fails", async () => {
    const trainer = make();
    trainer.adapt(data.x);
    const before = stateDigest(trainer);
    expect(() => trainer.adapt([[1, 2, Infinity]])).toThrow("adapt: x: numbers must be finite; got Infinity");
    expect(() => trainer.adapt([[1, NaN, 2]])).toThrow("adapt: x: impute1: column 1: must have a value");
    expect(() => trainer.adapt([])).toThrow("adapt: data must have at least one row; got none");
    await expect(trainer.adaptAsync([[1, 2]])).rejects.toThrow(
      "adaptAsync: x: row 0 must have 3 numbers; got 2",
    );
    expect(() => trainer.adapt(data.x, data.y)).toThrow(
      'adapt: targets are fitted with targets: "standardize" in compile only; got y without it',
    );
    expect(stateDigest(trainer)).toBe(before);
  });

  it("is refused where there is nothing to fit, and by a predictor", () => {
    const plain = compile(sequential({ input: [1] }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    expect(thrownBy(() => plain.adapt([[1]]))).toBeInstanceOf(OptionError);
    const fixed = compile(sequential({ input: [1] }, [impute({ with: 7 }), dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    fixed.adapt([[1]]);
    expect(fixed.preprocessing).toEqual({});
    const scaled = compile(sequential({ input: [1] }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
      targets: "standardize",
    });
    expect(thrownBy(() => scaled.adapt([[1]])).message).toBe(
      "adapt: the model has nothing to fit but standardized targets: write adapt(x, y); got no y",
    );
    const predictor = compile(sequential({ input: [1] }, [standardize(), dense(1)])) as never as typeof plain;
    expect(thrownBy(() => predictor.adapt([[1]])).message).toContain("needs a trainer");
  });

  it("keeps others from the state while it reads in slices", async () => {
    const trainer = make();
    slowClock();
    const adapting = trainer.adaptAsync(rowsOf(100_000).x);
    expect(() => trainer.adapt(data.x)).toThrow(BusyError);
    expect(() => trainer.step({ x: [[1, 2, 3]], y: [1] })).toThrow(BusyError);
    expect(trainer.preprocessing).toEqual({});
    await adapting;
    expect(Object.keys(trainer.preprocessing)).toEqual(["impute1", "standardize1"]);
  });
});

describe("what is fitted", () => {
  it("belongs to the state, of trainers and of predictors", () => {
    const trainer = make();
    const fresh = trainer.state();
    trainer.fitSync(data, { epochs: 3 });
    const expected = trainer.predict(data.x).data;
    const predictor = compile(sequential({ input: [3], seed: 1 }, layers()));
    for (const state of [trainer.state(), trainer.state({ training: false })]) {
      predictor.restore(fresh);
      expect(() => predictor.predict(data.x)).toThrow(NotFittedError);
      predictor.restore(state);
      expect(predictor.predict(data.x).data).toEqual(expected);
      expect(predictor.preprocessing).toEqual(trainer.preprocessing);
      const other = make();
      expect(other.predict(data.x, { state }).data).toEqual(expected);
      expect(() => other.predict(data.x)).toThrow(NotFittedError);
      other.restore(state);
      other.evaluate(data);
    }
    trainer.restore(fresh);
    expect(trainer.preprocessing).toEqual({});
  });

  it("is that of the state for readings in slices, also where the model has no variable", async () => {
    const trainer = compile(sequential({ input: [1] }, [standardize(), flatten()]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
      batchSize: 2,
    });
    trainer.adapt([[0], [10]]);
    const state = trainer.state();
    const x = Array.from({ length: 40 }, (_, i) => [i]);
    const expected = trainer.predict(x).data;
    trainer.adapt([[100], [300]]);
    slowClock();
    const reading = trainer.predictAsync(x, { state });
    const present = trainer.predictAsync(x);
    trainer.adapt([[7], [9]]);
    expect((await reading).data).toEqual(expected);
    expect((await present).data[0]).toBe(-2);
    expect(trainer.predict([[8]]).data[0]).toBe(0);
  });

  it("goes with models, snapshots and files of weights", () => {
    const trainer = make();
    trainer.fitSync(data, { epochs: 3 });
    const expected = trainer.predict(data.x).data;
    expect(compile(trainer.toModel()).predict(data.x).data).toEqual(expected);
    const snapshot = trainer.snapshot();
    expect(snapshot.predict(data.x).data).toEqual(expected);
    trainer.adapt(rowsOf(30, 2).x);
    expect(snapshot.predict(data.x).data).toEqual(expected);
    snapshot.update(trainer);
    expect(snapshot.predict(data.x).data).toEqual(trainer.predict(data.x).data);
  });

  it("is taken by a partial restore where a layer has the same name and settings", () => {
    const wide = (units: number, columns: number[]) =>
      compile(
        sequential({ input: [2] }, [
          standardize({ columns, name: "scaled" }),
          minMax({ name: "ranged" }),
          dense(units),
        ]),
        { loss: meanSquaredError(), optimizer: adam() },
      );
    const one = wide(1, [0]);
    one.adapt([
      [1, 2],
      [3, 4],
    ]);
    const two = wide(2, [0]);
    expect(two.restore(one.state(), { partial: true }).map(({ name }) => name)).toEqual([
      "dense1.weight",
      "dense1.bias",
    ]);
    expect(two.preprocessing).toEqual(one.preprocessing);
    const other = wide(1, [1]);
    other.restore(one.state(), { partial: true });
    expect(Object.keys(other.preprocessing)).toEqual(["ranged"]);
  });

  it("must be that of the same layers, and sound", () => {
    const trainer = make();
    trainer.adapt(data.x);
    const state = trainer.state();
    const other = compile(
      sequential({ input: [3], seed: 4 }, [impute({ with: "median" }), ...layers().slice(1)]),
      {
        loss: meanSquaredError(),
        optimizer: adam({ learningRate: 0.01 }),
        batchSize: 8,
      },
    );
    expect(thrownBy(() => other.restore(state))).toBeInstanceOf(StateError);
    expect(thrownBy(() => other.restore(state)).message).toContain(
      "the state must be of this model, whose inputs are",
    );
    const { counters } = trainer.program.plan;
    const numbers = (bytes: Uint8Array) => new DataView(bytes.buffer, 32);
    for (const [name, value] of [
      ["standardize1.spread", -1],
      ["standardize1.mean", NaN],
      ["impute1.fitted", 3],
    ] as const) {
      const broken = state.slice();
      numbers(broken).setFloat64(counters.indexOf(name) * 8, value, true);
      expect(thrownBy(() => make().restore(broken)).message).toContain(`got ${name} ${value}`);
    }
  });

  it("serves customers: those of a fresh state after adapt learn from a single row", async () => {
    const trainer = make();
    trainer.adapt(data.x);
    const fresh = trainer.state();
    const states = await Promise.all(
      [0, 1].map((i) =>
        trainer.withState(fresh, async (own) => {
          await own.fit({ x: [data.x[i]], y: [data.y[i]] }, { epochs: 200 });
        }),
      ),
    );
    states.forEach((state, i) => {
      const loss = (of: Uint8Array) =>
        trainer.evaluate({ x: [data.x[i]], y: [data.y[i]] }, { state: of }).loss;
      expect(loss(state)).toBeLessThan(loss(fresh));
      // Rows are told apart, as one row's own scaling could not.
      const rows = trainer.predict(data.x.slice(0, 2), { state }).data;
      expect(rows[0]).not.toBe(rows[1]);
    });
  });

  it("of a customer whose fresh state is not fitted is that of the customer's own rows", async () => {
    const trainer = make();
    const fresh = trainer.state();
    const one = await trainer.withState(fresh, (own) => own.fit({ x: [[5, 6, 7]], y: [1] }));
    expect(trainer.preprocessing).toEqual({});
    const predictor = make();
    predictor.restore(one);
    expect(predictor.preprocessing.standardize1).toEqual({ mean: [5, 6, 7], spread: [0, 0, 0] });
    expect(
      trainer.predict(
        [
          [5, 6, 7],
          [6, 6, 7],
        ],
        { state: one },
      ).shape,
    ).toEqual([2, 1]);
  });

  it("makes bound data anew, when it is not what they were made by", () => {
    const trainer = make({ targets: "standardize" });
    const bound = trainer.bind(data);
    expect(() => trainer.evaluate(bound)).toThrow(NotFittedError);
    trainer.fitSync(bound, { epochs: 2 });
    const first = trainer.state();
    const loss = trainer.evaluate(data).loss;
    expect(trainer.evaluate(bound).loss).toBe(loss);
    trainer.reset();
    const others = rowsOf(30, 5);
    trainer.adapt(others.x, others.y);
    expect(trainer.evaluate(bound).loss).toBe(trainer.evaluate(data).loss);
    trainer.fitSync(bound, { epochs: 2 });
    const plain = make({ targets: "standardize" });
    plain.adapt(others.x, others.y);
    plain.fitSync(data, { epochs: 2 });
    expect(stateDigest(trainer)).toBe(stateDigest(plain));
    expect(trainer.evaluate(bound, { state: first }).loss).toBe(loss);
    expect(trainer.evaluate(bound).loss).toBe(trainer.evaluate(data).loss);
  });
});

describe("rows in memory", () => {
  it("are raw, and give the bits of predict", () => {
    const trainer = make({ targets: "standardize" });
    trainer.fitSync(data, { epochs: 2 });
    const { x, out } = trainer.buffers;
    expect(x).toBeInstanceOf(Float64Array);
    expect(x.length).toBe(8 * 3);
    x.set(data.x.slice(0, 5).flat());
    trainer.run(5);
    expect(out.slice(0, 5)).toEqual(trainer.predict(data.x.slice(0, 5)).data);
    // Twice: what was given is still there.
    trainer.run(5);
    expect(out.slice(0, 5)).toEqual(trainer.predict(data.x.slice(0, 5)).data);
  });

  it("train with the bits of step", () => {
    const byBuffers = make({ targets: "standardize" });
    const bySteps = make({ targets: "standardize" });
    for (const trainer of [byBuffers, bySteps]) trainer.adapt(data.x, data.y);
    const { x, y, loss } = byBuffers.buffers.step;
    for (let from = 0; from < 24; from += 6) {
      const rows = { x: data.x.slice(from, from + 6), y: data.y.slice(from, from + 6) };
      x.set(rows.x.flat());
      y.set(rows.y);
      byBuffers.stepBuffers(6);
      expect(loss[0]).toBe(bySteps.step(rows).loss);
    }
    expect(stateDigest(byBuffers)).toBe(stateDigest(bySteps));
  });

  it("that are not finite are not refused, but train nothing", () => {
    const trainer = compile(sequential({ input: [1] }, [standardize(), dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    trainer.adapt([[1], [3]]);
    trainer.buffers.x[0] = NaN;
    trainer.run(1);
    expect(trainer.buffers.out[0]).toBeNaN();
    const before = stateDigest(trainer);
    trainer.buffers.step.x[0] = NaN;
    expect(() => trainer.stepBuffers(1)).toThrow(NonFiniteError);
    expect(stateDigest(trainer)).toBe(before);
  });

  it("of several inputs are each their own", () => {
    const net = model({ inputs: { a: [2], kind: [1], b: [1] } }, ({ a, kind, b }) =>
      dense(1)(standardize()(a))
        .add(dense(1)(oneHot({ categories: 3 })(kind)))
        .add(dense(1)(b)),
    );
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd() });
    const given = {
      a: [
        [100, 200],
        [102, 220],
      ],
      kind: [[0], [2]],
      b: [[1], [2]],
    };
    trainer.fitSync({ x: given, y: [1, 2] });
    const { x, out } = trainer.buffers;
    expect([x.a, x.kind, x.b].map((view) => view.constructor.name)).toEqual([
      "Float64Array",
      "Float64Array",
      "Float32Array",
    ]);
    for (const name of ["a", "kind", "b"] as const) x[name].set(given[name].flat());
    trainer.run(2);
    expect(out.slice(0, 2)).toEqual(trainer.predict(given).data);
    x.kind[1] = 3;
    expect(() => trainer.run(2)).toThrow(
      "run: x.kind: categories must be whole numbers from 0 to 2; got 3 at row 1",
    );
  });
});

describe('targets: "standardize"', () => {
  const regression = (targets?: "standardize", batchSize = 32) =>
    compile(
      sequential({ input: [3], seed: 2 }, [
        impute({ with: 0 }),
        standardize(),
        dense(8, { activation: "tanh" }),
        dense(2),
      ]),
      {
        loss: meanSquaredError(),
        optimizer: adam({ learningRate: 0.02 }),
        batchSize,
        ...(targets && { targets }),
      },
    );
  const y = data.y.map((value, i) => [value, 1e6 * (i % 7)]);

  it("scales targets for the loss, and brings predictions back", () => {
    const trainer = regression("standardize");
    const plain = regression();
    const [mean, spread] = [0, 1].reduce<[number[], number[]]>(
      ([means, spreads], j) => {
        const m = meanOf(y, j);
        const s = Math.sqrt(y.reduce((sum, row) => sum + (row[j] - m) * (row[j] - m), 0) / y.length);
        return [
          [...means, m],
          [...spreads, s],
        ];
      },
      [[], []],
    );
    const { loss, history } = trainer.fitSync({ x: data.x, y }, { epochs: 20 });
    expect(trainer.preprocessing["targets.output"]).toEqual({ mean, spread });
    const z = y.map((row) => row.map((value, j) => (value - mean[j]) / spread[j]));
    const { loss: plainLoss, history: plainHistory } = plain.fitSync({ x: data.x, y: z }, { epochs: 20 });
    expect(loss).toBe(plainLoss);
    expect(history).toEqual(plainHistory);
    expect(trainer.digest()).toBe(plain.digest());
    expect(trainer.evaluate({ x: data.x, y })).toEqual(plain.evaluate({ x: data.x, y: z }));
    const scaled = plain.predict(data.x).data;
    const expected = Float32Array.from(scaled, (value, i) => mean[i % 2] + spread[i % 2] * value);
    expect(trainer.predict(data.x).data).toEqual(expected);
    const out = new Float32Array(expected.length);
    trainer.predict(data.x, { out });
    expect(out).toEqual(expected);
    expect(trainer.snapshot().predict(data.x).data).toEqual(expected);
    expect(compile(trainer.toModel()).predict(data.x).data).toEqual(expected);
  });

  it("is read by predictAsync, withState and states", async () => {
    const trainer = regression("standardize");
    const fresh = trainer.state();
    let expected = new Float32Array();
    const state = await trainer.withState(fresh, async (own) => {
      await own.fit({ x: data.x, y }, { epochs: 3 });
      expected = own.predict(data.x).data as Float32Array<ArrayBuffer>;
      expect((await own.predictAsync(data.x)).data).toEqual(expected);
    });
    expect(trainer.predict(data.x, { state }).data).toEqual(expected);
    const predictor = compile(
      sequential({ input: [3] }, [
        impute({ with: 0 }),
        standardize(),
        dense(8, { activation: "tanh" }),
        dense(2),
      ]),
      {
        targets: "standardize",
      },
    );
    expect(() => predictor.predict(data.x)).toThrow(NotFittedError);
    predictor.restore(state);
    expect(predictor.predict(data.x).data).toEqual(expected);
    expect(() => regression().restore(state)).toThrow(
      "the state must be of this model, whose targets are nothing",
    );
  });

  it("leaves metrics in units of y, of training, validation and evaluation", async () => {
    const metrics = ["mae", "r2"] as const;
    const model = sequential({ input: [3], seed: 2 }, [impute({ with: 0 }), standardize(), dense(1)]);
    const trainer = compile(model, {
      loss: meanSquaredError(),
      optimizer: adam(),
      targets: "standardize",
      metrics,
    });
    const { history, validation } = await trainer.fit(data, { epochs: 2, validation: { last: 0.5 } });
    const held = { x: data.x.slice(30), y: data.y.slice(30) };
    const predicted = trainer.predict(held.x).data;
    const mae = held.y.reduce((sum, value, i) => sum + Math.abs(value - predicted[i]), 0) / held.y.length;
    expect(validation?.mae).toBeCloseTo(mae, 9);
    expect(history.mae?.[1]).toBe(validation?.mae);
    expect(trainer.evaluate(held).mae).toBe(validation?.mae);
    expect(trainer.evaluate(held).loss).toBe(validation?.loss);
    expect(mae).toBeGreaterThan(2);
    expect(validation?.loss).toBeLessThan(10);
  });

  it("refuses targets too far from those it was fitted to", () => {
    const trainer = regression("standardize");
    trainer.adapt(data.x, y);
    const far = { x: data.x.slice(0, 2), y: [y[0], [1, 1e300]] };
    expect(thrownBy(() => trainer.evaluate(far))).toBeInstanceOf(DataError);
    expect(thrownBy(() => trainer.evaluate(far)).message).toBe(
      "evaluate: y: targets must be finite in single precision when they are standardized; got 1e+300 at row 1, column 1",
    );
  });

  it("compares lossBelow in standardized units", () => {
    const trainer = regression("standardize", 64);
    const { reason, loss } = trainer.fitSync({ x: data.x, y }, { stopWhen: { lossBelow: 0.9 }, epochs: 500 });
    expect(reason).toBe("lossBelow");
    expect(loss).toBeLessThan(0.9);
    expect(trainer.evaluate({ x: data.x, y }).loss).toBeCloseTo(loss, 5);
  });

  it("is for losses of numbers, of any output that has one", () => {
    const classes = () =>
      compile(sequential({ input: [1] }, [dense(2, { activation: "softmax" })]), {
        loss: crossEntropy(),
        optimizer: sgd(),
        targets: "standardize",
      });
    expect(thrownBy(classes)).toBeInstanceOf(OptionError);
    const wrong = () => compile(sequential({ input: [1] }, [dense(1)]), { targets: "minMax" as never });
    expect(thrownBy(wrong).message).toBe('compile: targets must be "standardize"; got "minMax"');
    const two = model({ inputs: { x: [1] } }, ({ x }) => ({ p: dense(1)(x), q: dense(1)(x) }));
    const trainer = compile(two, { loss: { q: huber() }, optimizer: sgd(), targets: "standardize" });
    trainer.fitSync({ x: { x: [[1], [2]] }, y: { q: [100, 300] } });
    expect(trainer.preprocessing).toEqual({ "targets.q": { mean: [200], spread: [100] } });
    expect(trainer.predict({ x: [[1]] }).p.data[0]).toBeLessThan(10);
    expect(trainer.predict({ x: [[1]] }).q.data[0]).toBeGreaterThan(50);
  });
});

describe("times in milliseconds", () => {
  it("are as good a column as the same times without their mean", () => {
    const day = 86_400_000;
    const days = noise(200, 3);
    const times = Array.from(days, (d) => 1.7e12 + Math.floor(5 * day * d));
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const y = Array.from(days, (d) => Math.sin(3 * d));
    const train = (x: number[]) => {
      const trainer = compile(
        sequential({ input: [1], seed: 1 }, [standardize(), dense(16, { activation: "tanh" }), dense(1)]),
        { loss: meanSquaredError(), optimizer: adam({ learningRate: 0.02 }) },
      );
      const { loss } = trainer.fitSync({ x: x.map((v) => [v]), y }, { epochs: 150 });
      return { loss, predictions: trainer.predict(x.map((v) => [v])).data };
    };
    const raw = train(times);
    const centred = train(times.map((time) => time - mean));
    expect(raw.loss).toBeLessThan(0.02);
    expect(Math.abs(raw.loss - centred.loss)).toBeLessThan(1e-3 * centred.loss + 1e-6);
    for (let i = 0; i < times.length; i++)
      expect(Math.abs(raw.predictions[i] - centred.predictions[i])).toBeLessThan(1e-3);
  });

  it("come as dates of a table", () => {
    const columns = inputColumns([{ name: "at", kind: "date" }]);
    const trainer = compile(sequential({ columns }, [dense(1)]), {
      loss: meanSquaredError(),
      optimizer: sgd(),
    });
    trainer.adapt([{ at: "2024-01-01" }, { at: "2024-01-03" }]);
    expect(trainer.preprocessing.standardize1).toEqual({
      mean: [Date.UTC(2024, 0, 2)],
      spread: [86_400_000],
    });
  });
});
