import { describe } from "../describe.ts";
import { ShapeError } from "../errors.ts";
import type { Initializer } from "../graph/graph.ts";
import { Fn } from "../graph/op.ts";
import { dense as denseOp } from "../graph/ops/dense.ts";
import { reshape as reshapeOp } from "../graph/ops/reshape.ts";
import { formatShape, type Shape } from "../graph/shape.ts";
import { COUNT, checkNumber, checkType, optionsOf, refuseMore, refuseOthers } from "../options.ts";
import {
  type Activation,
  activate,
  defaultInitializer,
  type InitializerName,
  initializer,
  parseActivation,
} from "./activations.ts";
import { type Layer, layer, type NameOption, nameIn, variable } from "./layer.ts";
import type { Tensor } from "./tensor.ts";

export interface DenseOptions {
  /** Applied to every output. Default: `"linear"`. */
  readonly activation?: Activation;
  /** Whether a bias is added. Default: true. */
  readonly bias?: boolean;
  /** How the weights `[in, units]` start. Default: what suits the activation (He for the relu family, else Glorot). */
  readonly weightInitializer?: InitializerName | Initializer;
  /** How the biases `[units]` start. Default: `"zeros"`. */
  readonly biasInitializer?: InitializerName | Initializer;
  /** Default: `dense1`, `dense2`, .. in the order of use. */
  readonly name?: string;
}

/**
 * A fully connected layer: `Y = activation(X W + b)`.
 *
 * X [.., in], W [in, units] named `<name>.weight`, b [units] named `<name>.bias` -> Y [.., units]
 *
 * @param units number of outputs, a whole number >= 1
 * @throws OptionError for a bad option, ShapeError for an input without a last axis of fixed length
 * @example
 * const model = sequential({ input: [2] }, [dense(8, { activation: "tanh" }), dense(1)]);
 */
export function dense(units: number, options: DenseOptions = {}): Layer {
  refuseMore("dense", arguments, 2);
  const { name: given, activation: fn = "linear", bias = true, ...more } = optionsOf("dense", options);
  const who = given ?? "dense";
  checkNumber(who, "units", units, COUNT);
  const activation = parseActivation(who, fn);
  const {
    weightInitializer = defaultInitializer(activation.name),
    biasInitializer = "zeros",
    ...others
  } = more;
  refuseOthers(who, others);
  checkType(who, "bias", bias, "boolean");
  return layer(
    "dense",
    given,
    (name, x) => {
      const fanIn = x.shape[x.shape.length - 1];
      if (x.shape.length < 2 || !(fanIn > 0))
        throw new ShapeError(
          `${name}: dense needs an input [.., in] with at least one feature; got ${formatShape(x.shape)}`,
        );
      const make = (part: string, shape: number[], init: InitializerName | Initializer) =>
        variable(x, `${name}.${part}`, shape, initializer(name, init, product(shape), fanIn, units));
      const weight = make("weight", [fanIn, units], weightInitializer);
      return bias ? [weight, make("bias", [units], biasInitializer)] : [weight];
    },
    (x, parameters) => {
      const inputs = [x, ...parameters].map((value) => value.id);
      return activate(x.emit(denseOp, { fn: Fn.Identity, alpha: 0 }, inputs), activation);
    },
  );
}

/**
 * An activation as a layer of its own.
 *
 * @example
 * const model = sequential({ input: [4] }, [dense(8), activation("relu"), dense(1)]);
 */
export function activation(fn: Activation, options: NameOption = {}): Layer {
  refuseMore("activation", arguments, 2);
  const name = nameIn("activation", options);
  const parsed = parseActivation(name ?? "activation", fn);
  return layer(
    "activation",
    name,
    () => [],
    (x) => activate(x, parsed),
  );
}

/**
 * Turns each row into a vector: `[rows, a, b, ..]` to `[rows, a b ..]`.
 *
 * @example
 * const model = sequential({ input: [28, 28] }, [flatten(), dense(10)]);
 */
export function flatten(options: NameOption = {}): Layer {
  refuseMore("flatten", arguments, 1);
  return layer(
    "flatten",
    nameIn("flatten", options),
    () => [],
    (x) => withShape(x, [product(x.shape.slice(1))]),
  );
}

/**
 * Gives each row another shape of as many elements.
 *
 * @example
 * const model = sequential({ input: [784] }, [reshape([28, 28]), flatten(), dense(10)]);
 */
export function reshape(shape: Shape, options: NameOption = {}): Layer {
  refuseMore("reshape", arguments, 2);
  if (!Array.isArray(shape))
    throw new ShapeError(`reshape: shape must be an array of whole numbers; got ${describe(shape)}`);
  return layer(
    "reshape",
    nameIn("reshape", options),
    () => [],
    (x) => withShape(x, shape),
  );
}

const withShape = (x: Tensor, shape: Shape) => x.emit(reshapeOp, { shape: [x.shape[0], ...shape] }, [x.id]);

const product = (shape: Shape) => shape.reduce((p, d) => p * d, 1);
