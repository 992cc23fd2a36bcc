/** The same in JavaScriptCore's shell. */
import "../../test/browser/shell-globals.mjs";
import { measureEngine } from "./measure.ts";
import { trainXor } from "./xor.ts";

declare function print(line: string): void;

const start = performance.now();
trainXor();
const coldMs = performance.now() - start;
let report: object;
try {
  report = measureEngine();
} catch (error) {
  report = { error: `${error}\n${(error as Error).stack ?? ""}` };
}
print(JSON.stringify({ coldMs, ...report }));
