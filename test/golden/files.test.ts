/** Files of every format that was ever released: they load, and training goes on to the bits it then went on to. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import { FILE_FORMAT } from "../../src/program/file.ts";
import { fileRuns } from "./file-runs.mjs";

interface Expected {
  readonly bytes: number;
  /** Of the variables in the file, and after going on. */
  readonly digest: string;
  readonly after: string;
}

const { batchNorm, dropout, embedding, layerNorm, load, loadTrainer, model } = wasmgrad;
const uses = [batchNorm, dropout, embedding, layerNorm, model];
const folderOf = (format: number) => new URL(`file-${format}/`, import.meta.url);
const all = fileRuns(wasmgrad);
const formats = Array.from({ length: FILE_FORMAT }, (_, i) => i + 1);

it("there are files of every format up to the current one", () => {
  const folders = readdirSync(new URL(".", import.meta.url)).filter((name) => /^file-\d+$/.test(name));
  expect(folders.sort()).toEqual(formats.map((format) => `file-${format}`));
});

describe.each(formats)("files of format %i", (format) => {
  const expected: Readonly<Record<string, Expected>> = JSON.parse(
    readFileSync(new URL("expected.json", folderOf(format)), "utf8"),
  );

  it("are those of every run", () => {
    expect(Object.keys(expected).sort()).toEqual(Object.keys(all).sort());
  });

  it.each(Object.entries(expected))("load and go on: %s", (name, { bytes, digest, after }) => {
    const file = new Uint8Array(readFileSync(new URL(`${name}.safetensors`, folderOf(format))));
    expect(file.length).toBe(bytes);
    expect(load(file, { uses }).digest()).toBe(digest);
    if (name === "predictor") return;
    const trainer = loadTrainer(file, { uses });
    expect(trainer.digest()).toBe(digest);
    all[name].goOn(trainer as never);
    expect(trainer.digest()).toBe(after);
  });
});
