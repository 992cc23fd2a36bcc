/** Engines that keep the order of instructions run products in other tiles. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { compile, dense, meanSquaredError, model, sgd } from "../../src/index.ts";
import { noise, xorModel } from "../fixtures.ts";

const v8 = Number(process.versions.v8.split(".")[0]);

/** What JavaScriptCore has, and V8 only from version 14 on. */
function pretendToKeepOrder(): void {
  if (!("fromHex" in Uint8Array)) Object.defineProperty(Uint8Array, "fromHex", { configurable: true });
}

afterEach(() => {
  vi.restoreAllMocks();
  if (v8 < 14) Reflect.deleteProperty(Uint8Array, "fromHex");
});

/** What a new instance of the kernels is told. */
function told(): unknown[] {
  const { Instance } = WebAssembly;
  const values: unknown[] = [];
  vi.spyOn(WebAssembly, "Instance").mockImplementation(
    class {
      readonly exports: object;
      constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
        const { exports } = new Instance(module, imports);
        this.exports = { ...exports, setKeepsOrder: (value: unknown) => values.push(value) };
      }
    } as never,
  );
  compile(xorModel());
  return values;
}

describe("the kernels", () => {
  it("are told of the order by the age of the engine", () => {
    expect(told()).toEqual([v8 >= 13]);
  });

  it("are told of the order by what other engines of that age have", () => {
    pretendToKeepOrder();
    expect(told()).toEqual([true]);
  });

  it("train to the same bits either way, also where short batches make products narrow", () => {
    const rows = 3 * 16 + 11;
    const data = {
      x: { data: noise(rows * 6), shape: [rows, 6] },
      y: { data: noise(rows * 5), shape: [rows, 5] },
    };
    const train = () => {
      // W v^T, and its gradient by v, are products with as many columns as the batch has rows.
      const net = model({ inputs: { x: [6] }, seed: 3 }, ({ x }) => {
        const v = dense(200)(x);
        const uniform = { kind: "uniform", low: -0.1, high: 0.1 } as const;
        const w = x.of(x.builder.graph.addVariable("w", [5, 200], uniform));
        return { y: w.matMul(v.transpose()).transpose() };
      });
      const optimizer = sgd({ learningRate: 1e-4 });
      using trainer = compile(net, { loss: { y: meanSquaredError() }, optimizer, batchSize: 16 });
      const { loss } = trainer.fitSync({ x: { x: data.x }, y: { y: data.y } }, { epochs: 3 });
      return { loss, digest: trainer.digest() };
    };
    const before = train();
    pretendToKeepOrder();
    expect(train()).toEqual(before);
  });
});
