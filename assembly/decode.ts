// Generated from src/tape/records.ts by scripts/decoder.mjs: change those.
import { Opcode, RecordWord, Run } from "./abi";
import { accumulate, place } from "./kernels/accumulate";
import { adam, sgd } from "./kernels/optimizer";
import { addGradients, averageGradients } from "./kernels/gradients";
import { advance } from "./kernels/advance";
import { advanceMomentum, update } from "./kernels/update";
import { approach, batchNorm, batchNormGrad, normalizeColumns } from "./kernels/batch-norm";
import { argMax } from "./kernels/arg-max";
import { attention, attentionGrad } from "./kernels/attention";
import { averagePool, averagePoolGrad } from "./kernels/pool/average";
import { averageWeights } from "./kernels/average-weights";
import { batchMatMul } from "./kernels/batch-mat-mul";
import { bilinear, bilinearGrad } from "./kernels/pool/bilinear";
import { binary } from "./kernels/binary";
import { binarySix, copySix } from "./kernels/six";
import { checkFinite } from "./kernels/scan";
import { clampGradients, gradientSquares, scaleGradients } from "./kernels/clip";
import { conv } from "./kernels/conv/forward";
import { convGradWeights } from "./kernels/conv/weights";
import { convPack } from "./kernels/conv/pack";
import { convScatter } from "./kernels/conv/scatter";
import { copy } from "./kernels/copy";
import { cumulativeSum } from "./kernels/cumulative-sum";
import { dense, denseGradInput, denseGradWeights } from "./kernels/dense";
import { depthwise, depthwiseGradInput, depthwiseGradWeights } from "./kernels/depthwise";
import { dropout } from "./kernels/dropout";
import { embedding, embeddingGrad } from "./kernels/embedding";
import { gather } from "./kernels/gather";
import { joinStretch, padStretch, takeStretch } from "./kernels/stretch";
import { layerNorm, layerNormGrad, layerNormGradWeights } from "./kernels/layer-norm";
import { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./kernels/softmax";
import { loss, lossBlocks, lossTotal } from "./kernels/loss";
import { lossWeights } from "./kernels/loss-weights";
import { matMul } from "./kernels/mat-mul";
import { maxGrad } from "./kernels/max-grad";
import { maxNorm } from "./kernels/max-norm";
import { maxPool, maxPoolGrad } from "./kernels/pool/max";
import { noise } from "./kernels/noise";
import { order } from "./kernels/order";
import { recurrent } from "./kernels/recurrent";
import { recurrentGrad, recurrentGradWeights } from "./kernels/recurrent-grad";
import { reduce, reduceBlocks, reduceTotal } from "./kernels/reduce";
import { takeAlong, takeAlongGrad } from "./kernels/take-along";
import { unary, unaryGrad } from "./kernels/unary";

// @ts-ignore: decorator
@inline
function word(r: usize, i: i32): i32 {
  return load<i32>(r + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function pointer(r: usize, i: i32): usize {
  return <usize>load<u32>(r + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function float(r: usize, i: i32): f32 {
  return load<f32>(r + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function dim(r: usize, i: i32, rows: i32): i32 {
  const d = word(r, i);
  return d < 0 ? -d * rows : d;
}

// @ts-ignore: decorator
@inline
function rateAt(run: usize, column: i32): f64 {
  return load<f64>(pointer(run, Run.Rates) + (<usize>column << 3));
}

/** Computes one part of a record. */
// @ts-ignore: decorator
@inline
export function executeRecord(r: usize, run: usize, rows: i32, stride: usize, part: i32, parts: i32): void {
  switch (load<i32>(r) & RecordWord.OpcodeMask) {
    case Opcode.Dense: {
      dense(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows),
        dim(r, 7, rows), word(r, 8), float(r, 9), pointer(r, 10) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.DenseGradWeights: {
      denseGradWeights(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows),
        dim(r, 7, rows), pointer(r, 8) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.DenseGradInput: {
      denseGradInput(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), word(r, 7),
        float(r, 8), pointer(r, 9), pointer(r, 10) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.Loss: {
      loss(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        dim(r, 8, rows), dim(r, 9, rows), word(r, 10), word(run, word(r, 11)), word(run, word(r, 12)),
        float(r, 13), float(r, 14), part, parts,
      );
      break;
    }
    case Opcode.Adam: {
      adam(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), rateAt(run, word(r, 9)), pointer(r, 10), run + (Run.Guard << 2), part, parts,
      );
      break;
    }
    default: {
      executeOther(r, run, rows, stride, part, parts);
    }
  }
}

/** Those that the smallest networks do without. */
function executeOther(r: usize, run: usize, rows: i32, stride: usize, part: i32, parts: i32): void {
  switch (load<i32>(r) & RecordWord.OpcodeMask) {
    case Opcode.Unary: {
      unary(word(r, 1), float(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), part, parts);
      break;
    }
    case Opcode.Softmax: {
      softmax(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), part, parts);
      break;
    }
    case Opcode.LossBlocks: {
      lossBlocks(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        dim(r, 8, rows), dim(r, 9, rows), word(r, 10), word(run, word(r, 11)), word(run, word(r, 12)),
        float(r, 13), float(r, 14), part, parts,
      );
      break;
    }
    case Opcode.LossTotal: {
      lossTotal(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), part, parts);
      break;
    }
    case Opcode.Sgd: {
      sgd(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), pointer(r, 5), rateAt(run, word(r, 6)),
        pointer(r, 7), run + (Run.Guard << 2), part, parts,
      );
      break;
    }
    case Opcode.UnaryGrad: {
      unaryGrad(word(r, 1), float(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.SoftmaxGrad: {
      softmaxGrad(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), part, parts);
      break;
    }
    case Opcode.Accumulate: {
      accumulate(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), part, parts);
      break;
    }
    case Opcode.Place: {
      place(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), word(r, 4), part, parts);
      break;
    }
    case Opcode.Order: {
      order(pointer(r, 1), dim(r, 2, rows), pointer(r, 3), pointer(r, 4), pointer(r, 5), run, part, parts);
      break;
    }
    case Opcode.Gather: {
      gather(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(run, word(r, 5)), part, parts);
      break;
    }
    case Opcode.AddGradients: {
      addGradients(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), pointer(r, 5), pointer(r, 6),
        run + (Run.Guard << 2), part, parts,
      );
      break;
    }
    case Opcode.AverageGradients: {
      averageGradients(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), pointer(r, 5), part, parts);
      break;
    }
    case Opcode.CheckFinite: {
      checkFinite(pointer(r, 1), dim(r, 2, rows), run + (Run.Guard << 2), part, parts);
      break;
    }
    case Opcode.Advance: {
      advance(pointer(r, 1), pointer(r, 2), part, parts);
      break;
    }
    case Opcode.LossWeights: {
      lossWeights(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(r, 5), word(r, 6),
        word(run, word(r, 7)), word(run, word(r, 8)), part, parts,
      );
      break;
    }
    case Opcode.GradientSquares: {
      gradientSquares(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), part, parts);
      break;
    }
    case Opcode.ScaleGradients: {
      scaleGradients(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), float(r, 4), part, parts);
      break;
    }
    case Opcode.ClampGradients: {
      clampGradients(pointer(r, 1), dim(r, 2, rows), float(r, 3), part, parts);
      break;
    }
    case Opcode.AverageWeights: {
      averageWeights(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), pointer(r, 4), pointer(r, 5), part, parts);
      break;
    }
    default: {
      executeExtended(r, run, rows, stride, part, parts);
    }
  }
}

/** Those of the link `extended`; without that link the function traps, see scripts/slice.mjs. */
function executeExtended(r: usize, run: usize, rows: i32, stride: usize, part: i32, parts: i32): void {
  switch (load<i32>(r) & RecordWord.OpcodeMask) {
    case Opcode.MatMul: {
      matMul(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows),
        pointer(r, 8) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.Binary: {
      binary(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows),
        dim(r, 8, rows), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), dim(r, 12, rows), dim(r, 13, rows),
        dim(r, 14, rows), dim(r, 15, rows), dim(r, 16, rows), part, parts,
      );
      break;
    }
    case Opcode.Copy: {
      copy(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows),
        dim(r, 7, rows), dim(r, 8, rows), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), part, parts,
      );
      break;
    }
    case Opcode.Reduce: {
      reduce(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.ReduceBlocks: {
      reduceBlocks(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.ReduceTotal: {
      reduceTotal(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.MaxGrad: {
      maxGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows),
        dim(r, 7, rows), part, parts,
      );
      break;
    }
    case Opcode.LogSoftmax: {
      logSoftmax(pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), part, parts);
      break;
    }
    case Opcode.LogSoftmaxGrad: {
      logSoftmaxGrad(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), part, parts);
      break;
    }
    case Opcode.Dropout: {
      dropout(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), float(r, 4), word(r, 5), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), part, parts,
      );
      break;
    }
    case Opcode.BatchNorm: {
      batchNorm(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        dim(r, 8, rows), float(r, 9), pointer(r, 10), part, parts,
      );
      break;
    }
    case Opcode.BatchNormGrad: {
      batchNormGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), dim(r, 9, rows), dim(r, 10, rows), float(r, 11), pointer(r, 12), part, parts,
      );
      break;
    }
    case Opcode.NormalizeColumns: {
      normalizeColumns(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        dim(r, 8, rows), float(r, 9), pointer(r, 10), part, parts,
      );
      break;
    }
    case Opcode.Approach: {
      approach(pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), float(r, 5), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.LayerNorm: {
      layerNorm(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        dim(r, 8, rows), float(r, 9), part, parts,
      );
      break;
    }
    case Opcode.LayerNormGrad: {
      layerNormGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        dim(r, 8, rows), part, parts,
      );
      break;
    }
    case Opcode.LayerNormGradWeights: {
      layerNormGradWeights(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        dim(r, 8, rows), pointer(r, 9), part, parts,
      );
      break;
    }
    case Opcode.Embedding: {
      embedding(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows),
        run + (Run.Guard << 2), part, parts,
      );
      break;
    }
    case Opcode.EmbeddingGrad: {
      embeddingGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows),
        pointer(r, 7), part, parts,
      );
      break;
    }
    case Opcode.CumulativeSum: {
      cumulativeSum(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.ArgMax: {
      argMax(word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), part, parts);
      break;
    }
    case Opcode.TakeStretch: {
      takeStretch(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), dim(r, 5, rows), word(r, 6), word(r, 7),
        word(r, 8), part, parts,
      );
      break;
    }
    case Opcode.PadStretch: {
      padStretch(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), dim(r, 5, rows), word(r, 6), word(r, 7),
        word(r, 8), float(r, 9), part, parts,
      );
      break;
    }
    case Opcode.JoinStretch: {
      joinStretch(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), dim(r, 5, rows), word(r, 6), word(r, 7),
        part, parts,
      );
      break;
    }
    case Opcode.TakeAlong: {
      takeAlong(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), word(r, 7),
        run + (Run.Guard << 2), part, parts,
      );
      break;
    }
    case Opcode.TakeAlongGrad: {
      takeAlongGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows), word(r, 7),
        part, parts,
      );
      break;
    }
    case Opcode.BatchMatMul: {
      batchMatMul(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows),
        pointer(r, 8) + <usize>part * stride, dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows),
        dim(r, 12, rows), dim(r, 13, rows), dim(r, 14, rows), dim(r, 15, rows), dim(r, 16, rows), dim(r, 17, rows),
        dim(r, 18, rows), dim(r, 19, rows), dim(r, 20, rows), part, parts,
      );
      break;
    }
    case Opcode.CopySix: {
      copySix(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), dim(r, 4, rows), dim(r, 5, rows), dim(r, 6, rows),
        dim(r, 7, rows), dim(r, 8, rows), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), dim(r, 12, rows),
        dim(r, 13, rows), dim(r, 14, rows), dim(r, 15, rows), part, parts,
      );
      break;
    }
    case Opcode.BinarySix: {
      binarySix(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), dim(r, 6, rows), dim(r, 7, rows),
        dim(r, 8, rows), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), dim(r, 12, rows), dim(r, 13, rows),
        dim(r, 14, rows), dim(r, 15, rows), dim(r, 16, rows), dim(r, 17, rows), dim(r, 18, rows), dim(r, 19, rows),
        dim(r, 20, rows), dim(r, 21, rows), dim(r, 22, rows), part, parts,
      );
      break;
    }
    case Opcode.Update: {
      update(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        pointer(r, 8), pointer(r, 9), pointer(r, 10), pointer(r, 11), rateAt(run, word(r, 12)), pointer(r, 13),
        run + (Run.Guard << 2), part, parts,
      );
      break;
    }
    case Opcode.AdvanceMomentum: {
      advanceMomentum(pointer(r, 1), pointer(r, 2), pointer(r, 3), part, parts);
      break;
    }
    case Opcode.MaxNorm: {
      maxNorm(pointer(r, 1), dim(r, 2, rows), dim(r, 3, rows), float(r, 4), part, parts);
      break;
    }
    case Opcode.Noise: {
      noise(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), word(r, 4), float(r, 5), word(r, 6), pointer(r, 7),
        pointer(r, 8), pointer(r, 9), part, parts,
      );
      break;
    }
    default: {
      executeDeep(r, run, rows, stride, part, parts);
    }
  }
}

/** Those of the link `deep`, likewise. */
function executeDeep(r: usize, run: usize, rows: i32, stride: usize, part: i32, parts: i32): void {
  switch (load<i32>(r) & RecordWord.OpcodeMask) {
    case Opcode.ConvPack: {
      convPack(
        word(r, 1), pointer(r, 2), pointer(r, 3), word(r, 4), word(r, 5), word(r, 6), word(r, 7), word(r, 8),
        word(r, 9), part, parts,
      );
      break;
    }
    case Opcode.Conv: {
      conv(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), word(r, 6), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), word(r, 18), word(r, 19), word(r, 20), word(r, 21), float(r, 22),
        pointer(r, 23) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.ConvScatter: {
      convScatter(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(r, 5), word(r, 6), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), word(r, 18), word(r, 19), pointer(r, 20) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.ConvGradWeights: {
      convGradWeights(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), word(r, 6), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), word(r, 18), word(r, 19), word(r, 20), pointer(r, 21) + <usize>part * stride,
        part, parts,
      );
      break;
    }
    case Opcode.MaxPool: {
      maxPool(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), word(r, 4), word(r, 5), word(r, 6), word(r, 7), word(r, 8),
        word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), part, parts,
      );
      break;
    }
    case Opcode.MaxPoolGrad: {
      maxPoolGrad(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), dim(r, 6, rows), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), part, parts,
      );
      break;
    }
    case Opcode.AveragePool: {
      averagePool(
        word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(r, 5), word(r, 6), word(r, 7), word(r, 8),
        word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15), part, parts,
      );
      break;
    }
    case Opcode.AveragePoolGrad: {
      averagePoolGrad(
        word(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(r, 5), word(r, 6), word(r, 7), word(r, 8),
        word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15), part, parts,
      );
      break;
    }
    case Opcode.Bilinear: {
      bilinear(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), word(r, 4), word(r, 5), word(r, 6), word(r, 7), word(r, 8),
        part, parts,
      );
      break;
    }
    case Opcode.BilinearGrad: {
      bilinearGrad(
        pointer(r, 1), pointer(r, 2), dim(r, 3, rows), word(r, 4), word(r, 5), word(r, 6), word(r, 7), word(r, 8),
        part, parts,
      );
      break;
    }
    case Opcode.Depthwise: {
      depthwise(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), word(r, 6), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), word(r, 18), part, parts,
      );
      break;
    }
    case Opcode.DepthwiseGradInput: {
      depthwiseGradInput(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), dim(r, 4, rows), word(r, 5), word(r, 6), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), part, parts,
      );
      break;
    }
    case Opcode.DepthwiseGradWeights: {
      depthwiseGradWeights(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), dim(r, 5, rows), word(r, 6), word(r, 7),
        word(r, 8), word(r, 9), word(r, 10), word(r, 11), word(r, 12), word(r, 13), word(r, 14), word(r, 15),
        word(r, 16), word(r, 17), word(r, 18), part, parts,
      );
      break;
    }
    case Opcode.Attention: {
      attention(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), dim(r, 7, rows),
        dim(r, 8, rows), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), dim(r, 12, rows), word(r, 13),
        float(r, 14), word(r, 15), pointer(r, 16), pointer(r, 17), pointer(r, 18),
        pointer(r, 19) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.AttentionGrad: {
      attentionGrad(
        pointer(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), dim(r, 12, rows), dim(r, 13, rows),
        dim(r, 14, rows), word(r, 15), float(r, 16), word(r, 17), pointer(r, 18), pointer(r, 19), pointer(r, 20),
        pointer(r, 21) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.Recurrent: {
      recurrent(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), pointer(r, 9), pointer(r, 10), pointer(r, 11), dim(r, 12, rows), dim(r, 13, rows),
        dim(r, 14, rows), word(r, 15), pointer(r, 16) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.RecurrentGrad: {
      recurrentGrad(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), pointer(r, 9), pointer(r, 10), pointer(r, 11), pointer(r, 12), pointer(r, 13),
        pointer(r, 14), dim(r, 15, rows), dim(r, 16, rows), dim(r, 17, rows), word(r, 18),
        pointer(r, 19) + <usize>part * stride, part, parts,
      );
      break;
    }
    case Opcode.RecurrentGradWeights: {
      recurrentGradWeights(
        word(r, 1), pointer(r, 2), pointer(r, 3), pointer(r, 4), pointer(r, 5), pointer(r, 6), pointer(r, 7),
        pointer(r, 8), dim(r, 9, rows), dim(r, 10, rows), dim(r, 11, rows), word(r, 12),
        pointer(r, 13) + <usize>part * stride, part, parts,
      );
      break;
    }
    default: {
      unreachable();
    }
  }
}
