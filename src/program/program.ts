/** A planned model in a space of its own: parameters, state, and the passes that `Predictor` and `Trainer` run. */

import { Counter, Distribution, Guard, Header } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { DisposedError, OptionError } from "../errors.ts";
import { type Plan, type PlannedParameter, type PlanRequest, planProgram } from "../plan/plan.ts";
import { sha256 } from "../runtime/sha256.ts";
import { Engine, type Space } from "../runtime/space.ts";
import { type Seeds, type StateCodec, stateCodec } from "./state.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

export class Program {
  readonly plan: Plan;
  // Whatever reaches the memory; gone after `dispose`, so that a program kept by mistake does not keep it.
  kernels!: Space["kernels"];
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;
  u8!: Uint8Array;
  #disposed = false;
  #states: StateCodec | undefined;

  constructor(
    who: string,
    readonly engine: Engine,
    request: Omit<PlanRequest, "base">,
    public seeds: Seeds,
  ) {
    if (!(engine instanceof Engine))
      throw new OptionError(`${who}: engine must come from await createEngine(); got ${describe(engine)}`);
    const plan = planProgram({ ...request, base: engine.base });
    const space = engine.open(who, plan.kernels, plan.end, this);
    this.plan = plan;
    this.#attach(space);
    layDown(plan, space);
    this.initialize(seeds, request.train?.optimizer.learningRate ?? 0);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#attach({});
    this.#states = undefined;
    this.engine.release(this);
  }

  #attach({ kernels, f32, f64, i32, u8 }: Partial<Space>): void {
    this.kernels = kernels as Space["kernels"];
    this.f32 = f32 as Float32Array;
    this.f64 = f64 as Float64Array;
    this.i32 = i32 as Int32Array;
    this.u8 = u8 as Uint8Array;
  }

  checkAlive(who: string): void {
    if (this.#disposed)
      throw new DisposedError(`${who}: the program must not be disposed; got a call after dispose()`);
  }

  header(field: Header): number {
    return this.i32[(this.plan.base >>> 2) + field];
  }

  setHeader(field: Header, value: number): void {
    this.i32[(this.plan.base >>> 2) + field] = value;
  }

  double(field: Header): number {
    return this.f64[(this.plan.base + field * 4) >>> 3];
  }

  setDouble(field: Header, value: number): void {
    this.f64[(this.plan.base + field * 4) >>> 3] = value;
  }

  counter(counter: Counter): number {
    return this.f64[(this.plan.state.offset >>> 3) + counter];
  }

  setCounter(counter: Counter, value: number): void {
    this.f64[(this.plan.state.offset >>> 3) + counter] = value;
  }

  /** Runs the records in [from, to) on `rows` rows. */
  execute(rows: number, from: number, to: number): void {
    this.setHeader(Header.Rows, rows);
    this.kernels.execute(this.plan.base, from, to);
  }

  initialize(seeds: Seeds, learningRate: number): void {
    this.seeds = seeds;
    initializeState(this, seeds, learningRate);
  }

  parameter(p: PlannedParameter): Float32Array {
    return this.f32.subarray(p.offset >>> 2, (p.offset >>> 2) + p.elements);
  }

  /** Whether a block holds NaN, infinity, or a magnitude whose bits reach `bits`. */
  reaches(offset: number, bytes: number, bits: number = Guard.NonFinite): boolean {
    return this.kernels.maxMagnitude(offset, bytes >>> 2) >= bits;
  }

  /**
   * SHA-256 over the parameters in declaration order: for each the name in UTF-8, a zero byte, the rank and the
   * dimensions as little-endian u32, then the values as little-endian f32.
   */
  digest(): string {
    const parts = this.plan.parameters.flatMap((p) => {
      const shape = this.shapeOf(p);
      return [
        utf8(`${p.name}\0`),
        new Uint8Array(Uint32Array.of(shape.length, ...shape).buffer),
        this.u8.subarray(p.offset, p.offset + p.elements * 4),
      ];
    });
    return sha256(parts);
  }

  shapeOf(p: PlannedParameter): readonly number[] {
    return this.plan.predict.lowered.graph.shape(p.value);
  }

  /** What reads and writes its states. */
  get states(): StateCodec {
    this.#states ??= stateCodec(this);
    return this.#states;
  }
}

function layDown({ words, base, hyper, constants }: Plan, { i32, f32, f64 }: Space): void {
  i32.set(words, base >>> 2);
  f64.set(hyper.values, hyper.offset >>> 3);
  for (const { offset, data } of constants) f32.set(data, offset >>> 2);
}

/** Parameters drawn afresh, moments and counters as new. */
function initializeState({ plan, kernels, u8, f32, f64 }: Program, seeds: Seeds, learningRate: number): void {
  const { state, parameters } = plan;
  u8.fill(0, state.offset, state.offset + state.bytes);
  const counters = state.offset >>> 3;
  f64[counters + Counter.LearningRate] = learningRate;
  f64[counters + Counter.Beta1Power] = 1;
  f64[counters + Counter.Beta2Power] = 1;
  f64[counters + Counter.ShuffleSeed] = seeds.shuffleSeed;
  parameters.forEach(({ init, offset, elements }, stream) => {
    const at = offset >>> 2;
    const draw = (distribution: Distribution, a: number, b: number) =>
      kernels.randomFill(offset, elements, distribution, a, b, seeds.seed, stream);
    if (init.kind === "constant") f32.fill(init.value, at, at + elements);
    else if (init.kind === "values") f32.set(init.data, at);
    else if (init.kind === "uniform") draw(Distribution.Uniform, init.low, init.high);
    else draw(Distribution.Normal, init.mean, init.std);
  });
}
