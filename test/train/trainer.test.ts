import { describe, expect, it } from "vitest";
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  huber,
  meanSquaredError,
  model,
  ShapeError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, classifier, lineTrainer, noise, xor, xorTrainer } from "../fixtures.ts";

describe("step", () => {
  it("returns the loss before its update", () => {
    const trainer = xorTrainer();
    const { loss } = trainer.evaluate(xor);
    expect(trainer.step(xor).loss).toBe(loss);
    expect(trainer.evaluate(xor).loss).not.toBe(loss);
  });

  it("takes any number of rows up to the batch", () => {
    const trainer = classifier();
    for (const rows of [1, 3, 8]) expect(trainer.step(classes(rows)).loss).toBeGreaterThan(0);
    const before = trainer.state();
    expect(() => trainer.step(classes(9))).toThrow(
      "step: takes at most 8 rows, the batchSize of compile; got 9",
    );
    expect(() => trainer.gradients(classes(9))).toThrow(ShapeError);
    expect(trainer.state()).toEqual(before);
  });

  it("counts steps and not epochs, and leaves the shuffling of later epochs alone", () => {
    const data = classes(30);
    const a = classifier();
    a.step(classes(8));
    expect(a.manifest()).toMatchObject({ options: { steps: 1, epochs: 0 } });
    const b = classifier();
    b.setParameters(a.parameters);
    const aState = a.state();
    a.fitSync(data);
    expect(aState).not.toEqual(a.state());
    expect(a.manifest()).toMatchObject({ options: { steps: 5, epochs: 1 } });
  });
});

describe("evaluate", () => {
  it("gives the row-weighted mean over batches, and changes nothing", () => {
    const trainer = classifier();
    const { x, y } = classes(21);
    const before = trainer.state();
    const { loss, accuracy } = trainer.evaluate({ x, y });
    let sum = 0;
    for (let row = 0; row < 21; row++)
      sum += trainer.evaluate({ x: x.slice(row * 5, row * 5 + 5), y: y.slice(row, row + 1) }).loss;
    expect(loss).toBeCloseTo(sum / 21, 6);
    const right = trainer.classify(x).filter(({ index }, i) => index === y[i]).length;
    expect(accuracy).toBe(right / 21);
    expect(trainer.state()).toEqual(before);
  });

  it("of a regression has no accuracy", () => {
    expect(lineTrainer().evaluate({ x: [1], y: [2] })).not.toHaveProperty("accuracy");
  });

  it("counts a sigmoid as right from 1/2 on", () => {
    const trainer = compile(
      sequential({ input: [1] }, [dense(1, { activation: "sigmoid", weightInitializer: "ones" })]),
      { loss: binaryCrossEntropy(), optimizer: sgd() },
    );
    expect(trainer.evaluate({ x: [-1, 1, 2, -3], y: [0, 1, 0, 1] }).accuracy).toBe(0.5);
  });
});

describe("gradients", () => {
  const loss = (trainer: ReturnType<typeof classifier>, data: ReturnType<typeof classes>) =>
    trainer.evaluate(data).loss;

  it("agree with central differences of evaluate, and change nothing", () => {
    const trainer = classifier();
    const data = classes(8);
    const before = trainer.state();
    const { loss: value, gradients } = trainer.gradients(data);
    expect(trainer.state()).toEqual(before);
    expect(value).toBeCloseTo(loss(trainer, data), 7);
    const h = 1 / 128;
    for (const [name, { data: g }] of Object.entries(gradients)) {
      const view = trainer.parameters[name].data;
      for (let i = 0; i < view.length; i += 5) {
        const w = view[i];
        view[i] = w + h;
        const up = loss(trainer, data);
        view[i] = w - h;
        const down = loss(trainer, data);
        view[i] = w;
        expect(g[i], `${name}[${i}]`).toBeCloseTo((up - down) / (2 * h), 3);
      }
    }
    expect(trainer.state()).toEqual(before);
  });

  it("are those a step of gradient descent goes down", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 0.25 }) });
    const data = { x: [[1], [2]], y: [3, 5] };
    const { gradients } = trainer.gradients(data);
    const before = trainer.parameters["line.weight"].data[0];
    trainer.step(data);
    expect(trainer.parameters["line.weight"].data[0]).toBe(
      Math.fround(before - Math.fround(0.25 * gradients["line.weight"].data[0])),
    );
  });
});

describe("models of several inputs and outputs", () => {
  const make = () =>
    compile(
      model({ inputs: { image: [4, 3], meta: [2] }, seed: 5 }, ({ image, meta }) => {
        const flat = dense(6, { activation: "relu", name: "image" })(image.reshape([-1, 12]));
        const shared = dense(6, { activation: "tanh", name: "shared" });
        const h = shared(shared(flat))
          .add(dense(6, { name: "meta" })(meta))
          .add(flat);
        return {
          kind: dense(3, { activation: "softmax", name: "kind" })(h),
          size: dense(1, { name: "size" })(h),
          seen: dense(1, { activation: "sigmoid", name: "seen" })(h),
        };
      }),
      {
        loss: { kind: crossEntropy(), size: huber(), seen: binaryCrossEntropy() },
        optimizer: adam({ learningRate: 0.01 }),
        batchSize: 8,
      },
    );
  const rows = 20;
  const data = {
    x: { image: noise(rows * 12), meta: noise(rows * 2, 2) },
    y: {
      kind: Array.from({ length: rows }, (_, i) => i % 3),
      size: noise(rows, 3),
      seen: Array.from({ length: rows }, (_, i) => i % 2),
    },
  };

  it("train on the sum of their losses", () => {
    const trainer = make();
    const { history } = trainer.fitSync(data, { epochs: 60 });
    expect(history.loss[59]).toBeLessThan(history.loss[0] / 2);
    expect(trainer.evaluate(data)).not.toHaveProperty("accuracy");
  });

  it("predict by name", () => {
    const { kind, size, seen } = make().predict(data.x);
    expect([kind.shape, size.shape, seen.shape]).toEqual([
      [rows, 3],
      [rows, 1],
      [rows, 1],
    ]);
  });

  it("share the parameters of a layer called twice", () => {
    const names = Object.keys(make().parameters);
    expect(names.filter((name) => name.startsWith("shared"))).toEqual(["shared.weight", "shared.bias"]);
    expect(names).toHaveLength(12);
  });

  it("have gradients that agree with central differences through shared layers and skips", () => {
    const trainer = make();
    const some = {
      x: { image: data.x.image.slice(0, 96), meta: data.x.meta.slice(0, 16) },
      y: { kind: data.y.kind.slice(0, 8), size: data.y.size.slice(0, 8), seen: data.y.seen.slice(0, 8) },
    };
    const { gradients } = trainer.gradients(some);
    const h = 1 / 256;
    for (const [name, { data: g }] of Object.entries(gradients)) {
      const view = trainer.parameters[name].data;
      for (let i = 0; i < view.length; i += 7) {
        const w = view[i];
        view[i] = w + h;
        const up = trainer.evaluate(some).loss;
        view[i] = w - h;
        const down = trainer.evaluate(some).loss;
        view[i] = w;
        expect(Math.abs(g[i] - (up - down) / (2 * h)), `${name}[${i}]`).toBeLessThan(
          2e-3 * Math.max(1, Math.abs(g[i])),
        );
      }
    }
  });

  it("may leave outputs without a loss, whose layers then stay as they are", () => {
    const net = model({ inputs: { x: [2] } }, ({ x }) => ({
      a: dense(1, { name: "a" })(x),
      b: dense(1, { name: "b" })(x),
    }));
    const trainer = compile(net, { loss: { a: meanSquaredError() }, optimizer: sgd() });
    const b = trainer.parameters["b.weight"].data.slice();
    trainer.fitSync({ x: { x: xor.x }, y: { a: xor.y } }, { epochs: 5 });
    expect(trainer.parameters["b.weight"].data).toEqual(b);
    expect([...trainer.gradients({ x: { x: xor.x }, y: { a: xor.y } }).gradients["b.weight"].data]).toEqual([
      0, 0,
    ]);
  });

  it("say which targets are missing, and which do not fit", () => {
    const trainer = make();
    expect(() => trainer.step({ x: data.x, y: { kind: [0], size: [0] } })).toThrow(
      "step: y must be { kind: .., size: .., seen: .. }; got { kind: .., size: .. }",
    );
    expect(() => trainer.fitSync({ x: data.x, y: { ...data.y, kind: [0, 5] } })).toThrow(
      "fitSync: y.kind: class labels",
    );
    expect(() => trainer.fitSync({ x: data.x, y: { ...data.y, size: [0, 1] } })).toThrow(
      "fitSync: inputs and targets must have as many rows; got 20 in x.image, 2 in y.size",
    );
  });

  it("may name one value twice, and give an input back", () => {
    const net = compile(
      model({ inputs: { x: [2] } }, ({ x }) => {
        const h = dense(1)(x);
        return { a: h, b: h, x, sigmoid: h.sigmoid() };
      }),
      {
        loss: { a: meanSquaredError(), b: meanSquaredError(), sigmoid: binaryCrossEntropy() },
        optimizer: sgd(),
      },
    );
    const { a, b, x, sigmoid } = net.predict({ x: xor.x });
    expect(a.data).toEqual(b.data);
    expect([...x.data]).toEqual(xor.x.flat());
    const { loss } = net.fitSync(
      { x: { x: xor.x }, y: { a: xor.y, b: xor.y, sigmoid: xor.y } },
      { epochs: 100 },
    );
    expect(loss).toBeGreaterThan(0);
    expect(sigmoid.data[0]).toBeCloseTo(1 / (1 + Math.exp(-a.data[0])), 5);
  });
});

describe("a model without parameters", () => {
  it("predicts, evaluates and trains to nothing", () => {
    const trainer = compile(
      model({ inputs: { x: [2] } }, ({ x }) => x.sum(1).reshape([-1, 1])),
      { loss: meanSquaredError(), optimizer: adam() },
    );
    expect([...trainer.predict({ x: xor.x }).data]).toEqual([0, 1, 1, 2]);
    expect(trainer.fitSync({ x: { x: xor.x }, y: xor.y }, { epochs: 3 }).steps).toBe(3);
    expect(trainer.gradients({ x: { x: xor.x }, y: xor.y }).gradients).toEqual({});
  });
});
