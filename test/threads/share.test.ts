/** Which records are shared: those that take long enough, from enough rows on, and none of small models. */
import { describe, expect, it } from "vitest";
import { Opcode, RecordWord, Section } from "../../assembly/abi.ts";
import {
  adam,
  compile,
  conv2d,
  crossEntropy,
  dense,
  flatten,
  lstm,
  maxPool2d,
  meanSquaredError,
  sequential,
  type Trainer,
} from "../../src/index.ts";
import { verifyBarriers } from "../../src/plan/barriers.ts";
import { boundsOf, type Plan, stretchesOf } from "../../src/plan/planned.ts";
import { readTape } from "../../src/tape/verify.ts";
import { costOf, largestShare } from "../../src/threads/costs.ts";
import { type Prices, type Shared, shareOut } from "../../src/threads/share.ts";
import { classifier, lineTrainer, xorTrainer } from "../fixtures.ts";

const QUIET: Prices = { barrier: 300, wake: 10_000 };

/** A plan whose words may be written. */
const planOf = ({ program: { plan } }: Trainer): Plan => ({ ...plan, words: plan.words.slice() });

function decide(trainer: Trainer, parts = 2, prices = QUIET): { plan: Plan; shared: Shared[] } {
  const plan = planOf(trainer);
  const shared = shareOut(plan, parts, prices, "pays");
  verifyBarriers(plan);
  trainer.dispose();
  return { plan, shared };
}

/** Names of what is shared in a stretch. */
function sharedIn(plan: Plan, stretch: { from: number; to: number }): string[] {
  return readTape(plan.words, stretch.from, stretch.to, boundsOf(plan, plan.batch))
    .filter(({ alone }) => !alone)
    .map(({ opcode }) => Opcode[opcode]);
}

const wide = () =>
  compile(
    sequential({ input: [784] }, [
      dense(512, { activation: "relu" }),
      dense(512, { activation: "relu" }),
      dense(10, { activation: "softmax" }),
    ]),
    { loss: crossEntropy(), optimizer: adam(), batchSize: 128 },
  ) as Trainer;

describe("sharing", () => {
  it.each([
    ["a line", lineTrainer],
    ["XOR", xorTrainer],
    ["a small classifier", classifier],
    [
      "a small recurrent network",
      () =>
        compile(sequential({ input: [5, 2] }, [lstm(4), dense(1)]), {
          loss: meanSquaredError(),
          optimizer: adam(),
          batchSize: 4,
        }),
    ],
  ])("leaves %s to one thread", (_name, make) => {
    for (const parts of [2, 4, 16]) {
      const { plan, shared } = decide(make() as Trainer, parts);
      for (const stretch of shared) {
        expect(sharedIn(plan, stretch)).toEqual([]);
        expect(stretch.leastRows).toBe(Number.POSITIVE_INFINITY);
      }
    }
  });

  it("takes the products and updates of a wide network, and leaves what cannot be cut", () => {
    const { plan, shared } = decide(wide());
    const [predict, ...sections] = shared;
    expect(
      sharedIn(plan, sections[Section.Forward]).filter((name) => name === "Dense").length,
    ).toBeGreaterThanOrEqual(2);
    expect(sharedIn(plan, sections[Section.Forward])).not.toContain("LossTotal");
    expect(sharedIn(plan, sections[Section.Backward])).toEqual(
      expect.arrayContaining(["DenseGradWeights", "DenseGradInput"]),
    );
    expect(sharedIn(plan, sections[Section.Update])).toContain("Adam");
    expect(sharedIn(plan, sections[Section.Commit])).toEqual([]);
    for (const section of [sections[Section.Forward], sections[Section.Backward], sections[Section.Update]])
      expect(section.together).toBeLessThan(section.alone * 0.65);
    expect(predict.leastRows).toBeLessThan(64);
    // Of one row workers hear when it is over, where they wake slowly.
    expect(decide(wide(), 2, { ...QUIET, wake: 40_000 }).shared[0].leastRows).toBeGreaterThan(1);
  });

  it("takes convolutions", () => {
    const trainer = compile(
      sequential({ input: [28, 28, 1] }, [
        conv2d(6, { kernel: 5, activation: "relu" }),
        maxPool2d(2),
        conv2d(16, { kernel: 5, activation: "relu" }),
        maxPool2d(2),
        flatten(),
        dense(10, { activation: "softmax" }),
      ]),
      { loss: crossEntropy(), optimizer: adam(), batchSize: 32 },
    );
    const { plan, shared } = decide(trainer as Trainer);
    expect(sharedIn(plan, shared[1 + Section.Forward])).toContain("Conv");
    expect(sharedIn(plan, shared[1 + Section.Backward])).toContain("ConvGradWeights");
  });

  it("is less where threads meet at a high price, down to nothing", () => {
    const count = (barrier: number) => {
      const { plan, shared } = decide(wide(), 2, { barrier, wake: 10 * barrier });
      return shared.flatMap((stretch) => sharedIn(plan, stretch)).length;
    };
    const counts = [100, 5_000, 100_000, 100_000_000].map(count);
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    expect(counts[0]).toBeGreaterThan(counts[2]);
    expect(counts[3]).toBe(0);
  });

  it("is of everything where tests ask for it", () => {
    const plan = planOf(xorTrainer() as Trainer);
    const shared = shareOut(plan, 2, QUIET, "all");
    verifyBarriers(plan);
    for (const stretch of shared)
      for (const { alone } of readTape(plan.words, stretch.from, stretch.to, boundsOf(plan, 4)))
        expect(alone).toBe(false);
    // And the flags go again.
    shareOut(plan, 2, QUIET, "pays");
    verifyBarriers(plan);
    for (const { from, to } of stretchesOf(plan))
      for (const { at } of readTape(plan.words, from, to, boundsOf(plan, 4)))
        expect(plan.words[(at - plan.base) / 4] & RecordWord.Barrier).toBe(0);
  });

  it("never counts on a part that gets nothing", () => {
    expect(largestShare({ ns: 1, pieces: 1 }, 4)).toBe(1);
    expect(largestShare({ ns: 1, pieces: 3 }, 2)).toBeCloseTo(2 / 3);
    expect(largestShare({ ns: 1, pieces: 64 }, 4)).toBe(1 / 4);
    const { plan } = decide(wide());
    for (const { from, to } of stretchesOf(plan))
      for (const record of readTape(plan.words, from, to, boundsOf(plan, 1))) {
        const { ns, pieces } = costOf(record);
        expect(ns).toBeGreaterThan(0);
        expect(Number.isInteger(pieces) && pieces >= 1, Opcode[record.opcode]).toBe(true);
      }
  });
});
