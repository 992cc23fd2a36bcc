/** The way back from `serialize`: what comes back is what went in, and what was broken by hand is refused by name. */
import { describe, expect, it } from "vitest";
import { readModel } from "../../src/files/open.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { batchNorm, dense, FileError, flatten, model, sequential } from "../../src/index.ts";
import { describeModel } from "../../src/model/describe-model.ts";

const nothing = {
  valuesOf: () => new Float32Array(),
  fittedOf: () => [],
};
const read = (description: unknown) => readModel("test", description, Object.values(OPS), nothing);

// biome-ignore lint/suspicious/noExplicitAny: to be broken
type Any = any;
const net = () =>
  JSON.parse(
    JSON.stringify(
      describeModel(
        model({ inputs: { a: [4], b: [2, 2] }, seed: 5 }, ({ a, b }) => {
          const h = batchNorm()(dense(3, { activation: "relu" })(a.add(flatten()(b))));
          return { y: dense(2)(h.mul(0.5)), z: h.transpose().transpose() };
        }) as never,
      ),
    ),
  ) as Any;
const nodeOf = (given: Any, op: string) => given.computation.nodes.find((node: Any) => node.op === op);

describe("a description", () => {
  it("comes back as it went in", () => {
    const given = net();
    expect(given.order).toBeDefined();
    expect(JSON.parse(JSON.stringify(describeModel(read(given))))).toEqual(given);
  });

  it("without an order has its nodes in that of the list", () => {
    const given = describeModel(sequential({ input: [2] }, [dense(3), dense(1)]) as never);
    expect(given.order).toBeUndefined();
    expect(describeModel(read(given))).toEqual(given);
  });

  it("may have names that every object has", () => {
    const given = describeModel(
      model({ inputs: { constructor: [1], toString: [1] } }, (inputs) => ({
        valueOf: dense(1, { name: "hasOwnProperty" })(inputs.constructor as never),
        x: dense(1)(inputs.toString as never),
      })) as never,
    );
    expect(describeModel(read(JSON.parse(JSON.stringify(given))))).toEqual(given);
  });

  const ref = (given: Any, op: string, to: unknown) => {
    nodeOf(given, op).inputs[0] = to;
  };

  it.each<[string, (given: Any) => unknown, string]>([
    ["is no object", () => null, "a model must be an object"],
    ["has no computation", (g) => delete g.computation, "the computation must be an object"],
    ["has nodes that are no list", (g) => (g.computation.nodes = {}), "nodes must be an array"],
    [
      "has an op that no model has",
      (g) => (nodeOf(g, "dense").op = "lossGrad"),
      "must be an op that models are made of",
    ],
    [
      "has an op of every object",
      (g) => (nodeOf(g, "dense").op = "toString"),
      "must be an op that models are made of",
    ],
    ["has too few inputs for an op", (g) => nodeOf(g, "dense").inputs.splice(1), "must have 2 to 3 inputs"],
    [
      "lacks an attribute",
      (g) => delete nodeOf(g, "dense").attrs.alpha,
      "must have the attributes fn, alpha",
    ],
    [
      "has an attribute too many",
      (g) => (nodeOf(g, "dense").attrs.beta = 1),
      "must have the attributes fn, alpha",
    ],
    [
      "has a function that there is not",
      (g) => (nodeOf(g, "unary").attrs.fn = "Sine"),
      "must be one of its functions",
    ],
    [
      "has a function by its number",
      (g) => (nodeOf(g, "unary").attrs.fn = 1),
      "must be one of its functions",
    ],
    ["has an epsilon of 0", (g) => (nodeOf(g, "batchNorm").attrs.epsilon = 0), "must be in its range"],
    ["has a share beyond 1", (g) => (nodeOf(g, "approach").attrs.share = 2), "must be in its range"],
    [
      "has axes that are none",
      (g) => (nodeOf(g, "transpose").attrs.axes = [0, 0]),
      "each axis of the shape once",
    ],
    [
      "has a shape of other numbers",
      (g) => (nodeOf(g, "reshape").attrs.shape = [-1, 5]),
      "must keep the number of elements",
    ],
    [
      "has a shape of fractions",
      (g) => (nodeOf(g, "reshape").attrs.shape = [-1, 0.5]),
      "must be in its range",
    ],
    [
      "reads a node that comes later",
      (g) => ref(g, "binary", ["node", g.computation.nodes.length - 1, 0]),
      "must be made before",
    ],
    [
      "reads itself: a cycle",
      (g) => ref(g, "binary", ["node", g.computation.nodes.indexOf(nodeOf(g, "binary")), 0]),
      "must be made before",
    ],
    ["reads a node that there is not", (g) => ref(g, "binary", ["node", 99, 0]), "must be made before"],
    ["reads an output that there is not", (g) => ref(g, "unary", ["node", 0, 7]), "must be made before"],
    ["reads a length", (g) => ref(g, "unary", ["node", "length", 0]), "must be made before"],
    ["reads an input that there is not", (g) => ref(g, "binary", ["input", "c"]), "must exist"],
    [
      "reads a variable that there is not",
      (g) => (nodeOf(g, "dense").inputs[1] = ["variable", "x"]),
      "must exist",
    ],
    ["reads nothing", (g) => ref(g, "binary", null), "must be an array"],
    [
      "has a constant of other numbers",
      (g) => ref(g, "unary", ["constant", [3], [1]]),
      "as many numbers as its shape",
    ],
    ["has a constant of texts", (g) => ref(g, "unary", ["constant", [1], ["x"]]), "must be numbers"],
    ["has shapes that do not fit", (g) => (g.computation.inputs.a.shape = [-1, 5]), "broadcast to one"],
    ["has an input without rows", (g) => (g.computation.inputs.a.shape = [4]), "must be [rows, ..]"],
    [
      "has an input of enormous rows",
      (g) => (g.computation.inputs.a.shape = [-1, 2 ** 30, 2 ** 30]),
      "numbers a row",
    ],
    ["has an input of another dtype", (g) => (g.computation.inputs.a.dtype = "f64"), "must be f32 or i32"],
    ["has ids for a sum", (g) => (g.computation.inputs.a.dtype = "i32"), "needs f32"],
    ["has a variable twice", (g) => g.variables.push(g.variables[0]), "must have names that differ"],
    ["has a variable of enormous size", (g) => (g.variables[0].shape = [2 ** 29, 2 ** 29]), "numbers a row"],
    ["has a variable without size", (g) => (g.variables[0].shape = [0, 3]), "whole dimensions"],
    ["has a variable with rows", (g) => (g.variables[0].shape = [-1, 3]), "whole dimensions"],
    [
      "has an initializer that there is not",
      (g) => (g.variables[0].init = { kind: "toString" }),
      "must start as",
    ],
    [
      "has an initializer without numbers",
      (g) => (g.variables[0].init = { kind: "normal", mean: 0 }),
      "must start as",
    ],
    ["has layers for other nodes", (g) => g.layers.pop(), "layers must be an array of"],
    ["has a layer without a name", (g) => (g.layers[0] = 5), "must be a name"],
    ["has an order for other nodes", (g) => g.order.pop(), "order must be an array of"],
    ["has a number twice in its order", (g) => (g.order[0] = g.order[1]), "must have each number once"],
    ["has an order against its references", (g) => g.order.reverse(), "must be made before"],
    ["has names for other inputs", (g) => (g.inputs = ["a", "c"]), "must be those of its entries"],
    ["has the name of an output twice", (g) => (g.outputs = ["y", "y"]), "must differ"],
    [
      "has an update of another shape",
      (g) => (Object.values(g.computation.updates)[0] as Any[]).splice(0, 3, "variable", "dense1.weight"),
      "must have its shape",
    ],
    [
      "has an update of nothing",
      (g) => (g.computation.updates.x = ["variable", "dense1.weight"]),
      "updates must be of variables",
    ],
    [
      "has targets of nothing",
      (g) => (g.computation.targets = { x: "standardize" }),
      "targets must be of outputs",
    ],
    [
      "has an output that is turned",
      (g) => (nodeOf(g, "transpose").attrs.axes = [0, 1]),
      "must be [rows, ..]",
    ],
    [
      "has an output that mixes rows",
      (g) => {
        const last = g.computation.nodes.filter((node: Any) => node.op === "transpose").pop();
        Object.assign(last, { op: "reshape", attrs: { shape: [-1, 3] } });
      },
      "must not depend on the other rows",
    ],
    [
      "has an output without rows",
      (g) => (g.computation.outputs.y = ["variable", "dense1.bias"]),
      "must be [rows, ..]",
    ],
    ["has two inputs without names", (g) => (g.named.inputs = false), "must have names"],
    ["has no seed", (g) => delete g.seed, "seed must be"],
    ["has a seed below 0", (g) => (g.seed = -1), "seed must be"],
    ["does not say what has names", (g) => delete g.named, "named must say"],
  ])("is refused where it %s", (_, change, message) => {
    const given = net();
    const broken = change(given) === null && _ === "is no object" ? null : given;
    expect(() => read(broken)).toThrow(FileError);
    expect(() => read(broken)).toThrow(message);
  });
});
