import { describe, expect, it } from "vitest";
import { compile, type LogicGateName, logicGate, OptionError, parity } from "../../src/index.ts";

/** All rows of n bits, counting up. */
const rowsOf = (n: number) =>
  Array.from({ length: 2 ** n }, (_, i) => Array.from({ length: n }, (_, k) => (i >> (n - 1 - k)) & 1));

const ones = (row: readonly number[]) => row.reduce((sum, bit) => sum + bit, 0);

const TRUTH: Record<LogicGateName, (count: number, n: number) => boolean> = {
  and: (count, n) => count === n,
  or: (count) => count > 0,
  nand: (count, n) => count < n,
  nor: (count) => count === 0,
  not: (count) => count === 0,
  xor: (count) => count % 2 === 1,
  xnor: (count) => count % 2 === 0,
};

describe("logicGate", () => {
  it.each(Object.keys(TRUTH) as LogicGateName[])("%s is right on every input", (name) => {
    for (const inputs of name === "not" ? [1] : [1, 2, 3, 6]) {
      const rows = rowsOf(inputs);
      const expected = rows.map((row) => (TRUTH[name](ones(row), inputs) ? 1 : -1));
      expect([...compile(logicGate(name, { inputs })).predict(rows).data]).toEqual(expected);
    }
  });

  it("has two inputs unless told otherwise, and one for not", () => {
    expect(logicGate("xor").graph.shape(0)).toEqual([-1, 2]);
    expect(logicGate("not").graph.shape(0)).toEqual([-1, 1]);
  });

  it("sets the weights of the problem set", () => {
    const { parameters: and } = compile(logicGate("and"));
    expect(and["and.weight"].data).toEqual(Float32Array.of(1, 1));
    expect(and["and.bias"].data).toEqual(Float32Array.of(-1.5));
    const { parameters: or } = compile(logicGate("or"));
    expect(or["or.weight"].data).toEqual(Float32Array.of(1, 1));
    expect(or["or.bias"].data).toEqual(Float32Array.of(-0.5));
  });

  it("refuses unknown gates and numbers of inputs", () => {
    expect(() => logicGate("xand" as "and")).toThrow(OptionError);
    expect(() => logicGate("xand" as "and")).toThrow(
      'logicGate: unknown gate "xand"; did you mean and? Gates: and, or, nand, nor, not, xor, xnor',
    );
    expect(() => logicGate("or", { inputs: 0 })).toThrow("inputs must be a whole number >= 1; got 0");
    expect(() => logicGate("not", { inputs: 2 })).toThrow("not must have one input; got 2");
  });
});

describe("parity", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("of %i bits is right on all inputs", (n) => {
    const rows = rowsOf(n);
    expect([...compile(parity(n)).predict(rows).data]).toEqual(
      rows.map((row) => (ones(row) % 2 === 1 ? 1 : -1)),
    );
  });

  it("grows by one block of two layers per bit", () => {
    const layers = (n: number) => parity(n).graph.nodes.filter((node) => node.op === "dense").length;
    expect([1, 2, 3, 10].map(layers)).toEqual([1, 2, 4, 18]);
  });

  it("refuses numbers of bits that are none", () => {
    for (const n of [0, 1.5, Number.NaN])
      expect(() => parity(n)).toThrow(`parity: inputs must be a whole number >= 1; got ${n}`);
  });
});
