/**
 * Finishes the build of the kernels, `build/release`, and cuts it into the links of a chain: what predicts, what else
 * trains, what tensors and further layers need, and convolution, recurrence and attention. A page carries the links that its programs need, and `assembly/unpack` puts them together.
 *
 * Functions are put in the order of the links, so that the first links are the same bytes whatever follows them:
 *
 *   predict | called by earlier links: of `deep`, of `extended`, of `train` | other of `train` | of `extended` | of `deep`
 *
 * What an earlier link calls of a later one always has a place; where that link is missing, a body that traps stands in it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";
import { withoutMarks } from "./in-order.mjs";
import { cut, LINKS, writeLinks, writeUnpack } from "./links.mjs";
import { recordTables } from "./tables.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** The link of each export, where it is not the first. */
const EXPORTS = { run: "train", step: "train", permute: "train", hasNegative: "train" };

const { Features } = binaryen;
/** What `asconfig.json` enables: anything else must not pass. */
const FEATURES =
  Features.MutableGlobals |
  Features.SignExt |
  Features.NontrappingFPToInt |
  Features.BulkMemory |
  Features.BulkMemoryOpt |
  Features.SIMD128;

/** The functions of a module's text by name, and the text around them. */
function functionsOf(wat) {
  const functions = new Map();
  const around = wat.replace(/^ \(func (\$\S+)[ \n)].*?\n \)\n/gms, (text, name) => {
    functions.set(name, text);
    return "";
  });
  return { functions, around };
}

/** Functions that send a record to its kernel: their calls of kernels of later links are made by no record before. */
const DISPATCH = [
  "$assembly/interpreter/execute",
  "$assembly/decode/executeOther",
  "$assembly/decode/executeExtended",
];

/** Kernels of `train` that stand inline in the dispatch, with the function each keeps for all but the smallest. */
const INLINE = {
  "$assembly/kernels/dense/denseGradWeights": "$assembly/kernels/dense/gradWeightsPart",
  "$assembly/kernels/dense/denseGradInput": "$assembly/kernels/dense/gradInputPart",
};

const callsOf = (text) => new Set([...text.matchAll(/\bcall (\$\S+?)[\s)]/g)].map(([, callee]) => callee));

/** The link of each function: the first whose exports or kernels reach it. */
async function linksOf(functions, around) {
  const { RECORDS } = await recordTables();
  /** Kernels, and what only their last link dispatches to, by the link that has them at the latest. */
  const kernels = new Map();
  for (const { name, file, link } of Object.values(RECORDS)) {
    const kernel = `$assembly/kernels/${file}/${name}`;
    kernels.set(INLINE[kernel] ?? kernel, link);
  }
  const suffixed = (name) => LINKS.find((link) => name.endsWith(link[0].toUpperCase() + link.slice(1)));
  for (const name of functions.keys()) if (suffixed(name)) kernels.set(name, suffixed(name));
  // Those of the first link and of the last may be inline in their dispatch.
  for (const [name, link] of kernels)
    if (link === "train" && !functions.has(name))
      throw new Error(
        `kernels: ${name} must be a function of its own; got none: see scripts/out-of-line.mjs`,
      );
  const exported = [...around.matchAll(/\(export "(\w+)" \(func (\$\S+)\)\)/g)];
  const links = new Map();
  for (const link of LINKS) {
    const open = [
      ...exported.filter(([, name]) => linkOf(name) === link).map(([, , target]) => target),
      ...[...kernels].filter(([, of]) => of === link).map(([name]) => name),
    ];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (links.has(name) || !functions.has(name)) continue;
      links.set(name, link);
      for (const callee of callsOf(functions.get(name))) {
        const isLater = LINKS.indexOf(kernels.get(callee)) > LINKS.indexOf(link);
        if (!(isLater && (DISPATCH.includes(name) || suffixed(callee)))) open.push(callee);
      }
    }
  }
  return links;
}

/** Names of functions in the order of the links, and how many stand in each of the stretches. */
function orderOf(functions, links) {
  const called = new Map(LINKS.map((link) => [link, new Set()]));
  for (const [name, text] of functions)
    for (const callee of callsOf(text)) called.get(links.get(name)).add(callee);
  const names = [...functions.keys()];
  const of = (link, isEarly) =>
    names.filter((name) => links.get(name) === link && early(name, link) === isEarly);
  const early = (name, link) => {
    const before = LINKS.slice(0, LINKS.indexOf(link));
    return before.some((other) => called.get(other).has(name));
  };
  const [first, ...later] = LINKS;
  return [
    of(first, false),
    ...later.toReversed().map((link) => of(link, true)),
    ...later.map((link) => of(link, false)),
  ];
}

const linkOf = (exported) => EXPORTS[exported] ?? "predict";

/** Exports in the order of the links, too. */
function sortExports(around) {
  const lines = around.match(/^ \(export .*\n/gm);
  const level = (line) => LINKS.indexOf(linkOf(line.match(/"(\w+)"/)[1]));
  const sorted = [...lines].sort((a, b) => level(a) - level(b));
  return around.replace(/^ \(export .*\n/gm, () => sorted.shift());
}

const reordered = ({ functions, around }, stretches) => {
  const end = around.lastIndexOf(")");
  return `${around.slice(0, end)}${stretches
    .flat()
    .map((name) => functions.get(name))
    .join("")})\n`;
};

function emit(wat, path) {
  const module = binaryen.parseText(wat);
  module.setFeatures(FEATURES);
  if (!module.validate()) throw new Error(`${path}: must be valid; got a module that is not`);
  const bytes = module.emitBinary();
  writeFileSync(`${path}.wasm`, bytes);
  writeFileSync(`${path}.wat`, module.emitStackIR());
  return Buffer.from(bytes);
}

const path = `${root}build/release`;
const parts = functionsOf(withoutMarks(readFileSync(`${path}.wat`, "utf8")));
const links = await linksOf(parts.functions, parts.around);
for (const name of parts.functions.keys()) if (!links.has(name)) parts.functions.delete(name);
const stretches = orderOf(parts.functions, links);
const sorted = { ...parts, around: sortExports(parts.around) };
const bytes = emit(reordered(sorted, stretches), path);
const emitted = [...functionsOf(readFileSync(`${path}.wat`, "utf8")).functions.keys()];
if (emitted.join() !== stretches.flat().join())
  throw new Error(`${path}: functions must stay in their order; got another`);

const { instance } = await WebAssembly.instantiate(bytes, {
  env: { memory: new WebAssembly.Memory({ initial: 1 }) },
});
const lengths = stretches.map((names) => names.length);
writeLinks(LINKS, cut(bytes, lengths, linkOf), [
  "",
  `export const STATIC_END = ${instance.exports.staticEnd()};`,
]);
writeUnpack(readFileSync(`${root}build/unpack.wasm`));
