/** Rates that change with every step, by a table that a run goes through and the caller fills again. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { Counter, Run } from "../../assembly/abi.ts";
import { adamW, type Optimizer, sgd } from "../../src/index.ts";
import { fillRates } from "../../src/train/rates.ts";
import { classes, classifier, slowClock, stateDigest } from "../fixtures.ts";

type Trainer = ReturnType<typeof classifier>;

/** Warms up for 40 steps, then decays; every step has a rate of its own. */
const schedule = (base: number, step: number) => base * Math.min((step + 1) / 40, 40 / (step + 1));
const scheduled = (optimizer: Optimizer): Optimizer => ({
  ...optimizer,
  plan: { ...optimizer.plan, schedule },
});
const make = (optimizer: Optimizer, accumulate = 1, windowRows?: number) =>
  classifier({ optimizer, accumulate, ...(windowRows ? { windowRows } : {}) });

const optimizers: Record<string, Optimizer> = {
  sgd: sgd({ learningRate: 0.5, momentum: 0.5 }),
  "adamW with groups": adamW({
    ...{ learningRate: 0.02, weightDecay: 0.1 },
    groups: [{ match: /bias$/, learningRate: 0.05, weightDecay: 0 }],
  }),
};

/** Passes of an epoch: 3. */
const data = classes(21);
/** Rows of the table of rates, where they change. */
const RATES_CAPACITY = 256;
const EPOCHS = 300;

/** All that training has changed, without the base rates. */
const learned = (trainer: Trainer) => [
  trainer.digest(),
  ...Object.values(trainer.optimizerState).flatMap((slots) =>
    Object.values(slots).map(({ data: d }) => d.slice()),
  ),
];

afterEach(() => {
  vi.restoreAllMocks();
});

for (const [name, optimizer] of Object.entries(optimizers))
  for (const accumulate of [1, 2])
    describe(`a schedule, ${name}, ${accumulate} passes an update`, () => {
      /** The same rates, set before every single pass. */
      function byHand(): Trainer {
        const trainer = make(optimizer, accumulate);
        const { program } = trainer;
        const { entries } = program.plan.counters;
        for (let epoch = 0; epoch < EPOCHS; epoch++) {
          slowClock();
          const set = () => {
            entries.forEach(({ kind, initial }, i) => {
              if (kind === "rate") program.setCounter(i, schedule(initial, program.counter(Counter.Step)));
            });
            fillRates(program);
          };
          set();
          // One pass a slice: what is set between two of them counts for the next.
          trainer.fitSync(data, { onProgress: set });
          vi.restoreAllMocks();
        }
        return trainer;
      }

      it("gives the bits of rates set before every step, beyond the table's rows", () => {
        const trainer = make(scheduled(optimizer), accumulate);
        const { steps } = trainer.fitSync(data, { epochs: EPOCHS });
        expect(steps).toBeGreaterThan(2 * RATES_CAPACITY);
        expect(learned(trainer)).toEqual(learned(byHand()));
      });

      it("gives the same in slices, streamed, in single epochs and resumed", async () => {
        const whole = make(scheduled(optimizer), accumulate);
        const result = whole.fitSync(data, { epochs: EPOCHS });
        const expected = stateDigest(whole);

        slowClock();
        const sliced = make(scheduled(optimizer), accumulate);
        expect(await sliced.fit(data, { epochs: EPOCHS })).toEqual(result);
        vi.restoreAllMocks();
        expect(stateDigest(sliced)).toBe(expected);

        const streamed = make(scheduled(optimizer), accumulate, 16);
        expect(streamed.fitSync(data, { epochs: EPOCHS })).toEqual(result);
        expect(stateDigest(streamed)).toBe(expected);

        let epochs = make(scheduled(optimizer), accumulate);
        for (let epoch = 0; epoch < EPOCHS; epoch++) {
          epochs.fitSync(data);
          if (epoch % 70 !== 69) continue;
          const saved = epochs.state();
          epochs = make(scheduled(optimizer), accumulate);
          epochs.restore(saved);
        }
        expect(stateDigest(epochs)).toBe(expected);
      });

      it("counts for step(), too", () => {
        const [stepped, fitted] = [1, 2].map(() => make(scheduled(optimizer), accumulate));
        const rows = classes(8);
        for (let pass = 0; pass < 300 * accumulate; pass++) stepped.step(rows);
        if (accumulate > 1) {
          const { program } = stepped;
          expect(program.counter(Counter.Step)).toBe(300);
          return;
        }
        fitted.fitSync(rows, { epochs: 300 });
        expect(learned(stepped)).toEqual(learned(fitted));
      });
    });

describe("the table of rates", () => {
  it("has a row for each of the next steps, from base rate and schedule, and is read row by row", () => {
    const trainer = make(scheduled(optimizers["adamW with groups"]));
    trainer.fitSync(data, { epochs: 2 });
    const { program } = trainer;
    const { offset, capacity } = program.plan.train!.rates;
    expect(capacity).toBe(RATES_CAPACITY);
    expect(program.run(Run.Rates)).toBe(offset + 6 * 16);
    fillRates(program);
    expect(program.run(Run.Rates)).toBe(offset);
    expect(program.run(Run.RatesEnd)).toBe(offset + RATES_CAPACITY * 16);
    for (const row of [0, 1, 255]) {
      const at = offset / 8 + row * 2;
      expect([...program.f64.subarray(at, at + 2)]).toEqual([
        schedule(0.05, 6 + row),
        schedule(0.02, 6 + row),
      ]);
    }
  });

  it("has one row where rates do not change", () => {
    const trainer = make(optimizers.sgd);
    trainer.fitSync(data, { epochs: 2 });
    const { program } = trainer;
    expect(program.plan.train!.rates.capacity).toBe(1);
    expect(program.run(Run.Rates)).toBe(program.plan.train!.rates.offset);
  });
});
