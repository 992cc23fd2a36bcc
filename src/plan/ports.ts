/** The ports of a program's tapes, and the words of the run block that say what their rows hold. */
import { Run } from "../../assembly/abi.ts";
import type { LoweredGraph, TapePort } from "./graphs.ts";

export type TapeName = "predict" | "train" | "evaluate";

/** A port before it has an address. */
export interface NumberedPort extends TapePort {
  readonly tape: TapeName;
  /** Region that holds the rows of a pass. */
  readonly region: string;
  /** Region of the window, for ports that load from one. */
  readonly window: string | undefined;
  /** Indices in the run block; 0: the port has no such word. */
  readonly words: number;
  readonly targets: number;
}

/** The word that stands for rows of numbers, where a target comes from no port. */
export const ROWS_SETTING = Run.Settings;

/** @returns the ports of each tape, and how many words their settings take */
export function numberPorts(
  tapes: readonly (readonly [name: TapeName, graph: LoweredGraph, hasWindow: boolean])[],
): { ports: Record<TapeName, readonly NumberedPort[]>; settings: number } {
  let next: number = ROWS_SETTING + 1;
  const ports: Record<TapeName, readonly NumberedPort[]> = { predict: [], train: [], evaluate: [] };
  for (const [tape, graph, hasWindow] of tapes)
    ports[tape] = graph.ports.map(
      (port): NumberedPort => ({
        ...port,
        tape,
        region: `${tape} ${port.kind} ${port.name}`,
        window: hasWindow ? `window ${port.kind} ${port.name}` : undefined,
        // Rows may come without weights, then their words are 0.
        words: hasWindow || port.kind === "weight" ? next++ : 0,
        targets: port.kind === "target" ? next++ : 0,
      }),
    );
  return { ports, settings: next - Run.Settings };
}
