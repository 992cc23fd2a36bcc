/** Runs the tapes of a plan once, in a memory where everything that is not given is NaN. */
import { Run, Section } from "../../assembly/abi.ts";
import type { ValueId } from "../../src/graph/type.ts";
import type { Plan, PlannedTape } from "../../src/plan/planned.ts";
import { embeddedModule, type Kernels } from "../../src/runtime/kernels.ts";
import { isAlone, isBarrier, lengthOf } from "../../src/tape/records.ts";
import type { Feeds } from "../oracle/graph.ts";

export interface PassResult {
  readonly loss: number;
  /** One per variable; undefined where it has none. */
  readonly gradients: readonly (Float32Array | undefined)[];
  /** Of the evaluate tape; NaN and nothing where there is none. */
  readonly evaluated: { readonly loss: number; readonly predictions: readonly Float32Array[] };
  readonly outputs: readonly Float32Array[];
}

/** A memory with an instance of the kernels that a plan asks for, not of ones that can do more. */
export class Machine {
  readonly kernels: Kernels;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly i32: Int32Array;

  /** @param memory one that holds other programs too; default: one of its own */
  constructor(
    readonly plan: Plan,
    memory = new WebAssembly.Memory({ initial: Math.ceil(plan.end / 65536) }),
  ) {
    this.kernels = new WebAssembly.Instance(embeddedModule(plan.kernels), { env: { memory } })
      .exports as unknown as Kernels;
    if (this.kernels.staticEnd() > plan.base)
      throw new Error(`the kernels' constants reach ${this.kernels.staticEnd()}`);
    this.f32 = new Float32Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
    const { base, end, words, constants, hyper, layout, counters } = plan;
    this.f32.fill(Number.NaN, base / 4, end / 4);
    this.i32.set(words, base / 4);
    this.f64.set(hyper, layout.at("hyper") / 8);
    // As in a fresh memory: what pads variables and gradients takes part in updates.
    this.i32.fill(0, layout.at("counters") / 4, layout.at("frozen") / 4);
    this.i32.fill(0, layout.at("gradients") / 4, layout.at("loss") / 4);
    for (const { gradient, elements } of plan.variables)
      if (gradient) this.f32.fill(Number.NaN, gradient / 4, gradient / 4 + elements);
    counters.entries.forEach(({ initial }, i) => {
      this.f64[layout.at("counters") / 8 + i] = initial;
    });
    for (const { offset, data } of constants) this.f32.set(data, offset / 4);
  }

  read(offset: number, elements: number): Float32Array {
    return this.f32.slice(offset / 4, offset / 4 + elements);
  }

  /** The values of a variable. */
  variable(name: string): Float32Array {
    const { offset, elements } = this.#find(name);
    return this.read(offset, elements);
  }

  setVariable(name: string, values: ArrayLike<number>): void {
    this.f32.set(values, this.#find(name).offset / 4);
  }

  #find(name: string) {
    const found = this.plan.variables.find((v) => v.name === name);
    if (!found) throw new Error(`no variable ${name}`);
    return found;
  }

  counter(name: string): number {
    return this.f64[this.plan.layout.at("counters") / 8 + this.plan.counters.indexOf(name)];
  }

  setRun(field: Run, value: number): void {
    this.i32[this.plan.layout.at("run") / 4 + field] = value;
  }

  run(field: Run): number {
    return this.i32[this.plan.layout.at("run") / 4 + field];
  }

  /** Lays rows into the ports of a tape. */
  give({ ports }: PlannedTape, feeds: Feeds): void {
    for (const { value, offset, dtype } of ports)
      (dtype === "i32" ? this.i32 : this.f32).set(feeds.get(value) as ArrayLike<number>, offset / 4);
  }

  execute({ from, to }: { readonly from: number; readonly to: number }, rows: number): void {
    this.setRun(Run.Rows, rows);
    this.kernels.execute(this.plan.base, from, to, 0, 1);
  }

  /**
   * A stretch by several threads: between barriers each computes its part of all records, in the given order, and part 0 those that
   * it computes alone.
   */
  executeParts(
    { from, to }: { readonly from: number; readonly to: number },
    rows: number,
    order: readonly number[],
  ): void {
    this.setRun(Run.Rows, rows);
    const { base } = this.plan;
    for (let start = from; start < to; ) {
      const records: number[] = [];
      let end = start;
      do {
        records.push(end);
        end += lengthOf(this.i32[end / 4]) * 4;
      } while (end < to && !isBarrier(this.i32[end / 4]));
      for (const part of order)
        records.forEach((at, i) => {
          const next = records[i + 1] ?? end;
          if (!isAlone(this.i32[at / 4])) this.kernels.execute(base, at, next, part, order.length);
          else if (part === 0) this.kernels.execute(base, at, next, 0, 1);
        });
      start = end;
    }
  }

  section(section: Section): void {
    const found = this.plan.train?.sections[section];
    if (!found) throw new Error(`no section ${Section[section]}`);
    this.kernels.execute(this.plan.base, found.from, found.to, 0, 1);
  }

  /** One update, or one pass of a group, from `rows` rows in the ports of the training tape. */
  step(rows: number): number {
    const { train, counters, layout } = this.plan;
    train?.optimizer?.groups.forEach((_, g) => {
      this.f64[train.rates.offset / 8 + g] = this.f64[layout.at("counters") / 8 + rateAt(counters, g)];
    });
    this.setRun(Run.Rows, rows);
    return this.kernels.step(this.plan.base);
  }
}

const rateAt = ({ entries }: Plan["counters"], group: number): number =>
  entries.findIndex(({ kind }) => kind === "rate") + group;

export function runPlan(plan: Plan, feeds: Feeds, rows: number): PassResult {
  const machine = new Machine(plan);
  for (const { name, value } of plan.variables)
    machine.setVariable(name, feeds.get(value as ValueId) as ArrayLike<number>);
  const { train, predict } = plan;
  let loss = Number.NaN;
  let gradients: PassResult["gradients"] = [];
  let evaluated: PassResult["evaluated"] = { loss: Number.NaN, predictions: [] };
  const outputsOf = ({ outputs }: PlannedTape) =>
    outputs.map((p) => machine.read(p.offset, rows * p.rowElements));
  if (train) {
    machine.give(train.tape, feeds);
    machine.execute(train.sections[Section.Forward], rows);
    loss = machine.f32[train.loss / 4];
    machine.execute(train.sections[Section.Backward], rows);
    gradients = plan.variables.map((v) => (v.gradient ? machine.read(v.gradient, v.elements) : undefined));
  }
  // The arena is shared: what another tape left must not matter.
  if (train?.evaluate) {
    machine.give(train.evaluate, feeds);
    machine.execute(train.evaluate, rows);
    evaluated = { loss: machine.f32[train.evaluate.loss / 4], predictions: outputsOf(train.evaluate) };
  }
  machine.give(predict, feeds);
  machine.execute(predict, rows);
  return { loss, gradients, evaluated, outputs: outputsOf(predict) };
}
