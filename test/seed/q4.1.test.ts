import { describe, expect, it } from "vitest";
import { compile, model } from "../../src/index.ts";
import { ulpError } from "../oracle/ulp.ts";

const identity = compile(
  model({ inputs: { x: [1] } }, ({ x }) => ({
    left: x.tanh().add(1),
    right: x.mul(2).sigmoid().mul(2),
    tanh: x.tanh(),
    sigmoid: x.sigmoid(),
  })),
  { batchSize: 4096 },
);

/** Numbers of every exponent from 2^-140 to 2^7, 40 in each, of both signs. */
const x = Float32Array.from({ length: 147 * 40 * 2 }, (_, i) => {
  const at = i >> 1;
  return (i & 1 ? -1 : 1) * 2 ** (Math.floor(at / 40) - 140) * (1 + (at % 40) / 40);
});
const of = identity.predict({ x });

describe("Q4.1: tanh(x) + 1 = 2 sigmoid(2x)", () => {
  it("holds within 4 x 2^-24 absolutely, everywhere", () => {
    x.forEach((_, i) => {
      expect(Math.abs(of.left.data[i] - of.right.data[i])).toBeLessThanOrEqual(4 * 2 ** -24);
    });
  });

  it("holds within 4 ULP for x >= 0", () => {
    x.forEach((v, i) => {
      if (v >= 0) expect(ulpError(of.left.data[i], of.right.data[i])).toBeLessThanOrEqual(4);
    });
  });

  it("holds so for every f32 of 2^-11 to 20, of both signs: 250 million of them", () => {
    const block = 1 << 16;
    const bits = new Uint32Array(block);
    const x = new Float32Array(bits.buffer);
    const out = { left: new Float32Array(block), right: new Float32Array(block) };
    const sides = compile(
      model({ inputs: { x: [1] } }, ({ x }) => ({
        left: x.tanh().add(1),
        right: x.mul(2).sigmoid().mul(2),
      })),
      { batchSize: block },
    );
    const [from, to] = [0x3a000000, 0x41a00000]; // 2^-11 and 20
    let [worst, worstUlp] = [0, 0];
    for (const sign of [0, 0x80000000])
      for (let first = from; first < to; first += block) {
        for (let i = 0; i < block; i++) bits[i] = (first + i) | sign;
        sides.predict({ x }, { out });
        for (let i = 0; i < block; i++) {
          const difference = Math.abs(out.left[i] - out.right[i]);
          worst = Math.max(worst, difference);
          if (sign === 0) worstUlp = Math.max(worstUlp, difference / (out.left[i] < 2 ? 2 ** -23 : 2 ** -22));
        }
      }
    expect(worst).toBeLessThanOrEqual(4 * 2 ** -24);
    expect(worstUlp).toBeLessThanOrEqual(4);
  }, 300_000);

  it("has both sides right in the left tail, each against f64: tanh to 2 ULP, sigmoid to 3 ULP", () => {
    x.forEach((v, i) => {
      expect(ulpError(of.tanh.data[i], Math.tanh(v)), `tanh(${v})`).toBeLessThanOrEqual(2);
      // Below -88.7 the kernel gives 0, where the exact value is not yet denormal everywhere.
      const floor = 2 ** -125;
      expect(
        ulpError(of.sigmoid.data[i], 1 / (1 + Math.exp(-v)), floor),
        `sigmoid(${v})`,
      ).toBeLessThanOrEqual(3);
    });
  });

  it("is exact at +-0, +-infinity and NaN", () => {
    // Infinity and NaN cannot be passed in, so they are computed: 1, -1 and 0 times infinity.
    const far = compile(
      model({ inputs: { x: [1] } }, ({ x }) => ({
        tanh: x.mul(Number.POSITIVE_INFINITY).tanh(),
        sigmoid: x.mul(Number.POSITIVE_INFINITY).sigmoid(),
      })),
    ).predict({ x: [1, -1, 0] });
    expect([...far.tanh.data]).toEqual([1, -1, Number.NaN]);
    expect([...far.sigmoid.data]).toEqual([1, 0, Number.NaN]);
    const zero = identity.predict({ x: [0, -0] });
    expect([...zero.tanh.data]).toEqual([0, -0]);
    expect([...zero.sigmoid.data]).toEqual([0.5, 0.5]);
    expect([...zero.left.data, ...zero.right.data]).toEqual([1, 1, 1, 1]);
  });
});
