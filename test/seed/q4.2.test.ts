import { describe, expect, it } from "vitest";
import { compile, dense, sequential, TransformError } from "../../src/index.ts";
import { convertActivations } from "../../src/transform/index.ts";
import { noise } from "../fixtures.ts";

const mlp = (depth: number, activation: "sigmoid" | "tanh", seed: number) =>
  compile(
    sequential({ input: [4], seed }, [
      ...Array.from({ length: depth - 1 }, () => dense(7, { activation, biasInitializer: "glorotUniform" })),
      dense(3),
    ]),
  ).toModel();

const DIRECTIONS = [
  ["sigmoid", "tanh"],
  ["tanh", "sigmoid"],
] as const;

describe.each(DIRECTIONS)("Q4.2: an MLP of %s units as one of %s units", (from, to) => {
  it.each([2, 3, 4, 5, 6])("agrees on random inputs to f32 rounding at depth %i", (depth) => {
    const x = noise(4 * 50, depth);
    for (let seed = 0; seed < 10; seed++) {
      const given = mlp(depth, from, seed);
      const expected = compile(given).predict(x).data;
      compile(convertActivations(given, from, to))
        .predict(x)
        .data.forEach((y, i) => {
          // Each layer rounds sums of 8 numbers of size about 1 and hands on what came in.
          expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(depth * 8 * 2 ** -23);
        });
    }
  });

  it("comes back with the same weights bit for bit, and biases to rounding", () => {
    const given = mlp(6, from, 3);
    const back = convertActivations(convertActivations(given, from, to), to, from);
    given.graph.variables.forEach(({ name, init }, i) => {
      const [was, is] = [init, back.graph.variables[i].init].map((p) => (p as { data: Float32Array }).data);
      expect(back.graph.variables[i].name).toBe(name);
      if (name.endsWith("weight")) expect(is).toEqual(was);
      was.forEach((v, j) => {
        expect(Math.abs(is[j] - v)).toBeLessThanOrEqual(8 * 2 ** -23);
      });
    });
  });

  it("cannot be had of a single layer, where no next layer absorbs the scale", () => {
    const single = sequential({ input: [4] }, [dense(1, { activation: from })]);
    expect(() => convertActivations(single, from, to)).toThrow(TransformError);
    expect(convertActivations(single, from, to, { output: "append" }).graph.variables).toHaveLength(4);
  });
});
