/** The worker `engines/<version>/replay.js`. */
import { EXTRAS } from "./extras.ts";
import { answer } from "./replay-steps.ts";

addEventListener("message", ({ data }) => answer(data, EXTRAS, (given) => postMessage(given)));
