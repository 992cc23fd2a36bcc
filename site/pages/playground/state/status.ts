/** What screen readers are told. */
import { signal } from "@preact/signals";

export const status = signal("");

/** Says a sentence; the same one twice in a row is said twice. */
export function announce(text: string): void {
  status.value = status.value === text ? `${text}\u00a0` : text;
}
