import type { Served } from "./browsers.mjs";

export function bundle(entryPoints: Readonly<Record<string, string>>): Promise<Record<string, Served>>;
export function htmlOf(script: string): string;
