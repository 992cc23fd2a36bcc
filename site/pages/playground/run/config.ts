/** The configuration of a run: where it starts, what it may be, and how one that comes from anywhere is checked. */
import {
  ACTIVATIONS,
  type Config,
  type LayerConfig,
  OPTIMIZERS,
  type OwnColumn,
  type OwnData,
  type ToyData,
  type ToySet,
} from "./types.ts";

export const TOY_SETS: readonly ToySet[] = ["circles", "moons", "xor", "blobs", "spirals", "wave"];
export const PENALTIES = ["none", "l1", "l2"] as const;
export const NORMALIZATIONS = ["batch", "layer"] as const;

/** A range of numbers; `step` is that of an input field, whole numbers where it is whole. */
export interface Limit {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

const limit = (min: number, max: number, step = 1): Limit => ({ min, max, step });

/** The range of each number of a configuration. */
export const LIMITS = {
  rows: limit(10, 2000, 10),
  noise: limit(0, 1, 0.01),
  train: limit(10, 90, 5),
  seed: limit(0, 2 ** 32 - 1),
  layers: limit(0, 8),
  units: limit(1, 64),
  dropout: limit(0, 0.9, 0.05),
  rate: limit(0, 100, 0.001),
  penalty: limit(0, 10, 0.0001),
  batch: limit(1, 256),
  /** Changes of the rate. */
  rates: limit(0, 1000),
  /** Of a run. */
  steps: limit(0, 1e8),
  /** Of the visitor's own table. */
  ownRows: limit(4, 5000),
  columns: limit(1, 32),
  classes: limit(2, 10),
  /** Different words of an input. */
  categories: limit(1, 50),
  /** Characters of a name or a word. */
  text: limit(1, 100),
  /** Size of a number of the visitor's own table. */
  number: limit(-1e30, 1e30),
} as const;

export const DEFAULT_CONFIG: Config = {
  data: { kind: "toy", set: "circles", rows: 300, noise: 0.1, train: 70, seed: 1 },
  layers: [
    { units: 6, activation: "tanh" },
    { units: 4, activation: "tanh" },
  ],
  optimizer: "adam",
  rate: 0.01,
  rates: [],
  penalty: { kind: "none", factor: 0 },
  batch: 32,
  seed: 1,
};

/** A configuration, or a table, that cannot be. Its message is one sentence for the visitor. */
export class ConfigError extends Error {
  override name = "ConfigError";
  /** Where it is wrong, such as `layers[2].units`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** A value as a sentence shows it: short, without control characters. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${printable(value).slice(0, 40)}${value.length > 40 ? "…" : ""}"`;
  if (value === null || ["number", "boolean", "undefined"].includes(typeof value)) return String(value);
  return Array.isArray(value) ? "a list" : "something else";
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/;
const printable = (text: string) => text.replace(new RegExp(CONTROL, "g"), " ");
/** Whether a text holds characters that end lines, or that nobody sees. */
export const hasControl = (text: string) => CONTROL.test(text);

const places = (step: number) => (Number.isInteger(step) ? "a whole number" : "a number");
const digits = (value: number) => (Math.abs(value) >= 1e6 ? String(value) : value.toLocaleString("en-US"));

/** Refuses a number out of its range. */
export function checkNumber(path: string, label: string, value: unknown, { min, max, step }: Limit): number {
  const isRight =
    typeof value === "number" &&
    value >= min &&
    value <= max &&
    (Number.isInteger(value) || !Number.isInteger(step));
  if (!isRight)
    throw new ConfigError(
      path,
      `${label} must be ${places(step)} from ${digits(min)} to ${digits(max)}; this is ${shown(value)}.`,
    );
  // -0 would be 0 after a link.
  return (value as number) || 0;
}

type Fields = Readonly<Record<string, unknown>>;

/** An object of no other fields than these; its values are looked up as own ones alone. */
function fields(path: string, label: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ConfigError(path, `${label} must be an object; this is ${shown(value)}.`);
  const read: Record<string, unknown> = Object.create(null);
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      throw new ConfigError(`${path}.${name}`, `${label} has a field that nothing reads, ${shown(name)}.`);
    read[name] = (value as Fields)[name];
  }
  return read;
}

function list(
  path: string,
  label: string,
  value: unknown,
  { min, max }: Pick<Limit, "min" | "max">,
): readonly unknown[] {
  if (!Array.isArray(value)) throw new ConfigError(path, `${label} must be a list; this is ${shown(value)}.`);
  if (value.length < min || value.length > max)
    throw new ConfigError(
      path,
      value.length > max
        ? `${label} can have at most ${digits(max)} entries; this has ${digits(value.length)}.`
        : `${label} must have at least ${min === 1 ? "one entry" : `${digits(min)} entries`}; this has ${digits(value.length)}.`,
    );
  return value;
}

function choice<T extends string>(path: string, label: string, value: unknown, of: readonly T[]): T {
  const found = of.find((one) => one === value);
  if (found === undefined)
    throw new ConfigError(path, `${label} must be one of ${of.join(", ")}; this is ${shown(value)}.`);
  return found;
}

/** A name or a word of the visitor's. */
function checkText(path: string, label: string, value: unknown): string {
  const { max } = LIMITS.text;
  if (typeof value !== "string" || value === "")
    throw new ConfigError(path, `${label} must be a text; this is ${shown(value)}.`);
  if (value.length > max)
    throw new ConfigError(
      path,
      `${label} can have at most ${max} characters; this has ${digits(value.length)}.`,
    );
  if (hasControl(value))
    throw new ConfigError(
      path,
      `${label} must be one line without control characters; this is ${shown(value)}.`,
    );
  return value;
}

/**
 * A configuration from anywhere, such as a link: checked to the last field, and made anew of fresh objects.
 *
 * @throws ConfigError with one sentence for the first thing that is wrong
 */
export function readConfig(given: unknown): Config {
  const { data, layers, optimizer, rate, rates, penalty, batch, seed } = fields("config", "A run", given, [
    "data",
    "layers",
    "optimizer",
    "rate",
    "rates",
    "penalty",
    "batch",
    "seed",
  ]);
  if (Array.isArray(layers) && layers.length > LIMITS.layers.max)
    throw new ConfigError(
      "layers",
      `A network here has at most ${LIMITS.layers.max} hidden layers; this has ${digits(layers.length)}.`,
    );
  return {
    data: readData(data),
    layers: list("layers", "Layers", layers, LIMITS.layers).map(readLayer),
    optimizer: choice("optimizer", "The optimizer", optimizer, OPTIMIZERS),
    rate: checkNumber("rate", "The learning rate", rate, LIMITS.rate),
    rates: readRates(rates),
    penalty: readPenalty(penalty),
    batch: checkNumber("batch", "The batch", batch, LIMITS.batch),
    seed: checkNumber("seed", "The seed", seed, LIMITS.seed),
  };
}

function readLayer(given: unknown, i: number): LayerConfig {
  const path = `layers[${i}]`;
  const label = `Layer ${i + 1}`;
  const layer = fields(path, label, given, ["units", "activation", "normalization", "dropout"]);
  const { normalization, dropout } = layer;
  return {
    units: checkNumber(`${path}.units`, `The units of layer ${i + 1}`, layer.units, LIMITS.units),
    activation: choice(
      `${path}.activation`,
      `The activation of layer ${i + 1}`,
      layer.activation,
      ACTIVATIONS,
    ),
    ...(normalization !== undefined && {
      normalization: choice(
        `${path}.normalization`,
        `The normalization of layer ${i + 1}`,
        normalization,
        NORMALIZATIONS,
      ),
    }),
    ...(dropout !== undefined && {
      dropout: checkNumber(`${path}.dropout`, `The dropout of layer ${i + 1}`, dropout, LIMITS.dropout),
    }),
  };
}

function readRates(given: unknown): Config["rates"] {
  let before = -1;
  return list("rates", "Changes of the rate", given, LIMITS.rates).map((pair, i) => {
    const path = `rates[${i}]`;
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new ConfigError(
        path,
        `A change of the rate must be a step and a rate; change ${i + 1} is something else.`,
      );
    const step = checkNumber(path, "The step of a change of the rate", pair[0], LIMITS.steps);
    if (step <= before)
      throw new ConfigError(
        path,
        `Changes of the rate must come in the order of their steps; step ${digits(step)} does not.`,
      );
    before = step;
    return [step, checkNumber(path, "The learning rate", pair[1], LIMITS.rate)] as const;
  });
}

function readPenalty(given: unknown): Config["penalty"] {
  const { kind, factor } = fields("penalty", "The regularization", given, ["kind", "factor"]);
  return {
    kind: choice("penalty.kind", "The regularization", kind, PENALTIES),
    factor: checkNumber("penalty.factor", "The factor of the regularization", factor, LIMITS.penalty),
  };
}

function readData(given: unknown): ToyData | OwnData {
  const isOwn = typeof given === "object" && given !== null && Object.hasOwn(given, "columns");
  return isOwn ? readOwnData(given) : readToyData(given);
}

function readToyData(given: unknown): ToyData {
  const { kind, set, rows, noise, train, seed } = fields("data", "The data", given, [
    "kind",
    "set",
    "rows",
    "noise",
    "train",
    "seed",
  ]);
  return {
    kind: choice("data.kind", "The kind of the data", kind, ["toy"]),
    set: choice("data.set", "The set of data", set, TOY_SETS),
    rows: checkNumber("data.rows", "The number of rows", rows, LIMITS.rows),
    noise: checkNumber("data.noise", "The noise", noise, LIMITS.noise),
    train: checkNumber("data.train", "The percentage of training rows", train, LIMITS.train),
    seed: checkNumber("data.seed", "The seed of the data", seed, LIMITS.seed),
  };
}

/** As `readConfig`, of the visitor's own rows. */
export function readOwnData(given: unknown): OwnData {
  const data = fields("data", "The data", given, ["kind", "columns", "target", "axes", "train", "seed"]);
  choice("data.kind", "The kind of the data", data.kind, ["own"]);
  const columns = list("data.columns", "The inputs", data.columns, LIMITS.columns).map((column, i) =>
    readColumn(`data.columns[${i}]`, column, LIMITS.categories),
  );
  const target = readColumn("data.target", data.target, LIMITS.classes);
  const names = [...columns, target].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new ConfigError("data.columns", `Columns must have different names; ${shown(twice)} comes twice.`);
  const rows = checkNumber("data.target", "The number of rows", target.cells.length, LIMITS.ownRows);
  for (const { name, cells } of columns)
    if (cells.length !== rows)
      throw new ConfigError(
        "data.columns",
        `All columns must have as many rows; ${shown(name)} has ${digits(cells.length)}, the target ${digits(rows)}.`,
      );
  const missing = (target.cells as readonly unknown[]).indexOf(null);
  if (missing >= 0)
    throw new ConfigError(
      "data.target",
      `The target must have a value in every row; row ${digits(missing + 1)} has none.`,
    );
  const numbers = columns.filter(({ kind }) => kind === "number").map(({ name }) => name);
  const axes = list("data.axes", "The axes", data.axes, { min: 2, max: 2 }).map((axis, i) =>
    choice(`data.axes[${i}]`, "An axis", axis, numbers),
  );
  checkValues(columns, target);
  return {
    kind: "own",
    columns,
    target,
    axes: [axes[0], axes[1]],
    train: checkNumber("data.train", "The percentage of training rows", data.train, LIMITS.train),
    seed: checkNumber("data.seed", "The seed of the data", data.seed, LIMITS.seed),
  };
}

function readColumn(path: string, given: unknown, most: Limit): OwnColumn {
  const { name, kind, cells } = fields(path, "A column", given, ["name", "kind", "cells"]);
  const checked = checkText(`${path}.name`, "The name of a column", name);
  if (checked === "__proto__")
    throw new ConfigError(`${path}.name`, 'A column cannot have the name "__proto__": rename it.');
  const all = list(`${path}.cells`, `Column ${shown(checked)}`, cells, { min: 0, max: LIMITS.ownRows.max });
  if (choice(`${path}.kind`, `The kind of ${shown(checked)}`, kind, ["number", "category"]) === "number")
    return {
      name: checked,
      kind: "number",
      cells: all.map((cell, row) => readNumber(path, checked, cell, row)),
    };
  const words = new Set<string>();
  const read = all.map((cell) => {
    if (cell === null) return null;
    const word = checkText(`${path}.cells`, `A word in ${shown(checked)}`, cell);
    words.add(word);
    if (words.size > most.max)
      throw new ConfigError(
        path,
        `${shown(checked)} can have at most ${most.max} different ${most === LIMITS.classes ? "classes" : "words"}; this has more.`,
      );
    return word;
  });
  return { name: checked, kind: "category", cells: read };
}

function readNumber(path: string, name: string, cell: unknown, row: number): number | null {
  const { min, max } = LIMITS.number;
  if (cell === null || Number.isNaN(cell)) return null;
  if (typeof cell !== "number" || !(cell >= min && cell <= max))
    throw new ConfigError(
      `${path}.cells`,
      `${shown(name)} must have numbers up to ${max}; row ${digits(row + 1)} has ${shown(cell)}.`,
    );
  return cell || 0;
}

/** What can be seen of rows before they are split: whether there is something to learn. */
function checkValues(columns: readonly OwnColumn[], target: OwnColumn): void {
  for (const { name, cells } of columns)
    if ((cells as readonly unknown[]).every((cell) => cell === null))
      throw new ConfigError("data.columns", `${shown(name)} has no value in any row: leave the column out.`);
  const [first] = target.cells;
  if ((target.cells as readonly unknown[]).every((cell) => cell === first))
    throw new ConfigError(
      "data.target",
      target.kind === "category"
        ? `The target ${shown(target.name)} has one class alone, ${shown(first)}: there is nothing to tell apart.`
        : `The target ${shown(target.name)} is ${shown(first)} in every row: there is nothing to learn.`,
    );
}
