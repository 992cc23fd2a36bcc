import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

interface Measured {
  readonly disposed: { readonly programs: number; readonly memories: number };
  readonly training: { readonly sync: number; readonly all: number; readonly wasm: number };
  readonly prediction: { readonly bytesOf200000: number };
  readonly buffers: { readonly bytesOf200000: number; readonly sum: number };
  readonly dropped: { readonly grown: number; readonly most: number; readonly live: number };
}

describe("memory, measured on the built package", () => {
  let measured: Measured;
  beforeAll(() => {
    const script = fileURLToPath(new URL("memory.mjs", import.meta.url));
    // Ended after a while, because Node may hang at exit (nodejs/node issue 54918); what it printed counts.
    const { stdout, stderr, status, signal } = spawnSync(process.execPath, ["--expose-gc", script], {
      encoding: "utf8",
      timeout: 100_000,
      killSignal: "SIGKILL",
    });
    if (status !== 0 && signal !== "SIGKILL") throw new Error(stderr);
    measured = JSON.parse(stdout);
  }, 120_000);

  it("a million steps of XOR leave the heap and the WASM memory where they were", () => {
    const { sync, all, wasm } = measured.training;
    // A step that kept as little as one byte would leave a million.
    expect(sync).toBeLessThan(200_000);
    expect(all).toBeLessThan(300_000);
    expect(wasm).toBe(0);
  });

  it("predicting one row into the caller's array allocates nothing", () => {
    // The smallest object has 16 bytes; what is left is the profiler's own and code being optimized.
    expect(measured.prediction.bytesOf200000).toBeLessThan(200_000);
  });

  it("predicting and learning from rows in the engine's memory allocates nothing", () => {
    expect(measured.buffers.sum).toBeGreaterThan(0);
    expect(measured.buffers.bytesOf200000).toBeLessThan(200_000);
  });

  it("10,000 programs compiled and dropped without dispose() are collected", () => {
    expect(measured.dropped.grown).toBeLessThan(200e6);
    expect(measured.dropped.most).toBeLessThan(10_000);
  });

  it("10,000 programs compiled and disposed are not counted as alive", () => {
    expect(measured.dropped.live).toBeLessThan(10_000);
  });

  it("disposed programs that are kept do not keep their memory", () => {
    expect(measured.disposed).toEqual({ programs: 10, memories: 0 });
  });
});
