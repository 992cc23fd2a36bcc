/** Plans broken by hand: tapes that read well record by record, but do not compute what the graph says. */
import { describe, expect, it } from "vitest";
import { TapeError } from "../../src/errors.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { BinaryFn, draft, Fn, LossFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { loss as meanLoss } from "../../src/graph/ops/loss.ts";
import { unary } from "../../src/graph/ops/unary.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { PREDICT } from "../../src/kernels/predict.wasm.ts";
import { TRAIN } from "../../src/kernels/train.wasm.ts";
import { sgdPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { boundsOf, type Plan } from "../../src/plan/planned.ts";
import type { TrainRequest } from "../../src/plan/request.ts";
import { TRAINING } from "../../src/plan/training.ts";
import { verifyPlan } from "../../src/plan/verify.ts";
import { UNARY } from "../../src/tape/formats/predict.ts";
import { formatOf } from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";
import { fakeOp } from "./requests.ts";

const ROWS = -1;
const BATCH = 4;
const LINEAR = { fn: Fn.Identity, alpha: 0 };
const ZERO = { kind: "constant", value: 0 } as const;
const MSE = { fn: LossFn.MeanSquaredError, parameter: 0 };

/** A graph whose outputs are made by `build`, without training. */
function predictor(
  shape: readonly number[],
  build: (builder: Builder, x: ValueId) => readonly ValueId[],
): Plan {
  const graph = new Graph();
  const builder = new Builder(graph);
  build(builder, graph.addInput("x", shape)).forEach((value, i) => {
    graph.outputs.push({ name: `output${i}`, value });
  });
  return planProgram({ graph, batch: BATCH, windowRows: 0, base: 4096 });
}

/** Two layers, 3-5-2, the second one trained against two targets. */
function trainer(): Plan {
  const model = new Graph();
  const modelBuilder = new Builder(model);
  const layer = (name: string, x: ValueId, k: number, n: number): ValueId => {
    modelBuilder.scope = name;
    const w = model.addVariable(`${name}.weight`, [k, n], ZERO);
    const b = model.addVariable(`${name}.bias`, [n], ZERO);
    const [z] = modelBuilder.emit(OPS.dense, LINEAR, [x, w, b]);
    return modelBuilder.emit(unary, { fn: Fn.Tanh, alpha: 0 }, [z])[0];
  };
  const h = layer("one", model.addInput("x", [ROWS, 3]), 3, 5);
  const y = layer("two", h, 5, 2);
  const p = layer("three", h, 5, 2);
  model.outputs.push({ name: "y", value: y }, { name: "p", value: p });

  const graph = model.copy();
  const builder = new Builder(graph);
  const target = (name: string) => graph.addValue({ shape: [ROWS, 2], dtype: "f32" }, name);
  const ports = [target("t"), target("u")];
  const [first] = builder.emit(meanLoss, MSE, [y, ports[0]]);
  const [second] = builder.emit(meanLoss, MSE, [p, ports[1]]);
  const [loss] = builder.emit(OPS.accumulate, {}, [first, second], "loss");
  const train: TrainRequest = {
    graph,
    loss,
    predictions: [y, p],
    targets: ports.map((value, i) => ({
      name: `t${i}`,
      kind: "target",
      value,
      dtype: "f32",
      rowElements: 2,
      below: 0,
    })),
    optimizer: sgdPlan([{ learningRate: 0.1, momentum: 0, nesterov: false }]),
    accumulate: 1,
    planner: TRAINING,
  };
  return planProgram({ graph: model, batch: BATCH, windowRows: BATCH, base: 4096, train });
}

/** Access to the words of a plan by record and operand. */
function editor(plan: Plan, part: "train" | "evaluate" | "predict" = "predict") {
  const { train, predict } = plan;
  const tape = part === "predict" ? predict : part === "train" ? train?.tape : train?.evaluate;
  const { from, to } = tape as Plan["predict"];
  const records = readTape(plan.words, from, to, boundsOf(plan, plan.batch));
  const index = (name: string, nth: number, operand: string) => {
    const record = records.filter((r) => formatOf(r.opcode)?.name === name)[nth];
    return (record.at - plan.base) / 4 + 1 + Object.keys(record.operands).indexOf(operand);
  };
  return {
    get: (name: string, nth: number, operand: string) => plan.words[index(name, nth, operand)],
    set(name: string, nth: number, operand: string, value: number) {
      plan.words[index(name, nth, operand)] = value;
    },
    /** Every operand at one address goes to another. */
    move(from: number, to: number) {
      for (const record of records)
        for (const { name, from: at } of record.buffers)
          if (at === from && name in record.operands)
            plan.words[(record.at - plan.base) / 4 + 1 + Object.keys(record.operands).indexOf(name)] = to;
    },
  };
}

const refused = (plan: Plan, message: string) => {
  expect(() => verifyPlan(plan)).toThrow(new TapeError(message));
};

describe("a plan is refused", () => {
  it("when a record reads another value than the graph says", () => {
    const plan = predictor([ROWS, 4], (builder, x) => {
      const [a] = builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a");
      return [a, builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [a], "b")[0]];
    });
    const edit = editor(plan);
    edit.set("unary", 1, "x", edit.get("unary", 0, "x"));
    refused(plan, "plan: operands must hold their values; got x of unary without a");
  });

  it("when a value is overwritten that a later record reads", () => {
    const plan = trainer();
    const edit = editor(plan, "train");
    edit.move(edit.get("loss", 0, "dx"), edit.get("dense", 0, "y"));
    refused(plan, "plan: operands must hold their values; got x of denseGradWeights without one.unary");
  });

  it("when scratch covers a value that a later record reads", () => {
    const plan = predictor([ROWS, 4], (builder, x) => {
      const w = builder.graph.addVariable("w", [4, 100], ZERO);
      const large = builder.graph.addConstant([100], new Float32Array(100));
      const [z] = builder.emit(OPS.dense, LINEAR, [x, w]);
      return builder.emit(OPS.binary, { fn: BinaryFn.Add }, [z, large]);
    });
    const edit = editor(plan);
    // Its first elements stay.
    edit.set("dense", 0, "scratch", edit.get("binary", 0, "b") + 16);
    refused(plan, "plan: operands must hold their values; got b of binary without constant0");
  });

  it("when scratch reaches into a window", () => {
    const plan = trainer();
    const edit = editor(plan, "train");
    edit.set("dense", 0, "scratch", plan.end - 256);
    expect(() => verifyPlan(plan)).toThrow(
      /^plan: records must leave the windows alone; got scratch of dense/,
    );
  });

  it("when an output is overwritten before the tape ends", () => {
    const plan = predictor([ROWS, 4], (builder, x) => [
      builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a")[0],
      builder.emit(OPS.unary, { fn: Fn.Tanh, alpha: 0 }, [x], "b")[0],
    ]);
    const edit = editor(plan);
    const at = edit.get("unary", 0, "y");
    edit.set("unary", 1, "y", at);
    refused(plan, `plan: kept values must stand at their addresses at the end; got a not at ${at}`);
  });

  it("when a prediction is overwritten before the evaluate tape ends", () => {
    const plan = trainer();
    const edit = editor(plan, "evaluate");
    const [y, p] = [edit.get("loss", 0, "p"), edit.get("loss", 1, "p")];
    // The layer of the second prediction writes over the first one, which only the caller still reads.
    edit.move(p, y);
    expect(() => verifyPlan(plan)).toThrow(TapeError);
    const other = trainer();
    const later = editor(other, "evaluate");
    later.set("accumulate", 0, "a", later.get("loss", 0, "loss"));
    later.set("loss", 1, "loss", y);
    expect(() => verifyPlan(other)).toThrow(TapeError);
  });

  it("when the loss does not arrive at its address", () => {
    for (const part of ["train", "evaluate"] as const) {
      const plan = trainer();
      const edit = editor(plan, part);
      const at = edit.get("accumulate", 0, "y");
      edit.set("accumulate", 0, "y", edit.get("accumulate", 0, "a"));
      refused(plan, `plan: kept values must stand at their addresses at the end; got loss not at ${at}`);
    }
  });

  it("when a gradient does not arrive in the gradient block", () => {
    const plan = trainer();
    const edit = editor(plan, "train");
    const at = edit.get("denseGradWeights", 2, "db");
    edit.set("denseGradWeights", 2, "db", edit.get("denseGradWeights", 0, "db"));
    refused(
      plan,
      `plan: kept values must stand at their addresses at the end; got one.denseGradWeights not at ${at}`,
    );
  });

  it.each(["train", "evaluate", "predict"] as const)("when the %s tape writes over a variable", (part) => {
    const plan = trainer();
    const edit = editor(plan, part);
    // The last to read the weights of the first layer is its product.
    edit.set("dense", 1, "y", edit.get("dense", 0, "w"));
    refused(plan, "plan: only updates may write variables; got y of dense over one.weight");
    const other = trainer();
    const scratch = editor(other, part);
    scratch.set("dense", 0, "scratch", scratch.get("dense", 1, "w") + 16);
    refused(other, "plan: only updates may write variables; got scratch of dense over two.weight");
  });

  it("when an op works in place that must not", () => {
    const plan = predictor([ROWS, 2, 2], (builder, x) => {
      const [a] = builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a");
      return builder.emit(OPS.transpose, { axes: [0, 2, 1] }, [a], "b");
    });
    const edit = editor(plan);
    edit.move(edit.get("copy", 0, "x"), edit.get("copy", 0, "y"));
    refused(plan, "plan: transpose must not work in place; got y over x");
  });

  it("when a record spans less than its values", () => {
    const plan = predictor([ROWS, 4], (builder, x) =>
      builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a"),
    );
    editor(plan).set("unary", 0, "n", -3);
    refused(
      plan,
      "plan: operands must span their values; got 48 bytes as y of unary for a [rows, 4] with 4 rows",
    );
  });

  it("when a record reaches past a value of which it reads a part", () => {
    const lowerTo = (from: number, n: number) =>
      fakeOp({
        infer: () => [{ shape: [n], dtype: "f32" }],
        lower: ({ inputs: [x], outputs: [y] }) => [
          draft(UNARY, { fn: Fn.Tanh, alpha: 0, y: { value: y }, x: { value: x, from }, n }),
        ],
      });
    const plan = (from: number, n: number) => {
      const graph = new Graph();
      const x = graph.addInput("x", [ROWS, 2]);
      const w = graph.addVariable("w", [8], ZERO);
      const [part] = new Builder(graph).emit(lowerTo(from, n), {}, [w], "part");
      graph.outputs.push({ name: "x", value: x }, { name: "part", value: part });
      return () => planProgram({ graph, batch: BATCH, windowRows: 0, base: 4096 });
    };
    expect(plan(4, 4)).not.toThrow();
    expect(plan(4, 8)).toThrow(
      "plan: operands must span their values; got 32 bytes as x of place for w [8] with 4 rows",
    );
  });

  it("when a record is missing", () => {
    const plan = trainer();
    const { lowered } = plan.predict;
    const longer = { ...lowered, records: [...lowered.records, lowered.records[0]] };
    refused(
      { ...plan, predict: { ...plan.predict, lowered: longer } },
      "plan: a tape must have a record for each lowered one; got 3 for 4",
    );
  });

  it("when a record was drafted without an operand", () => {
    const plan = predictor([ROWS, 4], (builder, x) =>
      builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a"),
    );
    const { lowered } = plan.predict;
    const [record] = lowered.records;
    const { alpha, ...others } = record.fields;
    const poorer = { ...lowered, records: [{ ...record, fields: others }] };
    refused(
      { ...plan, predict: { ...plan.predict, lowered: poorer } },
      "plan: records must give every operand; got no alpha in unary",
    );
  });

  it("when regions or variables share bytes", () => {
    const plan = trainer();
    const [first, second, ...others] = plan.layout.regions;
    const regions = [first, { ...second, offset: second.offset - 16 }, ...others];
    refused(
      { ...plan, layout: { ...plan.layout, regions } },
      `plan: regions must not overlap; got run at ${second.offset - 16}, after ${second.offset}`,
    );
    refused(
      { ...plan, end: plan.end - 16 },
      `plan: regions must end with the program; got ${plan.end} after ${plan.end - 16}`,
    );
    const [a, b, ...rest] = plan.variables;
    refused(
      { ...plan, variables: [a, { ...b, offset: a.offset + 16 }, ...rest] },
      "plan: variables must not overlap; got one.weight and one.bias",
    );
  });

  it("when its kernels lack a record", () => {
    const plan = predictor([ROWS, 4], (builder, x) => builder.emit(OPS.logSoftmax, {}, [x], "a"));
    expect(plan.kernels).not.toBe(PREDICT);
    refused({ ...plan, kernels: PREDICT }, "plan: its kernels must have every record; got LogSoftmax");
  });

  it("when its kernels lack a function", () => {
    const plan = predictor([ROWS, 4], (builder, x) =>
      builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a"),
    );
    expect(plan.kernels).not.toBe(PREDICT);
    refused({ ...plan, kernels: PREDICT }, "plan: its kernels must have every record; got Unary");
  });
});

describe("a plan", () => {
  it("asks for the smallest kernels that have all of its records", () => {
    expect(trainer().kernels).toBe(TRAIN);
  });

  it("verifies for every row count up to the batch", () => {
    const plan = trainer();
    for (let rows = 0; rows <= BATCH; rows++) expect(() => verifyPlan(plan, rows)).not.toThrow();
  });
});
