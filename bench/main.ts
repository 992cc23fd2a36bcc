/**
 * `npm run bench -- [filter ..] [--quick] [--json FILE]`: times every workload whose suite or name contains one of
 * the filters, beside plain loops and the machine's own bounds.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadInstruments } from "./instruments.ts";
import { machine, machineLine } from "./machine.ts";
import { BRIEF, type Effort, measure, THOROUGH } from "./measure.ts";
import { formatTime, type Line, line, table } from "./report.ts";
import { FULL, QUICK } from "./shapes.ts";
import { measureStarts } from "./start.ts";
import { suitesOf } from "./suites/index.ts";
import type { Workload } from "./workload.ts";

const USAGE = `npm run bench -- [filter ..] [--quick] [--json FILE]

  filter       only suites and workloads whose name contains one of these words (training, products, 784, growth, ..)
  --quick      fewer shapes and shorter turns: for a look in passing, not for figures to quote
  --json FILE  writes machine and results to FILE too`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, json: { type: "string" }, help: { type: "boolean" } },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const { peak, copyLoop } = loadInstruments(`${root}/build/bench`);
const effort: Effort = values.quick ? BRIEF : THOROUGH;
const shapes = values.quick ? QUICK : FULL;
const wanted = (text: string) =>
  positionals.length === 0 || positionals.some((word) => text.toLowerCase().includes(word.toLowerCase()));

const here = machine();
console.log(machineLine(here));
console.log(
  "Medians of interleaved turns, one thread, less what other processes took. GFLOP/s count the multiplications and\n" +
    "additions of the products only; the peak is a loop in registers, measured in the same turns. Every result was\n" +
    "verified before it was timed.",
);

function timed(suite: string, workload: Workload): Line {
  const { engine, plain, copy, flops } = workload;
  const bound = copy ?? (flops === undefined ? undefined : peak);
  const [engineTiming, plainTiming, boundTiming] = measure(
    bound ? [engine, plain, bound] : [engine, plain],
    effort,
  );
  return line(suite, workload, {
    engine: engineTiming,
    plain: plainTiming,
    ...(copy ? { copy: boundTiming } : { peak: boundTiming }),
  });
}

const lines: Line[] = [];
for (const suite of suitesOf(shapes, copyLoop)) {
  const workloads = suite.workloads.filter((w) => wanted(`${suite.name} ${w.name}`));
  if (workloads.length === 0) continue;
  console.log(`\n${suite.title}`);
  const measured = workloads.map(({ make }) => timed(suite.name, make()));
  lines.push(...measured);
  console.log(table(measured));
}

const starts = wanted("start") ? await measureStarts(shapes.starts, root) : undefined;
if (starts)
  console.log(
    `\nStart: XOR trained to loss < 0.01 in a fresh process\n` +
      `import done to trained ${formatTime(starts.coldMs)} (fastest ${formatTime(starts.fastestColdMs)}); ` +
      `process start to trained ${formatTime(starts.trainedMs)}, ${formatTime(starts.overBareMs)} over bare Node`,
  );
if (lines.length === 0 && !starts) {
  console.error(`bench: a filter must match a workload; got ${positionals.join(" ")}`);
  process.exitCode = 1;
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine: here, lines, starts }, null, 2)}\n`);
