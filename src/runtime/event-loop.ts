/** How long work may hold the event loop before it lets others run: two thirds of a frame at 60 Hz. */
export const SLICE_MS = 10;

declare const setImmediate: ((callback: () => void) => unknown) | undefined;

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/**
 * Resolves after the event loop has run what was waiting. Not by `setTimeout`, which browsers delay by 4 ms and more
 * in background tabs, and not by `scheduler.yield`, which goes before timers and messages: none of them would run
 * until the end of a fit.
 */
export function yieldToEventLoop(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  if (!channel) {
    channel = new MessageChannel();
    channel.port1.onmessage = () => waiting.shift()?.();
  }
  const { port2 } = channel;
  return new Promise((resolve) => {
    waiting.push(resolve);
    port2.postMessage(null);
  });
}
