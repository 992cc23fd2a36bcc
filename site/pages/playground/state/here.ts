/** What this page's address asks for. */
import { signal } from "@preact/signals";
import { type Part, readAddress } from "./address.ts";

export const address = signal(readAddress(location.search, location.hash));

addEventListener("hashchange", () => {
  address.value = readAddress(location.search, location.hash);
});

export const isShown = (part: Part): boolean => !address.value.hide.has(part);

/** The address of this page, without what it asks for. */
export const pageAddress = () => location.origin + location.pathname;
