import { Counter } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { NonFiniteError, OptionError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { formatTable } from "../model/summary.ts";
import { COUNT, readOptions, refuseMore } from "../options.ts";
import type { PlannedVariable } from "../plan/planned.ts";
import { Program } from "../program/program.ts";
import { gradientsOf } from "../train/loss-gradients.ts";
import { takeStep } from "../train/step-buffers.ts";
import { Trainer } from "../train/trainer.ts";
import type { BoundData, Data } from "../train/training-data.ts";
import { bindColumns, type Dataset, fillPorts } from "../train/windows.ts";
import { allValues, modelOf } from "./activations.ts";
import { type Distribution, distributionOf, Tally } from "./distribution.ts";
import { type Twin, twinOf } from "./twin.ts";
import { type Units, UnitWatch } from "./units.ts";

/** What a layer gives. */
export interface OutputInspection extends Distribution, Units {}

/** What `inspect` finds, as plain data; `histogram` of `wasmgrad/plot` draws `parameters`, `gradients` and `outputs`. */
export interface Inspection {
  readonly rows: number;
  /** Mean loss over the rows, computed as in training: batch by batch, with dropout. */
  readonly loss: number;
  /** By name, those that are frozen, too. */
  readonly parameters: Readonly<Record<string, Distribution>>;
  /** Of the mean loss, of the parameters that are trained. */
  readonly gradients: Readonly<Record<string, Distribution>>;
  /**
   * How far the next update would move each trained parameter, as a share of its norm: `|dw| / |w|`, from the first batch of the
   * rows. About 0.001 is usual. Without parameters that are all 0, and empty where that update would not be finite.
   */
  readonly updates: Readonly<Record<string, number>>;
  /** What each layer gives for the rows, computed as by `predict`; named as by `activations`. */
  readonly outputs: Readonly<Record<string, OutputInspection>>;
  /** What the next update would fail by, where it would. */
  readonly problem?: string;
}

export interface InspectOptions {
  /** Intervals of the histograms. Default: 20. */
  readonly bins?: number;
}

/**
 * How weights, gradients and activations stand, by parameter and layer: norms, ranges, shares of zeros, histograms, units that are
 * dead or saturated, numbers that are not finite, and how far the next update would go. For finding out why a network does not
 * learn.
 *
 * It works on a copy of the program: nothing about the trainer changes, no draw and no counter.
 *
 * @param data as `fit` takes it, any number of rows
 * @throws what `evaluate` throws for data that do not fit
 * @example
 * const model = sequential({ input: [2], seed: 1 }, [dense(8, { activation: "relu" }), dense(1)]);
 * const trainer = compile(model, { loss: meanSquaredError(), optimizer: adam() });
 * const found = inspect(trainer, { x: [[0, 1], [1, 0]], y: [1, 2] });
 * found.outputs.dense1.deadUnits; // units that are 0 for both rows
 * found.gradients["dense1.weight"].rms > 0; // => true
 * console.log(inspectionTable(found));
 */
export function inspect<X, P>(
  trainer: Trainer<X, P>,
  data: Data<X, P> | BoundData<X>,
  options: InspectOptions = {},
): Inspection {
  refuseMore("inspect", arguments, 3);
  if (!(trainer instanceof Trainer))
    throw new OptionError(
      `inspect: needs a trainer, which compile(model, { loss, optimizer }) makes; got ${describe(trainer)}`,
    );
  const { bins } = readOptions("inspect", options, { bins: [20, COUNT] });
  const twin = twinOf("inspect", trainer);
  const { program, reader } = twin;
  try {
    const dataset = reader.readAtOnce("inspect", data as Data<unknown, never>);
    const { variables } = program.plan;
    const parameters = byName(variables, (v) => distributionOf(program.values(v), bins));
    const { loss, gradients } = meanGradients(twin, dataset);
    const trained = variables.filter(({ name }) => name in gradients);
    return {
      rows: dataset.rows,
      loss,
      parameters,
      gradients: byName(trained, ({ name }) => distributionOf(gradients[name], bins)),
      // Before the update, which is the last that the copy is for.
      outputs: outputsOf(trainer.toModel() as Model, twin, dataset, bins),
      ...nextUpdate(twin, dataset, trained),
    };
  } finally {
    program.dispose();
  }
}

const byName = <T>(variables: readonly PlannedVariable[], of: (v: PlannedVariable) => T) =>
  Object.fromEntries(variables.map((v) => [v.name, of(v)]));

/** Lays a batch into the ports that train; returns its rows. */
function load({ program, train }: Twin, dataset: Dataset, from: number): number {
  const { ports } = train.tape;
  const count = Math.min(program.plan.batch, dataset.rows - from);
  bindColumns(program, ports, dataset);
  fillPorts(program, ports, dataset, from, count);
  return count;
}

/** Loss and gradients of all rows: the means over batches, each by its rows, added in order. */
function meanGradients(twin: Twin, dataset: Dataset) {
  const { program, train } = twin;
  const { batch, variables } = program.plan;
  const sums: Record<string, Float64Array> = {};
  for (const { name, role, elements } of variables)
    if (role === "trained") sums[name] = new Float64Array(elements);
  let loss = 0;
  for (let from = 0; from < dataset.rows; from += batch) {
    const count = load(twin, dataset, from);
    const share = count / dataset.rows;
    const found = gradientsOf(program, train, count);
    loss += found.loss * share;
    for (const name in sums) {
      const { data } = found.gradients[name];
      for (let i = 0; i < data.length; i++) sums[name][i] += data[i] * share;
    }
  }
  return { loss, gradients: sums };
}

/** How far the twin's next update goes: it is made. */
function nextUpdate(
  twin: Twin,
  dataset: Dataset,
  trained: readonly PlannedVariable[],
): Pick<Inspection, "updates" | "problem"> {
  const { program, train } = twin;
  const before = trained.map((v) => program.values(v).slice());
  const step = program.counter(Counter.Step);
  try {
    const count = load(twin, dataset, 0);
    // A group of batches that make one update may be under way.
    for (let pass = 0; pass < train.accumulate && program.counter(Counter.Step) === step; pass++)
      takeStep(program, train, count);
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    return { updates: {}, problem: error.message };
  }
  const updates: Record<string, number> = {};
  trained.forEach((v, i) => {
    const after = program.values(v);
    let moved = 0;
    let all = 0;
    before[i].forEach((w, k) => {
      moved += (after[k] - w) * (after[k] - w);
      all += w * w;
    });
    if (all > 0) updates[v.name] = Math.sqrt(moved / all);
  });
  return { updates };
}

/** What each layer gives for all rows, in two rounds over them: for the ranges, and for the histograms. */
function outputsOf(
  model: Model,
  { program: twin, train }: Twin,
  dataset: Dataset,
  bins: number,
): Record<string, OutputInspection> {
  const values = allValues(model.graph);
  if (values.length === 0) return {};
  const { graph } = modelOf(model, values);
  const { batch } = twin.plan;
  const program = new Program("inspect", twin.engine, { graph, batch, windowRows: 0 }, twin.seeds);
  try {
    const { predict } = program.plan;
    const { ports } = train.tape;
    const columns = predict.ports.map(
      ({ name }) => dataset.columns[ports.findIndex((port) => port.kind === "input" && port.name === name)],
    );
    const tallies = values.map(() => new Tally(bins));
    const watches = values.map(({ value, node }) => new UnitWatch(graph.shape(value).slice(-1)[0], node));
    for (const round of ["add", "sort"] as const)
      for (let from = 0; from < dataset.rows; from += batch) {
        const count = Math.min(batch, dataset.rows - from);
        fillPorts(program, predict.ports, { rows: dataset.rows, columns }, from, count);
        program.execute(predict, count);
        predict.outputs.forEach(({ offset, rowElements }, i) => {
          const numbers = program.f32.subarray(offset >>> 2, (offset >>> 2) + count * rowElements);
          tallies[i][round](numbers);
          if (round === "add") watches[i].add(numbers);
        });
      }
    return Object.fromEntries(
      values.map(({ name }, i) => [name, { ...tallies[i].distribution, ...watches[i].result }]),
    );
  } finally {
    program.dispose();
  }
}

/**
 * What `inspect` found as two tables for a terminal: parameters with their gradients and updates, and what layers give.
 *
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: sgd() });
 * console.log(inspectionTable(inspect(trainer, { x: [[0], [1]], y: [1, 3] })));
 */
export function inspectionTable(inspection: Inspection): string {
  refuseMore("inspectionTable", arguments, 1);
  const { parameters, gradients, updates, outputs, rows, loss, problem } = inspection;
  const number = (x: number | undefined) => (x === undefined ? "" : `${Number(x.toPrecision(3))}`);
  const share = (x: number | undefined) => (x === undefined ? "" : `${Number((x * 100).toPrecision(3))} %`);
  const spread = ({ mean, rms, min, max, zeros }: Distribution) => [
    ...[mean, rms, min, max].map(number),
    share(zeros),
  ];
  const isBad = (of: Readonly<Record<string, Distribution>>) =>
    Object.values(of).some(({ nonFinite }) => nonFinite > 0);
  const bad = isBad(parameters) || isBad(gradients) || isBad(outputs);
  const counted = (...of: (Distribution | undefined)[]) =>
    bad ? [`${of.reduce((sum, one) => sum + (one?.nonFinite ?? 0), 0)}`] : [];
  const parts = [
    formatTable([
      [
        "parameter",
        "numbers",
        "mean",
        "rms",
        "min",
        "max",
        "zeros",
        "gradient rms",
        "update",
        ...(bad ? ["not finite"] : []),
      ],
      ...Object.entries(parameters).map(([name, own]) => [
        name,
        `${own.count}`,
        ...spread(own),
        number(gradients[name]?.rms),
        share(updates[name]),
        ...counted(own, gradients[name]),
      ]),
    ]),
    formatTable([
      [
        "output of",
        "numbers",
        "mean",
        "rms",
        "min",
        "max",
        "zeros",
        "dead",
        "saturated",
        ...(bad ? ["not finite"] : []),
      ],
      ...Object.entries(outputs).map(([name, own]) => [
        name,
        `${own.count}`,
        ...spread(own),
        `${own.deadUnits.length} of ${own.units}`,
        share(own.saturated),
        ...counted(own),
      ]),
    ]),
    `${rows} rows, loss ${number(loss)}${problem ? `\n${problem}` : ""}`,
  ];
  return parts.join("\n\n");
}
