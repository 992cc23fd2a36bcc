/** Test values, and bit by bit comparison. */

/** Values of mixed sign and size, the same for the same seed. */
export function values(count: number, seed: number): Float32Array {
  const x = new Float32Array(count);
  let state = (seed * 2654435761 + 12345) >>> 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    x[i] = (state / 2 ** 32 - 0.5) * (i % 7 === 0 ? 8 : 2);
  }
  return x;
}

/** The first element whose bits differ, or undefined. */
export function difference(got: Float32Array, expected: Float32Array): string | undefined {
  const g = new Uint32Array(got.buffer, got.byteOffset, got.length);
  const e = new Uint32Array(expected.buffer, expected.byteOffset, expected.length);
  if (g.length !== e.length) return `length ${g.length}, expected ${e.length}`;
  for (let i = 0; i < g.length; i++) if (g[i] !== e[i]) return `[${i}] is ${got[i]}, expected ${expected[i]}`;
  return undefined;
}

/** The same, any NaN being equal to any other: payloads are the engine's choice. */
export function differenceUpToNaN(got: Float32Array, expected: Float32Array): string | undefined {
  const canonical = (x: Float32Array) => {
    const copy = x.slice();
    const bits = new Uint32Array(copy.buffer);
    for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) bits[i] = 0x7fc00000;
    return copy;
  };
  return difference(canonical(got), canonical(expected));
}
