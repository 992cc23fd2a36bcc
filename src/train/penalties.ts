/** Penalties of weights in the loss, and bounds of them. */
import { describe } from "../describe.ts";
import { OptionError } from "../errors.ts";
import type { Builder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { Fn } from "../graph/op.ts";
import { penaltyOf } from "../graph/ops/activity-penalty.ts";
import type { ValueId } from "../graph/type.ts";
import { check, NOT_NEGATIVE, POSITIVE, readOptions, refuseMore } from "../options.ts";
import type { Feature } from "../plan/feature.ts";
import { maxNormFeature } from "../plan/max-norm.ts";
import { type Kind, withKind } from "./kinds.ts";
import { NO_WEIGHTS, parametersUnder, unknownParameter } from "./named-parameters.ts";

export interface ParametersOption {
  /**
   * Names of layers, of whose parameters it takes the weights, and whole names of parameters, such as `"dense1.bias"`. Default: all
   * weights that train: neither biases, nor what norms scale and shift by, nor tables of embeddings.
   */
  readonly parameters?: readonly string[];
}

/** What `l1` and `l2` give. */
export interface Penalty {
  readonly kind: string;
  /** What it was made with. @internal */
  readonly given: readonly [number, ParametersOption];
  /**
   * Its term of the loss; none where it is 0.
   *
   * @param loss of which the parameters that it reaches train
   * @internal
   */
  addTo(builder: Builder, loss: ValueId, frozen: ReadonlySet<string>): ValueId | undefined;
}

/** What `maxNorm` gives. */
export interface Constraint {
  readonly kind: string;
  /** What it was made with. @internal */
  readonly given: readonly [number, ParametersOption];
  /** @internal */
  feature(graph: Graph, loss: ValueId, frozen: ReadonlySet<string>): Feature;
}

/** The variables that get a gradient of a loss. */
function trainedBy(graph: Graph, loss: ValueId, frozen: ReadonlySet<string>): ReadonlySet<string> {
  const live = new Set([loss]);
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const { op, inputs, outputs } = graph.nodes[i];
    if (op !== "stopGradient" && outputs.some((id) => live.has(id))) for (const id of inputs) live.add(id);
  }
  for (const { variable } of graph.updates) live.delete(variable);
  const trained = graph.variables.filter(({ name, value }) => live.has(value) && !frozen.has(name));
  return new Set(trained.map(({ name }) => name));
}

/** The names of the variables that an option means, in the order of the model. */
function chosen(
  option: string,
  { parameters }: ParametersOption,
  graph: Graph,
  loss: ValueId,
  frozen: ReadonlySet<string>,
): string[] {
  const trained = trainedBy(graph, loss, frozen);
  const all = graph.variables.map(({ name }) => name);
  const isWeight = (name: string) => trained.has(name) && !NO_WEIGHTS.test(name);
  if (parameters === undefined) return all.filter(isWeight);
  const who = `${option}: parameters`;
  const wanted = parameters.flatMap((one) => {
    const under = typeof one === "string" ? parametersUnder(graph, one) : [];
    if (under.length === 0) throw unknownParameter(who, graph, one);
    const isWhole = under[0] === one;
    const found = under.filter(isWhole ? (name) => trained.has(name) : isWeight);
    if (found.length > 0) return found;
    const isFrozen = under.every((name) => frozen.has(name));
    const isTrained = under.some((name) => trained.has(name));
    throw new OptionError(
      `${who} must name ${isTrained ? "layers with weights, or other parameters by their whole names" : "what trains"}; got ${describe(one)}` +
        (isTrained
          ? `, which has ${under.join(", ")}`
          : isFrozen
            ? ", which is frozen"
            : ", which no loss trains"),
    );
  });
  return all.filter((name) => wanted.includes(name));
}

function readParameters(kind: string, options: ParametersOption): ParametersOption {
  const { parameters } = readOptions(kind, options, { parameters: [] });
  if (parameters === undefined) return {};
  if (!Array.isArray(parameters) || parameters.length === 0)
    throw new OptionError(
      `${kind}: parameters must be an array of names, such as ["dense1"]; got ${describe(parameters)}`,
    );
  return { parameters: [...parameters] };
}

function makePenalty(kind: string, fn: Fn, strength: number, options: ParametersOption): Penalty {
  check(kind, "strength, the first argument,", strength, NOT_NEGATIVE);
  const read = readParameters(kind, options);
  return {
    kind,
    given: [strength, read],
    addTo(builder, loss, frozen) {
      const { graph, emit } = builder;
      const names = chosen(`compile: ${kind}`, read, graph, loss, frozen);
      if (strength === 0 || names.length === 0) return undefined;
      const xs = graph.variables.flatMap(({ name, value }) => (names.includes(name) ? value : []));
      const constant = (value: number) => graph.addConstant([], Float32Array.of(value));
      builder.scope = kind;
      return penaltyOf({ emit, constant, shape: (id) => graph.shape(id) }, fn, strength, xs, false);
    },
  };
}

/**
 * Adds `strength * sum(w^2)` over weights to the loss, so that they stay small: ridge regression. The gradient has `2 strength w` more.
 *
 * Keras' form. The `weightDecay` of `sgd` in PyTorch, which adds `weightDecay * w` to the gradient, is twice this strength. With
 * `adam` the term is scaled as all gradients are; decay that is not is that of `adamW`: Loshchilov and Hutter 2019,
 * https://arxiv.org/abs/1711.05101. Losses that `fit` and `step` report have the term, those of `evaluate` do not.
 *
 * @param strength finite and >= 0
 * @throws OptionError for a strength out of range; when compiled, for a name that the model does not have, and what does not train
 * @example
 * const model = sequential({ input: [8] }, [dense(32, { activation: "relu" }), dense(3)]);
 * const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam(), penalties: [l2(1e-4)] });
 */
export const l2: Kind<(strength: number, options?: ParametersOption) => Penalty> = /* @__PURE__ */ withKind(
  function l2(strength: number, options: ParametersOption = {}): Penalty {
    refuseMore("l2", arguments, 2);
    return makePenalty("l2", Fn.Square, strength, options);
  },
  "l2",
);

/**
 * Adds `strength * sum(|w|)` over weights to the loss, which draws those that matter little towards 0: the lasso. The gradient has
 * `strength sign(w)` more, 0 at 0; weights come to swing around 0 by a step, without staying there. Tibshirani 1996. Otherwise as
 * `l2`.
 *
 * @example
 * const model = sequential({ input: [8] }, [dense(32, { activation: "relu" }), dense(3)]);
 * const penalties = [l1(1e-5, { parameters: ["dense1"] }), l2(1e-4, { parameters: ["dense1", "dense2"] })];
 * const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam(), penalties });
 */
export const l1: Kind<(strength: number, options?: ParametersOption) => Penalty> = /* @__PURE__ */ withKind(
  function l1(strength: number, options: ParametersOption = {}): Penalty {
    refuseMore("l1", arguments, 2);
    return makePenalty("l1", Fn.Abs, strength, options);
  },
  "l1",
);

/**
 * Keeps the Euclidean norm of each column of weights at `most` or less: after each update, longer columns become `w * most / norm`, and
 * others keep their bits. Srebro et al. 2005; with dropout, Srivastava et al. 2014.
 *
 * A column runs along all axes but the last: the weights into one unit of `dense` or one filter of `conv2d`; a vector is one column.
 * Keras' MaxNorm of axis 0 for `dense`, `[0, 1, 2]` for convolutions; it divides by `norm + 1e-7`, also where the norm is less. The
 * first update brings weights that start longer into the bound; the norm is kept to the rounding of f32.
 *
 * @param most > 0
 * @throws OptionError for a bound out of range; when compiled, for a name that the model does not have, and what does not train
 * @example
 * const model = sequential({ input: [8] }, [dense(32, { activation: "relu" }), dropout(0.5), dense(3)]);
 * const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam(), constraints: [maxNorm(3)] });
 */
export const maxNorm: Kind<(most: number, options?: ParametersOption) => Constraint> =
  /* @__PURE__ */ withKind(function maxNorm(most: number, options: ParametersOption = {}): Constraint {
    refuseMore("maxNorm", arguments, 2);
    check("maxNorm", "most, the first argument,", most, POSITIVE);
    const read = readParameters("maxNorm", options);
    return {
      kind: "maxNorm",
      given: [most, read],
      feature: (graph, loss, frozen) =>
        maxNormFeature(most, chosen("compile: maxNorm", read, graph, loss, frozen)),
    };
  }, "maxNorm");
