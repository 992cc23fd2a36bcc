/**
 * Every error the package throws. Each message reads `who: rule; got what`, and each class can be told
 * from the others by `instanceof` or by `name`, also across copies of the package.
 */
export class WasmgradError extends Error {
  override get name(): string {
    return "WasmgradError";
  }
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

  constructor(
    message: string,
    /** The layer in the way, as named in the model. */
    readonly layer: string,
  ) {
    super(message);
  }
}

/** A state or model that belongs to another program, or bytes that are not a whole state. */
export class StateError extends WasmgradError {
  override get name(): string {
    return "StateError";
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

  constructor(
    message: string,
    /** Bytes the program asked for. */
    readonly bytes: number,
    /** Programs alive when the memory ran out. */
    readonly livePrograms: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
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
  readonly usable?: boolean;
}

/**
 * Training met NaN or infinity: the parameters are those of the last good step. Or a row was to be classified whose
 * probabilities are NaN.
 */
export class NonFiniteError extends WasmgradError implements NonFiniteOrigin {
  override get name(): string {
    return "NonFiniteError";
  }

  readonly step: number;
  readonly layer: string;
  readonly tensor: string;
  readonly phase: "forward" | "backward" | "update";
  readonly usable?: boolean;

  constructor(message: string, origin: NonFiniteOrigin) {
    super(message);
    this.step = origin.step;
    this.layer = origin.layer;
    this.tensor = origin.tensor;
    this.phase = origin.phase;
    this.usable = origin.usable;
  }
}
