/** Convolutions by themselves, as the records of a layer: forward, and the gradients of weights and input. */
import { ConvPanels, Fn, Opcode } from "../../assembly/abi.ts";
import {
  type ConvolutionShape,
  convolution,
  inputGradient,
  outputOf,
  weightGradient,
} from "../plain/convolutions.ts";
import { numbers } from "../random.ts";
import { type GivenRecord, loadRecords } from "../record.ts";
import { verifyClose } from "../verify.ts";
import type { Suite, Workload } from "../workload.ts";

const PASSES = ["forward", "weights", "input"] as const;

export const convolutionSuite = (shapes: readonly ConvolutionShape[]): Suite => ({
  name: "convolutions",
  title:
    "Convolutions of images [h, w, c] with k x k windows, packing of weights, framing and biases included",
  workloads: shapes.flatMap((shape) =>
    // No layer asks for the gradient of pixels.
    PASSES.filter((pass) => pass !== "input" || shape.c > 1).map((pass) => {
      const { n, h, w, c, k, padding, o } = shape;
      const name = `${h} x ${w} x ${c}, ${k} x ${k}${padding ? " padded" : ""} > ${o}, batch ${n}: ${pass}`;
      return { name, make: () => workload(name, shape, pass) };
    }),
  ),
});

function workload(name: string, shape: ConvolutionShape, pass: (typeof PASSES)[number]): Workload {
  const { n, h, w, c, k, padding, o } = shape;
  const { oh, ow } = outputOf(shape);
  const x = numbers(n * h * w * c, 1);
  const weights = numbers(k * k * c * o, 2);
  const dy = numbers(n * oh * ow * o, 3);
  const size = { kh: k, kw: k, sh: 1, sw: 1, dh: 1, dw: 1, groups: 1, n };
  const pack = (kind: ConvPanels): GivenRecord => ({
    opcode: Opcode.ConvPack,
    given: { kind, w: weights, kh: k, kw: k, c, o, groups: 1, dw: 1 },
  });
  const linear = { fn: Fn.Identity, alpha: 0, ...size };
  const scatters = pass === "input" && c < 8;
  const records: Record<(typeof PASSES)[number], () => readonly GivenRecord[]> = {
    forward: () => [
      pack(ConvPanels.Forward),
      {
        opcode: Opcode.Conv,
        given: { x, bias: null, h, w, oh, ow, o, k: k * k * c, top: padding, left: padding, ...linear },
      },
    ],
    weights: () => [
      {
        opcode: Opcode.ConvGradWeights,
        given: { db: null, x, dy, h, w, c, oh, ow, o, top: padding, left: padding, ...size },
      },
    ],
    input: () =>
      scatters
        ? [
            pack(ConvPanels.Scattered),
            {
              opcode: Opcode.ConvScatter,
              given: { dy, h, w, c, oh, ow, o, top: padding, left: padding, ...size },
            },
          ]
        : [
            pack(ConvPanels.Flipped),
            {
              opcode: Opcode.Conv,
              given: {
                ...{ x: dy, bias: null, h: oh, w: ow, oh: h, ow: w, o: c, k: k * k * o },
                ...{ top: k - 1 - padding, left: k - 1 - padding, ...linear },
              },
            },
          ],
  };
  const result = new Float32Array({ forward: dy, weights, input: x }[pass].length);
  const plain = {
    forward: () => convolution(result, x, weights, shape),
    weights: () => weightGradient(result, x, dy, shape),
    input: () => inputGradient(result, dy, weights, shape),
  }[pass];
  const loaded = loadRecords(records[pass]());
  loaded.run();
  plain();
  const output = { forward: "y", weights: "dweights", input: scatters ? "dx" : "y" }[pass];
  verifyClose(name, loaded.view(output), result, 1e-5);
  return {
    name,
    unit: "pass",
    flops: 2 * n * oh * ow * o * k * k * c,
    engine: { name: "wasmgrad", units: 1, run: loaded.run },
    plain: { name: "plain loops", units: 1, run: plain },
  };
}
