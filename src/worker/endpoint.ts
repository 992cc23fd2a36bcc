/** Channels of each kind as Comlink takes them: workers of pages, workers of Node's, and the other end of either. */
import type { Endpoint } from "comlink";
import { describeThrown } from "./crossing-errors.ts";
import { NotPosted } from "./values.ts";

/** What `worker_threads` of Node, Deno and Bun have; pages have none, and an import of it would stop their bundlers. */
export interface Threads {
  readonly Worker: new (file: URL, options: object) => NodeWorker;
  readonly parentPort: NodePort | null;
}

interface NodePort {
  postMessage(message: unknown, transfers?: readonly unknown[]): void;
  on(event: string, listener: (value: unknown) => void): unknown;
}

export interface NodeWorker extends NodePort {
  terminate(): unknown;
  ref(): void;
  unref(): void;
}

/** A module of Node's; undefined where there is none. */
export function builtin<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): T | undefined } };
  return typeof process?.getBuiltinModule === "function" ? process.getBuiltinModule(name) : undefined;
}

/** A channel for Comlink; a message that cannot be posted is told from an error of the other side. */
export function endpointOf(channel: object): Endpoint {
  const port = channel as NodePort & EventTarget & { start?(): void };
  const isTarget = typeof port.addEventListener === "function";
  return {
    postMessage: (message, transfers) => {
      try {
        port.postMessage(message, transfers);
      } catch (error) {
        throw new NotPosted(describeThrown(error), { cause: error });
      }
    },
    addEventListener: (type, listener) => {
      if (isTarget) port.addEventListener(type, listener);
      else port.on(type, (data) => (listener as (event: unknown) => void)({ data }));
    },
    removeEventListener: (type, listener) => {
      if (isTarget) port.removeEventListener(type, listener);
    },
    ...(typeof port.start === "function" ? { start: () => port.start?.() } : {}),
  };
}
