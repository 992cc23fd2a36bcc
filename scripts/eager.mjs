/**
 * Has V8 compile what every training run calls together with the file. Otherwise it scans each function for its end
 * when it loads the file, and parses it again when it is first called, which is most of a cold start. What V8 goes by
 * is a parenthesis before the function; esbuild keeps it in pages. A training run says which functions are called.
 * Methods stay as they are: they have no place for a parenthesis.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";

const dist = new URL("../dist/", import.meta.url).href;

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
for (const { url, functions } of result)
  if (url.startsWith(dist)) parenthesize(fileURLToPath(url), functions);

function parenthesize(path, functions) {
  let text = readFileSync(path, "utf8");
  const insertions = [];
  for (const { ranges } of functions) {
    const [{ startOffset: from, endOffset: to, count }] = ranges;
    const source = text.slice(from, to);
    const [, name] = (text[from - 1] === "\n" && /^function (\w+)\(/.exec(source)) || [];
    const isArrow = /^(\([\s\S]*?\)|\w+) => /.test(source);
    if (count === 0 || !(name || isArrow)) continue;
    insertions.push([from, name ? `var ${name} = (` : "("], [to, name ? ");" : ")"]);
  }
  // From the end, so that offsets stay what they are.
  insertions.sort(([p], [q]) => q - p);
  for (const [at, inserted] of insertions) text = text.slice(0, at) + inserted + text.slice(at);
  writeFileSync(path, text);
}

// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.exit();
