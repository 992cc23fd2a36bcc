/**
 * What an op is: shapes in and out, its gradient rule, and the records it becomes. `ops/index.ts` holds the
 * one table of all of them; an op without a rule does not compile.
 */
import type { BinaryFn, Cell, Fn, LossFn, PoolDivisor, ReduceFn } from "../../assembly/abi.ts";
import { TraceError } from "../errors.ts";
import type { KernelLink } from "../kernels/link.ts";
import type { FieldsOf, RecordFormat } from "../tape/operands.ts";
import type { Dim, Shape } from "./shape.ts";
import type { DType, Type, ValueId } from "./type.ts";
import type { Windows } from "./windows.ts";

export {
  BinaryFn,
  Cell,
  ConvPanels,
  Fn,
  Form,
  LossFn,
  PoolDivisor,
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
  /** `stream` tells the draws of one dropout of a model from those of another. */
  readonly dropout: { readonly rate: number; readonly stream: number };
  /** `spread` times draws that are uniform on [-1, 1) or standard normal; `stream` as for dropout. */
  readonly noise: { readonly uniform: boolean; readonly spread: number; readonly stream: number };
  readonly batchNorm: { readonly epsilon: number };
  readonly batchNormGrad: { readonly epsilon: number };
  readonly normalizeColumns: { readonly epsilon: number };
  readonly approach: { readonly share: number; readonly count: Dim };
  readonly layerNorm: { readonly epsilon: number };
  readonly layerNormGrad: Record<never, never>;
  readonly embedding: { readonly vocabulary: number };
  readonly stopGradient: Record<never, never>;
  readonly activityPenalty: { readonly l1: number; readonly l2: number };
  readonly cumulativeSum: { readonly axis: number; readonly reverse: boolean };
  readonly argMax: { readonly axis: number; readonly dtype: DType; readonly keepDims: boolean };
  readonly slice: {
    readonly axis: number;
    readonly start: number;
    readonly step: number;
    readonly length: number;
  };
  readonly pad: {
    readonly axis: number;
    readonly before: number;
    readonly after: number;
    readonly step: number;
    readonly value: number;
  };
  readonly concat: { readonly axis: number };
  readonly gather: { readonly axis: number; readonly length: number };
  readonly gatherGrad: { readonly axis: number; readonly length: number };
  readonly batchMatMul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** `stream` as of `dropout`, of whose draws these are. */
  readonly attention: AttentionAttrs;
  readonly attentionGrad: AttentionAttrs;
  readonly embeddingGrad: { readonly vocabulary: number; readonly units: number };
  readonly conv: GroupedWindows & { readonly fn: Fn; readonly alpha: number };
  /** `lengths`: places of the output along each spatial axis. */
  readonly convTranspose: GroupedWindows & { readonly lengths: readonly number[] };
  readonly convGradWeights: GroupedWindows & { readonly bias: boolean };
  readonly maxPool: Neighbours;
  readonly maxPoolGrad: Neighbours & { readonly fn: Fn };
  readonly averagePool: Neighbours & { readonly divisor: PoolDivisor };
  readonly averagePoolGrad: Neighbours & { readonly divisor: PoolDivisor; readonly shape: Shape };
  readonly upsample: { readonly factor: readonly number[]; readonly bilinear: boolean };
  readonly upsampleGrad: { readonly factor: readonly number[]; readonly bilinear: boolean };
  readonly depthwise: Windows;
  readonly depthwiseGradInput: Windows & { readonly shape: Shape };
  readonly depthwiseGradWeights: Windows & { readonly bias: boolean };
  /** `masked` and `initial`: whether there are a mask and states to start from among the inputs. */
  readonly recurrent: {
    readonly cell: Cell;
    readonly reverse: boolean;
    readonly masked: boolean;
    readonly initial: boolean;
  };
  /** Of which outputs there are cotangents: all states, the last one, the last cell state. */
  readonly recurrentGrad: OpAttrs["recurrent"] & {
    readonly ofOutputs: boolean;
    readonly ofState: boolean;
    readonly ofCell: boolean;
  };
  readonly recurrentGradWeights: Omit<OpAttrs["recurrent"], "masked">;
  readonly loss: LossAttrs;
  readonly lossGrad: LossAttrs;
  /** Made by `plan/fuse-gradients.ts` only. */
  readonly lossAndGrad: LossAttrs;
  readonly lossWeights: { readonly ignore: number };
  /** Made by `plan/differentiate.ts`, and by `train/make-trainer.ts` for the sum of losses. */
  readonly accumulate: Record<never, never>;
  /** Made by `plan/gradients.ts` only. */
  readonly place: { readonly shape: Shape };
}

interface GroupedWindows extends Windows {
  readonly groups: number;
}

/** Windows of neighbours, without dilation. */
type Neighbours = Omit<Windows, "dilation">;

export interface LossAttrs {
  readonly fn: LossFn;
  readonly parameter: number;
  /** Of focal losses. Default: 0. */
  readonly alpha?: number;
}

export interface AttentionAttrs {
  readonly heads: number;
  readonly causal: boolean;
  readonly rate: number;
  readonly stream: number;
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
  /**
   * The op itself. A rule emits it by this name, not by that of its constant: Next.js' minifier keeps constants that name
   * themselves or each other, used or not, and the kernels with them.
   */
  readonly op: Op<K>;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** The first output. */
  readonly output: ValueId;
  /** The cotangents of the outputs; undefined where nothing depends on one. */
  readonly dys: readonly (ValueId | undefined)[];
  /** That of the first output: of ops with one, always there. */
  readonly dy: ValueId;
  readonly emit: Emit;
  shape(id: ValueId): Shape;
  /** Whether anyone asked for the cotangent of input `i`; a rule may return null for the others. */
  needs(i: number): boolean;
}

/** An operand that is a value, or, from an element of it on, a part of it. */
export interface ValueRef {
  readonly value: ValueId;
  /** Elements to skip. */
  readonly from?: number;
}

/** An operand that is a region of the program, see `src/plan/layout.ts`, or, from an element of it on, a part of it. */
export interface RegionRef {
  readonly region: string;
  /** Bytes to skip. */
  readonly bytes?: number;
}

/** An operand that is a counter of the state, by name. */
export interface CounterRef {
  readonly counter: string;
}

/** An operand that a run sets: of the port that a value comes from, how its rows are to be read. */
export interface SettingRef {
  readonly setting: "targets" | "words";
  readonly of: ValueId;
}

/** An operand that is a working area; the record's format says how large. */
export const SCRATCH = { scratch: true } as const;

export type OperandRef = ValueRef | RegionRef | CounterRef | SettingRef | typeof SCRATCH;

export interface RecordDraft {
  readonly format: RecordFormat;
  /** By the names of the record's format; an address of 0 is an operand that is not there. */
  readonly fields: Readonly<Record<string, number | OperandRef>>;
}

export const draft = <F extends RecordFormat>(
  format: F,
  fields: { readonly [N in keyof FieldsOf<F>]: number | OperandRef },
): RecordDraft => ({ format, fields: fields as RecordDraft["fields"] });

export interface LowerContext<K extends OpName> {
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** Rows of a full batch, for choices that depend on size. */
  readonly batch: number;
  type(id: ValueId): Type;
  /** Whether anyone reads an output; one that nobody reads gets no buffer if its operand is 0. */
  isRead(id: ValueId): boolean;
}

export interface InferenceContext<K extends OpName> {
  /** The op itself, as in `VjpContext`. */
  readonly op: Op<K>;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly ValueId[];
  readonly emit: Emit;
  shape(id: ValueId): Shape;
}

export interface PenaltyContext<K extends OpName> extends InferenceContext<K> {
  constant(value: number): ValueId;
}

/** One cotangent per input, null where there is none. */
export type VjpRule<K extends OpName> = (context: VjpContext<K>) => readonly (ValueId | null)[];

/** What nearly every page predicts with: whatever trains brings the rules along, so that other pages do not carry them. */
export type CoreOp = "dense" | "softmax" | "unary";

export interface Op<K extends OpName> {
  readonly name: K;
  /** The kernels that its records need, where the smallest do not have them: a page that drops the op drops them too. */
  readonly kernels?: KernelLink;
  /** Types of the outputs; throws a ShapeError that names `who`, the shapes and the rule. */
  infer(who: string, inputs: readonly Type[], attrs: OpAttrs[K]): readonly Type[];
  /** The gradient rule, or the reason why there is none. */
  readonly vjp: VjpRule<K> | NoGradient | (K extends CoreOp ? "brought" : never);
  lower(context: LowerContext<K>): readonly RecordDraft[];
  /** What the op is when nothing is trained: values in place of its outputs. Without it, it stays what it is. */
  inference?(context: InferenceContext<K>): readonly ValueId[];
  /** What it adds to the loss of a training, of shape []. Without it, or with undefined, nothing. */
  penalty?(context: PenaltyContext<K>): ValueId | undefined;
  /**
   * Multiplications whose product is added to others, in a pass of one row, of which the shapes are: of products, convolutions and
   * the like. Without it there are none; what is done to each element alone does not count.
   */
  multiplyAdds?(inputs: readonly Shape[], outputs: readonly Shape[], attrs: OpAttrs[K]): number;
  /** Of ops whose first input is ids: what each must be less than. */
  idsBelow?(attrs: OpAttrs[K]): number;
  /** Attributes that are members of an enum, for states and files, which name them. */
  readonly enums?: Readonly<Record<string, Readonly<Record<number, string>>>>;
  /** Dtypes of the inputs. Default: all f32. */
  readonly dtypes?: readonly (DType | "any")[];
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
