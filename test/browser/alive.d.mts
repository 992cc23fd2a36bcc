/** What `index.ts` exports, from the sources or the package. */
type Wasmgrad = typeof import("../../src/index.ts");

interface Seen {
  readonly count: number;
  /** Milliseconds. */
  readonly longestGap: number;
}
export function watch(
  work: () => Promise<unknown>,
): Promise<{ readonly ms: number; readonly frames: Seen; readonly timers: Seen }>;
export function shortFits(wasmgrad: Wasmgrad): (rounds: number) => Promise<void>;
export const IMAGES: number;
export function images(distinct?: number): number[][];
export function longCalls(
  wasmgrad: Wasmgrad,
  x: number[][],
): Readonly<Record<"fit" | "bindAsync" | "predictAsync" | "evaluateAsync", () => Promise<unknown>>>;
