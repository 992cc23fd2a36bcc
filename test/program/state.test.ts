import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import {
  adam,
  adamW,
  batchNorm,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  DisposedError,
  dense,
  model,
  type Optimizer,
  OptionError,
  StateError,
  sequential,
  sgd,
} from "../../src/index.ts";
import type { OptimizerPlan } from "../../src/plan/optimizer.ts";
import { Program } from "../../src/program/program.ts";
import { sha256 } from "../../src/runtime/sha256.ts";
import { defaultEngine } from "../../src/runtime/space.ts";
import {
  classes,
  classifier,
  lineTrainer,
  slowClock,
  thrownBy,
  xor,
  xorModel,
  xorTrainer,
} from "../fixtures.ts";
import { smallRequest } from "../plan/requests.ts";

const optimizers: Record<string, () => Optimizer> = {
  sgd: () => sgd({ learningRate: 0.1 }),
  "sgd with momentum": () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  adam: () => adam({ learningRate: 0.01 }),
  "adam without bias correction": () => adam({ learningRate: 0.01, biasCorrection: false }),
  adamW: () => adamW({ learningRate: 0.01, weightDecay: 0.1 }),
};

describe("a run resumed from state()", () => {
  for (const [name, optimizer] of Object.entries(optimizers))
    it(`after every epoch gives the bits of the whole one: ${name}`, () => {
      const data = classes(21);
      const whole = classifier({ optimizer: optimizer() });
      const states = [whole.state()];
      for (let epoch = 0; epoch < 4; epoch++) {
        whole.fitSync(data);
        states.push(whole.state());
      }
      states.forEach((state, epoch) => {
        const resumed = classifier({ optimizer: optimizer() }, 99);
        resumed.restore(state);
        expect(resumed.state()).toEqual(state);
        if (epoch < 4) resumed.fitSync(data, { epochs: 4 - epoch });
        expect(resumed.state()).toEqual(states[4]);
      });
    });

  it("at every step gives the bits of the whole one", async () => {
    slowClock();
    const data = classes(37);
    const whole = classifier();
    const states = [whole.state()];
    await whole.fit(data, { epochs: 3, onProgress: () => states.push(whole.state()) });
    vi.restoreAllMocks();
    expect(states.length).toBeGreaterThanOrEqual(15);
    for (const state of states.slice(0, 15)) {
      const resumed = classifier();
      resumed.restore(state);
      const { epochs } = resumed.manifest().options as { epochs: number };
      if (epochs < 3) resumed.fitSync(data, { epochs: 3 - epochs });
      expect(resumed.state()).toEqual(whole.state());
    }
  });

  it("after single steps goes on as it would have", () => {
    const a = xorTrainer();
    a.step(xor);
    const b = xorTrainer(5);
    b.restore(a.state());
    expect(b.step(xor)).toEqual(a.step(xor));
    expect(b.state()).toEqual(a.state());
  });
});

describe("state", () => {
  it("is a copy: later training does not touch it, and it survives dispose", () => {
    const trainer = xorTrainer();
    const state = trainer.state();
    const copy = state.slice();
    trainer.fitSync(xor);
    expect(state).toEqual(copy);
    trainer.dispose();
    const other = xorTrainer(1);
    other.restore(state);
    expect(other.digest()).toBe(xorTrainer().digest());
  });

  it("is a header of 32 bytes, the block as it stands in memory, and a directory", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 2 });
    const saved = trainer.state();
    const { state, counters } = trainer.program.plan;
    const words = new Int32Array(saved.buffer, 0, 2);
    const [blockBytes, directoryBytes] = new Float64Array(saved.buffer, 16, 2);
    expect([...words]).toEqual([0x32534757, 1]);
    expect(blockBytes).toBe(state.bytes);
    expect(saved.length).toBe(32 + blockBytes + directoryBytes);
    const { u8 } = trainer.program;
    expect(saved.subarray(32, 32 + blockBytes)).toEqual(
      u8.subarray(state.offset, state.offset + state.bytes),
    );
    expect(new Float64Array(saved.buffer, 32, blockBytes / 8)[counters.indexOf("step")]).toBe(2);
    expect(new Float64Array(saved.buffer, 32, blockBytes / 8)[counters.indexOf("seed")]).toBe(42);
    expect(saved.length).toBeLessThan(2048);
  });

  it("says in its directory what it is, by name", () => {
    expect(
      JSON.stringify(directoryIn(xorTrainer().state()), null, 1).replace(/\n\s+/g, " "),
    ).toMatchInlineSnapshot(`
      "{ "format": 1, "computation": { "inputs": { "input": { "shape": [ -1, 2 ], "dtype": "f32" } }, "nodes": [ { "op": "dense", "attrs": { "alpha": 0, "fn": "Identity" }, "inputs": [ [ "input", "input" ], [ "variable", "dense1.weight" ], [ "variable", "dense1.bias" ] ] }, { "op": "unary", "attrs": { "alpha": 0, "fn": "Tanh" }, "inputs": [ [ "node", 0, 0 ] ] }, { "op": "dense", "attrs": { "alpha": 0, "fn": "Identity" }, "inputs": [ [ "node", 1, 0 ], [ "variable", "dense2.weight" ], [ "variable", "dense2.bias" ] ] }, { "op": "unary", "attrs": { "alpha": 0, "fn": "Sigmoid" }, "inputs": [ [ "node", 2, 0 ] ] } ], "outputs": { "output": [ "node", 3, 0 ] } }, "labels": null, "optimizer": { "name": "adam", "groups": [ { "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "biasCorrection": true } ] }, "counters": [ "step", "epoch", "cursor", "epochLoss", "epochRows", "microStep", "groupRows", "seed", "shuffleSeed", "learningRate", "beta1Power", "beta2Power" ], "variables": [ { "name": "dense1.weight", "shape": [ 2, 8 ], "dtype": "f32", "at": { "value": 96, "firstMoment": 240, "secondMoment": 384 } }, { "name": "dense1.bias", "shape": [ 8 ], "dtype": "f32", "at": { "value": 160, "firstMoment": 304, "secondMoment": 448 } }, { "name": "dense2.weight", "shape": [ 8, 1 ], "dtype": "f32", "at": { "value": 192, "firstMoment": 336, "secondMoment": 480 } }, { "name": "dense2.bias", "shape": [ 1 ], "dtype": "f32", "at": { "value": 224, "firstMoment": 368, "secondMoment": 512 } } ], "frozen": {}
      }"
    `);
  });

  it("carries learning rate, seeds, steps and epochs", () => {
    const trainer = xorTrainer(3, { shuffleSeed: 4 });
    trainer.setLearningRate(0.125);
    trainer.fitSync(xor, { epochs: 2 });
    const other = xorTrainer();
    other.restore(trainer.state());
    expect(other.manifest()).toMatchObject({
      seeds: { seed: 3, shuffleSeed: 4 },
      options: { learningRate: 0.125, steps: 2, epochs: 2 },
    });
  });

  it("may lie anywhere in a buffer", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor);
    const state = trainer.state();
    const shifted = new Uint8Array(state.length + 3);
    shifted.set(state, 3);
    const other = xorTrainer(1);
    other.restore(shifted.subarray(3));
    expect(other.digest()).toBe(trainer.digest());
    other.reset();
    for (const same of [
      Buffer.from(state),
      state.buffer,
      new DataView(shifted.buffer, 3),
      inOtherRealm(state),
    ]) {
      other.reset();
      other.restore(same as Uint8Array);
      expect(other.digest()).toBe(trainer.digest());
    }
  });

  it("of a trainer is taken by a predictor, and the other way round training starts anew", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 10 });
    const predictor = compile(xorModel(1));
    predictor.restore(trainer.state());
    expect(predictor.digest()).toBe(trainer.digest());
    expect(predictor.predict(xor.x).data).toEqual(trainer.predict(xor.x).data);
    trainer.reset();
    trainer.fitSync(xor);
    trainer.restore(predictor.state());
    expect(trainer.digest()).toBe(predictor.digest());
    expect([trainer.steps, trainer.epochs]).toEqual([0, 0]);
  });
});

describe("a state of the variables alone", () => {
  const trained = () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 10 });
    return trainer;
  };

  it("is a third of the size but for what it says of itself, and keeps every parameter", () => {
    const trainer = trained();
    const light = trainer.state({ training: false });
    expect(trainer.state().length - light.length).toBeGreaterThan(2 * 33 * 4);
    const other = xorTrainer(9);
    other.restore(light);
    expect(other.digest()).toBe(trainer.digest());
    expect(other.state({ training: false })).toEqual(light);
  });

  it("starts training anew: as a fresh trainer with these parameters", () => {
    const light = trained().state({ training: false });
    const used = xorTrainer();
    used.fitSync(xor, { epochs: 3 });
    used.setLearningRate(0.5);
    used.restore(light);
    const fresh = compile(trained().toModel(), {
      loss: binaryCrossEntropy(),
      optimizer: adam({ learningRate: 0.05 }),
    });
    expect(used.learningRate).toBe(0.05);
    used.fitSync(xor, { epochs: 5 });
    fresh.fitSync(xor, { epochs: 5 });
    expect(used.digest()).toBe(fresh.digest());
    expect(used.state()).toEqual(fresh.state());
  });

  it("goes into a trainer with another optimizer, and into a predictor", () => {
    const light = trained().state({ training: false });
    for (const other of [xorTrainer(1, { optimizer: sgd({ momentum: 0.5 }) }), compile(xorModel(3))]) {
      other.restore(light);
      expect(other.digest()).toBe(trained().digest());
    }
  });

  it("holds running statistics too", () => {
    const normalized = (seed: number) =>
      compile(sequential({ input: [2], seed }, [batchNorm(), dense(1, { activation: "sigmoid" })]), {
        loss: binaryCrossEntropy(),
        optimizer: sgd(),
      });
    const trainer = normalized(1);
    trainer.fitSync(xor, { epochs: 3 });
    const other = normalized(2);
    other.restore(trainer.state({ training: false }));
    expect(other.predict(xor.x).data).toEqual(trainer.predict(xor.x).data);
  });

  it("must be whole, and of this model", () => {
    const light = trained().state({ training: false });
    const other = lineTrainer();
    const before = other.state();
    expect(() => other.restore(light)).toThrow("restore: the state must be of this model");
    expect(() => xorTrainer().restore(light.subarray(0, -1))).toThrow("must be whole");
    expect(other.state()).toEqual(before);
  });

  it("is asked for by a boolean", () => {
    expect(() => trained().state({ training: 0 as never })).toThrow(
      "state: training must be a boolean; got 0",
    );
    expect(() => trained().state({ light: true } as never)).toThrow(OptionError);
  });
});

describe("a partial restore", () => {
  const head = (classes: number, seed = 1) =>
    compile(
      sequential({ input: [2], seed }, [
        dense(4, { activation: "tanh", name: "body" }),
        dense(classes, { activation: "softmax", name: "head" }),
      ]),
      { loss: crossEntropy(), optimizer: adam({ learningRate: 0.05 }) },
    );
  const two = () => {
    const trainer = head(2);
    trainer.fitSync({ x: xor.x, y: xor.y }, { epochs: 20 });
    return trainer;
  };
  const valuesOf = (trainer: ReturnType<typeof head>, name: string) => [...trainer.parameters[name].data];

  it("takes what fits by name and shape, and returns what did not", () => {
    for (const state of [two().state(), two().state({ training: false })]) {
      const three = head(3, 5);
      const fresh = head(3, 5);
      three.fitSync({ x: xor.x, y: [0, 1, 2, 0] }, { epochs: 3 });
      const before = valuesOf(three, "head.weight");
      expect(three.restore(state, { partial: true })).toEqual([
        { name: "head.weight", shape: [4, 3], stateShape: [4, 2] },
        { name: "head.bias", shape: [3], stateShape: [2] },
      ]);
      expect(valuesOf(three, "body.weight")).toEqual(valuesOf(two(), "body.weight"));
      expect(valuesOf(three, "head.weight")).toEqual(before);
      // Training starts anew.
      expect([three.steps, three.epochs]).toEqual([0, 0]);
      fresh.setParameters(
        Object.fromEntries(Object.entries(three.parameters).map(([name, { data }]) => [name, data])),
      );
      for (const trainer of [three, fresh]) trainer.fitSync({ x: xor.x, y: [0, 1, 2, 0] }, { epochs: 4 });
      expect(three.state()).toEqual(fresh.state());
    }
  });

  it("names what only one side has", () => {
    const other = compile(
      sequential({ input: [2] }, [dense(4, { name: "body" }), dense(1, { name: "tail" })]),
    );
    expect(other.restore(two().state(), { partial: true })).toEqual([
      { name: "tail.weight", shape: [4, 1], stateShape: undefined },
      { name: "tail.bias", shape: [1], stateShape: undefined },
      { name: "head.weight", shape: undefined, stateShape: [4, 2] },
      { name: "head.bias", shape: undefined, stateShape: [2] },
    ]);
  });

  it("refuses as many classes in another order, which the last layer would take for its own", () => {
    const named = (labels: string[]) =>
      compile(sequential({ input: [2] }, [dense(2, { activation: "softmax" })]), { labels });
    const state = named(["yes", "no"]).state();
    expect(() => named(["no", "yes"]).restore(state, { partial: true })).toThrow(
      'class 0 of the state must be "no"; got "yes"',
    );
    expect(named(["yes", "no"]).restore(state, { partial: true })).toEqual([]);
  });

  it("takes everything of the same model, but starts training anew", () => {
    const trainer = two();
    const digest = trainer.digest();
    expect(trainer.restore(trainer.state(), { partial: true })).toEqual([]);
    expect(trainer.digest()).toBe(digest);
    expect(trainer.steps).toBe(0);
    expect(trainer.restore(two().state(), { partial: false })).toEqual([]);
  });

  it("refuses what is no state and what is not finite, and changes nothing then", () => {
    const trainer = two();
    const before = trainer.state();
    const bad = trainer.state({ training: false });
    new DataView(bad.buffer).setFloat32(32, Number.NaN, true);
    const { block } = partsOf(before);
    const directory = directoryIn(before);
    const outside = structuredClone(directory);
    outside.variables[3].at.value = block.length;
    const placeless = structuredClone(directory);
    delete placeless.variables[1].at;
    const unsound = [bad, before.subarray(0, 100), new Uint8Array(50), stateOf(block, outside)];
    for (const bytes of [...unsound, stateOf(block, placeless)])
      expect(() => trainer.restore(bytes, { partial: true })).toThrow(StateError);
    expect(trainer.state()).toEqual(before);
    expect(() => trainer.restore(before, { partial: 1 as never })).toThrow(
      "partial must be a boolean; got 1",
    );
  });
});

/** A copy of bytes as another window or worker makes them. */
const inOtherRealm = (bytes: Uint8Array) =>
  runInNewContext("Uint8Array.from(bytes)", { bytes: [...bytes] }) as Uint8Array;

const partsOf = (saved: Uint8Array) => {
  const bytes = new Float64Array(saved.slice(16, 32).buffer);
  return { block: saved.slice(32, 32 + bytes[0]), text: saved.slice(32 + bytes[0]) };
};

const directoryIn = (saved: Uint8Array) => JSON.parse(new TextDecoder().decode(partsOf(saved).text));

/** A state with this block and directory, whose header is right. */
function stateOf(block: Uint8Array, directory: unknown): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(
    typeof directory === "string" ? directory : JSON.stringify(directory),
  );
  const digest = sha256([text]);
  const tag = [0, 8].map((at) => Number.parseInt(digest.slice(at, at + 8), 16) | 0);
  const saved = new Uint8Array(32 + block.length + text.length);
  new Int32Array(saved.buffer, 0, 4).set([0x32534757, 1, ...tag]);
  new Float64Array(saved.buffer, 16, 2).set([block.length, text.length]);
  saved.set(block, 32);
  saved.set(text, 32 + block.length);
  return saved;
}

/** A state as another version may have written it: everything at another place in the block, and in another order. */
function reordered(saved: Uint8Array): Uint8Array<ArrayBuffer> {
  const { block } = partsOf(saved);
  const directory = directoryIn(saved);
  const moved = new Uint8Array(block.length * 2 + 64);
  let end = 0;
  const put = (from: number, bytes: number) => {
    moved.set(block.subarray(from, from + bytes), end);
    end += bytes;
    return end - bytes;
  };
  const counters = [...directory.counters].reverse();
  for (const name of counters) put(directory.counters.indexOf(name) * 8, 8);
  const variables = [...directory.variables].reverse().map(({ at, ...v }) => {
    const bytes = v.shape.reduce((p: number, d: number) => p * d, 4);
    const places = Object.entries(at as Record<string, number>).reverse();
    return { ...v, at: Object.fromEntries(places.map(([kind, from]) => [kind, put(from, bytes)])) };
  });
  return stateOf(moved, { ...directory, counters, variables });
}

describe("a state whose directory is another one", () => {
  const source = classifier({ optimizer: adamW({ learningRate: 0.01 }) });
  source.fitSync(classes(21), { epochs: 2 });
  const continues = (other: ReturnType<typeof classifier>, saved: Uint8Array) => {
    other.restore(saved);
    expect(other.digest()).toBe(source.digest());
    const twin = classifier({ optimizer: adamW({ learningRate: 0.01 }) }, 3);
    twin.restore(source.state());
    twin.fitSync(classes(21), { epochs: 2 });
    other.fitSync(classes(21), { epochs: 2 });
    expect(other.digest()).toBe(twin.digest());
  };

  it("is placed by name: other places, another order of variables, slots and counters", () => {
    const saved = reordered(source.state());
    continues(classifier({ optimizer: adamW({ learningRate: 0.01 }) }, 99), saved);
    // The second time by what was found the first time, and in turns with another one.
    const other = classifier({ optimizer: adamW({ learningRate: 0.01 }) }, 99);
    for (let round = 0; round < 2; round++) {
      other.reset();
      other.restore(saved);
      expect(other.digest()).toBe(source.digest());
      other.restore(classifier({ optimizer: adamW({ learningRate: 0.01 }) }, 5).state());
      expect(other.digest()).toBe(classifier({}, 5).digest());
    }
  });

  it("may have what this version does not know: counters, slots, settings that are off", () => {
    const saved = source.state();
    const { block } = partsOf(saved);
    const directory = directoryIn(saved);
    const grown = new Uint8Array(block.length + 8);
    grown.set(block);
    const counters = [...directory.counters];
    while (counters.length * 8 < block.length) counters.push(`later${counters.length}`);
    const variables = directory.variables.map(({ at, ...v }: { at: object }) => ({
      ...v,
      at: { ...at, later: 0 },
    }));
    continues(
      classifier({ optimizer: adamW({ learningRate: 0.01 }) }, 99),
      stateOf(grown, { ...directory, counters, variables, later: true }),
    );
  });

  it("may lack counters: they are as in a new program, whatever stood there", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 3 });
    const { block } = partsOf(trainer.state());
    const directory = directoryIn(trainer.state());
    const counters = directory.counters.map((name: string) =>
      /^(epochLoss|groupRows)$/.test(name) ? `old ${name}` : name,
    );
    const { program } = trainer;
    program.setCounter(program.plan.counters.indexOf("epochLoss"), 7);
    trainer.restore(stateOf(block, { ...directory, counters }));
    expect(program.counter(program.plan.counters.indexOf("epochLoss"))).toBe(0);
    expect(trainer.manifest()).toMatchObject({ options: { steps: 3 } });
  });

  it("may come from a trainer with labels or without: what is not said does not differ", () => {
    const labels = ["a", "b", "c"];
    const named = classifier({ labels });
    named.restore(classifier({}, 3).state());
    const plain = classifier();
    plain.restore(classifier({ labels }, 3).state());
    expect(plain.digest()).toBe(named.digest());
  });

  it("may come from a trainer that adds up gradients of other counts, between updates", () => {
    const data = classes(24);
    const four = classifier({ accumulate: 4 });
    four.fitSync(data);
    for (const accumulate of [1, 2, 4]) {
      const other = classifier({ accumulate }, 9);
      other.fitSync(data);
      if (accumulate > 1) other.step(classes(4));
      other.restore(four.state());
      expect(other.digest()).toBe(four.digest());
      // Nothing of what stood there before: sums of gradients that the state does not have are 0.
      const one = classifier().state();
      other.step(classes(4));
      other.restore(one);
      const fresh = classifier({ accumulate });
      fresh.restore(one);
      expect(other.state()).toEqual(fresh.state());
      other.restore(four.state());
      expect(other.fitSync(data).epochs).toBe(1);
    }
  });

  it("is read by a predictor, whatever trained it", () => {
    const trainers = [
      ...Object.values(optimizers).map((optimizer) => classifier({ optimizer: optimizer() })),
      classifier({ accumulate: 3 }),
      classifier({ optimizer: adamW({ groups: [{ match: /bias$/, weightDecay: 0 }] }) }),
      classifier({ labels: ["a", "b", "c"] }),
    ];
    for (const trainer of trainers) {
      trainer.fitSync(classes(20));
      const predictor = trainer.snapshot();
      predictor.restore(classifier({}, 1).state());
      predictor.restore(trainer.state());
      expect(predictor.digest()).toBe(trainer.digest());
      predictor.restore(reordered(trainer.state()));
      expect(predictor.digest()).toBe(trainer.digest());
    }
  });

  it("is of the same model where nodes that nobody reads, order and names of values differ", () => {
    const build = (seed: number, other: boolean) =>
      model({ inputs: other ? { b: [2], a: [3] } : { a: [3], b: [2] }, seed }, ({ a, b }) => {
        if (other) a.mul(2).exp().sum();
        const first = dense(4, { name: "first" });
        const second = dense(4, { name: "second" });
        const [p, q] = other ? [second(b), first(a)].reverse() : [first(a), second(b)];
        return p.add(q).tanh();
      });
    const [one, two] = [false, true].map((other) => compile(build(other ? 7 : 8, other)));
    expect(one.program.plan.variables.map(({ name }) => name)).not.toEqual(
      two.program.plan.variables.map(({ name }) => name),
    );
    two.restore(one.state());
    for (const [name, { data }] of Object.entries(one.parameters))
      expect(two.parameters[name].data).toEqual(data);
  });

  it("is of the same model where enums have other numbers: it names their members", () => {
    const { computation } = directoryIn(xorTrainer().state());
    expect(JSON.stringify(computation.nodes)).not.toMatch(/"fn":\d/);
    expect(computation.nodes.map(({ attrs }: { attrs: { fn: string } }) => attrs.fn)).toEqual([
      "Identity",
      "Tanh",
      "Identity",
      "Sigmoid",
    ]);
    const [group] = directoryIn(xorTrainer().state()).optimizer.groups;
    expect(group).toEqual({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, biasCorrection: true });
  });
});

describe("restore refuses, and changes nothing,", () => {
  const trainer = xorTrainer();
  trainer.fitSync(xor, { epochs: 3 });
  const state = trainer.state();
  const directory = directoryIn(state);
  const { block } = partsOf(state);
  const changed = (at: number, bytes: ArrayLike<number>) => {
    const copy = state.slice();
    copy.set(bytes, at);
    return copy;
  };
  const f64 = (value: number) => new Uint8Array(Float64Array.of(value).buffer);
  const f32 = (value: number) => new Uint8Array(Float32Array.of(value).buffer);
  const counterAt = (name: string) => 32 + 8 * directory.counters.indexOf(name);
  const valueAt = (name: string, kind: string) =>
    32 + directory.variables.find((v: { name: string }) => v.name === name).at[kind];
  const named = (name: string) =>
    compile(
      sequential({ input: [2] }, [
        dense(8, { activation: "tanh", name }),
        dense(1, { activation: "sigmoid" }),
      ]),
      { loss: binaryCrossEntropy(), optimizer: adam() },
    );
  const optimizer =
    '{"name":"adam","groups":[{"beta1":0.9,"beta2":0.999,"epsilon":1e-8,"biasCorrection":true}]}';
  const same = "the state must be of a trainer with the same optimizer,";
  const sameOptimizer = `${same} ${optimizer}`;
  const wrong: [string, unknown, string][] = [
    ["no bytes", new Uint8Array(), "bytes must be a whole state; got 0 bytes"],
    ["the header alone", state.slice(0, 32), `a state of ${state.length} bytes must be whole; got 32 bytes`],
    ["a part of the header", state.slice(0, 31), "bytes must be a whole state; got 31 bytes"],
    [
      "a truncated state",
      state.slice(0, -1),
      `a state of ${state.length} bytes must be whole; got ${state.length - 1} bytes`,
    ],
    [
      "a state with bytes after it",
      Uint8Array.of(...state, 0),
      `a state of ${state.length} bytes must be whole; got ${state.length + 1} bytes`,
    ],
    [
      "bytes of something else",
      new Uint8Array(state.length),
      "bytes must be a state; got bytes that do not start like one",
    ],
    [
      "a state of a newer format",
      changed(4, [2]),
      "states must have format 1; install a newer version; got format 2",
    ],
    [
      "a state of an older format",
      changed(4, [0]),
      "states must have format 1; older ones are not read; got format 0",
    ],
    ["a string", "WGS2", 'a state must be the Uint8Array that state() gives, or its ArrayBuffer; got "WGS2"'],
    [
      "undefined",
      undefined,
      "a state must be the Uint8Array that state() gives, or its ArrayBuffer; got undefined",
    ],
    ["null", null, "a state must be the Uint8Array that state() gives, or its ArrayBuffer; got null"],
    [
      "a length of the block that is not a number",
      changed(16, f64(Number.NaN)),
      `a state of NaN bytes must be whole; got ${state.length} bytes`,
    ],
    [
      "a length of the block that takes bytes of the directory",
      changed(16, [...f64(block.length + 8), ...f64(state.length - 32 - block.length - 8)]),
      "the directory of a state must be readable; got bytes that were changed",
    ],
    [
      "a tag of another directory than its own",
      changed(8, [state[8] ^ 1]),
      "the directory of a state must be readable; got bytes that were changed",
    ],
    [
      "a directory with changed bytes",
      changed(8, [...reordered(state).subarray(8, 16)]),
      "the directory of a state must be readable; got bytes that were changed",
    ],
    [
      "a directory that is no JSON",
      stateOf(block, "{"),
      "the directory of a state must be readable; got another text",
    ],
    [
      "a directory that is nothing",
      stateOf(block, "null"),
      "the directory of a state must be readable; got another text",
    ],
    [
      "a directory without variables",
      stateOf(block, { ...directory, variables: 3 }),
      "the directory of a state must be readable; got another text",
    ],
    [
      "a directory that points out of the block",
      stateOf(block.slice(0, -16), directory),
      `the directory of a state must fit its block; got 4 bytes at ${block.length - 16} of ${block.length - 16}`,
    ],
    [
      "a directory that points before the block",
      stateOf(block, {
        ...directory,
        variables: directory.variables.map((v: object) => ({
          ...v,
          at: { value: -8, firstMoment: 0.5, secondMoment: 0 },
        })),
      }),
      "the directory of a state must fit its block; got 64 bytes at -8 of 528",
    ],
    [
      "a state of a model of other shapes",
      compile(sequential({ input: [2] }, [dense(9), dense(1)])).state(),
      "the state must be of this model, where dense1.weight is [2,8]; got [2,9]",
    ],
    [
      "a state of a model with more layers",
      compile(sequential({ input: [2] }, [dense(8), dense(1), dense(1)])).state(),
      "the state must be of this model, which has no dense3.weight; got a state with it",
    ],
    [
      "a state of a model with fewer layers",
      compile(sequential({ input: [2] }, [dense(8)])).state(),
      "the state must be of this model, which has dense2.weight [8,1]; got a state without it",
    ],
    [
      "a state of a model with other activations",
      compile(
        sequential({ input: [2] }, [dense(8, { activation: "relu" }), dense(1, { activation: "sigmoid" })]),
      ).state(),
      'the state must be of this model, whose step 1 is {"op":"unary","attrs":{"alpha":0,"fn":"Tanh"},"inputs":[["node",0,0]]}; ' +
        'got {"op":"unary","attrs":{"alpha":0,"fn":"Relu"},"inputs":[["node",0,0]]}',
    ],
    [
      "a state of a model with one step less",
      compile(sequential({ input: [2] }, [dense(8, { activation: "tanh" }), dense(1)])).state(),
      'whose step 3 is {"op":"unary","attrs":{"alpha":0,"fn":"Sigmoid"},"inputs":[["node",2,0]]}; got nothing',
    ],
    [
      "a state of a model with other names",
      named("other").state(),
      "the state must be of this model, which has dense1.weight [2,8]; got a state without it",
    ],
    ["a state of another optimizer", xorTrainer(42, { optimizer: sgd() }).state(), `${same} adam; got sgd`],
    [
      "a state of the same optimizer with other settings",
      xorTrainer(42, { optimizer: adam({ beta2: 0.5 }) }).state(),
      `${sameOptimizer}; got ${optimizer.replace("0.999", "0.5")}`,
    ],
    [
      "a state of the same optimizer without a flag",
      xorTrainer(42, { optimizer: adam({ biasCorrection: false }) }).state(),
      `${sameOptimizer}; got ${optimizer.replace(',"biasCorrection":true', "")}`,
    ],
    [
      "a state of an optimizer with groups",
      xorTrainer(42, { optimizer: adamW({ weightDecay: 0, groups: [{ match: /bias/ }] }) }).state(),
      `${sameOptimizer}; got {"name":"adam","groups":[{"match":"/bias/",`,
    ],
    [
      "a state of a trainer without slots",
      stateOf(block, {
        ...directory,
        variables: directory.variables.map(({ at, ...v }: { at: { value: number } }) => ({
          ...v,
          at: { value: at.value },
        })),
      }),
      "a state must hold the firstMoment of dense1.weight; got a state without it",
    ],
    ...(
      [
        ["whose step counter is NaN", "step", Number.NaN],
        ["whose step counter is not whole", "step", 1.5],
        ["whose cursor is negative", "cursor", -4],
        ["whose cursor is -0 and a bit", "cursor", -Number.MIN_VALUE],
        ["whose epoch has half a row", "epochRows", 0.5],
        ["whose sum of losses is infinite", "epochLoss", Number.POSITIVE_INFINITY],
        ["whose learning rate is negative", "learningRate", -1],
        ["whose learning rate is infinite", "learningRate", Number.POSITIVE_INFINITY],
        ["whose power of beta1 is above 1", "beta1Power", 1.5],
        ["whose power of beta2 is negative", "beta2Power", -0.5],
        ["whose seed is beyond 2^53", "seed", 2 ** 53],
      ] as const
    ).map(([which, counter, value]): [string, Uint8Array, string] => [
      `a state ${which}`,
      changed(counterAt(counter), f64(value)),
      `the counters of a state must be finite, in range, and whole where they count; got ${counter} ${value}`,
    ]),
    [
      "a state whose cursor stands beyond the rows of its epoch",
      changed(counterAt("cursor"), f64(6)),
      "the cursor of a state must lie in its epoch; got cursor 6 of 0 rows",
    ],
    [
      "a state with more passes waiting than make an update",
      changed(counterAt("microStep"), [...f64(1), ...f64(4)]),
      "a state must have fewer passes waiting than the 1 of an update; got 1",
    ],
    [
      "a state with rows that wait without a pass",
      changed(counterAt("groupRows"), f64(4)),
      "the passes waiting in a state must have rows; got 4 rows in 0 passes",
    ],
    [
      "a state with NaN in a variable",
      changed(valueAt("dense2.weight", "value") + 4, f32(Number.NaN)),
      "the numbers of a state must be finite; got NaN or infinity in dense2.weight",
    ],
    [
      "a state with infinity in a variable",
      changed(valueAt("dense1.bias", "value") + 28, f32(Number.NEGATIVE_INFINITY)),
      "the numbers of a state must be finite; got NaN or infinity in dense1.bias",
    ],
    [
      "a state with NaN in a moment",
      changed(valueAt("dense1.weight", "firstMoment"), f32(Number.NaN)),
      "the numbers of a state must be finite; got NaN or infinity in a slot of the optimizer",
    ],
    [
      "a state with a negative second moment",
      changed(valueAt("dense2.bias", "secondMoment"), f32(-1e-30)),
      "the secondMoment of a state must not be negative; got a number below 0",
    ],
  ];
  it.each(wrong)("%s", (_, bytes, message) => {
    const error = thrownBy(() => trainer.restore(bytes as Uint8Array));
    expect(error.message).toMatch(/^restore: /);
    expect(error.message).toContain(message);
    expect(error).toBeInstanceOf(StateError);
    expect(trainer.state()).toEqual(state);
  });

  it("what comes by name and is not sound, as much as what comes in one copy", () => {
    const moved = reordered(state);
    const bad = directoryIn(moved).variables.at(-1).at.value;
    moved.set(f32(Number.NaN), 32 + bad);
    const other = xorTrainer(5);
    const before = other.state();
    expect(() => other.restore(moved)).toThrow("NaN or infinity in dense1.weight");
    expect(other.state()).toEqual(before);
  });

  it("a negative first moment not: moments have either sign", () => {
    const other = xorTrainer(5);
    other.restore(changed(valueAt("dense2.bias", "firstMoment"), f32(-1e-30)));
    expect(other.digest()).toBe(trainer.digest());
  });

  it("labels in another order, naming the first", () => {
    const labels = ["setosa", "versicolor", "virginica"];
    const right = classifier({ labels });
    const reversed = classifier({ labels: [...labels].reverse() }).state();
    const before = right.state();
    expect(() => right.restore(reversed)).toThrow(
      new StateError('restore: class 0 of the state must be "setosa"; got "virginica"', "mismatch"),
    );
    expect(() => right.snapshot().restore(reversed)).toThrow(StateError);
    const swapped = classifier({ labels: ["setosa", "virginica", "versicolor"] }).state();
    expect(() => right.restore(swapped)).toThrow(
      'class 1 of the state must be "versicolor"; got "virginica"',
    );
    expect(right.state()).toEqual(before);
  });

  it("a state that ends before its variables do, in a predictor", () => {
    const predictor = compile(xorModel());
    const saved = predictor.state();
    const short = stateOf(partsOf(saved).block.slice(0, 96), directoryIn(saved));
    expect(() => predictor.restore(short)).toThrow("the directory of a state must fit its block");
  });
});

describe("a group of passes", () => {
  it("goes on from its middle as it would have", () => {
    const parts = [classes(8, 1), classes(8, 2), classes(5, 3)];
    const whole = classifier({ accumulate: 3 });
    const states = [whole.state()];
    for (const part of [...parts, ...parts]) {
      whole.step(part);
      states.push(whole.state());
    }
    states.forEach((state, passes) => {
      const resumed = classifier({ accumulate: 3 }, 99);
      resumed.step(parts[1]);
      resumed.restore(passes % 2 ? reordered(state) : state);
      expect(resumed.digest()).toBe(xorless(states, passes));
      for (const part of [...parts, ...parts].slice(passes)) resumed.step(part);
      expect(resumed.digest()).toBe(whole.digest());
      expect(resumed.state()).toEqual(whole.state());
    });
  });

  /** The variables after so many passes. */
  function xorless(states: readonly Uint8Array[], passes: number): string {
    const trainer = classifier({ accumulate: 3 });
    trainer.restore(states[passes]);
    return trainer.digest();
  }

  it("is refused where updates take fewer passes than wait", () => {
    const four = classifier({ accumulate: 4 });
    for (let pass = 0; pass < 2; pass++) four.step(classes(8));
    const saved = four.state();
    for (const accumulate of [1, 2]) {
      const other = classifier({ accumulate });
      const before = other.state();
      expect(() => other.restore(saved)).toThrow(
        `a state must have fewer passes waiting than the ${accumulate} of an update; got 2`,
      );
      expect(other.state()).toEqual(before);
    }
    // For reading, what waits does not matter.
    const one = classifier();
    const { x } = classes(8);
    expect(one.predict(x, { state: saved }).data).toEqual(four.predict(x).data);
    const three = classifier({ accumulate: 3 });
    three.restore(saved);
    three.step(classes(8));
    expect(three.manifest()).toMatchObject({ options: { steps: 1 } });
  });
});

describe("frozen values", () => {
  const programOf = (frozen: readonly string[], value = 0, optimizer?: OptimizerPlan) => {
    const { base, x, t, ...request } = smallRequest({ optimizer });
    const program = new Program(
      "test",
      defaultEngine(),
      { ...request, frozen: new Set(frozen) },
      { seed: 1, shuffleSeed: 1 },
    );
    for (const v of program.plan.variables) program.values(v).fill(value);
    program.states.refresh();
    return program;
  };
  const valuesOf = (program: Program, name: string) => {
    const found = program.plan.variables.find((v) => v.name === name);
    return found ? [...program.values(found)] : [];
  };
  const BODY = ["body.weight", "body.bias"];

  it("are not in the block, and the directory says which they are", () => {
    const program = programOf(BODY);
    const directory = directoryIn(program.states.save());
    expect(directory.variables.map(({ name }: { name: string }) => name)).toEqual([
      "head.weight",
      "head.bias",
    ]);
    expect(Object.keys(directory.frozen)).toEqual(BODY);
    expect(directory.frozen["body.bias"]).toBe(sha256([new Uint8Array(12)]));
    expect(programOf([]).states.save().length).toBeGreaterThan(program.states.save().length);
  });

  it("that another program owns are told as they are when a state is saved or restored", () => {
    const open = (foreign?: ReadonlyMap<string, number>) => {
      const { base, x, t, ...request } = smallRequest();
      return new Program("test", defaultEngine(), { ...request, foreign }, { seed: 1, shuffleSeed: 1 });
    };
    // Behind the program, in the last page of its memory.
    const { plan, u8 } = open();
    const at = Math.ceil(plan.end / 64) * 64;
    expect(u8.length).toBeGreaterThanOrEqual(at + 24);
    const guest = open(new Map([["body.weight", at]]));
    guest.f32.fill(0.5, at / 4, at / 4 + 6);
    const saved = guest.states.save();
    expect(directoryIn(saved).frozen["body.weight"]).toBe(
      sha256([new Uint8Array(new Float32Array(6).fill(0.5).buffer)]),
    );
    guest.states.load("restore", saved, true);
    // The owner goes on, and the guest comes back to what is its own.
    guest.f32[at / 4] = 0.75;
    guest.values(guest.plan.variables[2]).fill(3);
    guest.states.load("restore", saved, true);
    expect([guest.f32[at / 4], ...valuesOf(guest, "head.weight")]).toEqual([0.75, 0, 0, 0]);
  });

  it("must be the same, bit by bit", () => {
    const program = programOf(BODY, 0);
    const other = programOf(BODY, 0.5);
    const before = other.states.save();
    expect(() => other.states.load("restore", program.states.save(), true)).toThrow(
      new StateError(
        "restore: the state must belong to the frozen values of body.weight; got a state that was made with others",
        "mismatch",
      ),
    );
    expect(other.states.save()).toEqual(before);
    const same = programOf(BODY, 0);
    same.values(same.plan.variables[2]).fill(3);
    same.states.load("restore", program.states.save(), true);
    expect(valuesOf(same, "head.weight")).toEqual([0, 0, 0]);
  });

  it("must be the same where the state has them in its block, and are not written", () => {
    const free = programOf([], 0.5);
    const frozen = programOf(BODY, 0.5);
    frozen.values(frozen.plan.variables[2]).fill(3);
    frozen.states.load("restore", free.states.save(), true);
    expect(valuesOf(frozen, "head.weight")).toEqual([0.5, 0.5, 0.5]);
    const other = programOf(BODY, 0.25);
    expect(() => other.states.load("restore", free.states.save(), true)).toThrow(
      "the state must belong to the frozen values of body.weight; got a state that was made with others",
    );
    expect(valuesOf(other, "body.weight")).toEqual(new Array(6).fill(0.25));
    // Each state is looked at, not only the first of its kind.
    free.values(free.plan.variables[1]).fill(9);
    expect(() => frozen.states.load("restore", free.states.save(), true)).toThrow(
      "frozen values of body.bias",
    );
  });

  it("must be the same where the program has them in its block, as a predictor does", () => {
    const frozen = programOf(BODY, 0.5);
    const free = programOf([], 0.5);
    free.values(free.plan.variables[2]).fill(3);
    free.states.load("restore", frozen.states.save(), false);
    expect(valuesOf(free, "head.weight")).toEqual([0.5, 0.5, 0.5]);
    free.values(free.plan.variables[0]).fill(0.25);
    const before = free.states.save();
    expect(() => free.states.load("restore", frozen.states.save(), false)).toThrow(
      "restore: the state must belong to the frozen values of body.weight; got a state that was made with others",
    );
    expect(free.states.save()).toEqual(before);
    // Training needs moments, which nobody kept.
    free.values(free.plan.variables[0]).fill(0.5);
    expect(() => free.states.load("restore", frozen.states.save(), true)).toThrow(
      "a state must hold the firstMoment of body.weight; got a state without it",
    );
  });

  it("are drawn anew by initialize, which the states then say", () => {
    const program = programOf(BODY, 0.5);
    program.initialize({ seed: 1, shuffleSeed: 1 });
    const fresh = programOf(BODY, 0);
    fresh.initialize({ seed: 1, shuffleSeed: 1 });
    expect(program.states.save()).toEqual(fresh.states.save());
  });
});

describe("reset", () => {
  for (const [name, optimizer] of Object.entries(optimizers))
    it(`gives exactly the state of a fresh compile: ${name}`, () => {
      const trainer = classifier({ optimizer: optimizer(), shuffleSeed: 3 });
      const fresh = trainer.state();
      const data = classes(21);
      const first = trainer.fitSync(data, { epochs: 3 });
      const trained = trainer.state();
      trainer.reset();
      expect(trainer.state()).toEqual(fresh);
      expect(trainer.fitSync(data, { epochs: 3 })).toEqual(first);
      expect(trainer.state()).toEqual(trained);
    });

  it("with seeds gives the state of a compile with those seeds", () => {
    const trainer = classifier();
    trainer.fitSync(classes(21));
    trainer.reset({ seed: 11, shuffleSeed: 12 });
    expect(trainer.state()).toEqual(classifier({ shuffleSeed: 12 }, 11).state());
    trainer.reset({ seed: 11 });
    expect(trainer.state()).toEqual(classifier({}, 11).state());
    trainer.reset();
    expect(trainer.state()).toEqual(classifier().state());
  });

  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
    it(`refuses seed ${seed} and changes nothing`, () => {
      const trainer = xorTrainer();
      trainer.fitSync(xor);
      const before = trainer.state();
      expect(() => trainer.reset({ seed })).toThrow(`got ${seed}`);
      expect(() => trainer.reset({ shuffleSeed: seed })).toThrow(`got ${seed}`);
      expect(trainer.state()).toEqual(before);
    });
});

describe("snapshot", () => {
  it("has its own copy of the parameters, and update refreshes it", () => {
    const trainer = xorTrainer();
    const snapshot = trainer.snapshot();
    const before = trainer.predict(xor.x).data;
    trainer.fitSync(xor, { epochs: 20 });
    expect(snapshot.predict(xor.x).data).toEqual(before);
    snapshot.update(trainer);
    expect(snapshot.predict(xor.x).data).toEqual(trainer.predict(xor.x).data);
    expect(snapshot.digest()).toBe(trainer.digest());
  });

  it("lives on when the trainer is disposed", () => {
    const trainer = xorTrainer();
    const snapshot = trainer.snapshot();
    trainer.dispose();
    expect(snapshot.predict(xor.x).shape).toEqual([4, 1]);
    expect(() => snapshot.update(trainer)).toThrow(DisposedError);
  });

  it("keeps labels, and refuses the parameters of another model", () => {
    const trainer = classifier({ labels: ["a", "b", "c"] });
    const snapshot = trainer.snapshot();
    expect(["a", "b", "c"]).toContain(snapshot.classify([[1, 2, 3, 4, 5]])[0].label);
    expect(() => snapshot.update(xorTrainer() as never)).toThrow(StateError);
  });
});

describe("one program serves many models of one shape", () => {
  it("10,000 of them trained in turn give what each alone would", () => {
    const trainer = xorTrainer(0);
    const states: Uint8Array[] = [];
    for (let i = 0; i < 10_000; i++) {
      trainer.reset({ seed: i });
      states.push(trainer.state());
    }
    for (let round = 0; round < 3; round++)
      for (let i = 0; i < 10_000; i++) {
        trainer.restore(states[i]);
        trainer.fitSync(xor, { epochs: 2 });
        states[i] = trainer.state();
      }
    for (const i of [0, 1, 4_999, 9_999]) {
      const alone = xorTrainer(i);
      alone.fitSync(xor, { epochs: 6 });
      expect(states[i]).toEqual(alone.state());
    }
  });
});

describe("dispose", () => {
  it("makes every later use a DisposedError that says which", async () => {
    const trainer = classifier();
    const data = classes(8);
    const state = trainer.state();
    trainer.dispose();
    const uses: Record<string, () => unknown> = {
      predict: () => trainer.predict(data.x),
      fitSync: () => trainer.fitSync(data),
      step: () => trainer.step(data),
      evaluate: () => trainer.evaluate(data),
      gradients: () => trainer.gradients(data),
      steps: () => trainer.steps,
      epochs: () => trainer.epochs,
      learningRate: () => trainer.learningRate,
      parameters: () => trainer.parameters,
      setParameters: () => trainer.setParameters({}),
      setLearningRate: () => trainer.setLearningRate(0.1),
      state: () => trainer.state(),
      restore: () => trainer.restore(state),
      reset: () => trainer.reset(),
      snapshot: () => trainer.snapshot(),
      toModel: () => trainer.toModel(),
      digest: () => trainer.digest(),
      manifest: () => trainer.manifest(),
    };
    for (const [name, use] of Object.entries(uses)) {
      const error = thrownBy(use);
      expect(error.message).toBe(`${name}: the program must not be disposed; got a call after dispose()`);
      expect(error).toBeInstanceOf(DisposedError);
    }
    expect(() => trainer.classify(data.x)).toThrow(DisposedError);
    await expect(trainer.fit(data)).rejects.toBeInstanceOf(DisposedError);
  });

  it("may be called twice", () => {
    const trainer = xorTrainer();
    trainer.dispose();
    expect(() => trainer.dispose()).not.toThrow();
  });

  it("is what `using` calls at the end of its block", () => {
    let kept: ReturnType<typeof xorTrainer>;
    {
      using trainer = xorTrainer();
      kept = trainer;
      expect(trainer.fitSync(xor).steps).toBe(1);
    }
    expect(() => kept.predict(xor.x)).toThrow(DisposedError);
  });

  it("leaves parameter views and results as they are", () => {
    const trainer = xorTrainer();
    const { data } = trainer.parameters["dense1.weight"];
    const copy = data.slice();
    trainer.dispose();
    expect(data).toEqual(copy);
  });
});
