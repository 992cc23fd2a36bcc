/**
 * Where a training step spends its time, layer by layer: the records of each layer are timed as they run in whole
 * steps, and compared with the peak of arithmetic, measured between the steps. For `run.mjs`.
 */
import { fileURLToPath } from "node:url";
import { adam, compile, crossEntropy, layersOf } from "../../dist/index.js";
import { compileInstruments } from "../compile-instruments.mjs";
import { MODELS } from "./wasmgrad-models.mjs";
import { makeArrays, WORKLOADS } from "./workloads.mjs";

const NETWORKS = ["lenet", "cnn"];
/** Steps that are timed; as many go before, for the engine to optimize. */
const STEPS = 40;
const REST = "loss and update";

/** Neighbouring records of one layer, in the order of a step: each record knows the node it was made of, and that its layer. */
function stretchesOf({ plan: { words, base, train } }, layers, { RecordWord, Section }) {
  const { LengthShift, LengthMask } = RecordWord;
  const stretches = [];
  for (const { section, records, from } of train.sections) {
    // The rows are in the ports already.
    if (section === Section.Load) continue;
    let at = from;
    for (const { node } of records) {
      const layer = layers.find((name) => node?.scope === name || node?.scope.startsWith(`${name}.`)) ?? REST;
      const to = at + ((words[(at - base) >>> 2] >>> LengthShift) & LengthMask) * 4;
      const last = stretches.at(-1);
      if (last?.layer === layer && last.to === at) last.to = to;
      else stretches.push({ layer, from: at, to, times: [] });
      at = to;
    }
  }
  return stretches;
}

function measureNetwork(network, peak, tools) {
  const { median, timeOf } = tools;
  const workload = WORKLOADS.find(({ model }) => model === network);
  const { batch } = workload;
  const options = { loss: crossEntropy(), optimizer: adam({ learningRate: 0 }), batchSize: batch };
  const trainer = compile(MODELS[network](), options);
  const { x, y } = makeArrays(workload);
  const data = { x, y: Int32Array.from(y) };
  const layers = layersOf(trainer);
  const names = layers.map(({ name }) => name);
  const { program } = trainer;
  const stretches = stretchesOf(program, names, tools);
  const { loss, gradients } = trainer.gradients(data);

  const peakTimes = [];
  for (let step = 0; step < 2 * STEPS; step++) {
    for (const stretch of stretches) stretch.times.push(timeOf(() => program.execute(stretch, batch)));
    peakTimes.push(timeOf(peak.run) / peak.units);
  }
  // The rate is 0, so every step was the same, and what it left can be compared.
  const { loss: lossAfter, gradients: after } = trainer.gradients(data);
  const bits = (g) => JSON.stringify(Object.values(g).map(({ data: numbers }) => [...numbers]));
  if (lossAfter !== loss || bits(after) !== bits(gradients))
    throw new Error(`${workload.name}: a step by layers must be a step of the trainer; got another`);
  trainer.dispose();

  const late = (times) => median(times.slice(STEPS));
  const perOperation = late(peakTimes);
  const first = layers.findIndex(({ parameters }) => parameters > 0);
  const lines = [...names, REST].map((layer, i) => ({
    layer,
    ms: stretches.filter((s) => s.layer === layer).reduce((sum, { times }) => sum + late(times), 0),
    // Forward, and the gradients of weights and of the input, which the first layer with weights need not have.
    flops: 2 * (layers[i]?.multiplyAdds ?? 0) * batch * (i === first ? 2 : 3),
  }));
  const sum = (what) => lines.reduce((total, line) => total + line[what], 0);
  const all = [...lines, { layer: "step", ms: sum("ms"), flops: sum("flops") }];
  return {
    network: workload.name,
    peakGflops: 1e-6 / perOperation,
    layers: all.map(({ layer, ms, flops }) => ({
      ...{ layer, ms, shareOfStep: ms / sum("ms") },
      ...(flops > 0 ? { gflops: (flops * 1e-6) / ms, shareOfPeak: (flops * perOperation) / ms } : {}),
    })),
  };
}

export async function measureLayers() {
  compileInstruments();
  const tools = await import("../../build/bench/peer-kernels.mjs");
  const { peak } = tools.loadInstruments(fileURLToPath(new URL("../../build/bench", import.meta.url)));
  return NETWORKS.map((network) => measureNetwork(network, peak, tools));
}

export function layersMarkdown(networks, formatTime) {
  const percent = (share) => (share === undefined ? "-" : `${Math.round(100 * share)} %`);
  return networks.map(({ network, peakGflops, layers }) => {
    const rows = layers.map(({ layer, ms, shareOfStep, gflops, shareOfPeak }) =>
      [layer, formatTime(ms), percent(shareOfStep), gflops?.toFixed(1) ?? "-", percent(shareOfPeak)].join(
        " | ",
      ),
    );
    return `${network}, by layer (forward and backward; peak ${peakGflops.toFixed(1)} GFLOP/s):

| layer | time | of the step | GFLOP/s | of the peak |
| ----- | ---: | ----------: | ------: | ----------: |
| ${rows.join(" |\n| ")} |`;
  });
}
