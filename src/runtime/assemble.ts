/** Puts the binary of the kernels together from the links of its chain. */
import type { Entries, KernelLink } from "../kernels/link.ts";

/** Numbers of sections in a WebAssembly module. */
const FUNCTIONS = 3;
const EXPORTS = 7;
const CODE = 10;

/** The body of a function whose link is missing: three bytes, no locals, `unreachable`, `end`. */
const TRAP = "0300000b";

const byte = (value: number) => value.toString(16).padStart(2, "0");

/** Unsigned LEB128. */
const leb = (value: number): string =>
  value < 128 ? byte(value) : byte((value & 127) | 128) + leb(value >>> 7);

function section(id: number, parts: readonly Entries[]): string {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const content = leb(count) + parts.map(({ hex }) => hex).join("");
  return byte(id) + leb(content.length / 2) + content;
}

/** The smallest module that has all of `last` and of the links before it, in hexadecimal. */
export function assemble(last: KernelLink): string {
  const links: KernelLink[] = [];
  for (let link: KernelLink | undefined = last; link; link = link.before) links.unshift(link);
  const [{ head, globals, elements, data, later, code }, train, extended] = links;
  const traps = (count = 0) => TRAP.repeat(count);
  const bodies = [
    code,
    extended?.early ?? traps(later?.extended),
    train?.code ?? traps(later?.train),
    extended?.code ?? "",
  ];
  const functions = links.map((link) => link.functions);
  const count = functions.reduce((sum, part) => sum + part.count, 0);
  return [
    head,
    section(FUNCTIONS, functions),
    globals,
    section(
      EXPORTS,
      links.map((link) => link.exports),
    ),
    elements,
    section(CODE, [{ count, hex: bodies.join("") }]),
    data,
  ].join("");
}
