/**
 * The side of a runtime: reads commands as lines of JSON from stdin, answers each with one line on stdout.
 *
 *   { prepare: workload, folder }  ->  { check: numbers } | { missing: why }
 *   { time: ms }                   ->  { ms: median time of a unit }
 *
 * Started with `--first-step` it takes one step of XOR, says so and ends.
 */
import { createInterface } from "node:readline";
import { XOR } from "./workloads.mjs";

const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/**
 * @param runtime `version`, and `prepare(workload, folder)`, which gives `{ check, run(units) }` or `{ missing }`; it
 *   and `run` may be asynchronous
 */
export async function serve({ version, prepare }) {
  // Libraries greet and warn on stdout; that belongs to the answers.
  console.log = console.info = console.warn = console.error;
  if (process.argv[2] === "--first-step") {
    const { run } = await prepare(XOR, process.argv[3], true);
    await run(1);
    answer({ done: true });
    process.exit(0);
  }
  answer({ version });
  let prepared;
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    try {
      if (command.prepare) {
        await prepared?.dispose?.();
        prepared = undefined;
        prepared = await prepare(command.prepare, command.folder, false);
        const { missing, check, note } = prepared;
        answer(missing ? { missing } : { check, note });
      } else answer({ ms: await time(prepared.run, command.time) });
    } catch (error) {
      answer({
        missing: `fails: ${String(error?.message ?? error)
          .split("\n")[0]
          .slice(0, 200)}`,
      });
    }
  }
  process.exit(0);
}

/** There processor time comes in ticks of 16 ms. */
const COARSE_CPU_CLOCK = process.platform === "win32";

/** How long this process was at it, in ms: by the clock, less what other processes took. */
async function timeOf(work) {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return COARSE_CPU_CLOCK ? elapsed : Math.min(elapsed, (user + system) / 1000);
}

/** Samples of a turn at most: short ones, so that most escape what else the machine does. */
const SAMPLES = 64;

/** Median time of a unit over calls that fill about `ms`; each is a fraction of it, or one unit if that is longer. */
async function time(run, ms) {
  let units = 1;
  const samples = [];
  const start = performance.now();
  while (performance.now() - start < ms || samples.length === 0) {
    const took = await timeOf(() => run(units));
    if (took < ms / SAMPLES) {
      // Short against the clock or the turn: forget it and do more at once.
      units = Math.min(
        units * Math.max(2, Math.floor((2 * ms) / SAMPLES / Math.max(took, 1e-3))),
        units * 64,
        1 << 16,
      );
      if (units < 1 << 16) continue;
    }
    samples.push(took / units);
  }
  samples.sort((a, b) => a - b);
  return samples[samples.length >> 1];
}
