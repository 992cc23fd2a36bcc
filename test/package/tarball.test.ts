/** The packed package, as npm would publish it. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { installInto } from "./tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-packed-"));
afterAll(() => rmSync(folder, { recursive: true }));
installInto(folder);
const packed = join(folder, "node_modules/wasmgrad");

describe("the tarball", () => {
  it("has the licence, the readme and the changelog", () => {
    expect(readdirSync(packed)).toEqual(expect.arrayContaining(["CHANGELOG.md", "LICENSE", "README.md"]));
  });
});
