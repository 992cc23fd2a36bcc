/** Pooling, images made larger, depthwise and separable convolutions: against recorded PyTorch values, in files, and what they refuse. */
import { describe, expect, it } from "vitest";
import * as wasmgrad from "../../src/index.ts";
import {
  averagePool1d,
  averagePool2d,
  compile,
  dense,
  depthwiseConv1d,
  depthwiseConv2d,
  flatten,
  globalAveragePool1d,
  globalAveragePool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  type Layer,
  load,
  loadTrainer,
  maxPool1d,
  maxPool2d,
  meanSquaredError,
  separableConv1d,
  separableConv2d,
  sequential,
  sgd,
  upsample1d,
  upsample2d,
  valueAndGrad,
  zeroPadding1d,
  zeroPadding2d,
} from "../../src/index.ts";
import vectors from "../vectors/pooling.json" with { type: "json" };

const close = (got: ArrayLike<number>, wanted: readonly number[], scale = 1) => {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(
      1e-5 * Math.max(scale, Math.abs(value)),
    );
  });
};

type Maker = (...given: unknown[]) => Layer;
const make = (layer: string, given: readonly unknown[], options: object): Layer =>
  (wasmgrad as unknown as Record<string, Maker>)[layer](...given, { ...options, name: "l" });

describe("recorded from PyTorch", () => {
  const names = vectors.cases.map(
    (c) => [`${c.layer}(${JSON.stringify([...c.arguments, c.options])})`, c] as const,
  );
  it.each(names)("%s", (_, c) => {
    const { shape } = c;
    const n = shape[shape.length - 1];
    const rows = (data: readonly number[], dims: readonly number[]) =>
      ({ data: Float32Array.from(data), shape: dims }) as never;
    // An identity before it: x^T dX shows the gradient of the input.
    const trainer = compile(
      sequential({ input: shape.slice(1) }, [
        dense(n, { bias: false, name: "id" }),
        make(c.layer, c.arguments, c.options),
      ]),
      { loss: meanSquaredError(), optimizer: sgd() },
    );
    const own = Object.entries(c.parameters).map(([name, values]) => [`l.${name}`, values] as const);
    const identity = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    trainer.setParameters({ ...Object.fromEntries(own), "id.weight": identity } as never);
    const predicted = trainer.predict(rows(c.x, shape));
    expect(predicted.shape).toEqual(c.outputs);
    close(predicted.data, c.y);
    // The mean of (y - t)^2 over N elements with t = y - c / 2 has the cotangent c / N.
    const t = c.y.map((v, i) => v - c.cotangent[i] / 2);
    const { gradients } = trainer.gradients({ x: rows(c.x, shape), y: rows(t, c.outputs) });
    const scaled = (name: string) => gradients[name].data.map((g) => g * c.y.length);
    for (const [name, wanted] of Object.entries(c.gradients))
      close(scaled(`l.${name}`), wanted as number[], Math.max(1, ...(wanted as number[]).map(Math.abs)));
    const outer = identity.map((_, at) => {
      let sum = 0;
      for (let i = 0; i < c.x.length; i += n) sum += c.x[i + Math.floor(at / n)] * c.dx[i + (at % n)];
      return sum;
    });
    // Targets y - c / 2 are rounded to f32, and x multiplies what that changes.
    close(scaled("id.weight"), outer, Math.max(1, ...c.x.map(Math.abs), ...outer.map(Math.abs)));
    // The gradient of the input itself, where a layer has no parameters.
    if (own.length > 0) return;
    const f = valueAndGrad((x, g) => make(c.layer, c.arguments, c.options)(x).mul(g).sum());
    const { gradients: direct } = f(rows(c.x, shape), rows(c.cotangent, c.outputs));
    close((direct[0] as unknown as { data: Float32Array }).data, c.dx);
  });

  it("a wrong gradient would show", () => {
    const [c] = vectors.cases;
    expect(() =>
      close(
        c.dx,
        c.dx.map((v) => v + 1e-4),
      ),
    ).toThrow();
  });
});

describe("maximum", () => {
  const gradient = (layer: Layer, h: number, w: number, values: readonly number[]) => {
    const f = valueAndGrad((x) => layer(x).sum());
    const { value, gradients } = f({ data: Float32Array.from(values), shape: [1, h, w, 1] } as never);
    return { value, of: Array.from((gradients[0] as unknown as { data: Float32Array }).data) };
  };

  it("gives the gradient to the first of equal ones, by rows", () => {
    expect(gradient(maxPool2d(2), 2, 2, [1, 2, 2, 2]).of).toEqual([0, 1, 0, 0]);
    expect(gradient(globalMaxPool2d(), 2, 2, [1, 2, 2, 2]).of).toEqual([0, 1, 0, 0]);
  });

  it("adds what windows give that overlap", () => {
    const { value, of } = gradient(maxPool2d(2, { stride: 1 }), 3, 3, [1, 5, 2, 0, 1, 0, 3, 0, 4]);
    expect(value).toBe(5 + 5 + 3 + 4);
    expect(of).toEqual([0, 2, 0, 0, 0, 0, 1, 0, 1]);
  });
});

describe("files", () => {
  it("name what they use, and go on to the bit", () => {
    const layers: readonly Layer[] = [
      zeroPadding2d(1),
      depthwiseConv2d({ kernel: 3, multiplier: 2, activation: "relu" }),
      upsample2d(2),
      upsample2d([1, 2], { mode: "bilinear" }),
      separableConv2d(5, { kernel: [2, 3], stride: 2 }),
      maxPool2d(2, { stride: 1 }),
      averagePool2d(2, { padding: "same", countPadding: false }),
      globalAveragePool2d(),
      dense(1),
    ];
    const trainer = compile(sequential({ input: [4, 5, 3], seed: 2 }, layers), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.01 }),
    });
    const x = { data: Float32Array.from({ length: 300 }, (_, i) => ((i * 7) % 11) / 4), shape: [5, 4, 5, 3] };
    const data = { x, y: [1, 2, 3, 4, 5] } as never;
    trainer.fitSync(data, { epochs: 2 });
    const uses = [zeroPadding2d, depthwiseConv2d, upsample2d, maxPool2d, averagePool2d, globalAveragePool2d];
    const again = loadTrainer(trainer.save({ training: true }), { uses });
    trainer.fitSync(data, { epochs: 2 });
    again.fitSync(data, { epochs: 2 });
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
    expect(load(trainer.save(), { uses }).predict(x as never).data).toEqual(trainer.predict(x as never).data);
    expect(() => load(trainer.save())).toThrow(
      "needs ops that only pages with averagePool2d, depthwiseConv2d, maxPool2d, model, spatialDropout, upsample2d carry",
    );
  });

  it("of sequences go on to the bit", () => {
    const layers: readonly Layer[] = [
      zeroPadding1d([2, 0]),
      depthwiseConv1d({ kernel: 3 }),
      upsample1d(3, { mode: "linear" }),
      separableConv1d(4, { kernel: 4, dilation: 2 }),
      maxPool1d(2),
      averagePool1d(3, { stride: 2, padding: 1 }),
      flatten(),
      dense(1),
    ];
    const trainer = compile(sequential({ input: [8, 3] }, layers), {
      loss: meanSquaredError(),
      optimizer: sgd({ learningRate: 0.01 }),
    });
    const x = { data: Float32Array.from({ length: 120 }, (_, i) => ((i * 5) % 9) / 4), shape: [5, 8, 3] };
    trainer.fitSync({ x, y: [1, 2, 3, 4, 5] } as never, { epochs: 2 });
    const uses = [zeroPadding1d, depthwiseConv1d, upsample1d, maxPool1d, averagePool1d];
    expect(load(trainer.save(), { uses }).predict(x as never).data).toEqual(trainer.predict(x as never).data);
  });
});

describe("what is refused", () => {
  const build = (input: readonly number[], made: () => Layer) => () =>
    sequential({ input: [...input] }, [made()]);
  it.each([
    [
      "a vector",
      build([6], () => maxPool2d(2)),
      "maxPool2d1: maxPool2d needs an input [rows, height, width, channels] with all but rows fixed; got [rows, 6]",
    ],
    [
      "a window larger than the image",
      build([3, 5, 1], () => averagePool2d(4, { name: "pool" })),
      "pool: averagePool2d: a window must not be larger than the padded input; got 4 of 3 places along axis 1 of [rows, 3, 5, 1]",
    ],
    [
      "filters larger than the padded image",
      build([3, 5, 1], () => depthwiseConv2d({ kernel: 3, dilation: 3, padding: 1 })),
      "depthwiseConv2d1: depthwiseConv2d: a window must not be larger than the padded input; got 7 of 5 places along axis 1",
    ],
    [
      "as much padding as window",
      build([4, 4, 1], () => maxPool2d(2, { padding: 2 })),
      "maxPool2d1: maxPool needs padding smaller than the window; got 2 beside 2 places along axis 1 of [rows, 4, 4, 1]",
    ],
    [
      "a size of 0",
      build([4, 4, 1], () => maxPool2d(0)),
      "maxPool2d: size, the first argument, must be a whole number >= 1, or [height, width] of such; got 0",
    ],
    [
      "options in place of the size",
      build([4, 4, 1], () => maxPool2d({ size: 2 } as never)),
      "maxPool2d: size, the first argument, must be a whole number >= 1, or [height, width] of such; got",
    ],
    [
      "three strides",
      build([4, 4, 1], () => maxPool2d(2, { stride: [1, 2, 3] as never })),
      "maxPool2d: stride must be a whole number >= 1, or [height, width] of such; got an array of 3",
    ],
    [
      "two sizes of a sequence",
      build([4, 4, 1], () => maxPool1d([1, 2] as never)),
      "maxPool1d: size, the first argument, must be a whole number >= 1; got an array of 2",
    ],
    [
      "a word for padding",
      build([4, 4, 1], () => maxPool2d(2, { padding: "full" as never })),
      'maxPool2d: padding must be "valid", "same", a whole number >= 0, or [height, width], or [[top, bottom], [left, right]]; got "full"',
    ],
    [
      "padding below 0",
      build([4, 1], () => zeroPadding1d([1, -1])),
      "zeroPadding1d: padding, the first argument, must be a whole number >= 0, or [before, after]; got an array of 2",
    ],
    [
      "padding by a word where numbers are needed",
      build([4, 4, 1], () => zeroPadding2d("same" as never)),
      'zeroPadding2d: padding, the first argument, must be a whole number >= 0, or [height, width], or [[top, bottom], [left, right]]; got "same"',
    ],
    [
      "counting of padding where nothing is counted",
      build([4, 4, 1], () => maxPool2d(2, { countPadding: false } as never)),
      'maxPool2d: unknown option "countPadding"; countPadding belongs to averagePool1d and averagePool2d. ',
    ],
    [
      "dilation of pooling",
      build([4, 4, 1], () => maxPool2d(2, { dilation: 2 } as never)),
      'maxPool2d: unknown option "dilation"; dilation belongs to conv2d, depthwiseConv2d and separableConv2d. ',
    ],
    [
      "groups of single channels",
      build([4, 4, 1], () => depthwiseConv2d({ groups: 2 } as never)),
      'depthwiseConv2d: unknown option "groups"; groups belongs to adamW and conv2d. ',
    ],
    [
      "a factor that is not whole",
      build([4, 4, 1], () => upsample2d(1.5)),
      "upsample2d: factor, the first argument, must be a whole number >= 1, or [height, width] of such; got 1.5",
    ],
    [
      "a mode of images for a sequence",
      build([4, 1], () => upsample1d(2, { mode: "bilinear" as never })),
      'upsample1d: mode must be "nearest" or "linear"; got "bilinear"',
    ],
    [
      "no filters",
      build([4, 4, 1], () => separableConv2d(0)),
      "separableConv2d: filters, the first argument, must be a whole number >= 1; got 0",
    ],
    [
      "half a multiplier",
      build([4, 4, 1], () => depthwiseConv2d({ multiplier: 0.5 })),
      "depthwiseConv2d: multiplier must be a whole number >= 1; got 0.5",
    ],
    [
      "an image for a sequence",
      build([4, 4, 1], () => globalAveragePool1d()),
      "globalAveragePool1d1: globalAveragePool1d needs an input [rows, length, channels] with all but rows fixed; got [rows, 4, 4, 1]",
    ],
    [
      "a sequence for an image",
      build([4, 1], () => globalMaxPool2d()),
      "globalMaxPool2d1: globalMaxPool2d needs an input [rows, height, width, channels] with all but rows fixed; got [rows, 4, 1]",
    ],
    [
      "an image for the maximum of a sequence",
      build([4, 4, 1], () => globalMaxPool1d()),
      "globalMaxPool1d1: globalMaxPool1d needs an input [rows, length, channels]",
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
