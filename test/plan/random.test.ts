/** Plans of random graphs: they verify, pack tightly, and compute what the f64 interpreter does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Abi, Gemm } from "../../assembly/abi.ts";
import { Builder } from "../../src/graph/builder.ts";
import { Graph } from "../../src/graph/graph.ts";
import { Fn, LossFn, type Op } from "../../src/graph/op.ts";
import { OPS } from "../../src/graph/ops/index.ts";
import { loss as coreLoss } from "../../src/graph/ops/loss.ts";
import { unary } from "../../src/graph/ops/unary.ts";
import { resolve } from "../../src/graph/shape.ts";
import { TRAIN } from "../../src/kernels/train.wasm.ts";
import { packArena } from "../../src/plan/arena.ts";
import type { TapePort } from "../../src/plan/graphs.ts";
import { sgdPlan } from "../../src/plan/optimizer.ts";
import { planProgram } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import type { PlanRequest } from "../../src/plan/request.ts";
import { TRAINING } from "../../src/plan/training.ts";
import { verifyPlan } from "../../src/plan/verify.ts";
import { evaluate, noiseOf } from "../oracle/graph.ts";
import { checkRequest, feedsOf, reference } from "./check.ts";
import { randomRequest, type Step } from "./random-graph.ts";

const SEED = 20260101;
const step: fc.Arbitrary<Step> = fc.tuple(fc.nat(21), fc.nat(999), fc.nat(999), fc.nat(999));
const steps = fc.array(step, { minLength: 1, maxLength: 40, size: "max" });

describe("plans of random graphs", () => {
  it("compute losses, gradients, predictions and outputs as the oracle does", () => {
    const ops = new Set<string>();
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.nat(), (list, batch, choice) => {
        const request = randomRequest(list, batch);
        for (const { op } of request.train?.graph.nodes ?? []) ops.add(op);
        checkRequest(request, 1 + (choice % batch));
      }),
      { seed: SEED, numRuns: 200 },
    );
    // What differs outside training, and what only a loss has.
    for (const op of ["noise", "dropout", "activityPenalty", "lossWeights"]) expect(ops).toContain(op);
  });

  it("compute the same with every third variable frozen", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 6 }), fc.nat(), (list, batch, choice) => {
        const request = randomRequest(list, batch);
        const frozen = new Set(
          request.graph.variables.filter((_, i) => (i + choice) % 3 === 0).map(({ name }) => name),
        );
        checkRequest({ ...request, frozen }, 1 + (choice % batch));
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  it("verify for every row count up to the batch", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (list, batch) => {
        const plan = planProgram(randomRequest(list, batch));
        for (let rows = 1; rows <= batch; rows++) verifyPlan(plan, rows);
      }),
      { seed: SEED, numRuns: 200 },
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
        const direction = request.graph.variables.map(({ value }) =>
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
          request.graph.variables.forEach(({ value }, i) => {
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
      { seed: SEED, numRuns: 200 },
    );
  });

  it("never give two live buffers the same bytes, and stay within 3 % of the most that lives at once", () => {
    let packed = 0;
    let least = 0;
    let worst = 1;
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (list, batch) => {
        const plan = planProgram(randomRequest(list, batch));
        for (const tape of [plan.predict, plan.train?.tape, plan.train?.evaluate]) {
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
      { seed: SEED, numRuns: 200 },
    );
    expect(worst).toBeLessThan(1.03);
    expect(packed / least).toBeLessThan(1.001);
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

describe("plans of networks wide enough for packed products", () => {
  const ROWS = -1;
  const BATCH = 80;

  /** 70-66-64-5 with labels. */
  function network(): PlanRequest {
    const graph = new Graph();
    const builder = new Builder(graph);
    let value = graph.addInput("x", [ROWS, 70]);
    const widths = [70, 66, 64, 5];
    const activations = [Fn.Tanh, Fn.Gelu, Fn.Identity];
    activations.forEach((fn, i) => {
      const [k, n] = [widths[i], widths[i + 1]];
      const w = graph.addVariable(`w${i}`, [k, n], { kind: "constant", value: 0 });
      const b = graph.addVariable(`b${i}`, [n], { kind: "constant", value: 0 });
      [value] = builder.emit(OPS.dense, { fn: Fn.Identity, alpha: 0 }, [value, w, b]);
      // As layers emit it: `OPS.unary` would ask for the extended kernels.
      if (fn !== Fn.Identity) [value] = builder.emit(unary, { fn, alpha: 0 }, [value]);
    });
    graph.outputs.push({ name: "y", value });
    const train = graph.copy();
    const target = train.addValue({ shape: [ROWS], dtype: "i32" }, "t");
    const [loss] = new Builder(train).emit(coreLoss, { fn: LossFn.CrossEntropy, parameter: 0 }, [
      value,
      target,
    ]);
    const optimizer = sgdPlan([{ learningRate: 0.1, momentum: 0, nesterov: false }]);
    const targets: TapePort[] = [
      { name: "t", kind: "target", value: target, dtype: "i32", rowElements: 5, below: 0 },
    ];
    return {
      graph,
      batch: BATCH,
      windowRows: BATCH,
      base: 4096,
      train: {
        graph: train,
        loss,
        targets,
        predictions: [value],
        optimizer,
        accumulate: 1,
        planner: TRAINING,
      },
    };
  }

  it("take that path, on the kernels that train", () => {
    const { train, kernels } = planProgram(network()) as Plan & { train: NonNullable<Plan["train"]> };
    expect(kernels).toBe(TRAIN);
    const products = train.tape.lowered.records.map(({ fields: { m, n } }) =>
      [m, n].map((d) => resolve(Number(d), BATCH)),
    );
    const packed = products.filter(([m, n]) => m >= Gemm.FewRows && n >= Gemm.Narrow);
    expect(packed.length).toBeGreaterThanOrEqual(5);
  });

  it.each([1, 3, 63, 64, 65, BATCH])("compute what the oracle does: %i rows", (rows) => {
    checkRequest(network(), rows);
  });
});
