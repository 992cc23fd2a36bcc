/**
 * `npm run bench:peers -- [filter ..] [--quick] [--install]`: the same work in wasmgrad and in what users would pick
 * instead. Every runtime is a process of its own that gets the same arrays; results are compared before anything is
 * timed; then the runtimes take turns. Writes results.json and results.md beside this file.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { layersMarkdown, measureLayers } from "./layers.mjs";
import { makeArrays, WORKLOADS, writeArrays, XOR } from "./workloads.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean" }, install: { type: "boolean" } },
});
const ROUNDS = values.quick ? 2 : 7;
const TURN_MS = values.quick ? 60 : 200;
const WARM_UP_MS = values.quick ? 100 : 500;
const STARTS = values.quick ? 3 : 9;
/** A turn that takes longer than this gets no more than three, in ms. */
const LONG_TURN_MS = 1500;

/** Largest difference from the reference, relative to the largest number in it. */
const TOLERANCE = { train: 1e-3, model: 1e-3, product: 1e-4, adam: 1e-4, predict: 1e-4 };

const node = (file, ...args) => ({
  command: process.execPath,
  args: [join(here, file), ...args],
  firstStep: (folder) => [join(here, file), "--first-step", folder, ...args],
});

const PYTHON = "/usr/bin/python3";
/** With glibc's defaults PyTorch gives the memory of large tensors back each time, and spends much of a step on page faults. */
const TUNED_MALLOC = {
  MALLOC_MMAP_THRESHOLD_: "1000000000",
  MALLOC_TRIM_THRESHOLD_: "10000000000",
  MALLOC_TOP_PAD_: "500000000",
};
const ONE_THREAD = { OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };

const RUNTIMES = [
  { name: "wasmgrad", ...node("wasmgrad.mjs") },
  { name: "plain loops", ...node("plain.mjs") },
  { name: "jax-js (wasm, jit)", ...node("jax-js.mjs") },
  { name: "tfjs wasm", ...node("tfjs.mjs", "wasm") },
  { name: "tfjs cpu", ...node("tfjs.mjs", "cpu") },
  { name: "brain.js", ...node("brain.mjs") },
  { name: "onnxruntime-web", ...node("onnxruntime-web.mjs"), inferenceOnly: true },
  {
    name: "PyTorch, tuned malloc",
    env: TUNED_MALLOC,
    command: PYTHON,
    args: [join(here, "torch_child.py")],
    firstStep: (folder) => [join(here, "torch_child.py"), "--first-step", folder, JSON.stringify(XOR)],
  },
  {
    name: "PyTorch",
    command: PYTHON,
    args: [join(here, "torch_child.py")],
    firstStep: (folder) => [join(here, "torch_child.py"), "--first-step", folder, JSON.stringify(XOR)],
  },
];

function install() {
  if (!values.install && existsSync(join(here, "node_modules/.package-lock.json"))) return undefined;
  try {
    execFileSync("npm", ["ci"], { cwd: here, stdio: ["ignore", 2, 2] });
    return undefined;
  } catch (error) {
    return `npm ci failed: ${error.message.split("\n")[0]}`;
  }
}

async function bundleKernels() {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: ["bench/peers/kernels.ts"],
    outfile: "build/bench/peer-kernels.mjs",
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "warning",
  });
}

/** A runtime's process, asked one thing at a time. */
class Child {
  #process;
  #lines;
  version = "";
  /** Why it is of no use, if so. */
  missing;

  constructor({ name, command, args, env }) {
    this.name = name;
    this.#process = spawn(command, args, {
      cwd: here,
      stdio: ["pipe", "pipe", "ignore"],
      env: { ...process.env, ...ONE_THREAD, ...env },
    });
    this.#process.on("error", (error) => {
      this.missing = `does not start: ${error.message}`;
    });
    this.#process.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async start() {
    const { version, missing } = await this.#answer();
    this.version = version ?? "";
    this.missing ??= missing;
  }

  async ask(command) {
    if (this.missing) return { missing: this.missing };
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    return this.#answer();
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) {
      this.missing = "not installed, or it ended";
      return { missing: this.missing };
    }
    return JSON.parse(value);
  }

  end() {
    this.#process.stdin.end();
  }
}

/** Why `check` is not `want`, if so. */
function difference(check, want, tolerance) {
  const scale = Math.max(...want.map(Math.abs));
  const worst = Math.max(...want.map((w, i) => Math.abs(w - check[i])));
  return worst <= tolerance * scale ? undefined : `differs by ${(worst / scale).toExponential(1)}`;
}

const median = (list) => {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

async function runWorkload(workload, children) {
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-peers-"));
  try {
    writeArrays(folder, makeArrays(workload));
    const entries = {};
    const ready = [];
    // Plain loops, in f64 arithmetic, are the reference; PyTorch is where there are none.
    const judge = children[workload.kind === "model" ? RUNTIMES.length - 1 : 1];
    const reference = await judge.ask({ prepare: workload, folder });
    if (reference.missing) throw new Error(`${judge.name}: ${reference.missing}`);
    const answerOf = (child) => {
      const skipped = workload.without?.[child.name];
      if (skipped) return { missing: skipped };
      return child === judge ? reference : child.ask({ prepare: workload, folder });
    };
    for (const child of children) {
      const { check, missing, note } = await answerOf(child);
      const wrong = missing ?? (check && difference(check, reference.check, TOLERANCE[workload.kind]));
      entries[child.name] = wrong ? { missing: wrong } : { note, turns: [] };
      if (!wrong) ready.push(child);
    }
    for (let round = -1; round < ROUNDS; round++) {
      for (let i = 0; i < ready.length; i++) {
        const child = ready[(i + Math.max(round, 0)) % ready.length];
        const entry = entries[child.name];
        if (entry.missing || (round >= 3 && entry.slow)) continue;
        const start = performance.now();
        const { ms, missing } = await child.ask({ time: round < 0 ? WARM_UP_MS : TURN_MS });
        if (missing) entries[child.name] = { missing };
        else if (round >= 0) entry.turns.push(ms);
        entry.slow = performance.now() - start > LONG_TURN_MS;
      }
    }
    const ours = entries[children[0].name].turns ?? [];
    return Object.fromEntries(
      Object.entries(entries).map(([name, { missing, note, turns }]) => [
        name,
        missing
          ? { missing }
          : { ms: median(turns), ratio: median(turns.map((ms, i) => ms / (ours[i] ?? Number.NaN))), note },
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Process start to the first step of XOR done, over a bare Node process; medians of starts in turn. */
async function runStarts(children) {
  const folder = mkdtempSync(join(tmpdir(), "wasmgrad-peers-"));
  writeArrays(folder, makeArrays(XOR));
  const launch = (command, args) => {
    const start = performance.now();
    try {
      execFileSync(command, args, { cwd: here, stdio: ["ignore", "pipe", "ignore"] });
      return performance.now() - start;
    } catch {
      return undefined;
    }
  };
  const bare = [];
  const times = Object.fromEntries(RUNTIMES.map(({ name }) => [name, []]));
  for (let i = 0; i < STARTS; i++) {
    bare.push(launch(process.execPath, ["-e", "0"]));
    for (const { name, command, firstStep, inferenceOnly } of RUNTIMES) {
      const child = children.find((c) => c.name === name);
      if (child.missing || inferenceOnly) continue;
      const took = launch(command, firstStep(folder));
      if (took !== undefined) times[name].push(took - bare[i]);
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const ours = times[RUNTIMES[0].name];
  return Object.fromEntries(
    RUNTIMES.map(({ name, inferenceOnly }) => [
      name,
      times[name].length === 0
        ? { missing: inferenceOnly ? "inference only" : "does not start" }
        : { ms: median(times[name]), ratio: median(times[name].map((ms, i) => ms / ours[i])) },
    ]),
  );
}

function formatTime(ms) {
  const [value, unit] =
    ms < 1e-3 ? [ms * 1e6, "ns"] : ms < 1 ? [ms * 1e3, "us"] : ms < 1e3 ? [ms, "ms"] : [ms / 1e3, "s"];
  return `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ${unit}`;
}

const formatRatio = (ratio) => `${ratio >= 10 ? Math.round(ratio) : ratio.toPrecision(2)}x`;

function cell(name, result) {
  if (!result) return "";
  if (result.missing) return result.missing.startsWith("inference only") ? "-" : result.missing;
  const time = formatTime(result.ms);
  if (name === RUNTIMES[0].name) return time;
  const ratio = Number.isFinite(result.ratio) ? ` (${formatRatio(result.ratio)})` : "";
  return `${time}${ratio}${result.note ? " *" : ""}`;
}

function markdown({ machine, versions, results, layers }) {
  const names = RUNTIMES.map((r) => r.name);
  const rows = [
    ["", ...names],
    ...Object.entries(results).map(([workload, entries]) => [
      workload,
      ...names.map((n) => cell(n, entries[n])),
    ]),
  ];
  const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length), 3));
  const lines = rows.map(
    (row) => `| ${row.map((c, j) => (j === 0 ? c.padEnd(widths[j]) : c.padStart(widths[j]))).join(" | ")} |`,
  );
  lines.splice(
    1,
    0,
    `| ${widths.map((w, j) => (j === 0 ? "-".repeat(w) : `${"-".repeat(w - 1)}:`)).join(" | ")} |`,
  );
  return `# wasmgrad and its peers

${machine.cpu}, ${machine.cores} cores, ${machine.platform}; Node ${machine.node}, V8 ${machine.v8}; ${machine.date} UTC.
${Object.entries(versions)
  .map(([name, version]) => `${name} ${version}`)
  .join(", ")}.

Time of one unit (a training step with Adam, a product, an update, a prediction), one thread, medians of interleaved
turns, less what other processes took; in brackets how many times as long as wasmgrad, the median over turns. All
start from the same weights and data; losses, products, updates and predictions were compared before they were timed.
Made by \`npm run bench:peers\`.

${lines.join("\n")}

\\* brain.js runs its own trainer: an update after every row, one activation for all layers, squared error. It is as
much work, not the same computation, so nothing was compared.
${
  versions.PyTorch.includes("reference BLAS")
    ? "\nThis PyTorch multiplies with the reference BLAS: with OpenBLAS (Debian: libopenblas0) its products are far faster.\n"
    : ""
}${layersMarkdown(layers, formatTime)
  .map((text) => `\n${text}\n`)
  .join("")}`;
}

const failed = install();
await bundleKernels();
const machine = {
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  platform: `${process.platform} ${process.arch}`,
  node: process.version,
  v8: process.versions.v8,
  date: new Date().toISOString().slice(0, 16).replace("T", " "),
};
if (failed) console.error(failed);

const children = RUNTIMES.map((runtime) => new Child(runtime));
for (const child of children) await child.start();
const versions = Object.fromEntries(children.map((c) => [c.name, c.missing ?? c.version]));
console.log(
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", "),
);
const wanted = (name) =>
  positionals.length === 0 || positionals.some((word) => name.toLowerCase().includes(word.toLowerCase()));
const results = {};
for (const workload of WORKLOADS) {
  if (!wanted(workload.name)) continue;
  results[workload.name] = await runWorkload(workload, children);
  const line = Object.entries(results[workload.name]).map(([name, r]) => `${name} ${cell(name, r)}`);
  console.log(`${workload.name}: ${line.join("; ")}`);
}
const START = "process start to first step, over bare Node";
if (wanted(START)) results[START] = await runStarts(children);
for (const child of children) child.end();

const layers = wanted("layers") ? await measureLayers() : [];
const report = { machine, versions, results, layers };
const text = markdown(report);
console.log(`\n${text}`);
const failures = Object.entries(results).filter(([, entries]) => entries[RUNTIMES[0].name].missing);
for (const [workload, entries] of failures)
  console.error(`${workload}: wasmgrad ${entries[RUNTIMES[0].name].missing}`);
if (failures.length > 0) process.exitCode = 1;
// A part of the workloads, or hurried figures, are for the eye only.
else if (positionals.length === 0 && !values.quick) {
  writeFileSync(join(here, "results.json"), `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(here, "results.md"), text);
}
