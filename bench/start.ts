/** Cold starts, in processes of their own: from nothing to a trained XOR network. */
import { execFileSync } from "node:child_process";
import { median } from "./measure.ts";
import { verifyThat } from "./verify.ts";

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
  const run = (args: string[], into: number[]) => {
    const start = performance.now();
    const text = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    into.push(performance.now() - start);
    return text;
  };
  for (let i = 0; i < count; i++) {
    run(["-e", ""], bare);
    const result = JSON.parse(run(["bench/start-xor.mjs"], trained));
    verifyThat("XOR must reach loss < 0.01 in a fresh process", result.converged);
    cold.push(result.coldMs);
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
