/** What every runtime is asked for: plain JavaScript without anything of Node. */
import { onEngine, runAll } from "./runs.mjs";

/** Calls that other threads must take part in, so that a run counts as one of theirs: a small part of all. */
const LEAST_CALLS = 1000;

/** Lets the other threads start, for which pages and their workers need the event loop that the runs hold. */
async function start({ compile, dense, sequential }, engine) {
  const predictor = compile(sequential({ input: [4] }, [dense(4)]), { engine });
  for (let tries = 0; tries < 500 && engine.crew.calls === 0; tries++) {
    predictor.predict([1, 2, 3, 4]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  predictor.dispose();
}

/**
 * Runs everything. With threads every record is shared among all of them, whatever that costs: most of the runs are so
 * small that they would stay on one.
 *
 * @param waits  whether this thread may sleep until the others are ready: the main thread of a page may not, so there
 *   the first calls of each program are its own
 * @returns digests by name, and on how many threads they came about; or an error
 */
export async function report(wasmgrad, { threads, waits = true }) {
  try {
    if (threads === 1) return { threads, digests: await runAll(wasmgrad) };
    const engine = await wasmgrad.createEngine({ threads });
    const { crew } = engine;
    if (crew) {
      Object.assign(crew.hooks, { policy: "all" });
      await start(wasmgrad, engine);
      Object.assign(crew.hooks, { waits });
    }
    const digests = await runAll(onEngine(wasmgrad, engine));
    const { threads: running, why } = engine.info();
    engine.dispose();
    return crew?.calls > LEAST_CALLS
      ? { threads: running, why, digests }
      : { threads: 1, why: why ?? `others took part in ${crew?.calls} calls`, digests };
  } catch (error) {
    const { stack = "" } = error;
    return { error: stack.startsWith(`${error}`) ? stack : `${error}\n${stack}` };
  }
}
