/** Counters and blocks that features register: part of the state like those that every program has. */
import { describe, expect, it } from "vitest";
import { StateError } from "../../src/index.ts";
import type { Feature } from "../../src/plan/feature.ts";
import { Program } from "../../src/program/program.ts";
import { defaultEngine } from "../../src/runtime/space.ts";
import { smallRequest } from "../plan/requests.ts";

const BEST: Feature = {
  counters: [{ name: "bestLoss", kind: "sum", initial: 1e9 }],
  blocks: ["bestWeights"],
};

function programOf(features: readonly Feature[] = []) {
  const { base, x, t, ...request } = smallRequest({ features });
  const program = new Program("test", defaultEngine(), request, { seed: 1, shuffleSeed: 1 });
  const { plan } = program;
  const block = plan.train?.blocks[0];
  const trained = plan.layout.regions.find(({ name }) => name === "trained")?.bytes ?? 0;
  const at = (block?.offset ?? 0) / 4;
  return {
    program,
    block: program.f32.subarray(at, at + (block ? trained / 4 : 0)),
    best: () => program.counter(plan.counters.indexOf("bestLoss")),
    setBest: (value: number) => program.setCounter(plan.counters.indexOf("bestLoss"), value),
  };
}

describe("what a feature registers", () => {
  it("starts as it says, with zeros in its blocks", () => {
    const { block, best } = programOf([BEST]);
    expect(best()).toBe(1e9);
    expect(block.length).toBeGreaterThan(0);
    expect(block.every((v) => v === 0)).toBe(true);
  });

  it("belongs to the state", () => {
    const one = programOf([BEST]);
    one.setBest(0.125);
    one.block.fill(3);
    const other = programOf([BEST]);
    other.program.states.load("restore", one.program.states.save(), true);
    expect(other.best()).toBe(0.125);
    expect(other.block).toEqual(one.block);
    other.program.initialize({ seed: 1, shuffleSeed: 1 });
    expect([other.best(), other.block[0]]).toEqual([1e9, 0]);
  });

  it("starts anew from a state without it, and is left out where nobody keeps it", () => {
    const plain = programOf();
    const one = programOf([BEST]);
    one.setBest(0.125);
    one.block.fill(3);
    const withIt = one.program.states.save();
    one.program.states.load("restore", plain.program.states.save(), true);
    expect([one.best(), one.block[0]]).toEqual([1e9, 0]);
    plain.program.states.load("restore", withIt, true);
  });

  it("is found by name beside what other features keep", () => {
    const other: Feature = { counters: [{ name: "waits", kind: "count", initial: 0 }], blocks: ["average"] };
    const one = programOf([BEST]);
    one.setBest(0.5);
    one.block.fill(3);
    const both = programOf([other, BEST]);
    both.program.states.load("restore", one.program.states.save(), true);
    expect(both.best()).toBe(0.5);
    const [average, best] = (both.program.plan.train?.blocks ?? []).map(
      ({ offset }) => both.program.f32[offset / 4],
    );
    expect([average, best]).toEqual([0, 3]);
  });

  it("is checked like the rest: no NaN in a block or a counter", () => {
    const one = programOf([BEST]);
    one.block[0] = Number.NaN;
    expect(() => programOf([BEST]).program.states.load("restore", one.program.states.save(), true)).toThrow(
      StateError,
    );
    one.block[0] = 0;
    one.setBest(Number.NaN);
    expect(() => programOf([BEST]).program.states.load("restore", one.program.states.save(), true)).toThrow(
      StateError,
    );
  });
});
