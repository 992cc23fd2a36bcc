/** States as texts, in steps. */
import { fromBase64, toBase64 } from "../files/base64.ts";
import type { Steps } from "../steps.ts";

/** Bytes of a stretch; none but the last must leave digits that are shared. */
const STRETCH_BYTES = 3 << 15;
const STRETCH_DIGITS = 4 << 15;

export function* stateToText(state: Uint8Array): Steps<string> {
  const texts: string[] = [];
  for (let at = 0; at < state.length; at += STRETCH_BYTES) {
    if (at > 0) yield;
    texts.push(toBase64(state.subarray(at, at + STRETCH_BYTES)));
  }
  return texts.join("");
}

/** @returns undefined for a text that `stateToText` gives of no state */
export function* stateFromText(text: string): Steps<Uint8Array | undefined> {
  const state = new Uint8Array(Math.floor((text.length * 3) / 4));
  for (let at = 0; at * STRETCH_DIGITS < text.length; at++) {
    if (at > 0) yield;
    const bytes = fromBase64(text.slice(at * STRETCH_DIGITS, (at + 1) * STRETCH_DIGITS));
    if (!bytes) return undefined;
    state.set(bytes, at * STRETCH_BYTES);
  }
  return state;
}
