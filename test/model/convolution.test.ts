/** Convolutions as layers: compared with recorded PyTorch values, what they refuse, files. */
import { describe, expect, it } from "vitest";
import {
  compile,
  conv1d,
  conv1dTranspose,
  conv2d,
  conv2dTranspose,
  crossEntropy,
  dense,
  flatten,
  type Layer,
  layersOf,
  load,
  loadTrainer,
  meanSquaredError,
  model,
  sequential,
  sgd,
} from "../../src/index.ts";
import vectors from "../vectors/convolutions.json" with { type: "json" };

const LAYERS = { conv1d, conv2d, conv1dTranspose, conv2dTranspose };

const close = (got: ArrayLike<number>, wanted: readonly number[], scale = 1) => {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i] - value), `${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(
      1e-5 * Math.max(scale, Math.abs(value)),
    );
  });
};

describe("recorded from PyTorch", () => {
  it.each(vectors.cases.map((c) => [`${c.layer} of ${c.shape}, ${JSON.stringify(c.options)}`, c] as const))(
    "%s",
    (_, c) => {
      const { shape } = c;
      const n = shape[shape.length - 1];
      const rows = (data: readonly number[], of: readonly number[]) =>
        ({ data: Float32Array.from(data), shape: of }) as never;
      const make = LAYERS[c.layer as "conv2d"](c.filters, { ...(c.options as object), name: "l" } as never);
      // An identity before it: x^T dX shows the gradient of the input.
      const trainer = compile(
        sequential({ input: shape.slice(1) }, [dense(n, { bias: false, name: "id" }), make]),
        { loss: meanSquaredError(), optimizer: sgd() },
      );
      const own = Object.entries(c.parameters).map(([name, values]) => [`l.${name}`, values] as const);
      const identity = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
      trainer.setParameters({ ...Object.fromEntries(own), "id.weight": identity } as never);
      const y = trainer.predict(rows(c.x, shape));
      expect(y.shape).toEqual(c.outputShape);
      close(y.data, c.y);
      // The mean of (y - t)^2 over N elements with t = y - c / 2 has the cotangent c / N.
      const t = c.y.map((v, i) => v - c.cotangent[i] / 2);
      const { gradients } = trainer.gradients({ x: rows(c.x, shape), y: rows(t, c.outputShape) });
      const scaled = (name: string) => gradients[name].data.map((g) => g * c.y.length);
      for (const [name, wanted] of Object.entries(c.gradients))
        close(scaled(`l.${name}`), wanted as number[]);
      const outer = identity.map((_, at) => {
        let sum = 0;
        for (let i = 0; i < c.x.length; i += n) sum += c.x[i + Math.floor(at / n)] * c.dx[i + (at % n)];
        return sum;
      });
      close(scaled("id.weight"), outer);
    },
  );

  it("a wrong number would show", () => {
    const [c] = vectors.cases;
    expect(() =>
      close(
        c.dx,
        c.dx.map((v) => v + 1e-4),
      ),
    ).toThrow();
  });
});

describe("models with convolutions", () => {
  const pixels = Float32Array.from({ length: 6 * 64 }, (_, i) => ((i * 37) % 23) / 23);
  const images = { data: pixels, shape: [6, 8, 8, 1] } as never;
  const y = [0, 1, 2, 0, 1, 2];
  const trainerOf = () =>
    compile(
      sequential({ input: [8, 8, 1], seed: 3 }, [
        conv2d(4, { kernel: 3, padding: "same", activation: "relu" }),
        conv2d(6, { kernel: 3, stride: 2, groups: 2, activation: "gelu" }),
        conv2dTranspose(2, { kernel: 2, stride: 2, activation: "tanh" }),
        flatten(),
        dense(3, { activation: "softmax" }),
      ]),
      { loss: crossEntropy(), optimizer: sgd({ learningRate: 0.2, momentum: 0.9 }) },
    );

  it("learn, and come back from files to the bit", () => {
    const trainer = trainerOf();
    const { loss: before } = trainer.evaluate({ x: images, y } as never);
    trainer.fitSync({ x: images, y } as never, { epochs: 60 });
    expect(trainer.evaluate({ x: images, y } as never).loss).toBeLessThan(before / 10);
    const uses = [conv2d, conv2dTranspose];
    const again = loadTrainer(trainer.save({ training: true }), { uses });
    trainer.fitSync({ x: images, y } as never, { epochs: 2 });
    again.fitSync({ x: images, y } as never, { epochs: 2 });
    expect(again.digest({ training: true })).toBe(trainer.digest({ training: true }));
    expect(load(trainer.save(), { uses }).predict(images).data).toEqual(trainer.predict(images).data);
    expect(() => load(trainer.save())).toThrow(/conv2d/);
  });

  it("say how many products they cost", () => {
    const net = sequential({ input: [8, 6, 4] }, [
      conv2d(6, { kernel: 3, groups: 2, name: "a" }),
      conv2dTranspose(2, { kernel: 2, stride: 2, name: "b" }),
    ]);
    const costs = layersOf(net).map(({ name, multiplyAdds }) => [name, multiplyAdds]);
    // 6 by 4 places of 6 filters that see 3 by 3 of 2 channels; the same places of 6 channels, 2 by 2 of 2 filters each.
    expect(costs).toEqual([
      ["a", 6 * 4 * 6 * 18],
      ["b", 6 * 4 * 6 * 8],
    ]);
  });

  it("share the weights of a layer that is called twice", () => {
    const shared = conv1d(3, { kernel: 2, name: "shared" });
    const both = model({ inputs: { a: [5, 2], b: [4, 2] } }, ({ a, b }) => ({
      p: shared(a),
      q: shared(b),
    }));
    expect(Object.keys(compile(both).parameters)).toEqual(["shared.weight", "shared.bias"]);
  });
});

describe("what is refused", () => {
  const build =
    (input: readonly number[], ...made: readonly (() => Layer)[]) =>
    () =>
      sequential(
        { input: [...input] },
        made.map((make) => make()),
      );
  it.each([
    [
      "a kernel larger than the padded image",
      build([4, 9, 2], () => conv2d(3, { kernel: 7, padding: 1 })),
      "conv2d1: conv2d: a window must not be larger than the padded input; got 7 of 6 places along axis 1 of [rows, 4, 9, 2]",
    ],
    [
      "groups that do not divide the channels",
      build([4, 4, 4], () => conv2d(6, { kernel: 2, groups: 3, name: "eye" })),
      "eye: conv2d: groups must divide channels and filters; got 3 groups, 4 channels, 6 filters",
    ],
    [
      "groups that do not divide the filters",
      build([9, 4], () => conv1d(3, { kernel: 2, groups: 2 })),
      "conv1d1: conv1d: groups must divide channels and filters; got 2 groups, 4 channels, 3 filters",
    ],
    [
      "an input that is no image",
      build([784], () => conv2d(6, { kernel: 5 })),
      "conv2d1: conv2d needs an input [rows, height, width, channels] with all but rows fixed; got [rows, 784]",
    ],
    [
      "an image for a sequence",
      build([8, 8, 1], () => conv1d(6, { kernel: 5 })),
      "conv1d1: conv1d needs an input [rows, length, channels] with all but rows fixed; got [rows, 8, 8, 1]",
    ],
    [
      "no filters",
      build([8, 8, 1], () => conv2d(0, { kernel: 5 })),
      "conv2d: filters, the first argument, must be a whole number >= 1; got 0",
    ],
    [
      "no kernel",
      build([8, 8, 1], () => conv2d(4, {} as never)),
      "conv2d: kernel must be a whole number >= 1, or [height, width] of such; got undefined",
    ],
    [
      "a kernel of two for a sequence",
      build([8, 1], () => conv1d(4, { kernel: [3, 3] as never })),
      "conv1d: kernel must be a whole number >= 1; got an array of 2",
    ],
    [
      "a stride of 0",
      build([8, 8, 1], () => conv2d(4, { kernel: 3, stride: 0 })),
      "conv2d: stride must be a whole number >= 1, or [height, width] of such; got 0",
    ],
    [
      "padding below 0",
      build([8, 8, 1], () => conv2d(4, { kernel: 3, padding: -1 })),
      'conv2d: padding must be "valid", "same", a whole number >= 0',
    ],
    [
      "an option of another library",
      build([8, 8, 1], () => conv2d(4, { kernel: 3, strides: 2 } as never)),
      'conv2d: unknown option "strides"; did you mean stride?',
    ],
    [
      "output padding of a stride or more",
      build([8, 8, 1], () => conv2dTranspose(4, { kernel: 3, stride: 2, outputPadding: 2 })),
      "conv2dTranspose: outputPadding must be less than the stride; got 2, 2 at a stride of 2, 2",
    ],
    [
      "output padding with same",
      build([8, 1], () =>
        conv1dTranspose(4, { kernel: 3, stride: 2, padding: "same", outputPadding: 1, name: "up" }),
      ),
      'up: outputPadding must be 0 with padding "same", whose output is stride times the input; got 1',
    ],
    [
      "padding that leaves nothing",
      build([1, 1, 2], () => conv2dTranspose(4, { kernel: 3, padding: 2 })),
      "conv2dTranspose1: conv2dTranspose: padding must leave an output; got lengths -1, -1 of [rows, 1, 1, 2]",
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
