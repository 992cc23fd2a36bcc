/**
 * Builds everything, each part only when its sources changed: kernels (asc), the module that embeds them, the
 * bundles (esbuild) and the type declarations (tsc). What was in `build/` and `dist/` before does not matter: a
 * content hash of all sources and tool versions decides.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const quiet = process.argv.includes("--quiet");
const say = (text) => quiet || console.log(text);
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

/** Runs `make` unless `outputs` exist and were made from the same sources. */
function part(name, sources, outputs, make) {
  const stamp = join(root, `build/${name}.stamp`);
  const hash = hashOf([...sources, "package-lock.json", "scripts/build.mjs"]);
  const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  if (fresh && outputs.every((path) => existsSync(join(root, path)))) return;
  const start = Date.now();
  // What fails half-way must not pass for the build before it.
  rmSync(stamp, { force: true });
  make();
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(stamp, hash);
  say(`${name}: built in ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

/** Runs Node; what it prints goes to stderr, so that stdout stays the caller's. A failure has said why. */
function node(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

const run = (script, args) => node([join(root, "node_modules", script), ...args]);

function asc(target) {
  const transform = ["--transform", join(root, "scripts/out-of-line.mjs")];
  run("assemblyscript/bin/asc.js", ["--config", "asconfig.json", "--target", target, ...transform]);
}

lock();

const LINKS = ["predict", "train", "extended"].map((link) => `src/kernels/${link}.wasm.ts`);
const RELAXED = "src/kernels/relaxed.wasm.ts";
const KERNEL_SOURCES = [
  "assembly",
  "asconfig.json",
  "src/tape",
  ...["in-order", "out-of-line", "slice", "tables"].map((name) => `scripts/${name}.mjs`),
];
part("kernels", KERNEL_SOURCES, ["build/release.wasm", "build/relaxed.wasm", ...LINKS, RELAXED], () => {
  asc("release");
  node([join(root, "scripts/slice.mjs")]);
  // Fused, a product and its sum are one instruction, which nothing reorders; and whoever asks for it, asks for all.
  asc("relaxed");
  const hex = read("build/relaxed.wasm").toString("hex");
  writeFileSync(join(root, RELAXED), `export const RELAXED: string =\n  "${hex}";\n`);
});

const bundles = ["index", "transform", "analysis", "cli/start"].map((name) => `dist/${name}.js`);
const bundling = ["scripts/bundle.mjs", "scripts/eager.mjs"];
part("bundles", ["src", ...KERNEL_SOURCES, ...bundling], bundles, () => {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  node([join(root, "scripts/bundle.mjs")]);
  node([join(root, "scripts/eager.mjs")]);
  // Functions are variables now, which must not be called before their line.
  const imports = bundles
    .filter((path) => !path.includes("cli/"))
    .map((path) => `import ${JSON.stringify(`./${path}`)};`);
  node(["--input-type=module", "-e", imports.join("")]);
  copyFileSync(join(root, "build/release.wasm"), join(root, "dist/wasmgrad.wasm"));
  copyFileSync(join(root, "build/relaxed.wasm"), join(root, "dist/wasmgrad-relaxed.wasm"));
});

part("types", ["src", "assembly/abi.ts", "tsconfig.json"], ["dist/types/src/index.d.ts"], () => {
  run("typescript/bin/tsc", ["-p", "tsconfig.build.json"]);
});
