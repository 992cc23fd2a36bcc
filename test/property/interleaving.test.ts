/**
 * Two trainers take the same random sequence of calls that change state. One trains in slices of one step on streamed
 * data, is read from at every chance, and moves into a fresh program now and then; the other does it all at once.
 * They must never differ by a bit.
 */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { classes, classifier, slowClock } from "../fixtures.ts";

type Trainer = ReturnType<typeof classifier>;

type Command =
  | { readonly do: "fit"; readonly rows: number; readonly epochs: number; readonly shuffle: boolean }
  | { readonly do: "abort"; readonly rows: number; readonly after: number }
  | { readonly do: "step" | "stepBuffers"; readonly rows: number }
  | { readonly do: "rate"; readonly rate: number }
  | { readonly do: "reset"; readonly seed: number }
  | { readonly do: "save" | "restore"; readonly slot: number }
  | { readonly do: "bias"; readonly value: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant("fit" as const),
    rows: fc.integer({ min: 1, max: 40 }),
    epochs: fc.integer({ min: 1, max: 3 }),
    shuffle: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("abort" as const),
    rows: fc.integer({ min: 9, max: 40 }),
    after: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    do: fc.constantFrom("step" as const, "stepBuffers" as const),
    rows: fc.integer({ min: 1, max: 8 }),
  }),
  fc.record({ do: fc.constant("rate" as const), rate: fc.constantFrom(0.001, 0.05, 0.2) }),
  fc.record({ do: fc.constant("reset" as const), seed: fc.nat({ max: 5 }) }),
  fc.record({ do: fc.constantFrom("save" as const, "restore" as const), slot: fc.nat({ max: 1 }) }),
  fc.record({ do: fc.constant("bias" as const), value: fc.constantFrom(-1, 0, 0.5) }),
);

const sequence = fc.record({
  commands: fc.array(command, { maxLength: 12 }),
  moves: fc.nat(),
  accumulate: fc.constantFrom(1, 3),
});

/** Everything that must change nothing. */
function read(trainer: Trainer): void {
  const { x, y } = classes(19, 77);
  trainer.predict(x);
  trainer.classify(x.slice(0, 10));
  trainer.buffers.x.fill(Number.NaN);
  trainer.run(8);
  trainer.evaluate({ x, y });
  trainer.gradients({ x: x.slice(0, 15), y: y.slice(0, 3) });
  trainer.state();
  trainer.digest();
  trainer.manifest();
  trainer.toModel();
  trainer.snapshot().dispose();
}

async function take(trainer: Trainer, slots: Uint8Array[], command: Command, onStep?: () => void) {
  switch (command.do) {
    case "fit": {
      const data = classes(command.rows, command.rows);
      const { epochs, shuffle } = command;
      if (onStep) await trainer.fit(data, { epochs, shuffle, onProgress: onStep });
      else trainer.fitSync(data, { epochs, shuffle });
      return;
    }
    case "abort": {
      // Both slice by step here: how many were taken must not depend on the clock.
      const abort = new AbortController();
      let steps = 0;
      await trainer
        .fit(classes(command.rows, command.rows), {
          epochs: 100,
          signal: abort.signal,
          onProgress: () => {
            onStep?.();
            if (++steps === command.after) abort.abort();
          },
        })
        .catch(() => {});
      return;
    }
    case "step":
      trainer.step(classes(command.rows, 5));
      return;
    case "stepBuffers": {
      const { x, y } = classes(command.rows, 6);
      const { step } = trainer.buffers;
      step.x.set(x);
      step.y.set(y);
      trainer.stepBuffers(command.rows);
      return;
    }
    case "rate":
      trainer.setLearningRate(command.rate);
      return;
    case "reset":
      trainer.reset({ seed: command.seed });
      return;
    case "save":
      slots[command.slot] = trainer.state();
      return;
    case "restore":
      if (slots[command.slot]) trainer.restore(slots[command.slot]);
      return;
    case "bias":
      trainer.setParameters({ "dense3.bias": [command.value, 0, -command.value] });
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("for any sequence of calls", () => {
  it("slices, streams, reads in between and moves to other programs change no bit", async () => {
    slowClock();
    await fc.assert(
      fc.asyncProperty(sequence, async ({ commands, moves, accumulate }) => {
        const plain = classifier({ accumulate });
        let busy = classifier({ accumulate, windowRows: 8 }, 3);
        busy.reset({ seed: 7 });
        plain.reset({ seed: 7 });
        const plainSlots: Uint8Array[] = [];
        const busySlots: Uint8Array[] = [];
        for (const [i, command] of commands.entries()) {
          await take(plain, plainSlots, command);
          const current = busy;
          await take(busy, busySlots, command, () => read(current));
          read(busy);
          expect(busy.state()).toEqual(plain.state());
          if ((moves >> i) & 1) {
            const state = busy.state();
            busy.dispose();
            busy = classifier({ accumulate, windowRows: 16 }, 3);
            busy.restore(state);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});
