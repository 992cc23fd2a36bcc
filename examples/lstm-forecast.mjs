/**
 * An LSTM forecasts a series with a daily and a weekly rhythm: it learns the next hour from two days, then goes on from its own
 * forecasts. It prints the errors beside those of "as a week ago", and three days of forecast, drawn.
 *
 *   node examples/lstm-forecast.mjs [EPOCHS]
 *
 * Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735
 */
import { adam, compile, dense, lstm, meanSquaredError, sequential } from "wasmgrad";
import { makeRegression } from "wasmgrad/data";

const EPOCHS = Number(process.argv[2] ?? 20);
const HOURS = 2400;
const TRAINED = 1800;
const PAST = 48;
const WEEK = 168;

const noise = makeRegression({ rows: HOURS, columns: 1, informative: 1, seed: 1 }).x.data;
const day = (hour) => Math.sin((2 * Math.PI * hour) / 24);
const week = (hour) => Math.sin((2 * Math.PI * hour) / WEEK);
const series = Float32Array.from(
  noise,
  (e, hour) => day(hour) * (1 + 0.5 * week(hour)) + 0.4 * week(hour) + 0.05 * e,
);

/** The hours before each hour, and that hour. */
function windows(from, to) {
  const hours = Array.from({ length: to - from - PAST }, (_, i) => from + PAST + i);
  const x = Float32Array.from(hours.flatMap((hour) => [...series.subarray(hour - PAST, hour)]));
  return { x: { data: x, shape: [hours.length, PAST, 1] }, y: series.slice(from + PAST, to) };
}

const trainer = compile(sequential({ input: [PAST, 1], seed: 1 }, [lstm(24), dense(1)]), {
  loss: meanSquaredError(),
  optimizer: adam({ learningRate: 0.005 }),
  metrics: ["rmse"],
});
const test = windows(TRAINED, HOURS);
await trainer.fit(windows(0, TRAINED), {
  epochs: EPOCHS,
  onEpoch: ({ epoch, loss }) => {
    if (epoch % Math.ceil(EPOCHS / 5) === 0) console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
  },
});

const rmse = (errors) => Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length);
const asLastWeek = Array.from(test.y, (value, i) => value - series[TRAINED + PAST + i - WEEK]);
console.log(`error of the next hour: ${trainer.evaluate(test).rmse.toFixed(3)}`);
console.log(`as a week ago: ${rmse(asLastWeek).toFixed(3)}, of perfect knowledge: 0.050`);

const known = [...series.subarray(TRAINED - PAST, TRAINED)];
for (let i = 0; i < 72; i++)
  known.push(trainer.predict({ data: known.slice(-PAST), shape: [1, PAST, 1] }).data[0]);
const forecast = known.slice(PAST);
const truth = [...series.subarray(TRAINED, TRAINED + 72)];
console.log(
  `error of three days on their own: ${rmse(forecast.map((value, i) => value - truth[i])).toFixed(3)}\n`,
);
for (let level = 1.5; level >= -1.25; level -= 0.25) {
  const at = (values, i) => Math.abs(values[i] - level) <= 0.125;
  const mark = (_, i) => (at(forecast, i) ? (at(truth, i) ? "@" : "o") : at(truth, i) ? "." : " ");
  console.log(`${level.toFixed(2).padStart(5)} |${truth.map(mark).join("").trimEnd()}`);
}
console.log("      . as it was   o forecast   @ both");
