/** Functions of users in the place of layers and losses: what they are called with, and what becomes of what they return. */
import { describe } from "../describe.ts";
import { OptionError, ShapeError, TraceError } from "../errors.ts";
import { LossFn } from "../graph/op.ts";
import { extendedLoss } from "../graph/ops/loss.ts";
import { broadcast } from "../graph/ops/reduce.ts";
import { formatShape, ROWS, type Shape } from "../graph/shape.ts";
import { targetScaling } from "../preprocess/target-scaling.ts";
import { classOf } from "../realm.ts";
import { numberTargets, oneHotTargets, ownTargets } from "../rows/targets.ts";
import { finalActivation } from "./model.ts";
import { bringTracing, Symbolic, type Tracing } from "./symbolic.ts";
import { Tensor } from "./tensor.ts";

/** From now on functions of users may stand for losses, and for layers of `sequential`: there are tensors to call them with. */
export const bringTensors = (): void => bringTracing({ apply, traceLoss });

const apply: Tracing["apply"] = (who, fn, x) => checkTensor(who, fn(new Tensor(x.builder, x.id) as never), x);

function checkTensor(who: string, y: unknown, { builder }: Symbolic): Symbolic {
  if (y instanceof Symbolic && y.builder === builder) return y;
  throw new TraceError(
    `${who}: the function must return a tensor that it computed; got ${
      classOf(y) === "Promise" ? "a promise: make it a plain function instead of an async one" : describe(y)
    }`,
  );
}

/**
 * Of one value a row the mean, each times the weight of its row; a scalar as it is. What targets mean goes by what the output ends
 * in: a softmax or a sigmoid says that they are classes.
 */
const traceLoss: Tracing["traceLoss"] = (fn, output, name, weight) => {
  const { builder, shape } = output;
  const { graph } = builder;
  const who = `compile: the loss of output ${describe(name)}`;
  const target = graph.addValue({ shape, dtype: "f32" }, `${name}.target`);
  const variables = graph.variables.length;
  builder.scope = "loss";
  const prediction = new Tensor(builder, output.id);
  const loss = checkTensor(who, fn(prediction, prediction.of(target)), output);
  if (graph.variables.length > variables)
    throw new OptionError(
      `${who}: a loss must have no parameters of its own; got ${describe(graph.variables[variables].name)}: ` +
        "make the layer in the model, and its result an output",
    );
  const isByRow = loss.shape.length === 1 && loss.shape[0] === ROWS;
  if (!isByRow && loss.shape.length > 0)
    throw new ShapeError(
      `${who}: the function must return one value a row, ${formatShape([ROWS])}, or a scalar; ` +
        `got ${formatShape(loss.shape)} for predictions ${formatShape(shape)}: ${instead(loss.shape)}`,
    );
  if (!dependsOn(loss, output))
    throw new TraceError(
      `${who}: the function must use the prediction; got a loss that does not depend on it`,
    );
  // A value of its own, so that one that has another use too can be the loss.
  const { id: value } = isByRow
    ? loss.emit(extendedLoss, { fn: LossFn.Value, parameter: 0 }, [loss.id, loss.id, weight], "loss")
    : loss.emit(broadcast, { shape: [], divisor: 1 }, [loss.id], "loss");
  const isFlat = shape.length === 2;
  const ends = isFlat ? finalActivation(graph, output.id) : undefined;
  const last = ends && graph.nodes.find((node) => node.outputs[0] === output.id);
  return {
    loss: {
      ...{ kind: "custom", fromLogits: false, parameter: 0, settings: {} },
      family: ends === "softmax" ? "classes" : ends ? "binary" : "numbers",
      targets: isFlat && shape[1] > 1 ? oneHotTargets : ends ? ownTargets : numberTargets,
      ...(ends ? {} : { scaling: targetScaling }),
    },
    value,
    target,
    prediction: last?.inputs[0] ?? output.id,
    unweighable: isByRow
      ? undefined
      : `needs losses of one value a row; got one number for a batch from that of output ${describe(name)}: ` +
        "return [rows] from it, such as .mean(1) instead of .mean()",
  };
};

function instead([rows, ...others]: Shape): string {
  if (rows !== ROWS) return "keep the axis of the rows, or take .mean() of all";
  const axes = others.map((_, i) => i + 1);
  return `take the mean over the other axes, such as .mean(${axes.length === 1 ? 1 : `[${axes.join(", ")}]`})`;
}

function dependsOn(y: Symbolic, x: Symbolic): boolean {
  if (y.id === x.id) return true;
  return [...y.builder.graph.nodesOf([y.id])].some(({ inputs }) => inputs.includes(x.id));
}
