/** Engines whose every record is computed by all threads, whatever it costs, and what tests look at in them. */
import * as wasmgrad from "../../src/index.ts";
import { createEngine, type Engine } from "../../src/index.ts";
import { verifyBarriers } from "../../src/plan/barriers.ts";
import type { Team } from "../../src/threads/team.ts";

export const teamOf = (engine: Engine): Team => engine.crew as Team;

/** @param options such as `policy` and `waits` of the team */
export async function threaded(
  threads: number | "auto",
  { policy = "all", waits = true, patienceMs = 10_000 }: Partial<Team["hooks"]> = {},
): Promise<Engine> {
  const engine = await createEngine({ threads });
  const { hooks } = teamOf(engine);
  Object.assign(hooks, { policy, waits, patienceMs, decided: verifyBarriers });
  return engine;
}

/** The package, whose programs all run on an engine. */
export function on(engine: Engine): typeof wasmgrad {
  const withEngine =
    (make: (given: never, options: never) => unknown) =>
    (given: never, options?: object): unknown =>
      make(given, { ...options, engine } as never);
  const { compile, compileTogether, valueAndGrad } = wasmgrad;
  return {
    ...wasmgrad,
    compile: withEngine(compile),
    compileTogether: withEngine(compileTogether),
    valueAndGrad: withEngine(valueAndGrad),
  } as typeof wasmgrad;
}
