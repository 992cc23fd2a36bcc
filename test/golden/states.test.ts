/** States of every format that was ever released: they load, and training goes on to the bits it then went on to. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import { FORMAT } from "../../src/program/directory.ts";
import { runs } from "./runs.mjs";

interface Expected {
  readonly bytes: number;
  /** Of the variables in the state, and after going on. */
  readonly digest: string;
  readonly after: string;
}

const folderOf = (format: number) => new URL(`state-${format}/`, import.meta.url);
const all = runs(wasmgrad);

it("there are states of every format up to the current one", () => {
  const folders = readdirSync(new URL(".", import.meta.url)).filter((name) => name.startsWith("state-"));
  expect(folders.sort()).toEqual(Array.from({ length: FORMAT }, (_, i) => `state-${i + 1}`));
});

describe.each(Array.from({ length: FORMAT }, (_, i) => i + 1))("states of format %i", (format) => {
  const expected: Readonly<Record<string, Expected>> = JSON.parse(
    readFileSync(new URL("expected.json", folderOf(format)), "utf8"),
  );

  it("are those of every run", () => {
    expect(Object.keys(expected).sort()).toEqual(Object.keys(all).sort());
  });

  it.each(Object.entries(expected))("load and go on: %s", (name, { bytes, digest, after }) => {
    const saved = new Uint8Array(readFileSync(new URL(`${name}.bin`, folderOf(format))));
    expect(saved.length).toBe(bytes);
    const { compile, goOn } = all[name];
    const program = compile(1000);
    expect(program.digest()).not.toBe(digest);
    program.restore(saved);
    expect(program.digest()).toBe(digest);
    goOn(program);
    expect(program.digest()).toBe(after);
  });
});
