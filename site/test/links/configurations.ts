/** Runs whose links are checked in every browser: some by name, some drawn by a seeded generator. */
import { DEFAULT_CONFIG, NORMALIZATIONS, readConfig, TOY_SETS } from "../../pages/playground/run/config.ts";
import { readTable, suggestChoice, toOwnData } from "../../pages/playground/run/csv.ts";
import { ACTIVATIONS, type Config, OPTIMIZERS, type OwnData } from "../../pages/playground/run/types.ts";

export interface NamedRun {
  readonly name: string;
  readonly config: Config;
  readonly steps: number;
}

/** Numbers in [0, 1): mulberry32. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A configuration with a bit of everything. */
export function randomRun(seed: number): NamedRun {
  const draw = generator(seed);
  const below = (n: number) => Math.floor(draw() * n);
  const one = <T>(list: readonly T[]): T => list[below(list.length)];
  const chance = (share: number) => draw() < share;
  const hundredths = (n: number) => below(n) / 100;
  const layers = Array.from({ length: below(5) }, () => ({
    units: 1 + below(20),
    activation: one(ACTIVATIONS),
    ...(chance(0.3) && { normalization: one(NORMALIZATIONS) }),
    ...(chance(0.3) && { dropout: hundredths(50) }),
  }));
  const steps = 40 + below(160);
  const config = {
    data: {
      kind: "toy",
      set: one(TOY_SETS),
      rows: 20 + below(300),
      noise: hundredths(40),
      train: 20 + below(70),
      seed: below(1000),
    },
    layers,
    optimizer: one(OPTIMIZERS),
    rate: (1 + below(30)) / 1000,
    rates: chance(0.4)
      ? [
          [below(20), 0.02],
          [20 + below(200), (1 + below(9)) / 1000],
        ]
      : [],
    penalty: chance(0.4)
      ? { kind: one(["l1", "l2"]), factor: below(50) / 10_000 }
      : { kind: "none", factor: 0 },
    batch: 1 + below(64),
    seed: below(2 ** 32),
  };
  return { name: `random ${seed}`, config: readConfig(config), steps };
}

const toy = (name: string, config: Partial<Config>, steps: number): NamedRun => ({
  name,
  config: { ...DEFAULT_CONFIG, ...config },
  steps,
});

async function ownData(csv: string): Promise<OwnData> {
  const table = await readTable(csv);
  return toOwnData(table, suggestChoice(table)).data;
}

/** Heights with a word, missing values and a comma for the decimals. */
const PLANTS = `Licht;Wasser;Boden;Höhe
${Array.from({ length: 40 }, (_, i) => {
  const light = i % 7 === 3 ? "" : `${(i * 37) % 90},5`;
  const soil = i % 11 === 5 ? "NA" : ["Sand", "Lehm", "Torf"][i % 3];
  return `${light};${(i * 13) % 50};${soil};${((i * 37) % 90) + 3 * ((i * 13) % 50)},25`;
}).join("\n")}`;

/** Classes 1, 2 and 3, whose names are indices of other classes. */
const GRADES = `a,b,grade
${Array.from({ length: 60 }, (_, i) => {
  const [a, b] = [(i * 7) % 20, (i * 3) % 11];
  return `${a},${b},${1 + Number(a + b > 9) + Number(a > 14)}`;
}).join("\n")}`;

/** @param iris the text of `examples/data/iris.csv` */
export async function namedRuns(iris: string): Promise<NamedRun[]> {
  const own = (name: string, data: OwnData, config: Partial<Config>, steps: number) =>
    toy(name, { data, ...config }, steps);
  return [
    toy("as the page opens", {}, 400),
    toy("no hidden layer", { layers: [], batch: 7 }, 100),
    toy("regression", { data: { ...DEFAULT_CONFIG.data, set: "wave" } as Config["data"] }, 300),
    toy(
      "rates, dropout and batches",
      {
        layers: [{ units: 16, activation: "relu", normalization: "batch", dropout: 0.2 }],
        rates: [
          [0, 0.05],
          [50, 0.01],
          [51, 0.001],
        ],
      },
      200,
    ),
    own("iris", await ownData(iris), { layers: [{ units: 8, activation: "relu" }] }, 200),
    own(
      "own regression",
      await ownData(PLANTS),
      { optimizer: "rmsprop", penalty: { kind: "l2", factor: 0.0001 } },
      200,
    ),
    own(
      "classes 1, 2 and 3",
      await ownData(GRADES),
      { layers: [{ units: 5, activation: "tanh" }], rates: [[33, 0.05]] },
      150,
    ),
  ];
}

export const RANDOM_RUNS = 20;

export const allRuns = async (iris: string): Promise<NamedRun[]> => [
  ...(await namedRuns(iris)),
  ...Array.from({ length: RANDOM_RUNS }, (_, i) => randomRun(i + 1)),
];
