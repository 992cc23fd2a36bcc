/**
 * The table of all records: the decoder of the kernels (`assembly/decode.ts`) is generated from it, the disassembler prints
 * by it, and `verify` checks by it. What a page needs to write records comes with the ops, from the formats themselves.
 */
import { Fn, LossFn, LossGroup, Opcode, RecordWord } from "../../assembly/abi.ts";
import { f32Word } from "./float-word.ts";
import { ATTENTION, ATTENTION_GRAD } from "./formats/attention.ts";
import { CONV, CONV_GRAD_WEIGHTS, CONV_PACK, CONV_SCATTER } from "./formats/conv.ts";
import {
  ADVANCE_MOMENTUM,
  APPROACH,
  BATCH_NORM,
  BATCH_NORM_GRAD,
  BINARY,
  COPY,
  DROPOUT,
  EMBEDDING,
  EMBEDDING_GRAD,
  LAYER_NORM,
  LAYER_NORM_GRAD,
  LAYER_NORM_GRAD_WEIGHTS,
  LOG_SOFTMAX,
  LOG_SOFTMAX_GRAD,
  MAT_MUL,
  MAX_GRAD,
  MAX_NORM,
  NOISE,
  NORMALIZE_COLUMNS,
  REDUCE,
  REDUCE_BLOCKS,
  REDUCE_TOTAL,
  UPDATE,
} from "./formats/extended.ts";
import {
  AVERAGE_POOL,
  AVERAGE_POOL_GRAD,
  BILINEAR,
  BILINEAR_GRAD,
  DEPTHWISE,
  DEPTHWISE_GRAD_INPUT,
  DEPTHWISE_GRAD_WEIGHTS,
  MAX_POOL,
  MAX_POOL_GRAD,
} from "./formats/pooling.ts";
import { DENSE, SOFTMAX, UNARY } from "./formats/predict.ts";
import { RECURRENT, RECURRENT_GRAD, RECURRENT_GRAD_WEIGHTS } from "./formats/recurrent.ts";
import {
  ARG_MAX,
  BATCH_MAT_MUL,
  BINARY_SIX,
  COPY_SIX,
  CUMULATIVE_SUM,
  JOIN_STRETCH,
  PAD_STRETCH,
  TAKE_ALONG,
  TAKE_ALONG_GRAD,
  TAKE_STRETCH,
} from "./formats/tensor.ts";
import {
  ACCUMULATE,
  ADAM,
  ADD_GRADIENTS,
  ADVANCE,
  AVERAGE_GRADIENTS,
  AVERAGE_WEIGHTS,
  CHECK_FINITE,
  CLAMP_GRADIENTS,
  DENSE_GRAD_INPUT,
  DENSE_GRAD_WEIGHTS,
  GATHER,
  GRADIENT_SQUARES,
  LOSS,
  LOSS_BLOCKS,
  LOSS_TOTAL,
  LOSS_WEIGHTS,
  ORDER,
  PLACE,
  SCALE_GRADIENTS,
  SGD,
  SOFTMAX_GRAD,
  UNARY_GRAD,
} from "./formats/train.ts";
import { listsOf, wordsOf } from "./lists.ts";
import type { FieldsOf, Link, RecordFormat, Resolved } from "./operands.ts";

export { wordsOf };

export const RECORDS = {
  [Opcode.MatMul]: MAT_MUL,
  [Opcode.Dense]: DENSE,
  [Opcode.DenseGradWeights]: DENSE_GRAD_WEIGHTS,
  [Opcode.DenseGradInput]: DENSE_GRAD_INPUT,
  [Opcode.Unary]: UNARY,
  [Opcode.UnaryGrad]: UNARY_GRAD,
  [Opcode.Accumulate]: ACCUMULATE,
  [Opcode.Place]: PLACE,
  [Opcode.Binary]: BINARY,
  [Opcode.Copy]: COPY,
  [Opcode.Reduce]: REDUCE,
  [Opcode.ReduceBlocks]: REDUCE_BLOCKS,
  [Opcode.ReduceTotal]: REDUCE_TOTAL,
  [Opcode.MaxGrad]: MAX_GRAD,
  [Opcode.Softmax]: SOFTMAX,
  [Opcode.SoftmaxGrad]: SOFTMAX_GRAD,
  [Opcode.LogSoftmax]: LOG_SOFTMAX,
  [Opcode.LogSoftmaxGrad]: LOG_SOFTMAX_GRAD,
  [Opcode.Loss]: LOSS,
  [Opcode.LossBlocks]: LOSS_BLOCKS,
  [Opcode.LossTotal]: LOSS_TOTAL,
  [Opcode.Sgd]: SGD,
  [Opcode.Adam]: ADAM,
  [Opcode.AddGradients]: ADD_GRADIENTS,
  [Opcode.AverageGradients]: AVERAGE_GRADIENTS,
  [Opcode.CheckFinite]: CHECK_FINITE,
  [Opcode.Advance]: ADVANCE,
  [Opcode.Order]: ORDER,
  [Opcode.Gather]: GATHER,
  [Opcode.Dropout]: DROPOUT,
  [Opcode.Noise]: NOISE,
  [Opcode.BatchNorm]: BATCH_NORM,
  [Opcode.BatchNormGrad]: BATCH_NORM_GRAD,
  [Opcode.NormalizeColumns]: NORMALIZE_COLUMNS,
  [Opcode.Approach]: APPROACH,
  [Opcode.LayerNorm]: LAYER_NORM,
  [Opcode.LayerNormGrad]: LAYER_NORM_GRAD,
  [Opcode.LayerNormGradWeights]: LAYER_NORM_GRAD_WEIGHTS,
  [Opcode.Embedding]: EMBEDDING,
  [Opcode.EmbeddingGrad]: EMBEDDING_GRAD,
  [Opcode.CumulativeSum]: CUMULATIVE_SUM,
  [Opcode.ArgMax]: ARG_MAX,
  [Opcode.TakeStretch]: TAKE_STRETCH,
  [Opcode.PadStretch]: PAD_STRETCH,
  [Opcode.JoinStretch]: JOIN_STRETCH,
  [Opcode.TakeAlong]: TAKE_ALONG,
  [Opcode.TakeAlongGrad]: TAKE_ALONG_GRAD,
  [Opcode.BatchMatMul]: BATCH_MAT_MUL,
  [Opcode.CopySix]: COPY_SIX,
  [Opcode.BinarySix]: BINARY_SIX,
  [Opcode.Update]: UPDATE,
  [Opcode.AdvanceMomentum]: ADVANCE_MOMENTUM,
  [Opcode.ConvPack]: CONV_PACK,
  [Opcode.Conv]: CONV,
  [Opcode.ConvScatter]: CONV_SCATTER,
  [Opcode.ConvGradWeights]: CONV_GRAD_WEIGHTS,
  [Opcode.MaxPool]: MAX_POOL,
  [Opcode.MaxPoolGrad]: MAX_POOL_GRAD,
  [Opcode.AveragePool]: AVERAGE_POOL,
  [Opcode.AveragePoolGrad]: AVERAGE_POOL_GRAD,
  [Opcode.Bilinear]: BILINEAR,
  [Opcode.BilinearGrad]: BILINEAR_GRAD,
  [Opcode.Depthwise]: DEPTHWISE,
  [Opcode.DepthwiseGradInput]: DEPTHWISE_GRAD_INPUT,
  [Opcode.DepthwiseGradWeights]: DEPTHWISE_GRAD_WEIGHTS,
  [Opcode.Attention]: ATTENTION,
  [Opcode.AttentionGrad]: ATTENTION_GRAD,
  [Opcode.LossWeights]: LOSS_WEIGHTS,
  [Opcode.GradientSquares]: GRADIENT_SQUARES,
  [Opcode.ScaleGradients]: SCALE_GRADIENTS,
  [Opcode.ClampGradients]: CLAMP_GRADIENTS,
  [Opcode.AverageWeights]: AVERAGE_WEIGHTS,
  [Opcode.MaxNorm]: MAX_NORM,
  [Opcode.Recurrent]: RECURRENT,
  [Opcode.RecurrentGrad]: RECURRENT_GRAD,
  [Opcode.RecurrentGradWeights]: RECURRENT_GRAD_WEIGHTS,
} as const satisfies Record<Opcode, RecordFormat>;

/** The operands of a record that have a word on the tape. */
export type Fields<K extends Opcode> = FieldsOf<(typeof RECORDS)[K]>;

export const formatOf = (opcode: number): RecordFormat | undefined =>
  (RECORDS as Readonly<Record<number, RecordFormat>>)[opcode];

/** Words of a record of this kind. */
export const recordWords = (opcode: Opcode): number => 1 + wordsOf(formatOf(opcode) as RecordFormat).length;

/** The link that has a record: elementwise functions from `Fn.Exp` on and losses from `LossGroup.FirstExtended` on are in the last. */
export function linkOf(opcode: Opcode, operands: Resolved): Link {
  const { link, operands: kinds } = formatOf(opcode) as RecordFormat;
  const { fn } = kinds;
  if (fn?.kind !== "int") return link;
  const first = fn.of === Fn ? Fn.Exp : fn.of === LossFn ? LossGroup.FirstExtended : Number.POSITIVE_INFINITY;
  return operands.fn >= first ? "extended" : link;
}

/** The first word of a record: opcode, length in words, and whether all parts wait before it. */
export const firstWord = (opcode: Opcode, barrier = false): number =>
  listsOf(formatOf(opcode) as RecordFormat).first | (barrier ? RecordWord.Barrier : 0);

export const opcodeOf = (word: number): Opcode => word & RecordWord.OpcodeMask;
export const lengthOf = (word: number): number => (word >>> RecordWord.LengthShift) & RecordWord.LengthMask;
export const isAlone = (word: number): boolean => (word & RecordWord.Alone) !== 0;
export const isBarrier = (word: number): boolean => (word & RecordWord.Barrier) !== 0;

/** The words of one record; `f32` operands are given as numbers. */
export function encode<K extends Opcode>(opcode: K, fields: Fields<K>, barrier = false): number[] {
  const words: number[] = [firstWord(opcode, barrier)];
  for (const [name, { kind }] of wordsOf(formatOf(opcode) as RecordFormat)) {
    const value = (fields as Record<string, number>)[name];
    words.push(kind === "f32" ? f32Word(value) : value | 0);
  }
  return words;
}
