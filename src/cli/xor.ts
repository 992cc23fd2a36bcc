/** The XOR MLP: trained, timed and shown, by `npm start` and `wasmgrad xor`. */
import { cpus } from "node:os";
import { plot } from "asciichart";
import { adam, binaryCrossEntropy, compile, dense, sequential, VERSION } from "../index.ts";
import { UNTIL, XOR, xorTrainer } from "./xor-net.ts";

const WARM_RUNS = 100;
/** Warm runs that are not counted: V8 needs about 20 ms to optimize the kernels. */
const WARM_UP_RUNS = 400;
const STEPS_TIMED = 20_000;

const median = (values: readonly number[]) => [...values].sort((p, q) => p - q)[values.length >> 1];

function timed<T>(work: () => T): { ms: number; result: T } {
  const start = performance.now();
  const result = work();
  return { ms: performance.now() - start, result };
}

export function runXor(seed: number) {
  const cold = timed(() => {
    const trainer = xorTrainer({ adam, binaryCrossEntropy, compile, dense, sequential }, seed);
    return { trainer, ...trainer.fitSync(XOR, UNTIL) };
  });
  const { trainer, steps, loss, reason, history, notes } = cold.result;
  const predictions = trainer.predict(XOR.x).data;
  const digest = trainer.digest();

  const warm = () =>
    timed(() => {
      trainer.reset();
      return trainer.fitSync(XOR, UNTIL);
    }).ms;
  for (let i = 0; i < WARM_UP_RUNS; i++) warm();
  const warmMs = median(Array.from({ length: WARM_RUNS }, warm));
  const perStep = Array.from({ length: 9 }, () => {
    trainer.reset();
    return (timed(() => trainer.fitSync(XOR, { epochs: STEPS_TIMED })).ms * 1000) / STEPS_TIMED;
  });
  return {
    report: {
      steps,
      loss,
      coldMs: cold.ms,
      warmMs,
      microsecondsPerStep: median(perStep),
      predictions: Array.from(predictions),
      digest,
      converged: reason === "lossBelow",
      notes,
    },
    // The loss that met the bound is no entry of the history.
    history: reason === "lossBelow" ? [...history.loss, loss] : history.loss,
  };
}

export function showXor({ report, history }: ReturnType<typeof runXor>, seed: number): void {
  const width = 64;
  const points = Array.from(
    { length: Math.min(width, history.length) },
    (_, i) =>
      history[Math.floor((i * (history.length - 1)) / Math.max(1, Math.min(width, history.length) - 1))],
  );
  const rows = XOR.x.map(([a, b], i) => {
    const p = report.predictions[i];
    const bar = "█".repeat(Math.round(p * 20)).padEnd(20, "·");
    return `  ${a} xor ${b}  ${bar} ${p.toFixed(4)}  (${XOR.y[i]})`;
  });
  const verdict = report.converged
    ? `below 0.01 after ${report.steps} steps`
    : `${report.steps} steps, not below 0.01`;
  console.log(
    [
      `wasmgrad ${VERSION}: the XOR MLP, 2-8-1, seed ${seed}`,
      "",
      plot(points, { height: 10, format: (x) => x.toFixed(3).padStart(7) }),
      `        loss over ${history.length} steps`,
      "",
      "probability of 1:",
      ...rows,
      "",
      `loss     ${report.loss.toFixed(6)}, ${verdict}`,
      ...report.notes.map(({ message }) => `note     ${message}`),
      `cold     ${report.coldMs.toFixed(2)} ms from import to trained`,
      `warm     ${report.warmMs.toFixed(3)} ms for reset and training, median of ${WARM_RUNS} runs`,
      `step     ${report.microsecondsPerStep.toFixed(3)} us`,
      `digest   ${report.digest}`,
      `engine   strict SIMD WebAssembly, one thread; Node ${process.version}, V8 ${process.versions.v8}, ${cpus()[0]?.model ?? process.arch}`,
    ].join("\n"),
  );
}
