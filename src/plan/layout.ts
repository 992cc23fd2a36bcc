/** Where everything of a program lies: an ordered list of named regions, laid out by one function. */
import { Abi } from "../../assembly/abi.ts";

export interface Region {
  readonly name: string;
  /** Absolute address. */
  readonly offset: number;
  readonly bytes: number;
}

export interface Layout {
  readonly regions: readonly Region[];
  /** First byte after the last region. */
  readonly end: number;
  /** Address of a region; regions of no bytes have one too. */
  at(name: string): number;
}

export const align = (bytes: number): number => Math.ceil(bytes / Abi.Alignment) * Abi.Alignment;

/** @param sizes name and bytes of each region, in their order */
export function layOut(base: number, sizes: readonly (readonly [name: string, bytes: number])[]): Layout {
  const regions: Region[] = [];
  const offsets = new Map<string, number>();
  let end = base;
  for (const [name, bytes] of sizes) {
    regions.push({ name, offset: end, bytes });
    offsets.set(name, end);
    end += align(bytes);
  }
  const at = (name: string) => {
    const offset = offsets.get(name);
    if (offset === undefined) throw new Error(`layout: regions must be laid out; got ${name}`);
    return offset;
  };
  return { regions, end, at };
}
