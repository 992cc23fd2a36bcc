type Package = typeof import("../../src/index.ts");

export declare function onEngine(wasmgrad: Package, engine: import("../../src/index.ts").Engine): Package;

export declare function runAll(
  wasmgrad: Package,
  onRun?: (name: string, digest: string) => void,
): Promise<Record<string, string>>;

export declare const equalRuns: (digests: Readonly<Record<string, string>>) => [name: string, like: string][];
