/** Formats of the records that predict. One constant each, so that a page carries those that its ops write. */
import { Fn, Form, Opcode } from "../../../assembly/abi.ts";
import { dim, f32, input, oneOf, optional, output, record } from "../operands.ts";
import { mk, mn, n, nk, productScratch } from "./spans.ts";

export const DENSE = /* @__PURE__ */ record(Opcode.Dense, "dense", "dense", "predict", () => ({
  y: output(mn),
  x: input(mk),
  w: input(nk),
  bias: input(n, optional),
  m: dim,
  n: dim,
  k: dim,
  fn: oneOf(Fn),
  alpha: f32,
  scratch: productScratch(() => Form.NN),
}));

export const UNARY = /* @__PURE__ */ record(Opcode.Unary, "unary", "unary", "predict", () => ({
  fn: oneOf(Fn),
  alpha: f32,
  y: output(n),
  x: input(n),
  n: dim,
}));

export const SOFTMAX = /* @__PURE__ */ record(Opcode.Softmax, "softmax", "softmax", "predict", () => ({
  y: output(mn),
  x: input(mn),
  m: dim,
  n: dim,
}));
