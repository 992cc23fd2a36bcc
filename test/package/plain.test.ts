/** Programs and results among other people's tools: clones, messages, JSON, consoles, reactive state. */
import { inspect } from "node:util";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { createDraft, finishDraft, produce } from "immer";
import { makeAutoObservable, observable } from "mobx";
import { proxy } from "valtio/vanilla";
import { describe, expect, it } from "vitest";
import { isReactive, reactive, ref, shallowReactive } from "vue";
import {
  adam,
  binaryCrossEntropy,
  compile,
  dense,
  model,
  OptionError,
  sequential,
  valueAndGrad,
} from "../../src/index.ts";
import { xor, xorModel, xorTrainer } from "../fixtures.ts";

/** What arrives at the other end. */
function posted<T>(value: T): T {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const received = receiveMessageOnPort(port2)?.message;
  port1.close();
  return received;
}

describe("results", () => {
  const trainer = xorTrainer();
  const results: readonly [string, unknown][] = [
    ["of predict", trainer.predict(xor.x)],
    ["of classify", trainer.classify(xor.x)],
    ["of evaluate", trainer.evaluate(xor)],
    ["of fit", xorTrainer().fitSync(xor, { epochs: 3 })],
    ["of gradients", trainer.gradients(xor)],
    ["of valueAndGrad", valueAndGrad((x) => x.square().sum())([[1, 2]] as never)],
    [
      "of a model with named outputs",
      compile(model({ inputs: { x: [2] } }, ({ x }) => ({ y: dense(1)(x) }))).predict({ x: [[1, 2]] }),
    ],
    ["of restore", trainer.restore(trainer.state(), { partial: true })],
  ];

  it.each(results)("%s are cloned and posted with all their data", (_, result) => {
    for (const copy of [structuredClone(result), posted(result)]) {
      expect(copy).toEqual(result);
      expect(JSON.stringify(copy).length).toBeGreaterThan(1);
    }
  });

  it.each(results)("%s say their numbers in JSON", (_, result) => {
    const text = JSON.stringify(result);
    expect(text).not.toMatch(/"0":/);
    expect(text.length).toBeLessThan(2000);
  });

  it("come back from clones and JSON as rows", () => {
    const result = trainer.predict(xor.x);
    const next = compile(sequential({ input: [1] }, [dense(1)]));
    for (const copy of [structuredClone(result), JSON.parse(JSON.stringify(result))])
      expect(next.predict(copy).data).toEqual(next.predict(result).data);
    expect(JSON.parse(JSON.stringify(result))).toEqual({ data: [...result.data], shape: [4, 1] });
  });
});

describe("a trainer", () => {
  it("is its manifest in JSON and on the console, whatever its size", () => {
    const trainer = compile(sequential({ input: [784] }, [dense(512)]));
    expect(JSON.parse(JSON.stringify({ trainer })).trainer).toEqual(trainer.manifest());
    expect(JSON.stringify(trainer).length).toBeLessThan(3000);
    expect(inspect(trainer)).toBe(inspect(trainer.manifest()));
    trainer.dispose();
    expect(JSON.stringify(trainer)).toBe('{"package":"wasmgrad","disposed":true}');
    expect(inspect(trainer)).toContain("disposed: true");
  });

  it("has getters for steps, epochs and the learning rate", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 3 });
    expect([trainer.steps, trainer.epochs, trainer.learningRate]).toEqual([3, 3, 0.05]);
    trainer.setLearningRate(0.25);
    expect(trainer.learningRate).toBe(0.25);
    expect(() => {
      (trainer as { steps: number }).steps = 5;
    }).toThrow(TypeError);
  });
});

describe("reactive state", () => {
  it("of Vue holds a trainer as it is", async () => {
    const trainer = xorTrainer();
    const plain = xorTrainer();
    for (const held of [ref(trainer).value, reactive({ trainer }).trainer, reactive([trainer])[0]]) {
      expect(isReactive(held)).toBe(false);
      await held.fit(xor, { epochs: 2 });
      held.predict(xor.x);
    }
    expect(shallowReactive({ trainer }).trainer).toBe(trainer);
    plain.fitSync(xor, { epochs: 6 });
    expect(trainer.state()).toEqual(plain.state());
  });

  it("of Vue holds models and rows, which still train", () => {
    const held = reactive({ model: xorModel() as object, data: xor });
    const trainer = compile(held.model as ReturnType<typeof xorModel>, {
      loss: binaryCrossEntropy(),
      optimizer: adam({ learningRate: 0.05 }),
    });
    trainer.fitSync(held.data, { epochs: 3 });
    const plain = xorTrainer();
    plain.fitSync(xor, { epochs: 3 });
    expect(trainer.digest()).toBe(plain.digest());
  });

  it("of MobX holds a trainer as it is", () => {
    const trainer = xorTrainer();
    class Store {
      trainer = trainer;
      constructor() {
        makeAutoObservable(this);
      }
    }
    for (const held of [
      observable({ trainer }).trainer,
      observable.box(trainer).get(),
      new Store().trainer,
    ]) {
      expect(held).toBe(trainer);
      held.fitSync(xor);
    }
  });

  it("of MobX, Immer and Vue holds bound data as they are", () => {
    const trainer = xorTrainer();
    const data = trainer.bind(xor);
    const state: { data: unknown; rounds: number } = { data, rounds: 0 };
    const drafted = produce(state, (draft) => {
      trainer.fitSync(draft.data as typeof data);
      draft.rounds++;
    });
    for (const held of [observable(state), drafted, reactive(state)]) {
      expect(held.data).toBe(data);
      trainer.fitSync(held.data as typeof data);
    }
    expect(trainer.epochs).toBe(4);
  });

  it("of Immer holds a trainer as it is, and does not freeze it", () => {
    const trainer = xorTrainer();
    const next = produce({ trainer, epochs: 0 }, (draft) => {
      draft.trainer.fitSync(xor);
      draft.epochs++;
    });
    expect(next.trainer).toBe(trainer);
    expect(finishDraft(createDraft({ trainer })).trainer.steps).toBe(1);
    trainer.fitSync(xor);
  });

  it("that puts a proxy around it is declined by every call, with what to do", async () => {
    const trainer = xorTrainer();
    const message =
      "program: a trainer or predictor must be used itself; got a proxy of it, as reactive state makes: " +
      "keep it outside, or mark it as raw";
    for (const held of [
      proxy({ trainer }).trainer,
      new Proxy(trainer, {}),
      Object.create(trainer) as typeof trainer,
    ]) {
      for (const call of [
        () => held.predict(xor.x),
        () => held.fitSync(xor),
        () => held.step(xor),
        () => held.state(),
        () => held.steps,
        () => held.parameters,
        () => held.manifest(),
        () => held.summary(),
        () => held.dispose(),
        () => held.reset(),
        () => held.bind(xor),
        () => JSON.stringify(held),
      ])
        expect(call).toThrow(new OptionError(message));
      await expect(held.fit(xor)).rejects.toThrow(message);
      await expect(held.evaluateAsync(xor)).rejects.toThrow(message);
    }
    expect(trainer.steps).toBe(0);
  });
});
