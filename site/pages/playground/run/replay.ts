/**
 * Replays what a link claims, in a worker of the engine's version that the link names: `engines/<version>/replay.js`, a classic
 * worker. Its protocol belongs to the format of links, 1, and stays as it is, so that links of earlier versions go on being checked:
 *
 *   page   -> { format: 1, content }                            the `LinkContent`, unpacked
 *   worker -> { kind: "progress", steps }                       now and then
 *          -> { kind: "done", steps, data, parameters, state? } as in `Claim`; state: of the trainer, for the same version of the engine
 *          or { kind: "failed", message }                       one sentence
 *
 * A worker does one replay; the page ends it.
 */
import type { Config, LinkContent, Verdict } from "./types.ts";

export type ReplayRequest = { readonly format: 1; readonly content: LinkContent };

export type ReplayAnswer =
  | { readonly kind: "progress"; readonly steps: number }
  | {
      readonly kind: "done";
      readonly steps: number;
      readonly data: string;
      readonly parameters: string;
      readonly state?: Uint8Array;
    }
  | { readonly kind: "failed"; readonly message: string };

/** Multiply-adds of a second, on a slow machine. */
const PACE = 1.5e9;
const SECONDS_OF_STEP = 4e-6;
/** A replay beyond either is asked for first. */
const MOST_UNASKED_SECONDS = 5;
const MOST_UNASKED_STEPS = 200_000;

/** How long a replay may take, and whether the visitor should be asked first. */
export function replayCost({ config, claim }: LinkContent): {
  steps: number;
  seconds: number;
  asks: boolean;
} {
  const steps = claim?.steps ?? 0;
  // Forward once, backward twice.
  const seconds = steps * (SECONDS_OF_STEP + (3 * config.batch * weightsOf(config)) / PACE);
  return { steps, seconds, asks: seconds > MOST_UNASKED_SECONDS || steps > MOST_UNASKED_STEPS };
}

function weightsOf({ data, layers }: Config): number {
  let width = 2;
  if (data.kind === "own") {
    width = 0;
    for (const { kind, cells } of data.columns)
      width += kind === "number" ? 1 : new Set(cells as unknown[]).size;
  }
  let weights = 0;
  for (const { units } of layers) {
    weights += width * units;
    width = units;
  }
  return weights + 3 * width;
}

const failed = (message: string): Verdict => ({ kind: "failed", message });

/** Versions whose engine the site has. */
async function knownVersions(engines: URL, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const response = await fetch(new URL("index.json", engines), { signal: signal ?? null });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()) as readonly string[];
}

/**
 * Replays a run and compares it with its claim.
 *
 * @param onProgress steps done so far
 * @param signal ends the replay: the promise then rejects with its reason
 * @param engines folder of the engines; default: `engines/` beside the folder of the page
 */
export async function replay(
  content: LinkContent,
  onProgress: (steps: number) => void = () => {},
  signal?: AbortSignal,
  engines: URL = new URL("../engines/", document.baseURI),
): Promise<Verdict> {
  const { version, claim } = content;
  if (!claim) return failed("This link claims nothing that could be checked.");
  let versions: readonly string[];
  try {
    versions = await knownVersions(engines, signal);
  } catch {
    signal?.throwIfAborted();
    return failed("The list of engines could not be loaded: check the connection and try again.");
  }
  if (!versions.includes(version))
    return failed(
      `This link is of version ${version} of the engine, which this site does not have: it knows ${versions.join(", ")}.`,
    );
  const worker = new Worker(new URL(`${version}/replay.js`, engines));
  const start = performance.now();
  try {
    const answer = await answerOf(worker, { format: 1, content }, onProgress, signal);
    if (answer.kind === "failed") return answer;
    for (const [what, expected, got] of [
      ["data", claim.data, answer.data],
      ["bits", claim.parameters, answer.parameters],
    ] as const)
      if (expected !== got) return { kind: "differs", what, expected, got };
    return {
      kind: "equal",
      steps: answer.steps,
      milliseconds: performance.now() - start,
      ...(answer.state && { state: answer.state }),
    };
  } finally {
    worker.terminate();
  }
}

type Ending = Exclude<ReplayAnswer, { readonly kind: "progress" }>;

function answerOf(
  worker: Worker,
  request: ReplayRequest,
  onProgress: (steps: number) => void,
  signal: AbortSignal | undefined,
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<ReplayAnswer>) => {
      if (data.kind === "progress") onProgress(data.steps);
      else resolve(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      resolve({ kind: "failed", message: "The worker that replays the run has ended: try again." });
    });
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal?.aborted) reject(signal.reason);
    else worker.postMessage(request);
  });
}
