/**
 * A CSV file of 1,000,000 rows of 20 numbers and a label: how fast it is parsed, how fast it streams through training, and how
 * much memory that takes.
 *
 *   node bench/stream-csv.mjs [ROWS]
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adam, compile, crossEntropy, dense, sequential } from "wasmgrad";
import { columns, fitStream, readCsv, streamCsv, streamRows } from "wasmgrad/data";

const ROWS = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), "wasmgrad-bench-"));
const path = join(folder, "large.csv");

async function write() {
  const file = createWriteStream(path);
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  file.write(`${Array.from({ length: 20 }, (_, i) => `f${i}`)},label\n`);
  for (let row = 0; row < ROWS; ) {
    let text = "";
    for (const end = Math.min(ROWS, row + 10_000); row < end; row++) {
      const values = Array.from({ length: 20 }, () => (random() * 4 - 2).toFixed(4));
      const sum = Number(values[0]) + Number(values[1]);
      text += `${values},${sum > 1 ? "high" : sum < -1 ? "low" : "mid"}\n`;
    }
    if (!file.write(text)) await new Promise((resolve) => file.once("drain", resolve));
  }
  await new Promise((resolve) => file.end(resolve));
}

let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
async function measure(name, work) {
  globalThis.gc?.();
  peak = 0;
  const before = process.memoryUsage.rss();
  const start = performance.now();
  const cpu = process.cpuUsage();
  const result = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  peak = Math.max(peak, process.memoryUsage.rss());
  const megabytes = statSync(path).size / 1e6;
  console.log(
    `${name}: ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU), ${(megabytes / seconds).toFixed(0)} MB/s, ${Math.round(ROWS / seconds)} rows/s, ` +
      `peak ${Math.round(peak / 1e6)} MB (before ${Math.round(before / 1e6)} MB)`,
  );
  return result;
}

await write();
console.log(`${ROWS} x 21, ${(statSync(path).size / 1e6).toFixed(0)} MB`);
const open = () => createReadStream(path, { highWaterMark: 1 << 18 });
const types = (await readCsv(open(), { rows: 5000 })).types;
await measure("streamCsv, tables of 8,192 rows", async () => {
  for await (const _ of streamCsv(open(), { types }));
});
const head = await readCsv(open(), { rows: 20_000 });
const data = columns(head, { target: "label" });
const trainer = compile(
  sequential({ columns: data.columns, seed: 1 }, [
    dense(32, { activation: "relu" }),
    dense(data.labels.length, { activation: "softmax" }),
  ]),
  { loss: crossEntropy(), optimizer: adam({ learningRate: 0.003 }), labels: data.labels, batchSize: 128 },
);
const rows = streamRows(() => data.rowsOf(streamCsv(open(), { types })), { shuffleBuffer: 10_000, seed: 1 });
const { loss } = await measure("fitStream, one epoch, buffer of 10,000 rows", () => fitStream(trainer, rows));
console.log(
  `loss ${loss.toFixed(4)}, accuracy of the first 20,000 rows ${trainer.evaluate(data).accuracy.toFixed(4)}`,
);
await measure("readCsv, the whole table", () => readCsv(open(), { types }));
clearInterval(watch);
rmSync(folder, { recursive: true });
