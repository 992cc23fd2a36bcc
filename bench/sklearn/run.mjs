/**
 * What `wasmgrad train` reaches with no flags on the five small sets of scikit-learn, beside scikit-learn itself: 3 seeds x 5
 * folds, the same folds as `reference.py` used.
 *
 *     python3 bench/sklearn/reference.py build/sklearn > bench/sklearn/reference.json   # once: sets, folds, reference
 *     node bench/sklearn/run.mjs [--record]
 *
 * Needs a built package. `--record` writes bench/results/sklearn.md.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { readCsv, trainTable } from "wasmgrad/data";

const folder = new URL("../../build/sklearn/", import.meta.url);
const folds = JSON.parse(readFileSync(new URL("folds.json", folder), "utf8"));
const { sklearn, sets } = JSON.parse(readFileSync(new URL("reference.json", import.meta.url), "utf8"));

/** Points that a score may be below the better of both references. */
const ALLOWED = { accuracy: 0.01, r2: 0.02 };

function score({ data, trainer, test }) {
  const { x, y } = data.of(test);
  if (data.task === "classification") {
    const found = trainer.classify(x);
    return y.filter((label, i) => found[i].label === label).length / y.length;
  }
  const found = trainer.predict(x).data;
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const sum = (f) => y.reduce((total, value, i) => total + f(value, i) ** 2, 0);
  return 1 - sum((value, i) => value - found[i]) / sum((value) => value - mean);
}

const rows = [];
let seconds = 0;
for (const [name, reference] of Object.entries(sets)) {
  const table = await readCsv(readFileSync(new URL(`${name}.csv`, folder), "utf8"));
  const scores = [];
  const start = process.cpuUsage();
  for (const { seed, test } of folds[name]) {
    const held = new Set(test);
    const train = table.take(Array.from({ length: table.rows }, (_, i) => i).filter((i) => !held.has(i)));
    const { trainer, data } = await trainTable(train, { target: "target", seed });
    scores.push(score({ data, trainer, test: table.take(test) }));
    trainer.dispose();
  }
  const { user, system } = process.cpuUsage(start);
  const took = (user + system) / 1e6;
  seconds += took;
  const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
  const best = Math.max(reference.network, reference.linear);
  const isWithin = mean >= best - ALLOWED[reference.metric];
  rows.push({ name, ...reference, mean, took, isWithin, difference: mean - best });
  if (!isWithin) process.exitCode = 1;
}

const line = (cells) => `| ${cells.join(" | ")} |`;
const percent = (metric, value) => (metric === "r2" ? value.toFixed(3) : `${(100 * value).toFixed(2)} %`);
const text = [
  "# wasmgrad train beside scikit-learn",
  "",
  `Means of 3 seeds x 5 folds, the same for all. Both with defaults: wasmgrad ${"`trainTable`"} with a target and a seed; scikit-learn`,
  `${sklearn} with StandardScaler before MLPClassifier or MLPRegressor (until it converges), and before LogisticRegression or Ridge.`,
  `${cpus()[0].model.trim()}, Node ${process.version}, one thread. Made by bench/sklearn/run.mjs.`,
  "",
  line(["set", "score", "wasmgrad", "MLP", "linear", "to the better", "15 trainings, CPU time"]),
  line(["---", "---", "---:", "---:", "---:", "---:", "---:"]),
  ...rows.map(({ name, metric, mean, network, linear, difference, took }) =>
    line([
      name,
      metric,
      percent(metric, mean),
      percent(metric, network),
      percent(metric, linear),
      metric === "r2" ? difference.toFixed(3) : `${(100 * difference).toFixed(2)} points`,
      `${took.toFixed(1)} s`,
    ]),
  ),
  "",
  `All of it took ${seconds.toFixed(1)} s of CPU time: 75 times a network, a linear model beside it, and the network again on all rows.`,
  "",
].join("\n");
console.log(text);
if (process.argv.includes("--record")) writeFileSync(new URL("../results/sklearn.md", import.meta.url), text);
