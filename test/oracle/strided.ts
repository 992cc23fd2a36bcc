/** Four nested loops over operands with strides. */

export type Four = readonly [number, number, number, number];

/** The elements of x that index [i0, i1, i2, i3] picks, in row-major order of the indices. */
export function pick(x: ArrayLike<number>, dims: Four, strides: Four): number[] {
  const picked: number[] = [];
  for (let i0 = 0; i0 < dims[0]; i0++)
    for (let i1 = 0; i1 < dims[1]; i1++)
      for (let i2 = 0; i2 < dims[2]; i2++)
        for (let i3 = 0; i3 < dims[3]; i3++)
          picked.push(x[i0 * strides[0] + i1 * strides[1] + i2 * strides[2] + i3 * strides[3]]);
  return picked;
}

/** Strides of a dense array. */
export const dense = (dims: Four): Four => [dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1];

/** Elements from the first to the last that the loops touch. */
export function span(dims: Four, strides: Four): number {
  if (dims.includes(0)) return 0;
  return dims.reduce((last, d, i) => last + (d - 1) * strides[i], 0) + 1;
}
