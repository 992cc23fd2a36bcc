/** A run as a TypeScript program of its own, which prints the digest of the parameters. */
import { MOMENTUM } from "./momentum.ts";
import { encodeRows, wordsOf } from "./own-rows.ts";
import type { Config, LinkContent, OwnData, ToyData, ToySet } from "./types.ts";

const MAKERS: { readonly [S in ToySet]: string } = {
  circles: "makeCircles",
  moons: "makeMoons",
  xor: "makeXor",
  blobs: "makeBlobs",
  spirals: "makeSpirals",
  wave: "makeWave",
};

/** Plain data as an expression: nothing in it ends a line, a string, a comment or a script. */
function literal(value: unknown): string {
  if (typeof value === "number") return Number.isNaN(value) ? "NaN" : String(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  return JSON.stringify(value).replace(/[\u2028\u2029<]|\*\//g, (found) =>
    found === "*/" ? "*\\/" : `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Names that a program imports. */
class Imports {
  readonly #main = new Set<string>();
  readonly #data = new Set<string>();

  main(name: string): string {
    this.#main.add(name);
    return name;
  }

  data(name: string): string {
    this.#data.add(name);
    return name;
  }

  get lines(): string[] {
    const line = (names: ReadonlySet<string>, from: string) =>
      `import { ${[...names].sort().join(", ")} } from "${from}";`;
    return [line(this.#main, "wasmgrad"), line(this.#data, "wasmgrad/data")];
  }
}

/**
 * @param content with the claim: how many steps it makes
 * @returns a module for `node run.ts`, or for a bundler
 */
export function toCode({ version, config, claim }: LinkContent): string {
  const imports = new Imports();
  const { data } = config;
  const rows = data.kind === "own" ? ownRowsCode(data) : toyRowsCode(data, imports);
  const share = (100 - data.train) / 100;
  const split = `const { train, test } = ${imports.data("trainTestSplit")}(rows, { test: ${literal(share)}, seed: ${data.seed} });`;
  const parts = [
    [...rows, split, ...namedCode(config)],
    modelCode(config, imports),
    trainerCode(config, imports),
    stepsCode(config, claim?.steps ?? 0),
    [
      `console.log(trainer.evaluate(${areClasses(config) ? "named(test)" : "test"}));`,
      `console.log("data", ${imports.main("digestOf")}({ train, test }));`,
      'console.log("parameters", trainer.digest());',
    ],
  ];
  const head = [
    `// A run of wasmgrad ${version}. Each machine prints the same digests.`,
    ...(claim ? [`// data ${claim.data}`, `// parameters ${claim.parameters}`] : []),
  ];
  return `${[head, imports.lines, ...parts].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function toyRowsCode({ set, rows, noise, seed }: ToyData, imports: Imports): string[] {
  const options = `{ rows: ${rows}, noise: ${literal(noise)}, seed: ${seed} }`;
  return [`const rows = ${imports.data(MAKERS[set])}(${options});`];
}

function ownRowsCode(data: OwnData): string[] {
  const { x, y } = encodeRows(data);
  const [count, width] = x.shape;
  const line = (row: number) =>
    `  ${Array.from(x.data.subarray(row * width, (row + 1) * width), literal).join(", ")},`;
  return [
    "// A word stands as its index, a missing value as NaN.",
    "const numbers = Float64Array.from([",
    ...Array.from({ length: count }, (_, row) => line(row)),
    "]);",
    "const rows = {",
    `  x: { data: numbers, shape: [${count}, ${width}] as const },`,
    `  y: ${y instanceof Int32Array ? "Int32Array" : "Float64Array"}.from([${Array.from(y, literal).join(", ")}]),`,
    "};",
  ];
}

const areClasses = ({ data }: Config) => data.kind === "own" && data.target.kind === "category";

/** Own classes are given by name: as a number, the class "1" could be taken for the class of index 1. */
const namedCode = (config: Config): string[] =>
  areClasses(config)
    ? [
        `const classes = ${literal(classesOf(config))};`,
        "const named = ({ x, y }: typeof rows) => ({ x, y: Array.from(y, (index) => String(classes[index])) });",
        "const training = named(train);",
      ]
    : [];

function modelCode(config: Config, imports: Imports): string[] {
  const { data, layers, seed } = config;
  const main = (name: string) => imports.main(name);
  const lines: string[] = [];
  if (data.kind === "toy") lines.push(`${main("standardize")}()`);
  for (const { units, activation, normalization, dropout } of layers) {
    const named = `{ activation: ${literal(activation)} }`;
    const isLinear = activation === "linear";
    lines.push(`${main("dense")}(${units}${normalization || isLinear ? "" : `, ${named}`})`);
    if (normalization) lines.push(`${main(normalization === "batch" ? "batchNorm" : "layerNorm")}()`);
    if (normalization && !isLinear) lines.push(`${main("activation")}(${literal(activation)})`);
    if (dropout) lines.push(`${main("dropout")}(${literal(dropout)})`);
  }
  const classes = classesOf(config);
  const ending =
    classes.length === 0
      ? "1"
      : classes.length === 2
        ? '1, { activation: "sigmoid" }'
        : `${classes.length}, { activation: "softmax" }`;
  lines.push(`${main("dense")}(${ending})`);
  const input =
    data.kind === "toy" ? "input: [2]" : `columns: ${main("inputColumns")}([${columnsCode(data)}])`;
  return [
    `const model = ${main("sequential")}({ ${input}, seed: ${seed} }, [`,
    ...lines.map((line) => `  ${line},`),
    "]);",
  ];
}

const columnsCode = (data: OwnData): string =>
  encodeRows(data)
    .columns.map((column) =>
      column.kind === "category"
        ? `{ name: ${literal(column.name)}, kind: "category", categories: ${literal(column.categories)} }`
        : `{ name: ${literal(column.name)}, kind: "number" }`,
    )
    .join(", ");

/** Names of the classes; none of numbers. */
function classesOf({ data }: Config): readonly string[] {
  if (data.kind === "own") return data.target.kind === "category" ? wordsOf(data.target) : [];
  return data.set === "wave" ? [] : data.set === "blobs" ? ["A", "B", "C"] : ["A", "B"];
}

function trainerCode(config: Config, imports: Imports): string[] {
  const { optimizer, rate, penalty, batch } = config;
  const classes = classesOf(config);
  const loss =
    classes.length === 0 ? "meanSquaredError" : classes.length === 2 ? "binaryCrossEntropy" : "crossEntropy";
  const momentum = optimizer === "momentum" ? `, momentum: ${MOMENTUM}` : "";
  const maker = imports.main(optimizer === "momentum" ? "sgd" : optimizer);
  return [
    `const trainer = ${imports.main("compile")}(model, {`,
    `  loss: ${imports.main(loss)}(),`,
    `  optimizer: ${maker}({ learningRate: ${literal(rate)}${momentum} }),`,
    `  batchSize: ${batch},`,
    ...(penalty.kind === "none"
      ? []
      : [`  penalties: [${imports.main(penalty.kind)}(${literal(penalty.factor)})],`]),
    classes.length === 0
      ? '  targets: "standardize",'
      : `  labels: ${areClasses(config) ? "classes" : literal(classes)},`,
    "});",
  ];
}

function stepsCode(config: Config, steps: number): string[] {
  const lines: string[] = [];
  const rows = areClasses(config) ? "training" : "train";
  let done = 0;
  const trainTo = (step: number) => {
    if (step > done) lines.push(`await trainer.fit(${rows}, { steps: ${step - done} });`);
    done = step;
  };
  for (const [step, rate] of config.rates) {
    if (step >= steps) break;
    trainTo(step);
    lines.push(`trainer.setLearningRate(${literal(rate)});`);
  }
  trainTo(steps);
  return lines;
}
