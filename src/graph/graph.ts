/**
 * A computation as pure data: values with shapes, nodes that make them. Nothing here computes; `src/plan` turns
 * a graph into a tape.
 */
import type { KernelLink } from "../kernels/link.ts";
import type { InputPort, OutputPort, Port } from "./input.ts";
import type { AnyOp, OpAttrs, OpName } from "./op.ts";
import { type Dim, formatShape, type Shape } from "./shape.ts";
import type { DType, Type, ValueId } from "./type.ts";

export interface Value extends Type {
  readonly id: ValueId;
  /** For people: in errors, the disassembly and the printed graph. */
  readonly name: string;
}

/** Which section of the training tape a node belongs to; update nodes run once an update, after the optimizer. */
export type Phase = "forward" | "backward" | "update";

export interface Node<K extends OpName = OpName> {
  readonly op: K;
  readonly rule: AnyOp;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** The layer this node belongs to. */
  readonly scope: string;
  readonly phase: Phase;
}

/** Whether a node is one of this op. */
export const is = <K extends OpName>(node: Node | undefined, op: K): node is Node<K> => node?.op === op;

/** How a variable starts: exact values, or random ones drawn from the model's seed. */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "orthogonal"; readonly gain: number }
  | { readonly kind: "values"; readonly data: Float32Array };

/**
 * What a model keeps between passes: weights, biases, running statistics. Whether it is trained is a matter of the program
 * that uses it, see `src/plan/roles.ts`.
 */
export interface Variable {
  /** Tells it from all others of the model: `dense1.weight`. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly init: Initializer;
  /** Whether a number below 0 makes no sense in it, as in a variance. */
  readonly nonNegative?: boolean;
  /** What it is in this graph. */
  readonly value: ValueId;
}

/** A layer that was called, outside of other layers: what code is written from. */
export type LayerCall = readonly [
  /** With what makes it again: the name of a function, and its arguments, options last. */
  layer: object,
  input: { readonly id: ValueId },
  /** What the call was given beside its input. */
  options: unknown,
  /** A tensor, or several of them. */
  output: unknown,
];

/** A variable that changes with each update, other than by the optimizer: the value becomes its next content. */
export interface Update {
  readonly variable: ValueId;
  readonly value: ValueId;
}

export type { Port };

export interface Constant {
  readonly value: ValueId;
  readonly data: Float32Array;
}

export class Graph {
  readonly values: Value[] = [];
  nodes: Node[] = [];
  readonly inputs: InputPort[] = [];
  readonly variables: Variable[] = [];
  readonly updates: Update[] = [];
  readonly constants: Constant[] = [];
  readonly outputs: OutputPort[] = [];
  /** What its layers are called; of those without a name, such as `residual`, the parameters that they read. */
  layerNames: WeakMap<object, readonly string[]> = new WeakMap();
  /** Calls of its layers in order; none of a copy, which may change what they made, nor where it was read from a file. */
  calls: Set<LayerCall> = new Set();
  /** Looks at the outputs of a model, where it has something that gives reason to. */
  checkOutputs: ((who: string) => void) | undefined;
  /** The kernels that its records will need, where the smallest do not have them. */
  kernels: KernelLink | undefined;

  addValue(type: Type, name: string): ValueId {
    const id = this.values.length;
    this.values.push({ id, shape: type.shape, dtype: type.dtype, name });
    return id;
  }

  shape(id: ValueId): Shape {
    return this.values[id].shape;
  }

  addInput(name: string, shape: Shape, dtype: DType = "f32"): ValueId {
    const value = this.addValue({ shape, dtype }, name);
    this.inputs.push({ name, value });
    return value;
  }

  addVariable(name: string, shape: Shape, init: Initializer, nonNegative = false): ValueId {
    const dtype = "f32";
    const value = this.addValue({ shape, dtype }, name);
    this.variables.push({ name, shape, dtype, init, nonNegative, value });
    return value;
  }

  addConstant(shape: readonly Dim[], data: Float32Array): ValueId {
    const value = this.addValue({ shape, dtype: "f32" }, `constant${this.constants.length}`);
    this.constants.push({ value, data });
    return value;
  }

  /** The nodes that values in `wanted` depend on. */
  nodesOf(wanted: readonly ValueId[]): Set<Node> {
    const live = new Set(wanted);
    const nodes = new Set<Node>();
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i];
      if (!node.outputs.some((id) => live.has(id))) continue;
      for (const id of node.inputs) live.add(id);
      nodes.add(node);
    }
    return nodes;
  }

  /** A graph that can be extended without changing this one; value ids keep their meaning. */
  copy(): Graph {
    const g = new Graph();
    g.values.push(...this.values);
    g.nodes = this.nodes.slice();
    g.inputs.push(...this.inputs);
    g.variables.push(...this.variables);
    g.updates.push(...this.updates);
    g.constants.push(...this.constants);
    g.outputs.push(...this.outputs);
    g.layerNames = this.layerNames;
    g.kernels = this.kernels;
    return g;
  }

  /** One line a node: `dense1.z [rows, 8] = binary add(dense1.xw [rows, 8], dense1.bias [8])`. */
  toString(): string {
    const show = (id: ValueId) => `%${id} ${this.values[id].name} ${formatShape(this.values[id].shape)}`;
    const lines = [
      ...this.inputs.flatMap((p) => [
        `input ${show(p.value)}`,
        ...(p.steps ?? []).map((step) => `step ${p.name} ${JSON.stringify(step)}`),
      ]),
      ...this.variables.map((v) => `variable ${show(v.value)}`),
      ...this.constants.map((c) => `constant ${show(c.value)}`),
      ...this.nodes.map((node) => {
        const attrs = Object.entries(node.attrs)
          .map(([k, v]) => `${k}=${Array.isArray(v) ? formatShape(v) : v}`)
          .join(" ");
        const inputs = node.inputs.map((i) => `%${i}`).join(", ");
        return `${node.outputs.map(show).join(", ")} = ${node.op}(${inputs})${attrs && ` ${attrs}`}`;
      }),
      ...this.updates.map((u) => `update %${u.variable} = %${u.value}`),
      ...this.outputs.map((p) => `output ${p.name} = %${p.value}`),
    ];
    return lines.join("\n");
  }
}
