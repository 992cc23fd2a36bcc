import { describe } from "../describe.ts";
import { OptionError, WasmgradError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { checkObject, readOptions, refuseMore } from "../options.ts";
import { planTogether } from "../plan/together.ts";
import type { Predictor } from "../program/predictor.ts";
import { Program } from "../program/program.ts";
import { ProgramsMemory, type Sharer } from "../program/shared-memory.ts";
import { defaultEngine, type Engine } from "../runtime/space.ts";
import { type CompileOptions, draftOf, type TrainerOptions, type TrainOptions } from "./compile.ts";
import type { Loss } from "./losses.ts";
import type { Optimizer } from "./optimizers.ts";
import type { Trainer } from "./trainer.ts";

/** A model and what `compile` would be given for it: with loss and optimizer it becomes a Trainer, without a Predictor. */
export interface ProgramOptions
  extends Omit<CompileOptions, "engine">,
    Partial<Omit<TrainerOptions, "loss">> {
  readonly model: Model;
  /** A loss, or losses by output name. */
  readonly loss?: Loss | Readonly<Record<string, Loss>>;
  readonly optimizer?: Optimizer;
}

export interface TogetherOptions {
  /** Where kernels come from, for all. Default: the embedded ones, on the calling thread. */
  readonly engine?: Engine;
}

/** What `compileTogether` makes of each entry. */
export type Programs<M> = {
  readonly [K in keyof M]: M[K] extends { readonly model: Model<infer X, infer P> }
    ? M[K] extends { readonly optimizer: Optimizer }
      ? Trainer<X, P>
      : Predictor<X, P>
    : never;
};

/**
 * Makes programs that share a memory and parameters: adversarial pairs, several heads on one trunk, a predictor of a part of what
 * is trained. Parameters of one name are one and the same, so layers that two models share have one name in both, best by
 * `nested(part, { name })`.
 *
 * A parameter is changed by one program at most: the others `freeze` it, or have no optimizer. Gradients go through what is
 * frozen. It starts as the program that changes it draws it, or the first that has it, and belongs to that program's `state()`;
 * the others' states leave it out, and their `restore` leaves it as it is, so states of programs are restored in any order.
 * `digest()` and `save()` take it in everywhere. `clip`, `averageWeights`, penalties and preprocessing of one program reach what it changes itself. While a `fit` or a `withState` of one is under way, calls that change another
 * throw a BusyError, and readings see whole steps. The memory is given back when the last program is disposed of.
 *
 * @param programs what each is compiled from, by name
 * @throws OptionError for a parameter that two programs would change, ShapeError for one of two shapes, and what `compile` throws
 * @example
 * const critic = sequential({ input: [2] }, [dense(16, { activation: "relu" }), dense(1)]);
 * const maker = sequential({ input: [4] }, [dense(16, { activation: "relu" }), dense(2)]);
 * const loss = binaryCrossEntropy({ fromLogits: true });
 * const { discriminator, generator, sampler } = compileTogether({
 *   discriminator: {
 *     model: sequential({ input: [2], seed: 1 }, [nested(critic, { name: "critic" })]),
 *     loss,
 *     optimizer: adam(),
 *   },
 *   generator: {
 *     model: sequential({ input: [4], seed: 2 }, [nested(maker, { name: "maker" }), nested(critic, { name: "critic" })]),
 *     loss,
 *     optimizer: adam(),
 *     freeze: ["critic"],
 *   },
 *   sampler: { model: sequential({ input: [4] }, [nested(maker, { name: "maker" })]) },
 * });
 * const noise = [[0.1, -0.2, 0.3, 0.4]];
 * discriminator.step({ x: [[1, 0], ...sampler.predict(noise).toArray()], y: [1, 0] });
 * generator.step({ x: noise, y: [1] });
 */
export function compileTogether<const M extends { readonly [name: string]: ProgramOptions }>(
  programs: M,
  options: TogetherOptions = {},
): Programs<M> {
  refuseMore(WHO, arguments, 2);
  checkObject(WHO, programs, "programs must be an object, such as { generator: { model, loss, optimizer } }");
  const engine = readOptions(WHO, options, { engine: [] }).engine ?? defaultEngine();
  const names = Object.keys(programs);
  if (names.length === 0) throw new OptionError(`${WHO}: needs at least one program; got none`);
  const drafts = names.map((name) => draftIn(name, programs[name], engine));
  const plans = planTogether(
    WHO,
    names.map((name, i) => ({ name, request: { ...drafts[i].request, parts: engine.crew?.parts } })),
    engine.base,
  );
  const memory = new ProgramsMemory(WHO, engine, plans);
  const made = names.map((name, i): [string, Predictor<never, unknown>] => {
    const { seeds, labels, make } = drafts[i];
    return [name, make(new Program(WHO, engine, plans[i], seeds, labels, memory))];
  });
  memory.sharers = Object.fromEntries(made) as Readonly<Record<string, Sharer>>;
  return Object.fromEntries(made) as never;
}

const WHO = "compileTogether";

function draftIn(name: string, given: ProgramOptions, engine: Engine) {
  const where = `${WHO}: ${name}`;
  checkObject(where, given, "must be an object, such as { model, loss, optimizer }");
  const { model, ...options } = given;
  if (!model?.graph)
    throw new OptionError(
      `${where} must be { model, .. } with what sequential() or model() gives, such as { model, loss, optimizer }; got ` +
        ("graph" in given ? "a model: write { model: .. }" : `model ${describe(model)}`),
    );
  if ("engine" in options)
    throw new OptionError(
      `${where}: engine is an option of all, compileTogether(programs, { engine }); got ${describe(options.engine)} for one`,
    );
  try {
    return draftOf<never, unknown>(
      model as Model<never, unknown>,
      { ...options, engine } as TrainOptions<unknown>,
    );
  } catch (error) {
    // Several programs are compiled by one call: which one it is, stands in front.
    if (error instanceof WasmgradError) error.message = error.message.replace(/^compile:/, `${where}:`);
    throw error;
  }
}
