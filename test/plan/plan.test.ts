/** Whole programs: what the XOR trainer becomes, and where parameters, gradients and outputs stand in odd cases. */
import { describe, expect, it } from "vitest";
import { Abi, Header, Run, Section, SectionWord } from "../../assembly/abi.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, Fn, ReduceFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { adam, binaryCrossEntropy, compile, dense, sequential } from "../../src/index.ts";
import { sgdPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import { TRAINING } from "../../src/plan/training.ts";
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
    batchSize: 4,
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
      variable %1 dense1.weight [2, 8]
      variable %2 dense1.bias [8]
      variable %5 dense2.weight [8, 1]
      variable %6 dense2.bias [1]
      constant %12 constant0 []
      %4 dense1.unary [rows, 8] = dense(%0, %1, %2) fn=10 alpha=0
      %7 dense2.dense [rows, 1] = dense(%4, %5, %6) fn=0 alpha=0
      %11 loss [], %13 binaryCrossEntropy.lossGrad [rows, 1] = lossAndGrad(%7, %10, %9) fn=3 parameter=0
      %15 dense2.denseGradWeights [8, 1], %16 dense2.denseGradWeights [1] = denseGradWeights(%4, %13) bias=true
      %17 dense1.unaryGrad [rows, 8] = denseGradInput(%13, %5, %4) fn=10 alpha=0
      %18 dense1.denseGradWeights [2, 8], %19 dense1.denseGradWeights [8] = denseGradWeights(%0, %17) bias=true
      output output = %8"
    `);
  });

  it("has this training tape", () => {
    expect(
      relative(disassemble(plan.words, train.tape.from, train.tape.to, plan.base)),
    ).toMatchInlineSnapshot(`
      "288: order index=@9936 rows=rows seed=@9280 epoch=@9224 cursor=@9232
      312: gather y=@9984 window=@11104 index=@9936 rows=rows words=run[17]
      336: gather y=@10016 window=@535392 index=@9936 rows=rows words=run[18]
      360: gather y=@10032 window=@797536 index=@9936 rows=rows words=run[20]
      384: dense y=@10112 x=@9984 w=@9312 bias=@9376 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@10384
      428: dense y=@10256 x=@10112 w=@9408 bias=@9440 m=rows n=1 k=8 fn=Identity alpha=0 scratch=@10384
      472: loss fn=BinaryCrossEntropy loss=@9904 dx=@10240 scale=none p=@10256 t=@10016 weights=@10032 m=rows n=1 span=1 targets=run[19] weighted=run[20] parameter=0 alpha=0
      532: denseGradWeights dw=@9840 db=@9872 x=@10112 dy=@10240 m=8 n=1 k=rows scratch=@10384
      568: denseGradInput dx=@10256 dy=@10240 w=@9408 m=rows n=8 k=1 fn=Tanh alpha=0 y=@10112 scratch=@10384
      612: denseGradWeights dw=@9744 db=@9808 x=@9984 dy=@10256 m=2 n=8 k=rows scratch=@10384
      648: adam w=@9312 g=@9744 m=@9456 v=@9600 n=36 hyper=@960 power1=@9296 power2=@9304 rate=group 0 mirror=+1360
      692: advance x=@9296 factor=@960
      704: advance x=@9304 factor=@968"
    `);
  });

  it("has this prediction tape", () => {
    expect(
      relative(disassemble(plan.words, plan.predict.from, plan.predict.to, plan.base)),
    ).toMatchInlineSnapshot(`
      "864: dense y=@10112 x=@9952 w=@9312 bias=@9376 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@10384
      908: dense y=@10240 x=@10112 w=@9408 bias=@9440 m=rows n=1 k=8 fn=Sigmoid alpha=0 scratch=@10384"
    `);
  });

  it("has this evaluate tape", () => {
    const { from, to } = train.evaluate as NonNullable<typeof train.evaluate>;
    expect(relative(disassemble(plan.words, from, to, plan.base))).toMatchInlineSnapshot(`
      "716: dense y=@10128 x=@10048 w=@9312 bias=@9376 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@10384
      760: dense y=@10112 x=@10128 w=@9408 bias=@9440 m=rows n=1 k=8 fn=Identity alpha=0 scratch=@10384
      804: loss fn=BinaryCrossEntropy loss=@9920 dx=none scale=none p=@10112 t=@10080 weights=@10096 m=rows n=1 span=1 targets=run[21] weighted=run[22] parameter=0 alpha=0"
    `);
  });

  it("names its sections in the header, in order and without a gap", () => {
    const { words } = plan;
    let last = train.tape.from;
    for (let section = 0; section < Section.Count; section++) {
      const row = Header.Sections + section * SectionWord.Count;
      expect(words[row + SectionWord.From], Section[section]).toBe(last);
      last = words[row + SectionWord.To];
      expect(words[row + SectionWord.Every]).toBe(1);
    }
    expect(last).toBe(train.tape.to);
    expect(words[Header.Version]).toBe(Abi.Version);
  });

  it("names in the header what the machine reads and writes", () => {
    const { words, state, batch, base, layout } = plan;
    const { at } = layout;
    expect(words[Header.Batch]).toBe(batch);
    expect(words[Header.Run]).toBe(at("run"));
    expect(words[Header.Counters]).toBe(state.offset);
    expect(words[Header.LossValue]).toBe(train.loss);
    expect(words[Header.History]).toBe(train.history.offset);
    expect(words[Header.HistoryCapacity]).toBe(train.history.capacity);
    expect(words[(at("run") - base) / 4 + Run.Rates]).toBe(train.rates.offset);
    // What updates write ends with the state, and its copies lie at one distance.
    expect(words[Header.Updated]).toBe(plan.variables[0].offset);
    expect(words[Header.StateEnd]).toBe(state.offset + state.bytes);
    expect(words[Header.Updated] + words[Header.Mirror]).toBe(at("mirror"));
  });

  it("takes these regions", () => {
    const regions = plan.layout.regions.map(
      ({ name, offset, bytes }) => `${offset - plan.base} ${name} ${bytes}`,
    );
    expect(regions).toMatchInlineSnapshot(`
      [
        "0 header 192",
        "192 run 92",
        "288 control 0",
        "288 tapes 664",
        "960 hyper 48",
        "1008 rates 8",
        "1024 history 8192",
        "9216 counters 96",
        "9312 idle 0",
        "9312 updated 0",
        "9312 trained 144",
        "9456 slot firstMoment 144",
        "9600 slot secondMoment 144",
        "9744 sums 0",
        "9744 frozen 0",
        "9744 gradients 144",
        "9888 constant 0 4",
        "9904 loss 4",
        "9920 evaluate loss 4",
        "9936 index 16",
        "9952 predict input input 32",
        "9984 train input input 32",
        "10016 train target output 16",
        "10032 train weight sampleWeight 16",
        "10048 evaluate input input 32",
        "10080 evaluate target output 16",
        "10096 evaluate weight sampleWeight 16",
        "10112 arena 272",
        "10384 shared scratch 0",
        "10384 scratch 288",
        "10672 mirror 432",
        "11104 window input input 524288",
        "535392 window target output 262144",
        "797536 window weight sampleWeight 262144",
      ]
    `);
    expect(plan.end - plan.base).toMatchInlineSnapshot(`1059680`);
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
  const optimizer = sgdPlan([{ learningRate: 0.1, momentum: 0, nesterov: false }]);
  const request = {
    graph,
    batch: 3,
    windowRows: 3,
    base: 4096,
    train: {
      graph: graph.copy(),
      loss,
      targets: [],
      predictions: [],
      optimizer,
      accumulate: 1,
      planner: TRAINING,
    },
  };
  const plan = planProgram(request);
  const feeds: Feeds = new Map([
    [x, [1, 2, 3, 4]],
    ...graph.variables.map((p) => [p.value, values[p.name]] as const),
  ]);
  const result = runPlan(plan, feeds, 2);
  return { ...result, plan, gradients: result.gradients.map((g) => g && [...g]) };
}

const sumOf = (builder: Builder, id: ValueId) =>
  builder.emit(OPS.reduce, { fn: ReduceFn.Sum, from: 0, to: builder.graph.shape(id).length }, [id])[0];

describe("gradients", () => {
  it("are none for a variable that nothing uses, which no optimizer then touches", () => {
    const { gradients, plan } = run(
      ({ graph, builder }) => {
        const used = graph.addVariable("used", [2], ZERO);
        graph.addVariable("unused", [3], ZERO);
        return { loss: sumOf(builder, builder.emit(OPS.unary, { fn: Fn.Square, alpha: 0 }, [used])[0]) };
      },
      { used: [3, -4], unused: [1, 2, 3] },
    );
    expect(gradients).toEqual([[6, -8], undefined]);
    expect(plan.variables.map(({ role }) => role)).toEqual(["trained", "state"]);
    const idle = plan.layout.at("idle");
    expect(plan.variables[1].offset).toBe(idle);
    expect(plan.words[Header.Updated]).toBeGreaterThan(idle);
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
    const model = sequential({ input: [9000] }, [dense(10_000), dense(9000)]);
    const graph = model.graph.copy();
    const builder = new Builder(graph);
    const [{ value }] = graph.outputs;
    const loss = sumOf(builder, value);
    const optimizer = sgdPlan([{ learningRate: 0.1, momentum: 0.9, nesterov: false }]);
    const train = { graph, loss, targets: [], predictions: [], optimizer, accumulate: 1, planner: TRAINING };
    const plan = planProgram({ graph: model.graph, batch: 4, windowRows: 4, base: 4096, train });
    expect(plan.end).toBeGreaterThan(2 ** 31);
    expect(plan.end).toBeLessThan(2 ** 32);
    expect(Math.max(...plan.variables.map(({ gradient }) => gradient))).toBeGreaterThan(2 ** 31);
    // Every plan of the tests is verified; this one not less.
    expect(() => verifyPlan(plan)).not.toThrow();
  });
});
