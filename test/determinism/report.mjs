/** What every runtime is asked for: plain JavaScript without anything of Node. */
import { onEngine, runAll } from "./runs.mjs";

/**
 * Runs everything, on the kernels that the package brings or on a module of them.
 *
 * @returns digests by name, and on how many threads they came about; or an error
 */
export async function report(wasmgrad, { threads, wasm }) {
  try {
    if (threads === 1 && !wasm) return { threads, digests: await runAll(wasmgrad) };
    const engine = await wasmgrad.createEngine(wasm ? { wasm } : { threads });
    return { threads: 1, digests: await runAll(onEngine(wasmgrad, engine)) };
  } catch (error) {
    const { stack = "" } = error;
    return { error: stack.startsWith(`${error}`) ? stack : `${error}\n${stack}` };
  }
}
