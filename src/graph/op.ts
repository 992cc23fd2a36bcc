/**
 * What an op is: shapes in and out, its gradient rule, and the records it becomes. `ops/index.ts` holds the
 * one table of all of them; an op without a rule does not compile.
 */
import type { BinaryFn, Fn, LossFn, Opcode, ReduceFn } from "../../assembly/abi.ts";
import { TraceError } from "../errors.ts";
import type { Fields } from "../tape/records.ts";
import type { Dim, Shape } from "./shape.ts";
import type { Type, ValueId } from "./type.ts";

export {
  BinaryFn,
  Fn,
  Form,
  LossFn,
  Opcode,
  ReduceFn,
  Targets,
} from "../../assembly/abi.ts";

/** Every op with its attributes. */
export interface OpAttrs {
  readonly dense: { readonly fn: Fn; readonly alpha: number };
  readonly denseGradWeights: { readonly bias: boolean };
  readonly denseGradInput: { readonly fn: Fn; readonly alpha: number };
  readonly matMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  readonly unary: { readonly fn: Fn; readonly alpha: number };
  readonly unaryGrad: { readonly fn: Fn; readonly alpha: number };
  readonly binary: { readonly fn: BinaryFn };
  readonly broadcast: { readonly shape: Shape; readonly divisor: Dim };
  readonly reduce: { readonly fn: ReduceFn; readonly from: number; readonly to: number };
  readonly maxGrad: { readonly from: number; readonly to: number };
  readonly reshape: { readonly shape: Shape };
  readonly transpose: { readonly axes: readonly number[] };
  readonly softmax: Record<never, never>;
  readonly softmaxGrad: Record<never, never>;
  readonly logSoftmax: Record<never, never>;
  readonly logSoftmaxGrad: Record<never, never>;
  readonly loss: LossAttrs;
  readonly lossGrad: LossAttrs;
  /** Made by `plan/fuse.ts` only. */
  readonly lossAndGrad: LossAttrs;
  /** Made by `plan/differentiate.ts` and `plan/plan.ts` only. */
  readonly accumulate: Record<never, never>;
  readonly place: { readonly shape: Shape };
}

export interface LossAttrs {
  readonly fn: LossFn;
  readonly parameter: number;
}

export type OpName = keyof OpAttrs;

/** Adds a node and returns its outputs. */
export type Emit = <K extends OpName>(
  op: Op<K>,
  attrs: OpAttrs[K],
  inputs: readonly ValueId[],
  name?: string,
) => readonly ValueId[];

export interface VjpContext<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly ValueId[];
  readonly output: ValueId;
  /** The cotangent of the output. */
  readonly dy: ValueId;
  readonly emit: Emit;
  shape(id: ValueId): Shape;
  /** Whether anyone asked for the cotangent of input `i`; a rule may return null for the others. */
  needs(i: number): boolean;
}

/** A place in a record that names a value's buffer; `SCRATCH` is the program's working area. */
export type BufferRef = { readonly value: ValueId };
export const SCRATCH = { scratch: true } as const;

export interface RecordDraft {
  readonly opcode: Opcode;
  readonly fields: Readonly<Record<string, number | BufferRef | typeof SCRATCH>>;
}

export const draft = <K extends Opcode>(
  opcode: K,
  fields: { readonly [F in keyof Fields<K>]: number | BufferRef | typeof SCRATCH },
): RecordDraft => ({ opcode, fields: fields as RecordDraft["fields"] });

export interface LowerContext<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** Rows of a full batch, for choices that depend on size. */
  readonly batch: number;
  type(id: ValueId): Type;
}

/** An embedded build of the kernels, in hexadecimal. */
export interface KernelBuild {
  readonly hex: string;
}

export interface Op<K extends OpName> {
  readonly name: K;
  /** The kernels its records need, where the core build does not have them: a page that drops the op drops them too. */
  readonly kernels?: KernelBuild;
  /** Types of the outputs; throws a ShapeError that names `who`, the shapes and the rule. */
  infer(who: string, inputs: readonly Type[], attrs: OpAttrs[K]): readonly Type[];
  /** One cotangent per input, null where there is none; or the reason why there is no rule. */
  readonly vjp: ((context: VjpContext<K>) => readonly (ValueId | null)[]) | NoGradient;
  lower(context: LowerContext<K>): readonly RecordDraft[];
  /**
   * Whether elements of several rows meet, or leave their place along the axis that depends on the rows, though every
   * output still has such an axis; see `row-mixing.ts`. Without it they do not.
   */
  mixesRows?(inputs: readonly Shape[], outputs: readonly Shape[], attrs: OpAttrs[K]): boolean;
  /** Inputs whose buffer the first output may take over. */
  readonly inPlace?: readonly number[];
  /** The first output is the same bytes as this input. */
  readonly alias?: number;
}

export interface NoGradient {
  readonly reason: string;
}

/** For ops that exist only in backward graphs. */
export const secondDerivative: NoGradient = { reason: "second derivatives are not supported" };

/** For ops that fusion makes after differentiation. */
export const fusedLater: NoGradient = { reason: "fusion runs after differentiation" };

/** An op whose kind is known only when the program runs. */
// biome-ignore lint/suspicious/noExplicitAny: attributes and rule come from one definition, so they fit each other
export type AnyOp = Op<any>;

export const f32 = (shape: Shape): Type => ({ shape, dtype: "f32" });

export function throwNoGradient(op: OpName, rule: NoGradient): never {
  throw new TraceError(`${op}: has no gradient rule; got a request for one (${rule.reason})`);
}
