/** Which records an op becomes, where that depends on size. */
import { describe, expect, it } from "vitest";
import { LossBlock, LossFn, Opcode, ReduceFn, RowSum } from "../../assembly/abi.ts";
import type { LowerContext, RecordDraft } from "../../src/graph/op.ts";
import { SCRATCH } from "../../src/graph/op.ts";
import { loss, lossAndGrad, lossGrad } from "../../src/graph/ops/loss.ts";
import { reduce } from "../../src/graph/ops/reduce.ts";
import type { Shape } from "../../src/graph/shape.ts";
import type { Type } from "../../src/graph/type.ts";

const opcodes = (drafts: readonly RecordDraft[]) => drafts.map(({ format }) => Opcode[format.opcode]);

function lossContext(fn: LossFn, shape: Shape, batch: number) {
  const labels: Type = { shape: shape.slice(0, -1), dtype: "i32" };
  const f32 = (of: Shape): Type => ({ shape: of, dtype: "f32" });
  const types = [f32(shape), fn === LossFn.CrossEntropy ? labels : f32(shape), f32([])];
  const attrs = { fn, parameter: 1 };
  return {
    attrs,
    batch,
    inputs: [0, 1],
    outputs: [3, 4],
    type: (id: number) => types[id],
    isRead: () => true,
  };
}

describe("a loss", () => {
  it("is one record up to a block, and two beyond", () => {
    const { Elements, Rows } = LossBlock;
    for (const [fn, shape, batch, blocks] of [
      [LossFn.MeanSquaredError, [-1, 1], 4, 1],
      [LossFn.MeanSquaredError, [-1, 64], Elements / 64, 1],
      [LossFn.MeanSquaredError, [-1, 64], Elements / 64 + 1, 2],
      [LossFn.MeanSquaredError, [-64], Elements / 64 + 1, 2],
      [LossFn.MeanSquaredError, [], 1000, 1],
      [LossFn.CrossEntropy, [-1, 10], Rows, 1],
      [LossFn.CrossEntropy, [-1, 10], Rows + 1, 2],
      [LossFn.CrossEntropy, [-2, 10], Rows / 2, 1],
      [LossFn.CrossEntropy, [-1, 1000], 4, 1],
      [LossFn.CrossEntropy, [-1, 1000], 5, 2],
      [LossFn.CrossEntropy, [-1, 50_000], 1, 1],
    ] as const) {
      const context = lossContext(fn, shape, batch);
      const both = lossAndGrad.lower(context as LowerContext<"lossAndGrad">);
      expect(opcodes(both)).toEqual(blocks === 1 ? ["Loss"] : ["LossBlocks", "LossTotal"]);
      const alone = loss.lower(context as LowerContext<"loss">);
      expect(opcodes(alone)).toEqual(opcodes(both));
      const gradient = lossGrad.lower({ ...context, inputs: [0, 1, 2] } as LowerContext<"lossGrad">);
      expect(opcodes(gradient)).toEqual(blocks === 1 ? ["Loss"] : ["LossBlocks"]);
    }
  });

  it("hands the sums of its blocks over in shared scratch", () => {
    const context = lossContext(LossFn.Huber, [-1, 100], 100);
    const [blocks, total] = lossAndGrad.lower(context as LowerContext<"lossAndGrad">);
    expect(blocks.fields).toEqual({
      ...{
        fn: LossFn.Huber,
        partials: SCRATCH,
        dx: { value: 4 },
        scale: 0,
        p: { value: 0 },
        t: { value: 1 },
      },
      ...{ m: -1, n: 100, targets: { setting: "targets", of: 1 }, parameter: 1, alpha: 0 },
      ...{ weights: 0, span: 1, weighted: { setting: "words", of: 0 } },
    });
    expect(total.fields).toEqual({
      ...{ fn: LossFn.Huber, loss: { value: 3 }, partials: SCRATCH, m: -1, n: 100 },
    });
  });
});

describe("a reduction", () => {
  const lowered = (shape: Shape, from: number, to: number, batch: number) => {
    const attrs = { fn: ReduceFn.Sum, from, to };
    const type = (): Type => ({ shape, dtype: "f32" });
    return opcodes(reduce.lower({ attrs, batch, inputs: [0], outputs: [1], type, isRead: () => true }));
  };

  it("is two records where few outputs take many elements of more than one block", () => {
    const two = ["ReduceBlocks", "ReduceTotal"];
    expect(lowered([-1, 10], 0, 1, 10_000)).toEqual(two);
    expect(lowered([-1, 1000], 0, 2, 100)).toEqual(two);
    expect(lowered([100_000], 0, 1, 1)).toEqual(two);
    expect(lowered([4, 20_000], 1, 2, 1)).toEqual(two);
  });

  it("is one record where there is little to share, or there are outputs to share it between", () => {
    const one = ["Reduce"];
    expect(lowered([-1, 10], 0, 1, 100)).toEqual(one);
    expect(lowered([-1, 1000], 0, 1, 1000)).toEqual(one);
    expect(lowered([100_000, 4], 1, 2, 1)).toEqual(one);
    expect(lowered([100, RowSum.Block], 1, 2, 1)).toEqual(one);
  });
});
