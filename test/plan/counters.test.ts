import { describe, expect, it } from "vitest";
import { Counter } from "../../assembly/abi.ts";
import { Graph } from "../../src/graph/graph.ts";
import { type CounterKind, counterTable, fittedCounters, isSound } from "../../src/plan/counters.ts";
import { adamPlan, optimizerCounters, sgdPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { preprocessingOf } from "../../src/preprocess/pipeline.ts";
import { ADAM, smallRequest } from "./requests.ts";

describe("the table of counters", () => {
  it("starts with those of every program, in the order the machine knows", () => {
    const { entries, indexOf } = counterTable([]);
    expect(entries.map(({ name }) => name)).toEqual([
      ...[
        "step",
        "epoch",
        "cursor",
        "epochLoss",
        "epochRows",
        "microStep",
        "groupRows",
        "seed",
        "shuffleSeed",
      ],
    ]);
    for (let i = 0; i < Counter.Count; i++) expect(indexOf(entries[i].name)).toBe(i);
    expect(indexOf("shuffleSeed")).toBe(Counter.ShuffleSeed);
    expect(entries.every(({ initial }) => initial === 0)).toBe(true);
  });

  it("goes on with rates and powers of the optimizer, each by group; the last group's have no number", () => {
    const groups = [0.5, 0.25, 0.125].map((learningRate) => ({ ...ADAM, learningRate }));
    expect(
      optimizerCounters(adamPlan(groups)).map(({ name, kind, initial }) => [name, kind, initial]),
    ).toEqual([
      ["learningRate.1", "rate", 0.5],
      ["learningRate.2", "rate", 0.25],
      ["learningRate", "rate", 0.125],
      ["beta1Power.1", "share", 1],
      ["beta1Power.2", "share", 1],
      ["beta1Power", "share", 1],
      ["beta2Power.1", "share", 1],
      ["beta2Power.2", "share", 1],
      ["beta2Power", "share", 1],
    ]);
    const sgd = sgdPlan([{ learningRate: 0.1, momentum: 0.9, nesterov: false }]);
    expect(optimizerCounters(sgd).map(({ name }) => name)).toEqual(["learningRate"]);
  });

  it("is what opens the state, and what records name", () => {
    const { counters, state, layout, words, base, train } = planProgram(smallRequest());
    expect(counters.entries).toHaveLength(Counter.Count + 3);
    expect(state.offset).toBe(layout.at("counters"));
    expect(layout.at("idle") - layout.at("counters")).toBe(counters.entries.length * 8);
    const adam = train?.sections.flatMap(({ from, records }) => (records.length === 1 ? [from] : [])) ?? [];
    const record = adam.find(
      (at) => words[(at - base) / 4 + 7] === state.offset + counters.indexOf("beta1Power") * 8,
    );
    expect(record, "an Adam record with the power of beta1 as its seventh operand").toBeDefined();
  });

  it("ends with what is fitted to data, each entry of its own length, by input, then by output", () => {
    const scaled = preprocessingOf([3], undefined, [
      { name: "fill", kind: "impute", columns: [1], with: 0 },
      { name: "scale", kind: "standardize", columns: [0, 2] },
    ]);
    const graph = new Graph();
    const value = graph.addInput("plain", [-1, 2]);
    graph.inputs.push({ name: "x", value, preprocessing: scaled, initial: [1, 5, 6, 7, 8] });
    graph.outputs.push({ name: "p", value }, { name: "q", value, targets: "standardize" });
    const { entries, size, fittedAt, indexOf } = counterTable([
      { name: "rate", kind: "rate", initial: 0.5 },
      ...fittedCounters(graph),
    ]);
    expect(fittedAt).toBe(Counter.Count + 1);
    expect(
      entries
        .filter(({ isFitted }) => isFitted)
        .map(({ name, at, length, values }) => [name, at - fittedAt, length, values]),
    ).toEqual([
      ["scale.fitted", 0, 1, [1]],
      ["scale.mean", 1, 2, [5, 6]],
      ["scale.spread", 3, 2, [7, 8]],
      ["targets.q.fitted", 5, 1, undefined],
      ["targets.q.mean", 6, 2, undefined],
      ["targets.q.spread", 8, 2, undefined],
    ]);
    expect(size).toBe(fittedAt + 10);
    expect(indexOf("targets.q.mean")).toBe(fittedAt + 6);
  });

  it("refuses a name that nobody registered", () => {
    expect(() => counterTable([]).indexOf("beta1Power")).toThrow(
      "counters: must be registered; got beta1Power",
    );
  });
});

describe("a counter from outside is sound", () => {
  const sound = (kind: CounterKind) =>
    [-1, -0.5, 0, 0.5, 1, 1.5, 2 ** 53 - 1, 2 ** 53, Number.NaN, Infinity, -Infinity].filter((value) =>
      isSound({ name: "c", kind, initial: 0 }, value),
    );

  it("where counts are whole, shares in [0, 1], rates not negative, and all are finite", () => {
    expect(sound("count")).toEqual([0, 1, 2 ** 53 - 1]);
    expect(sound("share")).toEqual([0, 0.5, 1]);
    expect(sound("flag")).toEqual([0, 1]);
    expect(sound("spread")).toEqual(sound("rate"));
    expect(sound("fitted")).toEqual(sound("sum"));
    expect(sound("rate")).toEqual([0, 0.5, 1, 1.5, 2 ** 53 - 1, 2 ** 53]);
    expect(sound("sum")).toEqual([-1, -0.5, 0, 0.5, 1, 1.5, 2 ** 53 - 1, 2 ** 53]);
  });
});
