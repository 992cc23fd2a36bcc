/** What a graph computes, as text: the same for graphs that compute the same, another for all others. */
import { describe, expect, it } from "vitest";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, Fn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { serialize } from "../../src/graph/serialize.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { preprocessingOf } from "../../src/preprocess/pipeline.ts";
import { fakeOp } from "../plan/requests.ts";
import { CASES } from "./op-cases.ts";

const ROWS = -1;
const ZERO = { kind: "constant", value: 0 } as const;

function start() {
  const graph = new Graph();
  const builder = new Builder(graph);
  const unary = (fn: Fn, x: ValueId, name?: string) =>
    builder.emit(OPS.unary, { fn, alpha: 0.5 }, [x], name)[0];
  const add = (a: ValueId, b: ValueId) => builder.emit(OPS.binary, { fn: BinaryFn.Add }, [a, b])[0];
  return { graph, builder, unary, add };
}

const text = (graph: Graph) => JSON.stringify(serialize(graph));

/** `out = tanh(x) + (w + 1)`, and what else is asked for. */
function small(extra: (parts: ReturnType<typeof start> & { x: ValueId }) => void = () => {}, name = "x") {
  const parts = start();
  const { graph, unary, add } = parts;
  const x = graph.addInput(name, [ROWS, 2]);
  extra({ ...parts, x });
  const w = graph.addVariable("w", [2], ZERO);
  const y = add(unary(Fn.Tanh, x), add(w, graph.addConstant([], Float32Array.of(1))));
  graph.outputs.push({ name: "out", value: y });
  return graph;
}

describe("a serialized graph", () => {
  it("has the steps and columns of inputs, and outputs whose targets are standardized, where there are any", () => {
    const plain = serialize(small());
    expect("targets" in plain || "steps" in plain.inputs.x).toBe(false);
    const graph = small();
    const steps = [{ name: "scale", kind: "standardize", columns: "all" }] as const;
    const columns = [
      { name: "a", kind: "number" },
      { name: "b", kind: "number" },
    ] as const;
    graph.inputs[0] = {
      ...graph.inputs[0],
      columns,
      steps,
      preprocessing: preprocessingOf([2], columns, steps),
    };
    graph.outputs[0] = { ...graph.outputs[0], targets: "standardize", initial: [1] };
    const { inputs, targets, ...rest } = serialize(graph);
    expect(inputs).toEqual({ x: { shape: [ROWS, 2], dtype: "f32", raw: [2], columns, steps } });
    expect(targets).toEqual({ out: "standardize" });
    expect({ ...rest, inputs: plain.inputs }).toEqual(plain);
  });

  it("has inputs, nodes in order of dependence and outputs, all by name", () => {
    expect(serialize(small())).toMatchInlineSnapshot(`
      {
        "inputs": {
          "x": {
            "dtype": "f32",
            "shape": [
              -1,
              2,
            ],
          },
        },
        "nodes": [
          {
            "attrs": {
              "alpha": 0.5,
              "fn": "Tanh",
            },
            "inputs": [
              [
                "input",
                "x",
              ],
            ],
            "op": "unary",
          },
          {
            "attrs": {
              "fn": "Add",
            },
            "inputs": [
              [
                "variable",
                "w",
              ],
              [
                "constant",
                [],
                [
                  1,
                ],
              ],
            ],
            "op": "binary",
          },
          {
            "attrs": {
              "fn": "Add",
            },
            "inputs": [
              [
                "node",
                0,
                0,
              ],
              [
                "node",
                1,
                0,
              ],
            ],
            "op": "binary",
          },
        ],
        "outputs": {
          "out": [
            "node",
            2,
            0,
          ],
        },
      }
    `);
  });

  it("leaves out nodes that nobody reads, constants and variables of theirs, and names of values", () => {
    const other = small(({ graph, unary, add, x }) => {
      unary(Fn.Exp, add(x, graph.addVariable("unread", [2], ZERO)), "unread");
      graph.addConstant([], Float32Array.of(5));
    });
    for (const value of other.values) (value as { name: string }).name = `other ${value.id}`;
    expect(text(other)).toBe(text(small()));
  });

  it("does not depend on the order in which nodes, inputs, outputs and attributes were made", () => {
    const build = (turned: boolean) => {
      const { graph, builder, unary, add } = start();
      const names = turned ? ["b", "a"] : ["a", "b"];
      const inputs = Object.fromEntries(names.map((name) => [name, graph.addInput(name, [ROWS, 2])]));
      const attrs = turned ? { alpha: 0.5, fn: Fn.Elu } : { fn: Fn.Elu, alpha: 0.5 };
      const second = turned ? unary(Fn.Tanh, inputs.b) : -1;
      const [first] = builder.emit(OPS.unary, attrs, [inputs.a]);
      const sum = add(first, turned ? second : unary(Fn.Tanh, inputs.b));
      const outputs = [
        { name: "p", value: sum },
        { name: "q", value: first },
      ];
      graph.outputs.push(...(turned ? outputs.reverse() : outputs));
      return text(graph);
    };
    expect(build(true)).toBe(build(false));
  });

  it("tells graphs apart that compute something else", () => {
    const build = (
      change: (parts: ReturnType<typeof start> & { x: ValueId; w: ValueId; v: ValueId }) => ValueId,
    ) => {
      const parts = start();
      const x = parts.graph.addInput("x", [ROWS, 2]);
      const w = parts.graph.addVariable("w", [2], ZERO);
      const v = parts.graph.addVariable("v", [2], ZERO);
      parts.graph.outputs.push({ name: "y", value: change({ ...parts, x, w, v }) });
      return text(parts.graph);
    };
    const constant = (...data: number[]) =>
      build(({ graph, add, x }) => add(x, graph.addConstant([data.length], Float32Array.from(data))));
    const all = [
      build(({ add, x, w }) => add(x, w)),
      build(({ add, x, w }) => add(w, x)),
      build(({ add, x, v }) => add(x, v)),
      build(({ unary, x }) => unary(Fn.Tanh, x)),
      build(({ unary, x }) => unary(Fn.Relu, x)),
      build(({ builder, x }) => builder.emit(OPS.unary, { fn: Fn.Relu, alpha: 0.25 }, [x])[0]),
      build(({ unary, add, x }) => add(unary(Fn.Relu, x), unary(Fn.Relu, x))),
      build(({ unary, add, x }) => {
        const once = unary(Fn.Relu, x);
        return add(once, once);
      }),
      build(({ builder, x }) => builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 1, to: 2 }, [x])[0]),
      build(({ builder, x }) => builder.emit(OPS.reduce, { fn: ReduceFn.Mean, from: 1, to: 2 }, [x])[0]),
      ...[[0], [-0], [1], [Number.NaN], [Infinity], [-Infinity], [1, 1], [2 ** -149]].map((data) =>
        constant(...data),
      ),
      text(small()),
      text(small(undefined, "other")),
      text(small(({ graph }) => graph.addInput("more", [ROWS]))),
      text(small(({ graph }) => graph.addInput("more", [ROWS, 2]))),
      text(small(({ graph }) => graph.addInput("more", [ROWS], "i32"))),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("says which output of a node is read", () => {
    const { graph, builder, add } = start();
    const x = graph.addInput("x", [ROWS, 2]);
    const [first, second] = builder.emit(fakeOp({ infer: (_, [t]) => [t, t] }), {}, [x]);
    graph.outputs.push({ name: "y", value: add(second, first) });
    expect(serialize(graph).nodes[1].inputs).toEqual([
      ["node", 0, 1],
      ["node", 0, 0],
    ]);
    expect(serialize(graph).nodes).toHaveLength(2);
  });

  it("may end in an input, a variable or a constant", () => {
    const { graph } = start();
    const x = graph.addInput("x", [ROWS, 2]);
    const w = graph.addVariable("w", [2], ZERO);
    const c = graph.addConstant([2], Float32Array.of(0.5, -0));
    [x, w, c].forEach((value, i) => {
      graph.outputs.push({ name: `y${i}`, value });
    });
    expect(serialize(graph)).toEqual({
      inputs: { x: { shape: [ROWS, 2], dtype: "f32" } },
      nodes: [],
      outputs: { y0: ["input", "x"], y1: ["variable", "w"], y2: ["constant", [2], [0.5, "-0"]] },
    });
  });

  it("takes chains of a hundred thousand nodes, and wide sums of the same values", () => {
    const { graph, unary, add } = start();
    let value = graph.addInput("x", [ROWS, 2]);
    for (let i = 0; i < 100_000; i++) value = unary(Fn.Tanh, value);
    for (let i = 0; i < 60; i++) value = add(value, value);
    graph.outputs.push({ name: "y", value });
    const { nodes, outputs } = serialize(graph);
    expect(nodes).toHaveLength(100_060);
    expect(nodes[99_999].inputs).toEqual([["node", 99_998, 0]]);
    expect(outputs.y).toEqual(["node", 100_059, 0]);
  });

  it("survives JSON: what is read is what was written", () => {
    const graph = small(({ graph, add, x }) => {
      const odd = graph.addConstant(
        [2, 1, 2],
        Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0, 0.1),
      );
      graph.outputs.push({ name: "odd", value: add(x, odd) });
    });
    const serialized = serialize(graph);
    expect(JSON.parse(JSON.stringify(serialized))).toEqual(serialized);
  });

  it("names the members of enums, whichever op of a model it is", () => {
    for (const [name, cases] of Object.entries(CASES)) {
      const { enums = {}, vjp } = OPS[name as keyof typeof OPS];
      const isOfModels = typeof vjp === "function" && name !== "accumulate";
      for (const { attrs } of cases) {
        if (!isOfModels || !("fn" in attrs)) continue;
        const { graph, builder } = start();
        const [y] = builder.emit(fakeOp({ enums }), attrs, [graph.addInput("x", [ROWS, 2])]);
        graph.outputs.push({ name: "y", value: y });
        expect(serialize(graph).nodes[0].attrs.fn, name).toMatch(/^[A-Z]\w+$/);
      }
    }
  });
});
