import { describe, expect, it } from "vitest";
import { compile, dense, type Layer, sequential } from "../../src/index.ts";
import { collapseLinear } from "../../src/transform/index.ts";
import { noise } from "../fixtures.ts";

const WIDTH = 6;
const linear = (units = WIDTH): Layer => dense(units, { biasInitializer: "glorotUniform" });

describe("Q6.1: layers without non-linearities collapse to one", () => {
  it.each([2, 3, 4, 5, 6, 7, 8])("D = %i linear layers give the outputs of one, to rounding", (depth) => {
    const x = noise(3 * 40, depth);
    for (let seed = 0; seed < 10; seed++) {
      const deep = sequential({ input: [3], seed }, [
        ...Array.from({ length: depth }, () => linear()),
        linear(2),
      ]);
      const shallow = collapseLinear(deep);
      expect(shallow.graph.nodes).toHaveLength(1);
      expect(shallow.graph.variables.map((p) => shallow.graph.shape(p.value))).toEqual([[3, 2], [2]]);
      const expected = compile(deep).predict(x).data;
      compile(shallow)
        .predict(x)
        .data.forEach((y, i) => {
          expect(Math.abs(y - expected[i])).toBeLessThanOrEqual(depth * (WIDTH + 2) * 2 ** -23);
        });
    }
  });

  it("stops at the activations in between", () => {
    const deep = sequential({ input: [3], seed: 1 }, [
      linear(),
      dense(WIDTH, { activation: "tanh" }),
      linear(),
      linear(),
      dense(2, { activation: "sigmoid" }),
    ]);
    const shallow = collapseLinear(deep);
    expect(shallow.graph.nodes.map((node) => node.op)).toEqual(["dense", "unary", "dense", "unary"]);
    const x = noise(3 * 40);
    const expected = compile(deep).predict(x).data;
    compile(shallow)
      .predict(x)
      .data.forEach((y, i) => {
        expect(y).toBeCloseTo(expected[i], 5);
      });
  });
});
