/**
 * Builds everything, each part only when its sources changed: kernels (asc), the modules that embed them, the
 * bundles (esbuild), their other forms and the type declarations (tsc). `--bundles` ends with the bundles, which is all
 * that `npm start` runs; `--pack` also makes the tarball that npm would publish. What was in `build/` and `dist/` before
 * does not matter: a content hash of all sources and tool versions decides. Progress goes to stderr, so that stdout stays
 * the caller's.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path) => readFileSync(join(root, path));

function* files(path) {
  const full = join(root, path);
  if (!existsSync(full)) return;
  if (statSync(full).isFile()) yield path;
  else for (const name of readdirSync(full).sort()) yield* files(`${path}/${name}`);
}

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths)
    for (const file of files(path))
      if (!file.endsWith(".wasm.ts")) hash.update(`${file}\0`).update(read(file));
  return hash.digest("hex");
}

/** Two builds at once, say of tests and of a bench, would write the same files: the second one waits. */
function lock() {
  const path = join(root, "build/lock");
  mkdirSync(join(root, "build"), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      break;
    } catch {
      if (!isRunning(path)) rmSync(path, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  process.on("exit", () => rmSync(path, { force: true }));
}

/** Whether the process that a lock names still runs; a lock that is just being written counts as held. */
function isRunning(path) {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    if (pid > 0) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs `make` unless `outputs` exist and were made from the same sources. `what` is for whoever waits. */
async function part(name, what, sources, outputs, make) {
  const stamp = join(root, `build/${name}.stamp`);
  const hash = hashOf([...sources, "package-lock.json", "scripts/build.mjs"]);
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  if (fresh && outputs.every((path) => existsSync(join(root, path)))) return;
  const start = Date.now();
  console.error(`build: ${name}: ${what} ..`);
  // What fails half-way must not pass for the build before it.
  rmSync(stamp, { force: true });
  await make();
  writeFileSync(stamp, hash);
  console.error(`build: ${name}: done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** Parts that need nothing of each other, at once. All end before a failure does, which has said why. */
async function together(...parts) {
  for (const { reason } of await Promise.allSettled(parts)) if (reason) throw reason;
}

async function node(args) {
  const [status] = await once(spawn(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] }), "exit");
  if (status !== 0) throw new Error(`build: node ${args.join(" ")} must succeed; got status ${status}`);
}

const run = (script, args) => node([join(root, "node_modules", script), ...args]);

const asc = (config, ...options) => run("assemblyscript/bin/asc.js", ["--config", config, ...options]);

function kernels(target, ...entries) {
  const transform = join(root, "scripts/out-of-line.mjs");
  return asc("asconfig.json", ...entries, "--target", target, "--transform", transform);
}

lock();

const isWhole = !process.argv.includes("--bundles");

const LINKS = ["unpack", "predict", "train", "extended", "deep"].map((link) => `src/kernels/${link}.wasm.ts`);
const RELAXED = "src/kernels/relaxed.wasm.ts";
const THREADS = ["threads", "worker"].map((name) => `src/kernels/${name}.wasm.ts`);
const KERNEL_SOURCES = [
  "assembly",
  "asconfig.json",
  "src/tape",
  ...["in-order", "kernel-text", "links", "out-of-line", "relaxed", "slice", "tables", "threads"].map(
    (name) => `scripts/${name}.mjs`,
  ),
];
await together(
  part(
    "kernels",
    "AssemblyScript to WebAssembly",
    KERNEL_SOURCES,
    ["build/release.wasm", ...LINKS],
    async () => {
      await together(kernels("release"), asc("assembly/unpack/asconfig.json"));
      await node([join(root, "scripts/slice.mjs")]);
    },
  ),
  // Fused, a product and its sum are one instruction, which nothing reorders; and whoever asks for it, asks for all.
  isWhole &&
    part(
      "relaxed",
      "the same, with fused products",
      KERNEL_SOURCES,
      ["build/relaxed.wasm", RELAXED],
      async () => {
        await kernels("relaxed");
        await node([join(root, "scripts/relaxed.mjs")]);
      },
    ),
  isWhole &&
    part(
      "threads",
      "the same, for several threads",
      [...KERNEL_SOURCES, "src/threads/worker.ts"],
      ["build/threads.wasm", ...THREADS],
      async () => {
        await kernels("threads", "assembly/threaded.ts");
        await node([join(root, "scripts/threads.mjs")]);
      },
    ),
);

const bundles = [
  "core",
  "index",
  "transform",
  "analysis",
  "data",
  "metrics",
  "node",
  "plot",
  "worker",
  "worker-host",
  "cli/start",
  "cli/wasmgrad",
].map((name) => `dist/${name}.js`);
const bundled = [
  "src",
  ...KERNEL_SOURCES,
  ...["arrange", "bundle", "eager", "plain-functions"].map((name) => `scripts/${name}.mjs`),
];
await part(
  "bundles",
  "the package's files",
  bundled,
  [...bundles, "build/core-in-functions.js"],
  async () => {
    rmSync(join(root, "dist"), { recursive: true, force: true });
    await node([join(root, "scripts/bundle.mjs")]);
    await node([join(root, "scripts/eager.mjs")]);
    // Functions are variables now, which must not be called before their line.
    const imports = bundles
      .filter((path) => !/cli\/|worker-host/.test(path))
      .map((path) => `import ${JSON.stringify(`./${path}`)};`);
    await node(["--input-type=module", "-e", imports.join("")]);
    copyFileSync(join(root, "build/release.wasm"), join(root, "dist/wasmgrad.wasm"));
  },
);

if (isWhole) {
  const formats = [
    "wasmgrad-relaxed.wasm",
    "wasmgrad-threads.wasm",
    "chunks/relaxed.wasm.js",
    "chunks/threads.js",
    "chunks/thread.js",
    "all.cjs",
    "index.cjs",
    "node/index.js",
    "workerd/index.js",
    "wasmgrad.global.js",
  ].map((name) => `dist/${name}`);
  const declarations = [
    "index",
    "transform",
    "analysis",
    "data",
    "metrics",
    "node",
    "plot",
    "worker",
  ].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.d.cts`]);
  const typing = ["tsconfig.json", "tsconfig.build.json", "scripts/declarations.mjs"];
  await part("formats", "its other forms", [...bundled, "scripts/formats.mjs"], formats, async () => {
    await node([join(root, "scripts/formats.mjs")]);
    for (const name of ["relaxed", "threads"])
      copyFileSync(join(root, `build/${name}.wasm`), join(root, `dist/wasmgrad-${name}.wasm`));
  });
  await part("types", "declarations", ["src", "assembly/abi.ts", ...typing], declarations, async () => {
    rmSync(join(root, "build/types"), { recursive: true, force: true });
    await run("typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
    await node([join(root, "scripts/declarations.mjs")]);
  });
}

if (process.argv.includes("--pack")) {
  const packed = ["package.json", "README.md", "LICENSE", ...JSON.parse(read("package.json")).files];
  await part("package", "the tarball", packed, ["build/wasmgrad.tgz"], async () => {
    const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", "build"];
    const npm = spawn("npm", args, { cwd: root, stdio: ["ignore", 2, 2] });
    const [status] = await once(npm, "exit");
    if (status !== 0) throw new Error(`build: npm pack must succeed; got status ${status}`);
    const { name, version } = JSON.parse(read("package.json"));
    renameSync(join(root, `build/${name}-${version}.tgz`), join(root, "build/wasmgrad.tgz"));
  });
}
