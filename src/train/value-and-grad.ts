import { Section } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { DataError, ShapeError, TraceError } from "../errors.ts";
import { Builder } from "../graph/builder.ts";
import { Graph } from "../graph/graph.ts";
import { broadcast } from "../graph/ops/reduce.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { Tensor } from "../model/tensor.ts";
import { readOptions, refuseMore } from "../options.ts";
import type { TrainPlan } from "../plan/planned.ts";
import type { TrainRequest } from "../plan/request.ts";
import { TRAINING } from "../plan/training.ts";
import { Program } from "../program/program.ts";
import { classOf } from "../realm.ts";
import {
  countRows,
  isNumericArray,
  makeResult,
  type NestedNumbers,
  type NumericArray,
  type Result,
  type Row,
  readRows,
  type Shaped,
} from "../rows/data.ts";
import { defaultEngine, type Engine } from "../runtime/space.ts";

/** What a differentiated function may be given: a number, nested arrays, a typed array (a vector), or `{ data, shape }`. */
export type Argument = number | NumericArray | readonly Row[] | Shaped;

/** The type of the gradient with respect to an argument: a number for a number. */
export type Gradient<A> = A extends number ? number : Result<Nested<A>>;

/** The nested arrays of an argument, a typed array being one of numbers. */
export type Nested<A> = A extends NumericArray | readonly number[]
  ? number[]
  : A extends readonly (infer E extends NumericArray | readonly Row[])[]
    ? readonly Row[] extends E
      ? NestedNumbers
      : Nested<E>[]
    : NestedNumbers;

export interface ValueAndGradResult<A extends readonly Argument[]> {
  readonly value: number;
  /** One gradient per argument, of its shape: a number for a number. */
  readonly gradients: { readonly [K in keyof A]: Gradient<A[K]> };
}

/** How many programs all functions of one engine keep together: memories are scarce, in browsers a hundred or so. */
const PROGRAM_LIMIT = 32;

/** LRU of traced programs per engine; the value removes the program from its function's cache. */
const traced = new WeakMap<Engine, Map<Program, () => void>>();

/** Notes that a program was used, and drops the one that was not for longest when there are too many. */
function touch(engine: Engine, program: Program, forget: () => void): void {
  const programs = traced.get(engine) ?? new Map<Program, () => void>();
  traced.set(engine, programs);
  programs.delete(program);
  programs.set(program, forget);
  if (programs.size <= PROGRAM_LIMIT) return;
  const [[oldest, forgetOldest]] = programs;
  programs.delete(oldest);
  forgetOldest();
  oldest.dispose();
}

/**
 * Differentiates an ordinary function of tensors: the returned function computes its value and its gradients with
 * respect to all arguments. The function is traced once for each combination of argument shapes.
 *
 * @param f takes one Tensor per argument and returns a Tensor of shape []; it must not depend on anything that changes
 * @throws TraceError if `f` uses a tensor as a number or returns something else, ShapeError if its value is no scalar
 * @example
 * const { value, gradients } = valueAndGrad((w1, w2, w3) => w1.add(w2).mul(w3))(1, 2.3, 5.7);
 */
export function valueAndGrad<A extends readonly Argument[] = number[]>(
  f: (...tensors: { readonly [K in keyof A]: Tensor }) => Tensor,
  options: { readonly engine?: Engine } = {},
): (...args: A) => ValueAndGradResult<A> {
  refuseMore("valueAndGrad", arguments, 2);
  if (typeof f !== "function")
    throw new TraceError(`valueAndGrad: needs a function of tensors; got ${describe(f)}`);
  const { engine: given } = readOptions("valueAndGrad", options, { engine: [] });
  const cache = new Map<string, Program>();
  return (...args) => {
    const shapes = args.map((arg, i) => shapeOf(i, arg));
    const key = JSON.stringify(shapes);
    const engine = given ?? defaultEngine();
    const program = cache.get(key) ?? trace(f as (...tensors: Tensor[]) => Tensor, shapes, engine);
    cache.set(key, program);
    touch(engine, program, () => cache.delete(key));
    return evaluate(program, args, shapes) as ValueAndGradResult<typeof args>;
  };
}

function shapeOf(i: number, arg: Argument): Shape {
  const shape: number[] = [];
  if (typeof arg === "number") return shape;
  if (typeof arg === "object" && arg !== null && "shape" in arg) shape.push(...arg.shape);
  else for (let level: unknown = arg; isList(level); level = level[0]) shape.push(level.length);
  if (shape.length === 0 || !shape.every((d) => Number.isSafeInteger(d) && d >= 1))
    throw new DataError(
      `valueAndGrad: argument ${i} must be a number, an array that is not empty, or { data, shape }; got ` +
        (shape.length > 0 ? `shape [${shape.join(", ")}]` : describe(arg)),
    );
  return shape;
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || isNumericArray(value);

function trace(f: (...tensors: Tensor[]) => Tensor, shapes: readonly Shape[], engine: Engine): Program {
  const graph = new Graph();
  const builder = new Builder(graph);
  const tensors = shapes.map(
    (shape, i) =>
      new Tensor(builder, graph.addVariable(`argument ${i}`, shape, { kind: "constant", value: 0 })),
  );
  const loss = f(...tensors);
  if (!(loss instanceof Tensor) || loss.builder !== builder)
    throw new TraceError(
      `valueAndGrad: the function must return a tensor that it computed; got ${
        classOf(loss) === "Promise"
          ? "a promise: make it a plain function instead of an async one"
          : describe(loss)
      }`,
    );
  if (loss.shape.length !== 0)
    throw new ShapeError(
      `valueAndGrad: the function must return a scalar; got ${formatShape(loss.shape)}: use .sum() or .mean()`,
    );
  // A value of its own, so that arguments and constants returned as they are have one too.
  const value = loss.emit(broadcast, { shape: [], divisor: 1 }, [loss.id]).id;
  const train: TrainRequest = {
    graph,
    loss: value,
    targets: [],
    predictions: [],
    optimizer: undefined,
    accumulate: 1,
    planner: TRAINING,
  };
  const model = graph.copy();
  return new Program(
    "valueAndGrad",
    engine,
    { graph: model, batch: 1, windowRows: 0, train },
    { seed: 0, shuffleSeed: 0 },
  );
}

function evaluate(program: Program, args: readonly Argument[], shapes: readonly Shape[]) {
  const { plan } = program;
  args.forEach((arg, i) => {
    const { offset, elements } = plan.variables[i];
    const what = `valueAndGrad: argument ${i}`;
    if (typeof arg === "number") {
      readRows(what, [arg], 1, 0, 1, program.f32, offset >>> 2);
      return;
    }
    const rowElements = elements / shapes[i][0];
    const rows = countRows(what, arg, rowElements);
    readRows(what, arg, rowElements, 0, rows, program.f32, offset >>> 2);
  });
  const { from } = program.section(Section.Forward);
  const { to } = program.section(Section.Backward);
  program.execute({ from, to }, 1);
  const gradients = args.map((arg, i) => {
    const { gradient, elements } = plan.variables[i];
    const at = gradient >>> 2;
    if (typeof arg === "number") return gradient ? program.f32[at] : 0;
    return makeResult(
      gradient ? program.f32.slice(at, at + elements) : new Float32Array(elements),
      shapes[i],
    );
  });
  return { value: program.f32[(plan.train as TrainPlan).loss >>> 2], gradients };
}
