/** Where the regions of a program lie, and what of it is a state. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Abi, Header } from "../../assembly/abi.ts";
import { adamW, compile, dense, meanSquaredError, sequential } from "../../src/index.ts";
import { setBarriers } from "../../src/plan/barriers.ts";
import { layOut } from "../../src/plan/layout.ts";
import { planProgram } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import { smallRequest } from "./requests.ts";

describe("layOut", () => {
  it("puts regions one after another, in their order, aligned, from the base on", () => {
    const sizes = fc.array(fc.nat(100), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.nat(1000), (bytes, lines) => {
        const base = lines * Abi.Alignment;
        const { regions, end, at } = layOut(
          base,
          bytes.map((count, i) => [`region ${i}`, count]),
        );
        let last = base;
        regions.forEach((region, i) => {
          expect(region).toEqual({ name: `region ${i}`, offset: last, bytes: bytes[i] });
          expect(at(`region ${i}`)).toBe(last);
          last = Math.ceil((last + bytes[i]) / Abi.Alignment) * Abi.Alignment;
        });
        expect(end).toBe(last);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it("gives regions of no bytes an address too: that of the next one", () => {
    const { at, end } = layOut(64, [
      ["a", 20],
      ["none", 0],
      ["b", 1],
    ]);
    expect([at("a"), at("none"), at("b"), end]).toEqual([64, 96, 96, 112]);
  });

  it("refuses a name that no region has", () => {
    expect(() => layOut(0, [["a", 1]]).at("b")).toThrow("layout: regions must be laid out; got b");
  });
});

describe("the regions of a program", () => {
  const names = ({ layout }: Plan) => layout.regions.map(({ name }) => name);

  it("have names of their own", () => {
    const all = names(planProgram(smallRequest()));
    expect(new Set(all).size).toBe(all.length);
  });

  it("are those of a state from the counters to the sums, then what is frozen and what is computed", () => {
    const plan = planProgram({ ...smallRequest({ accumulate: 3 }), frozen: new Set(["head.bias"]) });
    const { layout, state, variables } = plan;
    const order = [
      ...["counters", "idle", "updated", "trained", "slot firstMoment", "slot secondMoment", "sums"],
      ...["frozen", "gradients"],
    ];
    expect(names(plan).filter((name) => order.includes(name))).toEqual(order);
    expect(state).toEqual({
      offset: layout.at("counters"),
      bytes: layout.at("frozen") - layout.at("counters"),
    });
    const inState = ({ offset, elements }: Plan["variables"][number]) =>
      offset >= state.offset && offset + elements * 4 <= state.offset + state.bytes;
    for (const v of variables) expect(inState(v), v.name).toBe(v.role !== "frozen");
  });

  it("hold frozen variables behind the slots, outside of the state and of what updates copy", () => {
    const free = planProgram(smallRequest());
    const plan = planProgram({ ...smallRequest(), frozen: new Set(["body.weight"]) });
    const [body] = plan.variables;
    expect(body).toMatchObject({ name: "body.weight", role: "frozen", gradient: 0 });
    const slots = plan.train?.slots ?? [];
    for (const { offset } of slots) expect(body.offset).toBeGreaterThan(offset);
    expect(body.offset).toBe(plan.layout.at("frozen"));
    const bytes = Math.ceil((body.elements * 4) / Abi.Alignment) * Abi.Alignment;
    // Without it: the values, two moments; its gradient; and the copies of three.
    expect(free.state.bytes - plan.state.bytes).toBe(3 * bytes);
    expect(free.end - plan.end).toBe((3 - 1 + 1 + 3) * bytes);
  });

  it("hold private scratch for each worker, at the stride that the header says", () => {
    const [one, three] = [1, 3].map((parts) =>
      planProgram({ ...smallRequest(), parts: { count: parts, setBarriers } }),
    );
    const scratch = ({ layout }: Plan) => layout.regions.find(({ name }) => name === "scratch")?.bytes ?? 0;
    expect(scratch(one)).toBeGreaterThan(0);
    expect(scratch(three)).toBe(3 * scratch(one));
    for (const { words } of [one, three]) expect(words[Header.ScratchStride]).toBe(scratch(one));
  });

  it("hold the variables of each group side by side, slots and gradients in the same order", () => {
    const optimizer = adamW({ groups: [{ match: /bias$/, weightDecay: 0 }] });
    const model = sequential({ input: [3] }, [dense(5), dense(2)]);
    using trainer = compile(model, { loss: meanSquaredError(), optimizer });
    const { variables, layout } = trainer.program.plan;
    const byAddress = [...variables].sort((p, q) => p.offset - q.offset).map(({ name }) => name);
    expect(byAddress).toEqual(["dense1.bias", "dense2.bias", "dense1.weight", "dense2.weight"]);
    const away = layout.at("gradients") - layout.at("trained");
    for (const v of variables) expect(v.gradient - v.offset).toBe(away);
  });
});
