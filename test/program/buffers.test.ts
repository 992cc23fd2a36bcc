import { describe, expect, it } from "vitest";
import {
  compile,
  DataError,
  DisposedError,
  dense,
  embedding,
  flatten,
  model,
  OptionError,
  sequential,
} from "../../src/index.ts";
import { classifier, noise, stateDigest, thrownBy } from "../fixtures.ts";

const SIZE = 4;

const network = () =>
  compile(
    sequential({ input: [5], seed: 3 }, [
      dense(7, { activation: "tanh" }),
      dense(3, { activation: "softmax" }),
    ]),
    { batchSize: SIZE },
  );

/** Ids of a table of 6 beside numbers. */
const lookup = () =>
  compile(
    model({ inputs: { x: [2], ids: { shape: [3], dtype: "i32" } }, seed: 1 }, ({ x, ids }) => {
      return { sum: dense(2)(x), words: flatten()(embedding(6, 2)(ids)) };
    }),
    { batchSize: SIZE },
  );

describe("run", () => {
  it("gives the bits of predict, for any number of rows up to the batch", () => {
    const predictor = network();
    const { x, out } = predictor.buffers;
    for (let rows = 1; rows <= SIZE; rows++) {
      const given = noise(rows * 5, rows);
      const expected = network().predict(given).data;
      x.set(given);
      predictor.run(rows);
      expect(out.slice(0, rows * 3)).toEqual(expected);
    }
  });

  it("reads and writes by name, ids as whole numbers", () => {
    const predictor = lookup();
    const { x, out } = predictor.buffers;
    expect(x.ids).toBeInstanceOf(Int32Array);
    const given = { x: noise(SIZE * 2), ids: Int32Array.from({ length: SIZE * 3 }, (_, i) => i % 6) };
    x.x.set(given.x);
    x.ids.set(given.ids);
    predictor.run(SIZE);
    const { sum, words } = lookup().predict(given);
    expect(out.sum).toEqual(sum.data);
    expect(out.words).toEqual(words.data);
  });

  it("leaves the rows that it read", () => {
    const predictor = network();
    const given = noise(SIZE * 5);
    predictor.buffers.x.set(given);
    predictor.run(SIZE);
    const first = predictor.buffers.out.slice();
    predictor.run(SIZE);
    expect(predictor.buffers.x).toEqual(given);
    expect(predictor.buffers.out).toEqual(first);
  });

  it("gives NaN for rows that hold NaN, and for those alone", () => {
    const predictor = network();
    const { x, out } = predictor.buffers;
    x.set(noise(SIZE * 5));
    x[5] = Number.NaN;
    predictor.run(2);
    expect([...out.subarray(3, 6)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(out.slice(0, 3)).toEqual(network().predict(noise(5)).data);
  });

  it("refuses an id outside its table with row, column and value", () => {
    const predictor = lookup();
    const { x, out } = predictor.buffers;
    const before = stateDigest(predictor);
    for (const id of [6, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      x.ids[SIZE + 1] = id;
      expect(thrownBy(() => predictor.run(2))).toEqual(
        new DataError(
          `run: x.ids: ids must be whole numbers from 0 to 5; got ${id} at row 1, column 2${id === 6 ? " (ids count from 0)" : ""}`,
          "label",
        ),
      );
      // Rows that are not computed are not looked at.
      predictor.run(1);
    }
    x.ids[SIZE + 1] = 5;
    predictor.run(2);
    expect(out.words.subarray(10, 12).every(Number.isFinite)).toBe(true);
    expect(stateDigest(predictor)).toBe(before);
  });

  it("refuses another number of rows", () => {
    const predictor = network();
    for (const rows of [0, SIZE + 1, 1.5, Number.NaN, undefined as never, "1" as never])
      expect(() => predictor.run(rows)).toThrow(OptionError);
    expect(thrownBy(() => predictor.run(5)).message).toBe(
      "run: rows must be a whole number from 1 to 4 (batchSize); got 5",
    );
  });
});

describe("buffers", () => {
  it("are made once, of trainers too", () => {
    const predictor = network();
    expect(predictor.buffers).toBe(predictor.buffers);
    const trainer = classifier();
    expect(trainer.buffers.step.x).toBe(trainer.buffers.step.x);
  });

  it("have room for a batch, and lie in one memory", () => {
    const { x, out } = network().buffers;
    expect([x.length, out.length]).toEqual([SIZE * 5, SIZE * 3]);
    expect(x.buffer).toBe(out.buffer);
  });

  it("refuse assignment, which would set nothing", () => {
    const { buffers } = lookup();
    expect(() => Object.assign(buffers, { x: new Float32Array(4) })).toThrow(
      new OptionError("buffers.x: must not be assigned; use set() of the view"),
    );
    expect(() => Object.assign(buffers.x, { ids: [1] })).toThrow(OptionError);
  });

  it("end with the program", () => {
    const predictor = network();
    predictor.run(1);
    predictor.dispose();
    expect(() => predictor.buffers).toThrow(DisposedError);
    expect(() => predictor.run(1)).toThrow(DisposedError);
  });
});
