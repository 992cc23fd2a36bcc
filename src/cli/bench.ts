/** `wasmgrad bench`: a fixed suite, one score, and whether each workload gave the bits it gives everywhere. */
import { cpus } from "node:os";
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
} from "../index.ts";
import { exp } from "../math/exp.ts";
import { log } from "../math/log.ts";
import { RECORD, REFERENCE, SUITE } from "./bench-record.ts";
import { type Workload, workloadsOf } from "./workloads.ts";

/** The suite on this package. */
export const WORKLOADS = workloadsOf({
  adam,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  meanSquaredError,
  sequential,
});

/** What one workload took. */
export interface Timing {
  readonly name: string;
  readonly what: string;
  /** Milliseconds of a round: the least of all. */
  readonly ms: number;
  readonly perSecond: number;
  readonly unit: string;
  readonly digest: string;
  /** Whether the digest is the shipped one. */
  readonly bits: "equal" | "different";
  /** 1000 is the time of the reference machine; twice as fast is 2000. */
  readonly score: number;
}

export interface BenchReport {
  readonly suite: string;
  readonly version: string;
  readonly score: number;
  readonly reference: string;
  readonly engine: {
    readonly node: string;
    readonly v8: string;
    readonly cpu: string;
    readonly simd: boolean;
  };
  readonly workloads: readonly Timing[];
}

/** How long each workload runs: before it counts, and while it does. */
interface Effort {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const EFFORT: Effort = { warmUpMs: 300, measureMs: 500 };
const FEWEST_ROUNDS = 3;

/** On Windows the clock of the process ticks too coarsely. */
const HAS_CPU_CLOCK = process.platform !== "win32";
/** Milliseconds from which on the clock of the process is fine enough. */
const COARSE_MS = 1;

/** How long this process was at it, in ms: by the clock, less what other processes took. */
function timeOf(run: () => void): number {
  const before = process.cpuUsage();
  const start = performance.now();
  run();
  const elapsed = performance.now() - start;
  if (elapsed < COARSE_MS || !HAS_CPU_CLOCK) return elapsed;
  const { user, system } = process.cpuUsage(before);
  return Math.min(elapsed, (user + system) / 1000);
}

/** The least time of a round: what else the machine does only adds to it. */
function leastTime(run: () => void, { warmUpMs, measureMs }: Effort): number {
  for (let spent = 0; spent < warmUpMs; ) spent += timeOf(run);
  let least = Infinity;
  let rounds = 0;
  for (let spent = 0; spent < measureMs || rounds < FEWEST_ROUNDS; rounds++) {
    const ms = timeOf(run);
    least = Math.min(least, ms);
    spent += ms;
  }
  return least;
}

function measure({ name, what, amount, unit, open }: Workload, effort: Effort): Timing {
  const { run, digest } = open();
  const ms = leastTime(run, effort);
  const [recorded, referenceMs] = RECORD[name] ?? ["", ms];
  const found = digest();
  return {
    name,
    what,
    ms,
    perSecond: (amount / ms) * 1000,
    unit,
    digest: found,
    bits: found === recorded ? "equal" : "different",
    score: (1000 * referenceMs) / ms,
  };
}

/**
 * Runs the suite.
 *
 * @param onWorkload is told which comes next
 */
export function runBench(
  onWorkload: (name: string, index: number, count: number) => void,
  suite: readonly Workload[] = WORKLOADS,
  effort: Effort = EFFORT,
): BenchReport {
  const workloads = suite.map((workload, i) => {
    onWorkload(workload.name, i, suite.length);
    return measure(workload, effort);
  });
  const logs = workloads.reduce((sum, { score }) => sum + log(score), 0);
  return {
    suite: SUITE,
    version: VERSION,
    score: Math.round(exp(logs / workloads.length)),
    reference: REFERENCE,
    engine: {
      node: process.version,
      v8: process.versions.v8,
      cpu: cpus()[0]?.model.trim() ?? process.arch,
      simd: isSupported(),
    },
    workloads,
  };
}

const UNITS = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

function rate(perSecond: number, unit: string): string {
  if (unit === "MFLOP") return `${(perSecond / 1000).toFixed(1)} GFLOP/s`;
  const [size, letter] = UNITS.find(([least]) => perSecond >= least) ?? [1, ""];
  return `${(perSecond / size).toFixed(1)} ${letter}${letter && " "}${unit}/s`;
}

const milliseconds = (ms: number) => (ms < 1 ? `${(ms * 1000).toFixed(1)} us` : `${ms.toFixed(2)} ms`);

/** The report as lines for people. */
export function formatBench({ suite, version, score, reference, engine, workloads }: BenchReport): string {
  const row = (cells: readonly string[]) =>
    `${cells[0].padEnd(12)}${cells[1].padStart(12)}${cells[2].padStart(20)}${cells[3].padStart(8)}   ${cells[4]}`;
  const rows = workloads.map(({ name, ms, perSecond, unit, score: own, bits }) =>
    row([name, milliseconds(ms), rate(perSecond, unit), `${Math.round(own)}`, bits]),
  );
  const different = workloads.filter(({ bits }) => bits === "different");
  return [
    `${suite} on wasmgrad ${version}`,
    `${engine.cpu}, Node ${engine.node}, V8 ${engine.v8}`,
    "",
    row(["workload", "time", "rate", "score", "bits"]),
    ...rows,
    "",
    `score ${score}   (1000 is ${reference})`,
    ...(different.length > 0
      ? [
          `different bits in ${different.map(({ name }) => name).join(", ")}: ` +
            "this engine breaks the promise of the same numbers everywhere; please report it",
        ]
      : ["every workload gave the bits it gives everywhere"]),
  ].join("\n");
}
