/** What pooling does with NaN and signed zeros, where it reads, and that rows of a pass may be fewer. */
import { describe, expect, it } from "vitest";
import { Fn, Opcode, PoolDivisor } from "../../assembly/abi.ts";
import { values } from "./compare.ts";
import { runRecords, step } from "./harness.ts";

const geometry = (n: number, size: number, c: number, k: number, stride = k) => {
  const o = Math.floor((size - k) / stride) + 1;
  return { n, h: size, w: size, c, oh: o, ow: o, kh: k, kw: k, sh: stride, sw: stride, top: 0, left: 0 };
};
const image = (n: number, size: number, c: number, seed = 1) => values(n * size * size * c, seed);

describe.each([1, 3, 4, 6])("the maximum of %i channels", (c) => {
  it.each([
    [2, 2],
    [2, 1],
    [3, 2],
  ])(
    "of windows %i each %i is NaN where an element is, whose gradient is that of the first NaN",
    (k, stride) => {
      const shape = geometry(1, 5, c, k, stride);
      for (let q = 0; q < c; q++) {
        const x = image(1, 5, c);
        // The last element of the first window, and one that every window of its column has.
        for (const place of [(k - 1) * 5 + k - 1, 0]) x[place * c + q] = Number.NaN;
        const { y } = runRecords([step(Opcode.MaxPool, { y: "out", x, ...shape })]);
        expect(y[q]).toBeNaN();
        y.forEach((v, i) => {
          if (i % c !== q) expect(v).not.toBeNaN();
        });
        const dy = new Float32Array(y.length);
        dy[q] = 7;
        const { dx } = runRecords([
          step(Opcode.MaxPoolGrad, { fn: Fn.Identity, dx: "out", dy, x, y, ...shape }),
        ]);
        expect(Array.from(dx)).toEqual(Array.from(dx, (_, i) => (i === q ? 7 : 0)));
      }
    },
  );

  it("of -0 and +0 is +0", () => {
    const x = new Float32Array(4 * c).fill(-0);
    x.fill(0, 2 * c, 3 * c);
    const { y } = runRecords([step(Opcode.MaxPool, { y: "out", x, ...geometry(1, 2, c, 2) })]);
    expect(Array.from(y)).toEqual(new Array(c).fill(0));
  });

  it("reads nothing behind x, y and dy, and writes nothing behind dx", () => {
    for (const [k, stride] of [
      [2, 2],
      [3, 1],
    ]) {
      const shape = geometry(2, 4, c, k, stride);
      const x = image(2, 4, c);
      const { y } = runRecords([step(Opcode.MaxPool, { y: "out", x, ...shape })], 1, { last: "x" });
      const given = { fn: Fn.Identity, dx: "out", dy: image(1, 1, y.length, 2), x, y, ...shape } as const;
      const of = (last: string) => runRecords([step(Opcode.MaxPoolGrad, given)], 1, { last }).dx;
      expect(of("x")).toEqual(of("dy"));
      expect(of("y")).toEqual(of("dx"));
    }
  });
});

describe("windows", () => {
  it("that leave places out give those a gradient of 0", () => {
    // Each time as many windows as would tile the image, were they not moved by the padding.
    for (const c of [1, 4, 6])
      for (const size of [2, 4]) {
        const shape = { ...geometry(2, size, c, 2), top: 1, left: 1 };
        const x = image(2, size, c);
        const { y } = runRecords([step(Opcode.MaxPool, { y: "out", x, ...shape })]);
        const dy = image(1, 1, y.length, 2);
        const { dx } = runRecords([
          step(Opcode.MaxPoolGrad, { fn: Fn.Identity, dx: "out", dy, x, y, ...shape }),
        ]);
        expect(dx.some(Number.isNaN)).toBe(false);
      }
  });

  it("are of the rows of the pass", () => {
    const shape = { ...geometry(-1, 4, 3, 2) };
    const x = image(3, 4, 3);
    const { y } = runRecords([step(Opcode.MaxPool, { y: "out", x, ...shape })], 3);
    const { y: fewer } = runRecords([step(Opcode.MaxPool, { y: "out", x: x.slice(0, 96), ...shape })], 2);
    expect(fewer).toEqual(y.slice(0, fewer.length));
  });

  it("of sums side by side, and their gradient, undo each other as factors say", () => {
    const x = image(2, 3, 5);
    const shape = geometry(2, 6, 5, 2);
    const repeated = runRecords([
      step(Opcode.AveragePoolGrad, { divisor: PoolDivisor.None, dx: "out", dy: x, ...shape }),
    ]).dx;
    const { y } = runRecords([
      step(Opcode.AveragePool, { divisor: PoolDivisor.Window, y: "out", x: repeated, ...shape }),
    ]);
    expect(y).toEqual(x);
  });
});
