/** Where parts of a program wait for each other: wherever they must, and nowhere else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Opcode, RecordWord, Section } from "../../assembly/abi.ts";
import { compile, crossEntropy, dense, sequential } from "../../src/index.ts";
import { setBarriers } from "../../src/plan/barriers.ts";
import { adamPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { boundsOf, type Plan, stretchesOf } from "../../src/plan/planned.ts";
import type { PlanRequest } from "../../src/plan/request.ts";
import { sharedScratch } from "../../src/tape/operands.ts";
import { encode, RECORDS } from "../../src/tape/records.ts";
import { readTape, type TapeRecord } from "../../src/tape/verify.ts";
import { randomRequest, type Step } from "./random-graph.ts";
import { ADAM, addUpdated, meanOverRows, smallRequest, sum } from "./requests.ts";

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(15), fc.nat(999), fc.nat(999), fc.nat(999));
const steps = fc.array(step, { minLength: 1, maxLength: 30, size: "max" });

/** Whether a byte that one of the records writes is touched by the other; each part has its private scratch to itself. */
function conflict(a: TapeRecord, b: TapeRecord): boolean {
  for (const p of a.buffers)
    for (const q of b.buffers)
      if (
        !p.isPrivate &&
        !q.isPrivate &&
        (p.kind !== "in" || q.kind !== "in") &&
        p.from < q.to &&
        q.from < p.to
      )
        return true;
  return false;
}

const stretchesIn = (plan: Plan, rows = plan.batch) =>
  stretchesOf(plan).map(({ from, to }) => readTape(plan.words, from, to, boundsOf(plan, rows)));

/** The first two records of a stretch that conflict without a barrier after the first. */
function unguarded(records: readonly TapeRecord[]): string | undefined {
  for (let j = 0; j < records.length; j++)
    for (let i = j - 1; i >= 0 && !records[i + 1].barrier; i--)
      if (conflict(records[i], records[j]))
        return `${Opcode[records[i].opcode]} and ${Opcode[records[j].opcode]}`;
  return undefined;
}

/** A barrier that no two records on its sides need. */
function needless(records: readonly TapeRecord[]): string | undefined {
  let since = 0;
  for (let j = 0; j < records.length; j++) {
    if (!records[j].barrier) continue;
    if (!records.slice(since, j).some((record) => conflict(record, records[j])))
      return Opcode[records[j].opcode];
    since = j;
  }
  return undefined;
}

function check(request: PlanRequest): void {
  const plan = planProgram({ ...request, parts: 3 });
  for (const rows of [plan.batch, 1])
    for (const records of stretchesIn(plan, rows)) expect(unguarded(records)).toBeUndefined();
  for (const records of stretchesIn(plan)) expect(needless(records)).toBeUndefined();
}

const withUpdates = () =>
  smallRequest({
    accumulate: 2,
    optimizer: adamPlan([{ ...ADAM, match: /bias$/ }, ADAM]),
    extend: ({ graph, builder, x }) => {
      addUpdated({ graph, builder }, "running", [2], (own) => sum(builder, own, meanOverRows(builder, x)));
    },
  });

describe("barriers", () => {
  it("stand between any two records of a random graph that conflict, and none where none do", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), (list, batch) => check(randomRequest(list, batch))),
      { seed: 1, numRuns: 100 },
    );
  });

  it("stand where records of optimizer, sums and update nodes conflict", () => {
    check(withUpdates());
  });

  it("are none in a program that one worker runs", () => {
    for (const parts of [undefined, 1]) {
      const plan = planProgram({ ...withUpdates(), parts });
      expect(
        stretchesIn(plan)
          .flat()
          .some(({ barrier }) => barrier),
      ).toBe(false);
    }
  });

  it("are told from too few", () => {
    const plan = planProgram({ ...withUpdates(), parts: 3 });
    const all = stretchesIn(plan).flat();
    const barriers = all.filter(({ barrier }) => barrier);
    expect(barriers.length).toBeGreaterThan(5);
    for (const { at } of barriers) {
      plan.words[(at - plan.base) / 4] &= ~RecordWord.Barrier;
      expect(
        stretchesIn(plan).some((records) => unguarded(records) !== undefined),
        `@${at}`,
      ).toBe(true);
      plan.words[(at - plan.base) / 4] |= RecordWord.Barrier;
    }
  });

  it("make a layer wait for the one before, and the gradients of weights for nobody", () => {
    const model = sequential({ input: [4] }, [
      dense(5, { activation: "tanh" }),
      dense(3, { activation: "softmax" }),
    ]);
    using trainer = compile(model, {
      loss: crossEntropy(),
      optimizer: { ...optimizer(), plan: adamPlan([ADAM]) },
    });
    const { plan } = trainer.program;
    setBarriers(plan.words, stretchesOf(plan), boundsOf(plan, plan.batch));
    const waits = (section: Section) => {
      const { from, to } = plan.train?.sections[section] ?? { from: 0, to: 0 };
      return readTape(plan.words, from, to, boundsOf(plan, 4)).map(
        ({ opcode, barrier }) => `${barrier ? "| " : ""}${Opcode[opcode]}`,
      );
    };
    expect(waits(Section.Forward)).toEqual(["Dense", "| Dense", "| Loss"]);
    expect(waits(Section.Backward)).toEqual(["DenseGradWeights", "DenseGradInput", "| DenseGradWeights"]);
    // The powers of the betas are two numbers apart.
    expect(waits(Section.Commit)).toEqual(["Advance", "Advance"]);
  });

  const optimizer = () => ({ kind: "adam" as const, learningRate: 0.1, settings: {} });

  it("count scratch that parts share, not what each has to itself", () => {
    const BASE = 4096;
    const dense = (y: number) =>
      encode(Opcode.Dense, {
        ...{ path: 0, y, x: 8192, w: 8448, bias: 0, m: 4, n: 4, k: 4, fn: 0, alpha: 0, scratch: 16384 },
      });
    const barriersOf = () => {
      const words = new Int32Array(96);
      words.set([...dense(12288), ...dense(12544)], 48);
      const to = BASE + (48 + 24) * 4;
      setBarriers(words, [{ from: BASE + 48 * 4, to }], { base: BASE, end: 65536, rows: 1 });
      return readTape(words, BASE + 48 * 4, to, { base: BASE, end: 65536, rows: 1 }).map(
        ({ barrier }) => barrier,
      );
    };
    expect(barriersOf()).toEqual([false, false]);
    const operands = RECORDS[Opcode.Dense].operands as { scratch: unknown };
    const { scratch } = operands;
    try {
      operands.scratch = sharedScratch(() => 64);
      expect(barriersOf()).toEqual([false, true]);
    } finally {
      operands.scratch = scratch;
    }
  });
});
