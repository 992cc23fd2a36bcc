/** Runs the tapes of a plan once, in a memory where everything that is not given is NaN. */
import { Header } from "../../assembly/abi.ts";
import type { Port } from "../../src/graph/graph.ts";
import type { ValueId } from "../../src/graph/type.ts";
import type { PlanRequest } from "../../src/plan/plan.ts";
import type { Plan } from "../../src/plan/planned.ts";
import type { KernelExports } from "../kernels/harness.ts";
import type { Feeds } from "../oracle/graph.ts";

export interface PassResult {
  readonly loss: number;
  /** One per parameter. */
  readonly gradients: readonly Float32Array[];
  readonly predictions: readonly Float32Array[];
  readonly outputs: readonly Float32Array[];
}

const modules = new Map<string, WebAssembly.Module>();

/** An instance of the kernels that the plan asks for, not of ones that can do more. */
function instantiate({ kernels: { hex }, end }: Plan) {
  const module = modules.get(hex) ?? new WebAssembly.Module(Buffer.from(hex, "hex"));
  modules.set(hex, module);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65536) });
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { kernels: instance.exports as unknown as KernelExports, memory };
}

export function runPlan(plan: Plan, request: PlanRequest, feeds: Feeds, rows: number): PassResult {
  const { kernels, memory } = instantiate(plan);
  if (kernels.staticEnd() > plan.base) throw new Error(`the kernels' constants reach ${kernels.staticEnd()}`);
  const f32 = new Float32Array(memory.buffer);
  const i32 = new Int32Array(memory.buffer);
  f32.fill(Number.NaN, plan.base / 4, plan.end / 4);
  i32.set(plan.words, plan.base / 4);
  i32[plan.base / 4 + Header.Rows] = rows;
  for (const { offset, data } of plan.constants) f32.set(data, offset / 4);
  const give = ({ value, offset }: Port & { offset: number }) => {
    const labels = request.train?.graph.values[value].dtype === "i32";
    (labels ? i32 : f32).set(feeds.get(value as ValueId) as ArrayLike<number>, offset / 4);
  };
  const read = (offset: number, elements: number) => f32.slice(offset / 4, offset / 4 + elements);
  plan.parameters.forEach(give);
  const { train } = plan;
  let trained: Omit<PassResult, "outputs"> = { loss: Number.NaN, gradients: [], predictions: [] };
  if (train) {
    [...train.inputs, ...train.targets].forEach(give);
    const header = (field: Header) => i32[plan.base / 4 + field];
    kernels.execute(plan.base, header(Header.Forward), header(Header.Backward));
    const predictions = train.predictions.map((p) => read(p.offset, rows * p.rowElements));
    const loss = f32[train.loss / 4];
    kernels.execute(plan.base, header(Header.Backward), header(Header.Update));
    const gradients = plan.parameters.map((p) =>
      read(train.gradients.offset + p.offset - plan.parameters[0].offset, p.elements),
    );
    trained = { loss, predictions, gradients };
  }
  // The arena is shared: what the other tape left must not matter.
  plan.predictInputs.forEach(give);
  kernels.execute(plan.base, plan.predict.from, plan.predict.to);
  return { ...trained, outputs: plan.predictOutputs.map((p) => read(p.offset, rows * p.rowElements)) };
}
