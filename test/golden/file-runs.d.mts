export { type Run, runs as fileRuns } from "./runs.mjs";
