/** Convolutions bit by bit: the loops in the order that the kernels state, rounded to f32 after every operation. */
import { describe, expect, it } from "vitest";
import { ConvPanels, Fn, Opcode } from "../../assembly/abi.ts";
import { difference, values } from "./compare.ts";
import { type RunOptions, runRecords, type Step, step } from "./harness.ts";
import { ENGINES } from "./product.ts";

interface Sizes {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly o: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly dh: number;
  readonly dw: number;
  readonly top: number;
  readonly left: number;
  readonly groups: number;
  readonly oh: number;
  readonly ow: number;
}

/** What is not given is 1, or 0 for padding, which is as much behind as in front. */
function sizes(given: Partial<Sizes> & { readonly right?: number }): Sizes {
  const r = {
    n: 2,
    h: 5,
    w: 5,
    c: 1,
    o: 1,
    kh: 1,
    kw: 1,
    sh: 1,
    sw: 1,
    dh: 1,
    dw: 1,
    top: 0,
    left: 0,
    groups: 1,
  };
  const s = { ...r, ...given };
  const right = given.right ?? s.left;
  return {
    ...s,
    oh: Math.floor((s.h + 2 * s.top - (s.kh - 1) * s.dh - 1) / s.sh) + 1,
    ow: Math.floor((s.w + s.left + right - (s.kw - 1) * s.dw - 1) / s.sw) + 1,
  };
}

const round = Math.fround;

/** Visits the products of output pixel (b, i, j) in the order (p, q, k), or (f, p, q, k) for all filters. */
function window(
  s: Sizes,
  [b, i, j, f]: readonly number[],
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const channels = s.c / s.groups;
  const first = Math.floor(f / (s.o / s.groups)) * channels;
  for (let p = 0; p < s.kh; p++)
    for (let q = 0; q < s.kw; q++) {
      const u = i * s.sh + p * s.dh - s.top;
      const v = j * s.sw + q * s.dw - s.left;
      if (u < 0 || u >= s.h || v < 0 || v >= s.w) continue;
      for (let k = 0; k < channels; k++)
        visit(
          ((b * s.h + u) * s.w + v) * s.c + first + k,
          ((p * s.kw + q) * channels + k) * s.o + f,
          ((b * s.oh + i) * s.ow + j) * s.o + f,
        );
    }
}

function pixels(s: Sizes, visit: (i: number, j: number, f: number) => void): void {
  for (let i = 0; i < s.oh; i++) for (let j = 0; j < s.ow; j++) for (let f = 0; f < s.o; f++) visit(i, j, f);
}

function forward(s: Sizes, x: Float32Array, w: Float32Array, bias: Float32Array | null): Float32Array {
  const y = new Float32Array(s.n * s.oh * s.ow * s.o);
  for (let b = 0; b < s.n; b++)
    pixels(s, (i, j, f) =>
      window(s, [b, i, j, f], (xi, wi, yi) => {
        y[yi] = round(y[yi] + round(x[xi] * w[wi]));
      }),
    );
  return bias ? y.map((v, i) => Math.max(0, round(v + bias[i % s.o]))) : y;
}

function inputGradient(s: Sizes, dy: Float32Array, w: Float32Array): Float32Array {
  const dx = new Float32Array(s.n * s.h * s.w * s.c);
  for (let b = 0; b < s.n; b++)
    pixels(s, (i, j, f) =>
      window(s, [b, i, j, f], (xi, wi, yi) => {
        dx[xi] = round(dx[xi] + round(dy[yi] * w[wi]));
      }),
    );
  return dx;
}

function weightGradient(s: Sizes, x: Float32Array, dy: Float32Array) {
  const dweights = new Float32Array((s.kh * s.kw * s.c * s.o) / s.groups);
  const db = new Float32Array(s.o);
  for (let b = 0; b < s.n; b++) {
    const part = new Float32Array(dweights.length);
    const bias = new Float32Array(s.o);
    pixels(s, (i, j, f) => {
      bias[f] = round(bias[f] + dy[((b * s.oh + i) * s.ow + j) * s.o + f]);
      window(s, [b, i, j, f], (xi, wi, yi) => {
        part[wi] = round(part[wi] + round(x[xi] * dy[yi]));
      });
    });
    part.forEach((v, i) => {
      dweights[i] = round(dweights[i] + v);
    });
    bias.forEach((v, i) => {
      db[i] = round(db[i] + v);
    });
  }
  return { dweights, db };
}

const pack = (kind: ConvPanels, s: Sizes, w: Float32Array): Step =>
  step(Opcode.ConvPack, {
    ...{ kind, w, kh: s.kh, kw: s.kw, c: s.c / s.groups, o: s.o / s.groups, groups: s.groups, dw: s.dw },
  });

/** What differs in any of the kernels, if anything. */
function wrong(s: Sizes, engine: RunOptions, seed = 1): string | undefined {
  const x = values(s.n * s.h * s.w * s.c, seed);
  const w = values((s.kh * s.kw * s.c * s.o) / s.groups, seed + 1);
  const dy = values(s.n * s.oh * s.ow * s.o, seed + 2);
  const bias = values(s.o, seed + 3);
  const { c, ...windows } = s;
  for (const b of [null, bias]) {
    const fn = b ? Fn.Relu : Fn.Identity;
    const conv = step(Opcode.Conv, {
      ...{ ...windows, y: "out", x, bias: b, k: (s.kh * s.kw * c) / s.groups, fn, alpha: 0, scratch: 0 },
    });
    const { y } = runRecords([pack(ConvPanels.Forward, s, w), conv], 1, { ...engine, last: "x" });
    const differs = difference(y, forward(s, x, w, b));
    if (differs) return `y ${differs}`;
  }
  const expected = inputGradient(s, dy, w);
  const scattered = step(Opcode.ConvScatter, { ...s, dx: "out", dy, scratch: 0 });
  const { dx } = runRecords([pack(ConvPanels.Scattered, s, w), scattered], 1, { last: "dy" });
  if (difference(dx, expected)) return `scattered dx ${difference(dx, expected)}`;
  if (s.sh === 1 && s.sw === 1) {
    const gathered = step(Opcode.Conv, {
      ...{ ...windows, y: "out", x: dy, bias: null, h: s.oh, w: s.ow, oh: s.h, ow: s.w, o: c },
      ...{ k: (s.kh * s.kw * s.o) / s.groups, fn: Fn.Identity, alpha: 0, scratch: 0 },
      ...{ top: (s.kh - 1) * s.dh - s.top, left: (s.kw - 1) * s.dw - s.left },
    });
    const { y } = runRecords([pack(ConvPanels.Flipped, s, w), gathered], 1, { ...engine, last: "x" });
    if (difference(y, expected)) return `gathered dx ${difference(y, expected)}`;
  }
  const gradients = step(Opcode.ConvGradWeights, { ...s, dweights: "out", db: "out", x, dy, scratch: 0 });
  const got = runRecords([gradients], 1, { last: s.n % 2 ? "x" : "dy" });
  const { dweights, db } = weightGradient(s, x, dy);
  if (difference(got.dweights, dweights)) return `dw ${difference(got.dweights, dweights)}`;
  return difference(got.db, db) && `db ${difference(got.db, db)}`;
}

const check = (s: Sizes): void => {
  for (const engine of ENGINES) expect(wrong(s, engine), JSON.stringify({ ...s, ...engine })).toBeUndefined();
};

const TILE = 8;

describe("convolutions have the bits of the loops", () => {
  it("for widths and filters around the tiles", () => {
    for (const w of [1, 2, 3, 4, 5, 6, 7, 8, 9, 11])
      for (const o of [1, 3, TILE - 1, TILE, TILE + 1, 2 * TILE, 2 * TILE + 1])
        check(sizes({ n: 3, h: 3, w, o, c: 2, kh: 2, kw: Math.min(2, w) }));
  });

  it("where tiles of 16 filters and more share the rows of a packed panel", () => {
    for (let w = 1; w <= 17; w++)
      for (const o of [2 * TILE, 2 * TILE + 3, 4 * TILE + 1])
        check(sizes({ h: 3, w, o, c: 2, kh: 2, kw: Math.min(3, w), left: 1, sw: (w % 2) + 1 }));
  });

  it("where a sum is longer than the panel has room for", () => {
    for (const [c, kh, kw] of [
      [100, 3, 1],
      [50, 3, 2],
      [192, 2, 1],
      [193, 1, 1],
    ])
      for (const o of [3 * TILE, 3 * TILE + 3]) check(sizes({ h: 4, w: 11, c, o, kh, kw, top: 1 }));
    check(sizes({ h: 4, w: 8, c: 140, o: 34, kh: 2, kw: 2, groups: 2 }));
  });

  it("for numbers of images", () => {
    for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9]) check(sizes({ n, o: 3, c: 3, kh: 3, kw: 2, top: 1 }));
  });

  it("for every run of a window", () => {
    for (const c of [1, 2, 3, 4, 5, TILE, 9])
      for (const kw of [1, 2, 3, 4, 5]) check(sizes({ c, kw, kh: 2, o: 5, w: 7 }));
  });

  it("with padding, strides and dilation", () => {
    for (const top of [0, 1, 3])
      for (const left of [0, 2])
        for (const [sh, sw] of [
          [1, 1],
          [2, 1],
          [1, 3],
          [3, 2],
        ])
          for (const [dh, dw] of [
            [1, 1],
            [2, 1],
            [1, 2],
            [2, 3],
          ])
            check(
              sizes({ h: 8, w: 9, c: 2, o: 6, kh: 3, kw: 2, top, left, sh, sw, dh, dw, right: left + 1 }),
            );
  });

  it("in groups", () => {
    for (const groups of [2, 3])
      for (const each of [1, 2, TILE, TILE + 2])
        for (const stride of [1, 2])
          for (const dw of [1, 2])
            check(
              sizes({
                c: 2 * groups,
                o: each * groups,
                kh: 2,
                kw: 2,
                sh: stride,
                sw: stride,
                groups,
                dw,
                top: 1,
              }),
            );
  });

  it("and a wrong order would show", () => {
    const s = sizes({ n: 5, h: 9, w: 9, c: 3, o: 9, kh: 3, kw: 3 });
    const [x, dy] = [values(s.n * s.h * s.w * s.c, 1), values(s.n * s.oh * s.ow * s.o, 2)];
    const all = { ...s, n: 1, h: s.n * s.h, oh: s.n * s.h - 2 };
    expect(difference(weightGradient(s, x, dy).db, weightGradient(all, x, dy).db)).toBeDefined();
  });
});

describe("NaN", () => {
  it("of one pixel reaches the windows that see it, and no other image", () => {
    const s = sizes({ n: 3, h: 6, w: 6, c: 2, o: 5, kh: 3, kw: 3, top: 1, left: 1 });
    const x = values(s.n * 72, 1);
    x[72 + 2 * (2 * 6 + 3)] = Number.NaN;
    const { c, ...windows } = s;
    const conv = step(Opcode.Conv, {
      ...{ ...windows, y: "out", x, bias: values(5, 2), k: 9 * c, fn: Fn.Relu, alpha: 0, scratch: 0 },
    });
    const { y } = runRecords([pack(ConvPanels.Forward, s, values(90, 3)), conv]);
    const isNear = (at: number) => {
      const [image, i, j] = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6];
      return image === 1 && Math.abs(i - 2) < 2 && Math.abs(j - 3) < 2;
    };
    y.forEach((v, i) => {
      expect(Number.isNaN(v), `${i}`).toBe(isNear(Math.floor(i / 5)));
    });
  });
});
