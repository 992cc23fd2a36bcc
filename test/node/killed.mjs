/**
 * A training that goes on from its newest checkpoint, and says from which step and to which digest: `node killed.mjs FOLDER [stopping]`,
 * after a build; with `stopping` it ends when rows kept apart no longer get better. Whoever started it may kill it at any moment.
 */
import {
  activation,
  adam,
  batchNorm,
  compile,
  crossEntropy,
  dense,
  dropout,
  sequential,
} from "../../dist/index.js";
import { checkpoint, latestCheckpoint, loadTrainerFile } from "../../dist/node.js";

const EPOCHS = 4000;
const [, , folder, kind] = process.argv;
const stopping = { validation: 0.25, earlyStopping: { patience: 1500 } };
const rows = 64;
const x = Float32Array.from({ length: rows * 6 }, (_, i) => ((i * 7919) % 101) / 50 - 1);
const y = Int32Array.from({ length: rows }, (_, i) => (i * 5) % 3);
const make = () =>
  compile(
    sequential({ input: [6], seed: 3 }, [
      dense(24),
      batchNorm(),
      activation("relu"),
      dropout(0.3),
      dense(3, { activation: "softmax" }),
    ]),
    { loss: crossEntropy(), optimizer: adam(), batchSize: 10 },
  );

const latest = await latestCheckpoint(folder);
const trainer = latest ? await loadTrainerFile(latest) : make();
process.stdout.write(`from ${trainer.steps}\n`);
await trainer.fit(
  { x, y },
  {
    untilEpoch: EPOCHS,
    ...(kind === "stopping" ? stopping : {}),
    onEpoch: checkpoint(folder, { everyEpochs: 25 }),
    onProgress: checkpoint(folder, { everySeconds: 0.03 }),
  },
);
process.stdout.write(`digest ${trainer.digest({ training: true })}\n`);
