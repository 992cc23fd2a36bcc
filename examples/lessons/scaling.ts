import { compile, dense, meanSquaredError, sequential, sgd, standardize } from "wasmgrad";
import { singularValues } from "wasmgrad/analysis";
import { check, curve, lesson, say, show, table } from "./print.ts";

lesson(
  "Columns of different sizes make a narrow valley",
  "The largest column limits the rate of gradient descent, and the smallest one then takes its time. Standardized columns are equally large.",
);

// Flats: the size in square metres, the rooms, and a price that depends on both.
let state = 1;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const x = Array.from({ length: 200 }, () => [40 + 120 * uniform(), 1 + Math.floor(5 * uniform())]);
const y = x.map(([size, rooms]) => 2 * size + 15 * rooms + 10 * (uniform() - 0.5));

const mean = (v: readonly number[]) => v.reduce((sum, each) => sum + each, 0) / v.length;
const [sizes, rooms] = [0, 1].map((j) => {
  const column = x.map((row) => row[j]);
  const middle = mean(column);
  const deviation = Math.sqrt(mean(column.map((v) => (v - middle) ** 2)));
  return column.map((v) => (v - middle) / deviation);
});

/** The eigenvalues of 2/N A'A, with a column of ones in A for the bias: how the loss bends, most to least. */
const curvatures = (rows: readonly (readonly number[])[]) =>
  Array.from(singularValues(rows.map((row) => [...row, 1])), (s) => (2 * s * s) / rows.length);
const bends = { raw: curvatures(x), even: curvatures(sizes.map((size, i) => [size, rooms[i]])) };

function train(isScaled: boolean, learningRate: number, epochs: number) {
  const layers = [...(isScaled ? [standardize()] : []), dense(1, { weightInitializer: "zeros" })];
  const trainer = compile(sequential({ input: [2] }, layers), {
    loss: meanSquaredError(),
    optimizer: sgd({ learningRate }),
    batchSize: 200,
  });
  const { history } = trainer.fitSync({ x, y }, { epochs });
  return { trainer, history: history.loss, loss: trainer.evaluate({ x, y }).loss };
}
const raw = train(false, 1 / bends.raw[0], 1000);
const even = train(true, 1 / bends.even[0], 1000);
table(
  ["columns", "bends most", "bends least", "ratio", "loss after 10", "100", "1,000 steps"],
  [["as they are", bends.raw, raw] as const, ["standardized", bends.even, even] as const].map(
    ([name, [most, , least], { history, loss }]) => [
      name,
      most,
      show(least, 3),
      show(most / least, 3),
      ...[history[10], history[100], loss].map((v) => show(v, 4)),
    ],
  ),
);
say("  the loss at steps 10 to 1,000, each with the rate 1 / (most):\n");
curve([raw.history.slice(10), even.history.slice(10)], { names: ["as they are", "standardized"] });

const [below, above] = [1.9, 2.1].map((factor) => train(false, factor / bends.raw[0], 30).history);
check(
  "a rate of 1.9 / (most) lowers the loss, one of 2.1 / (most) makes it grow",
  below[29] < below[0] && above[29] > above[0],
);
check("standardized columns bend the loss alike, to 5 %", bends.even[0] / bends.even[2] < 1.05);
check("so 10 steps reach what 1,000 do", even.history[10] < 1.001 * even.loss);
check("as they are, 1,000 steps leave 10 times that loss", raw.loss > 10 * even.loss);
const [price] = even.trainer.predict([[100, 3]]).data;
check(
  `the model scales new rows itself: ${show(price, 4)} for 100 square metres, 3 rooms`,
  Math.abs(price - 245) < 2,
);
