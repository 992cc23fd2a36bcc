import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compile, createEngine, OptionError, UnsupportedEngineError, valueAndGrad } from "../../src/index.ts";
import { classifier, noise, xor, xorModel, xorTrainer } from "../fixtures.ts";
import { disableRelaxedSimd, enableRelaxedSimd } from "../relaxed-simd.ts";

const dist = (name: string) => readFileSync(new URL(`../../dist/${name}`, import.meta.url));

beforeEach(enableRelaxedSimd);
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a relaxed engine", () => {
  const data = {
    x: { data: noise(64 * 5), shape: [64, 5] },
    y: Array.from({ length: 64 }, (_, i) => i % 3),
  };

  it("trains to what the strict one does, within rounding", async () => {
    const engine = await createEngine({ relaxed: true });
    const relaxed = classifier({ engine });
    const strict = classifier();
    const { loss } = relaxed.fitSync(data, { epochs: 20 });
    expect(loss).toBeCloseTo(strict.fitSync(data, { epochs: 20 }).loss, 3);
    const p = relaxed.predict(data.x).data;
    strict.predict(data.x).data.forEach((q, i) => {
      expect(Math.abs(p[i] - q)).toBeLessThan(1e-3);
    });
  });

  it("trains XOR, predicts row by row what it predicts for all, and differentiates functions", async () => {
    const engine = await createEngine({ relaxed: true });
    const trainer = xorTrainer(42, { engine });
    expect(trainer.fitSync(xor, { epochs: 1000, stopWhen: { lossBelow: 0.01 } }).reason).toBe("lossBelow");
    const all = trainer.predict(xor.x).data;
    xor.x.forEach((row, i) => {
      expect(trainer.predict(row).data[0]).toBeCloseTo(all[i], 5);
    });
    const { value, gradients } = valueAndGrad((a, b) => a.mul(b), { engine })(3, 5);
    expect([value, ...gradients]).toEqual([15, 5, 3]);
  });

  it("is named in the manifest, as the strict one is", async () => {
    const engine = await createEngine({ relaxed: true });
    expect(engine.relaxed).toBe(true);
    expect(compile(xorModel(), { engine }).manifest()).toMatchObject({ kernels: "relaxed" });
    expect((await createEngine()).relaxed).toBe(false);
    expect(compile(xorModel()).manifest()).toMatchObject({ kernels: "strict" });
  });

  it("exchanges states with a strict one", async () => {
    const engine = await createEngine({ relaxed: true });
    const [relaxed, strict] = [xorTrainer(1, { engine }), xorTrainer(2)];
    relaxed.fitSync(xor, { epochs: 10 });
    strict.restore(relaxed.state());
    expect(strict.digest()).toBe(relaxed.digest());
  });

  it("is refused where the engine has no relaxed SIMD, before anything is loaded", async () => {
    const validate = WebAssembly.validate;
    vi.spyOn(WebAssembly, "validate").mockImplementation((bytes) => {
      const isProbeOfRelaxed = [...(bytes as Uint8Array)].join().includes("253,133,2");
      return !isProbeOfRelaxed && validate(bytes);
    });
    const refused = createEngine({ relaxed: true });
    await expect(refused).rejects.toBeInstanceOf(UnsupportedEngineError);
    await expect(refused).rejects.toThrow(
      "createEngine: relaxed needs an engine with WebAssembly relaxed SIMD; got one without, which can run the default kernels at most",
    );
    expect((await createEngine()).relaxed).toBe(false);
  });

  it("is refused by an engine that lacks it, or made by one that has it: the probe tells which", async () => {
    disableRelaxedSimd();
    const probe = new Uint8Array(dist("wasmgrad-relaxed.wasm"));
    const made = createEngine({ relaxed: true });
    if (WebAssembly.validate(probe)) expect((await made).relaxed).toBe(true);
    else await expect(made).rejects.toBeInstanceOf(UnsupportedEngineError);
  });

  it("is refused without WebAssembly", async () => {
    vi.stubGlobal("WebAssembly", undefined);
    await expect(createEngine({ relaxed: true })).rejects.toBeInstanceOf(UnsupportedEngineError);
  });

  it("takes its own binary from elsewhere, and no other", async () => {
    const own = await createEngine({ relaxed: true, wasm: dist("wasmgrad-relaxed.wasm") });
    expect(own.relaxed).toBe(true);
    expect(compile(xorModel(), { engine: own }).predict(xor.x).shape).toEqual([4, 1]);
    const strictAsRelaxed = createEngine({ relaxed: true, wasm: dist("wasmgrad.wasm") });
    await expect(strictAsRelaxed).rejects.toThrow(OptionError);
    await expect(strictAsRelaxed).rejects.toThrow(/must be wasmgrad-relaxed\.wasm where relaxed is true/);
    const relaxedUnasked = createEngine({ wasm: dist("wasmgrad-relaxed.wasm") });
    await expect(relaxedUnasked).rejects.toThrow(/must be wasmgrad\.wasm where relaxed is false/);
  });

  it("is asked for by true or false", async () => {
    await expect(createEngine({ relaxed: "yes" as never })).rejects.toThrow(
      'createEngine: relaxed must be a boolean; got "yes"',
    );
  });
});

describe("the kernels that are loaded on demand", () => {
  it("stay out of what a page loads at its start, and of reach for pages that make no engine", async () => {
    const page = async (names: string) => {
      const { metafile } = await build({
        stdin: {
          contents: `import { ${names} } from "./src/index.ts"; console.log(${names});`,
          resolveDir: fileURLToPath(new URL("../..", import.meta.url)),
        },
        bundle: true,
        splitting: true,
        format: "esm",
        outdir: "out",
        write: false,
        metafile: true,
      });
      const [start] = Object.values(metafile.outputs).filter((o) => o.entryPoint === "<stdin>");
      // What the page shares with a part that is loaded later, esbuild puts into a file of its own, which the package does not.
      const loads = start.imports.filter(({ kind }) => kind === "dynamic-import");
      return { carried: Object.keys(start.inputs).join(), loads: loads.map(({ path }) => path).join() };
    };
    const asking = await page("compile, createEngine");
    expect(asking.carried).toContain("predict.wasm.ts");
    expect(asking.carried).not.toMatch(/(train|extended)\.wasm\.ts/);
    expect(asking.carried).not.toContain("relaxed.wasm.ts");
    expect(asking.loads).toContain("relaxed.wasm");
    expect(asking.carried).not.toMatch(/threads\/|threads\.wasm\.ts/);
    expect(asking.loads).toMatch(/threads|index/);
    expect((await page("compile, dense, sequential")).loads).toBe("");
  });
});

describe("kernels from a URL", () => {
  it("that cannot be fetched are an OptionError that says why", async () => {
    const failure = new TypeError("fetch failed");
    vi.stubGlobal("fetch", () => Promise.reject(failure));
    const made = createEngine({ wasm: "https://example.org/wasmgrad.wasm" });
    await expect(made).rejects.toThrow(OptionError);
    await expect(made).rejects.toThrow(/got https:\/\/example.org\/wasmgrad.wasm: TypeError: fetch failed/);
    await expect(made).rejects.toMatchObject({ cause: { cause: failure } });
  });

  it("that are not there are an OptionError with the status", async () => {
    const missing = new Response("not found", { status: 404 });
    await expect(createEngine({ wasm: missing })).rejects.toThrow(OptionError);
    await expect(createEngine({ wasm: missing })).rejects.toThrow(/got status 404/);
  });
});
