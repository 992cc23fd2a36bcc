/**
 * A transform of asc: names functions that the optimizer must not copy into their callers, even where they have one
 * only.
 *
 * Engines compile a function when it is first called, whole. A training run that a switch sends to one loss should
 * not wait for the code of the others. Kernels that only train are functions of their own, because the link
 * `predict` does without them (`scripts/slice.mjs`). `pass` is here because `run` is entered once and stays in the code it began with,
 * and `simd/hold` because `scripts/in-order.mjs` removes its calls.
 */
const OUT_OF_LINE = [
  "assembly/decode/executeOther",
  "assembly/decode/executeExtended",
  "assembly/decode/executeDeep",
  "assembly/kernels/order/*",
  "assembly/interpreter/lead",
  "assembly/interpreter/pass",
  "assembly/kernels/advance/*",
  "assembly/kernels/average-weights/averageWeights",
  "assembly/kernels/batch-norm/*",
  "assembly/kernels/clip/*",
  "assembly/kernels/gradients/*",
  "assembly/kernels/scan/checkFinite",
  "assembly/parts/cut",
  "assembly/threads/*",
  "assembly/kernels/conv/*",
  "assembly/simd/*",
  "assembly/kernels/accumulate/*",
  "assembly/kernels/attention/*",
  "assembly/kernels/binary/binaryPart",
  "assembly/kernels/copy/copyPart",
  "assembly/kernels/copy/transposePart",
  "assembly/kernels/dense/addBias",
  "assembly/kernels/dense/*Part",
  "assembly/kernels/gemm/choose/*",
  "assembly/kernels/gemm/product/*",
  "assembly/kernels/gemm/share/*",
  "assembly/kernels/gated/*",
  "assembly/kernels/gather/*",
  "assembly/kernels/loss/*",
  "assembly/kernels/loss-extended/*",
  "assembly/kernels/loss-weights/*",
  "assembly/kernels/max-norm/maxNorm",
  "assembly/kernels/loss-units/*",
  "assembly/kernels/optimizer/*",
  "assembly/kernels/depthwise/*",
  "assembly/kernels/pool/*",
  "assembly/kernels/reduce/longColumns",
  "assembly/kernels/reduce/reduceColumns",
  "assembly/kernels/reduce/reducePart",
  "assembly/kernels/max-grad/maxGradPart",
  "assembly/kernels/recurrent/*",
  "assembly/kernels/recurrent-grad/*",
  "assembly/kernels/softmax/*",
  "assembly/kernels/unary/*",
];

export default class {
  afterCompile(module) {
    for (const pattern of OUT_OF_LINE) {
      this.binaryen.setPassArgument("no-inline", pattern);
      module.runPasses(["no-inline"]);
    }
  }
}
