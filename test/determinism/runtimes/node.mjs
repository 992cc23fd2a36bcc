/** Node in several versions, in V8's baseline tier alone, in its optimizing tier alone, without AVX, and with vectors of 256 bits. */
import { printedBy, reportOf } from "./child.mjs";
import { fromNpm } from "./install.mjs";
import { THREADS } from "./threads.mjs";

/** The versions that the suite runs in. Of each the suite's own package holds the one binary for this machine. */
const VERSIONS = [20, 22, 24, 26];

const COMPILERS = {
  "baseline only": ["--liftoff", "--no-wasm-tier-up"],
  "optimizing only": ["--no-liftoff"],
  "without AVX": ["--no-enable-avx"],
};

/** Pairs of vectors as one of 256 bits: in V8 of Node 24 and newer. */
const PAIRED = ["--experimental-wasm-revectorize", "--no-liftoff"];

const current = Number(/\d+/.exec(process.version)[0]);

function commandOf(version) {
  if (version === current) return { program: process.execPath };
  if (version === 20) return { missing: `this is Node ${current}: run the suite by Node 20` };
  return fromNpm(`node-${version}`, "bin/node");
}

function waysOf(version, program) {
  const wayOf = (how, flags, threads) => ({
    how,
    threads,
    run: () => reportOf([program, ...flags], threads),
  });
  return [
    ...THREADS.map((threads) => wayOf("", [], threads)),
    ...Object.entries(COMPILERS).map(([how, flags]) => wayOf(how, flags, 1)),
    ...(version >= 24 ? [1, 3].map((threads) => wayOf("in pairs of vectors", PAIRED, threads)) : []),
  ];
}

const nodeOf = (version) => ({
  name: `Node ${version}`,
  async find() {
    const { program, missing } = commandOf(version);
    return missing ? { missing } : { ways: waysOf(version, program) };
  },
  /** Whether the package takes it for one that keeps the order of instructions, and whether that is right. */
  async checkOrder() {
    const { program } = commandOf(version);
    if (!program) return undefined;
    const { told, error } = await printedBy([program], "order.mjs", [], 60);
    return told === version >= 24
      ? ""
      : `must be taken for one that keeps the order or not; got ${error ?? told}`;
  },
});

const versions = VERSIONS.includes(current) ? VERSIONS : [current, ...VERSIONS];
export const nodes = versions.map(nodeOf);
export const thisNode = nodes[versions.indexOf(current)];
