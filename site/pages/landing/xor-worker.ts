/** Trains XOR from seed 0, 1, 2, ..: a few milliseconds in every hundred, so that nothing else has to wait. */
import { adam, binaryCrossEntropy, compile, dense, isSupported, sequential } from "wasmgrad";
import { UNTIL, XOR, xorTrainer } from "../../../src/cli/xor-net.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const TURN_MS = 100;
const WORK_MS = 5;
/** Turns from one report to the next. */
const REPORT_TURNS = 10;
const MOST_TIMES = 99;
const SIDE = 40;

const tell = (message: FromWorker) => postMessage(message);

function start() {
  const trainer = xorTrainer({ adam, binaryCrossEntropy, compile, dense, sequential } as never, 0);
  const grid = new Float32Array(SIDE * SIDE * 2);
  for (let i = 0; i < SIDE * SIDE; i++) {
    grid[2 * i] = (1.5 * (i % SIDE)) / (SIDE - 1) - 0.25;
    grid[2 * i + 1] = 1.25 - (1.5 * Math.floor(i / SIDE)) / (SIDE - 1);
  }
  const rows = { data: grid, shape: [SIDE * SIDE, 2] };
  /** Mean times of the last turns: clocks of pages are too coarse for one training. */
  const times: number[] = [];
  let count = 0;
  let turns = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  function turn() {
    const begin = performance.now();
    let trained = 0;
    let spent = 0;
    let losses: readonly number[] = [];
    while (spent < WORK_MS) {
      trainer.reset({ seed: count });
      const { history, loss } = trainer.fitSync(XOR, UNTIL);
      losses = [...history.loss, loss];
      count++;
      trained++;
      spent = performance.now() - begin;
    }
    times.push(spent / trained);
    if (times.length > MOST_TIMES) times.shift();
    if (turns++ % REPORT_TURNS > 0) return;
    tell({
      kind: "trained",
      count,
      medianMs: [...times].sort((p, q) => p - q)[times.length >> 1],
      digest: trainer.digest(),
      losses,
      surface: Float32Array.from(trainer.predict(rows).data),
    });
  }

  addEventListener("message", ({ data: { run } }: MessageEvent<ToWorker>) => {
    clearInterval(timer);
    timer = run ? setInterval(turn, TURN_MS) : undefined;
  });
}

const why = isSupported.why();
if (why === undefined) start();
else tell({ kind: "failed", why: `This browser has ${why}.` });
