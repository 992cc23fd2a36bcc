/** A table that was dropped on the page, until it is read. */
import { signal } from "@preact/signals";

export const dropped = signal<File | undefined>(undefined);
