import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { BATCH_MAT_MUL } from "../../tape/formats/tensor.ts";
import { draft, Form, f32, type Op, SCRATCH } from "../op.ts";
import {
  broadcastShape,
  broadcastStrides,
  formatShape,
  fourLoops,
  multiply,
  type Shape,
  sizeOf,
} from "../shape.ts";
import type { ValueId } from "../type.ts";
import { sumTo } from "./reduce.ts";

/** The axes in front of the matrices. */
const front = (shape: Shape) => shape.slice(0, -2);

/** Rows and columns of the matrices as they are multiplied. */
const matrix = (shape: Shape, transposed: boolean) => {
  const [p, q] = shape.slice(-2);
  return transposed ? [q, p] : [p, q];
};

/**
 * `C = op(A) op(B)` of the last two axes; those in front are broadcast.
 *
 *   NN   A [.., m, k], B [.., k, n] -> C [.., m, n]   dA = dC B^T (NT)    dB = A^T dC (TN)
 *   TN   A [.., k, m], B [.., k, n] -> C [.., m, n]   dA = B dC^T (NT)    dB = A dC (NN)
 *   NT   A [.., m, k], B [.., n, k] -> C [.., m, n]   dA = dC B (NN)      dB = dC^T A (TN)
 *
 * each summed over the axes that were broadcast. Saves A and B.
 */
export const batchMatMul: Op<"batchMatMul"> = {
  name: "batchMatMul",
  kernels: EXTENDED,
  infer(who, [a, b], { transposeA, transposeB }) {
    const fail = (): never => {
      throw new ShapeError(
        `${who}: matMul needs A ${transposeA ? "[.., k, m]" : "[.., m, k]"} and B ` +
          `${transposeB ? "[.., n, k]" : "[.., k, n]"}, with axes in front that broadcast to one shape; ` +
          `got A ${formatShape(a.shape)}, B ${formatShape(b.shape)}`,
      );
    };
    if (a.shape.length < 2 || b.shape.length < 2 || (transposeA && transposeB)) fail();
    const shape = broadcastShape(front(a.shape), front(b.shape)) ?? fail();
    const [m, k] = matrix(a.shape, transposeA);
    const [bk, n] = matrix(b.shape, transposeB);
    if (k !== bk) fail();
    return [f32([...shape, m, n])];
  },

  multiplyAdds: ([a], [c], { transposeA }) => sizeOf(c) * matrix(a, transposeA)[1],

  vjp({ attrs: { transposeA, transposeB }, inputs: [a, b], op, dy, emit, shape, needs }) {
    const product = (i: number, of: ValueId, x: ValueId, y: ValueId, ta: boolean, tb: boolean) => {
      if (!needs(i)) return null;
      const [made] = emit(op, { transposeA: ta, transposeB: tb }, [x, y]);
      const all = [...(broadcastShape(front(shape(x)), front(shape(y))) as Shape), ...shape(of).slice(-2)];
      return sumTo(emit, made, all, shape(of));
    };
    if (transposeA) return [product(0, a, b, dy, false, true), product(1, b, a, dy, false, false)];
    if (transposeB) return [product(0, a, dy, b, false, false), product(1, b, dy, a, true, false)];
    return [product(0, a, dy, b, false, true), product(1, b, a, dy, true, false)];
  },

  lower({ attrs: { transposeA, transposeB }, inputs: [a, b], outputs: [c], type }) {
    const shape = front(type(c).shape);
    const [m, k] = matrix(type(a).shape, transposeA);
    const [, n] = matrix(type(b).shape, transposeB);
    const stridesOf = (id: ValueId) => {
      const own = type(id).shape;
      const size = multiply(own[own.length - 2], own[own.length - 1]);
      return broadcastStrides(front(own), shape).map((stride) => multiply(stride, size));
    };
    const { dims, strides } = fourLoops("matMul", shape, [stridesOf(a), stridesOf(b)]);
    const [d0, d1, d2, d3] = dims;
    const [as, bs] = strides;
    return [
      draft(BATCH_MAT_MUL, {
        form: transposeA ? Form.TN : transposeB ? Form.NT : Form.NN,
        c: { value: c },
        a: { value: a },
        b: { value: b },
        m,
        n,
        k,
        scratch: SCRATCH,
        d0,
        d1,
        d2,
        d3,
        as0: as[0],
        as1: as[1],
        as2: as[2],
        as3: as[3],
        bs0: bs[0],
        bs1: bs[1],
        bs2: bs[2],
        bs3: bs[3],
      }),
    ];
  },
};
