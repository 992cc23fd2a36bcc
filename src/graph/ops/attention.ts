import { ShapeError } from "../../errors.ts";
import { DEEP } from "../../kernels/deep.wasm.ts";
import { ATTENTION, ATTENTION_GRAD, weightsStride } from "../../tape/formats/attention.ts";
import { type AttentionAttrs, draft, f32, type Op, SCRATCH, secondDerivative } from "../op.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../shape.ts";
import type { Type } from "../type.ts";

const last = ({ shape }: Type, behind = 1) => shape[shape.length - behind];
const front = (shape: Shape) => shape.slice(0, -2);

/** The dimensions of both records. */
function dimsOf(q: Type, k: Type, v: Type, { heads, causal }: AttentionAttrs) {
  return {
    m: sizeOf(front(q.shape)),
    queries: last(q, 2),
    keys: last(k, 2),
    heads,
    size: last(q) / heads,
    width: last(v) / heads,
    causal: causal ? 1 : 0,
  };
}

/** What dropout draws by. */
const drawsOf = ({ rate, stream }: AttentionAttrs) =>
  rate === 0
    ? ({ rate, stream, seed: 0, step: 0, micro: 0 } as const)
    : ({
        ...{ rate, stream, seed: { counter: "seed" } },
        ...{ step: { counter: "step" }, micro: { counter: "microStep" } },
      } as const);

/**
 * Scaled dot-product attention by heads, which stand side by side in the features: `Y = softmax(Q K^T / sqrt(size)) V`.
 *
 *   Q [.., queries, heads size], K [.., keys, heads size], V [.., keys, heads width], mask [.., keys] or none
 *     -> Y [.., queries, heads width], W [.., heads, queries, keys up to a multiple of 8]
 *
 * The sums of softmax are over keys whose mask is not 0, causal over those up to the query; a query without any gives 0. Of W a share
 * `rate` is dropped while training; outside it nothing is.
 * Saves Q, K, V and W, which nobody else reads: outside training W has no buffer. W and the mask have no cotangents.
 */
export const attention: Op<"attention"> = {
  name: "attention",
  kernels: DEEP,
  infer(who, types, { heads, causal }) {
    const [q, k, v, mask] = types;
    const isFixed = ({ shape }: Type) => shape.length >= 2 && shape.slice(-2).every((d) => d > 0);
    const fail = (rule: string): never => {
      const shapes = types.map(({ shape }) => formatShape(shape)).join(", ");
      throw new ShapeError(
        `${who === "tensor" ? "scaledDotProductAttention:" : `${who}: attention`} needs ${rule}; got ${shapes}`,
      );
    };
    if (!isFixed(q) || !isFixed(k) || !isFixed(v))
      fail("queries, keys and values [.., T, features] with T and features of fixed length");
    if (!sameShape(front(q.shape), front(k.shape)) || !sameShape(k.shape.slice(0, -1), v.shape.slice(0, -1)))
      fail("queries, keys and values of the same rows, and a value for each key");
    if (last(q) !== last(k)) fail("queries and keys with equally many features");
    if (last(q) % heads !== 0 || last(v) % heads !== 0) fail(`features that ${heads} heads divide`);
    if (causal && last(q, 2) !== last(k, 2)) fail("as many keys as queries where it is causal");
    if (mask && !sameShape(mask.shape, k.shape.slice(0, -1))) fail("a mask [.., T] of the keys");
    const stride = weightsStride(last(k, 2));
    return [f32([...q.shape.slice(0, -1), last(v)]), f32([...front(q.shape), heads, last(q, 2), stride])];
  },
  multiplyAdds: ([q, , v], _, { causal }) => {
    const [queries, features] = q.slice(-2);
    const [keys, width] = v.slice(-2);
    const pairs = causal ? (queries * (queries + 1)) / 2 : queries * keys;
    return sizeOf(front(q)) * pairs * (features + width);
  },
  vjp({ attrs, inputs: [q, k, v, mask], outputs: [, w], dys: [dy], emit }) {
    const rest = mask === undefined ? [] : [null];
    if (dy === undefined) return [null, null, null, ...rest];
    return [...emit(attentionGrad, attrs, [dy, w, q, k, v]), ...rest];
  },
  inference: ({ attrs, inputs, op, emit }) => emit(op, { ...attrs, rate: 0, stream: 0 }, inputs),
  lower: ({ attrs, inputs: [q, k, v, mask], outputs: [y, w], type, isRead }) => [
    draft(ATTENTION, {
      y: { value: y },
      w: isRead(w) ? { value: w } : 0,
      q: { value: q },
      k: { value: k },
      v: { value: v },
      mask: mask === undefined ? 0 : { value: mask },
      ...dimsOf(type(q), type(k), type(v), attrs),
      ...drawsOf(attrs),
      scratch: SCRATCH,
    }),
  ],
};

/** The gradients of `attention`: dy like Y, W, Q, K, V -> dQ, dK, dV like these. */
export const attentionGrad: Op<"attentionGrad"> = {
  name: "attentionGrad",
  kernels: DEEP,
  infer: (_, [, , q, k, v]) => [f32(q.shape), f32(k.shape), f32(v.shape)],
  vjp: secondDerivative,
  lower: ({ attrs, inputs: [dy, w, q, k, v], outputs: [dq, dk, dv], type, isRead }) => {
    const wanted = (id: number) => (isRead(id) ? { value: id } : 0);
    return [
      draft(ATTENTION_GRAD, {
        dq: wanted(dq),
        dk: wanted(dk),
        dv: wanted(dv),
        dy: { value: dy },
        w: { value: w },
        q: { value: q },
        k: { value: k },
        v: { value: v },
        ...dimsOf(type(q), type(k), type(v), attrs),
        ...drawsOf(attrs),
        scratch: SCRATCH,
      }),
    ];
  },
};
