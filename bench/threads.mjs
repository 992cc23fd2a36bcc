/**
 * What threads gain: `node bench/threads.mjs [filter ..] [--threads 2,4] [--rounds 15] [--meeting US]`, after `npm run build`. Medians of interleaved
 * turns by the clock, of whole calls whose results were first found to be the same to the bit. The machine must have nothing else to do.
 *
 * It then takes each record of a training step apart, part after part on one thread, and computes from that, and from what it
 * costs here that threads meet, what a step would take with more cores than there are: docs/performance.md says how.
 */
import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import * as wasmgrad from "wasmgrad";

const {
  adam,
  binaryCrossEntropy,
  compile,
  conv2d,
  createEngine,
  crossEntropy,
  dense,
  flatten,
  maxPool2d,
  sequential,
} = wasmgrad;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "2,4" },
    rounds: { type: "string", default: "15" },
    meeting: { type: "string" },
  },
});
const THREADS = values.threads.split(",").map(Number);
const ROUNDS = Number(values.rounds);

function numbers(count, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 8388608 - 1;
  });
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Training of a network on a few batches of seeded rows; a unit is a step. */
function training(
  name,
  input,
  layers,
  batch,
  { classes = 10, batches = 4, epochs = 1, loss = crossEntropy } = {},
) {
  const rows = batch * batches;
  const size = input.reduce((a, b) => a * b);
  const data = {
    x: { data: numbers(rows * size, 7), shape: [rows, ...input] },
    y: Array.from(numbers(rows, 8), (v) => Math.floor(((v + 1) / 2) * classes)),
  };
  return {
    name,
    units: batches * epochs,
    make(options) {
      const model = sequential({ input, seed: 1 }, layers());
      const trainer = compile(model, { loss: loss(), optimizer: adam(), batchSize: batch, ...options });
      const run = () => trainer.fitSync(data, { epochs, shuffle: false });
      return { run, digest: () => trainer.digest(), program: trainer.program };
    },
  };
}

/** A product of n by n matrices: a dense layer without bias on n rows. */
function product(n) {
  return {
    name: `product ${n}`,
    units: 1,
    make(options) {
      const predictor = compile(sequential({ input: [n], seed: 1 }, [dense(n, { bias: false })]), {
        batchSize: n,
        ...options,
      });
      predictor.buffers.x.set(numbers(n * n, 3));
      return { run: () => predictor.run(n), digest: () => `${predictor.buffers.out.slice(0, 64)}` };
    },
  };
}

const relu = { activation: "relu" };
const softmax = { activation: "softmax" };
const WORKLOADS = [
  training(
    "784-512-512-10, batch 128",
    [784],
    () => [dense(512, relu), dense(512, relu), dense(10, softmax)],
    128,
  ),
  product(512),
  product(1024),
  training(
    "LeNet, batch 32",
    [28, 28, 1],
    () => [
      conv2d(6, { kernel: 5, padding: "same", ...relu }),
      maxPool2d(2),
      conv2d(16, { kernel: 5, ...relu }),
      maxPool2d(2),
      flatten(),
      dense(120, relu),
      dense(84, relu),
      dense(10, softmax),
    ],
    32,
  ),
  training("784-128-10, batch 32", [784], () => [dense(128, relu), dense(10, softmax)], 32, { epochs: 4 }),
  training("64-64-10, batch 16", [64], () => [dense(64, relu), dense(10, softmax)], 16, { epochs: 100 }),
  training(
    "XOR 2-8-1, batch 4",
    [2],
    () => [dense(8, { activation: "tanh" }), dense(1, { activation: "sigmoid" })],
    4,
    { classes: 2, batches: 1, epochs: 10_000, loss: binaryCrossEntropy },
  ),
];

/** Runs until the workers take part, or for so long that they would by now. */
async function settle({ run }, { crew }) {
  const { calls } = crew;
  const end = performance.now() + 400;
  while (performance.now() < end || (crew.calls === calls && performance.now() < end + 400)) {
    run();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const time = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

console.log(`${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.versions.node}`);

for (const workload of WORKLOADS) {
  const { name, units, make } = workload;
  if (positionals.length > 0 && !positionals.some((word) => name.toLowerCase().includes(word.toLowerCase())))
    continue;
  const engines = [];
  for (const threads of THREADS) engines.push(await createEngine({ threads }));
  const variants = [make({}), ...engines.map((engine) => make({ engine }))];
  for (let i = 0; i < engines.length; i++) await settle(variants[i + 1], engines[i]);
  // Each has run another number of times by now: from here on they are compared.
  const fresh = [make({}), ...engines.map((engine) => make({ engine }))];
  for (const { run } of fresh) for (let i = 0; i < 3; i++) run();
  const digests = new Set(fresh.map(({ digest }) => digest()));
  if (digests.size !== 1) throw new Error(`bench: ${name} must give the same bits on any number of threads`);

  const times = fresh.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    fresh.forEach(({ run }, i) => {
      run();
      times[i].push(time(run) / units);
    });
  const [one, ...others] = times.map(median);
  const of = (ms) => (ms < 0.1 ? `${(ms * 1000).toFixed(2)} us` : `${ms.toFixed(2)} ms`);
  const columns = others.map((ms, i) => {
    const { prices, calls } = engines[i].crew;
    const price = prices ? `, a meeting ${(prices.barrier / 1000).toFixed(2)} us` : "";
    return `${THREADS[i]} threads ${of(ms)}, ${(one / ms).toFixed(2)} times as fast (${calls ? `${calls} calls shared${price}` : "none shared"})`;
  });
  console.log(`${name}: one ${of(one)}; ${columns.join("; ")}`);
  if (workload.name.includes("batch") && engines[0].crew.prices)
    printModel(workload, fresh[1], engines[0].crew.prices);
  for (const engine of engines) engine.dispose();
}

/** What a step would take with more cores: each record by its slowest part, and a meeting at each barrier. */
function printModel({ make }, { program: shared }, prices) {
  const barrier = values.meeting ? Number(values.meeting) * 1000 : prices.barrier;
  const { program } = make({});
  const { plan, kernels, i32 } = program;
  const flags = shared.i32;
  const moved = shared.plan.layout.at("tapes") - plan.layout.at("tapes");
  i32[(plan.layout.at("run") >>> 2) + 0] = plan.batch;
  const [ALONE, BARRIER] = [0x20000, 0x10000];
  const CORES = [1, 2, 4, 8, 16];
  const totals = CORES.map(() => 0);
  let serial = 0;
  let barriers = 0;
  const best = (from, to, part, parts) => {
    let ms = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 7; i++)
      ms = Math.min(
        ms,
        time(() => kernels.execute(plan.base, from, to, part, parts)),
      );
    return ms;
  };
  for (const { from, to } of plan.train.sections) {
    let isShared = false;
    for (let r = from; r < to; ) {
      const next = r + ((i32[r >>> 2] >>> 8) & 0xff) * 4;
      const flag = flags[(r + moved) >>> 2];
      const alone = (flag & ALONE) !== 0;
      if (flag & BARRIER) barriers++;
      isShared ||= !alone;
      const whole = best(r, next, 0, 1);
      if (alone) serial += whole;
      CORES.forEach((cores, i) => {
        if (alone || cores === 1) totals[i] += whole;
        else {
          let slowest = 0;
          for (let part = 0; part < cores; part++) slowest = Math.max(slowest, best(r, next, part, cores));
          totals[i] += slowest;
        }
      });
      r = next;
    }
    // To begin and to end.
    if (isShared) barriers += 2;
  }
  // With P threads the leader hears of P - 1 others.
  const ms = totals.map((total, i) => total + (i ? (barriers * barrier * (CORES[i] - 1)) / 1e6 : 0));
  const rows = CORES.map((cores, i) => `${cores}: ${ms[i].toFixed(2)} ms, ${(ms[0] / ms[i]).toFixed(2)}`);
  console.log(
    `  by its parts: ${rows.join("; ")}; alone ${((serial / totals[0]) * 100).toFixed(1)} %, ${barriers} meetings of ${(barrier / 1000).toFixed(2)} us`,
  );
}
