/** Convolutions by their definition: a list of which products there are, and three ways to add them up. */
import type { Windows } from "../../src/graph/windows.ts";

type Dims = readonly number[];

/** Of a convolution of x [n, .., c] with w [.., c / groups, o] to y [n, .., o]. */
export interface Convolution extends Windows {
  readonly groups: number;
}

/** Visits each product x[xi] w[wi] that y[yi] is a sum of, as flat indices. */
function products(
  { size, stride, dilation, paddingBefore, groups }: Convolution,
  x: Dims,
  y: Dims,
  visit: (xi: number, wi: number, yi: number) => void,
): void {
  const two = (list: Dims, none: number) => (list.length === 1 ? [none, ...list] : list);
  const image = ([n, ...rest]: Dims) => [n, ...(rest.length === 2 ? [1, ...rest] : rest)];
  const [kh, kw] = two(size, 1);
  const [sh, sw] = two(stride, 1);
  const [dh, dw] = two(dilation, 1);
  const [top, left] = two(paddingBefore, 0);
  const [n, h, w, c] = image(x);
  const [, oh, ow, o] = image(y);
  const channels = c / groups;
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let f = 0; f < o; f++)
          for (let p = 0; p < kh; p++)
            for (let q = 0; q < kw; q++)
              for (let k = 0; k < channels; k++) {
                const u = i * sh + p * dh - top;
                const v = j * sw + q * dw - left;
                if (u < 0 || u >= h || v < 0 || v >= w) continue;
                const channel = Math.floor(f / (o / groups)) * channels + k;
                visit(
                  ((b * h + u) * w + v) * c + channel,
                  ((p * kw + q) * channels + k) * o + f,
                  ((b * oh + i) * ow + j) * o + f,
                );
              }
}

/** Sums of products, how large their terms are together, and how many there are. */
export interface Sums {
  readonly values: number[];
  readonly sizes: number[];
  readonly terms: number[];
}

const sums = (length: number): Sums => ({
  values: new Array(length).fill(0),
  sizes: new Array(length).fill(0),
  terms: new Array(length).fill(0),
});

function add({ values, sizes, terms }: Sums, at: number, value: number): void {
  values[at] += value;
  sizes[at] += Math.abs(value);
  terms[at]++;
}

const length = (dims: Dims) => dims.reduce((p, d) => p * d, 1);

type Values = readonly number[];

export function conv(
  attrs: Convolution,
  x: Values,
  w: Values,
  bias: Values | undefined,
  xs: Dims,
  ys: Dims,
): Sums {
  const y = sums(length(ys));
  products(attrs, xs, ys, (xi, wi, yi) => add(y, yi, x[xi] * w[wi]));
  const o = ys[ys.length - 1];
  if (bias) for (let i = 0; i < y.values.length; i++) add(y, i, bias[i % o]);
  return y;
}

export function convTranspose(attrs: Convolution, y: Values, w: Values, xs: Dims, ys: Dims): Sums {
  const x = sums(length(xs));
  products(attrs, xs, ys, (xi, wi, yi) => add(x, xi, y[yi] * w[wi]));
  return x;
}

export function convGradWeights(
  attrs: Convolution,
  x: Values,
  dy: Values,
  xs: Dims,
  ys: Dims,
): { readonly dw: Sums; readonly db: Sums } {
  const o = ys[ys.length - 1];
  const dw = sums((length(attrs.size) * xs[xs.length - 1] * o) / attrs.groups);
  products(attrs, xs, ys, (xi, wi, yi) => add(dw, wi, x[xi] * dy[yi]));
  const db = sums(o);
  for (const [i, v] of dy.entries()) add(db, i % o, v);
  return { dw, db };
}
