/**
 * Fashion-MNIST from its gzipped files to more than 87 %, in turns with PyTorch, which does the same on one thread; each in a
 * process of its own, whose CPU time counts, so that what else runs on the machine does not.
 *
 *   node bench/fashion-mnist.mjs [TURNS]              wants dataset-fashion-mnist and python3-torch
 *   node bench/fashion-mnist.mjs --lenet [TURNS [EPOCHS]]   a network of LeNet's size; PyTorch also with an allocator that keeps its pages
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const LENET = process.argv[2] === "--lenet";
const [turns = 3, epochs = 3] = process.argv.slice(LENET ? 3 : 2);
const TURNS = Number(turns);
const FOLDER = "/usr/share/datasets/fashion-mnist";
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
/** What PyTorch's memory would otherwise be given back and asked for again in every step. */
const KEEPS_PAGES = [
  "MALLOC_MMAP_THRESHOLD_=1000000000",
  "MALLOC_TRIM_THRESHOLD_=10000000000",
  "MALLOC_TOP_PAD_=500000000",
];
const peer = ["/usr/bin/python3", path("peers/fashion_mnist.py")];
const lenet = [...peer, "--lenet", FOLDER, epochs];
const RUNS = LENET
  ? {
      wasmgrad: [process.execPath, path("fashion-lenet.mjs"), FOLDER, epochs],
      PyTorch: lenet,
      "PyTorch, pages kept": ["/usr/bin/env", ...KEEPS_PAGES, ...lenet],
    }
  : { wasmgrad: [process.execPath, path("../examples/fashion-mnist.mjs")], PyTorch: peer };

/** What a command prints, and its seconds: of the clock, and of the CPU as the shell counts them. */
function run(command) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn("bash", ["-c", 'TIMEFORMAT="cpu %U %S"; time "$@"', "bash", ...command]);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes) => {
        printed += bytes;
      });
    child.on("error", reject);
    child.on("exit", (status) => {
      const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(printed) ?? [];
      if (status !== 0 || user === undefined) reject(new Error(printed));
      else
        resolve({
          accuracy: Number([...printed.matchAll(/test accuracy ([\d.]+)/g)].at(-1)[1]),
          // Of training alone, an epoch, where the program says it.
          cpu: LENET
            ? Number([...printed.matchAll(/([\d.]+) s of CPU/g)].at(-1)[1]) / epochs
            : Number(user) + Number(system),
          seconds: (performance.now() - start) / 1000,
        });
    });
  });
}

const times = Object.fromEntries(Object.keys(RUNS).map((name) => [name, []]));
for (let turn = 0; turn < TURNS; turn++)
  for (const [name, command] of Object.entries(RUNS)) {
    const { accuracy, cpu, seconds } = await run(command);
    times[name].push(cpu);
    const unit = LENET ? "s of CPU an epoch" : "s of CPU";
    console.log(`${name}: ${accuracy} % in ${cpu.toFixed(1)} ${unit}, ${seconds.toFixed(1)} s of the clock`);
  }
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const medians = Object.entries(times).map(([name, list]) => `${name} ${median(list).toFixed(1)} s`);
console.log(`median CPU${LENET ? " an epoch" : ""}: ${medians.join(", ")}`);
