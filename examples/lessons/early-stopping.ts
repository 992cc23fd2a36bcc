import { adam, binaryCrossEntropy, compile, dense, sequential } from "wasmgrad";
import { makeMoons } from "wasmgrad/data";
import { check, lesson, say, show, table } from "./print.ts";

lesson(
  "Stop where validation rows say so, and test once",
  "Rows held back say when to stop and which network to take. Whoever chose by them has used them up: an honest number needs a third set.",
);

const train = makeMoons({ rows: 60, noise: 0.35, seed: 1 });
const validation = makeMoons({ rows: 40, noise: 0.35, seed: 2 });
const test = makeMoons({ rows: 4000, noise: 0.35, seed: 3 });

const start = (units: number, seed: number) =>
  compile(
    sequential({ input: [2], seed }, [
      dense(units, { activation: "tanh" }),
      dense(1, { activation: "sigmoid" }),
    ]),
    { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.03 }), batchSize: 30 },
  );

// One network, with patience and without.
const patient = start(32, 1);
const run = patient.fitSync(train, { epochs: 1000, validation, earlyStopping: { patience: 30 } });
const stubborn = start(32, 1);
stubborn.fitSync(train, { epochs: 1000 });
const best = run.best!.epoch;
const retraced = start(32, 1);
retraced.fitSync(train, { epochs: best });
const losses = (trainer: typeof patient) =>
  [train, validation, test].map((rows) => show(trainer.evaluate(rows).loss, 4));
table(
  ["stops", "train", "validation", "test"],
  [
    [`with patience, epoch ${best}`, ...losses(patient)],
    ["after 1,000 epochs", ...losses(stubborn)],
  ],
);
check(
  `fit ends 30 epochs after the best one, ${best}`,
  run.reason === "patience" && run.epochs === best + 30,
);
check("and hands back the weights of that epoch, to the bit", patient.digest() === retraced.digest());
check("on test rows they have the lower loss", patient.evaluate(test).loss < stubborn.evaluate(test).loss);
say();

// Sixty networks, of which the validation rows choose one.
const tried = [2, 4, 8, 16, 32, 64].flatMap((units) =>
  Array.from({ length: 10 }, (_, seed) => {
    const trainer = start(units, seed);
    trainer.fitSync(train, { epochs: 300, validation, earlyStopping: { patience: 30 } });
    return { units, chosenBy: trainer.evaluate(validation).loss, tested: trainer.evaluate(test).loss };
  }),
);
const least = (units?: number) =>
  tried.filter((each) => !units || each.units === units).sort((a, b) => a.chosenBy - b.chosenBy)[0];
table(
  ["units", "least validation loss of 10", "its test loss"],
  [2, 4, 8, 16, 32, 64].map((units) => [
    `${units}`,
    show(least(units).chosenBy, 4),
    show(least(units).tested, 4),
  ]),
);
const chosen = least();
const mean = (of: "chosenBy" | "tested") => tried.reduce((sum, each) => sum + each[of], 0) / tried.length;
const [gain, real] = [mean("chosenBy") - chosen.chosenBy, mean("tested") - chosen.tested];
say(
  `  The chosen one, of ${chosen.units} units, is better than the mean of all 60 by ${show(gain, 2)} on the validation rows`,
);
say(`  that chose it, and by ${show(real, 2)} on the test rows.\n`);
check("a part of what the choice seems to gain was luck", real > 0 && real < 0.75 * gain);
