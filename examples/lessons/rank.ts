import { compile, dense, type Model, type Result, type Rows, sequential } from "wasmgrad";
import { rank, singularValues } from "wasmgrad/analysis";
import { collapseLinear } from "wasmgrad/transform";
import { bars, check, lesson, say, show } from "./print.ts";

lesson(
  "A bottleneck bounds the rank",
  "10 -> 2 -> 10 without activations is one 10 x 10 matrix of rank at most 2; a full 10 -> 10 layer may have rank 10.",
  "Q6.2",
);

function weightOf(model: Model<Rows, Result>) {
  const [weight] = Object.values(compile(collapseLinear(model)).parameters);
  return { data: weight.data, shape: weight.shape as [number, number] };
}
const linear = (units: number) => dense(units, { bias: false });

const narrow = weightOf(sequential({ input: [10], seed: 7 }, [linear(2), linear(10)]));
const full = weightOf(sequential({ input: [10], seed: 7 }, [linear(10)]));

say("  singular values of the bottleneck, collapsed to one 10 x 10 matrix in f32:\n");
const s = Array.from(singularValues(narrow));
bars(s);
const tolerance = 10 * 2 ** -23 * s[0];
say(`  Rounding the product to f32 left traces of about 1e-8 instead of zeros. Below max(m, n) eps s_max =`);
say(`  ${show(tolerance, 3)} a singular value counts as 0: two are left.\n`);

say("  singular values of a full layer:\n");
bars(Array.from(singularValues(full)));

check(`the bottleneck has rank ${rank(narrow)}`, rank(narrow) === 2);
check(`the full layer has rank ${rank(full)}`, rank(full) === 10);
const zero = { data: new Float32Array(100), shape: [10, 10] as [number, number] };
check("a zero matrix has rank 0", rank(zero) === 0);
