/** Matrix products by themselves, as single records. */
import { Form, Opcode } from "../../assembly/abi.ts";
import { productNN, productNT, productTN } from "../plain/products.ts";
import { numbers } from "../random.ts";
import { loadRecord } from "../record.ts";
import type { ProductShape } from "../shapes.ts";
import { verifyClose } from "../verify.ts";
import type { Suite, Workload } from "../workload.ts";

const FORMS = [
  { name: "NN", form: Form.NN, plain: productNN },
  { name: "TN", form: Form.TN, plain: productTN },
  { name: "NT", form: Form.NT, plain: productNT },
];

export const productSuite = (shapes: readonly ProductShape[]): Suite => ({
  name: "products",
  title: "Products C [m, n] = op(A) op(B), k terms a sum; T names the transposed operand",
  workloads: shapes.flatMap((shape) =>
    FORMS.map((form) => {
      const { m, n, k } = shape;
      const name = m === n && n === k ? `${m} ${form.name}` : `${m} x ${k} x ${n} ${form.name}`;
      return { name, make: () => productWorkload(name, shape, form) };
    }),
  ),
});

function productWorkload(
  name: string,
  { m, n, k }: ProductShape,
  { form, plain }: (typeof FORMS)[number],
): Workload {
  const a = numbers(m * k, 1);
  const b = numbers(k * n, 2);
  const c = new Float32Array(m * n);
  const record = loadRecord(Opcode.MatMul, { form, a, b, m, n, k });
  record.run();
  plain(c, a, b, m, n, k);
  // The terms are of size 1/3, so rounding adds up like a walk of k steps: far below this.
  verifyClose(name, record.view("c"), c, 1e-5);
  return {
    name,
    unit: "product",
    flops: 2 * m * n * k,
    engine: { name: "wasmgrad", units: 1, run: record.run },
    plain: { name: "plain loops", units: 1, run: () => plain(c, a, b, m, n, k) },
  };
}
