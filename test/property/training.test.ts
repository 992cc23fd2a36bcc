/** Random models, data and options: what must hold for every one of them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ActivationName,
  adam,
  adamW,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  type Data,
  dense,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
  type Optimizer,
  sequential,
  sgd,
  type TrainOptions,
} from "../../src/index.ts";
import { noise } from "../fixtures.ts";

const activations: ActivationName[] = [
  ...(["linear", "relu", "leakyRelu", "elu", "selu", "gelu", "geluTanh", "silu", "softplus"] as const),
  ...(["sigmoid", "tanh", "hardSigmoid", "softmax"] as const),
];
const optimizers: (() => Optimizer)[] = [
  () => sgd({ learningRate: 0.01 }),
  () => sgd({ learningRate: 0.01, momentum: 0.9 }),
  () => sgd({ learningRate: 0.01, momentum: 0.5, nesterov: true }),
  () => adam({ learningRate: 0.01 }),
  () => adam({ learningRate: 0.01, epsilonMode: "inside", biasCorrection: false }),
  () => adamW({ learningRate: 0.01, weightDecay: 0.1 }),
];
const losses: (() => Loss)[] = [
  meanSquaredError,
  meanAbsoluteError,
  () => huber({ delta: 0.7 }),
  () => binaryCrossEntropy({ fromLogits: true }),
  () => crossEntropy({ fromLogits: true }),
];

interface Run {
  readonly make: (options?: Partial<TrainOptions>) => ReturnType<typeof compileRun>;
  readonly data: Data;
  readonly batch: number;
  readonly rows: number;
  readonly epochs: number;
  readonly shuffle: boolean;
}
const compileRun = (net: ReturnType<typeof sequential>, options: TrainOptions) => compile(net, options);

const anyRun: fc.Arbitrary<Run> = fc
  .record({
    inputs: fc.integer({ min: 1, max: 40 }),
    layers: fc.array(
      fc.record({
        units: fc.integer({ min: 1, max: 40 }),
        activation: fc.constantFrom(...activations),
        bias: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
    outputs: fc.integer({ min: 2, max: 9 }),
    loss: fc.constantFrom(...losses),
    optimizer: fc.constantFrom(...optimizers),
    rows: fc.integer({ min: 1, max: 70 }),
    batch: fc.integer({ min: 1, max: 33 }),
    accumulate: fc.integer({ min: 1, max: 4 }),
    epochs: fc.integer({ min: 1, max: 5 }),
    seed: fc.maxSafeNat(),
    shuffle: fc.boolean(),
  })
  .map(({ inputs, layers, outputs, loss, optimizer, rows, batch, accumulate, epochs, seed, shuffle }) => {
    const made = loss();
    const net = sequential({ input: [inputs], seed }, [
      ...layers.map(({ units, ...options }) => dense(units, options)),
      dense(outputs),
    ]);
    const x = noise(rows * inputs, seed);
    const y =
      made.kind === "crossEntropy"
        ? Int32Array.from({ length: rows }, (_, i) => (i * 7) % outputs)
        : noise(rows * outputs, seed + 1).map((v) => (v + 1) / 2);
    return {
      make: (options = {}) =>
        compileRun(net, { loss: made, optimizer: optimizer(), batchSize: batch, accumulate, ...options }),
      data: { x, y },
      batch,
      rows,
      epochs,
      shuffle,
    };
  });

const rowsOf = ({ data, rows }: Run, from: number, to: number): Data => {
  const part = (values: unknown) => {
    const list = values as Float32Array;
    const width = list.length / rows;
    return list.slice(from * width, to * width);
  };
  return { x: part(data.x), y: part(data.y) };
};

describe("for any model, data and options", () => {
  it("a run in one piece, in single epochs, streamed, and resumed in another program gives the same bits", () => {
    fc.assert(
      fc.property(anyRun, fc.integer({ min: 1, max: 80 }), fc.nat(), (run, windowRows, at) => {
        const { data, epochs, shuffle } = run;
        const whole = run.make();
        const result = whole.fitSync(data, { epochs, shuffle });
        const expected = whole.state();

        const streamed = run.make({ windowRows });
        expect(streamed.fitSync(data, { epochs, shuffle })).toEqual(result);
        expect(streamed.state()).toEqual(expected);

        const parts = run.make();
        const history: number[] = [];
        for (let epoch = 0; epoch < epochs; epoch++) {
          history.push(...parts.fitSync(data, { shuffle }).history.loss);
          parts.predict(data.x);
          parts.evaluate(data);
          if (epoch === at % epochs) {
            const saved = parts.state();
            parts.reset({ seed: 1 });
            parts.step(rowsOf(run, 0, 1));
            parts.restore(saved);
          }
        }
        expect(history).toEqual(result.history.loss);
        expect(parts.state()).toEqual(expected);

        whole.reset();
        expect(whole.state()).toEqual(run.make().state());
      }),
      { numRuns: 60 },
    );
  });

  it("a prediction has the same bits whatever rows and whatever batch", () => {
    fc.assert(
      fc.property(anyRun, fc.integer({ min: 1, max: 90 }), (run, batch) => {
        const { data, rows } = run;
        const all = run.make().predict(data.x).data;
        expect(run.make({ batchSize: batch }).predict(data.x).data).toEqual(all);
        const width = all.length / rows;
        const trainer = run.make();
        for (let row = 0; row < rows; row += 5)
          expect(trainer.predict(rowsOf(run, row, row + 1).x).data).toEqual(
            all.slice(row * width, (row + 1) * width),
          );
      }),
      { numRuns: 60 },
    );
  });

  it("the loss of all rows is the mean of the losses of single ones", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const trainer = run.make();
        const { loss } = trainer.evaluate(run.data);
        let sum = 0;
        for (let row = 0; row < run.rows; row++) sum += trainer.evaluate(rowsOf(run, row, row + 1)).loss;
        expect(Math.abs(loss - sum / run.rows)).toBeLessThanOrEqual(1e-5 * Math.max(1, loss));
      }),
      { numRuns: 60 },
    );
  });

  it("the gradient of a batch is the mean of the gradients of its rows, and fits the change of the loss along it", () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const rows = Math.min(run.rows, run.batch);
        const some = rowsOf(run, 0, rows);
        const trainer = run.make();
        const { gradients } = trainer.gradients(some);
        const sums = new Map(
          Object.entries(gradients).map(([name, { data }]) => [name, new Float64Array(data.length)]),
        );
        for (let row = 0; row < rows; row++)
          for (const [name, { data }] of Object.entries(
            trainer.gradients(rowsOf(run, row, row + 1)).gradients,
          )) {
            const sum = sums.get(name) as Float64Array;
            data.forEach((g, i) => {
              sum[i] += g / rows;
            });
          }
        let norm = 0;
        for (const [name, { data }] of Object.entries(gradients))
          data.forEach((g, i) => {
            const mean = (sums.get(name) as Float64Array)[i];
            expect(Math.abs(g - mean), `${name}[${i}]`).toBeLessThanOrEqual(
              2e-5 * Math.max(1, Math.abs(mean)),
            );
            norm += g * g;
          });
        if (norm < 1e-4 || norm > 1e6) return;
        // Along the gradient the loss must fall at the rate of its norm; kinks may take a part of the way.
        const h = 1e-3 / Math.sqrt(norm);
        const before = trainer.evaluate(some).loss;
        for (const [name, { data }] of Object.entries(gradients)) {
          const view = trainer.parameters[name].data;
          data.forEach((g, i) => {
            view[i] -= h * g;
          });
        }
        const fall = before - trainer.evaluate(some).loss;
        expect(fall / (h * norm)).toBeGreaterThan(0.5);
        expect(fall / (h * norm)).toBeLessThan(1.5);
      }),
      { numRuns: 60 },
    );
  });
});
