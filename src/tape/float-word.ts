const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** The bits of a number rounded to f32, as an i32 word. */
export function f32Word(value: number): number {
  float[0] = value;
  return bits[0];
}

export function wordToF32(word: number): number {
  bits[0] = word;
  return float[0];
}
