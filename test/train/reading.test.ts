/** Each call that reads, alone, while a fit is under way, for each way in which batches come: it changes no bit. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Run, Window } from "../../assembly/abi.ts";
import { classes, classifier, noise, slowClock, stateDigest } from "../fixtures.ts";

type Trainer = ReturnType<typeof classifier>;

/** Other rows than those of the fit, their targets as rows where the fit has labels. */
const others = {
  x: noise(8 * 5, 77),
  y: Array.from({ length: 8 }, (_, i) => [0, 1, 2].map((label) => (label === i % 3 ? 1 : 0))),
};

const reads: Record<string, (trainer: Trainer) => unknown> = {
  predict: (trainer) => trainer.predict(others.x),
  classify: (trainer) => trainer.classify(others.x),
  evaluate: (trainer) => trainer.evaluate(others),
  "evaluate on a row": (trainer) => trainer.evaluate({ x: others.x.slice(0, 5), y: [2] }),
  gradients: (trainer) => trainer.gradients(others),
  "gradients of a row": (trainer) => trainer.gradients({ x: others.x.slice(0, 5), y: [2] }),
  state: (trainer) => trainer.state(),
  digest: (trainer) => trainer.digest(),
  snapshot: (trainer) => trainer.snapshot().dispose(),
  optimizerState: (trainer) => trainer.optimizerState,
};

const windows: [string, number, number, object, Window][] = [
  ["of one batch", 7, 12, {}, Window.Batch],
  ["in the window", 37, 3, {}, Window.Shuffled],
  ["in the window, in order", 37, 3, { shuffle: false }, Window.Sequential],
  ["streamed", 37, 3, {}, Window.Streamed],
];

afterEach(() => {
  vi.restoreAllMocks();
});

for (const [name, rows, epochs, fit, kind] of windows)
  for (const accumulate of [1, 3])
    describe(`while a fit on data ${name} is under way, ${accumulate} passes an update`, () => {
      const options = { accumulate, ...(kind === Window.Streamed ? { windowRows: 16 } : {}) };
      const data = classes(rows);

      it.each(Object.keys(reads))("%s alone changes no bit of the run", (read) => {
        const quiet = classifier(options);
        const expected = quiet.fitSync(data, { epochs, ...fit });
        slowClock();
        const trainer = classifier(options);
        let looks = 0;
        const result = trainer.fitSync(data, {
          ...{ epochs, ...fit },
          onProgress: () => {
            expect(trainer.program.run(Run.WindowKind)).toBe(kind);
            const before = stateDigest(trainer);
            reads[read](trainer);
            expect(stateDigest(trainer)).toBe(before);
            looks++;
          },
        });
        expect(looks).toBeGreaterThan(5);
        expect(result).toEqual(expected);
        expect(stateDigest(trainer)).toBe(stateDigest(quiet));
      });
    });
