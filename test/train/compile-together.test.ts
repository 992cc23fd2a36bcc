/** Programs of one memory: what they share, who changes it, and what each call means for the others. */
import { describe, expect, it } from "vitest";
import {
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  compile,
  compileTogether,
  createEngine,
  dense,
  digestOf,
  dropout,
  load,
  loadTrainer,
  meanSquaredError,
  model,
  nested,
  type ParameterViews,
  sequential,
  sgd,
  standardize,
} from "../../src/index.ts";
import { defaultEngine } from "../../src/runtime/space.ts";
import { thrownBy as errorOf, noise } from "../fixtures.ts";

const thrownBy = (act: () => unknown) => `${errorOf(act)}`;

const BATCH = 8;
const critic = sequential({ input: [2] }, [dense(6, { activation: "tanh" }), dense(1)]);
const maker = sequential({ input: [3] }, [dense(5, { activation: "relu" }), batchNorm(), dense(2)]);
const loss = () => binaryCrossEntropy({ fromLogits: true });

/** A pair, each part of which stands in the model of the other. */
const pair = () =>
  compileTogether({
    discriminator: {
      model: model({ inputs: { real: [2], z: [3] }, seed: 1 }, ({ real, z }) => {
        const judge = nested(critic, { name: "critic" });
        return { real: judge(real), fake: judge(nested(maker, { name: "maker" })(z)) };
      }),
      loss: { real: loss(), fake: loss() },
      optimizer: adam({ learningRate: 0.01 }),
      freeze: ["maker"],
      batchSize: BATCH,
    },
    generator: {
      model: sequential({ input: [3], seed: 2 }, [
        nested(maker, { name: "maker" }),
        nested(critic, { name: "critic" }),
      ]),
      loss: loss(),
      optimizer: adamW({ learningRate: 0.01 }),
      freeze: ["critic"],
      batchSize: BATCH,
    },
    sampler: { model: sequential({ input: [3] }, [nested(maker, { name: "maker" })]), batchSize: BATCH },
  });
type Pair = ReturnType<typeof pair>;

const ONES = new Array<number>(BATCH).fill(1);
const ZEROS = new Array<number>(BATCH).fill(0);
const real = (round: number) => noise(2 * BATCH, 100 + round);
const z = (round: number) => noise(3 * BATCH, 200 + round);
const stepDiscriminator = ({ discriminator }: Pair, round: number) =>
  discriminator.step({ x: { real: real(round), z: z(round) }, y: { real: ONES, fake: ZEROS } });
const stepGenerator = ({ generator }: Pair, round: number) => generator.step({ x: z(round + 50), y: ONES });
const round = (programs: Pair, i: number) => {
  stepDiscriminator(programs, i);
  stepGenerator(programs, i);
};
const valuesOf = ({ parameters }: { readonly parameters: ParameterViews }) =>
  Object.fromEntries(Object.entries(parameters).map(([name, { data }]) => [name, data.slice()]));
const changed = (before: ReturnType<typeof valuesOf>, after: ReturnType<typeof valuesOf>) =>
  Object.keys(before).filter((name) => `${before[name]}` !== `${after[name]}`);
const digests = ({ discriminator, generator, sampler }: Pair) => [
  discriminator.digest({ training: true }),
  generator.digest({ training: true }),
  sampler.digest(),
];

describe("programs compiled together", () => {
  it("have one memory, and each shared parameter once", () => {
    const before = defaultEngine().livePrograms;
    const { discriminator, generator, sampler } = pair();
    expect(defaultEngine().livePrograms).toBe(before + 1);
    const buffers = [discriminator, generator, sampler].map(({ program }) => program.u8.buffer);
    expect(new Set(buffers).size).toBe(1);
    for (const [name, { data }] of Object.entries(generator.parameters)) {
      const other = discriminator.parameters[name].data;
      expect([other.byteOffset, other.length], name).toEqual([data.byteOffset, data.length]);
    }
    const { plan } = sampler.program;
    expect(plan.variables.every(({ isForeign }) => isForeign)).toBe(true);
    // One behind the other, with no more room than each needs.
    const plans = [discriminator, generator, sampler].map(({ program }) => program.plan);
    expect(plans.slice(1).map(({ base }) => base)).toEqual(plans.slice(0, 2).map(({ end }) => end));
    for (const { layout } of plans) expect(layout.regions.find((r) => r.name === "frozen")?.bytes).toBe(0);
  });

  it("change what is theirs alone, and see at once what another changed", () => {
    const programs = pair();
    const { generator, sampler } = programs;
    const start = valuesOf(generator);
    stepDiscriminator(programs, 0);
    const middle = valuesOf(generator);
    expect(changed(start, middle).every((name) => name.startsWith("critic."))).toBe(true);
    expect(changed(start, middle)).toHaveLength(4);
    const predicted = sampler.predict(z(0)).data.slice();
    stepGenerator(programs, 0);
    const end = valuesOf(generator);
    expect(changed(middle, end)).toHaveLength(8);
    expect(changed(middle, end).every((name) => name.startsWith("maker."))).toBe(true);
    expect(sampler.predict(z(0)).data).not.toEqual(predicted);
    // The running statistics of the maker are those of the generator's batches alone.
    expect(end["maker.batchNorm1.runningMean"]).not.toEqual(middle["maker.batchNorm1.runningMean"]);
  });

  it("have the bits of programs apart that are handed the other's parameters", () => {
    const together = pair();
    const parts = pair();
    const apart = {
      discriminator: parts.discriminator,
      generator: compile(
        sequential({ input: [3], seed: 2 }, [
          nested(maker, { name: "maker" }),
          nested(critic, { name: "critic" }),
        ]),
        {
          loss: loss(),
          optimizer: adamW({ learningRate: 0.01 }),
          freeze: ["critic"],
          batchSize: BATCH,
        },
      ),
      sampler: parts.sampler,
    };
    apart.generator.setParameters(valuesOf(parts.generator));
    for (let i = 0; i < 10; i++) {
      round(together, i);
      stepDiscriminator(apart, i);
      const own = valuesOf(apart.discriminator);
      const theirs = Object.entries(own).filter(([name]) => name.startsWith("critic."));
      apart.generator.setParameters(Object.fromEntries(theirs));
      stepGenerator(apart, i);
      const made = Object.entries(valuesOf(apart.generator)).filter(([name]) => name.startsWith("maker."));
      apart.discriminator.setParameters(Object.fromEntries(made));
    }
    expect(apart.generator.digest({ training: true })).toBe(together.generator.digest({ training: true }));
    expect(apart.discriminator.digest({ training: true })).toBe(
      together.discriminator.digest({ training: true }),
    );
  });

  it("have the same bits after the same calls, however fits are sliced", async () => {
    const data = { x: noise(3 * 40, 7), y: new Array<number>(40).fill(1) };
    const a = pair();
    const b = pair();
    for (let i = 0; i < 3; i++) {
      stepDiscriminator(a, i);
      a.generator.fitSync(data, { epochs: 2 });
      stepDiscriminator(b, i);
      await b.generator.fit(data, { epochs: 1 });
      await b.generator.fit(data, { epochs: 1 });
    }
    expect(digests(a)).toEqual(digests(b));
  });

  it("start as the program that changes a parameter draws it, whoever comes first", () => {
    const net = (seed: number) => sequential({ input: [2], seed }, [nested(critic, { name: "critic" })]);
    const trained = { model: net(5), loss: loss(), optimizer: sgd() };
    const alone = compile(net(5), { loss: loss(), optimizer: sgd() });
    const first = compileTogether({ trained, reader: { model: net(6) } });
    const last = compileTogether({ reader: { model: net(6) }, trained });
    for (const { reader, trained } of [first, last]) {
      expect(reader.digest()).toBe(alone.digest());
      expect(trained.digest()).toBe(alone.digest());
    }
  });

  it("share what all freeze, which the first has", () => {
    const head = (name: string, seed: number) => ({
      model: sequential({ input: [2], seed }, [nested(critic, { name: "trunk" }), dense(1, { name })]),
      loss: meanSquaredError(),
      optimizer: adam(),
      freeze: ["trunk"],
    });
    const { left, right } = compileTogether({ left: head("left", 3), right: head("right", 4) });
    const trunk = left.parameters["trunk.dense1.weight"].data;
    expect(right.parameters["trunk.dense1.weight"].data).toEqual(trunk);
    left.setParameters({ "trunk.dense1.bias": [1, 2, 3, 4, 5, 6] });
    expect([...right.parameters["trunk.dense1.bias"].data]).toEqual([1, 2, 3, 4, 5, 6]);
    const before = trunk.slice();
    left.step({ x: [[1, 2]], y: [1] });
    right.step({ x: [[1, 2]], y: [1] });
    expect(right.parameters["trunk.dense1.weight"].data).toEqual(before);
  });

  it("take other kernels, draws and preprocessing along", () => {
    const engine = defaultEngine();
    const { a, b } = compileTogether(
      {
        a: {
          model: sequential({ input: [2], seed: 1 }, [standardize(), dense(4, { name: "shared" }), dense(1)]),
          loss: meanSquaredError(),
          optimizer: adam(),
          targets: "standardize",
        },
        b: {
          model: sequential({ input: [2], seed: 1 }, [
            dense(4, { name: "shared" }),
            dropout(0.5),
            dense(3, { name: "classes", activation: "softmax" }),
          ]),
          labels: ["x", "y", "z"],
        },
      },
      { engine },
    );
    a.fitSync({ x: noise(60, 1), y: noise(30, 2) }, { epochs: 3 });
    expect(b.classify([[1, 2]])[0].label).toMatch(/[xyz]/);
    expect(b.parameters["shared.weight"].data).toEqual(a.parameters["shared.weight"].data);
  });
});

describe("options of one of several programs", () => {
  const trunk = nested(sequential({ input: [2], seed: 1 }, [dense(3, { activation: "tanh" })]), {
    name: "trunk",
  });
  const head = (name: string) =>
    sequential({ input: [2], seed: 2 }, [standardize(), trunk, dense(1, { name })]);
  const x = [
    [0, 10],
    [4, 20],
  ];
  const data = { x, y: [1, 3] };
  const together = () => {
    const settings = {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.1 }),
      averageWeights: { decay: 0.5 },
    };
    const programs = compileTogether({
      whole: { model: head("first"), ...settings },
      small: { model: head("second"), ...settings, freeze: ["trunk"], clip: { globalNorm: 1e-3 } },
      reader: { model: head("first") },
    });
    programs.whole.adapt(x);
    programs.small.adapt(x);
    return programs;
  };

  it("clip by the gradients of what it changes", () => {
    const { small } = together();
    const names = ["second.weight", "second.bias"];
    const before = names.map((name) => small.parameters[name].data.slice());
    small.step(data);
    const squares = names.flatMap((name, i) =>
      [...small.parameters[name].data].map((w, j) => (w - before[i][j]) ** 2),
    );
    // The rate times the largest norm, of the head alone.
    expect(Math.sqrt(squares.reduce((a, b) => a + b)) / 1e-4).toBeCloseTo(1, 2);
  });

  it("average what it changes, and read the rest as it is now", () => {
    const { whole, small, reader } = together();
    for (let i = 0; i < 3; i++) small.step(data);
    const averaged = load(small.save({ weights: "average" })).parameters;
    for (let i = 0; i < 3; i++) whole.step(data);
    const now = load(small.save({ weights: "average" })).parameters;
    expect(now["second.weight"].data).toEqual(averaged["second.weight"].data);
    expect(now["trunk.dense1.weight"].data).toEqual(whole.parameters["trunk.dense1.weight"].data);
    expect(now["second.weight"].data).not.toEqual(small.parameters["second.weight"].data);
    expect(thrownBy(() => reader.predict(x, { weights: "average" } as never))).toMatch(
      /needs a trainer with averageWeights/,
    );
  });

  it("fit preprocessing of their own, which another takes over by a state", () => {
    const { whole, small, reader } = together();
    small.adapt([
      [0, 0],
      [2, 2],
    ]);
    expect(whole.preprocessing).not.toEqual(small.preprocessing);
    expect(thrownBy(() => reader.predict(x))).toMatch(
      /^NotFittedError: predict: standardize1 must be fitted/,
    );
    whole.fitSync(data, { epochs: 2 });
    reader.restore(whole.state());
    expect(reader.predict(x).data).toEqual(whole.predict(x).data);
  });
});

describe("states of programs compiled together", () => {
  it("hold what is their own, and come back in any order", () => {
    const programs = pair();
    for (let i = 0; i < 3; i++) round(programs, i);
    const saved = [programs.discriminator.state(), programs.generator.state()];
    for (let i = 3; i < 6; i++) round(programs, i);
    const [end, predicted] = [digests(programs), programs.sampler.predict(z(9)).data];
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      for (const i of order) [programs.discriminator, programs.generator][i].restore(saved[i]);
      for (let i = 3; i < 6; i++) round(programs, i);
      expect(digests(programs)).toEqual(end);
      expect(programs.sampler.predict(z(9)).data).toEqual(predicted);
    }
    // Into other programs of the same kind as well.
    const others = pair();
    others.generator.restore(saved[1]);
    others.discriminator.restore(saved[0]);
    for (let i = 3; i < 6; i++) round(others, i);
    expect(digests(others)).toEqual(end);
  });

  it("leave alone what is another program's", () => {
    const programs = pair();
    const state = programs.generator.state();
    const start = valuesOf(programs.generator);
    for (let i = 0; i < 3; i++) round(programs, i);
    const before = valuesOf(programs.generator);
    programs.generator.restore(state);
    const after = valuesOf(programs.generator);
    for (const name of Object.keys(after))
      expect(after[name], name).toEqual((name.startsWith("critic.") ? before : start)[name]);
  });

  it("of a program alone are refused where they have other values for it", () => {
    const { sampler, generator } = pair();
    const alone = compile(sequential({ input: [3], seed: 9 }, [nested(maker, { name: "maker" })]));
    expect(thrownBy(() => sampler.restore(alone.state()))).toMatch(
      /^StateError: restore: the state must belong to the frozen values of maker\./,
    );
    const before = generator.digest();
    const misfits = sampler.restore(alone.state(), { partial: true });
    expect(misfits).toHaveLength(8);
    expect(generator.digest()).toBe(before);
    alone.setParameters(valuesOf(sampler));
    sampler.restore(alone.state());
  });

  it("come back from reset as a fresh compile has them", () => {
    const programs = pair();
    const start = digests(programs);
    for (let i = 0; i < 3; i++) round(programs, i);
    const middle = valuesOf(programs.generator);
    programs.discriminator.reset();
    const after = valuesOf(programs.generator);
    expect(changed(middle, after).every((name) => name.startsWith("critic."))).toBe(true);
    programs.generator.reset();
    expect(digests(programs)).toEqual(start);
  });

  it("serve customers, who find the others' parameters as they are when they are served", async () => {
    const programs = pair();
    round(programs, 0);
    const { generator } = programs;
    const before = digests(programs);
    const data = { x: noise(3 * 40, 7), y: new Array<number>(40).fill(1) };
    const served = await generator.withState(generator.state(), async (own) => {
      expect(own.digest()).toBe(generator.digest());
      await own.fit(data, { epochs: 2 });
    });
    expect(digests(programs)).toEqual(before);
    generator.fitSync(data, { epochs: 2 });
    expect(generator.state()).toEqual(served);
    // The other has changed: the next customer sees it.
    stepDiscriminator(programs, 1);
    await generator.withState(served, (own) => {
      expect(own.digest()).toBe(generator.digest());
    });
  });

  it("are read whole while the owner trains on", async () => {
    const programs = pair();
    const { sampler, generator } = programs;
    const x = noise(3 * 30_000, 3);
    const expected = sampler.predict(x).data;
    const pending = sampler.predictAsync(x);
    // Whatever slices it is read in: each sees the parameters of the call.
    let slices = 0;
    while ((await Promise.race([pending, new Promise((resolve) => setTimeout(resolve, 0, null))])) === null) {
      stepGenerator(programs, slices++);
      if (slices > 1000) break;
    }
    stepGenerator(programs, slices);
    // As digests: of so many numbers a difference would take minutes to print.
    const digest = digestOf(expected);
    expect(digestOf((await pending).data)).toBe(digest);
    expect(digestOf(sampler.predict(x).data)).not.toBe(digest);
    expect(generator.steps).toBe(slices + 1);
  });

  it("go to files whole, and come back as programs of their own", () => {
    const programs = pair();
    round(programs, 0);
    const { generator, sampler } = programs;
    const uses = [batchNorm];
    expect(load(sampler.save(), { uses }).predict(z(1)).data).toEqual(sampler.predict(z(1)).data);
    const alone = loadTrainer(generator.save({ training: true }), { uses });
    expect(alone.digest()).toBe(generator.digest());
    const data = { x: z(3), y: ONES };
    expect(alone.step(data as never).loss).toBe(generator.step(data).loss);
    expect(alone.digest()).toBe(generator.digest());
  });

  it("give snapshots and models with the present parameters", () => {
    const programs = pair();
    const snapshot = programs.generator.snapshot();
    round(programs, 0);
    expect(snapshot.digest()).not.toBe(programs.generator.digest());
    snapshot.update(programs.generator);
    expect(snapshot.digest()).toBe(programs.generator.digest());
    expect(compile(programs.sampler.toModel()).digest()).toBe(programs.sampler.digest());
  });
});

describe("calls on programs compiled together", () => {
  it("that change one wait for the fit of another", async () => {
    const programs = pair();
    const { discriminator, generator, sampler } = programs;
    const data = { x: noise(3 * 64, 7), y: new Array<number>(64).fill(1) };
    const run = generator.fit(data, { epochs: 200 });
    const busy =
      'programs compiled together must be at rest while one of them changes; got a call while "generator" has a fit or withState under way: await or abort it first';
    for (const [who, call] of [
      ["step", () => stepDiscriminator(programs, 0)],
      ["reset", () => discriminator.reset()],
      ["restore", () => discriminator.restore(discriminator.state())],
      ["setParameters", () => sampler.setParameters({})],
      ["setLearningRate", () => discriminator.setLearningRate(0.1)],
    ] as const)
      expect(thrownBy(call)).toBe(`BusyError: ${who}: ${busy}`);
    // Reading is fine.
    sampler.predict(z(0));
    discriminator.digest();
    await run;
    stepDiscriminator(programs, 0);
  });

  it("go on after others were disposed of; the memory ends with the last", () => {
    const live = defaultEngine().livePrograms;
    const programs = pair();
    const { discriminator, generator, sampler } = programs;
    round(programs, 0);
    const predicted = sampler.predict(z(1)).data;
    generator.dispose();
    generator.dispose();
    expect(sampler.predict(z(1)).data).toEqual(predicted);
    stepDiscriminator(programs, 1);
    expect(thrownBy(() => stepGenerator(programs, 1))).toMatch(/^DisposedError: step: /);
    discriminator.dispose();
    expect(defaultEngine().livePrograms).toBe(live + 1);
    sampler.dispose();
    expect(defaultEngine().livePrograms).toBe(live);
  });

  it("that cannot be are refused, with the name of the program", () => {
    const net = (units = 6) => sequential({ input: [2] }, [dense(units, { activation: "tanh" }), dense(1)]);
    const part = (units?: number) => ({ model: net(units), loss: loss(), optimizer: sgd() });
    const together = compileTogether as (...given: unknown[]) => unknown;
    for (const [given, message] of [
      [
        { a: part(), b: part() },
        'OptionError: compileTogether: dense1.weight must be changed by one program; got "a" and "b": freeze it in one of them, or name the layers apart if they are not the same',
      ],
      [
        { a: part(), b: { model: net(7) } },
        'ShapeError: compileTogether: dense1.weight must have one shape in all programs that share it; got [2, 6] in "a" and [2, 7] in "b": name the layers apart if they are not the same',
      ],
      [
        { a: part(), b: { ...part(), freeze: ["dense3"] } },
        /^OptionError: compileTogether: b: freeze must name layers/,
      ],
      [
        { a: { ...part(), loss: undefined } },
        /^OptionError: compileTogether: a: a trainer needs loss and optimizer/,
      ],
      [
        { a: { loss: loss() } },
        /^OptionError: compileTogether: a must be { model, .. } .*; got model undefined$/,
      ],
      [
        { a: 5 },
        "OptionError: compileTogether: a: must be an object, such as { model, loss, optimizer }; got 5",
      ],
      [[part()], /^OptionError: compileTogether: programs must be an object/],
      [
        { a: net() },
        "OptionError: compileTogether: a must be { model, .. } with what sequential() or model() gives, such as { model, loss, optimizer }; got a model: write { model: .. }",
      ],
      [
        { a: { model: 5 } },
        "OptionError: compileTogether: a must be { model, .. } with what sequential() or model() gives, such as { model, loss, optimizer }; got model 5",
      ],
      [{}, "OptionError: compileTogether: needs at least one program; got none"],
      [
        { a: { ...part(), engine: defaultEngine() } },
        /^OptionError: compileTogether: a: engine is an option of all/,
      ],
      [{ a: { ...part(), lr: 1 } }, /^OptionError: compileTogether: a: unknown option "lr"/],
    ] as const)
      if (typeof message === "string") expect(thrownBy(() => together(given))).toBe(message);
      else expect(thrownBy(() => together(given))).toMatch(message);
  });

  it("that need too much memory say so once for all", () => {
    const big = (name: string) => ({
      model: sequential({ input: [1] }, [dense(1 << 28, { name })]),
      batchSize: 1,
    });
    expect(thrownBy(() => compileTogether({ a: big("a"), b: big("b"), c: big("c") }))).toMatch(
      /^MemoryError: compileTogether: a program must fit in 4 GiB/,
    );
  });

  it("run on an engine of their own", async () => {
    const engine = await createEngine();
    const { a } = compileTogether({ a: { model: critic } }, { engine });
    expect(engine.livePrograms).toBe(1);
    a.dispose();
    expect(engine.livePrograms).toBe(0);
  });
});
