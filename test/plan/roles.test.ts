/** What programs do with variables: train them, keep them, or leave them to others. */
import { describe, expect, it } from "vitest";
import { Section, Status } from "../../assembly/abi.ts";
import { OptionError } from "../../src/errors.ts";
import { adamPlan, sgdPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import { boundsOf, type Plan } from "../../src/plan/planned.ts";
import { readTape } from "../../src/tape/verify.ts";
import { ADAM, addUpdated, meanOverRows, smallRequest, sum } from "./requests.ts";
import { Machine } from "./train.ts";

const rolesOf = ({ variables }: Plan) =>
  Object.fromEntries(variables.map(({ name, role, group }) => [name, role === "trained" ? group : role]));

const PLAIN = { learningRate: 0.5, momentum: 0, nesterov: false };
const FEEDS = (request: { x: number; t: number }) =>
  new Map([
    [request.x, [1, 2, 3, 4]],
    [request.t, [1, -1]],
  ]);

describe("roles", () => {
  it("are trained for what the loss reaches, state for the rest, frozen where asked", () => {
    const request = smallRequest({
      extend: ({ graph, builder, x }) => {
        graph.addVariable("unused", [2], { kind: "constant", value: 1 });
        addUpdated({ graph, builder }, "running", [2], (own) => sum(builder, own, meanOverRows(builder, x)));
      },
    });
    const plan = planProgram({ ...request, frozen: new Set(["body.weight"]) });
    expect(rolesOf(plan)).toEqual({
      "body.weight": "frozen",
      "body.bias": 0,
      "head.weight": 0,
      "head.bias": 0,
      unused: "state",
      running: "state",
    });
    const { at } = plan.layout;
    expect(plan.variables.slice(4).map(({ offset }) => offset)).toEqual([at("idle"), at("updated")]);
  });

  it("are state for what updates write, though the loss depends on it", () => {
    const request = smallRequest({
      extend: ({ graph, builder }) => {
        const bias = graph.variables[3].value;
        builder.phase = "update";
        graph.updates.push({ variable: bias, value: sum(builder, bias, bias) });
      },
    });
    const plan = planProgram(request);
    expect(rolesOf(plan)["head.bias"]).toBe("state");
    expect(plan.variables[3]).toMatchObject({ offset: plan.layout.at("updated"), gradient: 0 });
  });

  it("of a predictor are all state: what it holds, its states hold", () => {
    const { graph, batch, base } = smallRequest();
    const plan = planProgram({ graph, batch, base, windowRows: 0 });
    expect(new Set(plan.variables.map(({ role }) => role))).toEqual(new Set(["state"]));
    expect(plan.layout.at("frozen") - plan.layout.at("idle")).toBeGreaterThan(0);
  });

  it("make no records for the gradients of frozen variables", () => {
    const records = (frozen: string[]) => {
      const plan = planProgram({ ...smallRequest(), frozen: new Set(frozen) });
      return plan.train?.sections[Section.Backward].records.length;
    };
    expect(records([])).toBe(3);
    // Neither the gradients of the first layer nor what flows to it.
    expect(records(["body.weight", "body.bias"])).toBe(1);
  });
});

describe("groups of an optimizer", () => {
  it("take variables by name, the first match wins, the last takes the rest", () => {
    const groups = [/^head/, /bias$/, undefined].map((match) => ({ ...ADAM, match }));
    expect(rolesOf(planProgram(smallRequest({ optimizer: adamPlan(groups) })))).toEqual({
      "head.weight": 0,
      "head.bias": 0,
      "body.bias": 1,
      "body.weight": 2,
    });
  });

  it("are refused where one matches nothing that is left, in any order", () => {
    const plan = (...matches: RegExp[]) =>
      planProgram(
        smallRequest({ optimizer: adamPlan([...matches, undefined].map((match) => ({ ...ADAM, match }))) }),
      );
    expect(() => plan(/^tail/)).toThrow(
      new OptionError(
        "compile: groups[0].match of the optimizer must match a trained parameter that no group before it matches, " +
          "one of body.weight, body.bias, head.weight, head.bias; got /^tail/",
      ),
    );
    expect(() => plan(/^head/, /^head\.bias$/)).toThrow(
      /^compile: groups\[1\]\.match of the optimizer must .*got \/\^head\\.bias\$\/$/,
    );
    expect(() => plan(/^head\.bias$/, /^head/)).not.toThrow();
  });

  it("match trained variables alone", () => {
    const optimizer = sgdPlan([{ ...PLAIN, match: /^body/ }, PLAIN]);
    const frozen = new Set(["body.weight", "body.bias"]);
    expect(() => planProgram({ ...smallRequest({ optimizer }), frozen })).toThrow(
      "compile: groups[0].match of the optimizer must match a trained parameter that no group before it matches, one of head.weight, head.bias; got /^body/",
    );
  });

  it("train with settings of their own", () => {
    const optimizer = sgdPlan([{ ...PLAIN, match: /bias$/, learningRate: 0 }, PLAIN]);
    const request = smallRequest({ optimizer });
    const machine = new Machine(planProgram(request));
    machine.give(machine.plan.train?.tape as Plan["predict"], FEEDS(request));
    machine.setVariable("head.weight", [1, 2, 3]);
    machine.setVariable("body.weight", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
    expect(machine.step(2)).toBe(Status.Ok);
    expect([...machine.variable("head.bias")]).toEqual([0]);
    expect([...machine.variable("body.bias")]).toEqual([0, 0, 0]);
    expect([...machine.variable("head.weight")]).not.toEqual([1, 2, 3]);
  });
});

describe("frozen variables", () => {
  it("stay as they are, and train what is not", () => {
    const request = smallRequest({ optimizer: sgdPlan([PLAIN]) });
    const whole = new Machine(planProgram(request));
    const again = smallRequest({ optimizer: sgdPlan([PLAIN]) });
    const half = new Machine(planProgram({ ...again, frozen: new Set(["body.weight", "body.bias"]) }));
    for (const machine of [whole, half]) {
      machine.give(machine.plan.train?.tape as Plan["predict"], FEEDS(request));
      machine.setVariable("body.weight", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
      machine.setVariable("body.bias", [1, 2, 3]);
      machine.setVariable("head.weight", [1, 2, 3]);
      expect(machine.step(2)).toBe(Status.Ok);
    }
    expect([...half.variable("body.weight")]).toEqual([...Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]);
    expect([...half.variable("body.bias")]).toEqual([1, 2, 3]);
    expect(half.variable("head.weight")).toEqual(whole.variable("head.weight"));
    expect([...whole.variable("body.bias")]).not.toEqual([1, 2, 3]);
  });

  it("are not updated either", () => {
    const request = smallRequest({
      extend: ({ graph, builder, x }) => {
        addUpdated({ graph, builder }, "running", [2], (own) => sum(builder, own, meanOverRows(builder, x)));
      },
    });
    const machine = new Machine(planProgram({ ...request, frozen: new Set(["running"]) }));
    machine.setVariable("running", [5, 6]);
    machine.give(machine.plan.train?.tape as Plan["predict"], FEEDS(request));
    expect(machine.plan.train?.sections[Section.Update].records).toHaveLength(1);
    expect(machine.step(2)).toBe(Status.Ok);
    expect([...machine.variable("running")]).toEqual([5, 6]);
  });
});

describe("two programs of one memory", () => {
  const owner = planProgram(smallRequest());
  const foreign = new Map(
    owner.variables.filter(({ name }) => name.startsWith("body")).map(({ name, offset }) => [name, offset]),
  );
  const request = smallRequest({ base: owner.end });
  const guest = planProgram({ ...request, foreign });

  it("lie one behind the other; the second has no place for what the first owns", () => {
    expect(guest.base).toBe(owner.end);
    expect(rolesOf(guest)).toEqual({
      "body.weight": "frozen",
      "body.bias": "frozen",
      "head.weight": 0,
      "head.bias": 0,
    });
    for (const { name, offset, isForeign, gradient } of guest.variables) {
      expect(isForeign).toBe(foreign.has(name));
      if (isForeign) expect([offset, gradient]).toEqual([foreign.get(name), 0]);
      else expect(offset).toBeGreaterThan(guest.base);
    }
    expect(guest.layout.at("gradients") - guest.layout.at("frozen")).toBe(0);
  });

  it("read it at the same address, and only read it", () => {
    const at = foreign.get("body.weight") as number;
    for (const { from, to } of [guest.predict, ...(guest.train?.sections ?? [])]) {
      const buffers = readTape(guest.words, from, to, boundsOf(guest, 4)).flatMap((record) => record.buffers);
      for (const b of buffers) if (b.from < owner.end) expect(b.kind).toBe("in");
    }
    const reads = readTape(guest.words, guest.predict.from, guest.predict.to, boundsOf(guest, 4));
    expect(reads[0].operands.w).toBe(at);
  });

  it("train side by side: what the first trains, the second sees", () => {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(guest.end / 65536) });
    const first = new Machine(owner, memory);
    const second = new Machine(guest, memory);
    const own = smallRequest();
    first.give(owner.train?.tape as Plan["predict"], FEEDS(own));
    second.give(guest.train?.tape as Plan["predict"], FEEDS(request));
    const weights = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
    first.setVariable("body.weight", weights);
    first.setVariable("body.bias", [0, 0, 0]);
    first.setVariable("head.weight", [1, 2, 3]);
    second.setVariable("head.weight", [-1, 1, 0.5]);
    second.setVariable("head.bias", [0.25]);

    // The second alone leaves the first as it is.
    const before = first.f32.slice(owner.base / 4, owner.end / 4);
    expect(second.step(2)).toBe(Status.Ok);
    expect(first.f32.slice(owner.base / 4, owner.end / 4)).toEqual(before);
    expect([...second.variable("head.weight")]).not.toEqual([-1, 1, 0.5]);

    // The first moves the weights of both.
    const predict = () => {
      second.give(guest.predict, FEEDS(request));
      second.execute(guest.predict, 2);
      return [...second.read(guest.predict.outputs[0].offset, 2)];
    };
    const predicted = predict();
    const trained = second.variable("head.weight");
    for (let step = 0; step < 3; step++) expect(first.step(2)).toBe(Status.Ok);
    expect(second.variable("body.weight")).toEqual(first.variable("body.weight"));
    expect([...first.variable("body.weight")]).not.toEqual([...Float32Array.from(weights)]);
    expect(second.variable("head.weight")).toEqual(trained);
    const w = first.variable("body.weight");
    const b = first.variable("body.bias");
    const [v, [c]] = [second.variable("head.weight"), second.variable("head.bias")];
    const expected = [
      [1, 2],
      [3, 4],
    ].map(([p, q]) => v.reduce((y, vj, j) => y + vj * Math.tanh(p * w[j] + q * w[3 + j] + b[j]), c));
    const after = predict();
    expect(after).not.toEqual(predicted);
    after.forEach((y, i) => {
      expect(y).toBeCloseTo(expected[i], 5);
    });
  });
});
