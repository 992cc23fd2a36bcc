import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import type { Tensor } from "../model/tensor.ts";
import { COUNT, POSITIVE, type Rule, readOptions, refuseMore } from "../options.ts";
import type { PlannedVariable } from "../plan/planned.ts";
import type { Result } from "../rows/data.ts";
import type { Engine } from "../runtime/space.ts";
import { compile } from "../train/compile.ts";
import { gradientsOf, lossOf } from "../train/loss-gradients.ts";
import type { Loss } from "../train/losses.ts";
import { sgd } from "../train/optimizers.ts";
import { makeReader } from "../train/reader.ts";
import { Trainer } from "../train/trainer.ts";
import type { Data } from "../train/training-data.ts";
import { type Argument, valueAndGrad } from "../train/value-and-grad.ts";
import { type Difference, differenceAt } from "./differences.ts";
import { twinOf } from "./twin.ts";

/** How the gradient of one variable compares with differences, at its worst element. */
export interface VariableCheck {
  readonly ok: boolean;
  /** Elements that were compared. */
  readonly checked: number;
  /** Elements at a kink, such as a relu at 0, whose gradient lies between the slopes on both sides: they count as right. */
  readonly kinks: number;
  /** Of the worst element: how far both values are apart, beyond what is uncertain in the difference, as a share of the larger one. */
  readonly error: number;
  /** Of the worst element: where it stands. */
  readonly index: readonly number[];
  /** Of the worst element: what differentiation gives. */
  readonly gradient: number;
  /** Of the worst element: what differences of the loss give. */
  readonly difference: number;
  /** The largest uncertainty of a difference, by rounding of the loss and by kinks nearby: smaller mistakes stay unseen. */
  readonly resolution: number;
}

export interface GradientCheck {
  /** Whether all gradients that were compared are right. */
  readonly ok: boolean;
  /** The variable with the largest error. */
  readonly worst: string;
  readonly variables: Readonly<Record<string, VariableCheck>>;
}

export interface GradientCheckOptions {
  /** The largest error that is right. Default: 0.02. */
  readonly tolerance?: number;
  /** Elements of each variable that are compared: the one with the largest gradient, and others spread over all. Default: 16. */
  readonly samples?: number;
  /** The largest step of the differences, times `max(1, |w|)`; 1/2 to 1/16 of it are tried, too. Default: 1/64. */
  readonly step?: number;
  /** Of a model: what its gradients are of. */
  readonly loss?: Loss | { readonly [output: string]: Loss };
  /** Of a model and a function: where kernels come from. */
  readonly engine?: Engine;
}

const SAMPLES: Rule = ["a whole number >= 1, or Infinity", (n: number) => n === Infinity || COUNT[1](n)];

/** Something with a value and gradients. */
interface Subject {
  readonly variables: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly data: Float32Array;
    readonly gradient: Float32Array;
  }[];
  /** The value with the numbers that stand in `data` now. */
  value(): number;
}

/**
 * Compares gradients with central differences of the loss: whether differentiation, kernels and functions of your own agree.
 *
 * For each element w that is looked at, `(L(w + h) - L(w - h)) / 2h` for five steps h, extrapolated to h = 0 by Ridders' method, which
 * also says how good the result is. Ridders 1982, https://doi.org/10.1016/S0141-1195(82)80057-0
 *
 * The loss is computed in single precision, as in training. Its rounding hides errors below about `1e-5 |L|` of each element; what
 * is hidden is no error. Draws of dropout are keyed by step and stay the same from one difference to the next, and `batchNorm`
 * uses the statistics of the batch. Where differences show a kink, gradients between the slopes on both sides are right.
 *
 * @param subject a trainer, which stays as it is; a model, with the option `loss`; or a function, as for `valueAndGrad`
 * @param data    rows and targets, for a trainer at most a batch of them; of a function the list of its arguments
 * @throws OptionError for what cannot be checked, ShapeError or DataError for data that do not fit
 * @example
 * const model = sequential({ input: [2], seed: 1 }, [dense(8, { activation: "tanh" }), dense(1)]);
 * gradientCheck(model, { x: [[0, 1], [1, 0]], y: [1, 2] }, { loss: meanSquaredError() }).ok; // => true
 * gradientCheck((x) => x.mul(x).sum(), [[1, 2, 3]]).variables["argument 0"].error; // => 0
 */
export function gradientCheck<X, P>(
  subject: Trainer<X, P> | Model<X, P>,
  data: Data<X, P>,
  options?: GradientCheckOptions,
): GradientCheck;
export function gradientCheck<A extends readonly Argument[]>(
  subject: (...tensors: { readonly [K in keyof A]: Tensor }) => Tensor,
  args: A,
  options?: GradientCheckOptions,
): GradientCheck;
export function gradientCheck(
  subject: unknown,
  data: Data<unknown, Result> | readonly Argument[],
  options: GradientCheckOptions = {},
): GradientCheck {
  refuseMore("gradientCheck", arguments, 3);
  const read = readOptions("gradientCheck", options, {
    tolerance: [0.02, POSITIVE],
    samples: [16, SAMPLES],
    step: [1 / 64, POSITIVE],
    loss: [],
    engine: [],
  });
  const { loss, engine } = read;
  const takes = (kind: string, option: string) => {
    throw new OptionError(`gradientCheck: ${option} is not for ${kind}, which has its own; got ${option}`);
  };
  if (subject instanceof Trainer) {
    if (loss) takes("a trainer", "loss");
    if (engine) takes("a trainer", "engine");
    return ofTrainer(subject, data as Data<unknown, Result>, read);
  }
  if (typeof subject === "function") {
    if (loss) takes("a function", "loss");
    if (!Array.isArray(data))
      throw new OptionError(
        `gradientCheck: of a function the second argument must be the list of its arguments, such as [[1, 2]]; got ${describe(data)}`,
      );
    return compare(ofFunction(subject as (...tensors: Tensor[]) => Tensor, data, engine), read);
  }
  if (!(subject as Model | undefined)?.graph)
    throw new OptionError(
      `gradientCheck: needs a trainer, a model or a function of tensors; got ${describe(subject)}`,
    );
  if (!loss)
    throw new OptionError(
      "gradientCheck: a model needs a loss, such as { loss: meanSquaredError() }; got none",
    );
  const made: Trainer<unknown, Result>[] = [];
  const make = (batchSize?: number) => {
    const options = { loss, optimizer: sgd(), batchSize, engine };
    const trainer = compile(subject as Model<unknown, Result>, options as never) as Trainer<unknown, Result>;
    made.push(trainer);
    return trainer;
  };
  try {
    const trainer = make();
    const { rules, program } = trainer.fitHost;
    const reader = makeReader(program, rules.train, rules);
    const { rows } = reader.readAtOnce("gradientCheck", data as Data<unknown, never>);
    const fits = rows <= program.plan.batch ? trainer : make(rows);
    return ofTrainer(fits, data as Data<unknown, Result>, read);
  } finally {
    for (const trainer of made) trainer.dispose();
  }
}

type Settings = Required<Pick<GradientCheckOptions, "tolerance" | "samples" | "step">>;

function ofTrainer(
  trainer: Trainer<unknown, Result>,
  data: Data<unknown, Result>,
  settings: Settings,
): GradientCheck {
  const { program, train, reader } = twinOf("gradientCheck", trainer);
  try {
    const rows = reader.loadBatch("gradientCheck", data as Data<unknown, never>);
    const { gradients } = gradientsOf(program, train, rows);
    const isTrained = ({ role }: PlannedVariable) => role === "trained";
    return compare(
      {
        variables: program.plan.variables.filter(isTrained).map((v) => ({
          name: v.name,
          shape: v.shape,
          data: program.values(v),
          gradient: gradients[v.name].data,
        })),
        value: () => lossOf(program, train, rows),
      },
      settings,
    );
  } finally {
    program.dispose();
  }
}

function ofFunction(
  f: (...tensors: Tensor[]) => Tensor,
  args: readonly Argument[],
  engine: Engine | undefined,
): Subject {
  const differentiated = valueAndGrad<Argument[]>(f, { engine });
  const { gradients } = differentiated(...args);
  const variables = args.map((arg, i) => {
    const gradient = gradients[i] as number | Result;
    const isNumber = typeof gradient === "number";
    return {
      name: `argument ${i}`,
      shape: isNumber ? [] : gradient.shape,
      data: Float32Array.from(flat(arg)),
      gradient: isNumber ? Float32Array.of(gradient) : gradient.data,
    };
  });
  const now = () => variables.map(({ data, shape }) => (shape.length === 0 ? data[0] : { data, shape }));
  return { variables, value: () => differentiated(...now()).value };
}

/** All numbers of an argument, row-major. */
const flat = (arg: unknown): number[] =>
  typeof arg === "number"
    ? [arg]
    : Array.from((arg as { data?: ArrayLike<unknown> }).data ?? (arg as ArrayLike<unknown>)).flatMap(flat);

function compare({ variables, value }: Subject, settings: Settings): GradientCheck {
  const checks: Record<string, VariableCheck> = {};
  let worst = "";
  for (const { name, shape, data, gradient } of variables) {
    let found: { readonly k: number; readonly error: number; readonly at: Difference } | undefined;
    let [kinks, resolution] = [0, 0];
    const places = placesIn(gradient, settings.samples);
    for (const k of places) {
      const at = differenceAt(data, k, value, settings.step);
      resolution = Math.max(resolution, at.uncertainty);
      let error = errorOf(gradient[k], at);
      if (error > settings.tolerance) {
        const other = errorAtKink(gradient[k], at);
        if (other <= settings.tolerance) kinks++;
        error = Math.min(error, other);
      }
      // What is not finite is worse than any number.
      if (!found || !(error <= found.error)) found = { k, error, at };
    }
    if (!found) continue;
    const { k, error, at } = found;
    checks[name] = {
      ok: error <= settings.tolerance,
      checked: places.length,
      kinks,
      error,
      index: indexOf(k, shape),
      gradient: gradient[k],
      difference: at.value,
      resolution,
    };
    if (!worst || !(error <= checks[worst].error)) worst = name;
  }
  return { ok: Object.values(checks).every(({ ok }) => ok), worst, variables: checks };
}

/** How far a gradient and an estimate are apart, beyond what is uncertain, as a share of the larger one. */
function errorOf(
  gradient: number,
  { value, uncertainty }: Pick<Difference, "value" | "uncertainty">,
): number {
  const apart = Math.abs(gradient - value) - uncertainty;
  return apart <= 0 ? 0 : apart / Math.max(Math.abs(gradient), Math.abs(value));
}

/** As `errorOf`, of the slopes on both sides: none where the gradient lies between them. */
function errorAtKink(gradient: number, { sides }: Difference): number {
  const [below, above] = sides.map(({ value }) => value);
  const isBetween = Math.min(below, above) <= gradient && gradient <= Math.max(below, above);
  return isBetween ? 0 : Math.min(...sides.map((side) => errorOf(gradient, side)));
}

/** 2^32 over the golden ratio: multiples of it spread evenly, whatever the shape. */
const GOLDEN = 0x9e3779b1;

/** The place of the largest gradient, and others spread over all; all, where there are no more than `samples`. */
function placesIn(gradient: Float32Array, samples: number): number[] {
  const { length } = gradient;
  if (length <= samples) return Array.from(gradient.keys());
  let largest = 0;
  gradient.forEach((g, k) => {
    if (Math.abs(g) > Math.abs(gradient[largest])) largest = k;
  });
  const spread = Array.from({ length: samples - 1 }, (_, i) =>
    Math.floor(((Math.imul(i + 1, GOLDEN) >>> 0) / 0x1_0000_0000) * length),
  );
  return [...new Set([largest, ...spread])];
}

function indexOf(k: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(k % shape[axis]);
    k = Math.floor(k / shape[axis]);
  }
  return index;
}
