/** The suite of `wasmgrad bench`: what it computes is what was shipped, here and everywhere. */
import { describe, expect, it } from "vitest";
import { formatBench, runBench, WORKLOADS } from "../../src/cli/bench.ts";
import { RECORD, SUITE } from "../../src/cli/bench-record.ts";

describe("the suite", () => {
  it("has a record of every workload, and of nothing else", () => {
    expect(Object.keys(RECORD)).toEqual(WORKLOADS.map(({ name }) => name));
    expect(SUITE).toMatch(/^wasmgrad-bench \d+$/);
  });

  it.each(WORKLOADS.map((workload) => [workload.name, workload] as const))(
    "%s gives the shipped digest, each time",
    (name, { open }) => {
      const round = open();
      round.run();
      expect(round.digest()).toBe(RECORD[name][0]);
      round.run();
      expect(round.digest()).toBe(RECORD[name][0]);
    },
  );

  it("says of each workload time, rate, score and whether its bits are equal, and one score", () => {
    const seen: string[] = [];
    const report = runBench((name) => seen.push(name), WORKLOADS.slice(0, 1), { warmUpMs: 0, measureMs: 1 });
    expect(seen).toEqual(["xor"]);
    expect(report).toMatchObject({ suite: SUITE, workloads: [{ name: "xor", bits: "equal" }] });
    expect(report.score).toBe(Math.round(report.workloads[0].score));
    expect(formatBench(report)).toMatch(
      /\nxor +[\d.]+ us +[\d.]+ k trainings\/s +\d+ {3}equal\n[\s\S]*\nscore \d+ /,
    );
  });

  it("says which workload has other bits", () => {
    const [xor] = WORKLOADS;
    const other = { ...xor, open: () => ({ ...xor.open(), digest: () => "0".repeat(64) }) };
    const report = runBench(() => {}, [other], { warmUpMs: 0, measureMs: 1 });
    expect(report.workloads[0].bits).toBe("different");
    expect(formatBench(report)).toContain("different bits in xor");
  });
});
