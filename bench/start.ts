/** Cold starts, in processes of their own: from nothing to a trained XOR network. */
import { spawn } from "node:child_process";
import { median } from "./measure.ts";
import { verifyThat } from "./verify.ts";

export interface StartTimes {
  /** From the start of a process to its first statement, in ms. */
  readonly bareMs: number;
  /** From the start of a process until it has trained XOR to loss < 0.01. */
  readonly trainedMs: number;
  /** Of that, what import and training add. */
  readonly overBareMs: number;
  /** From import done to trained. */
  readonly coldMs: number;
  /** The same, of the fastest start. */
  readonly fastestColdMs: number;
}

/** Medians over `count` starts of either kind, in turn. */
export async function measureStarts(count: number, root: string): Promise<StartTimes> {
  const bare: number[] = [];
  const trained: number[] = [];
  const cold: number[] = [];
  for (let i = 0; i < count; i++) {
    bare.push((await untilItSpeaks(root, "-e", 'fs.writeSync(1, "!")')).ms);
    const { ms, text } = await untilItSpeaks(root, "bench/start-xor.mjs");
    const { converged, coldMs } = JSON.parse(text);
    verifyThat("XOR must reach loss < 0.01 in a fresh process", converged);
    trained.push(ms);
    cold.push(coldMs);
  }
  return {
    bareMs: median(bare),
    trainedMs: median(trained),
    overBareMs: median(trained.map((ms, i) => ms - bare[i])),
    coldMs: median(cold),
    fastestColdMs: Math.min(...cold),
  };
}

/** Runs Node until it has written something; when it ends after that is its own affair. */
function untilItSpeaks(cwd: string, ...args: string[]): Promise<{ ms: number; text: string }> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
    let said: { ms: number; text: string } | undefined;
    child.stdout.once("data", (data) => {
      said = { ms: performance.now() - start, text: String(data) };
    });
    child.once("error", reject);
    child.once("close", () => (said ? resolve(said) : reject(new Error(`node ${args} said nothing`))));
  });
}
