/** The command of the packed package, as `npx` finds it. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { VERSION } from "../../src/version.ts";
import { tarball } from "./tarball.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmgrad-npx-"));
afterAll(() => rmSync(folder, { recursive: true }));

function npx(args: readonly string[], input?: string) {
  const { stdout, stderr, status } = spawnSync("npx", ["--no-install", "wasmgrad", ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, FORCE_COLOR: undefined, NO_COLOR: undefined },
    ...(input === undefined ? {} : { input }),
  });
  return { out: stdout, error: stderr, status };
}

beforeAll(() => {
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball()], {
    cwd: folder,
    stdio: "ignore",
  });
  copyFileSync(fileURLToPath(new URL("../data/iris.csv", import.meta.url)), join(folder, "iris.csv"));
}, 300_000);

describe("npx wasmgrad", () => {
  it("prints its version", () => {
    expect(npx(["--version"])).toEqual({ out: `${VERSION}\n`, error: "", status: 0 });
  });

  it("goes from a table to predictions", () => {
    const flags = ["--hidden", "32,16", "--epochs", "100", "--validate", "0.2", "--out", "own.safetensors"];
    const trained = npx(["train", "iris.csv", "--target", "species", ...flags]);
    expect(trained).toMatchObject({ error: "", status: 0 });
    expect(trained.out).toContain("a network of 32, 16 hidden units");
    const text = readFileSync(join(folder, "iris.csv"), "utf8");
    const predicted = npx(["predict", "own.safetensors", "iris.csv"]);
    expect(predicted).toMatchObject({ error: "", status: 0 });
    const lines = predicted.out.trim().split("\n");
    expect(lines).toHaveLength(151);
    expect(lines[0].startsWith(`${text.split("\n")[0]},prediction,probability_`)).toBe(true);
    // The same from stdin.
    expect(npx(["predict", "own.safetensors", "-"], text).out).toBe(predicted.out);
    expect(npx(["evaluate", "own.safetensors", "iris.csv"]).out).toMatch(/\naccuracy +0\.9/);
    expect(npx(["info", "model", "own.safetensors"]).out).toContain("reads 4 columns");
  }, 120_000);

  it("trains to the same bits as another process, with other settings of place and language", () => {
    const train = (name: string, env: NodeJS.ProcessEnv) => {
      const args = [
        "--no-install",
        "wasmgrad",
        "train",
        "iris.csv",
        "--target",
        "species",
        "--json",
        "--out",
        name,
      ];
      const { stdout } = spawnSync("npx", args, {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, ...env },
      });
      return JSON.parse(stdout).digest;
    };
    const there = train("there.safetensors", {
      TZ: "Asia/Tokyo",
      LANG: "tr_TR.UTF-8",
      LC_ALL: "tr_TR.UTF-8",
    });
    expect(train("here.safetensors", { TZ: "America/New_York", LANG: "C", LC_ALL: "C" })).toBe(there);
    expect(
      readFileSync(join(folder, "here.safetensors")).equals(readFileSync(join(folder, "there.safetensors"))),
    ).toBe(true);
  });

  it("has statuses and messages, and no stack", () => {
    expect(npx(["train", "iris.csv", "--target", "spices"])).toMatchObject({
      out: "",
      status: 1,
      error: expect.stringMatching(/^error: iris\.csv: must have the target column "spices"; got [^\n]*\n$/),
    });
    expect(npx(["train"])).toMatchObject({ out: "", status: 2 });
    expect(npx(["nothing"])).toMatchObject({ out: "", status: 2 });
  });

  it("trains XOR, and gives every workload of the suite the bits that were shipped", () => {
    expect(JSON.parse(npx(["xor", "--json"]).out)).toMatchObject({ converged: true });
    const { out, error, status } = npx(["bench", "--json"]);
    expect({ error, status }).toEqual({ error: "", status: 0 });
    const { workloads, score } = JSON.parse(out);
    expect(score).toBeGreaterThan(0);
    expect(workloads.map(({ bits }: { bits: string }) => bits)).toEqual(workloads.map(() => "equal"));
  }, 120_000);

  it("stops without a word where its reader does", () => {
    const { stdout, stderr } = spawnSync(
      "bash",
      ["-o", "pipefail", "-c", "npx --no-install wasmgrad predict own.safetensors iris.csv | head -n 1"],
      { cwd: folder, encoding: "utf8" },
    );
    expect(stdout.split("\n")).toHaveLength(2);
    expect(stderr).toBe("");
  });
});
