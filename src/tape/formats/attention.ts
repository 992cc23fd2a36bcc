/** Formats of the records of attention, in the link `deep`. */
import { Gemm, Opcode } from "../../../assembly/abi.ts";
import { counter, dim, f32, input, int, optional, output, record, type Span, scratch } from "../operands.ts";

const upToPanels = (n: number): number => Math.ceil(n / Gemm.NR) * Gemm.NR;

/** Elements from one row of weights to the next: a whole number of panels. */
export const weightsStride = upToPanels;

const queries: Span = (r) => r.m * r.queries * r.heads * r.size;
const keys: Span = (r) => r.m * r.keys * r.heads * r.size;
const values: Span = (r) => r.m * r.keys * r.heads * r.width;
const outputs: Span = (r) => r.m * r.queries * r.heads * r.width;
const weights: Span = (r) => r.m * r.heads * r.queries * weightsStride(r.keys);

const dims = { m: dim, queries: dim, keys: dim, heads: dim, size: dim, width: dim, causal: int } as const;
const draws = () =>
  ({
    rate: f32,
    stream: int,
    seed: { ...counter(), ...optional },
    step: { ...counter(), ...optional },
    micro: { ...counter(), ...optional },
  }) as const;

/** A tile at the edge of a product. */
const SPARE = 4 * Gemm.NR;

export const ATTENTION = /* @__PURE__ */ record(Opcode.Attention, "attention", "attention", "deep", () => ({
  y: output(outputs),
  w: output(weights, optional),
  q: input(queries),
  k: input(keys),
  v: input(values),
  mask: input((r) => r.m * r.keys, optional),
  ...dims,
  ...draws(),
  // Panels of K and V, which keys are there, four rows of weights before and after dropout.
  scratch: scratch(
    (r) =>
      4 *
      (upToPanels(r.keys) * r.size +
        upToPanels(r.width) * r.keys +
        (1 + 4 + 4) * weightsStride(r.keys) +
        SPARE),
  ),
}));

export const ATTENTION_GRAD = /* @__PURE__ */ record(
  Opcode.AttentionGrad,
  "attentionGrad",
  "attention",
  "deep",
  () => ({
    dq: output(queries, optional),
    dk: output(keys, optional),
    dv: output(values, optional),
    dy: input(outputs),
    w: input(weights),
    q: input(queries),
    k: input(keys),
    v: input(values),
    ...dims,
    ...draws(),
    // Panels of V, K, dY and Q, and a row of weights for each query.
    scratch: scratch(
      (r) =>
        4 *
        (upToPanels(r.keys) * r.width +
          upToPanels(r.size) * r.keys +
          upToPanels(r.width) * r.queries +
          upToPanels(r.size) * r.queries +
          r.queries * weightsStride(r.keys) +
          SPARE),
    ),
  }),
);
