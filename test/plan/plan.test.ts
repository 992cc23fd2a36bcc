/** Whole programs: what the XOR trainer becomes, and where parameters, gradients and outputs stand in odd cases. */
import { describe, expect, it } from "vitest";
import { Abi, Counter, Header } from "../../assembly/abi.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, Fn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { adam, binaryCrossEntropy, compile, dense, sequential } from "../../src/index.ts";
import { optimizerPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import { verifyPlan } from "../../src/plan/verify.ts";
import { disassemble } from "../../src/tape/disassemble.ts";
import type { Feeds } from "../oracle/graph.ts";
import { runPlan } from "./train.ts";

const ROWS = -1;
const ZERO = { kind: "constant", value: 0 } as const;

describe("the XOR trainer", () => {
  const model = sequential({ input: [2] }, [
    dense(8, { activation: "tanh" }),
    dense(1, { activation: "sigmoid" }),
  ]);
  const { plan } = compile(model, {
    loss: binaryCrossEntropy(),
    optimizer: adam({ learningRate: 0.05 }),
    batch: 4,
  }).program;
  const train = plan.train as NonNullable<Plan["train"]>;
  /** Addresses from the start of the program: how far the kernels' constants reach does not matter. */
  const relative = (text: string) =>
    text
      .replace(/^(\d+): /gm, (_, at) => `${at - plan.base}: `)
      .replace(/@(\d+)/g, (_, at) => (at === "0" ? "none" : `@${at - plan.base}`));

  it("has this graph after differentiation and fusion", () => {
    expect(`${train.tape.lowered.graph}`).toMatchInlineSnapshot(`
      "input %0 input [rows, 2]
      parameter %1 dense1.weight [2, 8]
      parameter %2 dense1.bias [8]
      parameter %5 dense2.weight [8, 1]
      parameter %6 dense2.bias [1]
      constant %11 constant0 []
      %4 dense1.unary [rows, 8] = dense(%0, %1, %2) fn=10 alpha=0
      %7 dense2.dense [rows, 1] = dense(%4, %5, %6) fn=0 alpha=0
      %10 loss [], %12 binaryCrossEntropy.lossGrad [rows, 1] = lossAndGrad(%7, %9) fn=3 parameter=0
      %14 dense2.denseGradWeights [8, 1], %15 dense2.denseGradWeights [1] = denseGradWeights(%4, %12) bias=true
      %16 dense1.unaryGrad [rows, 8] = denseGradInput(%12, %5, %4) fn=10 alpha=0
      %17 dense1.denseGradWeights [2, 8], %18 dense1.denseGradWeights [8] = denseGradWeights(%0, %16) bias=true
      output output = %8"
    `);
  });

  it("has this training tape", () => {
    expect(
      relative(disassemble(plan.words, train.tape.from, train.tape.to, plan.base)),
    ).toMatchInlineSnapshot(`
      "128: gather y=@9504 window=@10288 index=@9552 rows=rows words=2
      152: gather y=@9536 window=@534576 index=@9552 rows=rows words=1
      176: dense path=Direct y=@9600 x=@9504 w=@8912 bias=@8976 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@9872
      224: dense path=Direct y=@9728 x=@9600 w=@9008 bias=@9040 m=rows n=1 k=8 fn=Identity alpha=0 scratch=@9872
      272: loss fn=BinaryCrossEntropy loss=@8816 dx=@9856 scale=none p=@9728 t=@9536 m=rows n=1 targets=Rows parameter=0
      316: denseGradWeights path=Direct dw=@9440 db=@9472 x=@9600 dy=@9856 m=8 n=1 k=rows scratch=@9872
      356: denseGradInput path=Direct dx=@9728 dy=@9856 w=@9008 m=rows n=8 k=1 fn=Tanh alpha=0 y=@9600 scratch=@9872
      404: denseGradWeights path=Direct dw=@9344 db=@9408 x=@9504 dy=@9728 m=2 n=8 k=rows scratch=@9872
      444: adam w=@8912 g=@9344 m=@9056 v=@9200 n=36 hyper=@576 counters=@8832"
    `);
  });

  it("has this prediction tape", () => {
    expect(
      relative(disassemble(plan.words, plan.predict.from, plan.predict.to, plan.base)),
    ).toMatchInlineSnapshot(`
      "476: dense path=Direct y=@9600 x=@9568 w=@8912 bias=@8976 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@9872
      524: dense path=Direct y=@9728 x=@9600 w=@9008 bias=@9040 m=rows n=1 k=8 fn=Sigmoid alpha=0 scratch=@9872"
    `);
  });

  it("names its sections in the header, in order", () => {
    const sections = [Header.Load, Header.Forward, Header.Backward, Header.Update, Header.End].map(
      (field) => plan.words[field],
    );
    expect(sections).toEqual([...sections].sort((p, q) => p - q));
    expect(sections[0]).toBe(train.tape.from);
    expect(sections[4]).toBe(train.tape.to);
    expect(plan.words[Header.Version]).toBe(Abi.Version);
  });

  it("names in the header what the machine reads and writes", () => {
    const { words, state, batch } = plan;
    const parameters = plan.parameters[0].offset;
    expect(words[Header.Batch]).toBe(batch);
    expect(words[Header.State]).toBe(state.offset);
    expect(words[Header.LossValue]).toBe(train.loss);
    expect(words[Header.Gradients]).toBe(train.gradients.offset);
    expect(words[Header.GradientCount] * 4).toBe(state.parameterBytes);
    expect(words[Header.History]).toBe(train.history.offset);
    expect(words[Header.HistoryCapacity]).toBe(train.history.capacity);
    expect([words[Header.Predict], words[Header.PredictEnd]]).toEqual([plan.predict.from, plan.predict.to]);
    // Counters, parameters, both moments.
    expect(parameters).toBe(state.offset + Counter.Count * 8);
    expect(state.bytes).toBe(Counter.Count * 8 + 3 * state.parameterBytes);
  });

  it("takes this many bytes", () => {
    expect(plan.bytes).toMatchInlineSnapshot(`
      {
        "activations": 272,
        "activationsLowerBound": 272,
        "gradients": 144,
        "optimizer": 288,
        "parameters": 144,
        "total": 796720,
        "window": 786432,
      }
    `);
  });
});

/** Plans a loss made of parameters and one input x [rows, 2], and runs it once on [[1, 2], [3, 4]]. */
function run(
  build: (context: { graph: Graph; builder: Builder; x: ValueId }) => { loss: ValueId; outputs?: ValueId[] },
  values: Record<string, number[]>,
) {
  const graph = new Graph();
  const builder = new Builder(graph);
  const x = graph.addInput("x", [ROWS, 2]);
  const { loss, outputs = [] } = build({ graph, builder, x });
  outputs.forEach((value, i) => {
    graph.outputs.push({ name: `output${i}`, value });
  });
  const optimizer = optimizerPlan({ kind: "sgd", learningRate: 0.1, momentum: 0, nesterov: false });
  const request = {
    graph,
    batch: 3,
    windowRows: 3,
    base: 4096,
    train: { graph: graph.copy(), loss, targets: [], predictions: [], optimizer },
  };
  const plan = planProgram(request);
  const feeds: Feeds = new Map([
    [x, [1, 2, 3, 4]],
    ...graph.variables.map((p) => [p.value, values[p.name]] as const),
  ]);
  const result = runPlan(plan, request, feeds, 2);
  return { ...result, plan, gradients: result.gradients.map((g) => [...g]) };
}

const sumOf = (builder: Builder, id: ValueId) =>
  builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: builder.graph.shape(id).length }, [id])[0];

describe("gradients", () => {
  it("are zero for a parameter that nothing uses", () => {
    const { gradients } = run(
      ({ graph, builder }) => {
        const used = graph.addVariable("used", [2], ZERO);
        graph.addVariable("unused", [3], ZERO);
        return { loss: sumOf(builder, builder.emit(OPS.unary, { fn: Fn.Square, alpha: 0 }, [used])[0]) };
      },
      { used: [3, -4], unused: [1, 2, 3] },
    );
    expect(gradients).toEqual([
      [6, -8],
      [0, 0, 0],
    ]);
  });

  it("have places of their own where two parameters share one", () => {
    const { gradients, loss } = run(
      ({ graph, builder, x }) => {
        const a = graph.addVariable("a", [2], ZERO);
        const b = graph.addVariable("b", [2], ZERO);
        const [sum] = builder.emit(OPS.binary, { fn: BinaryFn.Add }, [a, b]);
        const [product] = builder.emit(OPS.binary, { fn: BinaryFn.Multiply }, [x, sum]);
        return { loss: sumOf(builder, product) };
      },
      { a: [1, 1], b: [10, 20] },
    );
    expect(loss).toBe(11 * 4 + 21 * 6);
    expect(gradients).toEqual([
      [4, 6],
      [4, 6],
    ]);
  });

  it("arrive through reshapes, and as the cotangent of the loss itself", () => {
    const { gradients, loss } = run(
      ({ graph, builder }) => {
        const a = graph.addVariable("a", [1, 1], ZERO);
        const [once] = builder.emit(OPS.reshape, { shape: [1] }, [a]);
        const [twice] = builder.emit(OPS.reshape, { shape: [] }, [once]);
        return { loss: builder.emit(OPS.broadcast, { shape: [], divisor: 1 }, [twice])[0] };
      },
      { a: [7] },
    );
    expect(loss).toBe(7);
    expect(gradients).toEqual([[1]]);
  });

  it("add up where a parameter is shared", () => {
    const { gradients } = run(
      ({ graph, builder, x }) => {
        const w = graph.addVariable("w", [2, 2], ZERO);
        const [h] = builder.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, [x, w]);
        const [y] = builder.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, [h, w]);
        return { loss: sumOf(builder, y) };
      },
      // Y = X W W with W the identity: dW = (XW)^T 1 + X^T 1 W^T
      { w: [1, 0, 0, 1] },
    );
    expect(gradients).toEqual([[4 + 4, 4 + 4, 6 + 6, 6 + 6]]);
  });
});

describe("outputs", () => {
  it("may be an input, a reshape of one, and a parameter repeated over the rows", () => {
    const { outputs } = run(
      ({ graph, builder, x }) => {
        const a = graph.addVariable("a", [2], ZERO);
        const [flat] = builder.emit(OPS.reshape, { shape: [ROWS, 1, 2] }, [x]);
        const [rows] = builder.emit(OPS.broadcast, { shape: [ROWS, 2], divisor: 1 }, [a]);
        return { loss: sumOf(builder, a), outputs: [x, flat, rows] };
      },
      { a: [5, 6] },
    );
    expect(outputs.map((o) => [...o])).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [5, 6, 5, 6],
    ]);
  });
});

describe("a program of more than 2 GiB", () => {
  it("has unsigned addresses that verify", () => {
    const model = sequential({ input: [9000] }, [dense(12_000), dense(9000)]);
    const graph = model.graph.copy();
    const builder = new Builder(graph);
    const [{ value }] = graph.outputs;
    const loss = sumOf(builder, value);
    const optimizer = optimizerPlan({ kind: "sgd", learningRate: 0.1, momentum: 0.9, nesterov: false });
    const train = { graph, loss, targets: [], predictions: [], optimizer };
    const plan = planProgram({ graph: model.graph, batch: 4, windowRows: 4, base: 4096, train });
    const [first] = plan.parameters;
    expect(plan.end).toBeGreaterThan(2 ** 31);
    expect(plan.end).toBeLessThan(2 ** 32);
    const gradients = (plan.train as NonNullable<Plan["train"]>).gradients.offset;
    const places = plan.parameters.map((p) => gradients + p.offset - first.offset);
    expect(Math.max(...places)).toBeGreaterThan(2 ** 31);
    // Every plan of the tests is verified; this one not less.
    expect(() => verifyPlan(plan)).not.toThrow();
  });
});
