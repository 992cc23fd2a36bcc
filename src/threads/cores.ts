interface Scope {
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly process?: {
    getBuiltinModule?(name: "os"): { availableParallelism?(): number; cpus(): unknown[] };
  };
}

/** Threads that the machine runs at the same time. */
export function cores(): number {
  const { process, navigator } = globalThis as Scope;
  const os = process?.getBuiltinModule?.("os");
  return os?.availableParallelism?.() ?? os?.cpus().length ?? navigator?.hardwareConcurrency ?? 1;
}
