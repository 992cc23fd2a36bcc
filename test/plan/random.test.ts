/** Plans of random graphs: they verify, pack tightly, and compute what the f64 interpreter does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Abi } from "../../assembly/abi.ts";
import type { Graph, ValueId } from "../../src/graph/graph.ts";
import type { Op } from "../../src/graph/op.ts";
import { resolve, sizeOf } from "../../src/graph/shape.ts";
import { packArena } from "../../src/plan/arena.ts";
import { differentiate } from "../../src/plan/differentiate.ts";
import { type PlanRequest, planProgram } from "../../src/plan/plan.ts";
import { verifyPlan } from "../../src/plan/verify.ts";
import { evaluate, type Feeds, noiseOf, tolerances } from "../oracle/graph.ts";
import { randomRequest, type Step } from "./random-graph.ts";
import { runPlan } from "./train.ts";

const SEED = 20260101;
const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(15), fc.nat(999), fc.nat(999), fc.nat(999));
const steps = fc.array(step, { minLength: 1, maxLength: 40, size: "max" });

/** Numbers for inputs, targets and parameters of a training graph. */
function feedsOf({ graph, train }: PlanRequest, rows: number, seed: number): Feeds {
  const uniform = noiseOf(seed);
  const ids = [...graph.inputs, ...(train?.targets ?? []), ...graph.parameters].map((p) => p.value);
  return new Map(
    ids.map((id) => {
      const { shape, dtype } = (train?.graph ?? graph).values[id];
      const draw = dtype === "i32" ? () => 0 : uniform;
      return [id, Float32Array.from({ length: resolve(sizeOf(shape), rows) }, draw)];
    }),
  );
}

/** The training graph before the plan, extended by the gradients of all parameters. */
function reference({ graph, train }: PlanRequest) {
  const whole = (train as { graph: Graph }).graph.copy();
  const forward = whole.copy();
  const loss = (train as { loss: ValueId }).loss;
  const gradients = differentiate(
    whole,
    loss,
    graph.parameters.map((p) => p.value),
  );
  return { whole, forward, loss, gradients };
}

function expectNear(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) {
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(got[i] - expected[i]) <= tolerance))
      expect.fail(`${what}[${i}] is ${got[i]}, expected ${expected[i]} up to ${tolerance}`);
}

/** Plans and runs a request, and holds everything it gives to what the oracle makes of `intended`. */
function checkRequest(request: PlanRequest, rows: number, intended = request): void {
  const { graph, train } = request;
  const { whole, loss, gradients } = reference(intended);
  const feeds = feedsOf(request, rows, rows);
  const plan = planProgram(request);
  const got = runPlan(plan, request, feeds, rows);
  const predictions = train?.predictions ?? [];
  const found = gradients.filter((id) => id !== undefined);
  const wanted = [loss, ...found, ...predictions, ...graph.outputs.map((p) => p.value)];
  const { values, tolerance } = tolerances(whole, rows, feeds, wanted);
  const check = (data: ArrayLike<number>, id: ValueId, what: string) => {
    expectNear(data, values.get(id) as number[], tolerance.get(id) as number, what);
  };
  check([got.loss], loss, "loss");
  gradients.forEach((id, i) => {
    const { name } = graph.parameters[i];
    if (id === undefined) expectNear(got.gradients[i], new Float32Array(got.gradients[i].length), 0, name);
    else check(got.gradients[i], id, `gradient of ${name}`);
  });
  predictions.forEach((id, i) => {
    check(got.predictions[i], id, `prediction ${i}`);
  });
  graph.outputs.forEach(({ name, value }, i) => {
    check(got.outputs[i], value, name);
  });
}

describe("plans of random graphs", () => {
  it("compute losses, gradients, predictions and outputs as the oracle does", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.nat(), (list, batch, choice) => {
        checkRequest(randomRequest(list, batch), 1 + (choice % batch));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("verify for every row count up to the batch", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (list, batch) => {
        const plan = planProgram(randomRequest(list, batch));
        for (let rows = 1; rows <= batch; rows++) verifyPlan(plan, rows);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("differentiate as central differences do, along random directions", () => {
    fc.assert(
      fc.property(steps, fc.nat(), (list, seed) => {
        const request = randomRequest(list, 3);
        const { whole, forward, loss, gradients } = reference(request);
        const feeds = feedsOf(request, 3, seed);
        const values = evaluate(whole, 3, feeds);
        const uniform = noiseOf(seed + 1);
        const direction = request.graph.parameters.map(({ value }) =>
          Array.from(feeds.get(value) as ArrayLike<number>, uniform),
        );
        let analytic = 0;
        gradients.forEach((id, i) => {
          if (id === undefined) return;
          const gradient = values.get(id) as number[];
          direction[i].forEach((d, j) => {
            analytic += d * gradient[j];
          });
        });
        const at = (step: number) => {
          const moved = new Map(feeds);
          request.graph.parameters.forEach(({ value }, i) => {
            const data = Array.from(feeds.get(value) as ArrayLike<number>);
            moved.set(
              value,
              data.map((v, j) => v + step * direction[i][j]),
            );
          });
          return (evaluate(forward, 3, moved).get(loss) as number[])[0];
        };
        // A step may cross a kink; a shorter one then does not.
        const errors = [1e-5, 1e-6, 1e-7].map((h) => Math.abs((at(h) - at(-h)) / (2 * h) - analytic));
        expect(Math.min(...errors)).toBeLessThan(1e-6 * Math.max(1, Math.abs(analytic)));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("never give two live buffers the same bytes, and stay within 10 % of the most that lives at once", () => {
    let packed = 0;
    let least = 0;
    let worst = 1;
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (list, batch) => {
        const plan = planProgram(randomRequest(list, batch));
        for (const tape of [plan.predict, plan.train?.tape]) {
          const ranges = tape?.lowered.ranges ?? [];
          const { offsets, bytes, lowerBoundBytes } = packArena(ranges, Abi.Alignment);
          ranges.forEach((p, i) => {
            expect(offsets[i] % Abi.Alignment).toBe(0);
            expect(offsets[i] + p.bytes).toBeLessThanOrEqual(bytes);
            for (let j = 0; j < i; j++) {
              const q = ranges[j];
              const together = p.from <= q.to && q.from <= p.to;
              const apart = offsets[i] + p.bytes <= offsets[j] || offsets[j] + q.bytes <= offsets[i];
              expect(!together || apart, `buffers ${i} and ${j}`).toBe(true);
            }
          });
          packed += bytes;
          least += lowerBoundBytes;
          if (lowerBoundBytes > 0) worst = Math.max(worst, bytes / lowerBoundBytes);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect(worst).toBeLessThan(1.1);
    expect(packed / least).toBeLessThan(1.01);
  });

  it("are told from plans with a broken gradient rule", () => {
    const list: Step[] = [
      [0, 3, 9, 2],
      [5, 0, 10, 0],
      [1, 0, 1, 3],
    ];
    const broken = randomRequest(list, 4);
    const { nodes } = (broken.train as { graph: Graph }).graph;
    nodes.forEach((node, i) => {
      if (node.op !== "unary") return;
      const rule: Op<"unary"> = { ...node.rule, vjp: ({ dy }) => [dy] };
      nodes[i] = { ...node, rule };
    });
    expect(() => checkRequest(randomRequest(list, 4), 4)).not.toThrow();
    expect(() => checkRequest(broken, 4, randomRequest(list, 4))).toThrow(/gradient of parameter/);
  });
});
