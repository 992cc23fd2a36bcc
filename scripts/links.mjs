/** Cuts the binary of the kernels into links, and writes them as modules beside `src/kernels/link.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codeOf, digitsOf, digitsOfCount, textsOf } from "./kernel-text.mjs";

/** The chain. */
export const LINKS = ["predict", "train", "extended", "deep"];

const FUNCTION = 3;
const EXPORT = 7;
const CODE = 10;

/** Reads an unsigned LEB128: its value, and where it ends. */
function leb(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

/** The sections of a module by id: all of its bytes, and where the content starts. */
function sectionsOf(bytes) {
  const sections = [];
  for (let at = 8; at < bytes.length; ) {
    const [size, content] = leb(bytes, at + 1);
    sections.push({
      id: bytes[at],
      whole: bytes.subarray(at, content + size),
      content: bytes.subarray(content, content + size),
    });
    at = content + size;
  }
  return sections.filter(({ id }) => id !== 0);
}

/** The items of a section, given where each ends. */
function itemsOf({ content }, endOf) {
  const [count, first] = leb(content, 0);
  const items = [];
  for (let at = first; items.length < count; ) {
    const end = endOf(content, at);
    items.push(content.subarray(at, end));
    at = end;
  }
  return items;
}

const afterSize = (bytes, at) => {
  const [size, content] = leb(bytes, at);
  return content + size;
};
const afterExport = (bytes, at) => leb(bytes, afterSize(bytes, at) + 1)[1];

/**
 * The digits of the links, by parts: those of `assembly/unpack`.
 *
 * @param lengths how many functions stand in each of the stretches of `scripts/slice.mjs`
 * @param linkOf the link of an export
 */
export function cut(bytes, lengths, linkOf) {
  const sections = sectionsOf(bytes);
  const the = (id) => sections.find((section) => section.id === id);
  const indexOf = (id) => sections.findIndex((section) => section.id === id);
  const between = (from, to) => digitsOf(Buffer.concat(sections.slice(from, to).map(({ whole }) => whole)));
  const types = itemsOf(the(FUNCTION), (content, at) => leb(content, at)[1]);
  const bodies = itemsOf(the(CODE), afterSize);
  const exported = itemsOf(the(EXPORT), afterExport);
  const exportsOf = (link) =>
    exported.filter((item) => linkOf(item.subarray(1, 1 + item[0]).toString()) === link);
  let at = 0;
  const next = (items, count) => items.slice(at, (at += count));
  const entries = (items) => [...digitsOfCount(items.length), ...digitsOf(Buffer.concat(items))];
  const split = (items) => {
    at = 0;
    return lengths.map((length) => next(items, length));
  };
  /** The stretches by link: the first, with those that earlier links call of the others, last link first; and the rest of each. */
  const [own, ...others] = split(types);
  const [ownBodies, ...otherBodies] = split(bodies.map((body) => body.subarray(leb(body, 0)[1])));
  const laterLinks = LINKS.length - 1;
  const called = others.slice(0, laterLinks);
  const [first, ...later] = codeOf([
    ownBodies,
    ...LINKS.slice(1).map((_, i) => [...otherBodies[laterLinks - 1 - i], ...otherBodies[laterLinks + i]]),
  ]);
  const counts = (...parts) => parts.flatMap(({ length }) => digitsOfCount(length));
  return [
    [
      ...first,
      counts(own, ...called),
      entries([own, ...called].flat()),
      entries(exportsOf(LINKS[0])),
      [...digitsOf(bytes.subarray(0, 8)), ...between(0, indexOf(FUNCTION))],
      between(indexOf(FUNCTION) + 1, indexOf(EXPORT)),
      between(indexOf(EXPORT) + 1, indexOf(CODE)),
      between(indexOf(CODE) + 1),
    ],
    ...later.map((code, i) => {
      const rest = others[laterLinks + i];
      return [...code, counts(rest), entries(rest), entries(exportsOf(LINKS[i + 1])), ...NOTHING];
    }),
  ];
}

/** In place of what only the first link has. */
const NOTHING = [[], [], [], []];

const folder = fileURLToPath(new URL("../src/kernels/", import.meta.url));

const write = (name, lines) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.wasm.ts`, `${lines.join("\n")}\n`);
};

/**
 * Writes a chain of links.
 *
 * @param names of each link
 * @param links of each, its parts
 * @param more lines for the first module
 */
export function writeLinks(names, links, more = []) {
  textsOf(links).forEach((text, level) => {
    const before = names[level - 1];
    write(names[level], [
      `import type { KernelLink } from "./link.ts";`,
      ...(before ? [`import { ${before.toUpperCase()} } from "./${before}.wasm.ts";`] : []),
      "",
      `export const ${names[level].toUpperCase()}: KernelLink = {`,
      `  level: ${level},`,
      ...(before ? [`  before: ${before.toUpperCase()},`] : []),
      `  text: ${JSON.stringify(text)},`,
      "};",
      ...(before ? [] : more),
    ]);
  });
}

/** Writes the module that puts the links together. */
export function writeUnpack(bytes) {
  // Engines read numbers faster than they would make bytes of a text.
  write("unpack", [`export const UNPACK: readonly number[] = [${bytes.join()}];`]);
}
