/**
 * The workloads of `wasmgrad bench`: each is a fixed piece of work with a digest of what it computes. Without anything of Node,
 * and of a package that is given, so that pages run them on the built one.
 */
import type { Predictor } from "../index.ts";
import { type Package, UNTIL, XOR, xorTrainer } from "./xor-net.ts";

/** A piece of work: made once, done again and again, each time from the same start and with the same result. */
export interface Workload {
  readonly name: string;
  /** What is done, in one line. */
  readonly what: string;
  /** How many of `unit` one round is. */
  readonly amount: number;
  readonly unit: string;
  open(): Round;
}

interface Round {
  run(): void;
  /** Of what the last run computed, as 64 hexadecimal digits. */
  digest(): string;
}

/** Numbers in [-1, 1) that look random and are the same everywhere: a linear congruential generator. */
function noise(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 8388608 - 1;
  });
}

/** The digest of any numbers: that of a layer which has them as its weights. */
function digestOf({ compile, dense, sequential }: Package, values: Float32Array): string {
  const holder = compile(sequential({ input: [values.length] }, [dense(1, { bias: false })]), {
    batchSize: 1,
  });
  holder.setParameters({ "dense1.weight": values });
  const digest = holder.digest();
  holder.dispose();
  return digest;
}

function xorWorkload(wasmgrad: Package): Round {
  const trainer = xorTrainer(wasmgrad, 42);
  return {
    run: () => {
      trainer.reset();
      trainer.fitSync(XOR, UNTIL);
    },
    digest: () => trainer.digest(),
  };
}

const MLP_ROWS = 2048;
const MLP_EPOCHS = 2;

/** Ten classes: the greatest of ten sums over the columns. */
function mlpData() {
  const [columns, classes] = [64, 10];
  const x = noise(MLP_ROWS * columns, 1);
  const directions = noise(columns * classes, 2);
  const y = Array.from({ length: MLP_ROWS }, (_, row) => {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let j = 0; j < classes; j++) {
      let sum = 0;
      for (let i = 0; i < columns; i++) sum += x[row * columns + i] * directions[i * classes + j];
      if (sum > most) [best, most] = [j, sum];
    }
    return best;
  });
  return { x: { data: x, shape: [MLP_ROWS, columns] }, y };
}

function mlpWorkload({ adam, compile, crossEntropy, dense, sequential }: Package): Round {
  const model = sequential({ input: [64], seed: 7 }, [
    dense(128, { activation: "relu" }),
    dense(64, { activation: "relu" }),
    dense(10, { activation: "softmax" }),
  ]);
  const trainer = compile(model, { loss: crossEntropy(), optimizer: adam(), batchSize: 64 });
  const data = trainer.bind(mlpData());
  return {
    run: () => {
      trainer.reset();
      trainer.fitSync(data, { epochs: MLP_EPOCHS });
    },
    digest: () => trainer.digest(),
  };
}

/** `Y = X W` with square matrices. */
function productWorkload(wasmgrad: Package, n: number, rounds: number): Round {
  const { compile, dense, sequential } = wasmgrad;
  const predictor = compile(sequential({ input: [n] }, [dense(n, { bias: false })]), {
    batchSize: n,
  }) as unknown as Predictor;
  predictor.setParameters({ "dense1.weight": { data: noise(n * n, n), shape: [n, n] } });
  const x = { data: noise(n * n, n + 1), shape: [n, n] };
  const out = new Float32Array(n * n);
  return {
    run: () => {
      for (let round = 0; round < rounds; round++) predictor.predict(x, { out });
    },
    digest: () => digestOf(wasmgrad, out),
  };
}

const ADAM_STEPS = 50;
const ADAM_UNITS = 1024;

/** One row a step: nearly all of the work is the update of a million parameters. */
function adamWorkload({ adam, compile, dense, meanSquaredError, sequential }: Package): Round {
  const model = sequential({ input: [ADAM_UNITS], seed: 3 }, [
    dense(ADAM_UNITS, { activation: "tanh" }),
    dense(1),
  ]);
  const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam(), batchSize: 1 });
  const data = trainer.bind({ x: { data: noise(ADAM_UNITS, 4), shape: [1, ADAM_UNITS] }, y: [0.5] });
  return {
    run: () => {
      trainer.reset();
      trainer.fitSync(data, { epochs: ADAM_STEPS });
    },
    digest: () => trainer.digest(),
  };
}

const INFERENCE_ROWS = 1000;

/** A network for small pictures, one row at a time and many at once. */
function inferenceWorkload(wasmgrad: Package, batchSize: number): Round {
  const { compile, dense, sequential } = wasmgrad;
  const model = sequential({ input: [784], seed: 5 }, [
    dense(128, { activation: "relu" }),
    dense(10, { activation: "softmax" }),
  ]);
  const predictor = compile(model, { batchSize }) as unknown as Predictor;
  const x = noise(INFERENCE_ROWS * 784, 6);
  const out = new Float32Array(INFERENCE_ROWS * 10);
  const calls = Array.from({ length: INFERENCE_ROWS / batchSize }, (_, i) => ({
    rows: x.subarray(i * batchSize * 784, (i + 1) * batchSize * 784),
    into: { out: out.subarray(i * batchSize * 10, (i + 1) * batchSize * 10) },
  }));
  return {
    run: () => {
      for (const { rows, into } of calls) predictor.predict(rows, into);
    },
    digest: () => digestOf(wasmgrad, out),
  };
}

const flops = (n: number, rounds: number) => (2 * n * n * n * rounds) / 1e6;

/** All of them, on this package. */
export const workloadsOf = (wasmgrad: Package): readonly Workload[] => [
  {
    name: "xor",
    what: "XOR, 2-8-1, from fresh weights to a loss below 0.01",
    amount: 1,
    unit: "trainings",
    open: () => xorWorkload(wasmgrad),
  },
  {
    name: "mlp",
    what: `64-128-64-10, ${MLP_ROWS} rows in batches of 64, ${MLP_EPOCHS} epochs`,
    amount: MLP_ROWS * MLP_EPOCHS,
    unit: "rows",
    open: () => mlpWorkload(wasmgrad),
  },
  ...[
    [16, 1000],
    [64, 100],
    [256, 4],
    [512, 1],
  ].map(
    ([n, rounds]): Workload => ({
      name: `product ${n}`,
      what: `matrices of ${n} x ${n}, ${rounds} times`,
      amount: flops(n, rounds),
      unit: "MFLOP",
      open: () => productWorkload(wasmgrad, n, rounds),
    }),
  ),
  {
    name: "adam",
    what: `${ADAM_STEPS} steps of one row, a million parameters`,
    amount: ADAM_STEPS,
    unit: "steps",
    open: () => adamWorkload(wasmgrad),
  },
  {
    name: "predict 1",
    what: `784-128-10, ${INFERENCE_ROWS} rows, one a call`,
    amount: INFERENCE_ROWS,
    unit: "rows",
    open: () => inferenceWorkload(wasmgrad, 1),
  },
  {
    name: "predict 100",
    what: `784-128-10, ${INFERENCE_ROWS} rows, 100 a call`,
    amount: INFERENCE_ROWS,
    unit: "rows",
    open: () => inferenceWorkload(wasmgrad, 100),
  },
];
