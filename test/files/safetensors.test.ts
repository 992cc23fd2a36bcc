import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { safetensors } from "@jax-js/loaders";
import { describe, expect, it } from "vitest";
import { FileError, readTensors, sha256 } from "../../src/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/safetensors.ts";
import { NETWORKS } from "./networks.ts";

const trainer = NETWORKS["dropout, groups, short batches"].make();
trainer.fitSync(NETWORKS["dropout, groups, short batches"].data, { epochs: 2 });
const file = trainer.save({ training: true });

/** The file of a header and as many bytes of tensors. */
function fileOf(header: unknown, bytes = 0, length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const made = new Uint8Array(8 + text.length + bytes);
  new DataView(made.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  made.set(text, 8);
  return made;
}

describe("a file that save writes", () => {
  const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)));
  const { __metadata__: metadata, ...tensors } = header;
  const entries = Object.entries(tensors) as [
    string,
    { dtype: string; shape: number[]; data_offsets: number[] },
  ][];

  it("begins with the length of a header in JSON that ends at a multiple of 8 bytes", () => {
    expect(headerBytes % 8).toBe(0);
    expect(file[8]).toBe("{".charCodeAt(0));
    expect(new TextDecoder().decode(file.subarray(8, 8 + headerBytes))).toMatch(/^\{.*\} *$/);
  });

  it("has texts alone in its metadata", () => {
    expect(Object.values(metadata).every((text) => typeof text === "string")).toBe(true);
    expect(Object.keys(metadata)).toEqual([
      "format",
      "formatVersion",
      "version",
      "model",
      "compile",
      "labels",
      "loss",
      "lossByOutput",
      "optimizer",
      "digest",
    ]);
  });

  it("has its tensors without holes, by the size of their elements, then by name", () => {
    let end = 0;
    const bytes = { F64: 8, F32: 4 } as Record<string, number>;
    for (const [, { dtype, shape, data_offsets: offsets }] of entries) {
      expect(offsets).toEqual([end, end + shape.reduce((p, d) => p * d, bytes[dtype])]);
      [, end] = offsets;
    }
    expect(8 + headerBytes + end).toBe(file.length);
    const key = ([name, { dtype }]: (typeof entries)[number]) => `${9 - bytes[dtype]} ${name}`;
    const keys = entries.map(key);
    expect(keys).toEqual([...keys].sort());
    expect(keys.length).toBeGreaterThan(20);
  });

  it("is read by jax-js", () => {
    const read = safetensors.parse(file);
    const weight = read.tensors["hidden.weight"];
    expect(weight.shape).toEqual([3, 6]);
    expect(weight.data).toEqual(trainer.parameters["hidden.weight"].data);
    expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
  });

  const python = process.env.PYTHON ?? "python3";
  const { status } = spawnSync(python, ["-c", "import safetensors.numpy"]);

  it.skipIf(status !== 0)(
    "is read by the reference implementation, which writes the same bytes of tensors",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "wasmgrad-"));
      writeFileSync(join(folder, "a"), file);
      const code = `
import hashlib, sys
from safetensors.numpy import load, save
written = save(load(open(sys.argv[1], "rb").read()), {})
size = int.from_bytes(written[:8], "little")
print(hashlib.sha256(written[8 + size:]).hexdigest())`;
      const hash = execFileSync(python, ["-c", code, join(folder, "a")], { encoding: "utf8" }).trim();
      rmSync(folder, { recursive: true });
      expect(sha256(file.subarray(8 + headerBytes))).toBe(hash);
    },
  );
});

describe("the format", () => {
  const data = (bytes: number) => new Uint8Array(bytes).map((_, i) => i);

  it("is read as it was written, whatever the names and types", () => {
    const tensors = [
      { name: "z", dtype: "U8", shape: [3], data: data(3) },
      { name: "10", dtype: "F16", shape: [2], data: data(4) },
      { name: "2", dtype: "F64", shape: [], data: data(8) },
      { name: "__proto__", dtype: "BF16", shape: [1, 1], data: data(2) },
      { name: 'a "quoted" name, ä', dtype: "I64", shape: [2, 1], data: data(16) },
      { name: "empty", dtype: "F32", shape: [0, 5], data: data(0) },
    ] as const;
    const { metadata, tensors: read } = readSafetensors(
      "test",
      writeSafetensors(tensors, { 7: "x", a: "ü" }),
    );
    expect([...metadata]).toEqual([
      ["7", "x"],
      ["a", "ü"],
    ]);
    expect([...read.keys()]).toEqual(["2", 'a "quoted" name, ä', "empty", "10", "__proto__", "z"]);
    for (const tensor of tensors) expect(read.get(tensor.name)).toEqual(tensor);
    expect(Object.keys(readTensors(writeSafetensors(tensors, {})).tensors)).toContain("__proto__");
  });

  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

  it.each([
    ["no bytes", new Uint8Array()],
    ["seven bytes", new Uint8Array(7)],
    ["a header beyond the end", fileOf({}, 0, 3n)],
    ["a header of 2^64 - 1 bytes", fileOf({}, 0, 2n ** 64n - 1n)],
    ["a header of 2^53 bytes", fileOf({}, 0, 2n ** 53n)],
    ["a header that is no JSON", fileOf("{")],
    ["a header that is no UTF-8", fileOf(`{"${"\ud800"}`)],
    ["a header that is an array", fileOf([])],
    ["a header that is null", fileOf(null)],
    ["a header of 100,000 brackets", fileOf("[".repeat(100_000))],
    ["a tensor that is null", fileOf({ a: null })],
    ["a tensor without dtype", fileOf({ a: { ...entry, dtype: undefined } }, 8)],
    ["a dtype of every object", fileOf({ a: { ...entry, dtype: "toString" } }, 8)],
    ["a shape that is a text", fileOf({ a: { ...entry, shape: "2" } }, 8)],
    ["a dimension below 0", fileOf({ a: { ...entry, shape: [-2, -1] } }, 8)],
    ["a dimension with a fraction", fileOf({ a: { ...entry, shape: [0.5, 4] } }, 8)],
    [
      "a product beyond the numbers that are exact",
      fileOf({ a: { ...entry, shape: [2 ** 52, 2 ** 52] } }, 8),
    ],
    [
      "a product of infinity and 0",
      fileOf({ a: { ...entry, shape: [...new Array(30).fill(2 ** 52), 0] } }, 8),
    ],
    ["three offsets", fileOf({ a: { ...entry, data_offsets: [0, 8, 8] } }, 8)],
    ["offsets in turn", fileOf({ a: { ...entry, data_offsets: [8, 0] } }, 8)],
    ["fewer bytes than the shape", fileOf({ a: { ...entry, data_offsets: [0, 4] } }, 8)],
    ["a tensor beyond the end", fileOf({ a: entry }, 4)],
    ["bytes behind the last tensor", fileOf({ a: entry }, 12)],
    ["a hole between two tensors", fileOf({ a: entry, b: { ...entry, data_offsets: [12, 20] } }, 20)],
    ["tensors that overlap", fileOf({ a: entry, b: { ...entry, data_offsets: [4, 12] } }, 12)],
    ["metadata that are a number", fileOf({ __metadata__: { a: 1 } })],
    ["metadata that are a text", fileOf({ __metadata__: "a" })],
  ])("refuses %s", (_, bytes) => {
    expect(() => readTensors(bytes)).toThrow(FileError);
  });
});
