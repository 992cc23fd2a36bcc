const word = /* @__PURE__ */ new ArrayBuffer(4);
const float = /* @__PURE__ */ new Float32Array(word);
const bits = /* @__PURE__ */ new Int32Array(word);

/** The bits of a number rounded to f32, as an i32 word. */
export function f32Word(value: number): number {
  float[0] = value;
  return bits[0];
}

export function wordToF32(word: number): number {
  bits[0] = word;
  return float[0];
}
