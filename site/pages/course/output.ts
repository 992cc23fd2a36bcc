/** What a program says, as elements of the page: text is text here, whatever it holds. */
import { drawingOf } from "./drawing.ts";
import type { Block } from "./messages.ts";

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  ...children: (Node | string)[]
) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

const NUMBER = /^[-+]?[\d.,]+(e[-+]?\d+)?( %)?$/;

function tableOf({ head, rows }: Extract<Block, { kind: "table" }>) {
  const line = (cells: readonly string[], tag: "th" | "td") =>
    element(
      "tr",
      "",
      ...cells.map((text, j) => {
        const cell = element(tag, j > 0 && (tag === "th" || NUMBER.test(text)) ? "right" : "", text);
        if (tag === "th") (cell as HTMLTableCellElement).scope = "col";
        return cell;
      }),
    );
  const table = element(
    "table",
    "",
    element("thead", "", line(head, "th")),
    element("tbody", "", ...rows.map((row) => line(row, "td"))),
  );
  const wide = element("div", "wide", table);
  wide.tabIndex = 0;
  wide.setAttribute("role", "group");
  wide.setAttribute("aria-label", "Table");
  return wide;
}

function barsOf({ bars }: Extract<Block, { kind: "bars" }>) {
  return element(
    "ol",
    "bars",
    ...bars.map(({ text, share }) => {
      const bar = element("span", "bar");
      bar.style.inlineSize = `${(70 * share).toFixed(2)}%`;
      return element("li", "", bar, element("span", "", text));
    }),
  );
}

function show(block: Block): HTMLElement {
  switch (block.kind) {
    case "heading":
      return element("div", "", element("h3", "", block.title), element("p", "", block.claim));
    case "text":
      return element("pre", "said", block.text.replace(/^\n+/, ""));
    case "table":
      return tableOf(block);
    case "check": {
      const { what, holds } = block;
      return element("p", `claim ${holds ? "good" : "bad"}`, `${holds ? "✓" : "✗"} ${what}`);
    }
    case "bars":
      return barsOf(block);
    case "plot":
      return element(
        "figure",
        "plot",
        drawingOf(block.svg, block.label, block.cut) ?? "This plot could not be drawn.",
      );
  }
}

/** Shows blocks one after the other. */
export function outputTo(place: HTMLElement) {
  let isNew = true;
  return (block: Block) => {
    if (isNew) place.replaceChildren();
    isNew = false;
    const last = place.lastElementChild;
    const isSaid = last?.classList.contains("said");
    // Lines that follow each other are one piece of text; those without any only keep pieces apart.
    if (block.kind === "text" && isSaid) last?.append(`\n${block.text}`);
    else if (block.kind !== "text" || block.text.trim()) {
      if (last && isSaid) last.textContent = (last.textContent ?? "").replace(/\s+$/, "");
      place.append(show(block));
    }
  };
}
