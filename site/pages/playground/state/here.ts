/** What this page's address asks for. */
import { signal } from "@preact/signals";
import { addressWith, type Part, readAddress } from "./address.ts";

export const address = signal(readAddress(location.search, location.hash));

addEventListener("hashchange", () => {
  address.value = readAddress(location.search, location.hash);
});

export const isShown = (part: Part): boolean => !address.value.hide.has(part);

/** The address of this page, without what it asks for. */
export const pageAddress = () => location.origin + location.pathname;

/** The address no longer says what the page shows. What it hides stays hidden; in a frame it stays as it is, since a button leads on to it. */
export function forgetLink(): void {
  const { link, embed } = address.value;
  if (link === undefined || embed) return;
  history.replaceState(
    null,
    "",
    addressWith(location.pathname + location.search, "", { hide: [...address.value.hide] }),
  );
  address.value = readAddress(location.search, location.hash);
}
