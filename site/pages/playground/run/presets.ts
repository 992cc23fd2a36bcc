/** Runs to start from, each with what it shows. A test holds every sentence. */
import { DEFAULT_CONFIG } from "./config.ts";
import type { Config, LayerConfig, ToyData } from "./types.ts";

export interface Preset {
  /** Of the list and of tests. */
  readonly id: string;
  readonly title: string;
  readonly sentence: string;
  readonly config: Config;
}

const relu = (units: number): LayerConfig => ({ units, activation: "relu" });
const tanh = (units: number): LayerConfig => ({ units, activation: "tanh" });

function preset(
  id: string,
  title: string,
  sentence: string,
  data: Partial<ToyData>,
  config: Partial<Config> = {},
): Preset {
  const { data: usual } = DEFAULT_CONFIG;
  return {
    id,
    title,
    sentence,
    config: { ...DEFAULT_CONFIG, data: { ...(usual as ToyData), ...data }, ...config },
  };
}

const XOR = { set: "xor", rows: 200, noise: 0.15 } as const;
const FEW = { set: "moons", rows: 80, noise: 0.3, train: 40 } as const;
const DEEP = [relu(32), relu(32), relu(32)];

export const PRESETS: readonly Preset[] = [
  preset(
    "first",
    "A ring around a disc",
    "Two small layers of tanh units bend a straight line until it closes around the inner class.",
    {},
  ),
  preset(
    "line",
    "A line fails on XOR",
    "Without a hidden layer the boundary is one straight line, and no line gets more than three of the four corners right.",
    XOR,
    { layers: [], rate: 0.05 },
  ),
  preset(
    "hidden",
    "A hidden layer solves XOR",
    "Four hidden units draw lines of their own, and the output combines them: all four corners are right.",
    XOR,
    { layers: [tanh(4)], rate: 0.05 },
  ),
  preset(
    "overfitting",
    "Overfitting",
    "Few noisy rows and a large network: the loss on training rows goes to nothing while the loss on test rows grows.",
    FEW,
    { layers: DEEP, rate: 0.005 },
  ),
  preset(
    "penalty",
    "A penalty helps",
    "The same rows and network as in Overfitting, with a penalty on large weights: the loss on test rows stays low.",
    FEW,
    { layers: DEEP, rate: 0.005, penalty: { kind: "l2", factor: 0.01 } },
  ),
  preset(
    "dropout",
    "Dropout helps",
    "The same rows and network as in Overfitting, but each step drops half of the units: the loss on test rows grows far less.",
    FEW,
    { layers: DEEP.map((layer) => ({ ...layer, dropout: 0.5 })), rate: 0.005 },
  ),
  preset(
    "dead",
    "Dead relus",
    "Steps at too high a rate push units so far down that they give 0 everywhere: they pass no gradient, and never come back.",
    { set: "circles" },
    { layers: [relu(8), relu(8)], optimizer: "sgd", rate: 5 },
  ),
  preset(
    "rate",
    "A rate too high",
    "Each step overshoots, so the loss jumps up and down and does not settle: divide the rate by 100 while it runs.",
    { set: "moons", noise: 0.15 },
    { layers: [tanh(8)], rate: 1 },
  ),
  preset(
    "spirals",
    "Spirals",
    "Two arms around each other need more and wider layers, and some patience.",
    { set: "spirals", rows: 400, noise: 0.02 },
    { layers: [tanh(16), tanh(16)], rate: 0.01 },
  ),
  preset(
    "wave",
    "A wave",
    "Regression: the network learns a height for every point, and R2 says how much of it is explained.",
    { set: "wave", rows: 400, noise: 0.05 },
    { layers: [tanh(16), tanh(8)], rate: 0.01 },
  ),
];
