/**
 * What a record takes on one thread, and into how many pieces it can be cut: from its shape, by the order of magnitude of the kernels
 * on CPUs of our time. Only speed hangs on it.
 */
import { Fn, Gemm, Opcode, UpdateFn } from "../../assembly/abi.ts";
import { clipBlocks, isOverRows, lossBlocks } from "../tape/blocks.ts";
import { gatesOf } from "../tape/formats/recurrent.ts";
import type { TapeRecord } from "../tape/verify.ts";

/** Nanoseconds of a multiplication with its addition in a large product. */
const MULTIPLY_ADD = 0.045;
/** Of an element that is read or written and hardly computed with. */
const ELEMENT = 0.25;
/** Of one that takes an exponential or a logarithm. */
const TRANSCENDENTAL = 1.6;
/** Of a random number. */
const DRAW = 2;
/** Of a record, whatever it does. */
const RECORD = 15;

/** Elements of a line, rows and columns that kernels keep together. */
const LINE = 16;
const ROWS = 4;

export interface Cost {
  /** Nanoseconds on one thread. */
  readonly ns: number;
  /** Pieces that parts can be made of; 1: part 0 computes the whole record. */
  readonly pieces: number;
}

type Dims = TapeRecord["operands"];

const lines = (n: number) => Math.ceil(n / LINE);

/** Columns or rows of tiles, whichever the kernels cut; see `assembly/kernels/gemm/share.ts`. */
function product(m: number, n: number, k: number): Cost {
  const multiplications = m * n * k;
  const ns =
    multiplications * MULTIPLY_ADD * (multiplications < 32768 ? 2 : 1) + (m * k + k * n + m * n) * 0.1;
  if (multiplications < Gemm.ShareGrain) return { ns, pieces: 1 };
  return { ns, pieces: Math.max(Math.ceil(n / Gemm.NR), Math.ceil(m / Gemm.MR)) };
}

const SLOW: ReadonlySet<number> = new Set([
  ...[Fn.Elu, Fn.Selu, Fn.Gelu, Fn.GeluTanh, Fn.Silu, Fn.Softplus, Fn.Sigmoid, Fn.Tanh],
  ...[Fn.Exp, Fn.Log, Fn.Sin, Fn.Cos, Fn.Expm1, Fn.Log1p, Fn.Erf],
]);

function elementsOf({ buffers }: TapeRecord): number {
  let bytes = 0;
  for (const { kind, from, to } of buffers) if (kind !== "scratch") bytes += to - from;
  return bytes / 4;
}

/** Nothing but moving: all that it reads and writes. */
const moved = (record: TapeRecord, pieces: number, ns = 0): Cost => ({
  ns: elementsOf(record) * ELEMENT * 0.6 + ns,
  pieces,
});

const windowed = ({ n, oh, ow, kh, kw }: Dims) => n * oh * ow * kh * kw;

export function costOf(record: TapeRecord): Cost {
  const cost = shapeCost(record);
  return { ns: cost.ns + RECORD, pieces: Math.max(1, cost.pieces) };
}

function shapeCost(record: TapeRecord): Cost {
  const d = record.operands;
  const { m, n, k, fn } = d;
  switch (record.opcode) {
    case Opcode.Dense:
    case Opcode.DenseGradInput: {
      const { ns, pieces } = product(m, n, k);
      return { ns: ns + m * n * (SLOW.has(fn) ? TRANSCENDENTAL : ELEMENT), pieces };
    }
    case Opcode.DenseGradWeights:
    case Opcode.MatMul:
      return product(m, n, k);
    case Opcode.BatchMatMul: {
      const count = d.d0 * d.d1 * d.d2 * d.d3;
      return { ns: product(m, n, k).ns * count, pieces: count };
    }
    case Opcode.Conv:
      return { ns: d.n * d.oh * d.ow * d.o * d.k * 0.06, pieces: Math.ceil((d.n * d.oh) / ROWS) };
    case Opcode.ConvScatter:
    case Opcode.ConvGradWeights: {
      const depth = (d.c / d.groups) * d.kh * d.kw;
      const ns = d.n * d.oh * d.ow * d.o * depth * 0.07;
      if (record.opcode === Opcode.ConvScatter) return { ns, pieces: Math.ceil(d.n / ROWS) };
      const runs = d.dw === 1 || d.kw === 1 ? d.kh : d.kh * d.kw;
      return { ns, pieces: d.groups * Math.ceil(d.o / d.groups / Gemm.NR) * runs };
    }
    case Opcode.ConvPack:
      return moved(record, Math.ceil((d.o * d.groups) / Gemm.NR));
    case Opcode.Depthwise:
    case Opcode.DepthwiseGradInput:
    case Opcode.DepthwiseGradWeights:
      return { ns: windowed(d) * d.c * 0.12, pieces: d.n };
    case Opcode.MaxPool:
    case Opcode.MaxPoolGrad:
    case Opcode.AveragePool:
    case Opcode.AveragePoolGrad:
      return { ns: windowed(d) * d.c * ELEMENT, pieces: d.n };
    case Opcode.Recurrent:
    case Opcode.RecurrentGrad:
    case Opcode.RecurrentGradWeights: {
      const gates = gatesOf(d.cell) * d.units;
      const ns = m * d.steps * gates * (d.units * 0.08 + 2 * TRANSCENDENTAL);
      const rows = record.opcode === Opcode.RecurrentGradWeights ? d.units : m;
      return { ns, pieces: Math.ceil(rows / ROWS) };
    }
    case Opcode.Attention:
    case Opcode.AttentionGrad: {
      const scores = m * d.heads * d.queries * d.keys;
      const ns = scores * ((d.size + d.width) * 0.08 + TRANSCENDENTAL + (d.rate ? DRAW : 0));
      return { ns: ns * (record.opcode === Opcode.Attention ? 1 : 2.5), pieces: m * d.heads };
    }
    case Opcode.Loss:
      return { ns: elementsOf(record) * TRANSCENDENTAL, pieces: 1 };
    case Opcode.LossBlocks:
      return {
        ns: elementsOf(record) * (isOverRows(fn) ? TRANSCENDENTAL : ELEMENT * 2),
        pieces: lossBlocks(fn, m, n),
      };
    case Opcode.LossTotal:
      return { ns: lossBlocks(fn, m, n), pieces: 1 };
    case Opcode.ReduceTotal:
      return moved(record, lines(d.outer * d.inner));
    case Opcode.Advance:
    case Opcode.AdvanceMomentum:
      return { ns: 5, pieces: 1 };
    case Opcode.GradientSquares:
      return { ns: n * ELEMENT, pieces: clipBlocks(n) };
    case Opcode.Adam:
      return { ns: n * 0.7, pieces: lines(n) };
    case Opcode.Update:
      return { ns: n * (fn === UpdateFn.Lion || fn === UpdateFn.Rprop ? 0.5 : 0.9), pieces: lines(n) };
    case Opcode.Unary:
    case Opcode.UnaryGrad:
      return { ns: n * (SLOW.has(fn) ? TRANSCENDENTAL : ELEMENT), pieces: lines(n) };
    case Opcode.Softmax:
    case Opcode.LogSoftmax:
    case Opcode.LogSoftmaxGrad:
      return { ns: m * n * TRANSCENDENTAL, pieces: Math.ceil(m / ROWS) };
    case Opcode.SoftmaxGrad:
      return { ns: m * n * ELEMENT * 2, pieces: Math.ceil(m / ROWS) };
    case Opcode.LayerNorm:
    case Opcode.LayerNormGrad:
      return { ns: m * n * ELEMENT * 2, pieces: Math.ceil(m / ROWS) };
    case Opcode.LayerNormGradWeights:
    case Opcode.BatchNorm:
    case Opcode.BatchNormGrad:
    case Opcode.NormalizeColumns:
      return { ns: m * n * ELEMENT * 2, pieces: lines(n) };
    case Opcode.Dropout:
    case Opcode.Noise:
      return { ns: n * DRAW, pieces: lines(n) };
    case Opcode.Embedding:
      return moved(record, lines(d.count));
    case Opcode.EmbeddingGrad:
      return { ns: (d.count + d.vocabulary) * d.units * ELEMENT, pieces: lines(d.units) };
    case Opcode.Order:
      return { ns: d.rows * 15, pieces: Math.ceil(d.rows / 64) };
    case Opcode.Gather:
      return { ns: d.rows * (d.words * 0.15 + 5), pieces: d.rows };
    case Opcode.TakeAlongGrad:
      return moved(record, d.outer * d.inner);
    case Opcode.Reduce:
    case Opcode.ReduceBlocks:
    case Opcode.MaxGrad:
    case Opcode.CumulativeSum:
    case Opcode.ArgMax:
      return moved(record, Math.max(d.outer, lines(d.outer * d.inner)));
    case Opcode.MaxNorm:
      return { ns: n * k * ELEMENT * 2, pieces: lines(n) };
    default:
      return moved(record, lines(outputOf(record)));
  }
}

/** Elements of the largest thing it writes, or reads where it writes nothing. */
function outputOf({ buffers }: TapeRecord): number {
  let most = 0;
  for (const { kind, from, to } of buffers)
    if (kind === "out" || kind === "inout") most = Math.max(most, to - from);
  if (most === 0) for (const { from, to } of buffers) most = Math.max(most, to - from);
  return most / 4;
}

/** The share of the largest of so many parts. */
export const largestShare = ({ pieces }: Cost, parts: number): number => Math.ceil(pieces / parts) / pieces;
