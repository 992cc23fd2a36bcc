/** What every runtime is asked for: plain JavaScript without anything of Node. */
import { onEngine, runAll } from "./runs.mjs";

/**
 * Runs everything.
 *
 * @returns digests by name, and on how many threads they came about; or an error
 */
export async function report(wasmgrad, { threads }) {
  try {
    if (threads === 1) return { threads, digests: await runAll(wasmgrad) };
    const engine = await wasmgrad.createEngine({ threads });
    return { threads: 1, digests: await runAll(onEngine(wasmgrad, engine)) };
  } catch (error) {
    const { stack = "" } = error;
    return { error: stack.startsWith(`${error}`) ? stack : `${error}\n${stack}` };
  }
}
