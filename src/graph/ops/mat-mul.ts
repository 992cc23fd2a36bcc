import { ShapeError } from "../../errors.ts";
import { EXTENDED } from "../../kernels/extended.wasm.ts";
import { MAT_MUL } from "../../tape/formats/extended.ts";
import { draft, Form, f32, type Op, SCRATCH } from "../op.ts";
import { asMatrix, formatShape, sameShape, sizeOf } from "../shape.ts";

/**
 * `C = op(A) op(B)`, the matrix product; leading axes of A count as rows.
 *
 *   NN   A [.., k], B [k, n] -> C [.., n]   dA = dC B^T (NT)    dB = A^T dC (TN)
 *   TN   A [.., m], B [.., n] -> C [m, n]   dA = B dC^T         dB = A dC (NN)
 *   NT   A [.., k], B [n, k] -> C [.., n]   dA = dC B (NN)      dB = dC^T A (TN)
 *
 * Saves A and B.
 */
export const matMul: Op<"matMul"> = {
  name: "matMul",
  kernels: EXTENDED,
  infer(who, [a, b], { transposeA, transposeB }) {
    const fail = (): never => {
      const left = transposeA ? "[.., m]" : "[.., k]";
      const right = transposeA ? "[.., n]" : transposeB ? "[n, k]" : "[k, n]";
      throw new ShapeError(
        `${who}: matMul needs A ${left} and B ${right}; got A ${formatShape(a.shape)}, B ${formatShape(b.shape)}` +
          (a.shape.length < 2 || b.shape.length < 2 ? ": reshape a list to [1, k] as A, to [k, 1] as B" : ""),
      );
    };
    if (a.shape.length < 2 || b.shape.length < 2 || (b.shape.length > 2 && !transposeA)) fail();
    if (transposeA && transposeB) fail();
    const [, ak] = asMatrix(a.shape);
    const [bm, bn] = asMatrix(b.shape);
    if (transposeA) {
      if (!sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1))) fail();
      return [f32([ak, bn])];
    }
    if (ak !== (transposeB ? bn : bm)) fail();
    return [f32([...a.shape.slice(0, -1), transposeB ? bm : bn])];
  },

  multiplyAdds: ([a], [c], { transposeA }) => sizeOf(c) * asMatrix(a)[transposeA ? 0 : 1],

  vjp({ attrs: { transposeA, transposeB }, inputs: [a, b], op, dy, emit, needs }) {
    const product = (x: number, y: number, ta: boolean, tb: boolean) =>
      emit(op, { transposeA: ta, transposeB: tb }, [x, y])[0];
    if (transposeA)
      return [needs(0) ? product(b, dy, false, true) : null, needs(1) ? product(a, dy, false, false) : null];
    if (transposeB)
      return [needs(0) ? product(dy, b, false, false) : null, needs(1) ? product(dy, a, true, false) : null];
    return [needs(0) ? product(dy, b, false, true) : null, needs(1) ? product(a, dy, true, false) : null];
  },

  lower({ attrs: { transposeA, transposeB }, inputs: [a, b], outputs: [c], type }) {
    const [am, ak] = asMatrix(type(a).shape);
    const [bm, bn] = asMatrix(type(b).shape);
    const m = transposeA ? ak : am;
    const k = transposeA ? am : ak;
    const n = transposeB ? bm : bn;
    return [
      draft(MAT_MUL, {
        form: transposeA ? Form.TN : transposeB ? Form.NT : Form.NN,
        c: { value: c },
        a: { value: a },
        b: { value: b },
        m,
        n,
        k,
        scratch: SCRATCH,
      }),
    ];
  },
};
