import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compile, DataError, dense, digestOf, sequential, sha256 } from "../../src/index.ts";
import { contentDigest } from "../../src/program/file.ts";
import { readSafetensors } from "../../src/safetensors.ts";
import { xor, xorTrainer } from "../fixtures.ts";

describe("sha256", () => {
  it("is that of Node, for all lengths around its blocks and for texts", () => {
    for (let length = 0; length < 200; length++) {
      const bytes = new Uint8Array(length).map((_, i) => i * 31 + length);
      expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
    expect(sha256("größer")).toBe(createHash("sha256").update("größer").digest("hex"));
  });

  it("takes bytes in whatever they come", () => {
    const bytes = Float32Array.of(1, 2, 3);
    expect(sha256(bytes.buffer)).toBe(sha256(bytes));
    expect(sha256(new DataView(bytes.buffer, 4, 4))).toBe(sha256(bytes.subarray(1, 2)));
    expect(() => sha256(5 as never)).toThrow(DataError);
  });
});

describe("digestOf", () => {
  it("is that of the numbers, in whatever they come", () => {
    const digest = digestOf({
      x: [
        [0, 1],
        [1, 1],
      ],
      y: [0, 1],
    });
    expect(digestOf({ y: Int32Array.of(0, 1), x: [Float32Array.of(0, 1), [1, 1]] })).toBe(digest);
    expect(digestOf({ x: { data: Float64Array.of(0, 1, 1, 1), shape: [2, 2] }, y: [0, 1] })).toBe(digest);
    expect(
      digestOf(
        JSON.parse(
          JSON.stringify({
            x: [
              [0, 1],
              [1, 1],
            ],
            y: [0, 1],
            more: undefined,
          }),
        ),
      ),
    ).toBe(digest);
  });

  it.each([
    [
      [1, 2],
      [2, 1],
    ],
    [[[1, 2]], [1, 2]],
    [[[1], [2]], [[1, 2]]],
    [
      [1, 2],
      ["1", "2"],
    ],
    [[0], [-0]],
    [[0.1], [Math.fround(0.1)]],
    [{ a: 1 }, { b: 1 }],
    [
      { a: [1], b: [2] },
      { a: [2], b: [1] },
    ],
    [
      ["ab", "c"],
      ["a", "bc"],
    ],
    [[null], [undefined]],
    [[true], [false]],
    [
      [[1, 2], [3]],
      [[1], [2, 3]],
    ],
    [new Date(0), new Date(1)],
    [[], {}],
  ])("tells %o from %o", (a, b) => {
    expect(digestOf(a)).not.toBe(digestOf(b));
    expect(digestOf(structuredClone(a))).toBe(digestOf(a));
  });

  it("counts every NaN as one", () => {
    const other = new Float64Array(new BigUint64Array([0x7ff8000000000001n]).buffer);
    expect(digestOf(other)).toBe(digestOf([Number.NaN]));
  });

  it("refuses what is no data, and what holds itself", () => {
    for (const value of [() => {}, Symbol("x"), 1n, Promise.resolve(), new Map(), [() => {}]])
      expect(() => digestOf(value)).toThrow(DataError);
    const own: unknown[] = [];
    own.push(own, "x");
    expect(() => digestOf(own)).toThrow("at most 64 levels deep");
  });

  it("stays what it is from version to version", () => {
    expect(digestOf({ ...xor, labels: ["no", "yes"] })).toBe(
      "7aa36a640be8439ad8740c478b4618f75dfc93a5337fcc5bf1dfe733eb66de38",
    );
  });
});

describe("the digest of a trainer", () => {
  it("of parameters alone is the same before and after a step that changes nothing but counters", () => {
    const trainer = xorTrainer(42);
    const before = [trainer.digest(), trainer.digest({ training: true })];
    trainer.setLearningRate(0);
    trainer.step(xor);
    expect(trainer.digest()).toBe(before[0]);
    expect(trainer.digest({ training: true })).not.toBe(before[1]);
  });

  it("of the whole state is the same for the same training, in one piece or two", () => {
    const [a, b] = [xorTrainer(), xorTrainer()];
    a.fitSync(xor, { epochs: 10 });
    b.fitSync(xor, { epochs: 4 });
    b.fitSync(xor, { epochs: 6 });
    expect(b.digest({ training: true })).toBe(a.digest({ training: true }));
  });
});

it("the digest of a file is taken as its definition says", () => {
  const { metadata, tensors } = readSafetensors(
    "test",
    compile(sequential({ input: [1] }, [dense(1)])).save(),
  );
  const hash = createHash("sha256");
  for (const name of [...metadata.keys()].sort())
    if (name !== "digest") hash.update(`${name}\0${metadata.get(name)}\0`);
  for (const name of [...tensors.keys()].sort()) {
    const { dtype, shape, data } = tensors.get(name) as never as {
      dtype: string;
      shape: number[];
      data: Uint8Array;
    };
    hash
      .update(`${name}\0${dtype}\0`)
      .update(Uint32Array.of(shape.length, ...shape))
      .update(data);
  }
  expect(contentDigest(metadata, tensors.values())).toBe(metadata.get("digest"));
  expect(hash.digest("hex")).toBe(metadata.get("digest"));
});
