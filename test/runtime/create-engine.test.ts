import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  AbiError,
  adam,
  compile,
  createEngine,
  dense,
  isSupported,
  MemoryError,
  meanSquaredError,
  OptionError,
  sequential,
  UnsupportedEngineError,
  valueAndGrad,
} from "../../src/index.ts";
import { thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

const root = new URL("../../", import.meta.url);
const wasm = () => new Uint8Array(readFileSync(new URL("dist/wasmgrad.wasm", root)));

/** Compiling, or making an instance, throws what browsers throw where a policy forbids it. */
function forbid(what: "Module" | "Instance") {
  function refuse() {
    throw new WebAssembly.CompileError("Refused to compile or instantiate WebAssembly module");
  }
  vi.spyOn(WebAssembly, what).mockImplementation(refuse as never);
  if (what === "Module") vi.spyOn(WebAssembly, "compile").mockImplementation(async () => refuse() as never);
}

const FORBIDDEN_ON_PAGES =
  "a Content-Security-Policy that forbids to compile it: add 'wasm-unsafe-eval' to its script-src";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("a program that does not fit", () => {
  const huge: [string, () => unknown][] = [
    ["by its parameters", () => compile(sequential({ input: [65_536] }, [dense(65_536)]))],
    ["by its optimizer", () => training(sequential({ input: [20_000] }, [dense(20_000)]))],
    ["by its batch", () => compile(sequential({ input: [1000] }, [dense(1)]), { batchSize: 2_000_000 })],
    ["by its window", () => training(sequential({ input: [1000] }, [dense(1)]), { windowRows: 2_000_000 })],
    ["by far", () => compile(sequential({ input: [2] }, [dense(2 ** 40)]))],
    ["by a batch beyond reason", () => compile(xorModel(), { batchSize: 2 ** 52 })],
  ];
  const training = (net: ReturnType<typeof xorModel>, options = {}) =>
    compile(net, { loss: meanSquaredError(), optimizer: adam(), ...options });
  for (const [name, act] of huge)
    it(`in 4 GiB ${name} is a MemoryError that says how large it is`, () => {
      const error = thrownBy(act) as MemoryError;
      expect(error).toBeInstanceOf(MemoryError);
      expect(error.message).toMatch(
        /^compile: a program must fit in 4 GiB; got a program of [\d.]+ \w+ beside \d+ live programs$/,
      );
      expect(error.bytes).toBeGreaterThan(2 ** 32);
    });

  it("and one that just fits, beyond 2 GiB, computes what a small one does", () => {
    // 3 GiB of input rows, of which only the few that are used are ever touched.
    const net = sequential({ input: [1 << 20], seed: 3 }, [
      dense(2, { weightInitializer: "glorotUniform" }),
      dense(1),
    ]);
    const row = Float32Array.from({ length: 1 << 20 }, (_, i) => (i % 7) - 3);
    const small = compile(net, { batchSize: 1 });
    using large = compile(net, { batchSize: 768 });
    expect(large.summary()).toContain("3.0 GiB");
    expect(large.predict(row).data).toEqual(small.predict(row).data);
    expect(large.digest()).toBe(small.digest());
  });

  for (const thrown of [
    new RangeError("WebAssembly.Memory(): could not allocate memory"),
    new TypeError("Out of memory"),
    new Error("failed"),
    "out of memory",
    undefined,
  ])
    it(`because the engine has no memory left is a MemoryError, when it throws ${thrown}`, async () => {
      const engine = await createEngine();
      const alive = [1, 2, 3].map((seed) => compile(xorModel(seed), { engine }));
      alive[0].dispose();
      vi.spyOn(WebAssembly, "Memory").mockImplementation(
        class {
          constructor() {
            throw thrown;
          }
        } as never,
      );
      const error = thrownBy(() => compile(xorModel(), { engine })) as MemoryError;
      expect(error).toBeInstanceOf(MemoryError);
      expect(error.message).toMatch(
        /^compile: the engine has no memory left; dispose\(\) programs, or train many models by one program and states; got a program of [\d.]+ KiB beside 2 live programs$/,
      );
      expect(error.livePrograms).toBe(2);
      expect(error.bytes).toBeGreaterThan(1000);
      expect(error.cause.cause).toBe(thrown);
      vi.restoreAllMocks();
      expect(compile(xorModel(), { engine }).predict(xor.x).shape).toEqual([4, 1]);
    });

  it("in valueAndGrad says so, too", () => {
    const f = valueAndGrad<[{ data: Float32Array; shape: number[] }]>((a) => a.sum());
    expect(() => f({ data: new Float32Array(1), shape: [2 ** 31] })).toThrow(MemoryError);
  });
});

describe("createEngine", () => {
  it("counts live programs: made and not disposed", async () => {
    const engine = await createEngine();
    expect(engine.livePrograms).toBe(0);
    const programs = [1, 2].map((seed) => compile(xorModel(seed), { engine }));
    expect(engine.livePrograms).toBe(2);
    programs[0].dispose();
    programs[0].dispose();
    expect(engine.livePrograms).toBe(1);
  });

  const sources: Record<string, () => unknown> = {
    bytes: wasm,
    "an ArrayBuffer": () => wasm().buffer,
    "a module": () => new WebAssembly.Module(wasm()),
    "a response": () => new Response(wasm()),
    "a URL": () => `data:application/wasm;base64,${Buffer.from(wasm()).toString("base64")}`,
    "a URL object": () => new URL(`data:application/wasm;base64,${Buffer.from(wasm()).toString("base64")}`),
  };
  for (const [name, source] of Object.entries(sources))
    it(`takes kernels as ${name}, with the bits of the embedded ones`, async () => {
      const engine = await createEngine({ wasm: source() as never });
      const own = xorTrainer(1, { engine });
      const embedded = xorTrainer(1);
      own.fitSync(xor, { epochs: 20 });
      embedded.fitSync(xor, { epochs: 20 });
      expect(own.state()).toEqual(embedded.state());
    });

  it("passes its kernels on to snapshots", async () => {
    const engine = await createEngine();
    const trainer = xorTrainer(1, { engine });
    trainer.snapshot();
    expect(engine.livePrograms).toBe(2);
  });

  const foreign: [string, Uint8Array][] = [
    ["a module without a version", Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)],
    [
      "a module of another version",
      // (module (func (export "abiVersion") (result i32) i32.const 99))
      Uint8Array.of(
        ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0],
        ...[
          7, 14, 1, 10, 97, 98, 105, 86, 101, 114, 115, 105, 111, 110, 0, 0, 10, 7, 1, 5, 0, 65, 227, 0, 11,
        ],
      ),
    ],
    ["bytes that are no module", Uint8Array.of(1, 2, 3, 4)],
    ["no bytes", new Uint8Array()],
  ];
  for (const [name, bytes] of foreign)
    it(`refuses ${name} with an AbiError`, async () => {
      await expect(createEngine({ wasm: bytes as never })).rejects.toBeInstanceOf(AbiError);
    });
});

describe("kernels in a file", () => {
  const wasm = new URL("dist/wasmgrad.wasm", root);

  it.each([
    ["a URL", wasm],
    ["its text", wasm.href],
  ])("are read from %s", async (_, url) => {
    const engine = await createEngine({ wasm: url });
    expect(compile(xorModel(), { engine }).digest()).toBe(compile(xorModel()).digest());
  });

  it.each([
    ["a file that is not there", new URL("dist/none.wasm", root), /got file:.*none\.wasm: Error: ENOENT/],
    [
      "a path, which is no URL",
      "dist/wasmgrad.wasm",
      /\(pathToFileURL of a path\); got dist\/wasmgrad\.wasm: TypeError/,
    ],
  ])("are refused from %s", async (_, url, message) => {
    const made = createEngine({ wasm: url });
    await expect(made).rejects.toThrow(OptionError);
    await expect(made).rejects.toThrow(message);
  });
});

/** What an engine lacks, how that shows, and what is said about it. */
const LACKING: [string, () => void, string][] = [
  [
    "WebAssembly",
    () => vi.stubGlobal("WebAssembly", undefined),
    "an engine without WebAssembly: update the browser, or use Node 20.19 or newer",
  ],
  [
    "SIMD",
    () => {
      vi.spyOn(WebAssembly, "validate").mockReturnValue(false);
      forbid("Module");
    },
    "an engine without WebAssembly SIMD: update the browser, or use Node 20.19 or newer",
  ],
  [
    "leave of a page's policy",
    () => {
      vi.stubGlobal("location", new URL("https://example.org"));
      forbid("Module");
    },
    FORBIDDEN_ON_PAGES,
  ],
  [
    "leave of a page's policy, where WebKit compiles and makes no instance",
    () => {
      vi.stubGlobal("location", new URL("https://example.org"));
      forbid("Instance");
    },
    FORBIDDEN_ON_PAGES,
  ],
  [
    "leave to compile bytes",
    () => forbid("Module"),
    "a runtime that compiles no bytes: bundle with the condition workerd, or import wasmgrad/wasmgrad.wasm as a module, for createEngine({ wasm })",
  ],
];

describe.each(LACKING)("an engine without %s", (_, takeAway, why) => {
  it("is told by isSupported(), which has a why", () => {
    expect(isSupported()).toBe(true);
    expect(isSupported.why()).toBeUndefined();
    takeAway();
    expect(isSupported()).toBe(false);
    expect(isSupported.why()).toBe(why);
  });

  it("gives an UnsupportedEngineError with that why, and leaves things as they were", async () => {
    vi.resetModules();
    const fresh = await import("../../src/index.ts");
    const net = fresh.sequential({ input: [1] }, [fresh.dense(1)]);
    takeAway();
    const error = thrownBy(() => fresh.compile(net));
    expect(error).toBeInstanceOf(fresh.UnsupportedEngineError);
    expect(error.message).toBe(
      `engine: WebAssembly with SIMD is needed, and leave to compile it; got ${why}`,
    );
    for (const relaxed of [true, false])
      await expect(fresh.createEngine({ relaxed, wasm: wasm() })).rejects.toThrow(error.message);
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    expect(fresh.compile(net).predict([1]).shape).toEqual([1, 1]);
  });
});

describe("a runtime that compiles no bytes", () => {
  it("takes compiled kernels, and refuses others with an AbiError", async () => {
    const [own, other] = [wasm(), Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)].map(
      (bytes) => new WebAssembly.Module(bytes),
    );
    forbid("Module");
    const engine = await createEngine({ wasm: own });
    expect(xorTrainer(1, { engine }).fitSync(xor, { epochs: 1 }).steps).toBe(1);
    await expect(createEngine({ wasm: other })).rejects.toThrow(AbiError);
  });
});

describe("a module that stands for the embedded kernels", () => {
  it("makes do without compiling, to the same bits, in the default engine and in explicit ones", async () => {
    const expected = xorTrainer(1);
    expected.fitSync(xor, { epochs: 20 });
    vi.resetModules();
    const fresh = await import("../../src/index.ts");
    const { giveModule } = await import("../../src/runtime/kernels.ts");
    const module = new WebAssembly.Module(wasm());
    forbid("Module");
    expect(fresh.isSupported()).toBe(false);
    giveModule(module);
    expect(fresh.isSupported()).toBe(true);
    for (const options of [{}, { engine: await fresh.createEngine() }]) {
      const trainer = fresh.compile(xorModel(1) as never, {
        loss: fresh.binaryCrossEntropy(),
        optimizer: fresh.adam({ learningRate: 0.05 }),
        ...options,
      });
      trainer.fitSync(xor, { epochs: 20 });
      expect(trainer.digest()).toBe(expected.digest());
    }
  });
});

it("an UnsupportedEngineError is told by instanceof and by name", () => {
  const error = new UnsupportedEngineError("x");
  expect(error.name).toBe("UnsupportedEngineError");
  expect(error).toBeInstanceOf(Error);
});
