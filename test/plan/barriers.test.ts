/** Where parts of a program wait for each other: wherever they must, and nowhere else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Opcode, RecordWord, Section } from "../../assembly/abi.ts";
import { adam, compile, crossEntropy, dense, sequential } from "../../src/index.ts";
import { setBarriers, setFlag, verifyBarriers } from "../../src/plan/barriers.ts";
import { adamPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { boundsOf, type Plan, stretchesOf } from "../../src/plan/planned.ts";
import type { PlanRequest } from "../../src/plan/request.ts";
import { sharedScratch } from "../../src/tape/operands.ts";
import { encode, RECORDS, recordWords } from "../../src/tape/records.ts";
import { readTape, type TapeRecord } from "../../src/tape/verify.ts";
import { difference } from "../kernels/compare.ts";
import type { Feeds } from "../oracle/graph.ts";
import { feedsOf } from "./check.ts";
import { randomRequest, type Step } from "./random-graph.ts";
import { ADAM, addUpdated, meanOverRows, smallRequest, sum } from "./requests.ts";
import { Machine } from "./train.ts";

const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(15), fc.nat(999), fc.nat(999), fc.nat(999));
const steps = fc.array(step, { minLength: 1, maxLength: 30, size: "max" });

/**
 * Whether a byte that one of the records writes is touched by the other; each part has its private scratch to itself. What part 0
 * computes alone comes in order.
 */
function conflict(a: TapeRecord, b: TapeRecord): boolean {
  if (a.alone && b.alone) return false;
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

const workers = (count: number) => ({ count, setBarriers });

/** The same, but every so many records part 0 computes alone. */
const partly = (count: number, every: number) => ({
  count,
  setBarriers: (plan: Plan) => {
    stretchesIn(plan)
      .flat()
      .forEach(({ at }, i) => {
        setFlag(plan, at, RecordWord.Alone, i % every === 0);
      });
    setBarriers(plan);
  },
});

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

function check(request: PlanRequest, parts = workers(3)): void {
  const plan = planProgram({ ...request, parts });
  verifyBarriers(plan);
  for (const rows of [plan.batch, 1])
    for (const records of stretchesIn(plan, rows)) expect(unguarded(records)).toBeUndefined();
  for (const records of stretchesIn(plan)) expect(needless(records)).toBeUndefined();
}

const ORDERS = [
  [0, 1],
  [1, 0],
  [2, 0, 1],
  [2, 1, 0],
  [4, 2, 0, 3, 1],
];

/** Losses, gradients, predictions and outputs of a pass, each record by the parts in this order. */
function everything(plan: Plan, feeds: Feeds, rows: number, order: readonly number[] | undefined) {
  const machine = new Machine(plan);
  const { train, predict } = plan as Plan & { readonly train: NonNullable<Plan["train"]> };
  for (const { name, value } of plan.variables) machine.setVariable(name, feeds.get(value) as never);
  const execute = (stretch: { readonly from: number; readonly to: number }) =>
    order ? machine.executeParts(stretch, rows, order) : machine.execute(stretch, rows);
  const evaluate = train.evaluate as NonNullable<typeof train.evaluate>;
  const outputsOf = ({ outputs }: typeof predict) =>
    outputs.map(({ offset, rowElements }) => machine.read(offset, rows * rowElements));
  machine.give(train.tape, feeds);
  execute(train.sections[Section.Forward]);
  execute(train.sections[Section.Backward]);
  const trained = plan.variables.map((v) =>
    machine.read(v.gradient || train.loss, v.gradient ? v.elements : 1),
  );
  machine.give(evaluate, feeds);
  execute(evaluate);
  const evaluated = [machine.read(evaluate.loss, 1), ...outputsOf(evaluate)];
  machine.give(predict, feeds);
  execute(predict);
  return [...trained, ...evaluated, ...outputsOf(predict)];
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

  it("stand between two records that part 0 computes alone for no reason of theirs", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 3 }), (list, every) =>
        check(randomRequest(list, 4), partly(3, every)),
      ),
      { seed: 3, numRuns: 100 },
    );
    const all = planProgram({ ...withUpdates(), parts: partly(3, 1) });
    expect(
      stretchesIn(all)
        .flat()
        .some(({ barrier }) => barrier),
    ).toBe(false);
  });

  it("stand where records of optimizer, sums and update nodes conflict", () => {
    check(withUpdates());
  });

  it("are enough for any order of the parts: the same bits as of one worker", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.constantFrom(...ORDERS), (list, batch, order) => {
        const request = randomRequest(list, batch);
        const feeds = feedsOf(request, batch, batch);
        const plan = (parts: PlanRequest["parts"]) => planProgram({ ...randomRequest(list, batch), parts });
        const alone = everything(plan(undefined), feeds, batch, undefined);
        for (const parts of [workers(order.length), partly(order.length, 2)]) {
          const together = everything(plan(parts), feeds, batch, order);
          together.forEach((values, i) => {
            expect(difference(values, alone[i]), `result ${i}`).toBeUndefined();
          });
        }
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it("are told from none by the bits", () => {
    const list: Step[] = [
      [5, 3, 10, 2],
      [5, 0, 10, 0],
      [9, 0, 0, 0],
    ];
    const request = randomRequest(list, 6);
    const feeds = feedsOf(request, 6, 6);
    // Several workers, planned as one.
    const alone = everything(planProgram(randomRequest(list, 6)), feeds, 6, undefined);
    const careless = everything(planProgram(randomRequest(list, 6)), feeds, 6, [2, 1, 0]);
    expect(careless.some((values, i) => difference(values, alone[i]) !== undefined)).toBe(true);
  });

  it("are none in a program that one worker runs", () => {
    for (const parts of [undefined, workers(1)]) {
      const plan = planProgram({ ...withUpdates(), parts });
      expect(
        stretchesIn(plan)
          .flat()
          .some(({ barrier }) => barrier),
      ).toBe(false);
    }
  });

  it("are told from too few", () => {
    const plan = planProgram({ ...withUpdates(), parts: workers(3) });
    const all = stretchesIn(plan).flat();
    const barriers = all.filter(({ barrier }) => barrier);
    expect(barriers.length).toBeGreaterThan(5);
    for (const { at } of barriers) {
      plan.words[(at - plan.base) / 4] &= ~RecordWord.Barrier;
      expect(
        stretchesIn(plan).some((records) => unguarded(records) !== undefined),
        `@${at}`,
      ).toBe(true);
      expect(() => verifyBarriers(plan)).toThrow(
        /^plan: parts must wait between records .* no barrier before /,
      );
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
      optimizer: adam(),
    });
    const { plan } = trainer.program;
    setBarriers(plan);
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

  it("count scratch that parts share, not what each has to itself", () => {
    const BASE = 4096;
    const dense = (y: number) =>
      encode(Opcode.Dense, {
        ...{ y, x: 8192, w: 8448, bias: 0, m: 4, n: 4, k: 4, fn: 0, alpha: 0, scratch: 16384 },
      });
    const barriersOf = () => {
      const words = new Int32Array(96);
      words.set([...dense(12288), ...dense(12544)], 48);
      const to = BASE + (48 + 2 * recordWords(Opcode.Dense)) * 4;
      const predict = { from: BASE + 48 * 4, to };
      setBarriers({ words, base: BASE, end: 65536, batch: 1, variables: [], predict } as unknown as Plan);
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
