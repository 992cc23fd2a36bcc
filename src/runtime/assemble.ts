import type { KernelLink } from "../kernels/link.ts";
import { UNPACK } from "../kernels/unpack.wasm.ts";

/** See `assembly/unpack`. */
interface Unpack extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  unpack(links: number, text: number, end: number): number;
}

/** Where texts begin in the memory of `unpack`. */
const TEXT = 4096;

/** The binary that has all of `last` and of the links before it, and nothing else. */
export function assemble(last: KernelLink): Uint8Array<ArrayBuffer> {
  const module = new WebAssembly.Module(new Uint8Array(UNPACK));
  const { memory, unpack } = new WebAssembly.Instance(module).exports as Unpack;
  let text = "";
  for (let link: KernelLink | undefined = last; link; link = link.before) text = link.text + text;
  const bytes = new Uint8Array(memory.buffer);
  // The first is 20 times as fast; jsdom has it not.
  const encoded =
    typeof TextEncoder === "function"
      ? new TextEncoder().encode(text)
      : Uint8Array.from(text, (character) => character.charCodeAt(0));
  bytes.set(encoded, TEXT);
  const end = TEXT + text.length;
  return bytes.slice(end, unpack(last.level + 1, TEXT, end));
}
