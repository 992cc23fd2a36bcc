import { describe, expect, it, vi } from "vitest";
import {
  adam,
  adamW,
  batchNorm,
  compile,
  crossEntropy,
  dense,
  meanAbsoluteError,
  meanSquaredError,
  model,
  NonFiniteError,
  sequential,
  sgd,
} from "../../src/index.ts";
import { classes, lineTrainer, slowClock, thrownBy, xor, xorTrainer } from "../fixtures.ts";

const line = { x: [[1], [2]], y: [3, 5] };

describe("training that diverges", () => {
  it("stops with a NonFiniteError that names step, layer, tensor and phase", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e10 }) });
    const error = thrownBy(() => trainer.fitSync(line, { epochs: 100 })) as NonFiniteError;
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({ layer: expect.any(String), tensor: expect.any(String) });
    expect(error.step).toBeGreaterThan(1);
    expect(["forward", "backward", "update"]).toContain(error.phase);
    expect(error.message).toContain(`of step ${error.step}`);
    expect(error.message).toContain("the parameters are those of the step before");
  });

  it("keeps the parameters of the last good step, from which it can go on", () => {
    const rate = { optimizer: sgd({ learningRate: 1e10 }) };
    const trainer = lineTrainer(rate);
    const { step } = thrownBy(() => trainer.fitSync(line, { epochs: 100 })) as NonFiniteError;
    const good = lineTrainer(rate);
    good.fitSync(line, { epochs: step - 1 });
    expect(trainer.state()).toEqual(good.state());
    trainer.reset();
    trainer.setLearningRate(0.01);
    expect(trainer.fitSync(line, { epochs: 10 }).loss).toBeLessThan(10);
  });

  it("says that parameters are past use where they are huge, and what leads back", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e10 }) });
    const error = thrownBy(() => trainer.fitSync(line, { epochs: 100 })) as NonFiniteError;
    expect(error.usable).toBe(false);
    expect(error.message).toMatch(
      /they are past use \(up to \d\.\de\+\d\d\): call reset\(\), then train with scaled data or a smaller learning rate$/,
    );
    trainer.reset();
    trainer.setLearningRate(0.1);
    expect(trainer.fitSync(line, { epochs: 500 }).loss).toBeLessThan(1e-3);
  });

  it.each([
    [2 ** 24, false],
    [2 ** 24 - 1, true],
    [-(2 ** 24), false],
    [0, true],
  ])("with a parameter of %d says whether the parameters are usable: %s", (weight, usable) => {
    const trainer = lineTrainer();
    trainer.setParameters({ "line.weight": weight });
    const error = thrownBy(() => trainer.fitSync({ x: [[3e38]], y: [-3e38] })) as NonFiniteError;
    expect(error.usable).toBe(usable);
    expect(error.message.includes("a smaller learning rate or scaled inputs may help")).toBe(usable);
    expect(error.message.includes("past use")).toBe(!usable);
  });

  it("says so of a parameter that was not finite before", () => {
    const trainer = lineTrainer();
    trainer.parameters["line.bias"].data[0] = Number.NaN;
    const error = thrownBy(() => trainer.fitSync(line)) as NonFiniteError;
    expect(error.usable).toBe(false);
    expect(error.message).toContain("they are past use (not finite): call reset()");
  });

  it("counts what is trained alone: running statistics may be of any size", () => {
    const net = sequential({ input: [1] }, [batchNorm({ name: "norm" }), dense(1, { name: "out" })]);
    const trainer = compile(net, { loss: meanSquaredError(), optimizer: sgd() });
    trainer.setParameters({ "norm.runningVariance": 1e12 });
    const error = thrownBy(() => trainer.fitSync({ x: [[3e38], [-3e38]], y: [0, 1] })) as NonFiniteError;
    expect(error.usable).toBe(true);
  });

  it("gives the same error and the same state from fit, fitSync and step", async () => {
    const rate = { optimizer: sgd({ learningRate: 1e8 }) };
    const sync = lineTrainer(rate);
    const error = thrownBy(() => sync.fitSync(line, { epochs: 100 })) as NonFiniteError;
    const { step, layer, tensor, phase } = error;

    slowClock();
    const sliced = lineTrainer(rate);
    await expect(sliced.fit(line, { epochs: 100 })).rejects.toMatchObject({ step, layer, tensor, phase });
    vi.restoreAllMocks();
    expect(sliced.state()).toEqual(sync.state());

    const stepped = lineTrainer(rate);
    const failed = thrownBy(() => {
      for (let i = 0; i < 100; i++) stepped.step(line);
    });
    expect(failed).toMatchObject({ step, layer, tensor, phase });
    expect(stepped.parameters["line.weight"].data).toEqual(sync.parameters["line.weight"].data);
  });

  it("in streamed mini-batches keeps the last good step in the middle of an epoch", () => {
    const make = (windowRows: number) =>
      compile(sequential({ input: [5] }, [dense(3)]), {
        loss: meanSquaredError(),
        optimizer: sgd({ learningRate: 1e12 }),
        batchSize: 4,
        windowRows,
      });
    const { x } = classes(40);
    const data = { x, y: { data: new Float32Array(120).fill(1), shape: [40, 3] } };
    const streamed = make(8);
    const resident = make(400);
    const a = thrownBy(() => streamed.fitSync(data, { epochs: 10 })) as NonFiniteError;
    const b = thrownBy(() => resident.fitSync(data, { epochs: 10 })) as NonFiniteError;
    expect(a).toMatchObject({ step: b.step, layer: b.layer, tensor: b.tensor, phase: b.phase });
    expect(streamed.state()).toEqual(resident.state());
    expect([...streamed.parameters["dense1.weight"].data].every(Number.isFinite)).toBe(true);
  });

  for (const [name, optimizer] of Object.entries({
    sgd: sgd({ learningRate: 3e38 }),
    "sgd with momentum": sgd({ learningRate: 3e38, momentum: 0.9 }),
    adam: adam({ learningRate: 3e38 }),
    adamW: adamW({ learningRate: 3e38 }),
  }))
    it(`by an update that itself overflows is undone: ${name}`, () => {
      const trainer = lineTrainer({ optimizer });
      const states = [trainer.state()];
      const error = thrownBy(() => {
        for (let i = 0; i < 50; i++) {
          trainer.fitSync(line);
          states.push(trainer.state());
        }
      }) as NonFiniteError;
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(trainer.state()).toEqual(states.at(-1));
      expect(error.step).toBe(states.length);
      for (const { data } of Object.values(trainer.parameters))
        expect([...data].every(Number.isFinite)).toBe(true);
    });

  it("by an update that overflows in the phase of the update names the parameter", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 3e38 }), loss: meanAbsoluteError() });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    // The gradient of the weight is -1.5: the first update carries it beyond the largest number.
    const error = thrownBy(() => trainer.fitSync(line)) as NonFiniteError;
    expect(error).toMatchObject({ step: 1, layer: "line", tensor: "line.weight", phase: "update" });
    expect(trainer.parameters["line.weight"].data[0]).toBe(0);
  });

  it("by an update that divides by epsilon alone is undone", () => {
    const trainer = lineTrainer({
      optimizer: adam({ learningRate: 1, beta1: 0.9, beta2: 0, epsilon: 1.2e-38 }),
      loss: meanAbsoluteError(),
    });
    trainer.setParameters({ "line.weight": 0, "line.bias": 1 });
    trainer.step({ x: [[1e15]], y: [-1] });
    // The gradient of the weight is 0 now, and so is its second moment.
    const before = trainer.state();
    const error = thrownBy(() => trainer.step({ x: [[0]], y: [-1] }));
    expect(error).toMatchObject({ step: 2, tensor: "line.weight", phase: "update" });
    expect(trainer.state()).toEqual(before);
  });

  it("by an update that overflows from huge gradients is undone", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 100 }) });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    const huge = { x: [[3e18]], y: [-3e18] };
    const before = trainer.state();
    expect(thrownBy(() => trainer.step(huge))).toBeInstanceOf(NonFiniteError);
    expect(trainer.state()).toEqual(before);
    expect(thrownBy(() => trainer.fitSync(huge))).toBeInstanceOf(NonFiniteError);
    expect(trainer.state()).toEqual(before);
  });

  it("does not keep from training with gradients that are huge and finite, history included", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 1e-20 }) });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    const huge = { x: [[1e10]], y: [-1e10] };
    const { history, loss, steps } = trainer.fitSync(huge);
    expect(steps).toBe(1);
    expect(history).toEqual({ loss: [loss] });
    expect(loss).toBeCloseTo(1e20, -15);
    expect(trainer.parameters["line.weight"].data[0]).toBeLessThan(0);
  });
});

describe("NaN or infinity", () => {
  it("set into a parameter through its view is found before any step, and named", () => {
    const trainer = xorTrainer();
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      trainer.reset();
      trainer.parameters["dense2.weight"].data[3] = value;
      const before = trainer.state();
      const error = thrownBy(() => trainer.fitSync(xor, { epochs: 5 })) as NonFiniteError;
      expect(error).toMatchObject({ step: 1, layer: "dense2", tensor: "dense2.weight", phase: "forward" });
      expect(error.message).toContain("a parameter that was set so before");
      expect(trainer.state()).toEqual(before);
      expect(thrownBy(() => trainer.step(xor))).toBeInstanceOf(NonFiniteError);
    }
  });

  it("that begins in a layer names that layer", () => {
    const trainer = compile(
      sequential({ input: [1] }, [dense(1, { name: "first" }), dense(1, { name: "second" }), dense(1)]),
      { loss: meanSquaredError(), optimizer: sgd() },
    );
    trainer.setParameters({ "first.weight": 1e30, "second.weight": 1e30 });
    const error = thrownBy(() => trainer.fitSync({ x: [[1]], y: [0] })) as NonFiniteError;
    expect(error).toMatchObject({ step: 1, layer: "second", phase: "forward" });
  });

  it("that begins in the loss names the loss", () => {
    const trainer = lineTrainer();
    trainer.setParameters({ "line.weight": 1e30 });
    const error = thrownBy(() => trainer.step({ x: [[1]], y: [0] })) as NonFiniteError;
    expect(error).toMatchObject({ step: 1, layer: "meanSquaredError", tensor: "loss", phase: "forward" });
  });

  it("that begins in the backward pass names the gradient", () => {
    // The loss is 1e30, its gradient with respect to the weight 1e30 * 1e15 beyond the largest number.
    const trainer = lineTrainer({ loss: meanAbsoluteError() });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    const steep = compile(
      model({ inputs: { x: [1] } }, ({ x }) => dense(1, { name: "steep", bias: false })(x).mul(1e30)),
      { loss: meanAbsoluteError(), optimizer: sgd() },
    );
    steep.setParameters({ "steep.weight": 0 });
    const error = thrownBy(() => steep.step({ x: { x: [[1e10]] }, y: [1] })) as NonFiniteError;
    expect(error).toMatchObject({
      step: 1,
      layer: "steep",
      tensor: "gradient of steep.weight",
      phase: "backward",
    });
    // The guard, which the update had raised, is down again.
    expect(steep.step({ x: { x: [[1e-25]] }, y: [1] }).loss).toBe(1);
    expect(steep.manifest()).toMatchObject({ options: { steps: 1 } });
  });

  it("does not come from logits of any size in a cross-entropy", () => {
    const trainer = compile(sequential({ input: [1] }, [dense(3, { activation: "softmax" })]), {
      loss: crossEntropy(),
      optimizer: adam(),
    });
    trainer.setParameters({ "dense1.weight": [[1e30, -1e30, 0]] });
    expect(trainer.step({ x: [[1]], y: [1] }).loss).toBeGreaterThan(1e29);
    expect(Number.isFinite(trainer.step({ x: [[1]], y: [0] }).loss)).toBe(true);
  });

  it("in evaluate and predict is shown as it is", () => {
    const trainer = lineTrainer();
    trainer.parameters["line.bias"].data[0] = Number.NaN;
    expect(trainer.predict([1]).data[0]).toBeNaN();
    expect(trainer.evaluate(line).loss).toBeNaN();
  });

  it("counts steps over the life of the trainer", () => {
    const trainer = lineTrainer();
    trainer.fitSync(line, { epochs: 7 });
    trainer.parameters["line.bias"].data[0] = Number.NaN;
    expect(thrownBy(() => trainer.fitSync(line))).toMatchObject({ step: 8 });
  });
});
