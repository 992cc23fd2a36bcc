import { Header } from "../../assembly/abi.ts";
import { NonFiniteError, OptionError, ShapeError } from "../errors.ts";
import type { Port } from "../graph/graph.ts";
import { finalActivation, formatTable, layersOf, type Model, makeModel } from "../model/model.ts";
import { optionsOf } from "../options.ts";
import type { PlannedParameter, PlannedPort } from "../plan/plan.ts";
import { isArrayOf } from "../realm.ts";
import {
  countRows,
  entryOf,
  flatData,
  isNumericArray,
  makeResult,
  overlaps,
  type Result,
  type Rows,
  readRows,
} from "../rows/data.ts";
import { formatBytes } from "../runtime/space.ts";
import { VERSION } from "../version.ts";
import type { Program } from "./program.ts";
import { readOnly } from "./read-only.ts";

/** One parameter of a program. */
export interface ParameterView {
  readonly shape: readonly number[];
  /**
   * The values, row-major: a view of the engine's memory, not a copy. It changes as training goes on, writing to it
   * changes the program, and holding it keeps the memory alive.
   */
  readonly data: Float32Array;
}

export interface Classification {
  /** The name of the class, or its index as text where the program has no labels. */
  readonly label: string;
  readonly index: number;
  readonly probability: number;
}

export interface PredictOptions<O> {
  /**
   * Where results go: an array (or arrays by output name) with room for all rows. Nothing is allocated, unless it shares
   * memory with the rows and they take several batches.
   */
  readonly out: O;
}

type ByName = Readonly<Record<string, Float32Array>>;
/** What a pass computes: one array, or one per named output. */
type Arrays = Float32Array | ByName;

type Out<P> = P extends Result ? Float32Array : { readonly [K in keyof P]: Float32Array };

const arrayOf = (arrays: Arrays, name: string, byName: boolean): Float32Array =>
  byName ? (arrays as ByName)?.[name] : (arrays as Float32Array);

/** A program that predicts. */
export class Predictor<X = Rows, P = Result> {
  /** How errors name each input. */
  readonly #names: readonly string[];

  /** @internal */
  constructor(
    /** @internal */
    readonly program: Program,
    protected readonly model: Model<X, P>,
    protected readonly labels: readonly string[] | undefined,
  ) {
    const { inputs } = model.graph;
    this.#names = inputs.map((p) => (model.named.inputs ? `predict: x.${p.name}` : "predict: x"));
  }

  /**
   * The outputs for given rows, computed on the calling thread. A row's result has the same bits whatever rows
   * accompany it.
   *
   * @param x rows, or rows by input name
   * @throws ShapeError or DataError for rows that do not fit, DisposedError after `dispose`
   * @example
   * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
   * predictor.predict([[0, 1], [1, 1]]).toArray();
   */
  predict(x: X): P;
  predict<O extends Out<P>>(x: X, options: PredictOptions<O>): O;
  predict(x: X, options?: PredictOptions<unknown>): unknown {
    const { program } = this;
    program.checkAlive("predict");
    const { predictInputs, predictOutputs, batch } = program.plan;
    const rows = this.#countRows(x);
    const byName = this.model.named.outputs;
    // Other names are not looked for, an eighth of the time of a small prediction: `out` has no default to be left.
    const computed = (
      options === undefined ? this.#makeArrays(rows) : optionsOf("predict", options).out
    ) as Arrays;
    let target = computed;
    for (let i = 0; i < predictOutputs.length; i++) {
      const { name, rowElements } = predictOutputs[i];
      const array = arrayOf(computed, name, byName);
      if (!(isArrayOf(Float32Array, array) && array.length >= rows * rowElements))
        throw new ShapeError(
          `predict: out must be a Float32Array of at least ${rows * rowElements} numbers; ` +
            `got ${isArrayOf(Float32Array, array) ? array.length : typeof array}`,
        );
      // Results of a batch must not take the place of rows of a later one.
      if (options !== undefined && rows > batch && overlaps(x, array)) target = this.#makeArrays(rows);
    }
    for (let from = 0; from < rows; from += batch) {
      const count = Math.min(batch, rows - from);
      for (let i = 0; i < predictInputs.length; i++) {
        const port = predictInputs[i];
        const given = this.#entryOf(x, port);
        if (count === rows && this.#takeWhole(given, port)) continue;
        readRows(this.#names[i], given, port.rowElements, from, count, program.f32, port.offset >>> 2);
      }
      program.execute(count, program.header(Header.Predict), program.header(Header.PredictEnd));
      for (let i = 0; i < predictOutputs.length; i++) {
        const output = predictOutputs[i];
        const into = arrayOf(target, output.name, byName);
        const at = output.offset >>> 2;
        const start = from * output.rowElements;
        for (let j = 0; j < count * output.rowElements; j++) into[start + j] = program.f32[at + j];
      }
    }
    if (target !== computed)
      for (const { name } of predictOutputs)
        arrayOf(computed, name, byName).set(arrayOf(target, name, byName));
    return options === undefined ? this.#results(rows, computed) : computed;
  }

  /** Copies rows that already are one array of f32, unless a number is not finite: `readRows` says which. */
  #takeWhole(given: Rows, { offset }: PlannedPort): boolean {
    const data = flatData(given);
    if (!isArrayOf(Float32Array, data)) return false;
    this.program.f32.set(data, offset >>> 2);
    return !this.program.reaches(offset, data.length * 4);
  }

  // Apart from `predict`, whose variables closures would otherwise put on the heap at every call.

  #makeArrays(rows: number): Arrays {
    const { named } = this.model;
    const arrays = this.program.plan.predictOutputs.map(
      ({ name, rowElements }) => [name, new Float32Array(rows * rowElements)] as const,
    );
    return named.outputs ? Object.fromEntries(arrays) : arrays[0][1];
  }

  #results(rows: number, computed: Arrays): unknown {
    const { graph, named } = this.model;
    const results = graph.outputs.map(({ name, value }) => {
      const data = arrayOf(computed, name, named.outputs);
      return [name, makeResult(data, [rows, ...graph.shape(value).slice(1)])] as const;
    });
    return named.outputs ? Object.fromEntries(results) : results[0][1];
  }

  /**
   * The most probable class of each row. For one sigmoid output the classes are 0 and 1, by the threshold 1/2.
   *
   * @throws OptionError if the model has several outputs or is not a classifier, NonFiniteError for a row whose
   *   probabilities are NaN
   * @example
   * const model = sequential({ input: [2] }, [dense(3, { activation: "softmax" })]);
   * const [{ label, probability }] = compile(model, { labels: ["ant", "bee", "cat"] }).classify([[0, 1]]);
   */
  classify(x: X): Classification[] {
    const { graph, named } = this.model;
    if (named.outputs && graph.outputs.length !== 1)
      throw new OptionError(`classify: needs a model with one output; got ${graph.outputs.length}`);
    const predicted = this.predict(x) as Result | Record<string, Result>;
    const { data, shape } = named.outputs
      ? (predicted as Record<string, Result>)[graph.outputs[0].name]
      : (predicted as Result);
    const classes = shape[shape.length - 1];
    const label = (index: number) => this.labels?.[index] ?? `${index}`;
    if (!finalActivation(graph, graph.outputs[0].value))
      throw new OptionError(
        'classify: the model must end in softmax or sigmoid; got another output: add activation("softmax") as last layer',
      );
    const bad = data.findIndex((p) => p - p !== 0);
    if (bad >= 0)
      throw new NonFiniteError(
        `classify: probabilities must be finite; got ${data[bad]} for row ${Math.floor(bad / classes)}; ` +
          "good parameters or scaled inputs may help",
        {
          step: 0,
          layer: layersOf(graph).slice(-1)[0].name,
          tensor: graph.outputs[0].name,
          phase: "forward",
        },
      );
    if (classes === 1)
      return Array.from(data, (p) => {
        const index = p >= 0.5 ? 1 : 0;
        return { label: label(index), index, probability: index ? p : 1 - p };
      });
    return Array.from({ length: data.length / classes }, (_, row) => {
      let index = 0;
      for (let j = 1; j < classes; j++) if (data[row * classes + j] > data[row * classes + index]) index = j;
      return { label: label(index), index, probability: data[row * classes + index] };
    });
  }

  /**
   * Parameters by name: live views of the engine's memory. Write into their arrays, or call `setParameters`; an assignment
   * to `data`, `shape` or a name throws an OptionError, because it would set nothing.
   *
   * @example
   * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
   * predictor.parameters["dense1.weight"].data.set([1, -1]);
   */
  get parameters(): { readonly [name: string]: ParameterView } {
    const { program } = this;
    program.checkAlive("parameters");
    const views: Record<string, ParameterView> = {};
    for (const p of program.plan.parameters)
      views[p.name] = { shape: program.shapeOf(p), data: program.parameter(p) };
    return readOnly("parameters", views);
  }

  /**
   * Sets parameters by name: flat arrays of as many numbers, arrays nested as the parameter's shape, `{ data, shape }`,
   * or the `parameters` of another program. Weights of a dense layer are `[in, units]`.
   *
   * @throws OptionError for an unknown name, ShapeError or DataError for values that do not fit; then nothing is set
   * @example
   * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
   * predictor.setParameters({ "dense1.weight": [[1], [1]], "dense1.bias": [-1.5] });
   */
  setParameters(values: { readonly [name: string]: Rows | number }): void {
    this.program.checkAlive("setParameters");
    this.checkIdle("setParameters");
    optionsOf("setParameters", values, "values");
    const ready: [PlannedParameter, Float32Array][] = Object.entries(values).map(([name, value]) => {
      const p = this.program.plan.parameters.find((q) => q.name === name);
      if (!p) {
        const names = this.program.plan.parameters.map((q) => q.name).join(", ");
        throw new OptionError(`setParameters: names must be among ${names}; got ${name}`);
      }
      const what = `setParameters: ${name}`;
      const given = typeof value === "number" ? [value] : value;
      const shape = this.program.shapeOf(p);
      const isFlat = isNumericArray(given) || (Array.isArray(given) && typeof given[0] === "number");
      const rowElements = isFlat ? p.elements : p.elements / (shape[0] ?? 1);
      const rows = countRows(what, given, rowElements);
      if (rows * rowElements !== p.elements)
        throw new ShapeError(`${what}: must have shape [${shape.join(", ")}]; got ${rows} rows`);
      const data = new Float32Array(p.elements);
      readRows(what, given, rowElements, 0, rows, data, 0);
      return [p, data];
    });
    for (const [p, data] of ready) this.program.parameter(p).set(data);
  }

  /**
   * Everything a later run continues from, as bytes: parameters and, of a trainer, moments, counters and seeds.
   * A copy; it survives `dispose`.
   */
  state(): Uint8Array<ArrayBuffer> {
    this.program.checkAlive("state");
    return this.program.states.save();
  }

  /**
   * Puts a state back. A predictor takes the states of trainers too.
   *
   * @throws StateError for bytes that are no state, are cut short, or belong to another model; then nothing changes
   */
  restore(state: Uint8Array): void {
    this.program.checkAlive("restore");
    this.checkIdle("restore");
    this.program.states.load("restore", state, false);
  }

  /** SHA-256 over names, shapes and values of the parameters: the same on every machine for the same run. */
  digest(): string {
    this.program.checkAlive("digest");
    return this.program.digest();
  }

  /** A model that carries the current parameters. */
  toModel(): Model<X, P> {
    this.program.checkAlive("toModel");
    const { model, program } = this;
    const graph = model.graph.copy();
    program.plan.parameters.forEach((p, i) => {
      const { name, value } = p;
      graph.parameters[i] = { name, value, init: { kind: "values", data: program.parameter(p).slice() } };
    });
    return makeModel(graph, model.seed, model.named) as Model<X, P>;
  }

  /** Layers, output shapes, parameter counts and bytes, as a table. */
  summary(): string {
    const { bytes } = this.program.plan;
    const kinds: [string, number][] = [
      ["parameters", bytes.parameters],
      ["gradients", bytes.gradients],
      ["optimizer", bytes.optimizer],
      ["activations", bytes.activations],
      ["window", bytes.window],
      ["program", bytes.total],
    ];
    const memory = kinds.filter(([, b]) => b > 0).map(([name, b]) => [name, formatBytes(b)]);
    return `${this.model.summary()}\n\n${formatTable([["memory", ""], ...memory])}`;
  }

  /** What a paper's appendix needs to say which computation this was: plain data for `JSON.stringify`. */
  manifest(): Record<string, unknown> {
    this.program.checkAlive("manifest");
    const { graph } = this.model;
    const { seeds, plan, engine } = this.program;
    const describe = ({ name, value }: Port) => ({ name, shape: graph.shape(value).slice(1) });
    return {
      package: "wasmgrad",
      version: VERSION,
      kernels: engine.relaxed ? "relaxed" : "strict",
      model: {
        inputs: graph.inputs.map(describe),
        outputs: graph.outputs.map(describe),
        layers: layersOf(graph).map(({ name, parameters }) => ({ name, parameters })),
        parameters: plan.parameters.map((p) => ({ name: p.name, shape: this.program.shapeOf(p) })),
        graph: graph.toString().split("\n"),
      },
      options: { batch: plan.batch, ...this.manifestOptions() },
      seeds: { ...seeds },
      digests: { parameters: this.digest() },
    };
  }

  /** Gives the memory back; using the program afterwards throws a DisposedError. Twice is fine. */
  dispose(): void {
    this.program.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What a console of Node shows of a program. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.summary();
  }

  /** @internal what `manifest` says beyond a predictor's options */
  protected manifestOptions(): Record<string, unknown> {
    return this.labels ? { labels: this.labels } : {};
  }

  /** @internal throws BusyError while a fit is under way */
  protected checkIdle(_who: string): void {}

  #countRows(x: X): number {
    let rows = -1;
    const { predictInputs } = this.program.plan;
    for (let i = 0; i < predictInputs.length; i++) {
      const port = predictInputs[i];
      const count = countRows(this.#names[i], this.#entryOf(x, port), port.rowElements);
      if (rows >= 0 && count !== rows)
        throw new ShapeError(`predict: all inputs must have as many rows; got ${rows} and ${count}`);
      rows = count;
    }
    return rows;
  }

  #entryOf(x: X, port: PlannedPort): Rows {
    return entryOf("predict", x, port.name, this.model.named.inputs);
  }
}
