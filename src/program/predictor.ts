import { Run } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { DisposedError, OptionError, ShapeError } from "../errors.ts";
import type { Column } from "../graph/input.ts";
import { finalActivation, type Model } from "../model/model.ts";
import { BOOLEAN, readOptions, refuseMore, SIGNAL } from "../options.ts";
import type { PlannedPort } from "../plan/planned.ts";
import { isArrayOf } from "../realm.ts";
import { copyWords } from "../rows/copy.ts";
import { countRows, entryOf, flatData, overlaps, type Result, type Rows, readRows } from "../rows/data.ts";
import { readIds } from "../rows/ids.ts";
import { inSlices, runSlice } from "../runtime/event-loop.ts";
import type { Steps } from "../steps.ts";
import { checkNames } from "../suggest.ts";
import { type Arrays, arrayOf, resultsOf } from "./arrays.ts";
import {
  type Border,
  borderOf,
  checkFitted,
  type FittedNumbers,
  fittedNumbers,
  inUnitsOfY,
  numbersOf,
} from "./border.ts";
import { type Buffers, checkIds, checkRows, rawRowsOf, viewsOf } from "./buffers.ts";
import { type Classification, classify, type Ending } from "./classify.ts";
import { type FileParts, writeFile } from "./file.ts";
import { stateTensors, trainingTensors } from "./file-tensors.ts";
import { manifestOf, summaryOf } from "./manifest.ts";
import { modelWithValues } from "./model-with-values.ts";
import { type ParameterViews, parameterViews, setParameters } from "./parameters.ts";
import type {
  AsyncOptions,
  ClassifyOptions,
  FileOptions,
  Out,
  PredictOptions,
  ReadOptions,
  RestoreOptions,
  SaveOptions,
  StateOptions,
} from "./predictor-options.ts";
import type { Program } from "./program.ts";
import type { RawRows } from "./raw-rows.ts";
import { readOnly } from "./read-only.ts";
import type { Bytes, Misfit } from "./state.ts";
import { addSymbols } from "./symbols.ts";

/** A program that predicts. */
export class Predictor<X = Rows, P = Result> {
  readonly #program: Program;
  /** How errors name each input. */
  readonly #names: readonly string[];
  /** @internal */
  protected readonly border: Border | undefined;
  /** Rows of one batch as they were given, for inputs with preprocessing; made when they are needed. */
  #raw: Float64Array[] = [];
  /** Why nothing can be done with it any more. */
  #end: string | undefined;
  declare [Symbol.dispose]: () => void;

  /** @internal */
  constructor(
    program: Program,
    /** @internal */
    protected readonly model: Model<X, P>,
    /** Names of the classes, in the order of the outputs; undefined where none were given. */
    readonly labels: readonly string[] | undefined,
  ) {
    this.#program = program;
    const { inputs } = model.graph;
    this.#names = inputs.map((p) => (model.named.inputs ? `predict: x.${p.name}` : "predict: x"));
    this.border = borderOf(model);
    addSymbols(Predictor.prototype);
  }

  /** @internal */
  get program(): Program {
    const program = Predictor.#programOf(this);
    if (this.#end) throw new DisposedError(this.#end);
    return program;
  }

  static #programOf(predictor: object): Program {
    if (#program in predictor) return predictor.#program;
    throw new OptionError(
      "program: a trainer or predictor must be used itself; got a proxy of it, as reactive state makes: " +
        "keep it outside, or mark it as raw",
    );
  }

  /** Vue leaves it as it is: a proxy could not reach the engine's memory. */
  get __v_skip(): true {
    return true;
  }

  /** @internal From here on every call throws a DisposedError. */
  close(why: string): void {
    this.#end = why;
    // Where workers failed, they may still write, and what they left half-updated goes.
    if (this.#program.hasViewsOutside || this.#program.crew?.pending()) this.#program.detachViews();
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
  predict(x: X, options?: ReadOptions): P;
  predict<O extends Out<P>>(x: X, options: PredictOptions<O> & { readonly out: O }): O;
  predict(x: X, options?: PredictOptions<unknown>): unknown {
    if (arguments.length > 2) refuseMore("predict", arguments, 2);
    this.program.checkAlive("predict");
    if (options === undefined) return this.#predict(x, undefined);
    const { state, out } = Object(options) as PredictOptions<unknown>;
    // Options are looked at closely only where there are others: that costs 12 % of a small prediction.
    let others = state === undefined && out === undefined;
    for (const name in options) others ||= name !== "out" && name !== "state";
    if (others) readOptions("predict", options, { out: [], state: [], weights: [] });
    if (!others && state === undefined) return this.#predict(x, out as Arrays | undefined);
    return this.reading("predict", options, () => this.#predict(x, out as Arrays | undefined));
  }

  /** @internal Reads as options say, then puts back what was there. */
  protected reading<T>(who: string, { state, weights }: ReadOptions, read: () => T): T {
    if (weights !== undefined)
      throw new OptionError(`${who}: weights needs a trainer with averageWeights; got ${describe(weights)}`);
    return state === undefined ? read() : this.program.states.during(who, state, read);
  }

  #predict(x: X, out: Arrays | undefined): unknown {
    const { batch } = this.#program.plan;
    if (this.border) checkFitted("predict", this.border, this.#program.fitted);
    const rows = this.#countRows(x);
    const computed = out === undefined ? this.#makeArrays(rows) : out;
    const target = out === undefined ? computed : this.#targetFor(x, rows, out);
    for (let from = 0; from < rows; from += batch) this.#predictBatch(x, rows, from, target);
    if (target !== computed) this.#copy(target, computed);
    return out === undefined ? resultsOf(this.model, rows, computed) : out;
  }

  *#predictSteps(x: X): Steps<unknown> {
    const { batch } = this.#program.plan;
    if (this.border) checkFitted("predictAsync", this.border, this.#program.fitted);
    const rows = this.#countRows(x);
    const computed = this.#makeArrays(rows);
    for (let from = 0; from < rows; from += batch) {
      if (from > 0) yield;
      this.#predictBatch(x, rows, from, computed);
    }
    return resultsOf(this.model, rows, computed);
  }

  /** Predicts a batch of the rows, from `from` on. */
  #predictBatch(x: X, rows: number, from: number, target: Arrays): void {
    const program = this.#program;
    const { predict, batch } = program.plan;
    const { ports, outputs } = predict;
    const count = Math.min(batch, rows - from);
    for (let i = 0; i < ports.length; i++) this.#load(i, this.#entryOf(x, ports[i]), from, count, rows);
    program.execute(predict, count);
    for (let i = 0; i < outputs.length; i++) {
      const { name, offset, rowElements } = outputs[i];
      const into = arrayOf(target, name, this.model.named.outputs);
      const place = this.border?.outputs[i];
      if (place)
        inUnitsOfY(
          numbersOf(program, place),
          program.f32,
          offset >>> 2,
          into,
          from * rowElements,
          count,
          rowElements,
        );
      else copyWords(into, from * rowElements, program.f32, offset >>> 2, count * rowElements);
    }
  }

  /** Where results go until all rows are read: `out`, unless results of a batch would take the place of later rows. */
  #targetFor(x: X, rows: number, out: Arrays): Arrays {
    const { predict, batch } = this.#program.plan;
    let target = out;
    for (const { name, rowElements } of predict.outputs) {
      const array = arrayOf(out, name, this.model.named.outputs);
      if (!(isArrayOf(Float32Array, array) && array.length >= rows * rowElements))
        throw new ShapeError(
          `predict: ${this.model.named.outputs ? `out.${name}` : "out"} must be a Float32Array of at least ` +
            `${rows * rowElements} numbers; got ${describe(array)}`,
        );
      if (rows > batch && overlaps(x, array)) target = this.#makeArrays(rows);
    }
    return target;
  }

  #copy(from: Arrays, into: Arrays): void {
    const { named } = this.model;
    for (const { name } of this.#program.plan.predict.outputs)
      arrayOf(into, name, named.outputs).set(arrayOf(from, name, named.outputs));
  }

  /**
   * What `predict` gives, computed in slices of about 10 ms of the thread's time, between which the event loop runs. All
   * rows are predicted in the state at the time of the call, whatever happens meanwhile.
   *
   * @param x rows, or rows by input name; leave them alone until the promise settles
   * @throws as `predict`, and the signal's reason on abort
   * @example
   * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
   * const { shape } = await predictor.predictAsync(new Float32Array(20_000)); // [10000, 1]
   */
  async predictAsync(x: X, options: AsyncOptions = {}): Promise<P> {
    this.program.checkAlive("predictAsync");
    return this.readInSlices("predictAsync", options, this.#predictSteps(x)) as Promise<P>;
  }

  /** @internal Does the steps of a reading in slices, all in one state. */
  protected async readInSlices<T>(who: string, options: AsyncOptions, steps: Steps<T>): Promise<T> {
    const table = { state: [], signal: [undefined, SIGNAL], weights: [] } as const;
    const { signal, ...reading } = readOptions(who, options, table);
    signal?.throwIfAborted();
    const { program } = this;
    const within = this.reading(who, reading, () => program.states.hold(who, undefined));
    const borrowed = program.shared?.hold(program);
    // A state is changed over to once a slice, not once a batch.
    const next = () => within(() => runSlice(steps));
    const check = () => {
      signal?.throwIfAborted();
      this.program.checkAlive(who);
    };
    return inSlices({ next: borrowed ? () => borrowed(next) : next }, check, program.crew?.pending());
  }

  /** Lays `count` rows into a port. */
  #load(i: number, given: Rows, from: number, count: number, rows: number): void {
    const { f32, i32, plan } = this.#program;
    const port = plan.predict.ports[i];
    const at = port.offset >>> 2;
    const input = this.border?.inputs[i];
    if (input) {
      const { preprocessing } = input;
      this.#raw[i] ??= new Float64Array(plan.batch * preprocessing.rowElements);
      preprocessing.read(this.#names[i], given, from, count, this.#raw[i], 0);
      const numbers = numbersOf(this.#program, input);
      preprocessing.transform(this.#names[i], this.#raw[i], 0, from, count, numbers, f32, at, true);
    } else if (port.dtype === "i32") readIds(this.#names[i], given, port, from, count, i32, at);
    else if (count !== rows || !this.#takeWhole(given, port))
      readRows(this.#names[i], given, port.rowElements, from, count, f32, at);
  }

  /** Copies rows that already are one array of f32, unless a number is not finite: `readRows` says which. */
  #takeWhole(given: Rows, { offset }: PlannedPort): boolean {
    const data = flatData(given);
    if (!isArrayOf(Float32Array, data)) return false;
    this.#program.f32.set(data, offset >>> 2);
    return !this.#program.hasNonFinite(offset, data.length * 4);
  }

  // Apart from `predict`, whose variables closures would otherwise put on the heap at every call.

  #makeArrays(rows: number): Arrays {
    const { named } = this.model;
    const arrays = this.#program.plan.predict.outputs.map(
      ({ name, rowElements }) => [name, new Float32Array(rows * rowElements)] as const,
    );
    return named.outputs ? Object.fromEntries(arrays) : arrays[0][1];
  }

  /**
   * The most probable class of each row; with `top` the so many most probable ones, the first of equals first. For one sigmoid
   * output the classes are 0 and 1, for several each row has all `labels`, with those over the threshold marked.
   *
   * @throws OptionError if the model has several outputs or is not a classifier, NonFiniteError for a row whose
   *   probabilities are NaN
   * @example
   * const model = sequential({ input: [2] }, [dense(3, { activation: "softmax" })]);
   * const predictor = compile(model, { labels: ["ant", "bee", "cat"] });
   * const [{ label, probability }] = predictor.classify([[0, 1]]);
   * const [[first, second]] = predictor.classify([[0, 1]], { top: 2 });
   */
  classify(x: X, options?: ClassifyOptions & { readonly top?: undefined }): Classification[];
  classify(x: X, options: ClassifyOptions & { readonly top: number }): Classification[][];
  classify(
    x: X,
    options: ClassifyOptions & { readonly top?: number } = {},
  ): Classification[] | Classification[][] {
    refuseMore("classify", arguments, 2);
    const { graph, named } = this.model;
    if (named.outputs && graph.outputs.length !== 1)
      throw new OptionError(`classify: needs a model with one output; got ${graph.outputs.length}`);
    const table = { top: [], threshold: [], state: [], weights: [] } as const;
    const { top, threshold, ...reading } = readOptions("classify", options, table);
    const predicted = this.predict(x, reading) as Result | Record<string, Result>;
    const probabilities = this.probabilities(
      named.outputs ? (predicted as Record<string, Result>)[graph.outputs[0].name] : (predicted as Result),
    );
    const ending = this.ending ?? (finalActivation(graph, graph.outputs[0].value) as Ending);
    return classify(graph, this.labels, probabilities, ending, { top, threshold });
  }

  /**
   * Views of the rows that `run` reads and writes, in the engine's own memory: for loops at audio or frame rate.
   *
   * @throws DisposedError after `dispose`; an assignment to a view throws an OptionError
   * @example
   * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
   * const { x, out } = predictor.buffers;
   * x.set([0, 1]);
   * predictor.run(1);
   * console.log(out[0]);
   */
  get buffers(): Buffers<X, P> {
    const { program } = this;
    program.checkAlive("buffers");
    program.hasViewsOutside = true;
    program.buffers ??= readOnly("buffers", this.makeBuffers(), "set() of the view");
    return program.buffers as Buffers<X, P>;
  }

  /**
   * Computes `buffers.out` from the first `rows` rows of `buffers.x`, with the bits of `predict`; copies and allocates nothing.
   * NaN and infinite numbers are not refused: what they reach is NaN. During a suspended `fit` it changes no bit of the training.
   *
   * @param rows a whole number from 1 to `batchSize`
   * @throws DataError for an id outside its table; `out` then means nothing. OptionError for another number of rows,
   *   DisposedError after `dispose`
   */
  run(rows: number): void {
    const { program } = this;
    program.checkAlive("run");
    checkRows("run", program, rows);
    const { predict } = program.plan;
    const raw = this.border && this.#rawBuffers("run", this.border);
    raw?.load(rows);
    program.execute(predict, rows);
    raw?.give(rows);
    if (program.run(Run.Guard)) checkIds("run: x", program, predict.ports, rows, this.model.named.inputs);
  }

  /** The rows of `buffers` that are not those of the kernels, once everything has been fitted. */
  #rawBuffers(who: string, border: Border): RawRows {
    checkFitted(who, border, this.program.fitted);
    // Nobody has written rows before asking for the views.
    this.buffers;
    return this.program.raw as RawRows;
  }

  /**
   * The columns of a table that the model reads, where its one input was made of such: what rows must have. Undefined otherwise.
   *
   * @example
   * const columns = inputColumns([{ name: "area", kind: "number" }]);
   * const predictor = compile(sequential({ columns }, [dense(1)]));
   * predictor.columns?.map(({ name }) => name); // => ["area"]
   */
  get columns(): readonly Column[] | undefined {
    return this.model.graph.inputs.length === 1 ? this.model.graph.inputs[0].columns : undefined;
  }

  /**
   * What preprocessing layers have learnt, by layer and statistic, one number a column: `{ standardize1: { mean, spread } }`, in f64;
   * of standardized targets as `"targets.output"`. Layers that are not fitted yet are left out. A copy.
   *
   * @example
   * const trainer = compile(sequential({ input: [1] }, [standardize(), dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
   * trainer.adapt([[1], [3]]);
   * trainer.preprocessing; // => { standardize1: { mean: [2], spread: [1] } }
   */
  get preprocessing(): FittedNumbers {
    this.program.checkAlive("preprocessing");
    return fittedNumbers(this.program);
  }

  /**
   * Parameters by name: live views of the engine's memory. Write into their arrays, or call `setParameters`; an assignment
   * to `data`, `shape` or a name throws an OptionError, because it would set nothing.
   *
   * @example
   * const predictor = compile(sequential({ input: [2] }, [dense(1)]));
   * predictor.parameters["dense1.weight"].data.set([1, -1]);
   */
  get parameters(): ParameterViews {
    this.program.checkAlive("parameters");
    this.program.hasViewsOutside = true;
    return parameterViews(this.program);
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
    refuseMore("setParameters", arguments, 1);
    this.program.checkAlive("setParameters");
    this.checkIdle("setParameters");
    setParameters(this.program, values);
  }

  /**
   * Everything a later run continues from, as bytes: parameters and, of a trainer, moments, counters and seeds.
   * A copy; it survives `dispose`. With `{ training: false }` parameters and running statistics alone, a third of the
   * size with Adam: a trainer that restores it starts with fresh moments and counters.
   */
  state(options?: StateOptions): Bytes {
    refuseMore("state", arguments, 1);
    this.program.checkAlive("state");
    const { states } = this.program;
    // Nothing more where nothing was given: states are saved many at a time.
    if (options === undefined) return states.save();
    const { training } = readOptions("state", options, { training: [true, BOOLEAN] });
    return training ? states.save() : states.saveVariables();
  }

  /**
   * Puts a state back. A predictor takes the states of trainers too.
   *
   * @returns what did not fit, with the shapes of both sides: nothing without `{ partial: true }`
   * @throws StateError for bytes that are no state, are cut short, or belong to another model; then nothing changes
   * @example
   * const make = (classes: number) => compile(sequential({ input: [2] }, [dense(4), dense(classes, { activation: "softmax" })]));
   * const two = make(2);
   * const three = make(3);
   * three.restore(two.state(), { partial: true }).map(({ name }) => name); // ["dense2.weight", "dense2.bias"]
   */
  restore(state: Uint8Array | ArrayBuffer): void;
  restore(state: Uint8Array | ArrayBuffer, options: RestoreOptions): readonly Misfit[];
  restore(state: Uint8Array, options: RestoreOptions = {}): readonly Misfit[] {
    refuseMore("restore", arguments, 2);
    this.program.checkAlive("restore");
    this.checkIdle("restore");
    const { partial } = readOptions("restore", options, { partial: [false, BOOLEAN] });
    const { states } = this.program;
    const misfits = partial ? states.loadPartly("restore", state) : [];
    if (!partial) states.load("restore", state, this.isTraining);
    this.forgetFit();
    return misfits;
  }

  /**
   * The whole model as one file, in the format of safetensors: what it computes, parameters, labels and, of a trainer, what it
   * was compiled with. `load` makes a predictor of it, `loadTrainer` a trainer. With `{ training: true }` it holds moments and
   * counters too, so that training goes on from it to the bit; without, a trainer starts anew from the parameters.
   *
   * @example
   * const predictor = compile(sequential({ input: [2], seed: 42 }, [dense(1)]));
   * load(predictor.save()).digest() === predictor.digest(); // => true
   */
  save(options: FileOptions = {}): Bytes {
    refuseMore("save", arguments, 1);
    this.program.checkAlive("save");
    const { training, weights } = readOptions("save", options, { training: [false, BOOLEAN], weights: [] });
    if (training && weights)
      throw new OptionError("save: weights: training goes on from the present ones; got both: leave one out");
    return this.reading("save", { weights }, () => {
      const { metadata, tensors } = this.fileParts(training);
      return writeFile(this.program, this.model, metadata, tensors);
    });
  }

  /**
   * SHA-256 over names, shapes and values of the parameters: the same on every machine for the same run. With
   * `{ training: true }` over all that `save({ training: true })` keeps: counters and moments too.
   */
  digest(options: SaveOptions = {}): string {
    refuseMore("digest", arguments, 1);
    this.program.checkAlive("digest");
    const { training } = readOptions("digest", options, { training: [false, BOOLEAN] });
    return this.program.digest(training ? stateTensors(this.program) : []);
  }

  /** A model that carries the current parameters. */
  toModel(): Model<X, P> {
    refuseMore("toModel", arguments, 0);
    this.program.checkAlive("toModel");
    const { model, program } = this;
    return modelWithValues(program, model, this.border);
  }

  /** Layers, output shapes, parameter counts and bytes, as a table. */
  summary(): string {
    return summaryOf(this.program, this.model);
  }

  /** What a paper's appendix needs to say which computation this was: plain data for `JSON.stringify`. */
  manifest(): Record<string, unknown> {
    refuseMore("manifest", arguments, 0);
    this.program.checkAlive("manifest");
    return manifestOf(this.program, this.model, this.manifestOptions());
  }

  /** Gives the memory back; using the program afterwards throws a DisposedError. Twice is fine. */
  dispose(): void {
    this.program.dispose();
  }

  /** What `JSON.stringify` and Node's console show: the manifest, never the memory. */
  toJSON(): Record<string, unknown> {
    return Predictor.#programOf(this).disposed || this.#end
      ? { package: "wasmgrad", disposed: true }
      : this.manifest();
  }

  /** @internal whether optimizer and slots belong to its states */
  protected get isTraining(): boolean {
    return false;
  }

  /** @internal */
  protected makeBuffers(): object {
    const { program, model } = this;
    const { ports, outputs } = program.plan.predict;
    const raw = this.border && rawRowsOf(program, this.border, model.named.inputs);
    program.raw = raw;
    return {
      x: viewsOf(program, ports, model.named.inputs, raw?.x),
      out: viewsOf(program, outputs, model.named.outputs, raw?.out),
    };
  }

  /** @internal what `manifest` says beyond a predictor's options */
  protected manifestOptions(): Record<string, unknown> {
    return this.labels ? { labels: this.labels } : {};
  }

  /** @internal what its files hold beside model and parameters */
  protected fileParts(training: boolean): FileParts {
    return {
      metadata: this.labels ? { labels: JSON.stringify(this.labels) } : {},
      tensors: training ? trainingTensors(this.program) : [],
    };
  }

  /** @internal what probabilities are of, where the model ends in logits */
  protected readonly ending?: Ending;

  /** @internal the probabilities of what `predict` gives */
  protected probabilities(predicted: Result): Result {
    const { graph } = this.model;
    if (!finalActivation(graph, graph.outputs[0].value))
      throw new OptionError(
        "classify: the model must end in softmax or sigmoid; got another output: " +
          'numbers come from predict, and a classifier has activation: "softmax" in its last layer',
      );
    return predicted;
  }

  /** @internal what a fit remembers belongs to the state before */
  protected forgetFit(): void {}

  /** @internal throws BusyError while a fit is under way, also of a program that it shares memory with */
  checkIdle(who: string): void {
    this.#program.shared?.checkIdle(who);
  }

  #countRows(x: X): number {
    let rows = -1;
    const { ports } = this.#program.plan.predict;
    if (this.model.named.inputs) this.#checkNames(x);
    for (let i = 0; i < ports.length; i++) {
      const port = ports[i];
      const given = this.#entryOf(x, port);
      const preprocessing = this.border?.inputs[i]?.preprocessing;
      const count = preprocessing
        ? preprocessing.countRows(this.#names[i], given)
        : countRows(this.#names[i], given, port.rowElements);
      if (rows >= 0 && count !== rows)
        throw new ShapeError(`predict: all inputs must have as many rows; got ${rows} and ${count}`, "rows");
      rows = count;
    }
    return rows;
  }

  /** Looks at names closely only if not all inputs have an entry, or there are more: that costs time. */
  #checkNames(x: X): void {
    const { ports } = this.#program.plan.predict;
    let entries = 0;
    for (const name in x) if (x[name] !== undefined) entries++;
    for (const { name } of ports) if (!(x as Record<string, unknown> | null)?.[name]) entries = -1;
    if (entries === ports.length) return;
    const names = ports.map(({ name }) => name);
    checkNames("predict: x", x, names, "input");
  }

  #entryOf(x: X, port: PlannedPort): Rows {
    return entryOf(x, port.name, this.model.named.inputs);
  }
}
