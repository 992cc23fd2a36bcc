/**
 * What kind of mistake an error is: its class in small letters, with a detail behind where programs may want to tell kinds
 * apart. docs/errors.md says what each means. A code stays what it is from version to version, other than messages.
 */
export type ErrorCode =
  | "abi"
  | "busy"
  | "data"
  | "data-format"
  | "data-label"
  | "data-limit"
  | "data-missing"
  | "data-not-finite"
  | "data-type"
  | "data-unknown"
  | "disposed"
  | "file"
  | "file-digest"
  | "file-system"
  | "file-uses"
  | "memory"
  | "non-finite"
  | "not-fitted"
  | "option"
  | "option-surplus"
  | "option-unknown"
  | "shape"
  | "shape-rows"
  | "state"
  | "state-mismatch"
  | "tape"
  | "timeout"
  | "trace"
  | "transform"
  | "unsupported-engine"
  | "wasmgrad"
  | "worker"
  | "worker-job"
  | "worker-start";

/** What an error is beside its text: plain data, which `postMessage` and `structuredClone` keep. */
export interface ErrorDetails {
  /** Of the class. */
  readonly name: string;
  readonly code: ErrorCode;
  /** The error behind this one, where another API threw it. */
  readonly cause?: unknown;
  /** What a class says beyond these: `step` and `layer` of a NonFiniteError, `bytes` of a MemoryError, .. */
  readonly [field: string]: unknown;
}

/** How the codes of a class begin: `unsupported-engine` for UnsupportedEngineError. */
const kindOf = (name: string) =>
  name
    .slice(0, -5)
    .replace(/\B[A-Z]/g, "-$&")
    .toLowerCase();

/**
 * Every error the package throws. Each message reads `who: rule; got what`, and each class can be told from the others by
 * `instanceof`, by `name` and by `code`, also across copies of the package.
 */
export class WasmgradError extends Error {
  override get name(): string {
    return "WasmgradError";
  }

  /** Name, code and fields once more: of an error, clones keep only message, stack and cause. */
  declare readonly cause: ErrorDetails;

  /** @internal */
  constructor(message: string, detail?: string, fields?: Readonly<Record<string, unknown>>) {
    const { name } = new.target.prototype;
    super(message, { cause: { name, code: kindOf(name) + (detail ? `-${detail}` : ""), ...fields } });
  }

  /** The kind of mistake: the same in every version of the package, other than the message. */
  get code(): ErrorCode {
    return this.cause.code;
  }
}

/**
 * The code of an error of this package, also of its clone that a worker posted, which is a plain `Error`; undefined for
 * every other value. The other fields of a clone stand in its `cause`.
 *
 * @example
 * try {
 *   dense(0);
 * } catch (error) {
 *   errorCode(structuredClone(error)); // => "option"
 * }
 */
export function errorCode(error: unknown): ErrorCode | undefined {
  const { name, code } =
    (error as Partial<WasmgradError> | undefined)?.cause ?? ({} as Partial<ErrorDetails>);
  return typeof name === "string" && `${code}-`.startsWith(`${kindOf(name)}-`) ? code : undefined;
}

/** Shapes that do not fit together, found when a graph is built or data is handed over. */
export class ShapeError extends WasmgradError {
  override get name(): string {
    return "ShapeError";
  }
}

/** An option outside its range, or of the wrong kind. */
export class OptionError extends WasmgradError {
  override get name(): string {
    return "OptionError";
  }
}

/** A value in the data that cannot be learned from: NaN, a label out of range, an unknown string. */
export class DataError extends WasmgradError {
  override get name(): string {
    return "DataError";
  }
}

/** A symbolic value used as a number, or a function that cannot be traced or differentiated. */
export class TraceError extends WasmgradError {
  override get name(): string {
    return "TraceError";
  }
}

/** A model that cannot be rewritten as asked without changing what it computes. */
export class TransformError extends WasmgradError {
  override get name(): string {
    return "TransformError";
  }

  /** @internal */
  constructor(message: string, layer: string) {
    super(message, "", { layer });
  }

  /** The layer in the way, as named in the model. */
  get layer(): string {
    return this.cause.layer as string;
  }
}

/** A state or model that belongs to another program, or bytes that are not a whole state. */
export class StateError extends WasmgradError {
  override get name(): string {
    return "StateError";
  }
}

/**
 * Bytes that are no file of this package or not a whole one, a file that needs what was not passed, or a file system that
 * refused. What was there before is there still.
 */
export class FileError extends WasmgradError {
  override get name(): string {
    return "FileError";
  }

  /** The file, where there is one in a file system. */
  get path(): string | undefined {
    return this.cause.path as string | undefined;
  }
}

/** Rows were to be preprocessed, or predictions brought back to units of y, by numbers that nothing has been fitted to yet. */
export class NotFittedError extends WasmgradError {
  override get name(): string {
    return "NotFittedError";
  }
}

/** Something that would change a program's state was called while a `fit` is under way. */
export class BusyError extends WasmgradError {
  override get name(): string {
    return "BusyError";
  }
}

/** A `withState` took longer than its timeout allows. */
export class TimeoutError extends WasmgradError {
  override get name(): string {
    return "TimeoutError";
  }
}

/** A program, or a value of it, was used after `dispose()`; or the handle of a `withState` after its function. */
export class DisposedError extends WasmgradError {
  override get name(): string {
    return "DisposedError";
  }
}

/** A tape that breaks the rules of its format: always a defect of the package, never of its user. */
export class TapeError extends WasmgradError {
  override get name(): string {
    return "TapeError";
  }
}

/** The engine at hand cannot run the kernels: no WebAssembly, no SIMD, or compiling is forbidden. */
export class UnsupportedEngineError extends WasmgradError {
  override get name(): string {
    return "UnsupportedEngineError";
  }
}

/** The kernels and the package were built from different contracts. */
export class AbiError extends WasmgradError {
  override get name(): string {
    return "AbiError";
  }
}

/** A program that does not fit: beyond 4 GiB, or the engine has no memory left to give. */
export class MemoryError extends WasmgradError {
  override get name(): string {
    return "MemoryError";
  }

  /** Bytes the program asked for. */
  get bytes(): number {
    return this.cause.bytes as number;
  }

  /** Programs alive when the memory ran out. */
  get livePrograms(): number {
    return this.cause.livePrograms as number;
  }
}

/** A worker could not be started, died, or gave up a job; `cause.cause` is the error behind it, where there is one. */
export class WorkerError extends WasmgradError {
  override get name(): string {
    return "WorkerError";
  }

  /** Whether a state went with the worker: what was trained since it was last saved is lost. */
  get stateLost(): boolean {
    return this.cause.stateLost === true;
  }

  /** The number of the job in the list given to `runInWorkers`, from 0 on; undefined elsewhere. */
  get job(): number | undefined {
    return this.cause.job as number | undefined;
  }
}

/** Where a number that is NaN or infinite first came up in training. */
export interface NonFiniteOrigin {
  /** The step that failed, counted from 1 over the life of the trainer; its update is not applied. 0 in a prediction. */
  readonly step: number;
  /** The layer, as named in the model, or the loss or optimizer. */
  readonly layer: string;
  /** The tensor: `output`, `loss`, `dense1.weight`, .. */
  readonly tensor: string;
  readonly phase: "forward" | "backward" | "update";
  /**
   * Whether training can go on from the parameters that survive. False where one is NaN or infinite, or 2^24 and more: then
   * `reset()` alone leads back. Undefined in a prediction.
   */
  readonly usable?: boolean | undefined;
}

/**
 * Training met NaN or infinity: the parameters are those of the last good step. Or a row was to be classified whose
 * probabilities are NaN.
 */
export class NonFiniteError extends WasmgradError implements NonFiniteOrigin {
  declare readonly cause: ErrorDetails & NonFiniteOrigin;

  override get name(): string {
    return "NonFiniteError";
  }

  /** @internal */
  constructor(message: string, origin: NonFiniteOrigin) {
    super(message, "", { ...origin });
  }

  get step(): number {
    return this.cause.step;
  }

  get layer(): string {
    return this.cause.layer;
  }

  get tensor(): string {
    return this.cause.tensor;
  }

  get phase(): NonFiniteOrigin["phase"] {
    return this.cause.phase;
  }

  get usable(): boolean | undefined {
    return this.cause.usable;
  }
}
