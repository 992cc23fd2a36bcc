/**
 * Has V8 compile what every training run calls together with the file. Otherwise it scans each function for its end
 * when it loads the file, and parses it again when it is first called, which is most of a cold start. What V8 goes by
 * is a parenthesis before `function`, before arrows only since its version 13; esbuild keeps it in pages. A training run
 * says which functions are called. Methods stay as they are: they have no place for a parenthesis.
 *
 * Pages get parentheses around arrows, which are smaller. For Node, up to whose version 22 only functions count, `formats.mjs` takes
 * `build/core-in-functions.js`, in which arrows are functions.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";
import { parse } from "acorn";
import { recursive, simple } from "acorn-walk";
import MagicString from "magic-string";

const dist = new URL("../dist/", import.meta.url).href;
const IN_FUNCTIONS = new URL("../build/core-in-functions.js", import.meta.url);

const session = new Session();
session.connect();
await session.post("Profiler.enable");
await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });

const { adam, binaryCrossEntropy, compile, dense, sequential } = await import(`${dist}index.js`);
const model = sequential({ input: [2] }, [
  dense(8, { activation: "tanh" }),
  dense(1, { activation: "sigmoid" }),
]);
const trainer = compile(model, { loss: binaryCrossEntropy(), optimizer: adam() });
const x = [
  [0, 1],
  [1, 1],
];
trainer.fitSync({ x, y: [0, 1] }, { epochs: 2, stopWhen: { lossBelow: 0 } });

const { result } = await session.post("Profiler.takePreciseCoverage");
for (const { url, functions } of result) {
  if (!url.startsWith(dist)) continue;
  const called = functions.map(({ ranges: [whole] }) => whole).filter(({ count }) => count > 0);
  const path = fileURLToPath(url);
  const text = readFileSync(path, "utf8");
  const starts = new Set(called.map(({ startOffset }) => startOffset));
  writeFileSync(path, parenthesize(text, starts, false));
  if (url.endsWith("/core.js")) writeFileSync(IN_FUNCTIONS, parenthesize(text, starts, true));
}

/**
 * @param called where the functions start that were called
 * @param inFunctions whether arrows become functions
 */
function parenthesize(text, called, inFunctions) {
  const edited = new MagicString(text);
  const tree = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  for (const node of tree.body)
    if (node.type === "FunctionDeclaration" && called.has(node.start))
      // It takes the name of its variable. A name of its own would be one more to minifiers.
      edited
        .appendLeft(node.start, `var ${node.id.name} = (`)
        .remove(node.id.start, node.id.end)
        .appendRight(node.end, ");");
  simple(tree, {
    ArrowFunctionExpression(node) {
      if (!called.has(node.start)) return;
      const plain = inFunctions && !node.async && !borrowsFromAround(node);
      const closing = plain ? toFunction(node, text, edited) : "";
      // In one piece, because inner functions, which come first, may end at the same place.
      edited.prependLeft(node.start, "(").appendLeft(node.end, `${closing})`);
    },
  });
  return edited.toString();
}

/** Whether an arrow function uses what only arrow functions take from around them: `this`, `arguments`, `super`. */
function borrowsFromAround(arrow) {
  let found = false;
  const find = () => {
    found = true;
  };
  const leave = () => {};
  recursive(arrow, undefined, {
    ThisExpression: find,
    Super: find,
    MetaProperty: find,
    Identifier: ({ name }) => {
      if (name === "arguments") find();
    },
    FunctionExpression: leave,
    FunctionDeclaration: leave,
  });
  return found;
}

/** Makes a function of an arrow, but for what closes it, which is returned. */
function toFunction({ start, params, expression }, text, edited) {
  const arrow = text.indexOf("=>", params.at(-1)?.end ?? start);
  edited.appendLeft(start, "function");
  if (text[start] !== "(") {
    edited.appendLeft(start, "(");
    edited.appendLeft(params[0].end, ")");
  }
  edited.overwrite(arrow, arrow + 2, expression ? "{ return (" : "");
  return expression ? "); }" : "";
}

// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.exit();
