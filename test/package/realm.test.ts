/** What another realm made (an iframe, a vm context, jest) is as good as this realm's own. */
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { describe, expect, it, vi } from "vitest";
import { linearSeparability, logLikelihood, rank, singularValues } from "../../src/analysis/index.ts";
import {
  compile,
  createEngine,
  crossEntropy,
  DataError,
  dense,
  perceptron,
  ShapeError,
  StateError,
  sequential,
  sgd,
  valueAndGrad,
} from "../../src/index.ts";
import { classOf } from "../../src/realm.ts";
import { noise, thrownBy, xor, xorModel, xorTrainer } from "../fixtures.ts";

/** The value of an expression in a realm of its own, `given` being copied there by the expression. */
const foreign = <T>(expression: string, given?: unknown): T => runInNewContext(expression, { given });
const foreign32 = (values: ArrayLike<number>): Float32Array<ArrayBuffer> =>
  foreign("Float32Array.from(given)", values);

const ARRAYS = [
  "Float32Array",
  "Float64Array",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
];

describe("what another realm made", () => {
  it("is no instance of this realm's classes, or these tests show nothing", () => {
    expect(foreign32([1])).not.toBeInstanceOf(Float32Array);
    expect(foreign("({})")).not.toBeInstanceOf(Object);
    expect(classOf(foreign32([1]))).toBe("Float32Array");
  });

  it.each(ARRAYS)("is taken as rows: %s", (name) => {
    const predictor = compile(xorModel());
    const own = predictor.predict([[0, 1]]).data;
    const given = foreign(`${name}.of(0, 1)`);
    expect(predictor.predict(given as never).data).toEqual(own);
    expect(predictor.predict([given] as never).data).toEqual(own);
    expect(predictor.predict(foreign("({ data: given, shape: [1, 2] })", given)).data).toEqual(own);
    expect(predictor.predict(foreign("[[0, 1]]")).data).toEqual(own);
  });

  it("is trained on, to the same bits", () => {
    const [own, other] = [xorTrainer(), xorTrainer()];
    own.fitSync(xor, { epochs: 20 });
    const data = foreign<typeof xor>("({ x: Float32Array.from(given.x), y: Float32Array.from(given.y) })", {
      x: xor.x.flat(),
      y: xor.y,
    });
    other.fitSync(data, foreign("({ epochs: 20, stopWhen: { lossBelow: 0 } })"));
    expect(other.digest()).toBe(own.digest());
    expect(other.evaluate(data)).toEqual(own.evaluate(xor));
  });

  it("is taken as labels", () => {
    const net = sequential({ input: [2] }, [dense(3, { activation: "softmax" })]);
    const trainer = compile(net, { loss: crossEntropy(), optimizer: sgd() });
    const x = xor.x;
    const { loss } = trainer.evaluate({ x, y: [0, 1, 2, 1] });
    expect(trainer.evaluate({ x, y: foreign("Int32Array.of(0, 1, 2, 1)") }).loss).toBe(loss);
    expect(trainer.evaluate({ x, y: foreign("[0, 1, 2, 1]") }).loss).toBe(loss);
  });

  it("is refused where this realm's own is: bigints and DataViews", () => {
    const predictor = compile(xorModel());
    for (const expression of ["BigInt64Array.of(0n, 1n)", "new DataView(new ArrayBuffer(8))"]) {
      expect(thrownBy(() => predictor.predict(foreign(expression)))).toBeInstanceOf(ShapeError);
      expect(thrownBy(() => predictor.predict(foreign(`[${expression}]`)))).toBeInstanceOf(DataError);
      expect(thrownBy(() => rank(foreign(expression)))).toBeInstanceOf(ShapeError);
    }
  });

  it("is checked as this realm's own is", () => {
    expect(thrownBy(() => compile(xorModel()).predict(foreign32([0, Number.NaN]))).message).toBe(
      "predict: x: numbers must be finite in single precision; got NaN at row 0, column 1 (a missing value? impute it or drop the row)",
    );
    expect(thrownBy(() => xorTrainer().restore(foreign("new Uint8Array(3)")))).toBeInstanceOf(StateError);
    expect(thrownBy(() => xorTrainer().restore(foreign("new Int8Array(300)")))).toBeInstanceOf(StateError);
  });

  it("is written to: out", () => {
    const predictor = compile(xorModel());
    const out = foreign32([0, 0, 0, 0]);
    expect(predictor.predict(xor.x, { out })).toBe(out);
    expect([...out]).toEqual([...predictor.predict(xor.x).data]);
    expect(
      thrownBy(() => predictor.predict(xor.x, { out: foreign("new Float64Array(4)") as Float32Array })),
    ).toBeInstanceOf(ShapeError);
  });

  it("is restored from", () => {
    const trainer = xorTrainer();
    trainer.fitSync(xor, { epochs: 3 });
    const state = trainer.state();
    const digest = trainer.digest();
    trainer.reset();
    trainer.restore(foreign("Uint8Array.from(given)", state));
    expect(trainer.digest()).toBe(digest);
    expect(trainer.state()).toEqual(state);
  });

  it("is taken as initial values and as parameters", () => {
    const init = foreign<{ kind: "values"; data: Float32Array }>(
      "({ kind: 'values', data: Float32Array.of(3, 4) })",
    );
    const predictor = compile(sequential({ input: [2] }, [dense(1, { weightInitializer: init })]));
    expect([...predictor.parameters["dense1.weight"].data]).toEqual([3, 4]);
    predictor.setParameters(foreign("({ 'dense1.weight': Float32Array.of(5, 6), 'dense1.bias': [7] })"));
    expect([...predictor.predict([[1, 1]]).data]).toEqual([18]);
  });

  it("is learned from by a perceptron", () => {
    const unit = perceptron(foreign("({ inputs: 2 })"));
    const { reason } = unit.fit({ x: foreign32(xor.x.flat()), y: foreign("Int8Array.of(-1, -1, -1, 1)") });
    expect(reason).toBe("separated");
  });

  it("is differentiated at", () => {
    const f = valueAndGrad<[Float32Array, { data: Float32Array; shape: number[] }]>((a, b) => a.mul(b).sum());
    const { value, gradients } = f(
      foreign32([1, 2]),
      foreign("({ data: Float32Array.of(3, 4), shape: [2] })"),
    );
    expect(value).toBe(11);
    expect([...gradients[0].data]).toEqual([3, 4]);
  });
});

describe("kernels that another realm made", () => {
  const bytes = () => readFileSync(new URL("../../dist/wasmgrad.wasm", import.meta.url));
  const sources: Record<string, () => unknown> = {
    bytes: () => foreign("Uint8Array.from(given)", bytes()),
    "an ArrayBuffer": () => foreign("Uint8Array.from(given).buffer", bytes()),
    "a module": () => foreign("new WebAssembly.Module(given)", bytes()),
  };
  it.each(Object.entries(sources))("are taken as %s", async (_, source) => {
    const engine = await createEngine({ wasm: source() as never });
    expect(compile(xorModel(), { engine }).predict(xor.x).data).toEqual(
      compile(xorModel()).predict(xor.x).data,
    );
  });

  it.each([
    ["a response", () => new Response(bytes())],
    ["a URL", () => new URL(`data:application/wasm;base64,${bytes().toString("base64")}`)],
  ])("are taken as %s: the class that makes it is not the one at hand", async (_, source) => {
    const wasm = source();
    vi.stubGlobal("Response", class extends Response {});
    vi.stubGlobal("URL", class extends URL {});
    await expect(createEngine({ wasm })).resolves.toBeDefined();
    vi.unstubAllGlobals();
  });
});

describe("the analysis of what another realm made", () => {
  /** A product of f32 factors, of rank 2 but for its rounding. */
  const product = () => {
    const [a, b] = [noise(20, 3), noise(20, 4)];
    return Float32Array.from({ length: 100 }, (_, at) => {
      const [i, j] = [Math.floor(at / 10), at % 10];
      return a[i] * b[j] + a[10 + i] * b[10 + j];
    });
  };

  it("takes Float32Arrays to be of single precision: rank", () => {
    const data = product();
    expect(rank({ data, shape: [10, 10] })).toBe(2);
    expect(rank({ data: Array.from(data), shape: [10, 10] })).toBe(10);
    expect(rank(foreign("({ data: Float32Array.from(given), shape: [10, 10] })", data))).toBe(2);
    const rows = foreign<Float32Array[]>(
      "Array.from({ length: 10 }, (_, i) => Float32Array.from(given).subarray(10 * i, 10 * i + 10))",
      data,
    );
    expect(rank(rows)).toBe(2);
  });

  it("reads { data, shape }: every function that takes a matrix", () => {
    const matrix = (text: string) => foreign<{ data: Float32Array; shape: number[] }>(`({ ${text} })`);
    const corners = matrix("data: Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1), shape: [4, 2]");
    expect(singularValues(matrix("data: Float32Array.of(3, 0, 0, -4), shape: [2, 2]"))).toEqual(
      Float64Array.of(4, 3),
    );
    expect(linearSeparability(corners, foreign("Int8Array.of(0, 0, 0, 1)")).separable).toBe(true);
    expect(linearSeparability(corners, matrix("data: Int8Array.of(0, 1, 1, 0), shape: [4]")).separable).toBe(
      false,
    );
    const probabilities = matrix("data: Float32Array.of(0.5, 0.5, 0, 1), shape: [2, 2]");
    expect(logLikelihood(probabilities, foreign("Int32Array.of(0, 1)"))).toBeCloseTo(-Math.LN2, 15);
    expect(logLikelihood(probabilities, matrix("data: Int32Array.of(0, 1), shape: [2]"))).toBeLessThan(0);
  });
});
