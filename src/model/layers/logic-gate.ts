import { OptionError } from "../../errors.ts";
import { COUNT, check, readOptions, refuseMore } from "../../options.ts";
import type { Result, Rows } from "../../rows/data.ts";
import { unknownName } from "../../suggest.ts";
import type { Layer } from "../layer.ts";
import { type Model, sequential } from "../model.ts";
import { dense } from "./core.ts";

export type LogicGateName = "and" | "or" | "nand" | "nor" | "not" | "xor" | "xnor";

const GATES: readonly LogicGateName[] = ["and", "or", "nand", "nor", "not", "xor", "xnor"];

export interface LogicGateOptions {
  /** Inputs of the gate, a whole number >= 1. Default: 2, and 1 for `"not"`. */
  readonly inputs?: number;
}

/** One `sign` unit: `sign(weights . x + bias)`. */
interface Unit {
  readonly weights: readonly number[];
  readonly bias: number;
}

/** The line between too few ones and enough lies half way: all of n ones, or one of them. */
const UNITS = {
  and: (n: number): Unit => ({ weights: Array(n).fill(1), bias: 0.5 - n }),
  or: (n: number): Unit => ({ weights: Array(n).fill(1), bias: -0.5 }),
  nand: (n: number): Unit => ({ weights: Array(n).fill(-1), bias: n - 0.5 }),
  nor: (n: number): Unit => ({ weights: Array(n).fill(-1), bias: 0.5 }),
} as const;

/** The unit that reads signs `s = 2 x - 1` where the given one reads bits x: `w . x + b = w/2 . s + b + sum(w)/2`. */
const onSigns = ({ weights, bias }: Unit): Unit => ({
  weights: weights.map((w) => w / 2),
  bias: bias + weights.reduce((sum, w) => sum + w, 0) / 2,
});

/**
 * A logic gate as a network of `sign` units with weights set by hand: rows of bits (0 or 1) in, -1 (false) or 1 (true)
 * out. AND, OR, NAND, NOR and NOT are one unit each; XOR is the AND of an OR and a NAND, and of more than two inputs the
 * parity; XNOR is its negation.
 *
 * @throws OptionError for an unknown gate or number of inputs
 * @example
 * compile(logicGate("and")).predict([[0, 0], [0, 1], [1, 0], [1, 1]]).data; // => Float32Array.of(-1, -1, -1, 1)
 */
export function logicGate(
  name: LogicGateName,
  options: LogicGateOptions = {},
): Model<Rows, Result<number[][]>> {
  refuseMore("logicGate", arguments, 2);
  const { inputs } = readOptions("logicGate", options, { inputs: [name === "not" ? 1 : 2, COUNT] });
  if (!GATES.includes(name)) throw new OptionError(unknownName("logicGate", "gate", name, GATES), "unknown");
  if (name === "not" && inputs !== 1)
    throw new OptionError(`logicGate: not must have one input; got ${inputs}`);
  if (name === "xor") return parity(inputs);
  if (name === "xnor") return parityModel(inputs, true);
  const unit = UNITS[name === "not" ? "nor" : name](inputs);
  return sequential({ input: [inputs] }, [layerOf(name, inputs, [[0, unit]])]);
}

/**
 * Parity of n bits as a network of `sign` units with weights set by hand: 1 for an odd number of ones, else -1.
 *
 * Built by induction. One bit is its own parity. Given the parity p of the first k - 1 bits, that of k bits is
 * `p XOR x_k = AND(OR(p, x_k), NAND(p, x_k))`: a layer of two units, `parts<k>`, then one of one unit, `xor<k>`. Bits whose
 * turn has not come are handed on by units of their own. 2 (n - 1) layers, at most n units wide.
 *
 * @param inputs the number of bits, a whole number >= 1
 * @throws OptionError for another number
 * @example
 * compile(parity(3)).predict([[1, 1, 1], [1, 0, 1]]).data; // => Float32Array.of(1, -1)
 */
export function parity(inputs: number): Model<Rows, Result<number[][]>> {
  refuseMore("parity", arguments, 1);
  check("parity", "inputs", inputs, COUNT);
  return parityModel(inputs, false);
}

function parityModel(n: number, negated: boolean): Model<Rows, Result<number[][]>> {
  const pass = UNITS.or(1);
  if (n === 1) return sequential({ input: [1] }, [layerOf("xor1", 1, [[0, negated ? UNITS.nor(1) : pass]])]);
  const layers: Layer<"same">[] = [];
  for (let k = 2; k <= n; k++) {
    // The model's input is bits, what units hand on is signs.
    const reads = k === 2 ? (unit: Unit) => unit : onSigns;
    const waiting = n - k;
    const passes = (first: number, unit: Unit) =>
      Array.from({ length: waiting }, (_, i): [number, Unit] => [first + i, unit]);
    layers.push(
      layerOf(`parts${k}`, waiting + 2, [
        [0, reads(UNITS.or(2))],
        [0, reads(UNITS.nand(2))],
        ...passes(2, reads(pass)),
      ]),
      layerOf(`xor${k}`, waiting + 2, [
        [0, onSigns(negated && k === n ? UNITS.nand(2) : UNITS.and(2))],
        ...passes(2, onSigns(pass)),
      ]),
    );
  }
  return sequential({ input: [n] }, layers);
}

/** A layer of units, each with the first of the neighbouring inputs that it reads. */
function layerOf(name: string, inputs: number, units: readonly (readonly [number, Unit])[]): Layer<"same"> {
  const weight = new Float32Array(inputs * units.length);
  units.forEach(([first, unit], j) => {
    unit.weights.forEach((w, i) => {
      weight[(first + i) * units.length + j] = w;
    });
  });
  const bias = Float32Array.from(units, ([, unit]) => unit.bias);
  return dense(units.length, {
    name,
    activation: "sign",
    weightInitializer: { kind: "values", data: weight },
    biasInitializer: { kind: "values", data: bias },
  });
}
