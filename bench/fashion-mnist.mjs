/**
 * Fashion-MNIST from its gzipped files to more than 87 %, in turns with PyTorch, which does the same on one thread; each in a
 * process of its own, whose CPU time counts, so that what else runs on the machine does not.
 *
 *   node bench/fashion-mnist.mjs [TURNS]      wants dataset-fashion-mnist and python3-torch
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const TURNS = Number(process.argv[2] ?? 3);
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const RUNS = {
  wasmgrad: [process.execPath, path("../examples/fashion-mnist.mjs")],
  PyTorch: ["/usr/bin/python3", path("peers/fashion_mnist.py")],
};

/** What a command prints, and its seconds: of the clock, and of the CPU as the shell counts them. */
function run([program, script]) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn("bash", ["-c", 'TIMEFORMAT="cpu %U %S"; time "$0" "$1"', program, script]);
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
          accuracy: Number(/test accuracy ([\d.]+)/.exec(printed)[1]),
          cpu: Number(user) + Number(system),
          seconds: (performance.now() - start) / 1000,
        });
    });
  });
}

const times = { wasmgrad: [], PyTorch: [] };
for (let turn = 0; turn < TURNS; turn++)
  for (const [name, command] of Object.entries(RUNS)) {
    const { accuracy, cpu, seconds } = await run(command);
    times[name].push(cpu);
    console.log(`${name}: ${accuracy} % in ${cpu.toFixed(1)} s of CPU, ${seconds.toFixed(1)} s of the clock`);
  }
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
console.log(
  `median CPU: wasmgrad ${median(times.wasmgrad).toFixed(1)} s, PyTorch ${median(times.PyTorch).toFixed(1)} s`,
);
