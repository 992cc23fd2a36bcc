/** Files that were dropped on the page or chosen, until they are read. */
import { signal } from "@preact/signals";

/** A table. */
export const dropped = signal<File | undefined>(undefined);
/** A run, as the dialog of the link saves it. */
export const runFile = signal<File | undefined>(undefined);
