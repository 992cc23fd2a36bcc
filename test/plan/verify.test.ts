/** Plans broken by hand: tapes that read well record by record, but do not compute what the graph says. */
import { describe, expect, it } from "vitest";
import type { Opcode } from "../../assembly/abi.ts";
import { TapeError } from "../../src/errors.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { Fn, LossFn } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { unary } from "../../src/graph/ops/unary.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { CORE } from "../../src/kernels/core.wasm.ts";
import { optimizerPlan } from "../../src/plan/optimizer.ts";
import { planProgram, type TrainRequest } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import { verifyPlan } from "../../src/plan/verify.ts";
import { formatOf } from "../../src/tape/records.ts";
import { readTape } from "../../src/tape/verify.ts";

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
    const w = model.addParameter(`${name}.weight`, [k, n], ZERO);
    const b = model.addParameter(`${name}.bias`, [n], ZERO);
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
  const [first] = builder.emit(OPS.loss, MSE, [y, ports[0]]);
  const [second] = builder.emit(OPS.loss, MSE, [p, ports[1]]);
  const [loss] = builder.emit(OPS.accumulate, {}, [first, second], "loss");
  const train: TrainRequest = {
    graph,
    loss,
    predictions: [y, p],
    targets: ports.map((value, i) => ({ name: `t${i}`, value, rowElements: 2 })),
    optimizer: optimizerPlan({ kind: "sgd", learningRate: 0.1, momentum: 0, nesterov: false }),
  };
  return planProgram({ graph: model, batch: BATCH, windowRows: BATCH, base: 4096, train });
}

/** Access to the words of a plan by record and operand. */
function editor(plan: Plan, part: "train" | "predict" = "predict") {
  const tape = part === "train" ? (plan.train as { tape: Plan["predict"] }).tape : plan.predict;
  const bounds = { base: plan.base, end: plan.end, rows: plan.batch };
  const records = readTape(plan.words, tape.from, tape.to, bounds);
  const index = (name: string, nth: number, operand: string) => {
    const record = records.filter((r) => formatOf(r.opcode as Opcode)?.name === name)[nth];
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
          if (at === from)
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
    const plan = trainer();
    const edit = editor(plan, "train");
    // Its first elements stay.
    edit.set("dense", 0, "scratch", edit.get("dense", 1, "w") + 16);
    refused(plan, "plan: operands must hold their values; got w of dense without two.weight");
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

  it("when a prediction is overwritten before the backward section", () => {
    const plan = trainer();
    const edit = editor(plan, "train");
    // The gradient of the second loss goes where the first prediction is, which no record reads any more.
    edit.set("loss", 1, "dx", edit.get("loss", 0, "p"));
    refused(
      plan,
      `plan: kept values must stand at their addresses before the backward section; got two.unary not at ${edit.get("loss", 0, "p")}`,
    );
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

  it("when a parameter is overwritten", () => {
    const plan = trainer();
    const edit = editor(plan, "train");
    // The last to read the weights of the first layer is its product.
    edit.move(edit.get("loss", 1, "dx"), edit.get("dense", 0, "w"));
    refused(plan, "plan: parameters must survive the step; got one.weight overwritten");
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

  it("when a record is missing", () => {
    const plan = trainer();
    const { lowered } = plan.predict;
    const longer = { ...lowered, records: [...lowered.records, lowered.records[0]] };
    refused(
      { ...plan, predict: { ...plan.predict, lowered: longer } },
      "plan: a tape must have a record for each lowered one; got 3 for 4",
    );
  });

  it("when fields stand in another order than the operands", () => {
    const plan = predictor([ROWS, 4], (builder, x) =>
      builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a"),
    );
    const { lowered } = plan.predict;
    const [record] = lowered.records;
    const { fn, ...others } = record.fields;
    const turned = { ...lowered, records: [{ ...record, fields: { ...others, fn } }] };
    refused(
      { ...plan, predict: { ...plan.predict, lowered: turned } },
      "plan: fields must be listed in the order of the record's operands; got alpha,y,x,n,fn in unary",
    );
  });

  it("when its kernels lack a record", () => {
    const plan = predictor([ROWS, 4], (builder, x) => builder.emit(OPS.logSoftmax, {}, [x], "a"));
    expect(plan.kernels).not.toBe(CORE);
    refused({ ...plan, kernels: CORE }, "plan: the core kernels must have every record; got LogSoftmax");
  });

  it("when its kernels lack a function", () => {
    const plan = predictor([ROWS, 4], (builder, x) =>
      builder.emit(OPS.unary, { fn: Fn.Exp, alpha: 0 }, [x], "a"),
    );
    expect(plan.kernels).not.toBe(CORE);
    refused({ ...plan, kernels: CORE }, "plan: the core kernels must have every record; got Unary");
  });
});

describe("a plan", () => {
  it("asks for the core kernels where they suffice", () => {
    expect(trainer().kernels).toBe(CORE);
  });

  it("verifies for every row count up to the batch", () => {
    const plan = trainer();
    for (let rows = 0; rows <= BATCH; rows++) expect(() => verifyPlan(plan, rows)).not.toThrow();
  });
});
