/** The history's columns: which there are, how long, and thinned alike. */
import { describe, expect, it } from "vitest";
import { sgd } from "../../src/index.ts";
import { classes, classifier, lineTrainer, xor, xorTrainer } from "../fixtures.ts";

const line = { x: [[1], [2]], y: [3, 5] };

describe("the history", () => {
  it("is the loss alone where nothing else is measured", () => {
    expect(Object.keys(xorTrainer().fitSync(xor, { epochs: 3 }).history)).toEqual(["loss"]);
    expect(Object.keys(xorTrainer().fitSync(xor, { epochs: 3, onEpoch: () => {} }).history)).toEqual([
      "loss",
    ]);
  });

  it("has what validation rows gave after each epoch", () => {
    const trainer = classifier();
    const rows = classes(40);
    const other = classes(20, 9);
    const { history } = trainer.fitSync(rows, { epochs: 5, validation: other });
    expect(Object.keys(history)).toEqual(["loss", "validationLoss", "accuracy"]);
    const again = classifier();
    for (let epoch = 0; epoch < 5; epoch++) {
      const { loss } = again.fitSync(rows);
      expect(history.loss[epoch]).toBe(loss);
      expect({ loss: history.validationLoss![epoch], accuracy: history.accuracy![epoch] }).toEqual(
        again.evaluate(other),
      );
    }
  });

  it("of a regression has no accuracy", () => {
    const { history } = lineTrainer().fitSync(line, { epochs: 2, validation: line });
    expect(Object.keys(history)).toEqual(["loss", "validationLoss"]);
  });

  it("is the same, and so are the bits, whether the machine stops at epochs or not", () => {
    const [plain, watched] = [classifier(), classifier()];
    const rows = classes(40);
    const { history } = plain.fitSync(rows, { epochs: 50 });
    expect(watched.fitSync(rows, { epochs: 50, onEpoch: () => {} }).history).toEqual(history);
    expect(watched.state()).toEqual(plain.state());
  });

  it("is thinned in all columns alike", () => {
    const slow = () => lineTrainer({ optimizer: sgd({ learningRate: 1e-4 }) });
    for (const epochs of [8_192, 8_193, 17_000]) {
      const { history, historyEvery } = slow().fitSync(line, { epochs, validation: line });
      const plain = slow().fitSync(line, { epochs });
      expect(historyEvery).toBe(plain.historyEvery);
      expect(history.loss).toEqual(plain.history.loss);
      expect(history.validationLoss).toHaveLength(history.loss.length);
      // On the same rows, the validation loss after an epoch is the loss before the next one's update.
      const every = plain.historyEvery;
      const trainer = slow();
      for (const i of [0, 1, history.loss.length - 1]) {
        trainer.reset();
        trainer.fitSync(line, { epochs: i * every + 1 });
        expect(history.validationLoss![i]).toBe(trainer.evaluate(line).loss);
      }
    }
  });

  it("survives structuredClone and JSON", () => {
    const result = classifier().fitSync(classes(20), {
      epochs: 2,
      validation: 0.2,
      earlyStopping: { patience: 1 },
    });
    expect(structuredClone(result)).toEqual(result);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });
});

describe("the result's loss and validation", () => {
  it("belong to the parameters handed back", () => {
    const trainer = classifier();
    const other = classes(20, 9);
    const { validation, loss, history } = trainer.fitSync(classes(40), { epochs: 5, validation: other });
    expect(validation).toEqual(trainer.evaluate(other));
    expect(loss).toBe(history.loss[4]);
  });

  it("are measured once more where a loss was met within an epoch", () => {
    const trainer = classifier();
    const other = classes(20, 9);
    const result = trainer.fitSync(classes(40), { stopWhen: { lossBelow: 0.8 }, validation: other });
    expect(result.reason).toBe("lossBelow");
    expect(result.validation).toEqual(trainer.evaluate(other));
    expect(result.validation!.loss).not.toBe(result.history.validationLoss!.at(-1));
  });
});
