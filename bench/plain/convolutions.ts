/** Convolutions in plain loops over Float32Arrays, stride 1; arithmetic in f64, every store rounds to f32. */
type Values = Float32Array;

/** Images [n, h, w, c], windows of k by k with padding around, filters o. */
export interface ConvolutionShape {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly k: number;
  readonly padding: number;
  readonly o: number;
}

export const outputOf = ({ h, w, k, padding }: ConvolutionShape) => ({
  oh: h + 2 * padding - k + 1,
  ow: w + 2 * padding - k + 1,
});

/** Visits each pair of a pixel of x and one of y, with the element of the window between them: their first elements. */
function pairs(shape: ConvolutionShape, visit: (x: number, w: number, y: number) => void): void {
  const { n, h, w, c, k, padding, o } = shape;
  const { oh, ow } = outputOf(shape);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let p = 0; p < k; p++)
          for (let q = 0; q < k; q++) {
            const u = i + p - padding;
            const v = j + q - padding;
            if (u < 0 || u >= h || v < 0 || v >= w) continue;
            visit(((b * h + u) * w + v) * c, (p * k + q) * c * o, ((b * oh + i) * ow + j) * o);
          }
}

export function convolution(y: Values, x: Values, w: Values, shape: ConvolutionShape): void {
  const { c, o } = shape;
  y.fill(0);
  pairs(shape, (fromX, fromW, fromY) => {
    for (let a = 0; a < c; a++)
      for (let f = 0; f < o; f++) y[fromY + f] += x[fromX + a] * w[fromW + a * o + f];
  });
}

export function weightGradient(dw: Values, x: Values, dy: Values, shape: ConvolutionShape): void {
  const { c, o } = shape;
  dw.fill(0);
  pairs(shape, (fromX, fromW, fromY) => {
    for (let a = 0; a < c; a++)
      for (let f = 0; f < o; f++) dw[fromW + a * o + f] += x[fromX + a] * dy[fromY + f];
  });
}

export function inputGradient(dx: Values, dy: Values, w: Values, shape: ConvolutionShape): void {
  const { c, o } = shape;
  dx.fill(0);
  pairs(shape, (fromX, fromW, fromY) => {
    for (let a = 0; a < c; a++)
      for (let f = 0; f < o; f++) dx[fromX + a] += dy[fromY + f] * w[fromW + a * o + f];
  });
}
