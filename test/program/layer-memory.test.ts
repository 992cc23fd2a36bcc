import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import * as main from "../../src/index.ts";

interface Measured {
  /** Of one measurement. */
  readonly steps: number;
  /** Bytes of as many small objects. */
  readonly control: number;
  readonly measured: Readonly<Record<string, { bytes: number; wasm: number; steps: number; loss: number }>>;
}

/** What is exported from the files of layers and is none: models, what joins tensors, and what describes columns. */
const NO_LAYERS = ["logicGate", "parity", "concat", "stack", "inputColumns"];

const root = new URL("../../src/model/", import.meta.url);
const files = [
  ...readdirSync(new URL("layers/", root)).map((name) => `layers/${name}`),
  "composition.ts",
  "preprocessing.ts",
];

describe("steps allocate nothing, measured on the built package", () => {
  let report: Measured;
  let layers: string[];
  beforeAll(async () => {
    const script = fileURLToPath(new URL("layer-memory.mjs", import.meta.url));
    // Ended after a while, because Node may hang at exit (nodejs/node issue 54918); what it printed counts.
    const { stdout, stderr, status, signal } = spawnSync(process.execPath, ["--expose-gc", script], {
      encoding: "utf8",
      timeout: 100_000,
      killSignal: "SIGKILL",
    });
    if (status !== 0 && signal !== "SIGKILL") throw new Error(stderr);
    report = JSON.parse(stdout);
    const modules = await Promise.all(files.map((file) => import(new URL(file, root).href)));
    layers = modules
      .flatMap((module) => Object.keys(module))
      .filter((name) => name in main && !NO_LAYERS.includes(name));
  }, 120_000);

  it("through every layer of the package: a new one must join the list", () => {
    expect(layers).toContain("transformerBlock");
    expect(layers.filter((name) => !(name in report.measured))).toEqual([]);
  });

  it("on the heap, where the smallest object has 16 bytes, and in the memory of the kernels", () => {
    const { steps, control, measured } = report;
    expect(control).toBeGreaterThan(16 * steps);
    for (const [name, { bytes, wasm, loss, ...taken }] of Object.entries(measured)) {
      expect(taken.steps, name).toBeGreaterThanOrEqual(2 * steps);
      expect(Number.isFinite(loss), name).toBe(true);
      expect(bytes, name).toBeLessThan(8 * steps);
      expect(wasm, name).toBe(0);
    }
  });
});
