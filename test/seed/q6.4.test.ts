import { describe, expect, it } from "vitest";
import { adam, binaryCrossEntropy, compile, dense, parity, sequential } from "../../src/index.ts";

const rowsOf = (n: number) =>
  Array.from({ length: 2 ** n }, (_, i) => Array.from({ length: n }, (_, k) => (i >> k) & 1));
const odd = (row: readonly number[]) => row.reduce((sum, bit) => sum + bit, 0) % 2;

describe("Q6.4: parity of n bits, by induction from the XOR block", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])("built by hand it is right on all 2^%i inputs", (n) => {
    const x = rowsOf(n);
    expect([...compile(parity(n)).predict(x).data]).toEqual(x.map((row) => 2 * odd(row) - 1));
  });

  it.each([2, 3, 4, 5, 6])("trained on %i bits it reaches 100 %", (n) => {
    const x = rowsOf(n);
    const y = x.map(odd);
    const trainer = compile(
      sequential({ input: [n] }, [dense(16, { activation: "tanh" }), dense(1, { activation: "sigmoid" })]),
      { loss: binaryCrossEntropy(), optimizer: adam({ learningRate: 0.02 }), batchSize: 64 },
    );
    for (let seed = 0; seed < 10; seed++) {
      trainer.reset({ seed });
      // A row on the wrong side costs at least ln 2, so a mean below ln 2 / 2^n leaves none.
      const { reason } = trainer.fitSync(
        { x, y },
        { epochs: 5000, stopWhen: { lossBelow: Math.LN2 / 2 ** n } },
      );
      expect(reason, `seed ${seed}`).toBe("lossBelow");
      expect(trainer.evaluate({ x, y }).accuracy).toBe(1);
    }
  });
});
