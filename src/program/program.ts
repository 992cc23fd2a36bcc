/** A planned model in a space of its own: variables, state, and the passes that `Predictor` and `Trainer` run. */

import { Counter, Distribution, Guard, Run, type Section } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { DisposedError, OptionError } from "../errors.ts";
import { Fitted } from "../graph/input.ts";
import { planProgram } from "../plan/plan.ts";
import type { Plan, PlannedSection, PlannedVariable } from "../plan/planned.ts";
import type { PlanRequest } from "../plan/request.ts";
import { sha256 } from "../runtime/sha256.ts";
import { Engine, type Space } from "../runtime/space.ts";
import type { FileTensor } from "../safetensors.ts";
import { variableTensors } from "./file-tensors.ts";
import { orthogonalize } from "./orthogonal.ts";
import type { RawRows } from "./raw-rows.ts";
import { type StateCodec, type StateLabels, stateCodec } from "./state.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

export interface Seeds {
  /** Of the initial variables, and of draws. */
  readonly seed: number;
  readonly shuffleSeed: number;
}

/** A memory of several programs, which ends with the last of them. */
export interface SharedMemory {
  enter(): Space;
  leave(): void;
  /** Throws BusyError while one of the programs is at work that a change of what they share would disturb. */
  checkIdle(who: string): void;
  /** Runs readings that come later with what the program borrows as it is now. */
  hold(program: Program): <T>(read: () => T) => T;
}

export class Program {
  readonly plan: Plan;
  // Whatever reaches the memory; gone after `dispose`, so that a program kept by mistake does not keep it.
  kernels!: Space["kernels"];
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;
  u8!: Uint8Array;
  /** The views of its rows that were given away, and those of them that lie outside of its memory. */
  buffers: object | undefined;
  raw: RawRows | undefined;
  readonly #run: number;
  readonly #counters: number;
  #disposed = false;
  #states: StateCodec | undefined;
  #fitted: Float64Array | undefined;
  #space: Space | undefined;
  /** Those that work on it. */
  crew: ReturnType<NonNullable<Space["crew"]>["adopt"]> | undefined;
  /** The data that the window holds whole, if they may come again. */
  window: object | undefined;
  /** Whether views of the memory were given away. */
  hasViewsOutside = false;

  constructor(
    who: string,
    readonly engine: Engine,
    request: Omit<PlanRequest, "base"> | Plan,
    seeds: Seeds,
    /** What its states say beside the plan. */
    private readonly labels: StateLabels = {},
    /** The memory that it shares with others. */
    readonly shared?: SharedMemory,
  ) {
    if (!(engine instanceof Engine))
      throw new OptionError(`${who}: engine must come from await createEngine(); got ${describe(engine)}`);
    const plan =
      "words" in request
        ? request
        : planProgram({ ...request, base: engine.base, parts: engine.crew?.parts });
    const space = shared ? shared.enter() : engine.open(who, plan.kernels, reachOf(plan), this);
    this.plan = plan;
    this.#run = plan.layout.at("run") >>> 2;
    this.#counters = plan.layout.at("counters") >>> 3;
    this.#attach(space);
    layDown(plan, space);
    this.initialize(seeds);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.shared) this.shared.leave();
    else this.engine.release(this, this.#space);
    this.#attach(undefined);
    this.#states = undefined;
    this.window = undefined;
  }

  /** The same program with a memory of its own, also for what other programs own. */
  twin(who: string): Program {
    return new Program(who, this.engine, this.plan, this.seeds, this.labels);
  }

  /** Takes over from a twin what states may lack: seeds, and frozen variables. */
  takeOver(from: Program): void {
    this.setCounter(Counter.Seed, from.counter(Counter.Seed));
    this.setCounter(Counter.ShuffleSeed, from.counter(Counter.ShuffleSeed));
    const frozen = this.plan.variables.filter(({ role }) => role === "frozen");
    for (const v of frozen) this.values(v).set(from.values(v));
    if (frozen.length > 0) this.#states?.refresh();
  }

  /** Ends all views of the memory that were given away: their length becomes 0. The content stays. */
  detachViews(): void {
    this.hasViewsOutside = false;
    this.#attach(this.#space?.detachViews());
  }

  #attach(space: Space | undefined): void {
    this.#space = space;
    const { kernels, f32, f64, i32, u8 } = space ?? ({} as Partial<Space>);
    this.kernels = kernels as Space["kernels"];
    this.f32 = f32 as Float32Array;
    this.f64 = f64 as Float64Array;
    this.i32 = i32 as Int32Array;
    this.u8 = u8 as Uint8Array;
    this.buffers = undefined;
    this.raw = undefined;
    this.#fitted = undefined;
    this.crew = space?.crew?.adopt(this.plan);
  }

  checkAlive(who: string): void {
    if (this.#disposed)
      throw new DisposedError(`${who}: the program must not be disposed; got a call after dispose()`);
    this.crew?.check(who);
  }

  /** A word of the run block. */
  run(field: number): number {
    return this.i32[this.#run + field];
  }

  setRun(field: number, value: number): void {
    this.i32[this.#run + field] = value;
  }

  /** An f64 of the run block. */
  runF64(field: Run): number {
    return this.f64[(this.#run + field) >>> 1];
  }

  setRunF64(field: Run, value: number): void {
    this.f64[(this.#run + field) >>> 1] = value;
  }

  /** A counter of the state, by its index in the plan's table. */
  counter(index: number): number {
    return this.f64[this.#counters + index];
  }

  setCounter(index: number, value: number): void {
    this.f64[this.#counters + index] = value;
  }

  /** What is fitted to data in the present state: a view. */
  get fitted(): Float64Array {
    const { fittedAt, size } = this.plan.counters;
    this.#fitted ??= this.f64.subarray(this.#counters + fittedAt, this.#counters + size);
    return this.#fitted;
  }

  get seeds(): Seeds {
    return { seed: this.counter(Counter.Seed), shuffleSeed: this.counter(Counter.ShuffleSeed) };
  }

  /** Runs a stretch of tape on `rows` rows. */
  execute({ from, to }: { readonly from: number; readonly to: number }, rows: number): void {
    this.setRun(Run.Rows, rows);
    this.kernels.execute(this.plan.base, from, to, 0, 1);
  }

  section(section: Section): PlannedSection {
    return this.plan.train?.sections[section] as PlannedSection;
  }

  /** Variables drawn afresh, slots and counters as new. */
  initialize(seeds: Seeds): void {
    const { plan, kernels, u8, f32 } = this;
    const { state, variables, counters } = plan;
    // What `adapt` fitted stays.
    const fitted = counters.fittedAt < counters.size ? this.fitted.slice() : undefined;
    u8.fill(0, state.offset, state.offset + state.bytes);
    let stays = false;
    for (const { kind, initial, values, at, length } of counters.entries) {
      const before = fitted?.subarray(at - counters.fittedAt, at - counters.fittedAt + length);
      if (kind === "flag") stays = before?.[0] === Fitted.ByAdapt;
      for (let k = 0; k < length; k++)
        this.setCounter(at + k, stays ? (before as Float64Array)[k] : (values?.[k] ?? initial));
    }
    this.setCounter(Counter.Seed, seeds.seed);
    this.setCounter(Counter.ShuffleSeed, seeds.shuffleSeed);
    variables.forEach(({ init, offset, elements, isForeign, shape }, stream) => {
      if (isForeign) return;
      const at = offset >>> 2;
      const draw = (distribution: Distribution, a: number, b: number) =>
        kernels.randomFill(offset, elements, distribution, a, b, seeds.seed, stream);
      if (init.kind === "constant") f32.fill(init.value, at, at + elements);
      else if (init.kind === "values") f32.set(init.data, at);
      else if (init.kind === "uniform") draw(Distribution.Uniform, init.low, init.high);
      else if (init.kind === "normal") draw(Distribution.Normal, init.mean, init.std);
      else {
        draw(Distribution.Normal, 0, 1);
        orthogonalize(f32.subarray(at, at + elements), shape[shape.length - 1] ?? 1, init.gain);
      }
    });
    if (variables.some(({ role }) => role === "frozen")) this.#states?.refresh();
  }

  values(v: PlannedVariable): Float32Array {
    return this.f32.subarray(v.offset >>> 2, (v.offset >>> 2) + v.elements);
  }

  /** Whether a block holds NaN or infinity. */
  hasNonFinite(offset: number, bytes: number): boolean {
    return this.kernels.maxMagnitude(offset, bytes >>> 2) >= Guard.NonFinite;
  }

  /**
   * SHA-256 over the variables in declaration order: for each the name in UTF-8, a zero byte, the rank and the
   * dimensions as little-endian u32, then the values as little-endian f32.
   *
   * @param more tensors that count as well, behind the variables
   */
  digest(more: readonly FileTensor[] = []): string {
    return sha256([...variableTensors(this), ...more].flatMap(digestParts));
  }

  /** What reads and writes its states. */
  get states(): StateCodec {
    this.#states ??= stateCodec(this, this.labels);
    return this.#states;
  }
}

/** What a digest takes of a tensor, in this order. */
export const digestParts = ({ name, shape, data }: FileTensor): Uint8Array[] => [
  utf8(`${name}\0`),
  new Uint8Array(Uint32Array.of(shape.length, ...shape).buffer),
  data,
];

/** First byte behind the program and what it reads of others. */
const reachOf = ({ variables, end }: Plan): number =>
  variables.reduce((most, { offset, elements }) => Math.max(most, offset + elements * 4), end);

function layDown({ words, base, hyper, constants, layout }: Plan, { i32, f32, f64 }: Space): void {
  i32.set(words, base >>> 2);
  f64.set(hyper, layout.at("hyper") >>> 3);
  for (const { offset, data } of constants) f32.set(data, offset >>> 2);
}
