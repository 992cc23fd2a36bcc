/** A link or a file that was opened: read, replayed, and then shown. */
import { effect, signal } from "@preact/signals";
import { decodeLink, readRunFile } from "../run/link.ts";
import { replay, replayCost } from "../run/replay.ts";
import type { Config, LinkContent, Verdict } from "../run/types.ts";
import { forgetLink } from "./here.ts";
import { player } from "./run.ts";
import { announce } from "./status.ts";

export type Opened =
  | { readonly kind: "reading" }
  | { readonly kind: "refused"; readonly message: string }
  /** Nothing is claimed: there is only a configuration. */
  | { readonly kind: "shown"; readonly content: LinkContent }
  | { readonly kind: "asks"; readonly content: LinkContent; readonly seconds: number }
  | { readonly kind: "replays"; readonly content: LinkContent; readonly done: number; stop(): void }
  | { readonly kind: "stopped"; readonly content: LinkContent }
  | {
      readonly kind: "replayed";
      readonly content: LinkContent;
      readonly verdict: Verdict;
      /** Version of the engine that trains here, where it is another one than the link's. */
      readonly here?: string;
    };

/** Milliseconds of a replay up to which the page trains the steps again, for their losses and for the way back in time. */
const TRAINED_AGAIN = 1000;

const VERDICTS: Readonly<Record<Verdict["kind"], string>> = {
  equal: "Equal: this machine gave the same parameters to the last bit",
  differs: "Different: this machine did not give what the link claims",
  failed: "The run could not be replayed",
};

export const opened = signal<Opened | undefined>(undefined);

let latest = 0;
/** What is chosen while the page shows the opened run, and the most steps that it may reach: beyond either it is another run. */
let chosen: Config | undefined;
let mostSteps = Infinity;

// Nothing may say that another run is the opened one: no card, and no address.
effect(() => {
  const config = player.config.value;
  const steps = player.frame.value?.steps ?? 0;
  if (chosen === undefined || (config === chosen && steps <= mostSteps)) return;
  chosen = undefined;
  latest++;
  close();
  forgetLink();
});

/** Opens the link in an address. */
export const openLink = (hash: string): Promise<void> => open(() => decodeLink(hash));

/** Opens a file that the link dialog wrote. */
export function openRunFile(file: File): Promise<void> {
  forgetLink();
  return open(() => readRunFile(file));
}

async function open(read: () => Promise<LinkContent>): Promise<void> {
  const turn = ++latest;
  chosen = undefined;
  close();
  opened.value = { kind: "reading" };
  try {
    const content = await read();
    if (turn !== latest) return;
    await player.load(content.config);
    if (turn !== latest) return;
    chosen = player.config.value;
    mostSteps = Infinity;
    if (!content.claim) {
      opened.value = { kind: "shown", content };
      return;
    }
    const { asks, seconds } = replayCost(content);
    if (asks) {
      opened.value = { kind: "asks", content, seconds };
      announce("A long run was opened. Replay it?");
    } else await replayNow(content);
  } catch (error) {
    if (turn !== latest) return;
    const message = (error as Error).message;
    chosen = player.config.value;
    mostSteps = Infinity;
    opened.value = { kind: "refused", message };
    announce(message);
    if (!player.start.value) void player.restart();
  }
}

/** Replays what a link claims, and then shows the run as it is at its end. */
export async function replayNow(content: LinkContent): Promise<void> {
  const turn = ++latest;
  const controller = new AbortController();
  const stop = () => controller.abort();
  opened.value = { kind: "replays", content, done: 0, stop };
  let verdict: Verdict;
  try {
    verdict = await replay(
      content,
      (done) => {
        if (turn === latest) opened.value = { kind: "replays", content, done, stop };
      },
      controller.signal,
    );
  } catch (error) {
    if (turn !== latest) return;
    if (controller.signal.aborted) opened.value = { kind: "stopped", content };
    else opened.value = { kind: "replayed", content, verdict: { kind: "failed", message: String(error) } };
    return;
  }
  if (turn !== latest) return;
  // Of other engines the state is no state here, and the steps need not give it.
  const here = verdict.kind === "equal" ? await versionHere() : content.version;
  if (turn !== latest) return;
  const isOther = here !== content.version;
  const steps = content.claim?.steps ?? 0;
  mostSteps = Math.max(steps, player.frame.value?.steps ?? 0);
  opened.value = { kind: "replayed", content, verdict, ...(isOther && here !== undefined && { here }) };
  announce(VERDICTS[verdict.kind]);
  if (verdict.kind !== "equal" || isOther || player.config.value !== content.config) return;
  if (verdict.state && verdict.milliseconds > TRAINED_AGAIN) await player.restore(verdict.state);
  else await player.advanceTo(steps);
}

/** Version of the engine that trains; undefined where none does. */
const versionHere = (): Promise<string | undefined> =>
  player
    .ask((session) => session.claim())
    .then(
      ({ version }) => version,
      () => undefined,
    );

/** Forgets what was opened; a replay ends. */
export function close(): void {
  if (opened.value?.kind === "replays") opened.value.stop();
  opened.value = undefined;
}
