/** The embedded kernels: bytes, module, and instances over a memory. */
import { Abi } from "../../assembly/abi.ts";
import { AbiError, OptionError, UnsupportedEngineError, WasmgradError } from "../errors.ts";
import type { KernelLink } from "../kernels/link.ts";
import { classOf } from "../realm.ts";
import { assemble } from "./assemble.ts";

/**
 * What the WASM module exports; see `assembly/index.ts`. Addresses are unsigned byte offsets. The link `predict` alone has
 * no `run`, `step`, `permute` and `hasNegative`.
 */
export interface Kernels extends Record<string, unknown> {
  abiVersion(): number;
  staticEnd(): number;
  isRelaxed(): number;
  setKeepsOrder(value: boolean): void;
  execute(program: number, from: number, to: number, part: number, parts: number): void;
  run(program: number, steps: number): number;
  step(program: number): number;
  permute(index: number, start: number, count: number, n: number, seed: number, epoch: number): void;
  randomFill(
    x: number,
    n: number,
    distribution: number,
    a: number,
    b: number,
    seed: number,
    stream: number,
  ): void;
  maxMagnitude(x: number, n: number): number;
  hasNegative(x: number, n: number): number;
}

/** A module with one function that holds one SIMD instruction: `v128.const; drop`. */
const SIMD_PROBE = /* @__PURE__ */ Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11],
);

/**
 * Whether the kernels run here: the engine has WebAssembly with SIMD, and nothing forbids to compile it. `isSupported.why()`
 * says what is missing and what to do about it; undefined where nothing is.
 *
 * Where only compiling is forbidden, kernels that were compiled before can still be given to `createEngine`.
 *
 * @example
 * if (!isSupported()) console.log(`no training here: ${isSupported.why()}`);
 */
export const isSupported: { (): boolean; why(): string | undefined } = /* @__PURE__ */ Object.assign(
  () => !whyUnsupported(),
  { why: () => whyUnsupported() },
);

/** Replaced by `giveModule`, as is what `modules` gives: pages carry nothing for it. */
let whyUnsupported = (): string | undefined => {
  const update = "update the browser, or use Node 20.19 or newer";
  if (typeof WebAssembly !== "object") return `an engine without WebAssembly: ${update}`;
  if (!WebAssembly.validate(SIMD_PROBE)) return `an engine without WebAssembly SIMD: ${update}`;
  try {
    // WebKit compiles whatever the policy says, and refuses to make the instance.
    new WebAssembly.Instance(new WebAssembly.Module(SIMD_PROBE));
  } catch {
    // Pages and their workers have a location.
    return "location" in globalThis
      ? "a Content-Security-Policy that forbids to compile it: add 'wasm-unsafe-eval' to its script-src"
      : "a runtime that compiles no bytes: bundle with the condition workerd, or import wasmgrad/wasmgrad.wasm as a module, for createEngine({ wasm })";
  }
};

const modules = new WeakMap<KernelLink, WebAssembly.Module>();

/**
 * Lets a module of `wasmgrad.wasm`, which has every link, stand for the embedded kernels from now on: where a bundler takes the
 * files of the condition `workerd`, and only there.
 */
export function giveModule(module: WebAssembly.Module): void {
  modules.get = () => module;
  whyUnsupported = () => undefined;
}

/** The embedded kernels up to a link, compiled on first use. */
export function embeddedModule(link: KernelLink): WebAssembly.Module {
  let module = modules.get(link);
  if (!module) modules.set(link, (module = compileLink(link)));
  return module;
}

export function compileLink(link: KernelLink): WebAssembly.Module {
  try {
    return new WebAssembly.Module(assemble(link));
  } catch (cause) {
    throw unsupported(cause);
  }
}

const unsupported = (cause: unknown) =>
  new UnsupportedEngineError(
    `engine: WebAssembly with SIMD is needed, and leave to compile it; got ${whyUnsupported() ?? cause}`,
    "",
    { cause },
  );

const isModule = (value: unknown): value is WebAssembly.Module => classOf(value) === "WebAssembly.Module";

/**
 * A module that someone else keeps, tried out.
 *
 * @param isShared whether it must be of the build for several threads
 * @returns the module and the instance that tried it
 */
export async function loadModule(
  wasm: WebAssembly.Module | BufferSource,
  isShared = false,
): Promise<[WebAssembly.Module, Kernels]> {
  try {
    const module = isModule(wasm) ? wasm : await WebAssembly.compile(wasm);
    return [
      module,
      instantiate(module, new WebAssembly.Memory({ initial: 1, maximum: 1, shared: isShared })),
    ];
  } catch (cause) {
    if (cause instanceof WasmgradError) throw cause;
    if (!isModule(wasm) && whyUnsupported()) throw unsupported(cause);
    if (/shared/.test(`${cause}`))
      throw new OptionError(
        `createEngine: wasm must be wasmgrad-threads.wasm where threads are asked for, and only there; got ${cause}`,
      );
    throw new AbiError(`kernels: must be those of this package; got ${cause}`, "", { cause });
  }
}

/** An instance whose memory is `memory`; checks that it was built from this package's contract. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const exports = instanceOver(module, memory);
  const version = exports.abiVersion?.();
  if (version !== Abi.Version)
    throw new AbiError(
      `kernels: must have ABI ${Abi.Version}; got ${version ?? "a module without one"}: take wasmgrad.wasm of this version`,
    );
  exports.setKeepsOrder(keepsOrder());
  return exports;
}

/**
 * Whether this engine runs instructions in the order they come in: V8 from version 13, SpiderMonkey and JavaScriptCore.
 * It can be told from features of that age alone. Only speed depends on it.
 */
export function keepsOrder(): boolean {
  // A module with a table of 64-bit indices.
  const table64 = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 0);
  hasTable64 ??= WebAssembly.validate(table64);
  return hasTable64 || "fromHex" in Uint8Array;
}

/** Asked of the engine once. */
let hasTable64: boolean | undefined;

function instanceOver(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  } catch (cause) {
    throw cause instanceof WebAssembly.CompileError ? unsupported(cause) : cause;
  }
}
