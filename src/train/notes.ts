/**
 * What the loss of a fit does not tell: facts of its data, its history and its units, each with what to do. Data and units are
 * judged by a sample of rows, so the cost is bounded; nothing here changes the state.
 */
import { Counter } from "../../assembly/abi.ts";
import { describe } from "../describe.ts";
import { type Graph, is } from "../graph/graph.ts";
import type { InputPort } from "../graph/input.ts";
import { Fn } from "../graph/op.ts";
import { resolve, sizeOf } from "../graph/shape.ts";
import type { ValueId } from "../graph/type.ts";
import type { PlannedTape } from "../plan/planned.ts";
import type { Program } from "../program/program.ts";
import { addressOf, runRecords } from "../program/records.ts";
import { inOrder, inStretches, type Jobs } from "../steps.ts";
import { isOfClasses } from "./losses.ts";
import type { DataRules, OutputLoss } from "./training-data.ts";
import { isWeighted } from "./weights.ts";
import { bindColumns, type Column, type Dataset, fillPorts } from "./windows.ts";

/**
 * Something about a fit that its loss does not tell.
 *
 * @example
 * const trainer = compile(sequential({ input: [1] }, [dense(1)]), { loss: meanSquaredError(), optimizer: adam() });
 * const { notes } = await trainer.fit({ x: [[900], [1200], [1500], [2000]], y: [0.9, 1.2, 1.5, 2] });
 * notes[0].code; // => "columnScales"
 */
export interface Note {
  /**
   * - `columnScales`: the largest numbers of two columns, or of one and a bias, differ by more than a thousand;
   * - `constantColumn`: a column of `x` or `y` that never changes;
   * - `targetScale`: targets beyond 100, or all below 0.01, for losses of numbers;
   * - `unequalLabels`: ten times as many rows have the most common label as have the rarest;
   * - `missingClass`: validation rows lack a class that training rows have, or the other way round;
   * - `deadUnits`: more than three quarters of a layer's relu units give 0; looked at once in 32 steps;
   * - `risingLoss`, `fallingLoss`: it rose, or still fell in the last quarter of at least four epochs.
   */
  readonly code:
    | "columnScales"
    | "constantColumn"
    | "deadUnits"
    | "fallingLoss"
    | "missingClass"
    | "risingLoss"
    | "targetScale"
    | "unequalLabels";
  /** What was found, and what to do about it. */
  readonly message: string;
  /** The column of `x` or `y` that it is about, counted from 0. */
  readonly column?: number;
}

/** Numbers of a port of which the scale of its columns is taken, at most about. */
const SAMPLE_NUMBERS = 1 << 15;
/** Units are judged by at most so many blocks of at most so many rows, spread over the data. */
const BLOCKS = 16;
const BLOCK_ROWS = 16;
/** Fewer rows show no distribution: online updates. */
const FEWEST_ROWS = 4;
/** In wider rows (pixels, words, one-hot codes) columns of one value, faint columns and rare labels are usual. */
const MOST_COLUMNS = 32;
/** Ratio of the largest numbers of two columns; a bias counts as a column of 1. */
const MOST_RATIO = 1000;
/** The same for targets, whose squares make the loss; the first predictions count as a column of 1. */
const MOST_TARGET_RATIO = 100;
/** Ratio of the numbers of rows of two labels. */
const MOST_LABEL_RATIO = 10;
/** Steps for each look at the units: a look takes about a third of a step. */
const STEPS_A_LOOK = 32;
/** The part of a layer's units that may be silent: for columns that are all positive a half is usual. */
const MOST_SILENT = 0.75;
/** Changes of the mean loss from one quarter of the epochs to another count from this part of the whole fall on. */
const SHARE_OF_FALL = 0.1;
/** A change by less than this part of the loss is noise. */
const NOISE = 0.25;

/** What a fit knows at its end. */
export interface Outcome {
  readonly firstStep: number;
  /** Mean losses of epochs. */
  readonly history: readonly number[];
  /** Whether it ended because its epochs were over. */
  readonly ranOut: boolean;
}

/** What was noted of data that come again. */
const noted = new WeakMap<Dataset, readonly Note[]>();

const short = (value: number) => Number(value.toPrecision(3));

/** The notes, once the jobs are done. */
export function notesOf(
  program: Program,
  rules: DataRules,
  dataset: Dataset,
  { firstStep, history, ranOut }: Outcome,
  jobs: Jobs,
): readonly Note[] {
  const notes: Note[] = [];
  const known = noted.get(dataset);
  if (known) notes.push(...known);
  else if (dataset.rows >= FEWEST_ROWS) {
    noteData(notes, program.plan.model, rules, dataset, jobs);
    if (dataset.isBound) inOrder(jobs, () => noted.set(dataset, [...notes]));
  }
  const looks = (steps: number) => Math.floor(steps / STEPS_A_LOOK);
  if (looks(program.counter(Counter.Step)) > looks(firstStep))
    lookAtUnits(notes, program, rules.train.evaluate as PlannedTape, dataset, jobs);
  if (ranOut && history.length >= 4) inOrder(jobs, () => lookAtHistory(notes, history));
  return notes;
}

function noteData(
  notes: Note[],
  graph: Graph,
  { train, losses, labels, namedInputs, namedTargets }: DataRules,
  dataset: Dataset,
  jobs: Jobs,
): void {
  const { ports } = train.tape;
  for (let i = 0; i < ports.length; i++) {
    const { kind, name, dtype, value } = ports[i];
    if (kind === "weight") continue;
    const target = kind === "target" ? losses.find(({ output }) => output === name) : undefined;
    const what = (target ? "y" : "x") + ((target ? namedTargets : namedInputs) ? `.${name}` : "");
    const column = dataset.columns[i];
    if (target && target.loss.family !== "numbers") {
      // Who weighs rows knows of them.
      if (!isWeighted(dataset)) lookAtLabels(notes, what, column, target, labels, jobs);
    } else if (dtype === "f32") {
      const { columns } = (!target && graph.inputs.find((input) => input.name === name)) || {};
      const given = { columns, column: dataset.given?.columns[i] ?? column };
      lookAtColumns(notes, what, column, given, target !== undefined, () => meetsWeights(graph, value), jobs);
    }
  }
}

/** Columns before preprocessing, which are those that people know, and what each is where a table has them. */
interface GivenColumns {
  readonly columns: InputPort["columns"];
  readonly column: Column;
}

/** Whether an input reaches a product as it was given: its scale is that of the gradients there. */
const meetsWeights = (graph: Graph, id: ValueId): boolean =>
  graph.nodes.some(
    ({ op, rule, inputs, outputs }) =>
      inputs[0] === id &&
      (op === "dense" || op === "matMul" || (rule.alias === 0 && meetsWeights(graph, outputs[0]))),
  );

/** The columns that never change, once the jobs are done; of many columns none. */
function constantColumns({ data, words }: Column, jobs: Jobs): Set<number> {
  const constant = new Set(words <= MOST_COLUMNS ? Array.from({ length: words }, (_, column) => column) : []);
  inStretches(jobs, data.length / words, words, (from, count) => {
    const end = (from + count) * words;
    for (const column of constant) {
      let at = from * words + column;
      while (at < end && data[at] === data[column]) at += words;
      if (at < end) constant.delete(column);
    }
  });
  return constant;
}

function noteConstants(
  notes: Note[],
  what: string,
  { columns, column: { data } }: GivenColumns,
  constant: ReadonlySet<number>,
): void {
  for (const column of constant) {
    const known = columns?.[column];
    const value = known?.kind === "category" ? describe(known.categories[data[column]]) : short(data[column]);
    notes.push({
      code: "constantColumn",
      message: `${what}: column ${known ? describe(known.name) : column} is ${value} in all rows; it teaches nothing, leave it out`,
      column,
    });
  }
}

function lookAtColumns(
  notes: Note[],
  what: string,
  { data, words }: Column,
  given: GivenColumns,
  isTarget: boolean,
  isWeighed: () => boolean,
  jobs: Jobs,
): void {
  const step = words * Math.ceil(data.length / SAMPLE_NUMBERS);
  const isNarrow = words <= MOST_COLUMNS;
  const constant = constantColumns({ data, words }, jobs);
  const told = given.column.data === data ? constant : constantColumns(given.column, jobs);
  inOrder(jobs, () => {
    noteConstants(notes, what, given, told);
    let low = 1;
    let high = 1;
    /** The column that is farthest from 1, and what it reaches. */
    let farthest = 0;
    let reached = 1;
    for (let column = 0; column < words; column++) {
      let reach = 0;
      if (!constant.has(column))
        for (let at = column; at < data.length; at += step) reach = Math.max(reach, Math.abs(data[at]));
      if (reach === 0 || (reach < 1 && !isNarrow)) continue;
      low = Math.min(low, reach);
      high = Math.max(high, reach);
      if (Math.max(reach, 1 / reach) > Math.max(reached, 1 / reached)) {
        farthest = column;
        reached = reach;
      }
    }
    if (high > low * (isTarget ? MOST_TARGET_RATIO : MOST_RATIO) && (isTarget || isWeighed()))
      notes.push({
        code: isTarget ? "targetScale" : "columnScales",
        message:
          `${what}: column ${farthest} reaches ${short(reached)}, scales differ ${short(high / low)}-fold; ` +
          `bring every column to about 1, as ${isTarget ? 'targets: "standardize" in compile' : "standardize()"} does`,
        column: farthest,
      });
  });
}

/** Of classes, or of one yes-or-no output: several of those are labels of their own, which may well be rare. */
function lookAtLabels(
  notes: Note[],
  what: string,
  { data, words }: Column,
  { loss, rowElements, positions }: OutputLoss,
  names: DataRules["labels"],
  jobs: Jobs,
): void {
  const isClass = isOfClasses(loss);
  // Of sequences classes are as frequent as their text has them.
  if (rowElements > (isClass ? MOST_COLUMNS : 1) || positions > 1 || loss.ignore) return;
  const counts = Array<number>(isClass ? rowElements : 2).fill(0);
  inStretches(jobs, data.length / words, words, (from, count) => {
    for (let at = from * words; at < (from + count) * words; at += words) {
      let label = words > 1 ? 0 : Math.max(0, Math.floor(data[at] + 0.5));
      for (let j = 1; j < words; j++) if (data[at + j] > data[at + label]) label = j;
      counts[label]++;
    }
  });
  inOrder(jobs, () => {
    const most = Math.max(...counts);
    const least = Math.min(...counts);
    if (most <= MOST_LABEL_RATIO * Math.max(least, 1)) return;
    const label = counts.indexOf(least);
    notes.push({
      code: "unequalLabels",
      message: `${what}: ${least} of ${data.length / words} rows are ${describe(names?.[label] ?? label)}; weigh them with classWeight: "balanced", and judge each label by itself`,
    });
  });
}

/** Looks at what relu units give for blocks of rows, with the tape that `evaluate` runs. */
function lookAtUnits(notes: Note[], program: Program, tape: PlannedTape, dataset: Dataset, jobs: Jobs): void {
  const { ports, from, lowered } = tape;
  /** Relus of which too many units have not fired yet. */
  let dead = lowered.records.flatMap((record) => {
    const { node } = record;
    const shape = lowered.graph.shape(node.outputs[0]);
    return (is(node, "dense") || is(node, "unary")) && node.attrs.fn === Fn.Relu
      ? [{ record, size: sizeOf(shape), silent: Array<number>(Math.max(0, shape[shape.length - 1])).fill(1) }]
      : [];
  });
  if (dead.length === 0) return;
  const rows = Math.min(program.plan.batch, BLOCK_ROWS, dataset.rows);
  const last = Math.min(BLOCKS, Math.ceil(dataset.rows / rows)) - 1;
  const count = (silent: readonly number[]) => silent.reduce((sum, one) => sum + one, 0);
  const look = (block: number) => {
    if (dead.length === 0) return;
    // Others may have evaluated meanwhile.
    bindColumns(program, ports, dataset);
    fillPorts(program, ports, dataset, Math.floor(((dataset.rows - rows) * block) / (last || 1)), rows);
    for (const [record, at] of runRecords(program, from, lowered.records, rows))
      for (const { record: relu, size, silent } of dead) {
        if (relu !== record) continue;
        const y = addressOf(program, record, at, record.node.outputs[0]) >>> 2;
        for (let i = 0; i < resolve(size, rows); i++)
          if (program.f32[y + i] > 0) silent[i % silent.length] = 0;
      }
    dead = dead.filter(({ silent }) => count(silent) > MOST_SILENT * silent.length);
  };
  for (let block = 0; block <= last; block++) inOrder(jobs, () => look(block));
  inOrder(jobs, () => {
    for (const { record, silent } of dead)
      notes.push({
        code: "deadUnits",
        message:
          `${record.node.scope || "model"}: ${count(silent)} of ${silent.length} relu units gave 0 for all rows looked at; ` +
          "lower the learning rate, scale the data, or use leakyRelu",
      });
  });
}

function lookAtHistory(notes: Note[], history: readonly number[]): void {
  const count = Math.floor(history.length / 4);
  if (count === 0) return;
  /** Mean losses of the last four quarters of the epochs. */
  const [first, second, third, last] = [4, 3, 2, 1].map((quarter) => {
    const start = history.length - quarter * count;
    return history.slice(start, start + count).reduce((sum, loss) => sum + loss / count, 0);
  });
  const lowest = Math.min(first, second, third);
  const fall = history[0] - last;
  if (last - lowest > NOISE * Math.abs(lowest) + SHARE_OF_FALL * (history[0] - lowest))
    notes.push({
      code: "risingLoss",
      message: `loss: rose from ${short(lowest)} to ${short(last)}; lower the learning rate, or scale the data`,
    });
  else if (third - last > SHARE_OF_FALL * fall && fall > NOISE * Math.abs(history[0]))
    notes.push({
      code: "fallingLoss",
      message: `loss: still fell in the end, from ${short(third)} to ${short(last)}; train for more epochs`,
    });
}
