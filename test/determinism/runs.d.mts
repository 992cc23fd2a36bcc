export declare function runAll(
  wasmgrad: typeof import("../../src/index.ts"),
): Promise<Record<string, string>>;

export declare const equalRuns: (digests: Readonly<Record<string, string>>) => [name: string, like: string][];
