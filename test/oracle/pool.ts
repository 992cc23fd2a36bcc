/** Windows over images in f64: pooling, images made larger, convolutions of each channel by itself. */
import { Fn, PoolDivisor } from "../../assembly/abi.ts";
import type { OpAttrs } from "../../src/graph/op.ts";
import type { Context, Output } from "./graph.ts";

const EPS = 2 ** -24;

type Dims = readonly number[];

/** `[n, .., c]` as images, a sequence being one line. */
const asImages = (dims: Dims) => (dims.length === 4 ? dims : [dims[0], 1, dims[1], dims[2]]);
const pair = (numbers: readonly number[], none: number) =>
  numbers.length === 2 ? numbers : [none, ...numbers];

interface Spatial {
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly dilation?: readonly number[];
  readonly paddingBefore: readonly number[];
}

/** One element that a window has: which of the image, of the output, and of the window. */
interface Visit {
  readonly x: number;
  readonly y: number;
  readonly tap: number;
  readonly channel: number;
}

/** Every element of every window, windows in order, elements of a window by rows. */
function visits(xDims: Dims, yDims: Dims, windows: Spatial): Visit[] {
  const [n, h, w, c] = asImages(xDims);
  const [, oh, ow] = asImages(yDims);
  const [kh, kw] = pair(windows.size, 1);
  const [sh, sw] = pair(windows.stride, 1);
  const [dh, dw] = pair(windows.dilation ?? windows.size.map(() => 1), 1);
  const [top, left] = pair(windows.paddingBefore, 0);
  const found: Visit[] = [];
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let q = 0; q < c; q++)
          for (let p = 0; p < kh; p++)
            for (let r = 0; r < kw; r++) {
              const u = i * sh - top + p * dh;
              const v = j * sw - left + r * dw;
              if (u < 0 || u >= h || v < 0 || v >= w) continue;
              const x = ((b * h + u) * w + v) * c + q;
              found.push({ x, y: ((b * oh + i) * ow + j) * c + q, tap: p * kw + r, channel: q });
            }
  return found;
}

const product = (dims: Dims) => dims.reduce((p, d) => p * d, 1);
const zeros = (dims: Dims) => new Array<number>(product(dims)).fill(0);

/** Sums with the bound of their error, `terms` products or quotients being the most that one adds. */
function sums(dims: Dims, terms: number, all: Iterable<readonly [at: number, value: number]>): Output {
  const values = zeros(dims);
  const size = zeros(dims);
  for (const [at, value] of all) {
    values[at] += value;
    size[at] += Math.abs(value);
  }
  return { values, error: (i) => (terms + 2) * EPS * size[i] };
}

/** By what the elements of each window are divided. */
function divisors(
  divisor: PoolDivisor,
  size: readonly number[],
  found: readonly Visit[],
): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { y } of found) counts.set(y, (counts.get(y) ?? 0) + 1);
  if (divisor !== PoolDivisor.Inside)
    for (const y of counts.keys()) counts.set(y, divisor === PoolDivisor.None ? 1 : product(size));
  return counts;
}

/** What pixel `at` of `size` gives to pixel i of the larger image, along one axis. */
function share(at: number, i: number, factor: number, size: number, bilinear: boolean): number {
  if (!bilinear) return Math.floor(i / factor) === at ? 1 : 0;
  const s = Math.max((i + 0.5) / factor - 0.5, 0);
  const first = Math.floor(s);
  const second = Math.min(first + 1, size - 1);
  return (first === at ? 1 - (s - first) : 0) + (second === at ? s - first : 0);
}

/** Which pixel of x has which share in which of y. */
function shares(xDims: Dims, { factor, bilinear }: OpAttrs["upsample"]) {
  const [n, h, w, c] = asImages(xDims);
  const [fh, fw] = pair(factor, 1);
  const found: { x: number; y: number; share: number }[] = [];
  for (let b = 0; b < n; b++)
    for (let i = 0; i < h * fh; i++)
      for (let j = 0; j < w * fw; j++)
        for (let u = 0; u < h; u++)
          for (let v = 0; v < w; v++) {
            const part = share(u, i, fh, h, bilinear) * share(v, j, fw, w, bilinear);
            for (let q = 0; part !== 0 && q < c; q++)
              found.push({
                x: ((b * h + u) * w + v) * c + q,
                y: ((b * h * fh + i) * w * fw + j) * c + q,
                share: part,
              });
          }
  return found;
}

type Oracles<K extends keyof OpAttrs> = {
  readonly [N in K]: (context: Context<OpAttrs[N]>) => readonly Output[];
};

export const POOLING: Oracles<
  | "maxPool"
  | "maxPoolGrad"
  | "averagePool"
  | "averagePoolGrad"
  | "upsample"
  | "upsampleGrad"
  | "depthwise"
  | "depthwiseGradInput"
  | "depthwiseGradWeights"
> = {
  maxPool({ attrs, inputs: [x], dims: [dims] }) {
    const values = zeros(dims).fill(Number.NEGATIVE_INFINITY);
    for (const { x: at, y } of visits(x.dims, dims, attrs)) values[y] = Math.max(values[y], x.values[at]);
    return [{ values, error: () => 0 }];
  },
  maxPoolGrad({ attrs, inputs: [dy, x, y], dims: [dims] }) {
    const won = new Set<number>();
    const found = visits(x.dims, dy.dims, attrs).filter((visit) => {
      const counts = attrs.fn === Fn.Identity || y.values[visit.y] > 0;
      const wins = counts && !won.has(visit.y) && x.values[visit.x] === y.values[visit.y];
      if (wins) won.add(visit.y);
      return wins;
    });
    return [
      sums(
        dims,
        product(attrs.size),
        found.map((visit) => [visit.x, dy.values[visit.y]] as const),
      ),
    ];
  },
  averagePool({ attrs, inputs: [x], dims: [dims] }) {
    const found = visits(x.dims, dims, attrs);
    const counts = divisors(attrs.divisor, attrs.size, found);
    const quotient = (v: Visit) => x.values[v.x] / (counts.get(v.y) as number);
    return [
      sums(
        dims,
        product(attrs.size),
        found.map((visit) => [visit.y, quotient(visit)] as const),
      ),
    ];
  },
  averagePoolGrad({ attrs, inputs: [dy], dims: [dims] }) {
    const found = visits(dims, dy.dims, attrs);
    const counts = divisors(attrs.divisor, attrs.size, found);
    const quotient = (v: Visit) => dy.values[v.y] / (counts.get(v.y) as number);
    return [
      sums(
        dims,
        product(attrs.size),
        found.map((visit) => [visit.x, quotient(visit)] as const),
      ),
    ];
  },
  upsample: ({ attrs, inputs: [x], dims: [dims] }) => [
    sums(
      dims,
      attrs.bilinear ? 8 : 0,
      shares(x.dims, attrs).map((s) => [s.y, x.values[s.x] * s.share] as const),
    ),
  ],
  upsampleGrad: ({ attrs, inputs: [dy], dims: [dims] }) => [
    sums(
      dims,
      4 * product(attrs.factor) + 8,
      shares(dims, attrs).map((s) => [s.x, dy.values[s.y] * s.share] as const),
    ),
  ],
  depthwise({ attrs, inputs: [x, f, bias], dims: [dims] }) {
    const c = dims[dims.length - 1];
    const terms = visits(x.dims, dims, attrs).map(
      (v) => [v.y, x.values[v.x] * f.values[v.tap * c + v.channel]] as const,
    );
    const added = zeros(dims).map((_, i) => [i, bias ? bias.values[i % c] : 0] as const);
    return [sums(dims, product(attrs.size) + 1, [...terms, ...added])];
  },
  depthwiseGradInput({ attrs, inputs: [dy, f], dims: [dims] }) {
    const c = dims[dims.length - 1];
    return [
      sums(
        dims,
        product(attrs.size),
        visits(dims, dy.dims, attrs).map(
          (v) => [v.x, dy.values[v.y] * f.values[v.tap * c + v.channel]] as const,
        ),
      ),
    ];
  },
  depthwiseGradWeights({ attrs, inputs: [x, dy], dims: [dims] }) {
    const c = dims[dims.length - 1];
    const terms = product(dy.dims) / c;
    const df = sums(
      dims,
      terms,
      visits(x.dims, dy.dims, attrs).map(
        (v) => [v.tap * c + v.channel, x.values[v.x] * dy.values[v.y]] as const,
      ),
    );
    const db = sums(
      [c],
      terms,
      dy.values.map((v, i) => [i % c, v] as const),
    );
    return attrs.bias ? [df, db] : [df];
  },
};
