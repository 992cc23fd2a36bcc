/** `predict(x, { out })` where both lie in one buffer: the rows are read before results take their place. */
import { describe, expect, it } from "vitest";
import { compile, dense, model, type Rows, sequential } from "../../src/index.ts";
import { overlaps } from "../../src/rows/data.ts";

/** 1 number to 2: [2 x, x]. */
const doubling = (batchSize: number) =>
  compile(
    sequential({ input: [1] }, [
      dense(2, { weightInitializer: { kind: "values", data: Float32Array.of(2, 1) } }),
    ]),
    { batchSize },
  );
const EXPECTED = [2, 1, 4, 2, 6, 3, 8, 4];

/** Four rows, `at` numbers behind the start of where their results go. */
const laid = (at: number) => {
  const buffer = new Float32Array(8 + at);
  buffer.set([1, 2, 3, 4], at);
  return { x: buffer.subarray(at, at + 4), out: buffer.subarray(0, 8) };
};

describe("predict into an array that shares memory with the rows", () => {
  for (const batch of [1, 2, 3, 4])
    for (const at of [0, 1, 4, 7])
      it(`gives what it gives apart, in batches of ${batch}, the rows ${at} numbers behind`, () => {
        const { x, out } = laid(at);
        expect([...doubling(batch).predict(x, { out })]).toEqual(EXPECTED);
      });

  const forms: Record<string, (x: Float32Array) => Rows> = {
    "{ data, shape }": (data) => ({ data, shape: [4, 1] }),
    "typed rows": (x) => [0, 1, 2, 3].map((i) => x.subarray(i, i + 1)),
    "nested typed rows": (x) => [0, 1, 2, 3].map((i) => [x.subarray(i, i + 1)]),
    "numbers, then typed rows": (x) => [[1], [2], x.subarray(2, 3), x.subarray(3)],
  };
  it.each(Object.entries(forms))("gives it for %s", (_, form) => {
    const { x, out } = laid(0);
    expect([...doubling(2).predict(form(x), { out })]).toEqual(EXPECTED);
  });

  it("gives it for whole numbers in the same bytes", () => {
    const out = new Float32Array(8);
    const x = new Int32Array(out.buffer, 4, 4);
    x.set([1, 2, 3, 4]);
    expect([...doubling(1).predict(x, { out })]).toEqual(EXPECTED);
  });

  it("gives it for several inputs and outputs", () => {
    const net = compile(
      model({ inputs: { a: [1], b: [1] } }, ({ a, b }) => ({ sum: a.add(b), difference: a.sub(b) })),
      { batchSize: 2 },
    );
    const buffer = Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40);
    const [low, high] = [buffer.subarray(1, 5), buffer.subarray(4)];
    net.predict({ a: buffer.subarray(0, 4), b: high }, { out: { sum: high, difference: low.slice() } });
    expect([...high]).toEqual([11, 22, 33, 44]);
    const apart = Float32Array.of(10, 20, 30, 40);
    net.predict({ a: buffer.subarray(0, 4), b: apart }, { out: { sum: apart, difference: low } });
    expect([...apart]).toEqual([11, 22, 33, 44]);
    expect([...low]).toEqual([-9, -18, -27, -36]);
  });
});

describe("overlaps", () => {
  const { buffer } = new Float32Array(8);
  const array = new Float32Array(buffer, 8, 2);
  it.each([
    ["the bytes before", new Float32Array(buffer, 0, 2), false],
    ["the bytes behind", new Float32Array(buffer, 16, 4), false],
    ["one byte", new Uint8Array(buffer, 15, 1), true],
    ["all", new Float32Array(buffer), true],
    ["another buffer", new Float32Array(8), false],
    ["numbers", [1, 2], false],
    ["no rows", [], false],
    ["a row of several", [[1], new Float32Array(buffer, 8, 1)], true],
    ["data with a shape", { data: new Int8Array(buffer, 8, 1), shape: [1] }, true],
  ])("%s", (_, rows, expected) => {
    expect(overlaps(rows, array)).toBe(expected);
  });
});
