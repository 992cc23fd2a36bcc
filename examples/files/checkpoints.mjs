/**
 * A training that goes on where it was, whatever ended it: `node examples/files/checkpoints.mjs FOLDER [EPOCHS]`, after a build. Kill it and
 * start it again; at the end it prints the digest of a run that was never interrupted.
 */
import { adam, compile, crossEntropy, dense, dropout, sequential } from "wasmgrad";
import { checkpoint, latestCheckpoint, loadTrainerFile } from "wasmgrad/node";

const [, , folder = "checkpoints", epochs = "200"] = process.argv;

// Two spirals of 100 points.
const points = Array.from({ length: 200 }, (_, i) => {
  const t = (i >> 1) / 16;
  const turn = i % 2 ? 1 : -1;
  return [(turn * t * Math.cos(t)) / 6, (turn * t * Math.sin(t)) / 6];
});
const data = { x: points, y: points.map((_, i) => i % 2) };

const make = () =>
  compile(
    sequential({ input: [2], seed: 1 }, [
      dense(32, { activation: "tanh" }),
      dropout(0.1),
      dense(32, { activation: "tanh" }),
      dense(2, { activation: "softmax" }),
    ]),
    { loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }) },
  );

const latest = await latestCheckpoint(folder);
const trainer = latest ? await loadTrainerFile(latest) : make();
console.log(latest ? `goes on from epoch ${trainer.epochs}` : "starts anew");

await trainer.fit(data, {
  untilEpoch: Number(epochs),
  onEpoch: checkpoint(folder, { everyEpochs: 20, keep: 2 }),
});

const { accuracy } = trainer.evaluate(data);
console.log(`epoch ${trainer.epochs}, accuracy ${accuracy.toFixed(3)}`);
console.log(`digest ${trainer.digest()}`);
