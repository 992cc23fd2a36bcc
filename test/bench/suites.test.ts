/** Every workload of the benchmark verifies its results when it is made; here at tiny sizes. */
import { describe, expect, it } from "vitest";
import { type Effort, measure, median, speedup } from "../../bench/measure.ts";
import { PlainNetwork } from "../../bench/plain/network.ts";
import { productNN } from "../../bench/plain/products.ts";
import { line, table } from "../../bench/report.ts";
import { FULL, QUICK, TINY, XOR } from "../../bench/shapes.ts";
import { suitesOf } from "../../bench/suites/index.ts";
import { networkData, networkTrainer, stepFlops, verifyTraining } from "../../bench/suites/networks.ts";
import type { CopyLoop } from "../../bench/suites/optimizers.ts";
import { VerificationError, verifyClose } from "../../bench/verify.ts";

const copyLoop: CopyLoop = (memory) => (to, from, bytes) =>
  new Uint8Array(memory.buffer).copyWithin(to, from, from + bytes);

const ONE_TURN: Effort = { rounds: 1, turnMs: 0, warmupMs: 0 };

describe.each(suitesOf(TINY, copyLoop))("suite $name", ({ name: suite, workloads }) => {
  it.each(workloads)("verifies $name, and every variant runs", ({ name, make }) => {
    const workload = make();
    expect(workload.name).toBe(name);
    const [engine, plain] = measure([workload.engine, workload.plain], ONE_TURN);
    const { ms, plainMs } = line(suite, workload, { engine, plain });
    expect(ms).toBeGreaterThan(0);
    expect(plainMs).toBeGreaterThan(0);
  });
});

describe("verification", () => {
  it("refuses an engine that trains from other parameters than the plain loops", () => {
    const trainer = networkTrainer(XOR);
    const plain = new PlainNetwork(XOR);
    const parameters = Object.values(trainer.parameters).map((p) => p.data.slice());
    parameters[2][3] += 0.01;
    plain.load(parameters);
    expect(() => verifyTraining(XOR, trainer, plain, networkData(XOR))).toThrow(VerificationError);
  });

  it("refuses NaN, other lengths and numbers beyond the tolerance", () => {
    verifyClose("x", [1, 2], [1, 2 + 1e-6], 1e-5);
    expect(() => verifyClose("x", [1, Number.NaN], [1, 2], 1e-5)).toThrow(VerificationError);
    expect(() => verifyClose("x", [1], [1, 2], 1e-5)).toThrow(VerificationError);
    expect(() => verifyClose("x", [1, 2.1], [1, 2], 1e-5)).toThrow("x: results must agree");
  });
});

describe("shapes", () => {
  it("are named once a list", () => {
    for (const shapes of [FULL, QUICK, TINY])
      for (const { name, workloads } of suitesOf(shapes, copyLoop))
        expect(new Set(workloads.map((w) => w.name)).size, name).toBe(workloads.length);
  });

  it("count the multiplications and additions that a step needs", () => {
    // Forward and weight gradient 2 x 4 x (2 x 8 + 8 x 1) each, input gradient of the second layer 2 x 4 x 8.
    expect(stepFlops(XOR)).toBe(2 * 192 + 64);
  });
});

describe("plain loops", () => {
  it("multiply by the identity exactly", () => {
    const a = Float32Array.of(1, 2, 3, 4, 5, 6);
    const c = new Float32Array(6);
    productNN(c, a, Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), 2, 3, 3);
    expect(c).toEqual(a);
  });
});

describe("report", () => {
  it("takes medians over turns, and ratios within a turn", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    const timing = (turns: number[]) => ({ ms: median(turns), fastestMs: Math.min(...turns), turns });
    // The machine was ten times slower in the second turn, for both.
    expect(speedup(timing([1, 10, 1]), timing([4, 40, 4]))).toBe(4);
  });

  it("leaves out columns that say nothing", () => {
    const timing = { ms: 1, fastestMs: 1, turns: [1] };
    const swap = { name: "swap", run: () => {}, units: 1 };
    const workload = { name: "a", unit: "swap", engine: swap, plain: swap };
    expect(table([line("state", workload, { engine: timing, plain: timing })])).toBe(
      "workload          time  plain loops  ratio\na         1.00 ms/swap      1.00 ms   1.0x",
    );
  });
});
