/**
 * SVG of `wasmgrad/plot`, which a program in a cell may write as it likes, as elements of a page: made anew of the shapes, numbers and
 * colours it has; all else, scripts and links and styles, is left out.
 */

const SVG = "http://www.w3.org/2000/svg";
const MOST_ELEMENTS = 20_000;

const SHAPES = new Set([
  "g",
  "path",
  "rect",
  "circle",
  "ellipse",
  "line",
  "polyline",
  "polygon",
  "text",
  "tspan",
]);
const NUMBERS =
  /^(x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|width|height|stroke-width|stroke-opacity|fill-opacity|opacity|font-size|stroke-dashoffset)$/;
const OTHERS: Record<string, RegExp> = {
  d: /^[\d\s.,+\-eEMmLlHhVvCcSsQqTtAaZz]*$/,
  points: /^[\d\s.,+\-eE]*$/,
  transform: /^[a-zA-Z()\d\s.,+-]*$/,
  "stroke-dasharray": /^[\d\s.,]*$/,
  "text-anchor": /^(start|middle|end)$/,
  "dominant-baseline": /^(central|middle|auto|hanging|alphabetic)$/,
  "stroke-linejoin": /^(bevel|miter|round)$/,
  "stroke-linecap": /^(butt|round|square)$/,
};
const COLOR = /^(none|#[\da-f]{3,8}|rgba?\([\d\s.,%]+\))$/i;

/** What `wasmgrad/plot` draws text, axes and grids with, on white, as names of what it is in the colours of the page. */
const NAMED: Record<string, string> = {
  "#222222": "ink",
  "#54555a": "quiet",
  "#dbdee4": "line",
  "#e6e9ef": "line",
  "#ffffff": "ground",
};

function copyAttributes(from: Element, to: Element) {
  for (const { name, value } of from.attributes) {
    if (name === "fill" || name === "stroke") {
      if (!COLOR.test(value)) continue;
      const known = NAMED[value.toLowerCase()];
      if (known) to.classList.add(`${name}-${known}`);
      else to.setAttribute(name, value);
    } else if (NUMBERS.test(name) ? Number.isFinite(Number(value)) : OTHERS[name]?.test(value)) {
      to.setAttribute(name, value);
    } else if (name === "data-style") {
      const size = /font-size:\s*(\d+(?:\.\d+)?)px/.exec(value);
      if (size) to.setAttribute("font-size", size[1]);
      if (/font-weight:\s*bold/.test(value)) to.setAttribute("font-weight", "bold");
    }
  }
}

/**
 * The drawing, or undefined for what is no SVG of a known size.
 *
 * @param cut  pixels at its top that are left out
 */
export function drawingOf(text: string, label: string, cut: number): SVGElement | undefined {
  // Under the name of styles, the content policy complains of each.
  const plain = text.replaceAll(/\sstyle\s*=/g, " data-style=");
  const given = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
  const [width, height] = [given.getAttribute("width"), given.getAttribute("height")].map(Number);
  if (given.localName !== "svg" || given.namespaceURI !== SVG || !(width > 0 && height > cut && cut >= 0))
    return undefined;
  let left = MOST_ELEMENTS;
  const copy = (from: Element, to: Element) => {
    for (const node of from.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && /^(text|tspan)$/.test(from.localName))
        to.append(node.textContent ?? "");
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      const element = node as Element;
      if (!SHAPES.has(element.localName) || element.namespaceURI !== SVG || left-- <= 0) continue;
      const made = document.createElementNS(SVG, element.localName);
      copyAttributes(element, made);
      copy(element, made);
      to.append(made);
    }
  };
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 ${cut} ${width} ${height - cut}`);
  svg.setAttribute("width", `${width}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  copy(given, svg);
  return svg;
}
