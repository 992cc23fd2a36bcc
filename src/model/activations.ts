import { describe } from "../describe.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { Initializer, Node } from "../graph/graph.ts";
import { Fn, type OpAttrs } from "../graph/op.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { unary } from "../graph/ops/unary.ts";
import { check, NOT_NEGATIVE, readOptions } from "../options.ts";
import { isArrayOf } from "../realm.ts";
import { unknownName } from "../suggest.ts";
import { applyTo, type Symbolic } from "./symbolic.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The activations, by name. `softmax` works along the last axis, the others elementwise.
 * `leakyRelu` has slope 0.01 below 0, `elu` has alpha 1; both can be set by `{ name, alpha }`. `gelu` is the erf
 * form, `geluTanh` its tanh approximation; `hardSigmoid` is `relu6(x + 3) / 6`. `sign` has gradient 0: layers below
 * it learn nothing. `softsign` is `x / (1 + |x|)`.
 */
export type ActivationName =
  | "linear"
  | "relu"
  | "leakyRelu"
  | "elu"
  | "selu"
  | "gelu"
  | "geluTanh"
  | "silu"
  | "softplus"
  | "sigmoid"
  | "tanh"
  | "hardSigmoid"
  | "sign"
  | "softsign"
  | "softmax";

/** An activation: its name, its name and parameter, or a layer or function, such as `mish()` or `(x) => x.mul(x.sigmoid())`. */
export type Activation =
  | ActivationName
  | { readonly name: "leakyRelu" | "elu"; readonly alpha: number }
  | ((x: Tensor) => Tensor);

/** An activation that was checked. */
export interface ParsedActivation {
  /** `"custom"` for a layer or function. */
  readonly name: ActivationName | "custom";
  readonly alpha: number;
  readonly layer?: (x: Tensor) => Tensor;
}

interface ActivationRule {
  readonly fn: Fn;
  /** Default of the function's parameter, where it has one. */
  readonly alpha: number;
  /** Which of the usual starting distributions keeps the variance of its inputs. */
  readonly init: "glorotUniform" | "heNormal" | "lecunNormal";
}

const rule = (fn: Fn, init: ActivationRule["init"] = "glorotUniform", alpha = 0): ActivationRule => ({
  fn,
  alpha,
  init,
});

const RULES = {
  linear: /* @__PURE__ */ rule(Fn.Identity),
  relu: /* @__PURE__ */ rule(Fn.Relu, "heNormal"),
  leakyRelu: /* @__PURE__ */ rule(Fn.LeakyRelu, "heNormal", 0.01),
  elu: /* @__PURE__ */ rule(Fn.Elu, "heNormal", 1),
  selu: /* @__PURE__ */ rule(Fn.Selu, "lecunNormal"),
  gelu: /* @__PURE__ */ rule(Fn.Gelu, "heNormal"),
  geluTanh: /* @__PURE__ */ rule(Fn.GeluTanh, "heNormal"),
  silu: /* @__PURE__ */ rule(Fn.Silu, "heNormal"),
  softplus: /* @__PURE__ */ rule(Fn.Softplus, "heNormal"),
  sigmoid: /* @__PURE__ */ rule(Fn.Sigmoid),
  tanh: /* @__PURE__ */ rule(Fn.Tanh),
  hardSigmoid: /* @__PURE__ */ rule(Fn.HardSigmoid),
  sign: /* @__PURE__ */ rule(Fn.Sign),
  softsign: /* @__PURE__ */ rule(Fn.Softsign),
} as const satisfies Record<Exclude<ActivationName, "softmax">, ActivationRule>;

export const activationNames: readonly ActivationName[] = /* @__PURE__ */ (
  Object.keys(RULES) as ActivationName[]
).concat("softmax");

/** Checks an activation; kernels that know activations by name must leave those with a `layer` to `activate`. */
export function parseActivation(who: string, activation: Activation): ParsedActivation {
  if (typeof activation === "function") return { name: "custom", alpha: 0, layer: activation };
  const name = typeof activation === "object" && activation !== null ? activation.name : activation;
  if (!activationNames.includes(name))
    throw new OptionError(unknownName(who, "activation", name, activationNames), "unknown");
  if (typeof activation !== "object") return { name, alpha: name in RULES ? RULES[name as "elu"].alpha : 0 };
  const { alpha } = readOptions(`${who}: activation`, activation, { name: [], alpha: [] });
  if (name !== "leakyRelu" && name !== "elu")
    throw new OptionError(
      `${who}: alpha belongs to leakyRelu and elu; got an object with ${name}: write "${name}"`,
    );
  check(who, `alpha of ${name}`, alpha, NOT_NEGATIVE);
  return { name, alpha };
}

export function activate<T extends Symbolic>(x: T, { name, alpha, layer }: ParsedActivation): T {
  if (layer) return applyTo("activation", layer, x);
  if (name === "linear") return x;
  if (name === "softmax") return x.emit(softmax, {}, [x.id]);
  return x.emit(unary, { fn: RULES[name as "elu"].fn, alpha }, [x.id]);
}

/** The activation that a node is; undefined for other functions. */
export function activationOf({ op, attrs }: Node): Activation | undefined {
  if (op === "softmax") return "softmax";
  if (op !== "unary") return undefined;
  const { fn, alpha } = attrs as OpAttrs["unary"];
  const [name, rule] = Object.entries(RULES).find(([, { fn: own }]) => own === fn) ?? [];
  if (name === undefined || rule === undefined) return undefined;
  if (alpha === rule.alpha) return name as ActivationName;
  return name === "elu" || name === "leakyRelu" ? { name, alpha } : undefined;
}

export type { Initializer };

/** How weights and biases may start. `fanIn` and `fanOut` are the inputs and units of the layer. */
export type InitializerName =
  | "glorotUniform"
  | "glorotNormal"
  | "heUniform"
  | "heNormal"
  | "lecunUniform"
  | "lecunNormal"
  | "orthogonal"
  | "zeros"
  | "ones";

const SCALES = {
  glorotUniform: (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut),
  glorotNormal: (fanIn: number, fanOut: number) => 2 / (fanIn + fanOut),
  heUniform: (fanIn: number) => 2 / fanIn,
  heNormal: (fanIn: number) => 2 / fanIn,
  lecunUniform: (fanIn: number) => 1 / fanIn,
  lecunNormal: (fanIn: number) => 1 / fanIn,
} as const;

/**
 * A starting distribution of the variance that its name stands for; or, for `"orthogonal"`, vectors of length 1 that stand at right
 * angles: the columns of a weight matrix, or its rows, whichever are fewer. Saxe et al. 2013, https://arxiv.org/abs/1312.6120
 * Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html; He et al. 2015,
 * https://arxiv.org/abs/1502.01852
 */
export function initializer(
  who: string,
  init: InitializerName | Initializer,
  elements: number,
  fanIn: number,
  fanOut: number,
): Initializer {
  if (typeof init === "object" && init !== null) return checkInitializer(who, init, elements);
  if (init === "zeros") return { kind: "constant", value: 0 };
  if (init === "ones") return { kind: "constant", value: 1 };
  if (init === "orthogonal") return { kind: "orthogonal", gain: 1 };
  const variance = Object.hasOwn(SCALES, init) ? SCALES[init](fanIn, fanOut) : undefined;
  if (variance === undefined)
    throw new OptionError(
      unknownName(who, "initializer", init, [...Object.keys(SCALES), "orthogonal", "zeros", "ones"]),
      "unknown",
    );
  if (init.endsWith("Normal")) return { kind: "normal", mean: 0, std: Math.sqrt(variance) };
  const limit = Math.sqrt(3 * variance);
  return { kind: "uniform", low: -limit, high: limit };
}

/** The numbers of each kind of initializer. */
const NUMBERS = {
  constant: ["value"],
  uniform: ["low", "high"],
  normal: ["mean", "std"],
  orthogonal: ["gain"],
} as const;

function checkInitializer(who: string, init: Initializer, elements: number): Initializer {
  const isFinite32 = (value: unknown) => typeof value === "number" && Number.isFinite(Math.fround(value));
  if (init.kind === "values") {
    const { data } = init;
    if (isArrayOf(Float32Array, data) && data.length === elements && data.every(isFinite32)) return init;
    throw new ShapeError(
      `${who}: initial values must be a Float32Array of ${elements} finite numbers; got ${
        isArrayOf(Float32Array, data) && data.length === elements ? "NaN or infinity in it" : describe(data)
      }`,
    );
  }
  const numbers = Object.hasOwn(NUMBERS, init.kind) ? NUMBERS[init.kind] : undefined;
  if (!numbers?.every((name) => isFinite32((init as unknown as Record<string, unknown>)[name])))
    throw new OptionError(
      `${who}: an initializer must be of kind constant, uniform, normal, orthogonal or values, and its numbers finite; ` +
        `got ${JSON.stringify(init)}`,
    );
  return init;
}

/** Layers and functions are nearly always of the relu family. */
export const defaultInitializer = (name: ParsedActivation["name"]): InitializerName =>
  name in RULES ? RULES[name as "elu"].init : name === "custom" ? "heNormal" : "glorotUniform";
