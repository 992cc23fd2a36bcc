/** Positions of sequences, added to their features: attention alone does not know any. */
import { ShapeError } from "../../errors.ts";
import type { Initializer } from "../../graph/graph.ts";
import { BinaryFn } from "../../graph/op.ts";
import { binary } from "../../graph/ops/binary.ts";
import { slice } from "../../graph/ops/stretch.ts";
import { formatShape } from "../../graph/shape.ts";
import { exp } from "../../math/exp.ts";
import { log } from "../../math/log.ts";
import { cos, sin } from "../../math/trigonometric.ts";
import { COUNT, check, readOptions, refuseMore, STRING } from "../../options.ts";
import { type InitializerName, initializer } from "../activations.ts";
import { type Layer, layer, type NameOption, nameIn, variable, withOps } from "../layer.ts";
import type { Tensor } from "../tensor.ts";

/** T and features of a sequence. */
function sequenceOf(who: string, kind: string, { shape }: Tensor): readonly [T: number, features: number] {
  const [, T, features] = shape;
  if (shape.length !== 3 || !(T > 0 && features > 0))
    throw new ShapeError(`${who}: ${kind} needs sequences [rows, T, features]; got ${formatShape(shape)}`);
  return [T, features];
}

const add = (x: Tensor, table: Tensor) => x.emit(binary, { fn: BinaryFn.Add }, [x.id, table.id]);

/** `[T, features]`, row by row; computed in f64, rounded once. */
function waves(T: number, features: number): Float32Array {
  const table = new Float32Array(T * features);
  for (let j = 0; j < features; j++) {
    const frequency = exp((-(j - (j % 2)) / features) * log(10000));
    for (let t = 0; t < T; t++)
      table[t * features + j] = j % 2 === 0 ? sin(t * frequency) : cos(t * frequency);
  }
  return table;
}

/**
 * Adds waves of the position t to the features j: `sin(t / 10000^(j / n))` for even j, `cos(t / 10000^((j - 1) / n))` for odd ones.
 * Vaswani et al. 2017, https://arxiv.org/abs/1706.03762
 *
 * X [rows, T, n] -> Y [rows, T, n]; no parameters. The table [T, n] is a constant of the model, and stands in its file.
 *
 * @throws ShapeError for an input that is no sequence
 * @example
 * const net = sequential({ input: [10, 16] }, [sinusoidalPositions(), transformerBlock({ heads: 4 }), flatten(), dense(2)]);
 */
export const sinusoidalPositions = /* @__PURE__ */ withOps(
  function sinusoidalPositions(options: NameOption = {}): Layer<"same"> {
    refuseMore("sinusoidalPositions", arguments, 1);
    return layer(
      "sinusoidalPositions",
      [options],
      nameIn("sinusoidalPositions", options),
      () => [],
      (x, _, who) => {
        const shape = sequenceOf(who, "sinusoidalPositions", x);
        return add(x, x.of(x.builder.graph.addConstant(shape, waves(...shape))));
      },
    );
  },
  [binary],
);

export interface LearnedPositionsOptions extends NameOption {
  /** How the table `[length, n]` starts; names take `length` for the inputs of a layer. Default: uniform on [-0.05, 0.05). */
  readonly tableInitializer?: InitializerName | Initializer;
}

/**
 * Adds a learned vector to each position: `y[t] = x[t] + table[t]`. Gehring et al. 2017, https://arxiv.org/abs/1705.03122
 *
 * X [rows, T, n] with T <= length -> Y [rows, T, n]; the table [length, n] is named `<name>.table`
 *
 * @param length positions that the table has, a whole number >= 1
 * @throws OptionError for a setting out of range, ShapeError for an input that is no sequence, or longer than the table
 * @example
 * const words = { shape: [10], dtype: "i32" } as const;
 * const net = sequential({ input: words }, [embedding(100, 16), learnedPositions(10), transformerBlock({ heads: 4 }), dense(100)]);
 */
export const learnedPositions = /* @__PURE__ */ withOps(
  function learnedPositions(length: number, options: LearnedPositionsOptions = {}): Layer<"same"> {
    refuseMore("learnedPositions", arguments, 2);
    const { tableInitializer, name } = readOptions("learnedPositions", options, {
      tableInitializer: [{ kind: "uniform", low: -0.05, high: 0.05 }],
      name: [undefined, STRING],
    });
    check(name ?? "learnedPositions", "length, the first argument,", length, COUNT);
    return layer(
      "learnedPositions",
      [length, options],
      name,
      (who, x) => {
        const [, features] = sequenceOf(who, "learnedPositions", x);
        const init = initializer(who, tableInitializer, length * features, length, features);
        return [variable(x, `${who}.table`, [length, features], init)];
      },
      (x, [table], who) => {
        const [T] = sequenceOf(who, "learnedPositions", x);
        if (T > length)
          throw new ShapeError(
            `${who}: a sequence must have at most ${length} positions, as the table; got ${formatShape(x.shape)}`,
          );
        if (T === length) return add(x, table);
        return add(x, table.emit(slice, { axis: 0, start: 0, step: 1, length: T }, [table.id]));
      },
    );
  },
  [binary, slice],
);
