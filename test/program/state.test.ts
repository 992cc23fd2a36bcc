import { describe, expect, it, vi } from "vitest";
import {
  adam,
  adamW,
  binaryCrossEntropy,
  compile,
  DisposedError,
  dense,
  type Optimizer,
  StateError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, classifier, slowClock, thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

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

  it("of a trainer is a copy of some KB", () => {
    expect(xorTrainer().state().length).toBeLessThan(1024);
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
    other.restore(Buffer.from(state));
    expect(other.digest()).toBe(trainer.digest());
  });

  it("of a trainer is taken by a predictor, not the other way round", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 10 });
    const predictor = compile(xorModel(1));
    predictor.restore(trainer.state());
    expect(predictor.digest()).toBe(trainer.digest());
    expect(predictor.predict(xor.x).data).toEqual(trainer.predict(xor.x).data);
    expect(() => trainer.restore(predictor.state())).toThrow(
      "restore: the state must be of a trainer with the same optimizer; got a state of another optimizer, or of a predictor",
    );
  });
});

describe("a trainer with plain SGD", () => {
  it("does not take the state of a predictor, which has no learning rate", () => {
    const trainer = xorTrainer(1, { optimizer: sgd() });
    expect(() => trainer.restore(compile(xorModel(1)).state())).toThrow("or of a predictor");
  });
});

describe("restore refuses, and changes nothing,", () => {
  const trainer = xorTrainer();
  trainer.fitSync(xor, { epochs: 3 });
  const state = trainer.state();
  const changed = (at: number, bytes: ArrayLike<number>) => {
    const copy = state.slice();
    copy.set(bytes, at);
    return copy;
  };
  const wrong: [string, unknown, string][] = [
    ["no bytes", new Uint8Array(), "restore: bytes must be a whole state; got 0 bytes"],
    ["the header alone", state.slice(0, 32), "must be whole; got 32 bytes"],
    ["a truncated state", state.slice(0, -1), `must be whole; got ${state.length - 1} bytes`],
    [
      "a state with bytes after it",
      Uint8Array.of(...state, 0),
      `must be whole; got ${state.length + 1} bytes`,
    ],
    ["bytes of something else", new Uint8Array(state.length), "got bytes that do not start like one"],
    ["a string", "WGS1", "restore: a state is a Uint8Array, as state() gives it; got string"],
    ["undefined", undefined, "got undefined"],
    ["an ArrayBuffer", state.buffer, "got object"],
    [
      "a state of a model of other shapes",
      compile(sequential({ input: [2] }, [dense(9), dense(1)])).state(),
      "restore: the state must be of this model; got a state of another model",
    ],
    [
      "a state of a model with other activations",
      compile(
        sequential({ input: [2] }, [dense(8, { activation: "relu" }), dense(1, { activation: "sigmoid" })]),
      ).state(),
      "got a state of another model",
    ],
    [
      "a state of the same optimizer with other settings",
      xorTrainer(42, { optimizer: adam({ beta2: 0.5 }) }).state(),
      "got a state of another optimizer",
    ],
    ["a state of a model with other names", xorTrainerNamed("other").state(), "got a state of another model"],
    [
      "a state of another optimizer",
      xorTrainer(42, { optimizer: sgd() }).state(),
      "restore: the state must be of a trainer with the same optimizer; got a state of another optimizer, or of a predictor",
    ],
    [
      "a state whose step counter is NaN",
      changed(32, new Uint8Array(Float64Array.of(Number.NaN).buffer)),
      "the counters of a state must be finite, in range, and whole where they count; got bytes that were changed",
    ],
    [
      "a state whose cursor is negative",
      changed(32 + 16, new Uint8Array(Float64Array.of(-4).buffer)),
      "the counters of a state must be finite, in range, and whole where they count; got bytes that were changed",
    ],
    // Counters are f64 from byte 32 on, in the order of `Counter`.
    ...(
      [
        ["whose cursor stands beyond the rows of its epoch", 2, 6],
        ["whose epoch has half a row", 8, 0.5],
        ["whose learning rate is negative", 4, -1],
        ["whose power of beta1 is above 1", 5, 1.5],
        ["whose power of beta2 is negative", 6, -0.5],
      ] as const
    ).map(([which, counter, value]): [string, Uint8Array, string] => [
      `a state ${which}`,
      changed(32 + 8 * counter, new Uint8Array(Float64Array.of(value).buffer)),
      "the counters of a state must be finite, in range, and whole where they count; got bytes that were changed",
    ]),
  ];
  for (const [name, bytes, message] of wrong)
    it(name, () => {
      const error = thrownBy(() => trainer.restore(bytes as Uint8Array));
      expect(error.message).toContain(message);
      expect(error).toBeInstanceOf(StateError);
      expect(trainer.state()).toEqual(state);
    });

  it("a state that ends before its parameters do, in a predictor", () => {
    const predictor = compile(xorModel());
    const short = predictor.state().slice(0, 32 + 80 + 16);
    new DataView(short.buffer).setFloat64(24, 80 + 16, true);
    expect(() => predictor.restore(short)).toThrow(
      "restore: a state must hold all that it is restored to; got 96 bytes",
    );
  });

  function xorTrainerNamed(name: string) {
    return compile(
      sequential({ input: [2] }, [
        dense(8, { activation: "tanh", name }),
        dense(1, { activation: "sigmoid" }),
      ]),
      { loss: binaryCrossEntropy(), optimizer: adam() },
    );
  }
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
