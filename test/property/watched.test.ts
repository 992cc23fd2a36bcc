/** Fits that are watched between epochs, cut anywhere: the bits and the outcome of one piece. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FitOptions, loadTrainer, type Trainer } from "../../src/index.ts";
import { classes, classifier, slowClock, stateDigest } from "../fixtures.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const share = fc.constantFrom(0.2, 0.35, 0.5);
const validation: fc.Arbitrary<FitOptions["validation"]> = fc.oneof(
  share,
  fc.record({ share, seed: fc.nat(9) }),
  share.map((last) => ({ last })),
  fc.integer({ min: 2, max: 9 }).map((n) => ({ groups: Array.from({ length: 60 }, (_, i) => (i * 11) % n) })),
  fc.integer({ min: 1, max: 20 }).map((rows) => classes(rows, 4)),
);
const watched = fc.record({
  validation,
  earlyStopping: fc.record({
    patience: fc.integer({ min: 1, max: 6 }),
    minDelta: fc.constantFrom(0, 0.01, 0.1),
    monitor: fc.constantFrom("loss", "validationLoss", "accuracy"),
  }),
  shuffle: fc.boolean(),
});
const compiled = fc.record({
  accumulate: fc.integer({ min: 1, max: 3 }),
  windowRows: fc.constantFrom(8, 16, 64),
  batchSize: fc.constantFrom(4, 8, 64),
});
const data = classes(60);

describe("a watched fit", () => {
  it("gives the same bits and the same outcome however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        watched,
        compiled,
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }),
        fc.boolean(),
        async (options, program, cuts, throughFiles) => {
          const whole = classifier(program);
          const expected = whole.fitSync(data, { ...options, epochs: 400 });
          let trainer: Trainer = classifier(program);
          let epochs = 0;
          let steps = 0;
          let isOver = false;
          for (const cut of cuts) {
            const before = { epochs: trainer.epochs, steps: trainer.steps };
            const controller = new AbortController();
            let slices = 0;
            slowClock();
            try {
              await trainer.fit(data, {
                ...options,
                epochs: 400 - epochs,
                signal: controller.signal,
                onProgress: () => {
                  if (++slices === cut) controller.abort();
                },
              });
              isOver = true;
              expect(trainer.fitMemory).toBeUndefined();
            } catch {
              expect(controller.signal.aborted).toBe(true);
              // An abort in the last report of progress comes when the fit is over, its best state back.
              isOver = trainer.fitMemory === undefined;
            }
            vi.restoreAllMocks();
            if (isOver) break;
            epochs += trainer.epochs - before.epochs;
            steps += trainer.steps - before.steps;
            if (throughFiles) trainer = loadTrainer(trainer.save({ training: true }), program) as Trainer;
          }
          if (!isOver) {
            const result = trainer.fitSync(data, { ...options, epochs: 400 - epochs });
            expect(result.epochs + epochs).toBe(expected.epochs);
            expect(result.steps + steps).toBe(expected.steps);
            const { reason, best, loss, validation: held } = result;
            expect({ reason, best, loss, held }).toEqual({
              reason: expected.reason,
              best: expected.best,
              loss: expected.loss,
              held: expected.validation,
            });
          }
          expect(trainer.digest()).toBe(whole.digest());
          if (!throughFiles) expect(stateDigest(trainer)).toBe(stateDigest(whole));
          else expect(trainer.steps).toBe(whole.steps);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it("without early stopping gives the bits of its steps, counted in any parts", () => {
    fc.assert(
      fc.property(
        validation,
        compiled,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
        (held, program, parts) => {
          const [whole, cut] = [classifier(program), classifier(program)];
          const total = parts.reduce((sum, steps) => sum + steps, 0);
          const expected = whole.fitSync(data, { validation: held, steps: total });
          const results = parts.map((steps) => cut.fitSync(data, { validation: held, steps }));
          expect(results.flatMap(({ history }) => history.validationLoss ?? [])).toEqual(
            expected.history.validationLoss ?? [],
          );
          expect(results.at(-1)!.validation).toEqual(expected.validation);
          expect(stateDigest(cut)).toBe(stateDigest(whole));
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
