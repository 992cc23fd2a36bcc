/** Random MLPs, and what they compute in f64 with a bound on how far f32 may be from it. */
import fc from "fast-check";
import { type Activation, dense, type Model, type Result, type Rows, sequential } from "../../src/index.ts";

export type Unit = "sigmoid" | "tanh" | "relu" | "linear";

export interface Spec {
  readonly inputs: number;
  readonly layers: readonly { readonly units: number; readonly unit: Unit; readonly bias: boolean }[];
  readonly seed: number;
}

/** @param depth layers, ends included */
export const specs = (depth: readonly [number, number], units: readonly Unit[], mostUnits = 64) =>
  fc.record({
    inputs: fc.integer({ min: 1, max: mostUnits }),
    layers: fc.array(
      fc.record({
        units: fc.integer({ min: 1, max: mostUnits }),
        unit: fc.constantFrom(...units),
        bias: fc.boolean(),
      }),
      { minLength: depth[0], maxLength: depth[1] },
    ),
    seed: fc.nat(),
  });

/** The last layer linear, so that every activation has a layer behind it. */
export const endLinear = (spec: Spec): Spec => ({
  ...spec,
  layers: spec.layers.map((layer, i) => (i < spec.layers.length - 1 ? layer : { ...layer, unit: "linear" })),
});

/** Biases are drawn too: zeros would hide what happens to them. */
export const modelOf = ({ inputs, layers, seed }: Spec): Model<Rows, Result> =>
  sequential(
    { input: [inputs], seed },
    layers.map(({ units, unit, bias }) =>
      dense(units, {
        activation: unit as Activation,
        bias,
        biasInitializer: { kind: "uniform", low: -1, high: 1 },
      }),
    ),
  );

/** Rows of numbers in [-2, 2], the same for the same seed. */
export function rowsFor(spec: Spec, rows = 5): Float32Array {
  let state = spec.seed >>> 0;
  return Float32Array.from({ length: rows * spec.inputs }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 4 - 2;
  });
}

/** The values that a model carries for a parameter. */
export function values(model: Model, name: string): Float32Array {
  const parameter = model.graph.variables.find((p) => p.name === name);
  if (parameter?.init.kind !== "values") throw new Error(`${name} carries no values`);
  return parameter.init.data;
}

export const names = (model: Model) => model.graph.variables.map((p) => p.name);

export interface Layer {
  readonly weight: ArrayLike<number>;
  readonly bias: ArrayLike<number> | undefined;
  readonly units: number;
  readonly unit: Unit;
}

/** Layers with the values a model carries. */
export function layersOf(model: Model<Rows, Result>, units: readonly Unit[]): Layer[] {
  const { graph } = model;
  const weights = graph.variables.filter((p) => p.name.endsWith(".weight"));
  return weights.map(({ name, value }, i) => {
    const bias = name.replace(".weight", ".bias");
    return {
      weight: values(model, name),
      bias: names(model).includes(bias) ? values(model, bias) : undefined,
      units: graph.shape(value)[1],
      unit: units[i],
    };
  });
}

const UNITS: Record<Unit, { f: (z: number) => number; slope: number }> = {
  sigmoid: { f: (z) => 1 / (1 + Math.exp(-z)), slope: 1 / 4 },
  tanh: { f: Math.tanh, slope: 1 },
  relu: { f: (z) => Math.max(z, 0), slope: 1 },
  linear: { f: (z) => z, slope: 1 },
};

const EPS = 2 ** -24;

/**
 * One row through the layers in f64, with a bound of the f32 error of each output. A sum of k products and a bias takes at
 * most k + 2 roundings of at most the sum of magnitudes; parameters that were rounded once more add one, an
 * activation up to 4 ULP of 1.
 */
export function forward(
  layers: readonly Layer[],
  x: ArrayLike<number>,
): { value: number[]; error: number[] } {
  let value = Array.from(x);
  let error = value.map(() => 0);
  for (const { weight, bias, units, unit } of layers) {
    const { f, slope } = UNITS[unit];
    const next: number[] = [];
    const nextError: number[] = [];
    for (let j = 0; j < units; j++) {
      let sum = bias?.[j] ?? 0;
      let magnitude = Math.abs(sum);
      let carried = 0;
      for (let k = 0; k < value.length; k++) {
        const w = weight[k * units + j];
        sum += w * value[k];
        magnitude += Math.abs(w * value[k]);
        carried += Math.abs(w) * error[k];
      }
      next.push(f(sum));
      nextError.push(
        slope * (carried + (value.length + 3) * EPS * magnitude) + (unit === "linear" ? 0 : 8 * EPS),
      );
    }
    value = next;
    error = nextError;
  }
  return { value, error };
}
