/** Threads of an engine: what `createEngine({ threads })` loads on demand. */
import { THREADS, THREADS_STATIC_END } from "../kernels/threads.wasm.ts";
import { cores } from "./cores.ts";
import type { TeamSettings } from "./host.ts";
import { nodeThreads } from "./spawn.ts";
import { Team } from "./team.ts";

export { THREADS, THREADS_STATIC_END };

export const makeTeam = (settings: TeamSettings): Team => new Team(settings);

/** A module that needs a shared memory and waits for a word of it. */
const THREADS_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0],
  ...[65, 0, 254, 16, 2, 0, 26, 11],
);

interface Scope {
  readonly crossOriginIsolated?: boolean;
  readonly location?: { readonly protocol: string };
  readonly navigator?: { readonly userAgent?: string };
  readonly Worker?: unknown;
}

/** Why no thread can be had beside the calling one, and how to change it; undefined where nothing is in the way. */
export function whyNoThreads(hasFactory: boolean): string | undefined {
  const scope = globalThis as Scope;
  if (!WebAssembly.validate(THREADS_PROBE)) return "the engine has no WebAssembly threads: update it";
  if (!nodeThreads() && scope.crossOriginIsolated === false) {
    if (scope.location?.protocol === "file:")
      return "pages from files cannot share memory: serve the page over HTTP, with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
    return "the page is not cross-origin isolated: serve it with the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless), or with the service worker of docs/hosts.md";
  }
  if (typeof SharedArrayBuffer !== "function") return "the runtime has no SharedArrayBuffer";
  // At the edge Node's module is there, and makes none.
  const isEdge = scope.navigator?.userAgent === "Cloudflare-Workers";
  if (isEdge || !(hasFactory || nodeThreads() || scope.Worker)) return "the runtime has no workers";
  return undefined;
}

/** More threads than this gain nothing for networks that a CPU trains. */
const MOST_AUTO = 16;

export const autoThreads = (): number => Math.max(1, Math.min(MOST_AUTO, cores()));
