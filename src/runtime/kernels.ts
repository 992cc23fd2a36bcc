/** The embedded kernels: bytes, module, and instances over a memory. */
import { Abi } from "../../assembly/abi.ts";
import { AbiError, UnsupportedEngineError } from "../errors.ts";
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
 * Whether this engine can run the kernels: WebAssembly with SIMD, and allowed to compile it (a content security
 * policy may forbid it).
 *
 * @example
 * if (!isSupported()) console.log("please update your browser");
 */
export function isSupported(): boolean {
  try {
    return (
      typeof WebAssembly === "object" &&
      WebAssembly.validate(SIMD_PROBE) &&
      // WebKit compiles whatever the policy says, and refuses to make the instance.
      Boolean(new WebAssembly.Instance(new WebAssembly.Module(SIMD_PROBE)))
    );
  } catch {
    return false;
  }
}

/** Node's, where there is one. */
declare const Buffer: { from(text: string, encoding: "hex"): Uint8Array<ArrayBuffer> } | undefined;

function decodeHex(hex: string): Uint8Array<ArrayBuffer> {
  if (typeof Buffer !== "undefined") return Buffer.from(hex, "hex");
  const native = Uint8Array as unknown as { fromHex?: (hex: string) => Uint8Array<ArrayBuffer> };
  if (native.fromHex) return native.fromHex(hex);
  const bytes = new Uint8Array(hex.length / 2);
  const digit = (i: number) => {
    const code = hex.charCodeAt(i);
    return code < 58 ? code - 48 : code - 87;
  };
  for (let i = 0; i < bytes.length; i++) bytes[i] = digit(2 * i) * 16 + digit(2 * i + 1);
  return bytes;
}

const modules = new WeakMap<KernelLink, WebAssembly.Module>();

/** The embedded kernels up to a link, compiled on first use. */
export function embeddedModule(link: KernelLink): WebAssembly.Module {
  let module = modules.get(link);
  if (!module) modules.set(link, (module = compileHex(assemble(link))));
  return module;
}

export function compileHex(hex: string): WebAssembly.Module {
  try {
    return new WebAssembly.Module(decodeHex(hex));
  } catch (cause) {
    throw unsupported(isSupported() ? String(cause) : NOT_SUPPORTED, cause);
  }
}

const NOT_SUPPORTED = "neither, or compiling is blocked by a content security policy";

const unsupported = (got: string, cause: unknown) =>
  new UnsupportedEngineError(`engine: WebAssembly with SIMD is needed, and leave to compile it; got ${got}`, {
    cause,
  });

const isModule = (value: unknown): value is WebAssembly.Module => classOf(value) === "WebAssembly.Module";

/**
 * A module that someone else keeps, tried out.
 *
 * @returns the module and the instance that tried it
 */
export async function loadModule(
  wasm: WebAssembly.Module | BufferSource,
): Promise<[WebAssembly.Module, Kernels]> {
  try {
    const module = isModule(wasm) ? wasm : await WebAssembly.compile(wasm);
    return [module, instantiate(module, new WebAssembly.Memory({ initial: 1 }))];
  } catch (cause) {
    if (!isSupported()) throw unsupported(NOT_SUPPORTED, cause);
    if (cause instanceof AbiError) throw cause;
    throw new AbiError(`kernels: must be those of this package; got ${cause}`, { cause });
  }
}

/** An instance whose memory is `memory`; checks that it was built from this package's contract. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const exports = instanceOver(module, memory);
  const version = exports.abiVersion?.();
  if (version !== Abi.Version)
    throw new AbiError(
      `kernels: must have ABI ${Abi.Version}; got ${version ?? "a module without one"}; run \`npm run build\``,
    );
  exports.setKeepsOrder(keepsOrder());
  return exports;
}

/**
 * Whether this engine runs instructions in the order they come in: V8 from version 13, SpiderMonkey and JavaScriptCore.
 * It can be told from features of that age alone. Only speed depends on it.
 */
function keepsOrder(): boolean {
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
    throw cause instanceof WebAssembly.CompileError ? unsupported(NOT_SUPPORTED, cause) : cause;
  }
}
