/** Layers made of layers, functions and models, and tensors put together. */
import { describe } from "../describe.ts";
import { OptionError, ShapeError, TraceError } from "../errors.ts";
import type { AnyOp } from "../graph/op.ts";
import { BinaryFn } from "../graph/op.ts";
import { binary } from "../graph/ops/binary.ts";
import { reshape } from "../graph/ops/reshape.ts";
import { concat as concatOp } from "../graph/ops/stretch.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import { check, FUNCTION, readOptions, refuseMore } from "../options.ts";
import type { Result } from "../rows/data.ts";
import { checkNames } from "../suggest.ts";
import { type Layer, type LayerLike, layer, type NameOption, nameIn, variable, withOps } from "./layer.ts";
import type { Model } from "./model.ts";
import { axisOf, checkArray, same } from "./operands.ts";
import { applyTo, Symbolic } from "./symbolic.ts";
import { type AxisOptions, TENSOR_OPS, Tensor } from "./tensor.ts";

/**
 * Tensors one behind the other along one axis, the last by default: `[.., n1, ..], [.., n2, ..] -> [.., n1 + n2, ..]`.
 *
 * @throws ShapeError for shapes that differ elsewhere, and for an axis whose length depends on the rows of the batch
 * @example
 * const net = model({ inputs: { a: [2], b: [3] } }, ({ a, b }) => dense(1)(concat([a, b])));
 */
export const concat = /* @__PURE__ */ withOps(
  function concat(tensors: readonly Tensor[], options: AxisOptions = {}): Tensor {
    refuseMore("concat", arguments, 2);
    const { axis } = readOptions("concat", options, { axis: [-1] });
    return joined("concat", tensors, axis);
  },
  [concatOp],
);

/** What `concat` gives. Apart from it, because Next.js' minifier keeps what `withOps` makes if anything names it, used or not. */
function joined(who: string, tensors: readonly Tensor[], axis: number): Tensor {
  const first = checkTensors(who, tensors);
  const ids = tensors.map(({ id }) => id);
  return first.emit(concatOp, { axis: axisOf(who, first.shape, axis) }, ids);
}

/**
 * Tensors of one shape along a new axis, the last by default: three of `[.., n]` give `[.., n, 3]`.
 *
 * @throws ShapeError for shapes that differ
 * @example
 * const net = model({ inputs: { a: [4], b: [4] } }, ({ a, b }) => stack([a, b], { axis: 1 }).mean(1));
 */
export const stack = /* @__PURE__ */ withOps(
  function stack(tensors: readonly Tensor[], options: AxisOptions = {}): Tensor {
    refuseMore("stack", arguments, 2);
    const { axis } = readOptions("stack", options, { axis: [-1] });
    const first = checkTensors("stack", tensors);
    const { shape } = first;
    for (const other of tensors)
      if (!sameShape(other.shape, shape))
        throw new ShapeError(
          `stack: tensors must have one shape; got ${tensors.map((x) => formatShape(x.shape)).join(", ")}`,
        );
    const at = axisOf("stack", [...shape, 1], axis);
    const wider = [...shape.slice(0, at), 1, ...shape.slice(at)];
    const ids = tensors.map((x) => x.emit(reshape, { shape: wider }, [x.id]).id);
    return first.emit(concatOp, { axis: at }, ids);
  },
  [concatOp],
);

function checkTensors(who: string, tensors: readonly Tensor[]): Tensor {
  checkArray(`${who}: tensors`, tensors, "[a, b]");
  if (tensors.length === 0) throw new ShapeError(`${who}: needs at least one tensor; got none`);
  const [first] = tensors;
  for (const other of tensors) same(first, other, who);
  return first;
}

/** A function of one tensor or of several as a layer. */
export type LambdaLayer<Inputs extends readonly Tensor[]> = ((...inputs: Inputs) => Tensor) & Layer;

/**
 * A function of one tensor or several as a layer. In Node and in the classic script `sequential` takes a function of one tensor as it is;
 * pages made by a bundler write `lambda`, which brings tensors along.
 *
 * The function is called each time the layer is; layers that it makes inside are new ones each time.
 *
 * @throws TraceError if the function returns something else than a tensor that it computed
 * @example
 * const net = sequential({ input: [4] }, [dense(8), lambda((x) => x.mul(x.sigmoid())), dense(1)]);
 */
export const lambda = /* @__PURE__ */ withOps(function lambda<Inputs extends readonly Tensor[] = [Tensor]>(
  fn: (...inputs: Inputs) => Tensor,
): LambdaLayer<Inputs> {
  refuseMore("lambda", arguments, 1);
  check("lambda", "fn, the first argument,", fn, FUNCTION);
  const apply = (...inputs: Inputs): Tensor => {
    for (const x of inputs) same(inputs[0], x, "lambda");
    if (inputs.length === 0) throw new TraceError("lambda: needs a tensor; got none");
    const [first] = inputs;
    const tensors = inputs.map((x) => new Tensor(x.builder, x.id));
    return noting(apply, first, () => {
      const y: unknown = fn(...(tensors as never as Inputs));
      if (!(y instanceof Symbolic) || y.builder !== first.builder)
        throw new TraceError(
          `lambda: the function must return a tensor that it computed; got ${describe(y)}`,
        );
      return first.of(y.id);
    });
  };
  return Object.assign(apply, { kind: "lambda" }) as never;
}, TENSOR_OPS);

/** Calls what a layer without a name is made of, and notes the parameters that it reads: what names the layer means them. */
function noting(made: object, x: Tensor, call: () => Tensor): Tensor {
  if (!(x instanceof Symbolic)) return call();
  const { nodes, variables, layerNames } = x.builder.graph;
  const from = nodes.length;
  const y = call();
  const read = new Set(nodes.slice(from).flatMap(({ inputs }) => inputs));
  const names = variables.flatMap(({ name, value }) => (read.has(value) ? name : []));
  layerNames.set(made, [...(layerNames.get(made) ?? []), ...names]);
  return y;
}

const inTurn = (who: string, layers: readonly LayerLike[], x: Tensor): Tensor =>
  layers.reduce((y, made) => applyTo(who, made, y), x);

/** Refuses what a call gives beside the tensor: layers inside could mean it or not. `[a, b].map(layer)` gives an index. */
function takesOne(who: string, given: ArrayLike<unknown>, instead: string): void {
  if (typeof given[1] !== "number") refuseMore(who, given, 1, `call the layer itself: ${instead}`);
}

function checkLayers(who: string, layers: readonly LayerLike[]): void {
  if (layers.length === 0) throw new OptionError(`${who}: needs at least one layer; got none`);
  layers.forEach((made, i) => {
    if (typeof made !== "function")
      throw new OptionError(
        `${who}: layers must be what dense(), flatten() and the like give; got ${describe(made)} as layer ${i}`,
      );
  });
}

/**
 * Layers around which their input is led: `y = x + f(x)`. He et al. 2015, https://arxiv.org/abs/1512.03385
 *
 * X [.., n] -> Y [.., n]
 *
 * @throws ShapeError where the layers give another shape than they take
 * @example
 * const net = sequential({ input: [8] }, [residual(dense(8, { activation: "relu" }), dense(8)), dense(1)]);
 */
export const residual = /* @__PURE__ */ withOps(
  function residual(...layers: readonly LayerLike[]): Layer<"same"> {
    checkLayers("residual", layers);
    const apply = (...given: readonly [x: Tensor]): Tensor => {
      takesOne("residual", given, "x.add(layer(x, { mask }))");
      const [x] = given;
      const y = noting(apply, x, () => inTurn("residual", layers, x));
      if (!sameShape(x.shape, y.shape))
        throw new ShapeError(
          `residual: layers must give the shape that they take; got ${formatShape(x.shape)} to ${formatShape(y.shape)}`,
        );
      return x.emit(binary, { fn: BinaryFn.Add }, [x.id, y.id]);
    };
    return Object.assign(apply, { kind: "residual" });
  },
  [binary],
);

/**
 * Layers side by side on one input, their results one behind the other along the last axis; `concat` joins tensors of your own.
 *
 * X [.., n] -> Y [.., n1 + n2 + ..]
 *
 * @throws ShapeError where results differ in another axis
 * @example
 * const net = sequential({ input: [4] }, [concatenate(dense(8, { activation: "tanh" }), dense(8, { activation: "relu" })), dense(1)]);
 */
export const concatenate = /* @__PURE__ */ withOps(
  function concatenate(...branches: readonly LayerLike[]): Layer<"same"> {
    checkLayers("concatenate", branches);
    const apply = (...given: readonly [x: Tensor]): Tensor => {
      takesOne("concatenate", given, "concat([layer(x, { mask }), other(x)])");
      const [x] = given;
      return noting(apply, x, () => {
        const results = branches.map((branch) => applyTo("concatenate", branch, x));
        return joined("concatenate", results, -1);
      });
    };
    return Object.assign(apply, { kind: "concatenate" });
  },
  [concatOp],
);

/** A model as a layer: of one tensor, or of tensors by the names of its inputs; it gives a tensor, or tensors by the names of its outputs. */
export type NestedLayer<P> = ((inputs: Tensor | Readonly<Record<string, Tensor>>) => NestedOutputs<P>) &
  Pick<Layer, "kind" | "layerName">;

/** What a nested model gives. */
export type NestedOutputs<P> = unknown extends P
  ? Tensor
  : [P] extends [Result]
    ? Tensor
    : { readonly [K in keyof P]: Tensor };

/**
 * A model as a layer: its parameters are those of the model with a name in front, `encoder.dense1.weight`, and start anew. A layer
 * called twice shares them. A model of several inputs is given them by name.
 *
 * @throws OptionError for a model with preprocessing, ShapeError for an input of another shape
 * @example
 * const encoder = sequential({ input: [8] }, [dense(4, { activation: "relu" })]);
 * const net = sequential({ input: [8] }, [nested(encoder, { name: "encoder" }), dense(1)]);
 * const distance = model({ inputs: { a: [4], b: [4] } }, ({ a, b }) => a.sub(b).square().sum(1, { keepDims: true }));
 * const pair = model({ inputs: { p: [8], q: [8] } }, ({ p, q }) => {
 *   const encode = nested(encoder);
 *   return nested(distance)({ a: encode(p), b: encode(q) });
 * });
 */
export const nested = /* @__PURE__ */ withOps(function nested<P>(
  model: Model<unknown, P>,
  options: NameOption = {},
): NestedLayer<P> {
  refuseMore("nested", arguments, 2);
  const name = nameIn("nested", options);
  const who = name ?? "nested";
  if (!model?.graph)
    throw new OptionError(`${who}: needs what sequential() or model() gives; got ${describe(model)}`);
  const { graph } = model;
  const names = graph.inputs.map((input) => input.name);
  const raw = graph.inputs.find(({ steps }) => steps);
  if (raw)
    throw new OptionError(
      `${who}: a model must have no preprocessing; got steps of input ${describe(raw.name)}: put them on the inputs of the outer model`,
    );
  const apply = layer<{ inputs?: Inputs }, Inputs, unknown>(
    "nested",
    [model, options],
    name,
    (own, x) =>
      graph.variables.map((v) => variable(x, `${own}.${v.name}`, v.shape, v.init, v.nonNegative === true)),
    (x, parameters, own, inputs) => {
      const made = replay(model, x, inputs, parameters, own);
      return model.named.outputs ? made : made[graph.outputs[0].name];
    },
    (_, _x, { inputs = {} }) => inputs,
  );
  const call = (given: Symbolic | Inputs, ...more: unknown[]) => {
    // `[a, b].map(layer)` gives an index beside each element.
    if (typeof more[0] !== "number") refuseMore(who, [given, ...more], 1);
    const isOne = given instanceof Symbolic;
    if (isOne && names.length > 1)
      throw new TraceError(`${who}: needs tensors by name, { ${names.join(", ")} }; got one tensor`);
    const inputs = (isOne ? { [names[0]]: given } : given) as Inputs;
    checkNames(`${who}: inputs`, inputs, names, "input");
    const first = inputs[names[0]];
    const made = apply(first, { inputs });
    for (const other of Object.values(inputs)) same(first, other, who);
    const { layerNames } = first.builder.graph;
    layerNames.set(call, layerNames.get(apply) as readonly string[]);
    return made;
  };
  return Object.assign(call, { kind: "nested", layerName: name }) as never;
}, []);

type Inputs = Readonly<Record<string, Tensor>>;

/** The nodes of a model again, on other inputs and with other variables: its outputs by name. */
function replay(
  { graph }: Model,
  x: Tensor,
  inputs: Inputs,
  parameters: readonly Tensor[],
  own: string,
): Record<string, Tensor> {
  const { builder } = x;
  const became = new Map<ValueId, ValueId>();
  for (const { name, value } of graph.inputs) {
    const { id, shape } = inputs[name];
    const what = graph.inputs.length > 1 ? `input ${name}` : "the input";
    if (!sameShape(shape, graph.shape(value)))
      throw new ShapeError(
        `${own}: ${what} must have the shape of the model's, ${formatShape(graph.shape(value))}; got ${formatShape(shape)}`,
      );
    became.set(value, id);
  }
  graph.variables.forEach(({ value }, i) => {
    became.set(value, parameters[i].id);
  });
  for (const { value, data } of graph.constants)
    became.set(value, builder.graph.addConstant(graph.shape(value), data));
  const emit = (node: (typeof graph.nodes)[number], from: ReadonlyMap<ValueId, ValueId>) => {
    builder.scope = node.scope === "" ? own : `${own}.${node.scope}`;
    const ids = node.inputs.map((id) => from.get(id) as ValueId);
    return builder.emit(node.rule as AnyOp, node.attrs, ids);
  };
  for (const node of graph.nodes)
    if (node.phase === "forward")
      emit(node, became).forEach((id, i) => {
        became.set(node.outputs[i], id);
      });
  for (const { variable: changed, value } of graph.updates) {
    const needed = graph.nodesOf([value]);
    builder.update(became.get(changed) as ValueId, (current) => {
      const then = new Map(became).set(changed, current);
      for (const node of graph.nodes)
        if (node.phase === "update" && needed.has(node))
          emit(node, then).forEach((id, i) => {
            then.set(node.outputs[i], id);
          });
      return then.get(value) as ValueId;
    });
  }
  return Object.fromEntries(
    graph.outputs.map(({ name, value }) => [name, x.of(became.get(value) as ValueId)]),
  );
}
