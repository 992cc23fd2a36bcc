const floatBits = new DataView(new ArrayBuffer(4));

/** The bits of a number rounded to f32, as an i32 word. */
export function f32Word(value: number): number {
  floatBits.setFloat32(0, value);
  return floatBits.getInt32(0);
}

export function wordToF32(word: number): number {
  floatBits.setInt32(0, word);
  return floatBits.getFloat32(0);
}
