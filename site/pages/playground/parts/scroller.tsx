import type { ComponentChildren } from "preact";

/** What may be larger than its place: the keyboard can scroll it. */
export const Scroller = ({ label, children }: { label: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
  <section class="scroller" aria-label={label} tabIndex={0}>
    {children}
  </section>
);
