/** Training steps of whole networks. */
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  type Model,
  type Result,
  type Rows as RowData,
  sequential,
  type Trainer,
} from "wasmgrad";
import { PlainNetwork, type Rows } from "../plain/network.ts";
import { numbers, uniform } from "../random.ts";
import type { Network } from "../shapes.ts";
import { verifyClose } from "../verify.ts";
import type { Suite, Workload } from "../workload.ts";

export const trainingSuite = (networks: readonly Network[]): Suite => ({
  name: "training",
  title: "Training: one step (forward, loss, backward, Adam), in fitSync runs over a resident data set",
  workloads: networks.map((network) => ({ name: network.name, make: () => trainingWorkload(network) })),
});

export function networkModel({ layers, hidden, loss }: Network, seed = 1): Model<RowData, Result> {
  const [input, ...units] = layers;
  const output = loss === "crossEntropy" ? "softmax" : "sigmoid";
  return sequential(
    { input: [input], seed },
    units.map((n, l) => dense(n, { activation: l < units.length - 1 ? hidden : output })),
  );
}

export function networkTrainer(network: Network): Trainer<RowData, Result> {
  return compile(networkModel(network), {
    loss: network.loss === "crossEntropy" ? crossEntropy() : binaryCrossEntropy(),
    optimizer: adam({ learningRate: network.learningRate }),
    batchSize: network.batch,
  });
}

/** The four rows of XOR where the network is of that size, else seeded numbers with classes that can be learned. */
export function networkData({ layers, batch, batches, loss }: Network): Rows {
  const [inputs] = layers;
  if (inputs === 2 && batch === 4)
    return { x: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), y: Float32Array.of(0, 1, 1, 0) };
  const rows = batch * batches;
  const x = numbers(rows * inputs, 7);
  if (loss === "binaryCrossEntropy")
    return { x, y: Float32Array.from({ length: rows }, (_, i) => (x[2 * i] * x[2 * i + 1] > 0 ? 1 : 0)) };
  const classes = layers[layers.length - 1];
  const next = uniform(8);
  return { x, y: Int32Array.from({ length: rows }, () => Math.floor(next() * classes)) };
}

/** Forward and weight gradient of every layer, input gradient of all but the first: 2 m n k each. */
export function stepFlops({ layers, batch }: Network): number {
  let flops = 0;
  for (let l = 1; l < layers.length; l++) flops += 2 * batch * layers[l - 1] * layers[l] * (l === 1 ? 2 : 3);
  return flops;
}

const parametersOf = (trainer: Trainer<RowData, Result>) =>
  Object.values(trainer.parameters).map((p) => p.data.slice());

/** Arithmetic of one timed call, roughly: long against the call, short against a turn. */
const CALL_FLOPS = 2e8;
const MOST_STEPS = 20_000;

export function trainingWorkload(network: Network): Workload {
  const { batch, batches } = network;
  const trainer = networkTrainer(network);
  const data = networkData(network);
  const plain = new PlainNetwork(network);
  const initial = trainer.state();
  const parameters = parametersOf(trainer);
  plain.load(parameters);
  verifyTraining(network, trainer, plain, data);

  const flops = stepFlops(network);
  const epochs = Math.max(1, Math.round(Math.min(CALL_FLOPS / flops, MOST_STEPS) / batches));
  const plainSteps = Math.max(1, Math.round(Math.min(CALL_FLOPS / 10 / flops, MOST_STEPS / 4)));
  return {
    name: network.name,
    unit: "step",
    flops,
    engine: {
      name: "wasmgrad",
      units: epochs * batches,
      before: () => trainer.restore(initial),
      run: () => {
        trainer.fitSync(data, { epochs, shuffle: false });
      },
    },
    plain: {
      name: "plain loops",
      units: plainSteps,
      before: () => plain.load(parameters),
      run: () => {
        for (let step = 0; step < plainSteps; step++) plain.step(data, (step % batches) * batch, batch);
      },
    },
  };
}

/** Gradients of the first batch, then the losses of a few epochs: both start from the same parameters. */
export function verifyTraining(
  network: Network,
  trainer: Trainer<RowData, Result>,
  plain: PlainNetwork,
  data: Rows,
): void {
  const { name, batch, batches, layers } = network;
  const first = {
    x: data.x.subarray(0, batch * layers[0]),
    y: data.y.subarray(0, batch * (network.loss === "crossEntropy" ? 1 : layers[layers.length - 1])),
  };
  const { loss, gradients } = trainer.gradients(first);
  verifyClose(`${name}: loss`, [loss], [plain.backward(data, 0, batch)], 1e-5);
  const want = plain.layers.flatMap(({ inputs, units, gradients: g }) => [
    g.subarray(0, inputs * units),
    g.subarray(inputs * units),
  ]);
  Object.entries(gradients).forEach(([parameter, { data: got }], i) => {
    verifyClose(`${name}: gradient of ${parameter}`, got, want[i], 1e-4);
  });
  const epochs = Math.ceil(4 / batches);
  const { history } = trainer.fitSync(data, { epochs, shuffle: false });
  const losses = Array.from({ length: epochs }, () => {
    let sum = 0;
    for (let b = 0; b < batches; b++) sum += plain.step(data, b * batch, batch) / batches;
    return sum;
  });
  verifyClose(`${name}: losses of ${epochs} epochs`, history.loss, losses, 1e-4);
}
