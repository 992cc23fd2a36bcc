/** Tensors of files of any program: reading them, and taking them over as parameters. */
import { describe } from "../describe.ts";
import { FileError } from "../errors.ts";
import { BOOLEAN, readOptions, refuseMore } from "../options.ts";
import type { Predictor } from "../program/predictor.ts";
import { type FileTensor, readSafetensors, type TensorFile, type TensorType } from "../safetensors.ts";
import { unknownName } from "../suggest.ts";
import { bytesOfFile, checkDigest } from "./open.ts";

/** A tensor of a file. */
export interface StoredTensor {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  /** Its elements as they stand in the file, little-endian and row-major: a view of the bytes that were given. */
  readonly data: Uint8Array;
}

/** What a safetensors file holds. */
export interface StoredTensors {
  readonly metadata: { readonly [name: string]: string };
  readonly tensors: { readonly [name: string]: StoredTensor };
}

/**
 * The tensors of a safetensors file, of this package or any other, and its metadata. The digest of a file of this package is
 * checked.
 *
 * @param bytes the whole file
 * @throws FileError for what is no such file
 * @example
 * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
 * readTensors(predictor.save()).tensors["dense1.weight"].shape; // => [2, 1]
 */
export function readTensors(bytes: Uint8Array | ArrayBuffer): StoredTensors {
  refuseMore("readTensors", arguments, 1);
  const file = readSafetensors("readTensors", bytesOfFile("readTensors", bytes));
  if (file.metadata.get("format") === "wasmgrad") checkDigest("readTensors", file);
  const tensors = [...file.tensors].map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data }]);
  return { metadata: Object.fromEntries(file.metadata), tensors: Object.fromEntries(tensors) };
}

export interface LoadWeightsOptions {
  /**
   * The parameter that each tensor of the file becomes, by the name in the file, or by a function of it; null leaves a tensor out.
   * Default: the same name.
   */
  readonly names?: { readonly [name: string]: string | null } | ((name: string) => string | null | undefined);
  /**
   * Parameters whose tensors are matrices the other way round, by their names here; true: the weights of all dense layers, as PyTorch
   * keeps them, `[out, in]`. Default: none.
   */
  readonly transpose?: boolean | readonly string[];
  /** Whether parameters may stay as they are, and tensors of the file be left out. Default: false. */
  readonly partial?: boolean;
}

/** What became of the tensors of a file. */
export interface LoadedWeights {
  /** Parameters that were set. */
  readonly loaded: readonly string[];
  /** Parameters that stayed as they were. */
  readonly missing: readonly string[];
  /** Tensors of the file that nobody took. */
  readonly unused: readonly string[];
}

/**
 * Sets the parameters of a trainer or predictor from a safetensors file of another program, such as PyTorch. F64, F16 and BF16 become
 * single precision. All are set, or none.
 *
 * @param bytes the whole file
 * @throws FileError for what is no such file, for tensors of another shape, and for missing or surplus ones unless `partial`; DataError
 *   for numbers that are not finite
 * @example
 * const predictor = compile(sequential({ input: [2] }, [dense(1, { name: "fc" })]));
 * const bytes = compile(sequential({ input: [2], seed: 1 }, [dense(1)])).save();
 * const names = { "dense1.weight": "fc.weight", "dense1.bias": "fc.bias" };
 * loadWeights(predictor, bytes, { names }).loaded; // => ["fc.bias", "fc.weight"]
 */
export function loadWeights<X, P>(
  predictor: Predictor<X, P>,
  bytes: Uint8Array | ArrayBuffer,
  options: LoadWeightsOptions = {},
): LoadedWeights {
  const who = "loadWeights";
  refuseMore(who, arguments, 3);
  const { names, transpose, partial } = readOptions(who, options, {
    names: [{}],
    transpose: [false],
    partial: [false, BOOLEAN],
  });
  const program = predictor?.program;
  if (!program) throw new FileError(`${who}: needs a trainer or predictor; got ${describe(predictor)}`);
  const file = readSafetensors(who, bytesOfFile(who, bytes));
  if (file.metadata.get("format") === "wasmgrad") checkDigest(who, file);
  const { variables, model } = program.plan;
  const parameters = new Map(variables.map(({ name, shape }) => [name, shape]));
  const turned = new Set(transpose === true ? denseWeights(model) : transpose || []);
  for (const name of turned)
    if (!parameters.has(name))
      throw new FileError(unknownName(`${who}: transpose`, "parameter", name, [...parameters.keys()]));
  const values: Record<string, { data: Float32Array; shape: readonly number[] }> = {};
  const unused: string[] = [];
  for (const [name, as] of renamed(who, file, names, [...parameters.keys()])) {
    const shape = as === null ? undefined : parameters.get(as);
    const tensor = file.tensors.get(name) as FileTensor;
    if (as === null) continue;
    if (!shape) unused.push(name);
    else if (as in values)
      throw new FileError(`${who}: each parameter must have one tensor; got two for ${as}`);
    else values[as] = { data: readParameter(who, tensor, as, shape, turned.has(as)), shape };
  }
  const missing = [...parameters.keys()].filter((name) => !(name in values));
  if (!partial && missing.length + unused.length > 0)
    throw new FileError(
      `${who}: all parameters and all tensors must go together; got none for ${list(missing)}, and no use for ${list(unused)}: ` +
        "give names, or partial: true",
    );
  predictor.setParameters(values);
  return { loaded: Object.keys(values), missing, unused };
}

const list = (names: readonly string[]) =>
  names.length === 0
    ? "no other"
    : names.length > 6
      ? `${names.slice(0, 6).join(", ")}, ..`
      : names.join(", ");

/** Weights `[in, out]` of dense layers. */
const denseWeights = ({
  nodes,
  variables,
}: {
  readonly nodes: readonly { op: string; inputs: readonly number[] }[];
  readonly variables: readonly { name: string; value: number }[];
}): string[] => {
  const read = new Set(nodes.filter(({ op }) => op === "dense").map(({ inputs }) => inputs[1]));
  return variables.filter(({ value }) => read.has(value)).map(({ name }) => name);
};

/** Each tensor of a file with the name it is given here. */
function renamed(
  who: string,
  { tensors }: TensorFile,
  names: NonNullable<LoadWeightsOptions["names"]>,
  parameters: readonly string[],
): (readonly [string, string | null])[] {
  if (typeof names === "function")
    return [...tensors.keys()].map((name) => {
      const as: unknown = names(name);
      if (as === undefined || as === null || typeof as === "string")
        return [name, as === undefined ? name : as];
      throw new FileError(`${who}: names must give a name or null; got ${describe(as)} for ${name}`);
    });
  for (const [name, as] of Object.entries(names)) {
    if (!tensors.has(name))
      throw new FileError(unknownName(`${who}: names`, "tensor", name, [...tensors.keys()]));
    if (as !== null && !parameters.includes(as))
      throw new FileError(unknownName(`${who}: names`, "parameter", as, parameters));
  }
  return [...tensors.keys()].map((name) => [name, Object.hasOwn(names, name) ? names[name] : name]);
}

function readParameter(
  who: string,
  tensor: FileTensor,
  name: string,
  shape: readonly number[],
  isTurned: boolean,
): Float32Array {
  const wanted = isTurned ? [shape[1], shape[0]] : shape;
  if (`${tensor.shape}` !== `${wanted}` || (isTurned && shape.length !== 2)) {
    const isOther = !isTurned && shape.length === 2 && `${tensor.shape}` === `${[shape[1], shape[0]]}`;
    throw new FileError(
      `${who}: ${name} must be [${wanted.join(", ")}]; got ${tensor.name} [${tensor.shape.join(", ")}]` +
        (isOther ? `: write transpose: true, or ["${name}"]` : ""),
    );
  }
  const data = floatsOf(who, tensor);
  if (!isTurned) return data;
  const [rows, columns] = shape;
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) turned[i * columns + j] = data[j * rows + i];
  return turned;
}

/** Numbers of each type in single precision. */
const READERS: { readonly [K in TensorType]?: (view: DataView) => Float32Array } = {
  F64: (view) => Float32Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(i * 8, true)),
  F32: (view) => Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true)),
  F16: (view) =>
    Float32Array.from({ length: view.byteLength / 2 }, (_, i) => fromHalf(view.getUint16(i * 2, true))),
  // The upper half of a single.
  BF16: (view) => {
    const bits = Uint32Array.from(
      { length: view.byteLength / 2 },
      (_, i) => view.getUint16(i * 2, true) * 0x10000,
    );
    return new Float32Array(bits.buffer);
  },
};

function floatsOf(who: string, { name, dtype, data }: FileTensor): Float32Array {
  const read = READERS[dtype];
  if (!read)
    throw new FileError(
      `${who}: parameters must be ${Object.keys(READERS).join(", ")}; got ${name} in ${dtype}`,
    );
  return read(new DataView(data.buffer, data.byteOffset, data.length));
}

/** A number of IEEE 754's binary16: 1 bit sign, 5 bits exponent, 10 bits fraction. */
function fromHalf(word: number): number {
  const sign = word >>> 15 ? -1 : 1;
  const exponent = (word >>> 10) & 31;
  const fraction = word & 1023;
  // Subnormal numbers are multiples of 2^-24.
  if (exponent === 0) return (sign * fraction) / 0x100_0000;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  const scale = exponent >= 15 ? 1 << (exponent - 15) : 1 / (1 << (15 - exponent));
  return sign * (1 + fraction / 1024) * scale;
}
