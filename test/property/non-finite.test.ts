/** Training that diverges, whatever diverges it: an error leaves every bit of the state as it was before the pass. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ActivationName,
  adam,
  adamW,
  compile,
  crossEntropy,
  dense,
  meanAbsoluteError,
  meanSquaredError,
  NonFiniteError,
  type Optimizer,
  sequential,
  sgd,
} from "../../src/index.ts";
import { lineTrainer, noise, stateDigest, thrownBy } from "../fixtures.ts";

type Trainer = ReturnType<typeof lineTrainer>;

const optimizers: ((learningRate: number) => Optimizer)[] = [
  (learningRate) => sgd({ learningRate }),
  (learningRate) => sgd({ learningRate, momentum: 0.9 }),
  (learningRate) => sgd({ learningRate, momentum: 0.5, nesterov: true }),
  (learningRate) => adam({ learningRate }),
  (learningRate) => adam({ learningRate, beta1: 0.9, beta2: 0, epsilon: 1.2e-38 }),
  (learningRate) => adam({ learningRate, epsilonMode: "inside", biasCorrection: false }),
  (learningRate) => adamW({ learningRate, weightDecay: 0.1 }),
  (learningRate) =>
    adamW({
      learningRate,
      weightDecay: 10,
      groups: [{ match: /bias$/, learningRate: 0.01, weightDecay: 0 }],
    }),
];

const magnitude = (most: number) => fc.integer({ min: -3, max: most }).map((e) => 10 ** e);

const anyRun = fc.record({
  optimizer: fc.constantFrom(...optimizers),
  activation: fc.constantFrom<ActivationName[]>("linear", "relu", "tanh", "gelu"),
  loss: fc.constantFrom(meanSquaredError, meanAbsoluteError, () => crossEntropy({ fromLogits: true })),
  rate: magnitude(37),
  accumulate: fc.integer({ min: 1, max: 3 }),
  /** Of the rows, the parameters and what the optimizer keeps beside them. */
  scales: fc.tuple(magnitude(20), magnitude(20), fc.option(magnitude(38))),
  seed: fc.nat(),
});
type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

const ROWS = 12;

function start({ optimizer, activation, loss, rate, accumulate, scales, seed }: Run) {
  const make = () => {
    const trainer = compile(sequential({ input: [3], seed }, [dense(5, { activation }), dense(2)]), {
      loss: loss(),
      optimizer: optimizer(rate),
      ...{ batchSize: 2, accumulate, windowRows: 4 },
    });
    const [, parameters, slots] = scales;
    for (const [name, { data }] of Object.entries(trainer.parameters)) {
      for (let i = 0; i < data.length; i++) data[i] *= parameters;
      if (slots === null) continue;
      for (const [slot, view] of Object.entries(trainer.optimizerState[name])) {
        const values = noise(data.length, seed + 1);
        for (let i = 0; i < data.length; i++)
          view.data[i] = slots * (slot === "secondMoment" ? Math.abs(values[i]) : values[i]);
      }
    }
    return trainer;
  };
  const x = noise(3 * ROWS, seed + 2).map((v) => v * scales[0]);
  const y =
    loss().kind === "crossEntropy"
      ? Int32Array.from({ length: ROWS }, (_, i) => i % 2)
      : noise(2 * ROWS, seed + 3).map((v) => v * scales[0]);
  return { make, data: { x, y } };
}

function allFinite(trainer: Trainer): boolean {
  const views = [trainer.parameters, ...Object.values(trainer.optimizerState)].flatMap((v) =>
    Object.values(v),
  );
  return views.every(({ data }) => data.every(Number.isFinite));
}

describe("for any optimizer, rate and magnitude", () => {
  it("a step is taken whole, or throws a NonFiniteError and changes no bit of the state", () => {
    let failed = 0;
    fc.assert(
      fc.property(anyRun, (run) => {
        const { make, data } = start(run);
        const trainer = make();
        for (let step = 0; step < 12; step++) {
          const before = stateDigest(trainer);
          const at = (2 * step) % ROWS;
          const width = data.y.length / ROWS;
          const rows = { x: data.x.slice(3 * at, 3 * at + 6), y: data.y.slice(width * at, width * (at + 2)) };
          let error: unknown;
          try {
            trainer.step(rows);
          } catch (thrown) {
            error = thrown;
          }
          expect(allFinite(trainer)).toBe(true);
          if (error === undefined) continue;
          failed++;
          expect(error).toBeInstanceOf(NonFiniteError);
          expect(stateDigest(trainer)).toBe(before);
          // Again: neither the error nor the search for its cause left a trace.
          const again = thrownBy(() => trainer.step(rows)) as NonFiniteError;
          const { step: number, layer, tensor, phase } = error as NonFiniteError;
          expect(again).toMatchObject({ step: number, layer, tensor, phase });
          expect(stateDigest(trainer)).toBe(before);
          return;
        }
      }),
      { numRuns: 300 },
    );
    expect(failed).toBeGreaterThan(30);
  });

  it("a fit that fails has the state that slices and steps of it have", () => {
    let failed = 0;
    fc.assert(
      fc.property(anyRun, fc.boolean(), (run, shuffle) => {
        const { make, data } = start(run);
        const [whole, sliced] = [make(), make()];
        const attempt = (trainer: Trainer, epochs: number) => {
          try {
            trainer.fitSync(data, { epochs, shuffle });
            return undefined;
          } catch (error) {
            expect(error).toBeInstanceOf(NonFiniteError);
            return error as NonFiniteError;
          }
        };
        const error = attempt(whole, 4);
        let found: NonFiniteError | undefined;
        for (let epoch = 0; epoch < 4 && !found; epoch++) found = attempt(sliced, 1);
        expect(found?.message).toBe(error?.message);
        expect(stateDigest(sliced)).toBe(stateDigest(whole));
        expect(allFinite(whole)).toBe(true);
        if (error) failed++;
      }),
      { numRuns: 150 },
    );
    expect(failed).toBeGreaterThan(15);
  });
});

describe("an update that overflows", () => {
  const line = { x: [[1], [2]], y: [3, 5] };
  const fill = (trainer: Trainer, slot: "velocity" | "firstMoment" | "secondMoment", value: number) =>
    trainer.optimizerState["line.weight"][slot]?.data.fill(value);

  it("from a velocity of 1e38 at a rate of 10 is undone", () => {
    const trainer = lineTrainer({ optimizer: sgd({ learningRate: 10, momentum: 0.9 }) });
    fill(trainer, "velocity", 1e38);
    const before = stateDigest(trainer);
    const error = thrownBy(() => trainer.fitSync(line, { epochs: 3 }));
    expect(error).toMatchObject({ tensor: "line.weight", phase: "update", step: 1 });
    expect(stateDigest(trainer)).toBe(before);
  });

  it("in the velocity alone is undone: at a rate of 0 the weight would stay", () => {
    const trainer = lineTrainer({
      optimizer: sgd({ learningRate: 0, momentum: 0.99 }),
      loss: meanAbsoluteError(),
    });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    fill(trainer, "velocity", -3.4e38);
    const before = stateDigest(trainer);
    const error = thrownBy(() => trainer.step({ x: [[3e38]], y: [1] }));
    expect(error).toMatchObject({ tensor: "line.weight", phase: "update", step: 1 });
    expect(stateDigest(trainer)).toBe(before);
  });

  it("in the second moment alone is undone", () => {
    const trainer = lineTrainer({ optimizer: adam({ learningRate: 1e-3 }), loss: meanAbsoluteError() });
    trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
    const before = stateDigest(trainer);
    // The square of the gradient is beyond the largest number, and the step that it divides 0.
    const error = thrownBy(() => trainer.step({ x: [[1e30]], y: [1] }));
    expect(error).toMatchObject({ tensor: "line.weight", phase: "update", step: 1 });
    expect(stateDigest(trainer)).toBe(before);
  });

  it("of one group is undone in all", () => {
    // The weight is updated first, and soundly.
    const groups = [{ match: /weight/, learningRate: 0.1, weightDecay: 0 }];
    const trainer = lineTrainer({ optimizer: adamW({ learningRate: 3e38, weightDecay: 100, groups }) });
    trainer.setParameters({ "line.bias": 1 });
    const before = stateDigest(trainer);
    const error = thrownBy(() => trainer.step({ x: [[1]], y: [5] }));
    expect(error).toMatchObject({ tensor: "line.bias", phase: "update", step: 1 });
    expect(stateDigest(trainer)).toBe(before);
  });

  it("at a rate of 1e20 ends a fit with finite weights, whatever the optimizer", () => {
    for (const optimizer of optimizers) {
      const trainer = lineTrainer({ optimizer: optimizer(1e20) });
      trainer.setLearningRate(1e20);
      const error = thrownBy(() => trainer.fitSync(line, { epochs: 10_000 }));
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(allFinite(trainer)).toBe(true);
    }
  });
});
