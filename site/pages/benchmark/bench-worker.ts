/** The suite of `wasmgrad bench` on the built package, off the page's thread. */
import {
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  isSupported,
  meanSquaredError,
  sequential,
  VERSION,
} from "wasmgrad";
import { RECORD } from "../../../src/cli/bench-record.ts";
import { workloadsOf } from "../../../src/cli/workloads.ts";
import { leastSample, measureInTurns, repeatsOf } from "./measure.ts";
import type { FromWorker } from "./messages.ts";

const ROUNDS = 7;

const tell = (message: FromWorker) => postMessage(message);
const clock = () => performance.now();

function bench() {
  const suite = workloadsOf({
    adam,
    binaryCrossEntropy,
    compile,
    crossEntropy,
    dense,
    meanSquaredError,
    sequential,
  } as never);
  const of = suite.length + ROUNDS;
  const leastMs = leastSample(clock);
  const works = suite.map(({ name, open }, at) => {
    tell({ kind: "progress", done: at, of, what: `Warming up: ${name}.` });
    const work = open();
    work.run();
    return { name, work, repeats: repeatsOf(work, leastMs, clock), digest: work.digest() };
  });
  const tellRound = (round: number) =>
    tell({ kind: "progress", done: suite.length + round, of, what: `Round ${round} of ${ROUNDS}.` });
  const medians = measureInTurns(works, ROUNDS, tellRound, clock);
  const workloads = works.map(({ name, work, digest }, at) => ({
    name,
    ms: medians[at],
    // The first run or the last, whichever gave other bits.
    digest: [digest, work.digest()].find((one) => one !== RECORD[name][0]) ?? digest,
  }));
  tell({ kind: "done", version: VERSION, workloads });
}

const why = isSupported.why();
try {
  if (why === undefined) bench();
  else tell({ kind: "failed", why: `This browser has ${why}.` });
} catch (error) {
  tell({ kind: "failed", why: `The suite ended with an error: ${(error as Error).message}.` });
}
