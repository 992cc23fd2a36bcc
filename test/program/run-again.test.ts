/** Forward and backward write no state: whoever runs them again, however often, changes no bit and gets the same bits. */
import { describe, expect, it } from "vitest";
import { Section } from "../../assembly/abi.ts";
import { adam, adamW, meanAbsoluteError, type NonFiniteError, type Optimizer, sgd } from "../../src/index.ts";
import type { TrainPlan } from "../../src/plan/planned.ts";
import { nonFinite } from "../../src/program/diagnose.ts";
import { classes, classifier, lineTrainer, stateDigest, thrownBy } from "../fixtures.ts";

const optimizers: Record<string, Optimizer> = {
  sgd: sgd({ learningRate: 0.1 }),
  "sgd with momentum": sgd({ learningRate: 0.1, momentum: 0.9 }),
  adam: adam(),
  "adamW with groups": adamW({ groups: [{ match: /bias$/, weightDecay: 0, learningRate: 0.01 }] }),
};

const again = <T>(act: () => T) => Array.from({ length: 4 }, act);

for (const accumulate of [1, 3])
  for (const [name, optimizer] of Object.entries(optimizers))
    describe(`run again with ${name}, ${accumulate} passes an update`, () => {
      const data = classes(8, 3);
      /** In mid-group, with sums of two passes, where there are groups. */
      const make = () => {
        const trainer = classifier({ accumulate, optimizer });
        for (let pass = 0; pass < 5; pass++) trainer.step(classes(4 + pass, pass));
        return trainer;
      };

      it("gradients are the same each time, and the state stays", () => {
        const trainer = make();
        const before = stateDigest(trainer);
        const [first, ...others] = again(() => {
          const { loss, gradients } = trainer.gradients(data);
          return [loss, ...Object.values(gradients).map((g) => g.data)];
        });
        for (const other of others) expect(other).toEqual(first);
        expect(stateDigest(trainer)).toBe(before);
      });

      it("the loss of an evaluation is the same each time, and the state stays", () => {
        const trainer = make();
        const before = stateDigest(trainer);
        const [first, ...others] = again(() => trainer.evaluate(classes(21, 3)));
        for (const other of others) expect(other).toEqual(first);
        expect(stateDigest(trainer)).toBe(before);
      });

      it("the sections before the update leave the state", () => {
        const trainer = make();
        trainer.gradients(data);
        const before = stateDigest(trainer);
        const { program } = trainer;
        for (const section of [Section.Forward, Section.Backward])
          again(() => program.execute(program.section(section), 8));
        expect(stateDigest(trainer)).toBe(before);
      });

      it("the search for what is not finite finds the same each time, and the state stays", () => {
        const trainer = make();
        const { program } = trainer;
        const train = program.plan.train as TrainPlan;
        trainer.setParameters({ "dense3.weight": new Float32Array(36).fill(3e38) });
        const error = thrownBy(() => trainer.step(data)) as NonFiniteError;
        const before = stateDigest(trainer);
        for (const found of again(() => nonFinite(program, train, error.step)))
          expect(found.message).toBe(error.message);
        expect(stateDigest(trainer)).toBe(before);
      });

      it("that search, which runs the update too, leaves the state and what comes of it", () => {
        const make = () => {
          const trainer = lineTrainer({ accumulate, optimizer, loss: meanAbsoluteError() });
          for (let pass = 0; pass < 4; pass++) trainer.step({ x: [[1], [2]], y: [3, 5] });
          trainer.setParameters({ "line.weight": 0, "line.bias": 0 });
          trainer.setLearningRate(1e5);
          return trainer;
        };
        const [trainer, other] = [make(), make()];
        const { program } = trainer;
        const train = program.plan.train as TrainPlan;
        // The gradient is finite: neither its sum over two rows is, nor its square, nor the step of such a rate.
        const error = thrownBy(() => trainer.step({ x: [[3e38], [3e38]], y: [-1, -1] })) as NonFiniteError;
        expect(error).toMatchObject({ tensor: "line.weight", phase: "update" });
        for (const found of again(() => nonFinite(program, train, error.step)))
          expect(found.message).toBe(error.message);
        expect(stateDigest(trainer)).toBe(stateDigest(other));
        for (const each of [trainer, other]) {
          each.setLearningRate(0.1);
          for (let pass = 0; pass < 3; pass++) each.step({ x: [[1], [2]], y: [3, 5] });
        }
        expect(stateDigest(trainer)).toBe(stateDigest(other));
      });
    });
