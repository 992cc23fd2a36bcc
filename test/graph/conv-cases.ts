/** Convolutions that the ops are tried with: each kind of geometry once, small enough for central differences. */
import type { Shape } from "../../src/graph/shape.ts";
import type { Windows } from "../../src/graph/windows.ts";

const ROWS = -1;

export interface Geometry {
  readonly name: string;
  readonly x: Shape;
  readonly w: Shape;
  readonly y: Shape;
  readonly attrs: Windows & { readonly groups: number };
}

type Given = Partial<Windows> & { readonly groups?: number };

/** By the shapes of one row; what is not given is 1, or 0 for padding. */
function geometry(name: string, x: Shape, w: Shape, y: Shape, given: Given = {}): Geometry {
  const size = w.slice(0, -2);
  const all = (value: number) => size.map(() => value);
  const {
    stride = all(1),
    dilation = all(1),
    paddingBefore = all(0),
    paddingAfter = paddingBefore,
    groups = 1,
  } = given;
  const attrs = { size, stride, dilation, paddingBefore, paddingAfter, groups };
  return { name, x: [ROWS, ...x], w, y: [ROWS, ...y], attrs };
}

export const GEOMETRIES: readonly Geometry[] = [
  geometry("3x2 window, 3 filters", [5, 4, 2], [3, 2, 2, 3], [3, 3, 3]),
  geometry("8 filters", [4, 6, 1], [2, 2, 1, 8], [3, 5, 8]),
  geometry("one pixel, 12 filters", [3, 3, 5], [1, 1, 5, 12], [3, 3, 12]),
  geometry("same padding, stride 2", [5, 4, 2], [3, 3, 2, 4], [3, 2, 4], {
    stride: [2, 2],
    paddingBefore: [1, 0],
    paddingAfter: [1, 1],
  }),
  geometry("stride that leaves a rest", [6, 6, 1], [3, 3, 1, 2], [2, 2, 2], { stride: [2, 2] }),
  geometry("stride beyond the window", [7, 5, 2], [2, 1, 2, 2], [2, 2, 2], { stride: [4, 3] }),
  geometry("dilated, 9 filters", [6, 7, 2], [2, 3, 2, 9], [4, 3, 9], { dilation: [2, 2] }),
  geometry("dilated with padding, 3 filters", [4, 5, 1], [3, 2, 1, 3], [2, 5, 3], {
    dilation: [2, 3],
    paddingBefore: [1, 2],
    paddingAfter: [1, 1],
  }),
  geometry("padding wider than the window", [2, 3, 2], [2, 2, 2, 3], [7, 7, 3], {
    paddingBefore: [3, 2],
    paddingAfter: [3, 3],
  }),
  geometry("two groups", [4, 4, 4], [2, 2, 2, 6], [3, 3, 6], { groups: 2 }),
  geometry("two groups of 9 filters", [3, 4, 2], [2, 2, 1, 18], [2, 3, 18], { groups: 2 }),
  geometry("a group for each channel, strided", [5, 5, 3], [3, 3, 1, 6], [3, 3, 6], {
    groups: 3,
    stride: [2, 2],
    paddingBefore: [1, 1],
  }),
  geometry("a sequence seen from behind", [7, 2], [3, 2, 3], [4, 3], {
    stride: [2],
    paddingBefore: [2],
    paddingAfter: [0],
  }),
  geometry("a dilated sequence, 10 filters", [9, 2], [3, 2, 10], [5, 10], { dilation: [2] }),
];
