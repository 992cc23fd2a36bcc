/** Cold starts, in processes of their own: from nothing to a trained XOR network. */
import { execFileSync } from "node:child_process";
import { median } from "./measure.ts";

export interface StartTimes {
  /** A process that does nothing, in ms. */
  readonly bareMs: number;
  /** A process that trains XOR to loss < 0.01. */
  readonly trainedMs: number;
  /** Of that, what import and training add. */
  readonly overBareMs: number;
  /** From import done to trained. */
  readonly coldMs: number;
  /** The same, of the fastest start. */
  readonly fastestColdMs: number;
}

/** Medians over `count` starts of either kind, in turn. */
export function measureStarts(count: number, root: string): StartTimes {
  const bare: number[] = [];
  const trained: number[] = [];
  const cold: number[] = [];
  // Fails if the process does, which says by that that it has not learned XOR.
  const run = (...args: string[]) => {
    const start = performance.now();
    const text = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    return { ms: performance.now() - start, text };
  };
  for (let i = 0; i < count; i++) {
    bare.push(run("-e", "").ms);
    trained.push(run("bench/start-xor.mjs").ms);
    cold.push(Number(run("bench/start-xor.mjs", "--cold").text));
  }
  const overBareMs = median(trained.map((ms, i) => ms - bare[i]));
  return {
    bareMs: median(bare),
    trainedMs: median(trained),
    overBareMs,
    coldMs: median(cold),
    fastestColdMs: Math.min(...cold),
  };
}
