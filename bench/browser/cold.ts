/** The page that trains XOR once in a fresh browser, given a second to settle: from import done to trained. */
import { trainXor } from "./xor.ts";

await new Promise((resolve) => setTimeout(resolve, 1000));
const start = performance.now();
trainXor();
const coldMs = performance.now() - start;
await fetch("/report", { method: "POST", body: JSON.stringify({ coldMs }) });
