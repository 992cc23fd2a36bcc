/** The sections of the training tape: what they hold, when they run, and what is put back when an update fails. */
import { describe, expect, it } from "vitest";
import { Form, Header, Opcode, Run, Section, SectionWord, Status } from "../../assembly/abi.ts";
import { BinaryFn, draft, Fn, SCRATCH } from "../../src/graph/op.ts";
import { binary } from "../../src/graph/ops/binary.ts";
import { dense } from "../../src/graph/ops/dense.ts";
import { reshape } from "../../src/graph/ops/reshape.ts";
import { unary } from "../../src/graph/ops/unary.ts";
import { adamPlan, sgdPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import { DENSE } from "../../src/tape/formats/predict.ts";
import { productScratchBytes } from "../../src/tape/product-scratch.ts";
import { ADAM, addUpdated, type Extras, meanOverRows, smallRequest, sum } from "./requests.ts";
import { Machine } from "./train.ts";

type Trained = Plan & { readonly train: NonNullable<Plan["train"]> };

const PLAIN = { learningRate: 0.5, momentum: 0, nesterov: false };
const X = [1, 2, 3, 4];
const T = [1, -1];

/** A program with numbers in its variables and two rows in its ports. */
function start(extras: Extras = {}) {
  const request = smallRequest({ optimizer: sgdPlan([PLAIN]), ...extras });
  const plan = planProgram(request) as Trained;
  const machine = new Machine(plan);
  machine.setVariable("body.weight", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
  machine.setVariable("head.weight", [1, 2, 3]);
  const give = (x: readonly number[], t: readonly number[]) =>
    machine.give(
      plan.train.tape,
      new Map([
        [request.x, x],
        [request.t, t],
      ]),
    );
  give(X, T);
  const state = () => [
    ...machine.f32.slice(plan.state.offset / 4, (plan.state.offset + plan.state.bytes) / 4),
  ];
  return { machine, plan, give, state };
}

const names = ({ train }: Trained) =>
  train.sections.map(({ section, records }) => [
    Section[section],
    records.map(({ format }) => Opcode[format.opcode]),
  ]);

describe("sections", () => {
  it("load, run, and update where every pass is an update", () => {
    expect(names(start().plan)).toEqual([
      ["Load", ["Order", "Gather", "Gather"]],
      ["Forward", ["Dense", "Dense", "Loss"]],
      ["Backward", ["DenseGradWeights", "DenseGradInput", "DenseGradWeights"]],
      ["Accumulate", []],
      ["Update", ["Sgd"]],
      ["Commit", []],
    ]);
  });

  it("add gradients up, and update by their mean, where several passes are one", () => {
    const groups = [{ ...ADAM, match: /bias$/ }, ADAM];
    expect(
      names(start({ accumulate: 3, optimizer: adamPlan(groups) }).plan).slice(Section.Accumulate),
    ).toEqual([
      ["Accumulate", ["AddGradients"]],
      ["Update", ["AverageGradients", "Adam", "Adam"]],
      ["Commit", ["Advance", "Advance", "Advance", "Advance"]],
    ]);
  });

  it.each([1, 3])("stand in the header with the passes of which they run in the last: %i", (accumulate) => {
    const { words, train } = start({ accumulate }).plan;
    const table = train.sections.map(({ section }) => {
      const row = Header.Sections + section * SectionWord.Count;
      const { from, to } = train.sections[section];
      expect([words[row + SectionWord.From], words[row + SectionWord.To]]).toEqual([from, to]);
      return [Section[section], words[row + SectionWord.Every]];
    });
    expect(table).toEqual([
      ["Load", 1],
      ["Forward", 1],
      ["Backward", 1],
      ["Accumulate", 1],
      ["Update", accumulate],
      ["Commit", accumulate],
    ]);
    expect(Header.Sections + Section.Count * SectionWord.Count).toBeLessThanOrEqual(Header.Count);
  });

  it("have room for the scratch of an optimizer's records", () => {
    const scratchOf = ({ layout }: Plan) => layout.regions.find(({ name }) => name === "scratch")?.bytes;
    const [m, k] = [2, 10];
    // A product of gradients and variables, into the sums.
    const product = {
      ...{ y: { region: "sums" }, x: { region: "gradients" }, w: { region: "trained" }, bias: 0 },
      ...{ m, n: 2, k, fn: Fn.Identity, alpha: 0, scratch: SCRATCH },
    };
    const rule = { ...sgdPlan([PLAIN]).rule, update: () => [draft(DENSE, product)] };
    const optimizer = { ...sgdPlan([PLAIN]), rule };
    const room = () => scratchOf(start({ accumulate: 2, optimizer }).plan);
    expect(scratchOf(start({ accumulate: 2 }).plan)).toBeLessThan(room() ?? 0);
    expect(room()).toBe(productScratchBytes(Form.NN, m, 2, k));
  });

  it("of forward and backward write no state: running them twice gives the same bits", () => {
    const { machine, plan, state } = start({ extend: withStatistic });
    const before = state();
    const once = () => {
      machine.setRun(Run.Rows, 2);
      machine.section(Section.Forward);
      machine.section(Section.Backward);
      return plan.variables.map(({ gradient, elements }) => gradient && machine.read(gradient, elements));
    };
    const first = once();
    expect(once()).toEqual(first);
    expect(state()).toEqual(before);
  });
});

describe("what features keep", () => {
  it("is left alone by updates, and by the undoing of one", () => {
    for (const accumulate of [1, 2]) {
      const { machine, plan, give, state } = start({ accumulate, features: [{ blocks: ["best"] }] });
      const [{ offset }] = plan.train.blocks;
      // Three weights and a bias of each layer, in blocks of 64 bytes.
      machine.f32.fill(7, offset / 4, offset / 4 + 10);
      const kept = () => [...machine.f32.subarray(offset / 4, offset / 4 + 10)];
      for (let pass = 0; pass < accumulate; pass++) expect(machine.step(2)).toBe(Status.Ok);
      expect(kept()).toEqual(new Array(10).fill(7));
      for (let pass = 1; pass < accumulate; pass++) expect(machine.step(2)).toBe(Status.Ok);
      const before = state();
      give(X, [3e38, -3e38]);
      expect(machine.step(2)).not.toBe(Status.Ok);
      expect(state()).toEqual(before);
      expect(kept()).toEqual(new Array(10).fill(7));
    }
  });
});

/** `running += mean of x` and `sums += head.weight`, by update nodes. */
const withStatistic: Extras["extend"] = ({ graph, builder, x }) => {
  addUpdated({ graph, builder }, "running", [2], (own) => sum(builder, own, meanOverRows(builder, x)));
  const weight = graph.variables.find(({ name }) => name === "head.weight");
  addUpdated({ graph, builder }, "sums", [3, 1], (own) => sum(builder, own, weight?.value as number));
};

describe("update nodes", () => {
  it("run after the optimizer, which leaves their variables alone", () => {
    const { machine, plan } = start({ extend: withStatistic });
    expect(names(plan)[Section.Update]).toEqual(
      ["Update", ["Sgd", "Place", "Reduce", "Accumulate", "Accumulate", "CheckFinite"]].flatMap((v) => [v]),
    );
    machine.setVariable("running", [10, 20]);
    expect(machine.step(2)).toBe(Status.Ok);
    expect([...machine.variable("running")]).toEqual([12, 23]);
    // The weights after the update, not those before it.
    expect(machine.variable("sums")).toEqual(machine.variable("head.weight"));
    expect([...machine.variable("head.weight")]).not.toEqual([1, 2, 3]);
    expect(machine.step(2)).toBe(Status.Ok);
    expect([...machine.variable("running")]).toEqual([14, 26]);
  });

  it("take statistics of the forward pass as that left them", () => {
    const forward: Extras["extend"] = ({ graph, builder, h }) => {
      // A value of the forward pass that dies in it otherwise, and whose buffer backward nodes would take.
      const statistic = meanOverRows(builder, h);
      addUpdated({ graph, builder }, "running", [3], (own) => sum(builder, own, statistic));
    };
    const { machine } = start({ extend: forward });
    expect(machine.step(2)).toBe(Status.Ok);
    const h = (p: number, q: number) =>
      [0.1, 0.2, 0.3].map((w, j) => Math.tanh(p * w + q * [0.4, 0.5, 0.6][j]));
    const [first, second] = [h(1, 2), h(3, 4)];
    [...machine.variable("running")].forEach((v, j) => {
      expect(v).toBeCloseTo((first[j] + second[j]) / 2, 6);
    });
  });

  it("run once an update, not once a pass", () => {
    const { machine } = start({ accumulate: 3, extend: withStatistic });
    const seen = Array.from({ length: 7 }, () => {
      expect(machine.step(2)).toBe(Status.Ok);
      return machine.variable("running")[0];
    });
    expect(seen).toEqual([0, 0, 2, 2, 2, 4, 4]);
    expect([machine.counter("step"), machine.counter("microStep"), machine.counter("groupRows")]).toEqual([
      2, 1, 2,
    ]);
  });

  it("are undone with the rest where the update is not finite", () => {
    for (const accumulate of [1, 2]) {
      const { machine, give, state, plan } = start({
        accumulate,
        extend: withStatistic,
        optimizer: sgdPlan([{ learningRate: 1e30, momentum: 0.5, nesterov: false }]),
      });
      machine.setVariable("running", [10, 20]);
      machine.setVariable("sums", [1, 1, 1]);
      for (let pass = 1; pass < accumulate; pass++) expect(machine.step(2)).toBe(Status.Ok);
      const before = state();
      give(X, [1e18, 1e18]);
      expect(machine.step(2)).toBe(Status.NonFiniteUpdate);
      expect(state()).toEqual(before);
      expect(machine.run(Run.Guard)).toBe(0);
      expect([...machine.variable("running")]).toEqual([10, 20]);
      // Without the undoing they would have moved.
      machine.setRun(Run.Rows, 2);
      machine.section(Section.Update);
      expect([...machine.variable("running")]).toEqual([12, 23]);
      if (accumulate === 1) expect(machine.run(Run.Guard)).not.toBe(0);
      expect(plan.layout.at("updated")).toBeGreaterThan(0);
    }
  });

  it("are undone where only they are not finite, though their kernels know no guard", () => {
    const { machine, give, state } = start({ extend: withStatistic });
    machine.setVariable("running", [3.4028234e38, 20]);
    machine.setVariable("sums", [1, 1, 1]);
    const before = state();
    // tanh makes 1 of the large ones: loss and gradients are finite.
    give([1e38, 2, 1e38, 4], [0, 0]);
    expect(machine.step(2)).toBe(Status.NonFiniteUpdate);
    expect(state()).toEqual(before);
    give([1, 2, 3, 4], [0, 0]);
    expect(machine.step(2)).toBe(Status.Ok);
    expect([...machine.variable("running")]).toEqual([Math.fround(3.4028234e38), 23]);
  });

  it("are not fused with nodes of the forward pass: those read the weights of before the update", () => {
    const extend: Extras["extend"] = ({ graph, builder, x }) => {
      const [w, b] = graph.variables;
      const [z] = builder.emit(dense, { fn: Fn.Identity, alpha: 0 }, [x, w.value, b.value]);
      addUpdated({ graph, builder }, "last", [-1, 3].slice(1), () => {
        const [y] = builder.emit(unary, { fn: Fn.Tanh, alpha: 0 }, [z]);
        return meanOverRows(builder, y);
      });
    };
    const { machine } = start({ extend, optimizer: sgdPlan([{ ...PLAIN, learningRate: 10 }]) });
    expect(machine.step(2)).toBe(Status.Ok);
    const h = (p: number, q: number, j: number) => Math.tanh(p * [0.1, 0.2, 0.3][j] + q * [0.4, 0.5, 0.6][j]);
    [...machine.variable("last")].forEach((v, j) => {
      expect(v).toBeCloseTo((h(1, 2, j) + h(3, 4, j)) / 2, 6);
    });
    expect(Math.abs(machine.variable("body.weight")[0] - 0.1)).toBeGreaterThan(0.01);
  });

  it("are no part of the tapes that evaluate and predict", () => {
    const { machine, plan, state } = start({ extend: withStatistic });
    const evaluate = plan.train.evaluate as NonNullable<Trained["train"]["evaluate"]>;
    expect(evaluate.lowered.records.map(({ format }) => Opcode[format.opcode])).toEqual([
      "Dense",
      "Dense",
      "Loss",
    ]);
    const before = state();
    machine.execute(evaluate, 2);
    machine.execute(plan.predict, 2);
    expect(state()).toEqual(before);
  });

  it("are needed for the next content of a variable, one for each", () => {
    const message = (name: string, got: string) =>
      `${name}: its next content must be made by an update node, for it alone; got ${got}`;
    const forward: Extras["extend"] = ({ graph, builder, x }) => {
      const variable = graph.addVariable("running", [2], { kind: "constant", value: 0 });
      graph.updates.push({ variable, value: meanOverRows(builder, x) });
    };
    expect(() => start({ extend: forward })).toThrow(message("running", "reduce"));
    const shared: Extras["extend"] = ({ graph, builder, x }) => {
      addUpdated({ graph, builder }, "running", [2], (own) => sum(builder, own, meanOverRows(builder, x)));
      const variable = graph.addVariable("twin", [2], { kind: "constant", value: 0 });
      graph.updates.push({ variable, value: graph.updates[0].value });
    };
    expect(() => start({ extend: shared })).toThrow(message("twin", "accumulate"));
    const itself: Extras["extend"] = ({ graph }) => {
      const variable = graph.addVariable("still", [2], { kind: "constant", value: 0 });
      graph.updates.push({ variable, value: variable });
    };
    expect(() => start({ extend: itself })).toThrow(message("still", "still"));
  });

  it("may end in a reshape, and may leave the old content unread", () => {
    const extend: Extras["extend"] = ({ graph, builder, x }) => {
      addUpdated({ graph, builder }, "last", [1, 2], () => {
        const [row] = builder.emit(reshape, { shape: [1, 2] }, [meanOverRows(builder, x)]);
        return row;
      });
      addUpdated({ graph, builder }, "double", [2], (own) => {
        const [twice] = builder.emit(binary, { fn: BinaryFn.Add }, [own, own]);
        return twice;
      });
    };
    const { machine } = start({ extend });
    machine.setVariable("double", [3, 4]);
    expect(machine.step(2)).toBe(Status.Ok);
    expect([...machine.variable("last")]).toEqual([2, 3]);
    expect([...machine.variable("double")]).toEqual([6, 8]);
  });
});

describe("gradients of several passes", () => {
  it("make the update of one pass with all their rows", () => {
    const rows = [
      { x: [1, 2, 3, 4], t: [1, -1] },
      { x: [0.5, -1], t: [2] },
    ];
    const together = start({ batch: 4 });
    together.give([...rows[0].x, ...rows[1].x], [...rows[0].t, ...rows[1].t]);
    expect(together.machine.step(3)).toBe(Status.Ok);
    const apart = start({ batch: 4, accumulate: 2 });
    const before = apart.machine.variable("head.weight");
    for (const { x, t } of rows) {
      expect(apart.machine.variable("head.weight")).toEqual(before);
      apart.give(x, t);
      expect(apart.machine.step(t.length)).toBe(Status.Ok);
    }
    for (const { name } of apart.plan.variables) {
      const expected = together.machine.variable(name);
      apart.machine.variable(name).forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i], 5);
      });
    }
    expect(apart.machine.counter("step")).toBe(1);
  });

  it("start anew with each update: the same passes again move the variables by the same", () => {
    const { machine } = start({ accumulate: 2, optimizer: sgdPlan([{ ...PLAIN, learningRate: 0 }]) });
    const sums = () => machine.read(machine.plan.layout.at("sums"), 4);
    machine.step(2);
    machine.step(2);
    const first = sums();
    machine.step(2);
    machine.step(2);
    expect(sums()).toEqual(first);
  });

  it("of a pass that is not finite are left out: the passes before it still count", () => {
    const { machine, give, state, plan } = start({ accumulate: 3 });
    expect(machine.step(2)).toBe(Status.Ok);
    machine.setVariable("body.weight", [0.55, 0, 0, 0, 0, 0]);
    machine.setVariable("head.weight", [1e19, 0, 0]);
    const before = state();
    // Loss and gradients are finite, the gradients times two rows are not.
    give([1, 0, 1, 0], [-1.2e19, -1.2e19]);
    expect(machine.step(2)).toBe(Status.NonFiniteUpdate);
    const gradient = machine.f32[plan.variables[0].gradient / 4];
    expect(Math.abs(gradient)).toBeGreaterThan(1.8e38);
    expect(Number.isFinite(gradient)).toBe(true);
    expect(state()).toEqual(before);
    give(X, T);
    expect(machine.step(2)).toBe(Status.Ok);
    expect(machine.counter("microStep")).toBe(2);
  });
});
