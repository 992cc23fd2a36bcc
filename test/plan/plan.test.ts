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
      "288: order index=@9872 rows=rows seed=@9216 epoch=@9160 cursor=@9168
      312: gather y=@9920 window=@11008 index=@9872 rows=rows words=run[17]
      336: gather y=@9952 window=@535296 index=@9872 rows=rows words=run[18]
      360: dense y=@10016 x=@9920 w=@9248 bias=@9312 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@10288
      404: dense y=@10160 x=@10016 w=@9344 bias=@9376 m=rows n=1 k=8 fn=Identity alpha=0 scratch=@10288
      448: loss fn=BinaryCrossEntropy loss=@9840 dx=@10144 scale=none p=@10160 t=@9952 m=rows n=1 targets=run[19] parameter=0
      492: denseGradWeights dw=@9776 db=@9808 x=@10016 dy=@10144 m=8 n=1 k=rows scratch=@10288
      528: denseGradInput dx=@10160 dy=@10144 w=@9344 m=rows n=8 k=1 fn=Tanh alpha=0 y=@10016 scratch=@10288
      572: denseGradWeights dw=@9680 db=@9744 x=@9920 dy=@10160 m=2 n=8 k=rows scratch=@10288
      608: adam w=@9248 g=@9680 m=@9392 v=@9536 n=36 hyper=@896 power1=@9232 power2=@9240 rate=group 0 mirror=+1328
      652: advance x=@9232 factor=@896
      664: advance x=@9240 factor=@904"
    `);
  });

  it("has this prediction tape", () => {
    expect(
      relative(disassemble(plan.words, plan.predict.from, plan.predict.to, plan.base)),
    ).toMatchInlineSnapshot(`
      "808: dense y=@10016 x=@9888 w=@9248 bias=@9312 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@10288
      852: dense y=@10144 x=@10016 w=@9344 bias=@9376 m=rows n=1 k=8 fn=Sigmoid alpha=0 scratch=@10288"
    `);
  });

  it("has this evaluate tape", () => {
    const { from, to } = train.evaluate as NonNullable<typeof train.evaluate>;
    expect(relative(disassemble(plan.words, from, to, plan.base))).toMatchInlineSnapshot(`
      "676: dense y=@10032 x=@9968 w=@9248 bias=@9312 m=rows n=8 k=2 fn=Tanh alpha=0 scratch=@10288
      720: dense y=@10016 x=@10032 w=@9344 bias=@9376 m=rows n=1 k=8 fn=Identity alpha=0 scratch=@10288
      764: loss fn=BinaryCrossEntropy loss=@9856 dx=none scale=none p=@10016 t=@10000 m=rows n=1 targets=run[20] parameter=0"
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
        "192 run 84",
        "288 tapes 608",
        "896 hyper 48",
        "944 rates 8",
        "960 history 8192",
        "9152 counters 96",
        "9248 idle 0",
        "9248 updated 0",
        "9248 trained 144",
        "9392 slot firstMoment 144",
        "9536 slot secondMoment 144",
        "9680 sums 0",
        "9680 frozen 0",
        "9680 gradients 144",
        "9824 constant 0 4",
        "9840 loss 4",
        "9856 evaluate loss 4",
        "9872 index 16",
        "9888 predict input input 32",
        "9920 train input input 32",
        "9952 train target output 16",
        "9968 evaluate input input 32",
        "10000 evaluate target output 16",
        "10016 arena 272",
        "10288 shared scratch 0",
        "10288 scratch 288",
        "10576 mirror 432",
        "11008 window input input 524288",
        "535296 window target output 262144",
      ]
    `);
    expect(plan.end - plan.base).toMatchInlineSnapshot(`797440`);
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
