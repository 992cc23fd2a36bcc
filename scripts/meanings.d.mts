export const PAGE: URL;
/** The text of docs/meanings.md, of the package given as a module. */
export function meanings(wasmgrad: object): string;
