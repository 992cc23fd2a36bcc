/**
 * Every error the package throws. Each message reads `who: rule; got what`, and each class can be told
 * from the others by `instanceof` or by `name`, also across copies of the package.
 */
export class WasmgradError extends Error {
  static {
    WasmgradError.prototype.name = "WasmgradError";
  }
}

/** Shapes that do not fit together, found when a graph is built or data is handed over. */
export class ShapeError extends WasmgradError {
  static {
    ShapeError.prototype.name = "ShapeError";
  }
}

/** An option outside its range, or of the wrong kind. */
export class OptionError extends WasmgradError {
  static {
    OptionError.prototype.name = "OptionError";
  }
}

/** A value in the data that cannot be learned from: NaN, a label out of range, an unknown string. */
export class DataError extends WasmgradError {
  static {
    DataError.prototype.name = "DataError";
  }
}

/** A symbolic value used as a number, or a function that cannot be traced or differentiated. */
export class TraceError extends WasmgradError {
  static {
    TraceError.prototype.name = "TraceError";
  }
}

/** A model that cannot be rewritten as asked without changing what it computes. */
export class TransformError extends WasmgradError {
  static {
    TransformError.prototype.name = "TransformError";
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
  static {
    StateError.prototype.name = "StateError";
  }
}

/** Something that would change a program's state was called while a `fit` is under way. */
export class BusyError extends WasmgradError {
  static {
    BusyError.prototype.name = "BusyError";
  }
}

/** A program, or a value of it, was used after `dispose()`. */
export class DisposedError extends WasmgradError {
  static {
    DisposedError.prototype.name = "DisposedError";
  }
}

/** A tape that breaks the rules of its format: always a defect of the package, never of its user. */
export class TapeError extends WasmgradError {
  static {
    TapeError.prototype.name = "TapeError";
  }
}

/** The engine at hand cannot run the kernels: no WebAssembly, no SIMD, or compiling is forbidden. */
export class UnsupportedEngineError extends WasmgradError {
  static {
    UnsupportedEngineError.prototype.name = "UnsupportedEngineError";
  }
}

/** The kernels and the package were built from different contracts. */
export class AbiError extends WasmgradError {
  static {
    AbiError.prototype.name = "AbiError";
  }
}

/** A program that does not fit: beyond 4 GiB, or the engine has no memory left to give. */
export class MemoryError extends WasmgradError {
  static {
    MemoryError.prototype.name = "MemoryError";
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
  /** The step that failed, counted from 1 over the life of the trainer; its update is not applied. */
  readonly step: number;
  /** The layer, as named in the model, or the loss or optimizer. */
  readonly layer: string;
  /** The tensor: `output`, `loss`, `dense1.weight`, .. */
  readonly tensor: string;
  readonly phase: "forward" | "backward" | "update";
}

/** Training met NaN or infinity. The parameters are those of the last good step. */
export class NonFiniteError extends WasmgradError implements NonFiniteOrigin {
  static {
    NonFiniteError.prototype.name = "NonFiniteError";
  }

  readonly step: number;
  readonly layer: string;
  readonly tensor: string;
  readonly phase: "forward" | "backward" | "update";

  constructor(message: string, origin: NonFiniteOrigin) {
    super(message);
    this.step = origin.step;
    this.layer = origin.layer;
    this.tensor = origin.tensor;
    this.phase = origin.phase;
  }
}
