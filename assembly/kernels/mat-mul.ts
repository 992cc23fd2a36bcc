/** C = op(A) op(B); see Opcode.MatMul. */
export function matMul(
  form: i32,
  path: i32,
  c: usize,
  a: usize,
  b: usize,
  m: i32,
  n: i32,
  k: i32,
  scratch: usize,
): void {}
