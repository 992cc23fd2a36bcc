/** `npm start`: trains the XOR MLP and shows what came of it; `--json` for machines. */
import { parseArgs } from "node:util";
import { runXor, showXor } from "./xor.ts";

const USAGE = `Usage: npm start -- [--seed N] [--json]

Trains the XOR MLP (2-8-1, tanh, sigmoid, binary cross-entropy, Adam 0.05) until its loss is below 0.01.

  --seed N  seed of the initial weights, a whole number >= 0 (default 0)
  --json    print one JSON object and nothing else`;

function main(): void {
  let options: { seed?: string; json?: boolean; help?: boolean };
  try {
    options = parseArgs({
      options: { seed: { type: "string" }, json: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const seed = options.seed === undefined ? 0 : Number(options.seed);
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    console.error(`start: --seed must be a whole number >= 0; got ${options.seed}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const outcome = runXor(seed);
  if (options.json) console.log(JSON.stringify(outcome.report));
  else showXor(outcome, seed);
  if (!outcome.report.converged) process.exitCode = 1;
}

main();
// At once: ending by itself, Node may wait for ever for a compilation of V8's (nodejs/node issue 54918).
process.stdout.write("", () => process.exit());
