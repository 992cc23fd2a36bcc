/** A replay as its worker does it, and tests in Node. */
import { ConfigError, readConfig } from "./config.ts";
import type { Extras } from "./network.ts";
import type { ReplayAnswer } from "./replay.ts";
import { Run, VERSION } from "./run.ts";
import type { LinkContent } from "./types.ts";

/** Milliseconds between two reports. */
const BETWEEN_REPORTS = 100;

/** @throws Error with one sentence, for what does not run */
export function replaySteps(
  { version, config, claim }: LinkContent,
  extras: Extras,
  onProgress: (steps: number) => void = () => {},
): ReplayAnswer {
  if (version !== VERSION)
    throw new Error(`This run is of version ${version} of the engine, and this engine is ${VERSION}.`);
  const run = new Run(readConfig(config), extras);
  const steps = claim?.steps ?? 0;
  let piece = 1;
  let reported = performance.now();
  try {
    while (run.steps < steps) {
      const before = performance.now();
      if (!run.train(Math.min(piece, steps - run.steps)))
        throw new Error(
          `The run diverged after step ${run.steps}, before the ${steps} steps that the link claims.`,
        );
      const now = performance.now();
      if (now - before < BETWEEN_REPORTS / 4) piece *= 2;
      if (now - reported >= BETWEEN_REPORTS) {
        reported = now;
        onProgress(run.steps);
      }
    }
    return { kind: "done", ...run.claim, state: run.network.trainer.state() };
  } finally {
    run.dispose();
  }
}

/** Answers one request. */
export function answer(given: unknown, extras: Extras, post: (answer: ReplayAnswer) => void): void {
  const { format, content } = Object(given) as { format?: unknown; content?: LinkContent };
  try {
    if (format !== 1) throw new Error("This engine replays links of format 1.");
    post(replaySteps(Object(content) as LinkContent, extras, (steps) => post({ kind: "progress", steps })));
  } catch (error) {
    const isSaid = error instanceof ConfigError || (error instanceof Error && error.constructor === Error);
    post({
      kind: "failed",
      message: isSaid
        ? error.message
        : `The run could not be replayed: ${(error as Error)?.message ?? error}.`,
    });
  }
}
