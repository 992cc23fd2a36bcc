import { describe, expect, it } from "vitest";
import { xor, xorTrainer } from "../fixtures.ts";

describe("goal: the XOR MLP trains", () => {
  it("below a loss of 0.01 within 1,000 steps, and is right on all four points", () => {
    const trainer = xorTrainer();
    for (let seed = 0; seed < 50; seed++) {
      trainer.reset({ seed });
      const { reason, steps, loss } = trainer.fitSync(xor, { epochs: 1000, stopWhen: { lossBelow: 0.01 } });
      expect(reason, `seed ${seed} after ${steps} steps`).toBe("lossBelow");
      expect(loss).toBeLessThan(0.01);
      expect(trainer.evaluate(xor)).toEqual({ loss: expect.closeTo(loss, 7), accuracy: 1 });
    }
  });
});
