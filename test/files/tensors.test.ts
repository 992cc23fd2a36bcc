import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  compile,
  DataError,
  dense,
  FileError,
  loadWeights,
  readTensors,
  sequential,
} from "../../src/index.ts";
import { writeSafetensors } from "../../src/safetensors.ts";
import { xorTrainer } from "../fixtures.ts";

const vector = (name: string) => new URL(`../vectors/${name}`, import.meta.url);
const foreign = new Uint8Array(readFileSync(vector("foreign.safetensors")));
const expected = JSON.parse(readFileSync(vector("foreign.json"), "utf8"));
const network = () => compile(sequential({ input: [3] }, [dense(4, { activation: "tanh" }), dense(2)]));
const NAMES = {
  "fc1.weight": "dense1.weight",
  "fc1.bias": "dense1.bias",
  "fc2.weight": "dense2.weight",
  "fc2.bias": "dense2.bias",
  "bn.num_batches_tracked": null,
};

/** A file with one tensor. */
const one = (name: string, dtype: "F16" | "F32" | "I32", shape: number[], data: Uint8Array) =>
  writeSafetensors([{ name, dtype, shape, data }], {});

describe("weights of PyTorch", () => {
  it("compute what they computed there, from four types of numbers", () => {
    const predictor = network();
    const result = loadWeights(predictor, foreign, { names: NAMES, transpose: true });
    expect([...result.loaded].sort()).toEqual([
      "dense1.bias",
      "dense1.weight",
      "dense2.bias",
      "dense2.weight",
    ]);
    expect(result).toMatchObject({ missing: [], unused: [] });
    expect([...predictor.parameters["dense1.bias"].data]).toEqual(expected.bias.map(Math.fround));
    const y = predictor.predict(expected.x).toArray() as number[][];
    y.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(expected.y[i][j], 5);
      });
    });
  });

  it("are named by a function, too, and transposed by name", () => {
    const [a, b] = [network(), network()];
    loadWeights(a, foreign, { names: NAMES, transpose: true });
    loadWeights(b, foreign, {
      names: (name) => (name.startsWith("bn.") ? null : name.replace("fc", "dense")),
      transpose: ["dense1.weight", "dense2.weight"],
    });
    expect(b.digest()).toBe(a.digest());
  });

  it("say where they must be transposed", () => {
    const before = network().digest();
    const predictor = network();
    expect(() => loadWeights(predictor, foreign, { names: NAMES })).toThrow(
      'loadWeights: dense1.weight must be [3, 4]; got fc1.weight [4, 3]: write transpose: true, or ["dense1.weight"]',
    );
    expect(predictor.digest()).toBe(before);
  });

  it("are all taken, or named as left out", () => {
    const predictor = network();
    expect(() => loadWeights(predictor, foreign, { transpose: true })).toThrow(
      "loadWeights: all parameters and all tensors must go together; got none for dense1.weight, dense1.bias, dense2.weight, dense2.bias, " +
        "and no use for bn.num_batches_tracked, fc2.bias, fc1.weight, fc2.weight, fc1.bias: give names, or partial: true",
    );
    const some = loadWeights(predictor, foreign, {
      names: { "fc2.weight": "dense2.weight" },
      transpose: true,
      partial: true,
    });
    expect(some.loaded).toEqual(["dense2.weight"]);
    expect(some.missing).toEqual(["dense1.weight", "dense1.bias", "dense2.bias"]);
    expect(some.unused).toHaveLength(4);
  });

  it.each([
    [{ names: { fc3: "dense1.weight" } }, 'unknown tensor "fc3"'],
    [{ names: { "fc1.weight": "dense9.weight" } }, 'unknown parameter "dense9.weight"'],
    [
      { names: { "fc1.weight": "dense1.weight", "fc2.weight": "dense1.weight" }, transpose: true },
      "each parameter must have one tensor; got two for dense1.weight",
    ],
    [{ names: () => 5 as never }, "names must give a name or null; got 5"],
    [{ transpose: ["fc1.weight"] }, 'unknown parameter "fc1.weight"'],
  ])("refuse %o", (options, message) => {
    expect(() => loadWeights(network(), foreign, options as never)).toThrow(message as string);
  });
});

describe("numbers of half precision", () => {
  it.each(Object.entries(expected.halves))("have their value: %s", (word, value) => {
    const predictor = compile(sequential({ input: [1] }, [dense(1, { bias: false })]));
    const bytes = new Uint8Array(Uint16Array.of(Number(word)).buffer);
    loadWeights(predictor, one("dense1.weight", "F16", [1, 1], bytes));
    expect(predictor.parameters["dense1.weight"].data[0]).toBe(value);
  });

  it("are refused where they are not finite", () => {
    const predictor = compile(sequential({ input: [1] }, [dense(1, { bias: false })]));
    for (const word of [0x7c00, 0xfc00, 0x7e00])
      expect(() =>
        loadWeights(
          predictor,
          one("dense1.weight", "F16", [1, 1], new Uint8Array(Uint16Array.of(word).buffer)),
        ),
      ).toThrow(DataError);
  });
});

describe("other tensors", () => {
  it("are no parameters where they are whole numbers", () => {
    const predictor = compile(sequential({ input: [1] }, [dense(1, { bias: false })]));
    expect(() => loadWeights(predictor, one("dense1.weight", "I32", [1, 1], new Uint8Array(4)))).toThrow(
      "loadWeights: parameters must be F64, F32, F16, BF16; got dense1.weight in I32",
    );
  });

  it("of a file of this package are taken without what training keeps", () => {
    const trainer = xorTrainer();
    const other = xorTrainer(7);
    loadWeights(other, trainer.save());
    expect(other.digest()).toBe(trainer.digest());
  });

  it("are read by name, with the digest of a file of this package checked", () => {
    const bytes = xorTrainer().save();
    const { metadata, tensors } = readTensors(bytes);
    expect(tensors["dense1.bias"]).toMatchObject({ dtype: "F32", shape: [8] });
    expect(metadata.format).toBe("wasmgrad");
    bytes[bytes.length - 1] ^= 1;
    expect(() => readTensors(bytes)).toThrow(FileError);
    expect(readTensors(foreign).metadata).toEqual({ format: "pt" });
  });
});
