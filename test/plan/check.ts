/** Plans beside the f64 interpreter: the same numbers in, everything that comes out compared. */
import { expect } from "vitest";
import type { Graph } from "../../src/graph/graph.ts";
import { forInference } from "../../src/graph/inference.ts";
import { resolve, sizeOf } from "../../src/graph/shape.ts";
import type { ValueId } from "../../src/graph/type.ts";
import { differentiate } from "../../src/plan/differentiate.ts";
import { planProgram } from "../../src/plan/plan.ts";
import type { PlanRequest } from "../../src/plan/request.ts";
import { type Feeds, noiseOf, tolerances } from "../oracle/graph.ts";
import { runPlan } from "./train.ts";

/** Numbers for inputs, targets and parameters of a training graph. */
export function feedsOf({ graph, train }: PlanRequest, rows: number, seed: number): Feeds {
  const uniform = noiseOf(seed);
  const { values } = train?.graph ?? graph;
  const numbers = [...graph.inputs, ...graph.variables].map((p) => ({ ...p, classes: 0 }));
  const targets = (train?.targets ?? []).map((p) => ({ ...p, classes: p.rowElements }));
  return new Map(
    [...numbers, ...targets].map(({ value, classes }) => {
      const { shape, dtype } = values[value];
      const draw = dtype === "i32" ? () => Math.floor(((uniform() + 1) / 2) * classes) : uniform;
      return [value, Float32Array.from({ length: resolve(sizeOf(shape), rows) }, draw)];
    }),
  );
}

/** The training graph before the plan, extended by the gradients of all variables but the frozen ones. */
export function reference({ graph, train, frozen }: PlanRequest) {
  const whole = (train as { graph: Graph }).graph.copy();
  const forward = whole.copy();
  const loss = (train as { loss: ValueId }).loss;
  const gradients = differentiate(
    whole,
    loss,
    graph.variables.map((v) => v.value),
  ).map((id, i) => (frozen?.has(graph.variables[i].name) ? undefined : id));
  return { whole, forward, loss, gradients };
}

function expectNear(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) {
  for (let i = 0; i < expected.length; i++)
    if (!(Math.abs(got[i] - expected[i]) <= tolerance))
      expect.fail(`${what}[${i}] is ${got[i]}, expected ${expected[i]} up to ${tolerance}`);
}

/** Plans and runs a request, and holds everything it gives to what the oracle makes of `intended`. */
export function checkRequest(request: PlanRequest, rows: number, intended = request): void {
  const { graph, train } = request;
  const { whole, loss, gradients } = reference(intended);
  // Outside training nothing is drawn, and penalties are no part of the loss.
  const { graph: inference, standsFor } = forInference((intended.train as { graph: Graph }).graph);
  const feeds = feedsOf(request, rows, rows);
  const plan = planProgram(request);
  const got = runPlan(plan, feeds, rows);
  const predictions = train?.predictions ?? [];
  const found = gradients.filter((id) => id !== undefined);
  const checkBy =
    ({ values, tolerance }: ReturnType<typeof tolerances>) =>
    (data: ArrayLike<number>, id: ValueId, what: string) => {
      expectNear(data, values.get(id) as number[], tolerance.get(id) as number, what);
    };
  const check = checkBy(tolerances(whole, rows, feeds, [loss, ...found]));
  check([got.loss], loss, "loss");
  gradients.forEach((id, i) => {
    const { name } = graph.variables[i];
    const gradient = got.gradients[i];
    expect(gradient === undefined, `${name} has no gradient`).toBe(id === undefined);
    if (gradient && id !== undefined) check(gradient, id, `gradient of ${name}`);
  });
  const measured = standsFor(train?.measured ?? loss);
  const outputs = graph.outputs.map(({ value }) => standsFor(value));
  const seen = [measured, ...predictions.map(standsFor), ...outputs];
  const checkSeen = checkBy(tolerances(inference, rows, feeds, seen));
  checkSeen([got.evaluated.loss], measured, "loss of the evaluate tape");
  predictions.forEach((id, i) => {
    checkSeen(got.evaluated.predictions[i], standsFor(id), `prediction ${i}`);
  });
  graph.outputs.forEach(({ name }, i) => {
    checkSeen(got.outputs[i], outputs[i], name);
  });
}
