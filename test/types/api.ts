/**
 * What the types must allow and must refuse. Compiled by `npm run check` and never run: each `@ts-expect-error` fails
 * where the line below it compiles.
 */
import {
  adam,
  binaryCrossEntropy,
  type Classification,
  compile,
  compileTogether,
  copyParameters,
  crossEntropy,
  dense,
  dropout,
  embedding,
  type FitResult,
  flatten,
  type Initializer,
  impute,
  inputColumns,
  type Layer,
  meanSquaredError,
  minMax,
  model,
  type NestedNumbers,
  oneHot,
  type Predictor,
  type Result,
  reshape,
  restarts,
  sequential,
  sgd,
  standardize,
  type Tensor,
  type Trainer,
  valueAndGrad,
} from "../../src/index.ts";

const net = sequential({ input: [2] }, [dense(1, { activation: "sigmoid" })]);
const predictor: Predictor = compile(net);
const trainer: Trainer = compile(net, { loss: binaryCrossEntropy(), optimizer: adam() });
const two = model({ inputs: { a: [2], b: [3] } }, ({ a, b }) => ({ sum: dense(1)(a).add(dense(1)(b)), a }));
const both = compile(two, { loss: { sum: meanSquaredError() }, optimizer: sgd() });

// Initializers by name and as objects.
const ones: Initializer = { kind: "constant", value: 1 };
dense(1, { weightInitializer: "heNormal", biasInitializer: ones });
embedding(5, 3, { tableInitializer: "glorotUniform" });
embedding(5, 3, { tableInitializer: ones });
// @ts-expect-error no initializer has this name
embedding(5, 3, { tableInitializer: "glorot" });

// Data in every form.
trainer.step({ x: [[0, 1]], y: [1] });
trainer.step({ x: [Float32Array.of(0, 1)], y: Uint8Array.of(1) });
trainer.step({ x: Float64Array.of(0, 1), y: [[1]] });
trainer.step({ x: { data: [0, 1], shape: [1, 2] }, y: ["yes"] });
trainer.step({ x: [[[0], [1]]], y: { data: new Int8Array(1), shape: [1] } });
both.step({ x: { a: [[1, 2]], b: [1, 2, 3] }, y: { sum: [1] } });
const frozen = [[0, 1]] as const;
trainer.predict(frozen);
// @ts-expect-error: strings are no numbers
trainer.predict([["0", "1"]]);
// @ts-expect-error: y is missing
trainer.step({ x: [[0, 1]] });
// @ts-expect-error: one of two inputs is missing
both.predict({ a: [[1, 2]] });
// @ts-expect-error: no input of that name
both.predict({ a: [[1, 2]], b: [[1, 2, 3]], c: [[1]] });
// @ts-expect-error: no output of that name to learn from
both.step({ x: { a: [[1, 2]], b: [1, 2, 3] }, y: { total: [1] } });
// @ts-expect-error: no output of that name to have a loss
compile(two, { loss: { total: meanSquaredError() }, optimizer: sgd() });
// @ts-expect-error: bare rows for a model with named inputs
both.predict([[1, 2]]);

// Results are typed by the model.
const bare: Result = trainer.predict([[0, 1]]);
const { sum, a }: { sum: Result; a: Result } = both.predict({ a: [1, 2], b: [1, 2, 3] });
const out: Float32Array = trainer.predict([[0, 1]], { out: new Float32Array(1) });
const rows: number[][] = compile(net)
  .predict([[0, 1]])
  .toArray();
// @ts-expect-error: of two dimensions, not three
const cubes: number[][][] = compile(net)
  .predict([[0, 1]])
  .toArray();
const images: number[][][][] = compile(
  sequential({ input: [784] }, [reshape([28, 28, 1]), dense(3), dropout(0.5)]),
)
  .predict([])
  .toArray();
const flat: number[][] = compile(sequential({ input: [28, 28] }, [dense(3), flatten()]))
  .predict([])
  .toArray();
const words: number[][][] = compile(sequential({ input: { shape: [16], dtype: "i32" } }, [embedding(9, 2)]))
  .predict([])
  .toArray();
const deep = (layers: Layer[]) =>
  compile(sequential({ input: [2] }, layers))
    .predict([])
    .toArray();
const unknownDepth: NestedNumbers = deep([dense(1)]);
// @ts-expect-error: a layer that is not known may change the rank
const knownDepth: number[][] = deep([dense(1)]);
const bytes: Uint8Array = trainer.state();
// @ts-expect-error: bytes are nothing else
const noBytes: string = trainer.state();
const classes: Classification[] = trainer.classify([[0, 1]]);
const result: Promise<FitResult> = trainer.fit({ x: [[0, 1]], y: [1] });
trainer.fit(
  { x: [[0, 1]], y: [1] },
  {
    steps: 3,
    validation: { x: [[0, 1]], y: [1] },
    earlyStopping: { patience: 3, monitor: "f1", mode: "max" },
    onEpoch: [
      ({ epoch, validation, best, accuracy }, own) => {
        const same: typeof trainer = own;
        const numbers: (number | undefined)[] = [
          epoch,
          validation?.loss,
          validation?.ownMetric,
          best?.epoch,
          accuracy,
        ];
        return numbers.length > 9 ? "stop" : same.steps;
      },
      async () => "stop",
    ],
    onProgress: ({ steps }, own) => own.learningRate * steps,
  },
);
for (const validation of [
  0.2,
  { share: 0.2, seed: 1 },
  { last: 0.2 },
  { groups: ["a", "b"] },
  { groups: new Int32Array(2), share: 0.5 },
])
  trainer.fitSync({ x: [[0, 1]], y: [1] }, { validation });
trainer.fit({ x: [[0, 1]], y: [1] }, { validation: trainer.bind({ x: [[0, 1]], y: [1] }) });
// @ts-expect-error: misspelt
trainer.fit({ x: [[0, 1]], y: [1] }, { validation: { lst: 0.2 } });
// @ts-expect-error: patience must be given
trainer.fit({ x: [[0, 1]], y: [1] }, { earlyStopping: {} });
both.fit(
  { x: { a: [1, 2], b: [1, 2, 3] }, y: { sum: [1] } },
  { validation: { x: { a: [1, 2], b: [1, 2, 3] }, y: { sum: [1] } } },
);
// @ts-expect-error: validation rows are of the same inputs
both.fit({ x: { a: [1, 2], b: [1, 2, 3] }, y: { sum: [1] } }, { validation: { x: [[1]], y: { sum: [1] } } });
const { history, reason, best } = trainer.fitSync({ x: [[0, 1]], y: [1] });
const losses: readonly number[] = history.loss;
const columns: (readonly number[] | undefined)[] = [
  history.validationLoss,
  history.accuracy,
  history.ownMetric,
];
const why: "epochs" | "steps" | "lossBelow" | "patience" | "stopped" = reason;
const bestLoss: number | undefined = best?.validation?.loss;
// @ts-expect-error: there is no such field
trainer.fitSync({ x: [[0, 1]], y: [1] }).histroy;
const kept: Promise<Trainer> = restarts(() => trainer, { x: [[0, 1]], y: [1] }, { n: 2, epochs: 1 }).then(
  (r) => r.trainer,
);
// @ts-expect-error: n must be given
restarts(() => trainer, { x: [[0, 1]], y: [1] }, { epochs: 1 });
both.predict({ a: [1, 2], b: [1, 2, 3] }, { out: { sum: new Float32Array(1), a: new Float32Array(2) } });
// @ts-expect-error: no output of that name
both.predict({ a: [1, 2], b: [1, 2, 3] }).product;
// @ts-expect-error: results go into single precision
trainer.predict([[0, 1]], { out: new Float64Array(1) });
// @ts-expect-error: results are read-only
bare.data = new Float32Array(1);

// Views of rows go by the names of the model.
trainer.buffers.x.set([0, 1]);
trainer.buffers.step.y[0] = 1;
const view: Float32Array = both.buffers.out.sum;
both.buffers.x.a.fill(1);
// @ts-expect-error: no input of that name
both.buffers.x.c;
// @ts-expect-error: a predictor has no targets
predictor.buffers.step;
// @ts-expect-error: views are set, not replaced
trainer.buffers.x = new Float32Array(64);

// A predictor does not train; a trainer predicts.
const asPredictor: Predictor = trainer;
// @ts-expect-error: no loss, no fit
predictor.fit;
// @ts-expect-error: an optimizer alone makes no trainer
compile(net, { optimizer: adam() });
// @ts-expect-error: a loss alone makes no trainer
compile(net, { loss: binaryCrossEntropy() });
// @ts-expect-error: a loss that was not called
compile(net, { loss: crossEntropy, optimizer: adam() });

// Options are objects with known names and values.
// @ts-expect-error: misspelt
adam({ learningrate: 0.1 });
// @ts-expect-error: by position
adam(0.1);
// @ts-expect-error: SGD has no betas
sgd({ beta1: 0.9 });
// @ts-expect-error: unknown activation
dense(1, { activation: "rlu" });
// @ts-expect-error: alpha belongs to leakyRelu and elu
dense(1, { activation: { name: "relu", alpha: 1 } });
dense(1, { activation: { name: "elu", alpha: 1 } });
// @ts-expect-error: misspelt
trainer.fit({ x: [[0, 1]], y: [1] }, { epoch: 5 });
// @ts-expect-error: a fit that does not yield cannot be aborted
trainer.fitSync({ x: [[0, 1]], y: [1] }, { signal: new AbortController().signal });
// @ts-expect-error: misspelt
compile(net, { labels: ["no", "yes"], batch: 3 });

// Functions of tensors.
const scalars: readonly [number, number] = valueAndGrad<[number, number]>((p, q) => p.mul(q))(1, 2).gradients;
const vectors: number[] = valueAndGrad<[number[]]>((v) => v.sum())([1]).gradients[0].toArray();
const matrices: number[][] = valueAndGrad<[number[][]]>((v) => v.sum())([[1]]).gradients[0].toArray();
const mixed: readonly [Result, number] = valueAndGrad<[number[], number]>((v, s) => v.mul(s).sum())(
  [1],
  2,
).gradients;
valueAndGrad((p: Tensor, q: Tensor) => p.add(q))(1, 2);
// @ts-expect-error: a tensor is no number
valueAndGrad((p) => p * 2);
// @ts-expect-error: the value must be a tensor
valueAndGrad(() => 5);

export const used = [
  rows,
  cubes,
  images,
  flat,
  words,
  unknownDepth,
  knownDepth,
  bytes,
  noBytes,
  vectors,
  matrices,
  asPredictor,
  sum,
  a,
  out,
  view,
  classes,
  losses,
  columns,
  why,
  bestLoss,
  kept,
  result,
  scalars,
  mixed,
];

// Rows of tables, and of inputs with preprocessing.
const tableColumns = inputColumns([
  { name: "bill", kind: "number", with: "median", indicator: true },
  { name: "island", kind: "category", categories: ["Biscoe"] },
]);
const table = compile(sequential({ columns: tableColumns }, [standardize(), dense(1)]), {
  loss: meanSquaredError(),
  optimizer: adam(),
  targets: "standardize",
});
const tableRows = [{ bill: 1, island: "Biscoe", more: null }];
table.step({ x: tableRows, y: [1] });
table.step({ x: [[1, null]], y: [1] });
table.adapt({ data: new Float64Array(2), shape: [1, 2] }, [1]);
const tablePrediction: number[][] = table.predict(tableRows).toArray();
const tableView: Float32Array | Float64Array | Int32Array = table.buffers.x;
const means: readonly number[] = table.preprocessing.standardize1.mean;
const twoInputs = model({ inputs: { row: { columns: tableColumns }, more: [2] } }, ({ row, more }) =>
  dense(1)(row).add(more),
);
compile(twoInputs).predict({ row: tableRows, more: [[1, 2]] });
// @ts-expect-error: only rows of tables are objects
compile(twoInputs).predict({ row: tableRows, more: tableRows });
// @ts-expect-error: no kind of column
inputColumns([{ name: "a", kind: "text" }]);
// @ts-expect-error: categories are missing
inputColumns([{ name: "a", kind: "category" }]);
// @ts-expect-error: columns or input
sequential({ seed: 1 }, [dense(1)]);
// @ts-expect-error: strings are no numbers
trainer.adapt([["0", "1"]]);
// @ts-expect-error: categories must be said
oneHot({ columns: [0] });
// @ts-expect-error: no statistic
impute({ with: "mode" });
minMax({ columns: [0, 1], name: "scaled" });

export { means, tablePrediction, tableView };

// Programs of one memory: each has the types of its model.
const shared = () => dense(2, { name: "shared" });
const together = compileTogether({
  first: {
    model: model({ inputs: { a: [2], b: [2] } }, ({ a, b }) => ({ c: shared()(a), d: dense(1)(b) })),
    loss: { c: meanSquaredError() },
    optimizer: adam(),
  },
  second: { model: sequential({ input: [2] }, [shared()]) },
});
together.first.step({ x: { a: [[1, 2]], b: [[1, 2]] }, y: { c: [[1, 2]] } });
const togetherPrediction: number[][] = together.second.predict([[1, 2]]).toArray();
copyParameters(together.first, together.second, { mix: 0.5 });
// @ts-expect-error: an input is missing
together.first.predict({ a: [[1, 2]] });
// @ts-expect-error: no optimizer, no trainer
together.second.fit;
// @ts-expect-error: no such program
together.third;
// @ts-expect-error: no option
copyParameters(together.first, together.second, { tau: 0.5 });

export { togetherPrediction };
