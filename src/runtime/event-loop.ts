/**
 * The time of a thread between two turns of its event loop. It is remembered across calls, because many short ones hold a
 * thread as long as one long one does.
 */
import type { Steps } from "../steps.ts";

/** How long work may hold the event loop before it lets others run: two thirds of a frame at 60 Hz. */
export const SLICE_MS = 10;
/** Slower than any engine with SIMD: what bounds a slice where no clock tells how fast this one is. */
export const OPERATIONS_PER_MS = 2e6;

/** When this thread last yielded, as far as is known. */
let lastYield = Number.NaN;
/** Estimated milliseconds of the work since: what counts where the clock is coarse or stands still. */
let spent = 0;

/** Milliseconds of this thread's slice that are left; none and less when it is over. */
export function sliceLeft(): number {
  const elapsed = Date.now() - lastYield;
  // The first call of a thread, or the clock was set back.
  if (!(elapsed >= 0)) startSlice();
  return SLICE_MS - Math.max(elapsed || 0, spent);
}

/** Counts work that took about `ms` toward the slice, by an estimate rather than by the clock. */
export function spend(ms: number): void {
  spent += ms;
}

declare const setImmediate: ((callback: () => void) => unknown) | undefined;

let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

/**
 * Resolves after the event loop has run what was waiting; a new slice begins. Not by `setTimeout`, which browsers delay by
 * 4 ms and more in background tabs, and not by `scheduler.yield`, which goes before timers and messages: none of them
 * would run until the end of a fit.
 */
export async function yieldToEventLoop(): Promise<void> {
  await nextTurn();
  await lateFrame();
  startSlice();
}

/** The page's next frame, once somebody waits for it. */
let frame: Promise<void> | undefined;
let showFrame: () => void;
/** When the frame before was seen; in no past where none comes. */
let frameSeen = 0;
/** One and a half frames at 60 Hz: pages that draw by themselves have drawn by then. */
const FRAME_LATE_MS = 25;

/**
 * A frame that is late. Firefox draws nothing for 80 ms while one message follows another, and does at once when the page waits.
 * Where no frame comes, as in pages out of sight, nothing waits for a second one.
 */
function lateFrame(): Promise<void> | undefined {
  if ((globalThis as { document?: Document }).document?.visibilityState !== "visible") return undefined;
  const now = Date.now();
  // Nobody has looked for a while.
  if (!frame && now - frameSeen > 100) frameSeen = now;
  frame ??= new Promise((resolve) => {
    showFrame = resolve;
    requestAnimationFrame(() => {
      frame = undefined;
      frameSeen = Date.now();
      resolve();
    });
  });
  if (!(now - frameSeen > FRAME_LATE_MS)) return undefined;
  frameSeen = Number.POSITIVE_INFINITY;
  setTimeout(showFrame, FRAME_LATE_MS);
  return frame;
}

/** Yields if the slice of the thread is over. */
export async function yieldWhenDue(): Promise<void> {
  if (sliceLeft() <= 0) await yieldToEventLoop();
}

function startSlice(): void {
  lastYield = Date.now();
  spent = 0;
}

function nextTurn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // jsdom has neither.
  if (typeof MessageChannel !== "function") return new Promise((resolve) => setTimeout(resolve));
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

/** Whether the clock was seen to tell short times of work. */
let isFine = false;

/** Does the work until it is done or the slice of the thread is over. */
export function runSlice<T>(steps: Pick<Steps<T>, "next">): IteratorResult<void, T> {
  for (;;) {
    const before = Date.now();
    const result = steps.next();
    const ms = Date.now() - before;
    // A clock that ticks every 100 ms moves by no less, and one that stands still during work by nothing.
    if (ms > 0 && ms < SLICE_MS) isFine = true;
    // About what a step takes: one reads 2^16 numbers, or a batch of rows; the last may be the only one of a small call.
    if (!isFine) spend(result.done ? 0.02 : 1);
    if (result.done || sliceLeft() <= 0) return result;
  }
}

/**
 * Does the work in slices, the first one at once.
 *
 * @param check called after each slice but the last; it throws to end the work
 * @param before to be awaited first
 */
export async function inSlices<T>(
  steps: Pick<Steps<T>, "next">,
  check: () => void,
  before?: Promise<unknown>,
): Promise<T> {
  if (before) {
    await before;
    check();
  }
  for (;;) {
    const { done, value } = runSlice(steps);
    // At the end too: many short calls hold a thread as long as one long one does.
    await yieldWhenDue();
    if (done) return value;
    check();
  }
}
