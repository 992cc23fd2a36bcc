/** Errors on their way between threads: with class, message, fields and stack, where clones keep message and stack alone. */
import { transferHandlers } from "comlink";
import { describe } from "../describe.ts";
import {
  AbiError,
  BusyError,
  DataError,
  DisposedError,
  FileError,
  MemoryError,
  NonFiniteError,
  NotFittedError,
  OptionError,
  ShapeError,
  StateError,
  TapeError,
  TimeoutError,
  TraceError,
  TransformError,
  UnsupportedEngineError,
  WasmgradError,
  WorkerError,
} from "../errors.ts";

/** By name: all of them, which a test compares with those there are. An import of the whole module would keep all of the package. */
export const ERRORS: Readonly<Record<string, { readonly prototype: object }>> = {
  AbiError,
  BusyError,
  DataError,
  DisposedError,
  FileError,
  MemoryError,
  NonFiniteError,
  NotFittedError,
  OptionError,
  ShapeError,
  StateError,
  TapeError,
  TimeoutError,
  TraceError,
  TransformError,
  UnsupportedEngineError,
  WasmgradError,
  WorkerError,
};

/** What the other side makes an error of again. */
interface Packed {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Of a DOMException, which has no fields of its own. */
  readonly isDom: boolean;
  /** Own fields that can be posted; `cause` packed likewise. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Thrown for a call that was aborted: whoever aborted it knows the reason, which need not be an error, or one that can be posted. */
export const ABORTED = /* @__PURE__ */ Object.freeze({ aborted: true });

/** Causes of causes that are taken along. */
const MOST_CAUSES = 8;

/** What Comlink's own handler takes: it knows a thrown value by a mark that only it has. */
interface Thrown {
  readonly value: unknown;
}

type Wire =
  | { readonly kind: "aborted" }
  | { readonly kind: "error"; readonly error: Packed }
  | { readonly kind: "value"; readonly value: unknown };

/** Has Comlink carry errors whole, on the side that calls this. */
export function carryErrors(): void {
  const before = transferHandlers.get("throw");
  transferHandlers.set("throw", {
    canHandle: (value): value is Thrown => before?.canHandle(value) ?? false,
    serialize: ({ value }: Thrown): [Wire, Transferable[]] => [wireOf(value), []],
    deserialize: (wire: Wire) => {
      throw fromWire(wire);
    },
  });
}

function wireOf(value: unknown): Wire {
  if (value === ABORTED) return { kind: "aborted" };
  return isError(value)
    ? { kind: "error", error: pack(value, 0) }
    : { kind: "value", value: postable(value) ? value : describeThrown(value) };
}

function fromWire(wire: Wire): unknown {
  if (wire.kind === "aborted") return ABORTED;
  return wire.kind === "error" ? unpack(wire.error) : wire.value;
}

/** Of any realm. */
const isError = (value: unknown): value is Error =>
  value instanceof Error || /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(value));

/** How a message names what was thrown, which may be anything. */
export const describeThrown = (thrown: unknown): string =>
  isError(thrown) || typeof thrown === "string" ? String(thrown) : describe(thrown);

function pack(error: Error, depth: number): Packed {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(error)) if (postable(value)) fields[name] = value;
  if (error.cause !== undefined && depth < MOST_CAUSES) fields.cause = packCause(error.cause, depth);
  const { name, message, stack } = error;
  return {
    name,
    message,
    stack,
    isDom: Object.prototype.toString.call(error) === "[object DOMException]",
    fields,
  };
}

/** The cause of an error of this package is its fields as plain data, whose own cause may be an error. */
function packCause(cause: unknown, depth: number): unknown {
  if (isError(cause)) return { [PACKED]: pack(cause, depth + 1) };
  if (typeof cause !== "object" || cause === null) return postable(cause) ? cause : describeThrown(cause);
  return Object.fromEntries(
    Object.entries(cause).flatMap(([name, value]) => {
      if (isError(value)) return [[name, { [PACKED]: pack(value, depth + 1) }]];
      return postable(value) ? [[name, value]] : [];
    }),
  );
}

const PACKED = "wasmgrad.error";

function unpack({ name, message, stack, isDom, fields }: Packed): Error {
  const { cause, ...own } = fields;
  const Own = Object.hasOwn(ERRORS, name) ? ERRORS[name] : undefined;
  // Without the constructors, which take other things in each class: getters read the cause.
  const error: Error = Own
    ? Object.setPrototypeOf(new Error(message), Own.prototype)
    : foreignError(name, message, isDom);
  if ("cause" in fields) define(error, "cause", unpackCause(cause));
  for (const [key, value] of Object.entries(own)) if (key !== "name") define(error, key, value, true);
  if (stack !== undefined) define(error, "stack", stack);
  return error;
}

function unpackCause(cause: unknown): unknown {
  if (typeof cause !== "object" || cause === null) return cause;
  if (PACKED in cause) return unpack(cause[PACKED] as Packed);
  return Object.fromEntries(
    Object.entries(cause).map(([name, value]) => [
      name,
      typeof value === "object" && value !== null && PACKED in value
        ? unpack(value[PACKED] as Packed)
        : value,
    ]),
  );
}

function foreignError(name: string, message: string, isDom: boolean): Error {
  if (isDom && typeof DOMException === "function") return new DOMException(message, name);
  const Known = (globalThis as Readonly<Record<string, unknown>>)[name] as ErrorConstructor | undefined;
  if (typeof Known === "function" && /^(Eval|Range|Reference|Syntax|Type|URI)?Error$/.test(name))
    return new Known(message);
  const error = new Error(message);
  define(error, "name", name);
  return error;
}

function define(error: Error, name: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, name, { value, enumerable, configurable: true, writable: true });
}

/** Whether a value can be posted. */
function postable(value: unknown): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
