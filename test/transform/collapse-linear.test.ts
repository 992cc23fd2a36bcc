import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fn } from "../../src/graph/op.ts";
import { compile, dense, flatten, model, reshape, sequential, TransformError } from "../../src/index.ts";
import { collapseLinear } from "../../src/transform/index.ts";
import { forward, layersOf, modelOf, names, rowsFor, type Spec, specs, values } from "./networks.ts";

/** The layers that end a run: those with an activation, and the last. */
const ends = ({ layers }: Spec) =>
  layers.filter(({ unit }, i) => unit !== "linear" || i === layers.length - 1);

describe("collapseLinear", () => {
  it.each([
    ["linear layers only", ["linear"] as const],
    ["activations in between", ["linear", "linear", "tanh", "relu", "sigmoid"] as const],
  ])(
    "keeps the function of random networks of depth 1 to 8, widths 1 to 64: %s",
    (_, units) => {
      fc.assert(
        fc.property(specs([1, 8], units), (spec) => {
          const original = modelOf(spec);
          const collapsed = collapseLinear(original);
          expect(names(collapsed).filter((name) => name.endsWith(".weight"))).toHaveLength(ends(spec).length);
          const x = rowsFor(spec);
          const after = compile(collapsed).predict(x).data;
          const old = layersOf(
            compile(original).toModel(),
            spec.layers.map((l) => l.unit),
          );
          const now = layersOf(
            collapsed,
            ends(spec).map((l) => l.unit),
          );
          const outputs = spec.layers[spec.layers.length - 1].units;
          for (let row = 0; row < x.length / spec.inputs; row++) {
            const given = x.subarray(row * spec.inputs, (row + 1) * spec.inputs);
            const [was, is] = [forward(old, given), forward(now, given)];
            for (let j = 0; j < outputs; j++)
              expect(Math.abs(after[row * outputs + j] - was.value[j])).toBeLessThanOrEqual(
                was.error[j] + is.error[j],
              );
          }
        }),
        { numRuns: 100, seed: 42 },
      );
    },
    120_000,
  );

  it("multiplies W1 W2 and b1 W2 + b2, by hand", () => {
    const given = sequential({ input: [2] }, [
      dense(2, {
        weightInitializer: { kind: "values", data: Float32Array.of(1, 2, 3, 4) },
        biasInitializer: { kind: "values", data: Float32Array.of(1, -1) },
      }),
      dense(1, {
        weightInitializer: { kind: "values", data: Float32Array.of(10, 100) },
        biasInitializer: { kind: "values", data: Float32Array.of(0.5) },
      }),
    ]);
    const made = collapseLinear(given);
    expect(names(made)).toEqual(["dense2.weight", "dense2.bias"]);
    expect(values(made, "dense2.weight")).toEqual(Float32Array.of(210, 430));
    expect(values(made, "dense2.bias")).toEqual(Float32Array.of(-89.5));
    expect(made.summary()).toBe(
      [
        "layer   output     parameters  multiply-adds  output bytes",
        "input   [rows, 2]",
        "dense2  [rows, 1]           3              2             4",
        "total                       3              2             4",
      ].join("\n"),
    );
  });

  it("rounds once for a whole run", () => {
    const layer = (data: number[]) =>
      dense(1, { bias: false, weightInitializer: { kind: "values", data: Float32Array.from(data) } });
    // 4097^2 has no f32; rounding it on the way would give 50356224.
    const given = sequential({ input: [1] }, [layer([4097]), layer([4097]), layer([3])]);
    expect(values(collapseLinear(given), "dense3.weight")[0]).toBe(50356228);
  });

  it("makes a bias where any layer of the run has one, and none where none has", () => {
    const collapsed = (first: boolean, second: boolean) =>
      names(
        collapseLinear(sequential({ input: [2] }, [dense(3, { bias: first }), dense(1, { bias: second })])),
      );
    expect(collapsed(false, false)).toEqual(["dense2.weight"]);
    expect(collapsed(true, false)).toEqual(["dense2.weight", "dense2.bias"]);
    expect(collapsed(false, true)).toEqual(["dense2.weight", "dense2.bias"]);
  });

  it("ends a run where a value is read by others too", () => {
    const skip = model({ inputs: { x: [3] } }, ({ x }) => {
      const h = dense(3)(x);
      return dense(2)(dense(3)(h).add(h));
    });
    expect(names(collapseLinear(skip))).toHaveLength(6);
    const output = model({ inputs: { x: [3] } }, ({ x }) => {
      const h = dense(3)(x);
      return { h, y: dense(2)(h) };
    });
    expect(names(collapseLinear(output))).toHaveLength(4);
  });

  it("sees through reshapes that change nothing, and stops at others", () => {
    const idle = sequential({ input: [4] }, [dense(6), flatten(), dense(2)]);
    expect(names(collapseLinear(idle))).toEqual(["dense2.weight", "dense2.bias"]);
    expect(collapseLinear(idle).graph.nodes).toHaveLength(1);
    const other = sequential({ input: [4] }, [dense(6), reshape([2, 3]), dense(2)]);
    expect(names(collapseLinear(other))).toHaveLength(4);
  });

  it("takes a layer whose node has an activation of its own for a boundary", () => {
    const given = sequential({ input: [2] }, [dense(3), dense(2)]);
    const [first] = given.graph.nodes;
    given.graph.nodes[0] = { ...first, attrs: { fn: Fn.Tanh, alpha: 0 } };
    expect(names(collapseLinear(given))).toHaveLength(4);
  });

  it("refuses a shared layer within a run", () => {
    const shared = model({ inputs: { x: [3] } }, ({ x }) => {
      const layer = dense(3);
      return layer(layer(x));
    });
    expect(() => collapseLinear(shared)).toThrow(TransformError);
    expect(() => collapseLinear(shared)).toThrow(
      "collapseLinear: a layer between others must be used once, so that one layer can take its place; got dense1.weight read 2 times",
    );
  });

  it("leaves a shared layer alone that stands between activations", () => {
    const shared = model({ inputs: { x: [3] } }, ({ x }) => {
      const layer = dense(3, { activation: "tanh" });
      return dense(2)(dense(4)(layer(layer(x))));
    });
    expect(names(collapseLinear(shared))).toEqual([
      "dense1.weight",
      "dense1.bias",
      "dense3.weight",
      "dense3.bias",
    ]);
  });

  it("refuses a product that overflows", () => {
    const big = { bias: false, weightInitializer: { kind: "constant", value: 1e30 } } as const;
    const given = sequential({ input: [1] }, [dense(1, big), dense(1, big)]);
    expect(() => collapseLinear(given)).toThrow(TransformError);
    expect(() => collapseLinear(given)).toThrow(
      /must be finite in single precision; got 1\.0+\d*e\+60 in dense2\.weight/,
    );
  });
});
