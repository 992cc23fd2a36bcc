/** From a configuration to a model that trains. */
import {
  activation as activationLayer,
  type adagrad,
  adam,
  type batchNorm,
  binaryCrossEntropy,
  compile,
  crossEntropy,
  dense,
  type dropout,
  type inputColumns,
  type LayerLike,
  type l1,
  type l2,
  type layerNorm,
  type Model,
  meanSquaredError,
  type Optimizer,
  type Predictor,
  type Result,
  type rmsprop,
  sequential,
  sgd,
  standardize,
  type Trainer,
} from "wasmgrad";
import { MOMENTUM } from "./momentum.ts";
import type { OwnRows, ownRows } from "./own-rows.ts";
import { type RunRows, type Rows as TrainingRows, toyRows } from "./rows.ts";
import type { Config } from "./types.ts";

/** Parts of the engine that most runs do not need: pages load them with the first run that does. */
export interface Extras {
  readonly adagrad: typeof adagrad;
  readonly batchNorm: typeof batchNorm;
  readonly dropout: typeof dropout;
  readonly inputColumns: typeof inputColumns;
  readonly l1: typeof l1;
  readonly l2: typeof l2;
  readonly layerNorm: typeof layerNorm;
  readonly ownRows: typeof ownRows;
  readonly rmsprop: typeof rmsprop;
}

export const rowsOf = (config: Config, extras: Extras | undefined): RunRows | OwnRows =>
  config.data.kind === "own" ? (extras as Extras).ownRows(config.data) : toyRows(config.data);

type Input = TrainingRows["x"];

/** A model, and which of its layers the stage shows. */
export interface Network {
  readonly trainer: Trainer<Input, Result<number[][]>>;
  /** Predicts many rows at once, once it has the trainer's state. */
  readonly viewer: Predictor<Input, Result<number[][]>>;
  /** Layers that give what the units of each hidden layer give. */
  readonly units: readonly string[];
  /** Layers with weights, the output layer last. */
  readonly weighted: readonly string[];
}

/** Rows that the viewer predicts in a pass. */
const VIEWED_ROWS = 256;

/** @param extras needed where `needsExtras` says so */
export function makeNetwork(config: Config, rows: RunRows | OwnRows, extras: Extras | undefined): Network {
  const { layers, weighted, units } = layersOf(config, rows, extras as Extras);
  const network = (
    "columns" in rows
      ? sequential({ columns: (extras as Extras).inputColumns(rows.columns), seed: config.seed }, layers)
      : sequential({ input: [2], seed: config.seed }, [standardize(), ...layers])
  ) as Model<Input, Result<number[][]>>;
  const { kind, factor } = config.penalty;
  const shared =
    rows.task === "numbers" ? { targets: "standardize" as const } : { labels: [...rows.outputs] };
  const trainer = compile(network, {
    ...shared,
    loss:
      rows.task === "numbers"
        ? meanSquaredError()
        : rows.outputs.length === 2
          ? binaryCrossEntropy()
          : crossEntropy(),
    optimizer: optimizerOf(config, extras as Extras),
    batchSize: config.batch,
    ...(kind !== "none" && { penalties: [(extras as Extras)[kind](factor)] }),
  });
  return { trainer, viewer: compile(network, { ...shared, batchSize: VIEWED_ROWS }), units, weighted };
}

function layersOf(config: Config, { task, outputs }: RunRows, extras: Extras) {
  const layers: LayerLike[] = [];
  const weighted: string[] = [];
  const units: string[] = [];
  const counts: Record<string, number> = {};
  const add = (kind: string, layer: LayerLike) => {
    layers.push(layer);
    counts[kind] = (counts[kind] ?? 0) + 1;
    return `${kind}${counts[kind]}`;
  };
  for (const { units: count, activation, normalization, dropout } of config.layers) {
    const isNormed = normalization !== undefined;
    let last = add("dense", dense(count, isNormed || activation === "linear" ? {} : { activation }));
    weighted.push(last);
    if (normalization === "batch") last = add("batchNorm", extras.batchNorm());
    if (normalization === "layer") last = add("layerNorm", extras.layerNorm());
    if (isNormed && activation !== "linear") last = add("activation", activationLayer(activation));
    units.push(last);
    if (dropout) add("dropout", extras.dropout(dropout));
  }
  const isBinary = task === "classes" && outputs.length === 2;
  const output =
    task === "numbers"
      ? dense(1)
      : isBinary
        ? dense(1, { activation: "sigmoid" })
        : dense(outputs.length, { activation: "softmax" });
  weighted.push(add("dense", output));
  return { layers, weighted, units };
}

function optimizerOf({ optimizer, rate: learningRate }: Config, extras: Extras): Optimizer {
  switch (optimizer) {
    case "sgd":
      return sgd({ learningRate });
    case "momentum":
      return sgd({ learningRate, momentum: MOMENTUM });
    case "adam":
      return adam({ learningRate });
    case "rmsprop":
      return extras.rmsprop({ learningRate });
    case "adagrad":
      return extras.adagrad({ learningRate });
  }
}
