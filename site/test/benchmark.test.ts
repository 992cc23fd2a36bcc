/** The benchmark: its rounds under clocks of any kind, and pasted results as hostile input. */
import { describe, expect, it } from "vitest";
import stored from "../../bench/results/suite.json" with { type: "json" };
import { RECORD, SUITE } from "../../src/cli/bench-record.ts";
import { leastSample, measureInTurns, median, repeatsOf } from "../pages/benchmark/measure.ts";
import {
  browserOf,
  isEqual,
  PastedError,
  type Result,
  readResult,
  totalScore,
} from "../pages/benchmark/results.ts";

/** A clock that work moves, read in ticks. */
function clockOf(tick: number, reading = 0.001) {
  let now = 0;
  const works = (ms: number) => ({
    run: () => {
      now += ms;
    },
  });
  const clock = () => {
    now += reading;
    return Math.floor(now / tick) * tick;
  };
  return { clock, works };
}

describe("rounds", () => {
  it("repeat short work until a sample has 50 ms", () => {
    const { clock, works } = clockOf(0.005);
    expect(leastSample(clock)).toBe(50);
    expect(repeatsOf(works(0.5), 50, clock)).toBeCloseTo(100, -1);
    expect(repeatsOf(works(70), 50, clock)).toBe(1);
  });

  it("take longer where the clock ticks every 100 ms", () => {
    const { clock, works } = clockOf(100, 0.01);
    expect(leastSample(clock)).toBe(500);
    expect(repeatsOf(works(1), 500, clock)).toBeGreaterThanOrEqual(500);
  });

  it("end where the clock stands still", () => {
    expect(() => repeatsOf({ run() {} }, 50, () => 0)).toThrow("no clock that moves");
  });

  it("go through all work in turns, and give medians of doing it once", () => {
    const { clock, works } = clockOf(0.001, 0);
    const order: string[] = [];
    const slow = works(3);
    const samples = [1, 100, 2];
    const uneven = { run: () => works(samples[order.filter((name) => name === "b").length - 1]).run() };
    const named = (name: string, work: { run(): void }) => ({
      run: () => {
        order.push(name);
        work.run();
      },
    });
    const heard: number[] = [];
    const medians = measureInTurns(
      [
        { work: named("a", slow), repeats: 2 },
        { work: named("b", uneven), repeats: 1 },
      ],
      3,
      (round) => heard.push(round),
      clock,
    );
    expect(order.join("")).toBe("aabaabaab");
    expect(medians[0]).toBeCloseTo(3);
    expect(medians[1]).toBeCloseTo(2);
    expect(heard).toEqual([1, 2, 3]);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

const good = () => ({
  suite: SUITE,
  version: "0.1.0",
  engine: { node: "v20.0.0", cpu: "Some CPU" },
  workloads: Object.entries(RECORD).map(([name, [digest, ms]]) => ({ name, ms, digest, bits: "equal" })),
});

describe("a pasted result", () => {
  it("of the command is read", () => {
    const result = readResult(JSON.stringify(good()));
    expect(result.machine).toBe("Some CPU, Node v20.0.0");
    expect(result.statistic).toBe("least");
    expect(totalScore(result)).toBe(1000);
    expect(result.workloads.every(isEqual)).toBe(true);
  });

  it("does not say itself whether its bits are equal", () => {
    const other = good();
    other.workloads[1].digest = "0".repeat(64);
    expect(readResult(JSON.stringify(other)).workloads.map(isEqual).indexOf(false)).toBe(1);
  });

  const hostile = `<img src=x onerror=alert(1)>\u2028\u202e\n${"x".repeat(500)}`;
  it("has names that are short and on one line", () => {
    const { machine } = readResult(JSON.stringify({ ...good(), engine: undefined, machine: hostile }));
    expect(machine.length).toBeLessThanOrEqual(120);
    expect(machine).not.toMatch(/[\u2028\u202e\n]/);
  });

  const changed = (change: (result: ReturnType<typeof good>) => void) => {
    const result = good();
    change(result);
    return JSON.stringify(result);
  };
  it.each([
    ["", "There is nothing to compare"],
    ["{", "This is not JSON"],
    ["x".repeat(100_001), "This text has 100001 characters"],
    ["null", "no result of the suite"],
    ["[]", "no result of the suite"],
    ['{"workloads":{}}', "no result of the suite"],
    ['{"workloads":[],"suite":"other 2"}', "This is a result of other 2"],
    [JSON.stringify({ suite: SUITE, workloads: [null, 1, "xor"] }), 'must have the workload "xor" once'],
    [changed(({ workloads }) => workloads.push(workloads[0])), "it has it 2 times"],
    [changed(({ workloads }) => workloads.pop()), 'the workload "predict 100" once'],
    [changed(({ workloads: [xor] }) => (xor.ms = -1)), 'The time of "xor"'],
    [changed(({ workloads: [xor] }) => (xor.ms = 1e300)), 'The time of "xor"'],
    [changed(({ workloads: [xor] }) => (xor.ms = "1" as never)), 'The time of "xor"'],
    [changed(({ workloads: [xor] }) => (xor.digest = "g")), 'The digest of "xor"'],
    [changed((all) => (all.suite = { toString: 1 } as never)), "another suite"],
    ['{"__proto__":{"suite":"x"},"workloads":[]}', "another suite"],
  ])("%.60s is refused in a sentence", (text, sentence) => {
    expect(() => readResult(text)).toThrow(PastedError);
    expect(() => readResult(text)).toThrow(sentence);
  });
});

it("a browser is named by what it says of itself", () => {
  const safari =
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15";
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
  expect(
    [safari, chrome, `${chrome} Edg/156.0.1.2`, "Mozilla/5.0 Gecko/1 Firefox/153.0", ""].map(browserOf),
  ).toEqual(["Safari 26.1", "Chrome 156", "Edge 156", "Firefox 153", "a browser"]);
});

describe("the stored results", () => {
  it("are results of this suite, with equal bits", () => {
    expect(stored.length).toBeGreaterThan(0);
    for (const result of stored as readonly Result[]) {
      expect(readResult(JSON.stringify(result)).workloads.every(isEqual), result.machine).toBe(true);
      expect(result.machine).toMatch(/\w, \w+ \d/);
      expect(result.load).toBeGreaterThanOrEqual(0);
      expect(result.date).toMatch(/^\d{4}-\d\d-\d\d$/);
    }
  });
});
