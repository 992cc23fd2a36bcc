import type { OwnData } from "../run/types.ts";
export const OwnTable = (_: { onData(data: OwnData): void }) => null;
